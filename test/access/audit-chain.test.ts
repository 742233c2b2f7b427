/**
 * The chain of AuditEvents: what was done to the database file behind the server's back is found; crashes and restores are not
 * mistaken for it.
 */
import { happenings, type Journalled } from '../../src/access/audit-journal.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AUDIT_RECORDS, type Head, verifyChain } from '../../src/access/audit-chain.ts'
import { JOURNAL, makeAudit, MOST_QUEUED } from '../../src/access/audit.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import type { Engine } from '../../src/store/store.ts'
import { openToRead } from '../../src/store/sqlite/read-only.ts'
import { openAudited, type AuditedServer, extractorOf } from './audited.ts'

let folder: string
let server: AuditedServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dhp-chain-'))
  server = await openAudited('all', folder)
  await server.ask('PUT', 'Patient/p1', { body: { resourceType: 'Patient', id: 'p1' } })
  for (let i = 0; i < 5; i++) await server.ask('GET', 'Patient/p1')
  await server.events()
})
afterEach(async () => {
  await server.close().catch(() => {})
  rmSync(folder, { recursive: true, force: true })
})

const verify = (anchor?: Head) => verifyChain(server.engine, anchor)
const kinds = async (anchor?: Head) => (await verify(anchor)).breaks.map(({ kind, at }) => `${kind} ${at}`)
const auditRows = "FROM resource WHERE tid = (SELECT tid FROM type WHERE name = 'AuditEvent')"

/** Changes the file behind the server's back. */
function tamper(...statements: string[]): void {
  const db = new DatabaseSync(server.file)
  for (const statement of statements) db.exec(statement)
  db.close()
}
const third = `(SELECT rid ${auditRows} ORDER BY stamp LIMIT 1 OFFSET 2)`

describe('a chain', () => {
  it('is whole after what the server did itself', async () => {
    const { head, events, breaks } = await verify()
    expect([events, head.count, breaks]).toEqual([6, 6, []])
    expect(await kinds(head)).toEqual([])
  })

  it('shows an event that was changed', async () => {
    tamper(`UPDATE resource SET json = replace(json, 'Practitioner/doc', 'Practitioner/xyz') WHERE rid = ${third}`)
    expect(await kinds()).toEqual(['changed 3'])
  })

  it('shows a time that was changed', async () => {
    tamper(`UPDATE resource SET json = replace(json, '"recorded":"20', '"recorded":"19') WHERE rid = ${third}`)
    expect(await kinds()).toEqual(['changed 3'])
  })

  it('shows an event that was removed', async () => {
    tamper(`DELETE FROM resource WHERE rid = ${third}`)
    expect(await kinds()).toEqual(['removed 3'])
  })

  it('shows an event that was put in', async () => {
    tamper(
      `INSERT INTO resource SELECT 900000, tid, 'false-one', version, stamp + 1, method, replace(json, id, 'false-one') FROM resource WHERE rid = ${third}`,
    )
    expect((await kinds())[0]).toBe('inserted 3')
  })

  it('shows that the last events were cut off', async () => {
    tamper(`DELETE FROM resource WHERE rid IN (SELECT rid ${auditRows} ORDER BY stamp DESC LIMIT 2)`)
    expect(await kinds()).toEqual(['truncated 5'])
  })

  it('shows with an earlier end that it was written anew', async () => {
    const { head } = await verify()
    tamper(`DELETE ${auditRows}`, `DELETE FROM record WHERE name = '${AUDIT_RECORDS}'`)
    expect(await kinds()).toEqual([])
    expect(await kinds(head)).toEqual(['not anchored 6'])
  })

  it('shows an event that was written over by a write', async () => {
    const [event] = await server.events()
    const { prepare } = await import('../../src/store/stamp.ts')
    await server.engine.commit([
      {
        do: 'put',
        ref: { type: 'AuditEvent', id: event!.id! },
        method: 'PUT',
        draft: prepare(event as never, event!.id!),
        entries: [],
        expect: { is: 'anything' },
      },
    ])
    expect((await kinds()).length).toBeGreaterThan(0)
  })
})

