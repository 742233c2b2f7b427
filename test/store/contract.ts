/**
 * What every storage engine promises (src/store/store.ts), as laws: `contract('x', open)` tests them all.
 * https://hl7.org/fhir/R4/http.html#transactional-integrity
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Extractor } from '../../src/search/query.ts'
import { fill } from '../../src/store/stamp.ts'
import { type Engine, Mismatch, Overtaken, type Version, type Write } from '../../src/store/store.ts'
import { everything } from '../../src/search/query.ts'
import { handMade, handMadeExtractor, hasToken, ids, made, observation, parsed, patient, put, query, received, reference, remove, string, token } from '../help/resources.ts'
import { searchLaws } from './contract-search.ts'

/** Opens the store in a folder; a second call after `close` opens the same store again. */
export type Open = (folder: string, extractor: Extractor) => Promise<Engine>

/** The engine of the running test, and a way to close it and open it again. */
export interface Bench {
  engine: Engine
  readonly folder: string
  reopen(extractor?: Extractor): Promise<Engine>
}

const P = (id: string) => ({ type: 'Patient', id })
const identified = (id: string, code: string) => made('Patient', id, token('identifier', code, 'http://id'))
const outcomes = async (all: Promise<unknown>[]) => {
  const settled = await Promise.allSettled(all)
  return {
    kept: settled.filter(one => one.status === 'fulfilled').length,
    refused: settled.flatMap(one => (one.status === 'rejected' ? [one.reason as Error] : [])),
  }
}
const ifNoneExist = (code: string) => ({ query: query('Patient', hasToken('identifier', code), { count: 2 }), found: [] })

export function contract(name: string, open: Open): void {
  describe(`the ${name} engine`, () => {
    const bench = {} as Bench
    beforeEach(async () => {
      const folder = await mkdtemp(join(tmpdir(), `contract-${name}-`))
      const first = await open(folder, handMade)
      Object.assign(bench, {
        folder,
        engine: first,
        async reopen(extractor = handMade) {
          await bench.engine.close()
          return (bench.engine = await open(folder, extractor))
        },
      })
    })
    afterEach(async () => {
      await bench.engine.close()
      await rm(bench.folder, { recursive: true, force: true })
    })

    describe('versions', () => versionLaws(bench))
    describe('commits', () => commitLaws(bench))
    describe('races', () => raceLaws(bench))
    describe('history', () => historyLaws(bench))
    describe('the text', () => textLaws(bench))
    describe('references', () => referenceLaws(bench))
    describe('records', () => recordLaws(bench))
    describe('the index', () => indexLaws(bench))
    searchLaws(bench, open)
  })
}

