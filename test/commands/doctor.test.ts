/**
 * The security scorecard of `doctor`: each point as it is, what to do about it, and nothing that is secret.
 */
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { securityOfSettings } from '../../src/commands/security-of-settings.ts'
import { readConfig } from '../../src/config.ts'
import { ADMIN, serve, type Served } from '../http/serving.ts'
import { dhp, newFolder } from './running.ts'

interface Point {
  readonly state: 'ok' | 'warn' | 'wrong'
  readonly what: string
  readonly todo?: string
}
interface Report {
  readonly well: boolean
  readonly findings: readonly Point[]
  readonly security: {
    readonly score: number
    readonly ok: number
    readonly warn: number
    readonly wrong: number
    readonly findings: readonly Point[]
  }
}

const smart = { DHP_AUTH: 'smart' }
const away = { HOST: '0.0.0.0', ...smart }

describe('the settings', () => {
  test.each<[string, Record<string, string>, Point['state'], RegExp]>([
    ['an open server', {}, 'warn', /reads and writes everything/],
    ['a secure one', smart, 'ok', /every request needs a token/],
    ['an open server on the network', { HOST: '0.0.0.0' }, 'wrong', /an open server would listen/],
    ['one that is meant', { HOST: '0.0.0.0', DHP_ALLOW_OPEN: 'yes' }, 'warn', /reach an open server/],
    ['a secure one on the network, without a public URL', away, 'warn', /its public address is not said/],
    [
      'with a public URL without TLS',
      { ...away, DHP_PUBLIC_URL: 'http://fhir.example.org' },
      'wrong',
      /come without TLS/,
    ],
    ['with TLS', { ...away, DHP_PUBLIC_URL: 'https://fhir.example.org' }, 'ok', /clients come by TLS/],
    ['a generated admin token', {}, 'ok', /made anew, at random/],
    ['a short one', { DHP_ADMIN_TOKEN: 'abcdefgh12345678' }, 'warn', /fewer than 24 characters/],
    ['a simple one', { DHP_ADMIN_TOKEN: 'abababababababababababababababab' }, 'wrong', /fewer than 8 different/],
    ['a long one', { DHP_ADMIN_TOKEN: 'f3Kq8-Zt7Wm2Xc9Lp4Rb6Vn1' }, 'ok', /24 characters or more/],
    ['no audit log', { ...smart, DHP_AUDIT: 'off' }, 'wrong', /nothing is recorded/],
    ['one without reads', { ...smart, DHP_AUDIT: 'writes' }, 'warn', /reads are not recorded/],
    ['emergency access', { DHP_BREAK_GLASS: 'allow' }, 'ok', /emergency access needs a reason/],
    ['that leaves no trace', { DHP_BREAK_GLASS: 'allow', DHP_AUDIT: 'off' }, 'wrong', /leave no trace/],
    ['whose alert is not logged', { DHP_BREAK_GLASS: 'allow', DHP_LOG: 'error' }, 'wrong', /alert is not logged/],
    ['a log that tells much', { DHP_LOG: 'debug' }, 'warn', /quote a patient's data/],
    ['CORS of an open server', {}, 'warn', /any web page/],
    ['CORS of a secure one', smart, 'ok', /with a token only/],
    ['private hosts', { DHP_PRIVATE_HOSTS: 'tx.hospital.example' }, 'ok', /only tx\.hospital\.example/],
    ['this machine among them', { DHP_PRIVATE_HOSTS: '169.254.169.254' }, 'warn', /this machine itself/],
    [
      'a terminology server without TLS',
      { DHP_TERMINOLOGY_SERVER: 'http://tx.example.org/r4' },
      'warn',
      /asked without/,
    ],
    ['metrics for all', away, 'warn', /metrics are open/],
    ['lenient searches', { DHP_UNKNOWN_PARAMS: 'lenient' }, 'warn', /finds more than was asked/],
    ['no validation', { DHP_VALIDATION: 'off' }, 'warn', /hardly checked/],
    ['deleting many', { DHP_CONDITIONAL_DELETE: 'multiple' }, 'warn', /delete many/],
    ['exports kept long', { DHP_EXPORT_HOURS: '1000' }, 'warn', /kept for 1000 hours/],
  ])('%s', (_, settings, state, text) => {
    const points = securityOfSettings(readConfig(settings))
    const found = points.filter(({ what }) => text.test(what))
    expect(
      found.map(point => point.state),
      JSON.stringify(points),
    ).toEqual([state])
    if (state !== 'ok') expect(found[0]!.todo).toBeTruthy()
    // each point has one finding, whatever the settings
    expect(points).toHaveLength(15)
  })
})

describe('a folder that is served', () => {
  let server: Served
  beforeAll(async () => {
    server = await serve(smart)
    await server.app.tenants.room('default')
  })
  afterAll(() => server.close())

  const report = async (...args: string[]): Promise<Report & { code: number | null }> => {
    const { code, out, err } = await dhp(server.data, 'doctor', '--json', '--auth', 'smart', ...args)
    expect(err).toBe('')
    return { code, ...(JSON.parse(out) as Report) }
  }
  const point = ({ security }: Report, text: RegExp) => security.findings.find(({ what }) => text.test(what))
  const records = async (name: string) => (await server.app.tenants.room('default')).engine.records(name)

  test('is looked at: users, apps, keys, and counted', async () => {
    const before = await report()
    expect(before).toMatchObject({ code: 0, well: true })
    expect(point(before, /default: nobody can sign in/)).toMatchObject({ state: 'warn' })
    expect(point(before, /default: no signing key/)).toMatchObject({ state: 'ok' })

    const { sandboxUser } = await import('../../src/access/caller.ts')
    const { door } = await server.app.tenants.room('default')
    const body = { resourceType: 'Practitioner', id: 'doctor' }
    await door.handle({ method: 'PUT', path: 'Practitioner/doctor', query: '', headers: {}, base: server.fhir, body }, sandboxUser) // prettier-ignore
    const admin = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
    const user = { username: 'doctor', user: 'Practitioner/doctor', password: 'a long password of the tests' }
    expect((await server.ask('POST', '/admin/tenants/default/users', { body: user, headers: admin })).status).toBe(201)
    await server.ask('GET', '/fhir/auth/jwks')
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const registered = await server.ask('POST', '/fhir/auth/register', {
      headers: { 'content-type': 'application/json' },
      body: {
        client_name: 'Waits',
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        scope: 'system/*.rs',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES384' }] },
      },
    })
    expect(registered.status, registered.text).toBe(201)
    const after = await report()
    expect(after.code).toBe(0)
    expect(point(after, /1 users can sign in/)).toMatchObject({ state: 'ok' })
    expect(point(after, /no password is older/)).toMatchObject({ state: 'ok' })
    expect(point(after, /1 of 1 apps wait for approval/)).toMatchObject({ state: 'warn' })
    expect(point(after, /signing keys are 0 days old/)).toMatchObject({ state: 'ok' })
    expect(point(after, /no app has the published secret/)).toMatchObject({ state: 'ok' })
    const { security } = after
    expect(security.ok + security.warn + security.wrong).toBe(security.findings.length)
    expect(security.score).toBe(Math.floor(((security.ok + security.warn / 2) / security.findings.length) * 100))
  })

  test('old keys and passwords are to be looked at, and an app with a published secret is wrong', async () => {
    const year = 366 * 24 * 3600 * 1000
    const keys = await records('smart-keys')
    for (const { key, value } of await keys.list())
      await keys.put(key, { ...(value as object), created: Date.now() - year })
    const users = await records('smart-users')
    for (const { key, value } of await users.list())
      await users.put(key, { ...(value as object), changed: Date.now() - year })
    const { sandboxClients } = await import('../../src/smart/sandbox-clients.ts')
    const [published] = sandboxClients(server.fhir).filter(({ secret }) => secret)
    const apps = await records('smart-clients')
    await apps.put('copied', { ...published, id: 'copied' })
    const found = await report()
    expect(found).toMatchObject({ code: 1, well: false })
    expect(point(found, /signing keys are 366 days old/)).toMatchObject({ state: 'warn' })
    expect(point(found, /passwords older than a year: 1/)).toMatchObject({ state: 'warn' })
    expect(point(found, /published secret or key of the sandbox: copied/)).toMatchObject({ state: 'wrong' })
    expect(point(found, /published/)!.todo).toContain('register them anew')
    await apps.remove('copied')
    expect((await report()).code).toBe(0)
  })

  test.runIf(process.platform !== 'win32')('who else can look into it, or change it, is told', async () => {
    for (const [mode, state] of [
      [0o700, 'ok'],
      [0o755, 'warn'],
      [0o777, 'wrong'],
    ] as const) {
      chmodSync(server.data, mode)
      const found = await report()
      expect([mode, point(found, /look into|can change/)?.state]).toEqual([mode, state])
      expect(found.code).toBe(state === 'wrong' ? 1 : 0)
    }
    chmodSync(server.data, 0o700)
  })
})

describe('as text', () => {
  const folders: string[] = []
  const folder = () => folders[folders.push(newFolder()) - 1]!
  afterAll(() => folders.forEach(each => rmSync(each, { recursive: true, force: true })))

  test('it has a section of its own with what to do, a score, and no secret', async () => {
    const secret = 'a-secret-of-the-operator-Q7'
    const { code, out } = await dhp(folder(), 'doctor', '--admin-token', secret, '--unknown-params', 'lenient')
    expect(code, out).toBe(0)
    const security = out.slice(out.indexOf('\nSecurity\n'))
    expect(security).toMatch(/^warn {2}a misspelt search parameter is ignored.*: set DHP_UNKNOWN_PARAMS=strict$/m)
    expect(security).toMatch(/^Security: \d+ of 100 \(\d+ well, 3 to look at, 0 wrong\)\.$/m)
    expect(out.trimEnd()).toMatch(/All is well\.$/)
    expect(out).not.toContain(secret)
    const json = await dhp(folder(), 'doctor', '--json', '--admin-token', secret)
    expect(json.out).not.toContain(secret)
  })

  test('a new data folder is for the server’s own user only', async () => {
    const { out } = await dhp(`${folder()}/new`, 'doctor')
    expect(out).toMatch(/^ok {4}only the server's own user can look into/m)
  })

  test('emergency access without an audit log does not start', async () => {
    const { code, err } = await dhp(folder(), 'serve', '--break-glass', 'allow', '--audit', 'off')
    expect(code).toBe(2)
    expect(err).toContain('DHP_AUDIT=off would leave no trace')
  })
})
