/**
 * The SQLite engine: what every engine promises, and what only a file can: durability, disks that fill up, torn logs.
 * https://sqlite.org/wal.html
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { everything, type Filter, type Query } from '../../src/search/query.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { OLDEST_SQLITE, openFile, recentEnough } from '../../src/store/sqlite/schema.ts'
import type { Engine } from '../../src/store/store.ts'
import { handMade, hasToken, ids, made, put, query, quantity, remove, string, token } from '../help/resources.ts'
import { contract } from './contract.ts'

const open = (path: string) => openSqlite({ path, extractor: handMade })

contract('sqlite', async (folder, extractor) => openSqlite({ path: join(folder, 'store.db'), extractor }))

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  path = join(folder, 'store.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const P = (id: string) => ({ type: 'Patient', id })
const marked = (id: string, code: string) => made('Patient', id, token('identifier', code))
/** A resource of so many kilobytes. */
const heavy = (id: string, kilobytes: number) => ({ ...marked(id, 'heavy'), note: 'x'.repeat(kilobytes * 1024) })

describe('the file', () => {
  test('is written with synchronous=FULL, also after the first write', async () => {
    const db = openFile(path)
    const synchronous = () => (db.prepare('PRAGMA synchronous').get() as { synchronous: number }).synchronous
    expect(synchronous()).toBe(2)
    db.exec("INSERT INTO record VALUES ('a', 'b', '1', NULL)")
    expect(synchronous()).toBe(2)
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(db.prepare('PRAGMA mmap_size').get() ?? { mmap_size: 0 }).toEqual({ mmap_size: 0 })
    db.close()
  })

  test('is synced at least once for every durable commit', { timeout: 60_000 }, context => {
    if (process.platform !== 'linux' || !works(() => execFileSync('strace', ['-V'], { stdio: 'ignore' })))
      return context.skip('strace is not installed')
    const script = `
      const { openSqlite } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite/engine.ts'))})
      const { handMade, marked } = { handMade: { entries: () => [], groups: () => [], contained: () => [] } }
      const engine = openSqlite({ path: ${JSON.stringify(path)}, extractor: handMade })
      const draft = { head: '{"resourceType":"Patient","id":"a","meta":{"versionId":"', middle: '","lastUpdated":"', tail: '"}}' }
      for (let i = 0; i < 50; i++) await engine.commit([{ do: 'put', ref: { type: 'Patient', id: 'a' }, method: 'PUT', draft, entries: [], expect: { is: 'anything' } }])
      process.stdout.write(String(engine.stats.commits))
      await engine.close()`
    const log = join(folder, 'strace.log')
    const commits = Number(
      execFileSync(
        'strace',
        ['-f', '-e', 'trace=fdatasync,fsync', '-o', log, process.execPath, '--input-type=module', '-e', script],
        { encoding: 'utf8' },
      ),
    )
    expect(commits).toBe(50)
    expect(readFileSync(log, 'utf8').match(/f(?:data)?sync\(/g)!.length).toBeGreaterThanOrEqual(commits)
  })

  test.each([
    ['3.51.3', true],
    ['3.51.10', true],
    ['3.52.0', true],
    ['4.0.0', true],
    ['3.51.2', false],
    ['3.50.99', false],
    ['3.9.0', false],
    ['2.99.99', false],
  ])('from SQLite %s is opened: %s', (version, fine) => {
    expect(OLDEST_SQLITE).toBe('3.51.3')
    expect(recentEnough(version)).toBe(fine)
  })

  test('of another format is refused, with what to do', async () => {
    await open(path).close()
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 999')
    db.close()
    expect(() => open(path)).toThrow(/format 999/)
  })

  test('that is no database is refused, and left as it is', () => {
    writeFileSync(path, 'This is not a database. '.repeat(500))
    const before = readFileSync(path)
    expect(() => open(path)).toThrow()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('is copied while it is written to: the copy is whole, and of one moment', async () => {
    const engine = open(path)
    await engine.commit(Array.from({ length: 500 }, (_, i) => put(marked(`p${i}`, 'before'))))
    const copy = join(folder, 'copy.db')
    const writes = (async () => {
      for (let i = 0; i < 40; i++) await engine.commit([put(marked(`a${i}`, 'pair')), put(marked(`b${i}`, 'pair'))])
    })()
    await engine.backup(copy)
    await writes
    await engine.close()
    const copied = open(copy)
    expect(await copied.verify()).toEqual([])
    const pairs = ids((await copied.find(query('Patient', hasToken('identifier', 'pair')))).matches)
    expect(
      pairs
        .filter(id => id.startsWith('a'))
        .map(id => id.slice(1))
        .sort(),
    ).toEqual(
      pairs
        .filter(id => id.startsWith('b'))
        .map(id => id.slice(1))
        .sort(),
    )
    expect(
      (await copied.find(query('Patient', hasToken('identifier', 'before'), { total: 'accurate', count: 0 }))).total,
    ).toBe(500)
    await copied.close()
  })
})

describe('a commit that the disk refuses', () => {
  /** Commits until one fails; gives the ids that were acknowledged. */
  async function fillUp(engine: Engine): Promise<string[]> {
    const kept: string[] = []
    for (let i = 0; i < 2000; i++) {
      try {
        await engine.commit([put(heavy(`a${i}`, 8)), put(heavy(`b${i}`, 8))])
        kept.push(`a${i}`, `b${i}`)
      } catch (error) {
        expect((error as Error).message).not.toContain('constraint')
        return kept
      }
    }
    throw new Error('The disk did not fill up.')
  }

  async function holds(engine: Engine, kept: readonly string[]): Promise<void> {
    expect(
      (await engine.find(query('Patient', hasToken('identifier', 'heavy'), { count: 5000 }))).matches
        .map(({ ref }) => ref.id)
        .sort(),
    ).toEqual([...kept].sort())
    expect((await engine.history({ of: { all: true }, count: 0 })).total).toBe(kept.length)
    for (const id of [kept[0]!, kept.at(-1)!]) expect((await engine.read(P(id)))!.text!.length).toBeGreaterThan(8000)
  }

  test('leaves nothing; what was acknowledged is read; opened again with more room, writing goes on', async context => {
    const disk = tinyDisk(6)
    if (!disk) return context.skip('a file system of its own takes root')
    try {
      const small = open(join(disk, 'store.db'))
      const kept = await fillUp(small)
      expect(kept.length).toBeGreaterThan(20)
      await holds(small, kept)
      await expect(small.commit([put(heavy('late', 4000))])).rejects.toThrow()
      await holds(small, kept)
      await small.close().catch(() => undefined)
      grow(disk, 40)
      const again = open(join(disk, 'store.db'))
      await holds(again, kept)
      const [next] = await again.commit([put(heavy('late', 8))])
      expect(next!.version).toBe('1')
      await again.commit([remove(P('late'))])
      expect((await again.find(query('Patient', everything, { count: 0, total: 'accurate' }))).total).toBe(kept.length)
      expect(await again.verify()).toEqual([])
      await again.close()
    } finally {
      unmount(disk)
    }
  })

  test('does not stop the engine: it goes on in the same process when there is room again', async context => {
    const disk = tinyDisk(4)
    if (!disk) return context.skip('a file system of its own takes root')
    try {
      const engine = open(join(disk, 'store.db'))
      const kept = await fillUp(engine)
      const many = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) => engine.commit([put(heavy(`m${i}`, 3000))])),
      )
      expect(many.every(one => one.status === 'rejected')).toBe(true)
      grow(disk, 40)
      await engine.commit([put(heavy('more', 8))])
      await holds(engine, [...kept, 'more'])
      expect(await engine.verify()).toEqual([])
      await engine.close()
    } finally {
      unmount(disk)
    }
  })

  test(
    'at COMMIT, because another connection holds the file: nothing is left, and the next one is written',
    { timeout: 30_000 },
    async () => {
      const engine = open(path)
      await engine.commit([put(marked('a', '1'))])
      const other = new DatabaseSync(path)
      other.exec('BEGIN IMMEDIATE')
      await expect(engine.commit([put(marked('a', '2')), put(marked('b', '2'))])).rejects.toThrow(/locked|busy/i)
      expect(await engine.read(P('a'))).toMatchObject({ version: '1' })
      expect(await engine.read(P('b'))).toBeUndefined()
      other.exec('ROLLBACK')
      other.close()
      expect((await engine.commit([put(marked('a', '2'))]))[0]!.version).toBe('2')
      expect((await engine.find(query('Patient', hasToken('identifier', '2')))).matches).toHaveLength(1)
      await engine.close()
    },
  )
})