function versionLaws(bench: Bench): void {
  test('count up from 1, and the latest is read', async () => {
    for (const number of ['1', '2', '3']) {
      const [written] = await bench.engine.commit([put(identified('a', number))])
      expect(written).toMatchObject({ ref: P('a'), version: number, method: 'PUT' })
      expect(await bench.engine.read(P('a'))).toEqual(written)
    }
    expect(await bench.engine.read(P('b'))).toBeUndefined()
    expect(await bench.engine.read({ type: 'Observation', id: 'a' })).toBeUndefined()
    expect(await bench.engine.read({ type: 'Nonsense', id: 'a' })).toBeUndefined()
  })

  test('are all kept, each with its own text, method and time', async () => {
    const before = Date.now()
    const written = [
      ...(await bench.engine.commit([put(identified('a', 'one'), { method: 'POST' })])),
      ...(await bench.engine.commit([put(identified('a', 'two'), { method: 'PUT' })])),
      ...(await bench.engine.commit([put(identified('a', 'three'), { method: 'PATCH' })])),
      ...(await bench.engine.commit([remove(P('a'))])),
    ]
    expect(written.map(version => version.method)).toEqual(['POST', 'PUT', 'PATCH', 'DELETE'])
    for (const version of written) {
      expect(await bench.engine.readVersion(P('a'), version.version)).toEqual(version)
      expect(version.updated).toBeGreaterThanOrEqual(before)
    }
    expect(written.map(version => version.updated)).toEqual(written.map(version => version.updated).sort((a, b) => a - b))
  })

  test('that there never were are not found, whatever is asked for', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    for (const version of ['0', '2', '-1', '01', '1.0', '1e0', '', 'x', ' 1', '99999999999999999999']) {
      expect(await bench.engine.readVersion(P('a'), version), JSON.stringify(version)).toBeUndefined()
    }
    expect(await bench.engine.readVersion(P('b'), '1')).toBeUndefined()
  })

  test('a deletion is a version without text, and what was deleted is not found by any search', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    const [deleted] = await bench.engine.commit([remove(P('a'))])
    expect(deleted).toMatchObject({ ref: P('a'), version: '2', method: 'DELETE', text: undefined })
    expect(await bench.engine.read(P('a'))).toEqual(deleted)
    expect((await bench.engine.find(query('Patient', everything, { total: 'accurate' }))).total).toBe(0)
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'x')))).matches).toEqual([])
    expect((await bench.engine.find(query('Patient', { is: 'id', ids: ['a'] }))).matches).toEqual([])
    expect((await bench.engine.find(query('Patient', { is: 'not', part: hasToken('identifier', 'y') }))).matches).toEqual([])
    expect((await bench.engine.counts()).get('Patient') ?? 0).toBe(0)
  })

  test('go on counting when a deleted resource is written again', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    await bench.engine.commit([remove(P('a'))])
    const [again] = await bench.engine.commit([put(identified('a', 'y'))])
    expect(again!.version).toBe('3')
    expect(ids((await bench.engine.find(query('Patient', hasToken('identifier', 'y')))).matches)).toEqual(['a'])
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'x')))).matches).toEqual([])
    expect((await bench.engine.counts()).get('Patient')).toBe(1)
  })

  test('are there, and counting, after the store was closed and opened again', async () => {
    const [first] = await bench.engine.commit([put(identified('a', 'x'))])
    await bench.reopen()
    expect(await bench.engine.read(P('a'))).toEqual(first)
    const [second] = await bench.engine.commit([put(identified('a', 'y'))])
    expect(second!.version).toBe('2')
    expect(second!.updated).toBeGreaterThanOrEqual(first!.updated)
    expect(ids((await bench.engine.find(query('Patient', hasToken('identifier', 'y')))).matches)).toEqual(['a'])
    expect(await bench.engine.verify()).toEqual([])
  })
}

