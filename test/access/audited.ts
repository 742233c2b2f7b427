/**
 * A tenant's door with an audit log behind it, over a database file of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent } from 'fhir/r4'
import { makeAudit, type Audit } from '../../src/access/audit.ts'
import type { AuditLevel } from '../../src/access/audit-words.ts'
import type { Caller } from '../../src/access/caller.ts'
import { guard } from '../../src/access/guard.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import type { Door, HttpMethod, Resource } from '../../src/rest/exchange.ts'
import { interactions } from '../../src/rest/interactions.ts'
import { operations } from '../../src/rest/operations.ts'
import { makeDoor } from '../../src/rest/server.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything } from '../../src/search/query.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import type { Engine } from '../../src/store/store.ts'
import { about, base, definitions } from '../help/server.ts'

export interface AuditedServer {
  readonly door: Door
  readonly engine: Engine
  readonly audit: Audit
  readonly file: string
  /** Errors are answers here, as they are over HTTP. */
  ask(
    method: HttpMethod,
    url: string,
    asking?: { body?: unknown; caller?: Caller; headers?: Record<string, string> },
  ): Promise<{ status: number; body: Resource | undefined; text: string }>
  /** All AuditEvents, oldest first, without those that this asking makes. */
  events(): Promise<AuditEvent[]>
  close(): Promise<void>
}

/** A practitioner with an app, who may do everything (AuditEvents included). */
export const doctor: Caller = {
  id: 'app|Practitioner/doc',
  permits: () => everything,
  grant: {
    id: 'token-1',
    tenant: 'default',
    client: 'app',
    user: 'Practitioner/doc',
    scope: 'user/*.cruds user/AuditEvent.rs',
    issued: 0,
    expires: 4_000_000_000,
  },
}

/** One who may only read and search patients. */
export const reader: Caller = {
  ...doctor,
  id: 'app|Practitioner/reader',
  permits: (type, action) =>
    type === 'Patient' && (action === 'read' || action === 'search') ? everything : undefined,
  grant: { ...doctor.grant!, id: 'token-2', user: 'Practitioner/reader', scope: 'user/Patient.rs' },
}

export const extractorOf = () => makeCatalogue(definitions, all => makeExtractor(all, kinds))

export async function openAudited(level: AuditLevel = 'all', at?: string): Promise<AuditedServer> {
  const folder = at ?? mkdtempSync(join(tmpdir(), 'dhp-audit-'))
  const catalogue = extractorOf()
  const file = join(folder, 'store.db')
  const engine = openSqlite({ path: file, extractor: catalogue.extractor })
  await catalogue.restore(engine)
  const audit = makeAudit({ engine, extractor: catalogue.extractor, server: 'A server under test' })
  const door = makeDoor({
    interactions: interactions(about, operations),
    operations,
    engine,
    catalogue,
    audit: { log: audit, level },
    guard: (store, caller) =>
      guard(store, caller, { types: definitions.resourceTypes, extractor: catalogue.extractor }),
  })
  return {
    door,
    engine,
    audit,
    file,
    async ask(method, url, { body, caller = doctor, headers = {} } = {}) {
      const at = url.indexOf('?')
      try {
        const { status, version, text, resource } = await door.handle(
          {
            method,
            path: at < 0 ? url : url.slice(0, at),
            query: at < 0 ? '' : url.slice(at + 1),
            headers: { 'x-request-id': 'r-1', ...headers },
            base,
            from: '127.0.0.1',
            ...(body === undefined ? {} : { body: body as never }),
          },
          caller,
        )
        const said = text ?? (resource ? JSON.stringify(resource) : (version?.text ?? ''))
        return { status, body: said ? (JSON.parse(said) as Resource) : undefined, text: said }
      } catch (error) {
        if (!(error instanceof FhirError)) throw error
        return { status: error.status, body: undefined, text: error.message }
      }
    },
    async events() {
      await audit.settle()
      const { versions } = await engine.history({ of: { type: 'AuditEvent' }, count: 10_000, oldestFirst: true })
      return versions.map(({ text }) => JSON.parse(text!) as AuditEvent)
    },
    async close() {
      await audit.close()
      await engine.close()
      if (!at) rmSync(folder, { recursive: true, force: true })
    },
  }
}
