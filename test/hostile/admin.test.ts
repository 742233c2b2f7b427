/**
 * The admin API under attack: without its token it tells nothing, with it nothing outside of the data folder can be reached.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'

const TOKEN = 'a-token-for-the-tests-only'
const outer = mkdtempSync(join(tmpdir(), 'dhp-admin-'))
let server: ServerProcess
let origin: string
beforeAll(async () => {
  server = await startServer(join(outer, 'data'), { DHP_ADMIN_TOKEN: TOKEN })
  origin = server.base.replace('/fhir', '')
})
afterAll(async () => {
  await server.kill()
  rmSync(outer, { recursive: true, force: true })
})

const ask = async (method: string, path: string, body?: unknown, authorization = `Bearer ${TOKEN}`) => {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const headers = { authorization, 'content-type': 'application/json' }
  const response = await fetch(`${origin}/admin/${path}`, { method, headers, ...sent })
  return { status: response.status, text: await response.text() }
}

const hostile = [
  '..', '.', '../x', '../../x', '..\\x', '/tmp/x', 'a/b', 'a\\b', 'a\0b', '%2e%2e', '~', '-rf', 'CON', 'x.db', '.hidden', '', ' ', 'a b', 'a\nb', '林', 'x'.repeat(300), '__proto__', 'constructor', "'; DROP TABLE x; --", 'Default', 'DEFAULT', 'default/..',
] // prettier-ignore

test('without the token everything is 401, and compares in no shorter way', async () => {
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN} x`,
    'Bearer undefined',
    `Bearer ${'a'.repeat(10_000)}`,
  ]) {
    for (const [method, path] of [
      ['GET', 'tenants'],
      ['POST', 'tenants'],
      ['DELETE', 'tenants/default'],
      ['GET', 'nowhere'],
    ] as const) {
      const body = method === 'POST' ? { name: 'intruder' } : undefined
      expect([authorization.slice(0, 40), (await ask(method, path, body, authorization)).status]).toEqual([
        authorization.slice(0, 40),
        401,
      ])
    }
  }
})

test('a name that leads elsewhere makes no tenant and no snapshot, and reaches none', async () => {
  const before = readdirSync(outer, { recursive: true }).length
  for (const name of hostile) {
    const answers = [
      await ask('POST', 'tenants', { name }),
      await ask('POST', 'tenants', { name: 'copy', copyOf: name }),
      await ask('POST', 'tenants/default/snapshots', { name }),
      await ask('POST', 'tenants/default/restore', { snapshot: name }),
      ...(name === '' || /^\.+$/.test(name)
        ? []
        : [
            await ask('DELETE', `tenants/${encodeURIComponent(name)}`),
            await ask('POST', `tenants/${encodeURIComponent(name)}/reset`),
            await ask('GET', `tenants/${encodeURIComponent(name)}/snapshots`),
          ]),
    ]
    // a lower case word is a fine name, whatever JavaScript calls so
    if (name === 'constructor') {
      await ask('DELETE', 'tenants/constructor')
      continue
    }
    for (const { status, text } of answers) {
      expect([name, status >= 400 && status < 500]).toEqual([name, true])
      expect(text).not.toMatch(/node_modules|\bat .*:\d+:\d+|ENOENT|SQLITE|dhp-admin-/)
    }
  }
  expect(existsSync(join(outer, 'x'))).toBe(false)
  expect(readdirSync(outer)).toEqual(['data'])
  expect(readdirSync(outer, { recursive: true }).length).toBeLessThanOrEqual(before + 8)
  expect((await fetch(`${server.base}/Patient?_count=0`)).status).toBe(200)
})

test('a body of another kind is refused', async () => {
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"name":1}',
    '{"name":["a"]}',
    '{"name":{"$ne":null}}',
    '{"name":"a","__proto__":{"x":1}}',
    '{"name":"a","name":"b"}',
    '{"name":"a","seed":"../x"}',
    '{"name":"a","expires":"soon"}',
    '{"name":"a","more":1}',
    '['.repeat(10_000),
    `{"name":"${'a'.repeat(100_000)}"}`,
  ]) {
    const { status, text } = await ask('POST', 'tenants', body)
    expect([body.slice(0, 60), status >= 400 && status < 500]).toEqual([body.slice(0, 60), true])
    expect(JSON.parse(text)).toMatchObject({ resourceType: 'OperationOutcome' })
  }
  const { text } = await ask('GET', 'tenants')
  expect(text).not.toMatch(/"name": "a/)
  expect(server.said()).not.toMatch(/"level":"(?:error|fatal)"|Error:/)
})