function commitLaws(bench: Bench): void {
  /** What a commit that failed must leave: nothing at all. */
  async function untouched(): Promise<void> {
    expect(await bench.engine.read(P('a'))).toBeUndefined()
    expect(await bench.engine.readVersion(P('a'), '1')).toBeUndefined()
    expect(await bench.engine.read(P('old'))).toMatchObject({ version: '1' })
    expect(ids((await bench.engine.find(query('Patient', everything))).matches)).toEqual(['old'])
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'new')))).matches).toEqual([])
    expect((await bench.engine.history({ of: { all: true }, count: 10 })).versions).toHaveLength(1)
    expect([...(await bench.engine.counts())].filter(([, count]) => count > 0)).toEqual([['Patient', 1]])
  }
  const old = identified('old', 'old')
  const half: Write[] = [put(identified('a', 'new')), put(identified('old', 'new'))]

  test('answer with a version for each put and delete, in their order', async () => {
    await bench.engine.commit([put(old), put(identified('b', 'b'))])
    const versions = await bench.engine.commit([put(identified('c', 'c')), { do: 'check', condition: ifNoneExist('none') }, remove(P('b')), put(old)])
    expect(versions.map(({ ref, version }) => `${ref.id} ${version}`)).toEqual(['c 1', 'b 2', 'old 2'])
  })

  test('of nothing change nothing', async () => {
    expect(await bench.engine.commit([])).toEqual([])
  })

  test.each<[string, Write]>([
    ['a version that is not the latest', put(identified('old', 'z'), { expect: { is: 'version', version: '7' } })],
    ['a version of what is not there', put(identified('b', 'z'), { expect: { is: 'version', version: '1' } })],
    ['a deletion of another version', remove(P('old'), { is: 'version', version: '2' })],
  ])('leave nothing when the last write expects %s', async (_, third) => {
    await bench.engine.commit([put(old)])
    const failed = await bench.engine.commit([...half.slice(0, 1), third]).then(() => undefined, (error: unknown) => error)
    expect(failed).toBeInstanceOf(Mismatch)
    expect((failed as Mismatch).current).toBe('ref' in third && third.ref.id === 'old' ? '1' : undefined)
    await untouched()
    await bench.reopen()
    await untouched()
    expect((await bench.engine.commit([put(identified('a', 'new'))]))[0]!.version).toBe('1')
  })

  test.each<[string, Write]>([
    ['a check', { do: 'check', condition: ifNoneExist('old') }],
    ['a put', put(identified('b', 'b'), { condition: ifNoneExist('old') })],
    ['a delete', { ...remove(P('old')), condition: { query: query('Patient', hasToken('identifier', 'none')), found: ['old'] } } as Write],
  ])('leave nothing when the condition of %s no longer holds', async (_, last) => {
    await bench.engine.commit([put(old)])
    await expect(bench.engine.commit([...half, last])).rejects.toBeInstanceOf(Overtaken)
    await untouched()
  })

  test('go through when every condition still says what it said', async () => {
    await bench.engine.commit([put(old)])
    const found = ids((await bench.engine.find(query('Patient', hasToken('identifier', 'old')))).matches)
    const condition = { query: query('Patient', hasToken('identifier', 'old'), { count: 2 }), found }
    await bench.engine.commit([{ do: 'check', condition }, put(identified('b', 'b'), { condition: ifNoneExist('b') }), { ...remove(P('old')), condition } as Write])
    expect(ids((await bench.engine.find(query('Patient', everything))).matches)).toEqual(['b'])
  })

  test('create where nothing is expected: a new resource, or one that was deleted', async () => {
    const create = put(identified('a', 'x'), { expect: { is: 'nothing' } })
    expect((await bench.engine.commit([create]))[0]!.version).toBe('1')
    await expect(bench.engine.commit([put(identified('b', 'x')), create])).rejects.toBeInstanceOf(Overtaken)
    expect(await bench.engine.read(P('b'))).toBeUndefined()
    await bench.engine.commit([remove(P('a'))])
    expect((await bench.engine.commit([create]))[0]!.version).toBe('3')
  })

  test('do not take a deletion for the version that a client expects', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    await bench.engine.commit([remove(P('a'))])
    const refused = bench.engine.commit([put(identified('a', 'y'), { expect: { is: 'version', version: '1' } })])
    await expect(refused).rejects.toMatchObject({ name: 'Mismatch', current: undefined })
  })

  test('that arrive together stand and fall each by itself', async () => {
    await bench.engine.commit([put(old)])
    const many = Array.from({ length: 60 }, (_, i) =>
      bench.engine.commit([
        put(identified(`n${i}`, 'many')),
        ...(i % 3 === 0 ? [put(old, { expect: { is: 'version', version: '9' } })] : i % 3 === 1 ? [put(identified(`m${i}`, 'many'))] : []),
      ]),
    )
    const { kept, refused } = await outcomes(many)
    expect([kept, refused.length]).toEqual([40, 20])
    const found = ids((await bench.engine.find(query('Patient', hasToken('identifier', 'many')))).matches)
    const expected = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? [] : i % 3 === 1 ? [`n${i}`, `m${i}`] : [`n${i}`])).flat()
    expect(found.sort()).toEqual(expected.sort())
    expect((await bench.engine.history({ of: { all: true }, count: 100 })).total).toBe(61)
  })
}

