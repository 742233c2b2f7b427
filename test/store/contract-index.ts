/**
 * What every storage engine promises of texts, references, records, and the index made of them.
 * https://hl7.org/fhir/R4/search.html
 */
import { expect, test } from 'vitest'
import { everything, type Filter } from '../../src/search/query.ts'
import { fill } from '../../src/store/stamp.ts'
import {
  handMadeExtractor,
  hasToken,
  identified,
  ids,
  made,
  observation,
  P,
  parsed,
  patient,
  put,
  query,
  received,
  reference,
  remove,
  string,
  token,
} from '../help/resources.ts'
import type { Bench } from './contract.ts'

export function textLaws(bench: Bench): void {
  test('is the same, byte for byte, wherever it is read', async () => {
    const resource = {
      ...patient('a', '王', '小明 😀 \u2028 "\\" \u007f é e\u0301'),
      entries: [token('identifier', 'x'), reference('subject', 'Patient/a')],
    }
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
    expect(parsed((await bench.engine.read(P('a')))!)).toEqual({
      ...resource,
      meta: { versionId: '1', lastUpdated: new Date(written!.updated).toISOString() },
    })
  })

  test.each([
    '1.00',
    '0.10',
    '1e-7',
    '-0.0',
    '3.14159265358979323846264338327950288',
    '100000000000000000000',
    '1E+3',
    '72.5',
  ])('keeps the digits of %s', async number => {
    await bench.engine.commit([put(observation('o', 'Patient/a', number))])
    await bench.engine.commit([
      put(received<ReturnType<typeof observation>>((await bench.engine.read({ type: 'Observation', id: 'o' }))!.text!)),
    ])
    await bench.engine.reindex(['Observation'])
    expect((await bench.engine.read({ type: 'Observation', id: 'o' }))!.text).toContain(`"value":${number},`)
  })

  test('may be large', async () => {
    const large = { ...made('Binary', 'big'), data: 'QUJD'.repeat(1_500_000) }
    await bench.engine.commit([put(large)])
    expect((await bench.engine.read({ type: 'Binary', id: 'big' }))!.text).toContain(large.data)
  })

  test('names its resource by the whole id: letter case counts', async () => {
    await bench.engine.commit([
      put(identified('abc', '1')),
      put(identified('ABC', '2')),
      put(identified('a-b.c', '3')),
      put(identified('x'.repeat(64), '4')),
    ])
    expect(
      (await bench.engine.find(query('Patient', { is: 'id', ids: ['ABC', 'a-b.c', 'Abc'] }))).matches
        .map(({ ref }) => ref.id)
        .sort(),
    ).toEqual(['ABC', 'a-b.c'])
    expect((await bench.engine.read(P('x'.repeat(64))))!.version).toBe('1')
    expect(await bench.engine.read(P('x'.repeat(63)))).toBeUndefined()
  })
}