describe('a backup during a large commit', () => {
  test.each(['before', 'after'])('begun %s it holds all of it or nothing', async when => {
    const engine = open(path)
    const writes = Array.from({ length: 1500 }, (_, i) =>
      put(made('Patient', `p${i}`, ...Array.from({ length: 40 }, (__, n) => token('identifier', `${i}-${n}`)))),
    )
    const copy = join(folder, 'large')
    const first = when === 'after' ? engine.commit(writes) : undefined
    await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setImmediate(resolve))
    const copying = engine.backup(copy)
    await Promise.all([first ?? engine.commit(writes), copying])
    await engine.close()
    const copied = open(copy)
    expect(await copied.verify()).toEqual([])
    const total = (await copied.find(query('Patient', everything, { total: 'accurate', count: 0 }))).total
    expect([0, 1500]).toContain(total)
    await copied.close()
  })
})

describe('a torn log', () => {
  const COMMITS = 40
  /** Leaves database and log as a power loss would: the log not copied back. Commit i writes a pair and updates the counter. */
  async function crashed(): Promise<string> {
    const engine = open(path)
    for (let i = 1; i <= COMMITS; i++)
      await engine.commit([
        put(marked(`a${i}`, `c${i}`)),
        put(made('Patient', 'counter', token('identifier', `n${i}`))),
        put(marked(`b${i}`, `c${i}`)),
      ])
    const copy = join(folder, 'crashed')
    mkdirSync(copy)
    for (const file of ['store.db', 'store.db-wal']) copyFileSync(join(folder, file), join(copy, file))
    await engine.close()
    return copy
  }

  /** The store is that after the first n commits, for some n; which one. */
  async function prefix(file: string): Promise<number> {
    const engine = open(file)
    try {
      expect(await engine.verify()).toEqual([])
      const counter = await engine.read(P('counter'))
      const n = Number(counter?.version ?? 0)
      const found = ids((await engine.find(query('Patient', everything, { count: 200 }))).matches).filter(
        id => id !== 'counter',
      )
      const expected = Array.from({ length: n }, (_, i) => [`a${i + 1}`, `b${i + 1}`]).flat()
      expect(found.sort()).toEqual(expected.sort())
      if (n > 0) {
        expect((await engine.find(query('Patient', hasToken('identifier', `c${n}`)))).matches).toHaveLength(2)
        expect(ids((await engine.find(query('Patient', hasToken('identifier', `n${n}`)))).matches)).toEqual(['counter'])
        expect((await engine.history({ of: { ref: P('counter') }, count: 0 })).total).toBe(n)
      }
      expect((await engine.commit([put(marked('counter', 'again'))]))[0]!.version).toBe(String(n + 1))
      return n
    } finally {
      await engine.close()
    }
  }

  test('cut or garbled anywhere leaves the first n commits, never part of one', { timeout: 60_000 }, async () => {
    const copy = await crashed()
    const log = readFileSync(join(copy, 'store.db-wal'))
    const trial = join(folder, 'trial')
    const tried = async (change: (file: string) => void) => {
      rmSync(trial, { recursive: true, force: true })
      mkdirSync(trial)
      copyFileSync(join(copy, 'store.db'), join(trial, 'store.db'))
      writeFileSync(join(trial, 'store.db-wal'), log)
      change(join(trial, 'store.db-wal'))
      return prefix(join(trial, 'store.db'))
    }
    expect(await tried(() => undefined)).toBe(COMMITS)
    const FRAME = 4096 + 24
    const frames = Math.floor((log.length - 32) / FRAME)
    expect(frames).toBeGreaterThan(COMMITS)
    const seen = new Set<number>()
    // Every so many frames, just before, at and just after its end
    for (let frame = 0; frame <= frames; frame += Math.max(1, Math.floor(frames / 20))) {
      for (const by of [-9, 0, 13]) {
        const length = 32 + frame * FRAME + by
        if (length < 0 || length > log.length) continue
        seen.add(await tried(file => truncateSync(file, length)))
        seen.add(await tried(file => writeFileSync(file, garbled(log, length))))
      }
    }
    expect(seen.size).toBeGreaterThan(10)
  })

  const garbled = (log: Buffer, at: number) => {
    const copy = Buffer.from(log)
    for (let i = Math.max(0, at - 32); i < Math.min(copy.length, at + 32); i++) copy[i] = copy[i]! ^ 0xa5
    return copy
  }
})