function raceLaws(bench: Bench): void {
  test.each([8, 64])('%i clients with one If-None-Exist make one Patient', async clients => {
    const { kept, refused } = await outcomes(
      Array.from({ length: clients }, (_, i) => bench.engine.commit([put(identified(`p${i}`, 'same'), { condition: ifNoneExist('same'), expect: { is: 'nothing' } })])),
    )
    expect(kept).toBe(1)
    expect(refused.every(error => error instanceof Overtaken)).toBe(true)
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'same')))).matches).toHaveLength(1)
    expect((await bench.engine.history({ of: { all: true }, count: 100 })).total).toBe(1)
  })

  test('clients that check, look and plan again all end with the one Patient', async () => {
    const client = async (i: number) => {
      for (let tries = 1; ; tries++) {
        await new Promise(done => setTimeout(done, (i * tries) % 5))
        const { matches } = await bench.engine.find(query('Patient', hasToken('identifier', 'same')))
        if (matches[0]) return matches[0].ref.id
        try {
          await bench.engine.commit([put(identified(`p${i}`, 'same'), { condition: ifNoneExist('same') })])
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error
        }
      }
    }
    const got = await Promise.all(Array.from({ length: 32 }, (_, i) => client(i)))
    expect(new Set(got).size).toBe(1)
  })

  test('of 64 clients with one If-Match one wins, in each of 20 rounds, and no version is lost', async () => {
    await bench.engine.commit([put(identified('a', '0'))])
    for (let round = 1; round <= 20; round++) {
      const { kept, refused } = await outcomes(
        Array.from({ length: 64 }, (_, i) =>
          bench.engine.commit([i % 8 === 7 ? remove(P('other'), { is: 'version', version: '1' }) : put(identified('a', String(round)), { expect: { is: 'version', version: String(round) } })]),
        ),
      )
      expect(kept).toBe(1)
      expect(refused.every(error => error instanceof Mismatch)).toBe(true)
    }
    const { versions } = await bench.engine.history({ of: { ref: P('a') }, count: 100, oldestFirst: true })
    expect(versions.map(version => version.version)).toEqual(Array.from({ length: 21 }, (_, i) => String(i + 1)))
    expect(versions.map(version => handMade.entries(parsed(version)).map(entry => 'code' in entry && entry.code))).toEqual(Array.from({ length: 21 }, (_, i) => [String(i)]))
  })

  test('of a delete and an update that expect the same version one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const ref = P(`r${round}`)
      await bench.engine.commit([put(identified(ref.id, 'x'))])
      const first = remove(ref, { is: 'version', version: '1' })
      const second = put(identified(ref.id, 'y'), { expect: { is: 'version', version: '1' } })
      const { kept } = await outcomes((round % 2 ? [first, second] : [second, first]).map(write => bench.engine.commit([write])))
      expect(kept).toBe(1)
      expect((await bench.engine.read(ref))!.version).toBe('2')
    }
  })
}

