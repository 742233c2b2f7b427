import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'

const COUNT = 8000
const ADMIN = 'admin-token-of-the-tests'
const ids = Array.from({ length: COUNT }, (_, i) => `crash-${i}`)
const data = mkdtempSync(join(tmpdir(), 'dhp-bulk-crash-'))
const settings = { DHP_ADMIN_TOKEN: ADMIN }
let server: ServerProcess

beforeAll(async () => {
  server = await startServer(data, settings)
  for (let from = 0; from < COUNT; from += 1000)
    await post(server.base, {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: ids.slice(from, from + 1000).map(id => ({
        // synthetic
        resource: { resourceType: 'Patient', id, gender: 'other', name: [{ family: 'Synthetic', given: [id] }] },
        request: { method: 'PUT', url: `Patient/${id}` },
      })),
    })
}, 120_000)

afterAll(async () => {
  await server.kill()
  rmSync(data, { recursive: true, force: true })
})

async function post(url: string, body: object, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return answer
}

const path = (url: string) => url.replace(/^.*?\/fhir/, '')

async function kickOff(base: string, query = ''): Promise<string> {
  const { status, headers } = await fetch(`${base}/$export${query}`, { headers: { prefer: 'respond-async' } })
  expect(status).toBe(202)
  return path(headers.get('content-location')!)
}

async function finished(base: string, status: string): Promise<{ output: { url: string; count: number }[] }> {
  for (;;) {
    const answer = await fetch(base + status)
    if (answer.status === 200) return (await answer.json()) as { output: { url: string; count: number }[] }
    if (answer.status !== 202 && answer.status !== 429) throw new Error(await answer.text())
    await new Promise(resolve => setTimeout(resolve, 260))
  }
}

test('an export goes on after kill -9, whenever it comes: no line twice, none missing', async () => {
  let interrupted = 0
  for (const wait of [50, 300, 600]) {
    const status = await kickOff(server.base, '?_type=Patient&_elements=gender,name')
    await new Promise(resolve => setTimeout(resolve, wait))
    if ((await fetch(server.base + status)).status !== 200) interrupted++
    await server.kill()
    server = await startServer(data, settings)
    const { output } = await finished(server.base, status)
    const texts = await Promise.all(output.map(async ({ url }) => (await fetch(server.base + path(url))).text()))
    const lines = texts.flatMap(text => text.split('\n').filter(line => line !== ''))
    expect(output.reduce((sum, { count }) => sum + count, 0)).toBe(COUNT)
    expect(lines.map(line => (JSON.parse(line) as { id: string }).id).sort()).toEqual(ids.toSorted())
  }
  expect(interrupted).toBeGreaterThan(0)
}, 120_000)

test('a Group of another tenant is not there, jobs are not seen from it, and its files go with it', async () => {
  const origin = server.base.replace('/fhir', '')
  const admin = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
  await post(`${origin}/admin/tenants`, { name: 'elsewhere' }, admin)
  const there = `${origin}/t/elsewhere/fhir`
  await fetch(`${there}/Group/g`, {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Group', id: 'g', type: 'person', actual: true }),
  })
  const answer = await fetch(`${server.base}/Group/g/$export`, { headers: { prefer: 'respond-async' } })
  expect(answer.status).toBe(404)

  const status = await kickOff(there)
  await finished(there, status)
  expect((await fetch(server.base + status)).status).toBe(404)
  const folder = join(data, 'tenants', 'elsewhere')
  expect(readdirSync(join(folder, 'bulk'))).toHaveLength(1)
  await fetch(`${origin}/admin/tenants/elsewhere`, { method: 'DELETE', headers: admin })
  expect(existsSync(folder)).toBe(false)
}, 60_000)
