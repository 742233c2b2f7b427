/**
 * `audit verify` and `audit export`, on the data folder of a server that runs, was killed, or was put back to a backup.
 */
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { startServer } from '../help/process.ts'
import { dhp, newFolder } from './running.ts'

const folders: string[] = []
const folder = () => {
  const made = newFolder()
  folders.push(made)
  return made
}
afterAll(() => folders.forEach(each => rmSync(each, { recursive: true, force: true })))

const store = (data: string) => join(data, 'tenants', 'default', 'store.db')
const endOf = (out: string) => /^It ends at (\S+)$/m.exec(out)?.[1]

async function put(base: string, id: string): Promise<void> {
  const body = JSON.stringify({ resourceType: 'Patient', id })
  const headers = { 'content-type': 'application/fhir+json' }
  expect((await fetch(`${base}/Patient/${id}`, { method: 'PUT', headers, body })).status).toBe(201)
}

describe('audit', () => {
  test('verify: whole while the server runs and after kill -9, broken after a change of the file', async () => {
    const data = folder()
    const first = await startServer(data, { DHP_AUDIT: 'all' })
    for (const id of ['a', 'b', 'c']) await put(first.base, id)
    expect((await fetch(`${first.base}/AuditEvent?action=C`)).status).toBe(200)
    const running = await dhp(data, 'audit', 'verify')
    expect(running).toMatchObject({ code: 0, out: expect.stringContaining('is whole') as string })
    for (let i = 0; i < 40; i++) await put(first.base, `d${i}`)
    await put(first.base, 'd')
    await first.kill()

    const killed = await dhp(data, 'audit', 'verify')
    const events = Number(/: (\d+) events\./.exec(killed.out)?.[1])
    const noted = Number(/ (\d+) more are noted/.exec(killed.out)?.[1] ?? 0)
    expect(events + noted, 'each write is noted in its own commit').toBeGreaterThanOrEqual(44)

    const second = await startServer(data, { DHP_AUDIT: 'all' })
    const { entry } = (await (await fetch(`${second.base}/AuditEvent?entity=Patient/d`)).json()) as { entry: unknown[] }
    expect(entry).toHaveLength(1)
    await second.stop()
    const after = await dhp(data, 'audit', 'verify', '--anchor', endOf(running.out)!)
    expect(after).toMatchObject({ code: 0, out: expect.stringContaining('is whole') as string })

    const exported = await dhp(data, 'audit', 'export')
    const lines = exported.out.trimEnd().split('\n')
    expect(lines.map(line => (JSON.parse(line) as { resourceType: string }).resourceType)).toEqual(
      lines.map(() => 'AuditEvent'),
    )
    expect(after.out).toContain(`${lines.length} events`)

    const db = new DatabaseSync(store(data))
    db.exec(`UPDATE resource SET json = replace(json, 'Patient/b', 'Patient/z') WHERE json LIKE '%"AuditEvent"%'`)
    db.close()
    const broken = await dhp(data, 'audit', 'verify')
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining('changed at 2') as string })
  }, 60_000)

  test('a request without a valid token is recorded, and the token is not', async () => {
    const data = folder()
    const server = await startServer(data, { DHP_AUDIT: 'all' })
    const refused = await fetch(`${server.base}/Patient/a`, {
      headers: { authorization: 'Bearer not-a-token-of-ours' },
    })
    expect(refused.status).toBe(401)
    await server.stop()
    const again = await startServer(data, { DHP_AUDIT: 'all' })
    const text = await (await fetch(`${again.base}/AuditEvent?subtype=unauthenticated`)).text()
    await again.stop()
    expect(text).toContain('"outcome":"4"')
    expect(text).not.toContain('not-a-token-of-ours')
    expect(text).toContain('127.0.0.1')
  }, 60_000)

  test('a restored backup is whole up to its own end; what came later is missed by the anchor', async () => {
    const data = folder()
    const server = await startServer(data, { DHP_AUDIT: 'all' })
    await put(server.base, 'a')
    await fetch(`${server.base}/AuditEvent`)
    const file = join(data, 'copy.db')
    expect((await dhp(data, 'backup', file)).code).toBe(0)
    await put(server.base, 'b')
    await server.stop()
    const later = endOf((await dhp(data, 'audit', 'verify')).out)!
    expect((await dhp(data, 'restore', file, '--force')).code).toBe(0)
    expect((await dhp(data, 'audit', 'verify')).code).toBe(0)
    const missed = await dhp(data, 'audit', 'verify', '--anchor', later)
    expect(missed).toMatchObject({ code: 1, out: expect.stringContaining('not anchored') as string })
  }, 60_000)

  test('says what it takes', async () => {
    const data = folder()
    expect(await dhp(data, 'audit')).toMatchObject({ code: 2, err: expect.stringContaining('audit verify') as string })
    expect(await dhp(data, 'audit', 'verify')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no tenant default') as string,
    })
    expect(await dhp(data, 'audit', 'verify', '--anchor', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('NUMBER.DIGEST') as string,
    })
  }, 30_000)
})