function historyLaws(bench: Bench): void {
  const label = ({ ref, version, method }: Version) => `${ref.type}/${ref.id} ${version} ${method}`
  const story = ['Patient/a 1 PUT', 'Patient/b 1 PUT', 'Patient/a 2 PUT', 'Observation/a 1 POST', 'Patient/a 3 DELETE', 'Patient/b 2 PATCH', 'Patient/a 4 PUT']

  /** Writes the story; resolves to the versions as they were acknowledged. */
  async function tell(): Promise<Version[]> {
    const { engine } = bench
    const pause = () => new Promise(done => setTimeout(done, 3))
    const told: Version[] = []
    const step = async (writes: Write[]) => {
      told.push(...(await engine.commit(writes)))
      await pause()
    }
    await step([put(identified('a', '1')), put(identified('b', '1'))])
    await step([put(identified('a', '2'))])
    await step([put(made('Observation', 'a'), { method: 'POST' })])
    await step([remove(P('a'))])
    await step([put(identified('b', '2'), { method: 'PATCH' })])
    await step([put(identified('a', '4'))])
    expect(told.map(label)).toEqual(story)
    return told
  }

  test('tells all versions of a resource, a type, and the store, newest first or oldest first', async () => {
    const told = await tell()
    const scopes = [
      [{ ref: P('a') }, told.filter(({ ref }) => ref.type === 'Patient' && ref.id === 'a')],
      [{ type: 'Patient' }, told.filter(({ ref }) => ref.type === 'Patient')],
      [{ all: true as const }, told],
      [{ ref: P('none') }, []],
      [{ type: 'Device' }, []],
    ] as const
    for (const [of, versions] of scopes) {
      expect(await bench.engine.history({ of, count: 100, oldestFirst: true })).toEqual({ versions, next: undefined, total: versions.length })
      expect(await bench.engine.history({ of, count: 100 })).toEqual({ versions: versions.toReversed(), next: undefined, total: versions.length })
    }
  })

  test.each([1, 2, 3, 7])('put together from pages of %i it is the whole, in both directions, while others write', async count => {
    const told = await tell()
    for (const oldestFirst of [true, false]) {
      const pages: Version[] = []
      let after: number | undefined
      do {
        const page = await bench.engine.history({ of: { all: true }, count, oldestFirst, ...(after === undefined ? {} : { after }) })
        expect(page.versions.length).toBeLessThanOrEqual(count)
        pages.push(...page.versions)
        after = page.next
        if (pages.length < 5) await bench.engine.commit([put(made('Device', `d${pages.length}`))])
      } while (after !== undefined)
      const seen = pages.filter(version => version.ref.type !== 'Device')
      expect(seen).toEqual(oldestFirst ? told : told.toReversed())
      if (!oldestFirst) expect(new Set(pages.map(label)).size).toBe(pages.length)
    }
  })

  test('since a time begins with the versions made then', async () => {
    const told = await tell()
    for (const { updated } of told) {
      const expected = told.filter(version => version.updated >= updated)
      expect(await bench.engine.history({ of: { all: true }, count: 100, since: updated, oldestFirst: true })).toEqual({ versions: expected, next: undefined, total: expected.length })
    }
    expect((await bench.engine.history({ of: { all: true }, count: 100, since: told.at(-1)!.updated + 1 })).versions).toEqual([])
  })

  test('at a time tells what was current then', async () => {
    const told = await tell()
    const of = { ref: P('a') }
    const own = told.filter(({ ref }) => ref.type === 'Patient' && ref.id === 'a')
    const at = async (low: number, high: number) => (await bench.engine.history({ of, count: 100, at: { low, high }, oldestFirst: true })).versions.map(version => version.version)
    expect(await at(own[0]!.updated - 10, own[0]!.updated - 1)).toEqual([])
    for (const [i, version] of own.entries()) {
      const until = own[i + 1]?.updated ?? version.updated + 1000
      expect(await at(version.updated, until - 1)).toEqual([version.version])
    }
    expect(await at(own[1]!.updated, own[3]!.updated)).toEqual(['2', '3', '4'])
    expect(await at(0, Number.MAX_SAFE_INTEGER / 2048)).toEqual(['1', '2', '3', '4'])
  })

  test('with a count of 0 tells how many there are', async () => {
    await tell()
    expect(await bench.engine.history({ of: { type: 'Patient' }, count: 0 })).toMatchObject({ versions: [], total: 6 })
  })
}

function textLaws(bench: Bench): void {
  test('is the same, byte for byte, wherever it is read', async () => {
    const resource = { ...patient('a', '王', '小明 😀 \u2028 "\\" \u007f é e\u0301'), entries: [token('identifier', 'x'), reference('subject', 'Patient/a')] }
    const write = put(resource)
    const [written] = await bench.engine.commit([write])
    const text = 'draft' in write ? fill(write.draft, 1, written!.updated) : ''
    expect(written!.text).toBe(text)
    const read = async () => [
      (await bench.engine.read(P('a')))!.text,
      (await bench.engine.readVersion(P('a'), '1'))!.text,
      (await bench.engine.readMany([P('a')]))[0]!.text,
      (await bench.engine.find(query('Patient', everything))).matches[0]!.text,
      (await bench.engine.referrers('Patient', 'subject', [P('a')], 10))[0]!.text,
      (await bench.engine.history({ of: { all: true }, count: 1 })).versions[0]!.text,
    ]
    expect(await read()).toEqual(Array(6).fill(text))
    await bench.reopen()
    await bench.engine.reindex(['Patient'])
    expect(await read()).toEqual(Array(6).fill(text))
    expect(parsed((await bench.engine.read(P('a')))!)).toEqual({ ...resource, meta: { versionId: '1', lastUpdated: new Date(written!.updated).toISOString() } })
  })

  test.each(['1.00', '0.10', '1e-7', '-0.0', '3.14159265358979323846264338327950288', '100000000000000000000', '1E+3', '72.5'])('keeps the digits of %s', async number => {
    await bench.engine.commit([put(observation('o', 'Patient/a', number))])
    await bench.engine.commit([put(received<ReturnType<typeof observation>>((await bench.engine.read({ type: 'Observation', id: 'o' }))!.text!))])
    await bench.engine.reindex(['Observation'])
    expect((await bench.engine.read({ type: 'Observation', id: 'o' }))!.text).toContain(`"value":${number},`)
  })

  test('may be large', async () => {
    const large = { ...made('Binary', 'big'), data: 'QUJD'.repeat(1_500_000) }
    await bench.engine.commit([put(large)])
    expect((await bench.engine.read({ type: 'Binary', id: 'big' }))!.text).toContain(large.data)
  })

  test('names its resource by the whole id: letter case counts', async () => {
    await bench.engine.commit([put(identified('abc', '1')), put(identified('ABC', '2')), put(identified('a-b.c', '3')), put(identified('x'.repeat(64), '4'))])
    expect((await bench.engine.find(query('Patient', { is: 'id', ids: ['ABC', 'a-b.c', 'Abc'] }))).matches.map(({ ref }) => ref.id).sort()).toEqual(['ABC', 'a-b.c'])
    expect((await bench.engine.read(P('x'.repeat(64))))!.version).toBe('1')
    expect(await bench.engine.read(P('x'.repeat(63)))).toBeUndefined()
  })
}

