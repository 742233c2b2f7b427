/**
 * What rules send on arrives: after the answer, after failures, after kill -9.
 * https://hl7.org/fhir/R4/endpoint.html
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../help/process.ts'
import { actionOn } from '../help/ruled-server.ts'
import { condition, plan } from '../help/rules.ts'

interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const ADMIN = 'admin-token-of-the-tests'
const data = mkdtempSync(join(tmpdir(), 'dhp-routes-'))
const received: Received[] = []
/** What the other side answers; undefined: it hangs up. */
let status: number | undefined = 200
let other: Server
let server: ServerProcess
let settings: Record<string, string>

beforeAll(async () => {
  other = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', part => (body += part))
    request.on('end', () => {
      if (status === undefined) return void request.socket.destroy()
      if (status < 300) received.push({ method: request.method!, url: request.url!, headers: request.headers, body })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  settings = { DHP_PRIVATE_HOSTS: `127.0.0.1:${port}`, DHP_ADMIN_TOKEN: ADMIN }
  server = await startServer(data, settings)
  await send('PUT', 'Endpoint/other', {
    resourceType: 'Endpoint',
    id: 'other',
    status: 'active',
    connectionType: { system: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type', code: 'hl7-fhir-rest' },
    payloadType: [{ text: 'any' }],
    address: `http://127.0.0.1:${port}/fhir/`,
    header: ['Authorization: Bearer synthetic'],
  })
  await send(
    'POST',
    'PlanDefinition',
    plan('Routes', [
      actionOn('route', ['data-added', 'data-modified', 'data-removed'], 'Patient', {
        definitionUri: 'Endpoint/other',
        condition: [condition('%resource.active')],
      }),
    ]),
  )
}, 30_000)

afterAll(async () => {
  await server.kill()
  other.close()
  rmSync(data, { recursive: true, force: true })
})

beforeEach(() => {
  received.length = 0
  status = 200
})

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.base}/${path}`, {
    method,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw new Error(await answer.text())
  const text = await answer.text()
  return text === '' ? undefined : (JSON.parse(text) as { id: string })
}

// synthetic
const patient = (id: string, more: object = {}) => ({
  resourceType: 'Patient',
  id,
  active: true,
  name: [{ family: 'Synthetic' }],
  ...more,
})

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 20))
}

const waiting = async () => {
  const answer = await fetch(`${server.base.replace('/fhir', '')}/admin/tenants/default/rules/at-work`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  })
  const { routes } = (await answer.json()) as {
    routes: { waiting: { endpoint: string; waiting: number; problem: string }[]; sent: number }
  }
  return routes
}

test('what is created, updated and deleted is sent on, with the headers of the Endpoint', async () => {
  await send('PUT', 'Patient/a', patient('a'))
  await until(() => received.length === 1)
  expect(received[0]).toMatchObject({ method: 'PUT', url: '/fhir/Patient/a' })
  expect(received[0]!.headers).toMatchObject({
    authorization: 'Bearer synthetic',
    'content-type': 'application/fhir+json',
    'x-routed-by': 'https://example.org/PlanDefinition/Routes',
  })
  expect(JSON.parse(received[0]!.body)).toMatchObject({ resourceType: 'Patient', id: 'a', meta: { versionId: '1' } })
  await send('DELETE', 'Patient/a')
  await until(() => received.length === 2)
  expect(received[1]).toMatchObject({ method: 'DELETE', url: '/fhir/Patient/a', body: '' })
  await send('PUT', 'Patient/quiet', patient('quiet', { active: false }))
  await until(async () => (await waiting()).waiting.length === 0)
  expect(received).toHaveLength(2)
}, 20_000)

test('every entry of a transaction is sent on', async () => {
  await send('POST', '', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: ['t1', 't2', 't3'].map(id => ({
      resource: patient(id),
      request: { method: 'PUT', url: `Patient/${id}` },
    })),
  })
  await until(() => received.length === 3)
  expect(received.map(({ url }) => url).sort()).toEqual(['/fhir/Patient/t1', '/fhir/Patient/t2', '/fhir/Patient/t3'])
}, 20_000)

test('a transaction under an id of the client is sent on once, and only when it is committed', async () => {
  const entry = (id: string, request: object) => ({ resource: patient(id), request })
  const bundle = (...entries: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry: entries })
  const own = { 'x-request-id': 'routes-once-1' }
  const body = bundle(entry('once', { method: 'PUT', url: 'Patient/once' }))
  await send('POST', '', body, own)
  await send('POST', '', body, own)
  await expect(
    send(
      'POST',
      '',
      bundle(
        entry('never', { method: 'PUT', url: 'Patient/never' }),
        entry('once', { method: 'PUT', url: 'Patient/once', ifMatch: 'W/"7"' }),
      ),
    ),
  ).rejects.toThrow('once')
  await send('PUT', 'Patient/after', patient('after'))
  await until(() => received.some(({ url }) => url.endsWith('/after')))
  expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'PUT /fhir/Patient/once',
    'PUT /fhir/Patient/after',
  ])
}, 20_000)

test('what came by way of the same rule is not sent on again', async () => {
  await send('PUT', 'Patient/loop', patient('loop'), {
    'x-routed-by': 'https://example.org/PlanDefinition/Another https://example.org/PlanDefinition/Routes',
  })
  await send('PUT', 'Patient/no-loop', patient('no-loop'), {
    'x-routed-by': 'https://example.org/PlanDefinition/Another',
  })
  await until(() => received.length > 0)
  expect(received.map(({ url }) => url)).toEqual(['/fhir/Patient/no-loop'])
  expect(received[0]!.headers['x-routed-by']).toBe(
    'https://example.org/PlanDefinition/Another https://example.org/PlanDefinition/Routes',
  )
}, 20_000)

test('a write does not wait for the other side; of what waits the newest version arrives, and the admin sees it waiting', async () => {
  status = 503
  await send('PUT', 'Patient/late', patient('late'))
  await until(async () => (await waiting()).waiting[0]?.problem === 'It answered 503.')
  await send('PUT', 'Patient/late', patient('late', { gender: 'male' }))
  expect((await waiting()).waiting[0]).toMatchObject({ endpoint: 'Endpoint/other' })
  status = 200
  await until(async () => (await waiting()).waiting.length === 0)
  // the first may just have been on its way
  const versions = received.map(({ body }) => (JSON.parse(body) as { meta: { versionId: string } }).meta.versionId)
  expect(versions.slice(-1)).toEqual(['2'])
}, 30_000)

test('after kill -9 all that was written arrives', async () => {
  status = undefined
  const ids = Array.from({ length: 50 }, (_, i) => `crash-${i}`)
  await Promise.all(ids.map(id => send('PUT', `Patient/${id}`, patient(id))))
  await server.kill()
  status = 200
  server = await startServer(data, settings)
  await until(() => new Set(received.map(({ url }) => url)).size === ids.length)
  expect(new Set(received.map(({ url }) => url))).toEqual(new Set(ids.map(id => `/fhir/Patient/${id}`)))
}, 30_000)
