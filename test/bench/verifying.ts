/**
 * What verifying an access token costs, in this process: the first time it is seen, and after that.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { makeFamilies } from '../../src/smart/families.ts'
import { makeIssue } from '../../src/smart/issue.ts'
import { makeKeys } from '../../src/jwt/signing-keys.ts'
import { makeVerify, type Verify } from '../../src/smart/verify.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'

const TOKENS = 2000
const base = 'http://127.0.0.1:8080/fhir'

/** Medians, in microseconds: of tokens that another process has issued, of those that this one has, and the second time. */
export async function verifying(): Promise<{ unseen: number; issued: number; seen: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-verifying-'))
  const engine = openSqlite({ path: join(folder, 'store.db'), extractor: makeExtractor(loadDefinitions(), kinds) })
  const common = { tenant: 'default', now: Date.now, random: randomBytes }
  const keys = makeKeys({ algorithms: ['ES256', 'RS256'], records: engine.records('smart-keys'), ...common })
  const families = makeFamilies({ families: engine.records('smart-families'), revoked: engine.records('smart-revoked'), ...common }) // prettier-ignore
  const issuer = makeVerify({ keys, families, ...common })
  const other = makeVerify({ keys, families, ...common })
  const { forBackend } = makeIssue({ keys, issued: issuer.issued, ...common })
  const tokens: string[] = []
  for (let i = 0; i < TOKENS; i++) tokens.push((await forBackend('app', 'system/*.rs', base)).access_token)
  const median = async (verify: Verify) => {
    const times: number[] = []
    for (const token of tokens) {
      const begun = performance.now()
      await verify(token, base)
      times.push(performance.now() - begun)
    }
    return times.sort((a, b) => a - b)[TOKENS / 2]! * 1000
  }
  const unseen = await median(other.verify)
  const issued = await median(issuer.verify)
  const seen = await median(other.verify)
  await engine.close()
  rmSync(folder, { recursive: true })
  return { unseen, issued, seen }
}