function referenceLaws(bench: Bench): void {
  test('referrers are those of the type that refer by the parameter now, each once', async () => {
    const { engine } = bench
    await engine.commit([
      put(made('Observation', 'o1', reference('subject', 'Patient/a'))),
      put(made('Observation', 'o2', reference('subject', 'Patient/a'), reference('subject', 'Patient/b'))),
      put(made('Observation', 'o3', reference('performer', 'Patient/a'))),
      put(made('Observation', 'o4', reference('subject', 'Patient/ab'), reference('subject', 'http://else/Patient/a'))),
      put(made('Condition', 'c1', reference('subject', 'Patient/a'))),
      put(made('Observation', 'o5', reference('subject', 'Patient/a'))),
      put(made('Observation', 'o6', reference('subject', 'Patient/a'))),
    ])
    await engine.commit([remove({ type: 'Observation', id: 'o5' }), put(made('Observation', 'o6', reference('subject', 'Patient/z')))])
    const referring = async (type: string, param: string, targets: string[], limit = 100) => ids(await engine.referrers(type, param, targets.map(P), limit)).sort()
    expect(await referring('Observation', 'subject', ['a', 'b'])).toEqual(['o1', 'o2'])
    expect(await referring('Observation', 'subject', ['b'])).toEqual(['o2'])
    expect(await referring('Observation', 'performer', ['a', 'b'])).toEqual(['o3'])
    expect(await referring('Condition', 'subject', ['a'])).toEqual(['c1'])
    expect(await referring('Observation', 'subject', [])).toEqual([])
    expect(await referring('Device', 'subject', ['a'])).toEqual([])
    expect(await referring('Observation', 'subject', ['a', 'b'], 1)).toHaveLength(1)
  })

  test('readMany gives the latest of those that are there, of thousands', async () => {
    const { engine } = bench
    const many = Array.from({ length: 3000 }, (_, i) => made(i % 2 ? 'Patient' : 'Observation', `m${i}`))
    await engine.commit(many.map(one => put(one)))
    await engine.commit([remove(P('m1')), put(identified('m3', 'new'))])
    const refs = [...many.map(({ resourceType, id }) => ({ type: resourceType, id })), P('none'), { type: 'Device', id: 'm2' }]
    const read = await engine.readMany(refs)
    expect(new Set(read.map(({ ref }) => `${ref.type}/${ref.id}`)).size).toBe(2999)
    expect(read).toHaveLength(2999)
    expect(read.find(({ ref }) => ref.id === 'm3')!.version).toBe('2')
    expect(await engine.readMany([])).toEqual([])
  })
}