describe('what was noted is not lost', () => {
  /** The process ends without closing the log; what is on disk is what was flushed. */
  async function crash(): Promise<void> {
    await server.engine.close()
    server = await openAudited('all', folder)
  }

  it('a write that was answered has its event after a crash', async () => {
    await server.ask('PUT', 'Patient/p2', { body: { resourceType: 'Patient', id: 'p2' } })
    expect(server.audit.waiting.journal).toBeGreaterThan(0)
    await crash()
    const events = await server.events()
    expect(events).toHaveLength(7)
    expect(JSON.stringify(events.at(-1))).toContain('Patient/p2')
    expect(await kinds()).toEqual([])
  })

  it('a write whose note cannot be kept is not done, and is done when it can', async () => {
    const patient = { resourceType: 'Patient', id: 'p1', gender: 'other' }
    const entry = [{ resource: { resourceType: 'Patient', id: 'p2' }, request: { method: 'PUT', url: 'Patient/p2' } }]
    const writes = [
      () => server.ask('PUT', 'Patient/p1', { body: patient }),
      () => server.ask('PUT', 'Patient/p2', { body: { resourceType: 'Patient', id: 'p2' } }),
      () => server.ask('DELETE', 'Patient/p1'),
      () => server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }),
    ]
    tamper(
      `CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.name = '${JOURNAL}' BEGIN SELECT RAISE(ABORT, 'no room'); END`,
    )
    for (const write of writes) await expect(write()).rejects.toThrow('no room')
    expect((await server.engine.read({ type: 'Patient', id: 'p1' }))?.version).toBe('1')
    expect(await server.engine.read({ type: 'Patient', id: 'p2' })).toBeUndefined()
    tamper('DROP TRIGGER refuse')
    expect((await writes[0]!()).status).toBe(200)
    const events = await server.events()
    expect(events.filter(({ action, outcome }) => action === 'U' && outcome === '0')).toHaveLength(1)
    // what was tried and failed is told, too
    expect(events.filter(({ outcome }) => outcome === '8')).toHaveLength(writes.length)
    expect(await kinds()).toEqual([])
  })

  it('reads are on disk when the server stops', async () => {
    for (let i = 0; i < 700; i++) await server.ask('GET', 'Patient/p1')
    await server.close()
    server = await openAudited('all', folder)
    expect(await server.events()).toHaveLength(706)
    expect(await kinds()).toEqual([])
  })

  it('a crash after events were made, and before the journal was cleared, makes none twice', async () => {
    const journal = server.engine.records(JOURNAL)
    await server.ask('PUT', 'Patient/p2', { body: { resourceType: 'Patient', id: 'p2' } })
    const [left] = await journal.list()
    await server.events()
    expect(await journal.list()).toEqual([])
    await journal.put(left!.key, left!.value)
    await crash()
    expect(await server.events()).toHaveLength(7)
    expect(await kinds()).toEqual([])
  })

  it('a crash in the middle of a long record makes none twice', async () => {
    for (let i = 0; i < 40; i++) server.audit.tell({ what: 'read', status: 200, type: 'Patient', id: 'p1' })
    await server.audit.flush()
    const [left] = await server.engine.records(JOURNAL).list()
    await server.events()
    // as if only the first slice had been made
    await server.engine.records(JOURNAL).put(`${left!.key}-again`, left!.value)
    await crash()
    expect(await server.events()).toHaveLength(46)
    expect(await kinds()).toEqual([])
  })

  it('a commit that fails loses none of a long record, and makes none twice', async () => {
    let slices = 0
    const engine: Engine = {
      ...server.engine,
      // the second slice is written, but nobody is told; the next one is not written at first
      async commit(writes, note) {
        const slice = writes.length > 1 ? ++slices : 0
        if (slice === 3) throw new Error('no space')
        const versions = await server.engine.commit(writes, note)
        if (slice === 2) throw new Error('was it written?')
        return versions
      },
    }
    await server.audit.close()
    const audit = makeAudit({ engine, extractor: extractorOf().extractor, server: 'A server under test' })
    for (let i = 0; i < 1000; i++) audit.tell({ what: 'read', status: 404, type: 'Patient', id: `x${i}` })
    for (let i = 0; i < 20 && !(await audit.settle()); i++) await new Promise(resolve => setTimeout(resolve, 200))
    await audit.close()
    expect(slices).toBeGreaterThan(3)
    expect((await verify()).events).toBe(1006)
    expect(await kinds()).toEqual([])
  })

  it('thousands told at once are all there, in one chain', async () => {
    for (let i = 0; i < 3000; i++) server.audit.tell({ what: 'read', status: 200, type: 'Patient', id: 'p1' })
    expect(await server.audit.settle(60_000)).toBe(true)
    expect((await verify()).events).toBe(3006)
    expect(await kinds()).toEqual([])
  })

  it('a full queue makes requests wait, and drops nothing', async () => {
    for (let i = 0; i < MOST_QUEUED; i++) server.audit.tell({ what: 'read', status: 404, type: 'Patient', id: 'x' })
    const room = server.audit.room()
    expect(room).toBeInstanceOf(Promise)
    await room
    expect(server.audit.waiting.queue).toBe(0)
    const kept = (await server.engine.records(JOURNAL).list()).flatMap(({ value }) => happenings(value as Journalled))
    expect(kept.length + server.audit.waiting.queue).toBeGreaterThanOrEqual(MOST_QUEUED - 500)
  })

  it('when the log cannot be written, requests are refused once its queue is full', async () => {
    const engine = openSqlite({ path: join(folder, 'other.db'), extractor: extractorOf().extractor })
    let told = 0
    const audit = makeAudit({
      engine: { ...engine, commit: () => Promise.reject(new Error('no space')) },
      extractor: extractorOf().extractor,
      server: 'A server under test',
      failed: () => told++,
    })
    for (let i = 0; i < MOST_QUEUED; i++) audit.tell({ what: 'read', status: 404 })
    await expect(audit.room()).rejects.toThrow('no space')
    expect(told).toBeGreaterThan(0)
    expect(audit.waiting.queue).toBe(MOST_QUEUED)
    await audit.close()
    await engine.close()
  })
})

describe('a backup that is restored', () => {
  it('is whole up to its own end, and an end noted later is not found in it', async () => {
    const copy = join(folder, 'copy.db')
    await server.engine.backup(copy)
    await server.ask('GET', 'Patient/p1')
    await server.events()
    const later = (await verify()).head
    const backup = openToRead(copy)
    expect(await verifyChain(backup)).toMatchObject({ events: 6, breaks: [] })
    expect((await verifyChain(backup, later)).breaks.map(({ kind }) => kind)).toEqual(['not anchored'])
    await backup.close()
  })
})