export function referenceLaws(bench: Bench): void {
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
    await engine.commit([
      remove({ type: 'Observation', id: 'o5' }),
      put(made('Observation', 'o6', reference('subject', 'Patient/z'))),
    ])
    const referring = async (type: string, param: string, targets: string[], limit = 100) =>
      ids(await engine.referrers(type, param, targets.map(P), limit)).sort()
    expect(await referring('Observation', 'subject', ['a', 'b'])).toEqual(['o1', 'o2'])
    expect(await referring('Observation', 'subject', ['b'])).toEqual(['o2'])
    expect(await referring('Observation', 'performer', ['a', 'b'])).toEqual(['o3'])
    expect(await referring('Condition', 'subject', ['a'])).toEqual(['c1'])
    expect(await referring('Observation', 'subject', [])).toEqual([])
    expect(await referring('Device', 'subject', ['a'])).toEqual([])
    expect(await referring('Observation', 'subject', ['a', 'b'], 1)).toHaveLength(1)
  })

  test('a chain leads to the latest version of what is there, of its type, and never to what was deleted', async () => {
    const { engine } = bench
    const found = async (filter: Filter) => ids((await engine.find(query('Observation', filter))).matches).sort()
    const to = (type: string, where: Filter): Filter => ({ is: 'link', param: 'subject', type, where })
    await engine.commit([
      put(identified('a', 'x')),
      put(made('Group', 'a', token('identifier', 'x'))),
      put(identified('b', 'x')),
      put(identified('c', 'x')),
      ...['Patient/a', 'Group/a', 'Patient/b', 'Patient/c', 'Patient/never', 'http://else/Patient/a'].map((to, i) =>
        put(made('Observation', `o${i}`, reference('subject', to))),
      ),
    ])
    await engine.commit([remove(P('b')), put(identified('c', 'y'))])
    expect(await found(to('Patient', hasToken('identifier', 'x')))).toEqual(['o0'])
    expect(await found(to('Group', hasToken('identifier', 'x')))).toEqual(['o1'])
    expect(await found(to('Patient', everything))).toEqual(['o0', 'o3'])
    expect(await found(to('Patient', { is: 'not', part: hasToken('identifier', 'x') }))).toEqual(['o3'])
    const chained: Filter = { is: 'linked by', param: 'subject', type: 'Observation', where: everything }
    expect(ids((await engine.find(query('Patient', chained))).matches).sort()).toEqual(['a', 'c'])
    await engine.commit([remove({ type: 'Observation', id: 'o0' })])
    expect(ids((await engine.find(query('Patient', chained))).matches)).toEqual(['c'])
  })

  test('readMany gives the latest of those that are there, of thousands', async () => {
    const { engine } = bench
    const many = Array.from({ length: 3000 }, (_, i) => made(i % 2 ? 'Patient' : 'Observation', `m${i}`))
    await engine.commit(many.map(one => put(one)))
    await engine.commit([remove(P('m1')), put(identified('m3', 'new'))])
    const refs = [
      ...many.map(({ resourceType, id }) => ({ type: resourceType, id })),
      P('none'),
      { type: 'Device', id: 'm2' },
    ]
    const read = await engine.readMany(refs)
    expect(new Set(read.map(({ ref }) => `${ref.type}/${ref.id}`)).size).toBe(2999)
    expect(read).toHaveLength(2999)
    expect(read.find(({ ref }) => ref.id === 'm3')!.version).toBe('2')
    expect(await engine.readMany([])).toEqual([])
  })
}

export function recordLaws(bench: Bench): void {
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
    expect(await listed('a/')).toEqual([
      { key: 'a/1', value },
      { key: 'a/2', value: 'two' },
    ])
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

export function indexLaws(bench: Bench): void {
  test('counts the live resources by type', async () => {
    await bench.engine.commit([put(identified('a', 'x')), put(identified('b', 'x')), put(made('Observation', 'a'))])
    await bench.engine.commit([remove(P('b')), put(identified('a', 'y'))])
    expect([...(await bench.engine.counts())].filter(([, count]) => count > 0).sort()).toEqual([
      ['Observation', 1],
      ['Patient', 1],
    ])
  })

  test('an update takes away what the resource was found by, and adds what it is found by now', async () => {
    await bench.engine.commit([
      put(made('Patient', 'a', token('identifier', 'x'), string('name', 'Anna'), reference('subject', 'Patient/b'))),
    ])
    await bench.engine.commit([put(made('Patient', 'a', token('identifier', 'y'), string('name', 'Anna')))])
    const found = async (code: string) =>
      ids((await bench.engine.find(query('Patient', hasToken('identifier', code)))).matches)
    expect([await found('x'), await found('y')]).toEqual([[], ['a']])
    expect(await bench.engine.referrers('Patient', 'subject', [P('b')], 10)).toEqual([])
  })

  test('made again with another extractor answers as that one reads the resources', async () => {
    const renamed = handMadeExtractor(param => (param === 'identifier' ? 'mark' : param))
    const resources = Array.from({ length: 50 }, (_, i) =>
      made('Patient', `p${i}`, token('identifier', `c${i % 5}`), string('name', 'Anna')),
    )
    await bench.engine.commit([
      ...resources.map(one => put(one)),
      put(made('Observation', 'o', token('identifier', 'c1'))),
    ])
    await bench.engine.commit([remove(P('p1'))])
    const found = async (type: string, param: string) =>
      (await bench.engine.find(query(type, hasToken(param, 'c1'), { total: 'accurate' }))).total
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