describe('a store of 24,000 resources', () => {
  /** Beyond what is sorted without a thought: the engine walks in order, counts by sampling, and asks a thread of its own. */
  const many = (i: number) =>
    made(
      'Observation',
      `o${String(i).padStart(5, '0')}`,
      token('code', `c${i % 3}`),
      token('rare', i % 8000 === 7 ? 'yes' : 'no'),
      quantity('value', (i * 7919) % 1000),
      string('name', `n${i % 50}`),
    )
  const TOTAL = 24_000

  test('answers pages, sorts and totals as a small one does', { timeout: 60_000 }, async () => {
    const engine = open(path)
    for (let i = 0; i < TOTAL; i += 2000) await engine.commit(Array.from({ length: 2000 }, (_, k) => put(many(i + k))))
    const ask = async (filter: Filter, rest: Partial<Query>) =>
      engine.find(query('Observation', filter, { count: 5, total: 'none', ...rest }))
    const name = (i: number) => `o${String(i).padStart(5, '0')}`
    const byValue = { by: 'param', param: 'value', kind: 'quantity' } as const

    expect(ids((await ask(everything, {})).matches)).toEqual([1, 2, 3, 4, 5].map(i => name(TOTAL - i)))
    expect((await ask(hasToken('code', 'c1'), { total: 'accurate' })).total).toBe(TOTAL / 3)
    expect(ids((await ask(hasToken('rare', 'yes'), {})).matches)).toEqual([16007, 8007, 7].map(name))
    expect((await ask({ is: 'not', part: hasToken('code', 'c1') }, { total: 'accurate', count: 0 })).total).toBe(
      (TOTAL * 2) / 3,
    )
    const estimate = (await ask(everything, { total: 'estimate' })).total!
    expect(Math.abs(estimate - TOTAL)).toBeLessThan(TOTAL / 10)

    const values = Array.from({ length: TOTAL }, (_, i) => ({ id: name(i), value: (i * 7919) % 1000, code: i % 3 }))
    for (const descending of [false, true]) {
      const expected = values
        .filter(one => one.code === 1)
        .map(one => one.value)
        .sort((a, b) => (descending ? b - a : a - b))
      const page = await ask(hasToken('code', 'c1'), { sort: [{ ...byValue, descending }], count: 30 })
      expect(page.matches.map(({ ref }) => values.find(one => one.id === ref.id)!.value)).toEqual(expected.slice(0, 30))
      const next = await ask(hasToken('code', 'c1'), {
        sort: [{ ...byValue, descending }],
        count: 30,
        after: page.next!,
      })
      expect(next.matches.map(({ ref }) => values.find(one => one.id === ref.id)!.value)).toEqual(
        expected.slice(30, 60),
      )
      expect(new Set(ids([...page.matches, ...next.matches])).size).toBe(60)
    }
    await engine.close()
  })
})

const works = (attempt: () => unknown): boolean => {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

/** A file system of so many megabytes in memory; undefined where that is not allowed. */
function tinyDisk(megabytes: number): string | undefined {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  return works(() =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], { stdio: 'ignore' }),
  )
    ? disk
    : undefined
}
const grow = (disk: string, megabytes: number) => execFileSync('mount', ['-o', `remount,size=${megabytes}m`, disk])
const unmount = (disk: string) =>
  existsSync(disk) && statSync(disk) && works(() => execFileSync('umount', ['-l', disk], { stdio: 'ignore' }))