function recordLaws(bench: Bench): void {
  test('are kept by name and key, replaced, removed and listed by prefix', async () => {
    const codes = bench.engine.records('codes')
    const value = { list: [1, 'two', null, { deep: true }], text: '王' }
    await codes.put('a/1', value)
    await codes.put('a/2', 2)
    await codes.put('a/2', 'two')
    await codes.put('b%', null)
    await bench.engine.records('jobs').put('a/1', 'other')
    expect(await codes.get('a/1')).toEqual(value)
    expect(await codes.get('A/1')).toBeUndefined()
    const listed = async (prefix?: string) => (await codes.list(prefix)).sort((x, y) => (x.key < y.key ? -1 : 1))
    expect(await listed('a/')).toEqual([{ key: 'a/1', value }, { key: 'a/2', value: 'two' }])
    expect(await listed('a_')).toEqual([])
    expect(await listed('b%')).toEqual([{ key: 'b%', value: null }])
    expect((await listed()).map(({ key }) => key)).toEqual(['a/1', 'a/2', 'b%'])
    await codes.remove('a/1')
    await codes.remove('never')
    expect(await codes.get('a/1')).toBeUndefined()
    await bench.reopen()
    expect(await bench.engine.records('codes').get('a/2')).toBe('two')
    expect(await bench.engine.records('jobs').get('a/1')).toBe('other')
  })

  test('are taken by one of many, once', async () => {
    const codes = bench.engine.records('codes')
    for (let round = 0; round < 5; round++) {
      await codes.put('code', { round })
      const taken = await Promise.all(Array.from({ length: 32 }, () => codes.take('code')))
      expect(taken.filter(value => value !== undefined)).toEqual([{ round }])
      expect(await codes.get('code')).toBeUndefined()
    }
  })

  test('are gone when they have expired', async () => {
    const codes = bench.engine.records('codes')
    await codes.put('past', 1, Date.now() - 1)
    await codes.put('soon', 2, Date.now() + 60)
    await codes.put('late', 3, Date.now() + 60_000)
    await codes.put('renewed', 4, Date.now() + 60)
    await codes.put('renewed', 5)
    expect(await codes.get('soon')).toBe(2)
    expect(await codes.get('past')).toBeUndefined()
    await new Promise(done => setTimeout(done, 120))
    expect(await codes.get('soon')).toBeUndefined()
    expect(await codes.take('soon')).toBeUndefined()
    expect((await codes.list()).map(({ key }) => key).sort()).toEqual(['late', 'renewed'])
  })
}

function indexLaws(bench: Bench): void {
  test('counts the live resources by type', async () => {
    await bench.engine.commit([put(identified('a', 'x')), put(identified('b', 'x')), put(made('Observation', 'a'))])
    await bench.engine.commit([remove(P('b')), put(identified('a', 'y'))])
    expect([...(await bench.engine.counts())].filter(([, count]) => count > 0).sort()).toEqual([['Observation', 1], ['Patient', 1]])
  })

  test('an update takes away what the resource was found by, and adds what it is found by now', async () => {
    await bench.engine.commit([put(made('Patient', 'a', token('identifier', 'x'), string('name', 'Anna'), reference('subject', 'Patient/b')))])
    await bench.engine.commit([put(made('Patient', 'a', token('identifier', 'y'), string('name', 'Anna')))])
    const found = async (code: string) => ids((await bench.engine.find(query('Patient', hasToken('identifier', code)))).matches)
    expect([await found('x'), await found('y')]).toEqual([[], ['a']])
    expect(await bench.engine.referrers('Patient', 'subject', [P('b')], 10)).toEqual([])
  })

  test('made again with another extractor answers as that one reads the resources', async () => {
    const renamed = handMadeExtractor(param => (param === 'identifier' ? 'mark' : param))
    const resources = Array.from({ length: 50 }, (_, i) => made('Patient', `p${i}`, token('identifier', `c${i % 5}`), string('name', 'Anna')))
    await bench.engine.commit([...resources.map(one => put(one)), put(made('Observation', 'o', token('identifier', 'c1')))])
    await bench.engine.commit([remove(P('p1'))])
    const found = async (type: string, param: string) => (await bench.engine.find(query(type, hasToken(param, 'c1'), { total: 'accurate' }))).total
    await bench.reopen(renamed)
    expect(await bench.engine.reindex(['Patient'])).toBe(49)
    expect([await found('Patient', 'identifier'), await found('Patient', 'mark')]).toEqual([0, 9])
    expect([await found('Observation', 'identifier'), await found('Observation', 'mark')]).toEqual([1, 0])
    await bench.engine.commit([put(made('Patient', 'p6', token('identifier', 'c2')), { extractor: renamed })])
    expect(await found('Patient', 'mark')).toBe(8)
    expect(await bench.engine.read(P('p2'))).toMatchObject({ version: '1' })
    expect(await bench.engine.verify()).toEqual([])
  })
}
