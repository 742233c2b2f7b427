/**
 * What the audit log tells of an export: each step once, down to the files that were fetched, and by whom.
 */
import type { AuditEvent } from 'fhir/r4'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentsOf, auditEvents, codeOf, faultsOf, queryOf } from '../help/audit-events.ts'
import { assertion, backend, sandbox, type Sandbox } from '../smart/sandbox.ts'

let server: Sandbox
let token: string
let status: string
let url: string
beforeAll(async () => {
  server = await sandbox()
  const { body } = await server.post('token', backend(await assertion(server.fhir)))
  token = body['access_token'] as string
  status = (await ask('GET', 'Patient/$export', { prefer: 'respond-async' })).headers.get('content-location')!
  for (;;) {
    const answer = await ask('GET', status)
    if (answer.status === 200) {
      url = ((await answer.json()) as { output: { url: string }[] }).output[0]!.url
      break
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
})
afterAll(() => server.close())

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(path.startsWith('http') ? path : `${server.fhir}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
  })

/** The events that this leaves. */
async function left(work: () => Promise<unknown>): Promise<AuditEvent[]> {
  const before = (await auditEvents(server)).length
  await work()
  return (await auditEvents(server)).slice(before)
}
const below = (address: string) => address.slice(server.fhir.length + 1)

test('fetching a file of an export is recorded once: who, which job and file', async () => {
  const [event, ...others] = await left(async () => expect((await ask('GET', url)).status).toBe(200))
  expect(others).toEqual([])
  expect([codeOf(event), event!.type.code, event!.action, event!.outcome]).toEqual(['export-file', '110106', 'R', '0'])
  expect(agentsOf(event)).toEqual(['sandbox-backend', 'DHP FHIR server'])
  expect(event!.agent[0]!.type?.coding?.[0]?.code).toBe('110152')
  expect(queryOf(event)).toBe(`GET ${below(url)}`)
  expect(await faultsOf(event!)).toEqual([])
})

test('a file that is not there, or is fetched by somebody else, is recorded as a refusal', async () => {
  const events = await left(async () => {
    expect((await ask('GET', `${status}/nothing.ndjson`)).status).toBe(404)
    const tokens = await server.tokens()
    expect((await ask('GET', url, { authorization: `Bearer ${String(tokens['access_token'])}` })).status).toBe(404)
  })
  const files = events.filter(event => codeOf(event) === 'export-file')
  expect(files.map(({ outcome, outcomeDesc }) => [outcome, outcomeDesc])).toEqual([
    ['4', '404'],
    ['4', '404'],
  ])
  expect(agentsOf(files[1])).toContain('Practitioner/doctor')
  for (const event of files) expect(await faultsOf(event)).toEqual([])
})

test('so are the kick-off, the status and the end', async () => {
  const events = await left(async () => {
    const started = await ask('GET', 'Patient/$export', { prefer: 'respond-async' })
    const job = started.headers.get('content-location')!
    await ask('GET', job)
    await ask('DELETE', job)
  })
  expect(events.map(event => [codeOf(event), queryOf(event).replace(/bulk\/.*/, 'bulk/…')])).toEqual([
    ['operation', 'GET Patient/$export'],
    ['operation', 'GET bulk/…'],
    ['export-cancel', 'DELETE bulk/…'],
  ])
  for (const event of events) expect(await faultsOf(event)).toEqual([])
})
