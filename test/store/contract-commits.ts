/**
 * What every storage engine promises of commits: all or nothing, conditions judged inside, and one winner of a race.
 * https://hl7.org/fhir/R4/http.html#transactional-integrity
 */
import { expect, test } from 'vitest'
import { everything } from '../../src/search/query.ts'
import { Mismatch, Overtaken, type Write } from '../../src/store/store.ts'
import { handMade, hasToken, identified, ids, P, parsed, put, query, remove } from '../help/resources.ts'
import type { Bench } from './contract.ts'

const outcomes = async (all: Promise<unknown>[]) => {
  const settled = await Promise.allSettled(all)
  return {
    kept: settled.filter(one => one.status === 'fulfilled').length,
    refused: settled.flatMap(one => (one.status === 'rejected' ? [one.reason as Error] : [])),
  }
}
const ifNoneExist = (code: string) => ({
  query: query('Patient', hasToken('identifier', code), { count: 2 }),
  found: [],
})

export function commitLaws(bench: Bench): void {
  test('a note is kept with what is written, and not when that is refused', async () => {
    const note = (key: string) => ({
      records: 'done',
      key,
      value: (versions: readonly unknown[]) => ({ n: versions.length }),
      expires: Date.now() + 3_600_000,
    })
    await bench.engine.commit([put(identified('a', 'x'))], note('kept'))
    const late = put(identified('a', 'y'), { expect: { is: 'version', version: '7' } })
    await expect(bench.engine.commit([late], note('lost'))).rejects.toBeInstanceOf(Mismatch)
    const records = bench.engine.records('done')
    expect([await records.get('kept'), await records.get('lost')]).toEqual([{ n: 1 }, undefined])
  })

  test('records that a note drops go when it is kept, and stay when that is refused', async () => {
    const [done, waiting] = [bench.engine.records('done'), bench.engine.records('waiting')]
    for (const key of ['1', '2', '3']) await waiting.put(key, key)
    const note = (...keys: string[]) => ({
      records: 'done',
      key: 'last',
      value: () => keys,
      expires: Date.now() + 3_600_000,
      drops: keys.map(key => ({ records: 'waiting', key })),
    })
    await bench.engine.commit([put(identified('a', 'x'))], note('1', '3'))
    const late = put(identified('a', 'y'), { expect: { is: 'version', version: '7' } })
    await expect(bench.engine.commit([late], note('2'))).rejects.toBeInstanceOf(Mismatch)
    expect((await waiting.list()).map(({ key }) => key)).toEqual(['2'])
    expect(await done.get('last')).toEqual(['1', '3'])
  })

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
    const versions = await bench.engine.commit([
      put(identified('c', 'c')),
      { do: 'check', condition: ifNoneExist('none') },
      remove(P('b')),
      put(old),
    ])
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
    const failed = await bench.engine.commit([...half.slice(0, 1), third]).then(
      () => undefined,
      (error: unknown) => error,
    )
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
    [
      'a delete',
      {
        ...remove(P('old')),
        condition: { query: query('Patient', hasToken('identifier', 'none')), found: ['old'] },
      } as Write,
    ],
  ])('leave nothing when the condition of %s no longer holds', async (_, last) => {
    await bench.engine.commit([put(old)])
    await expect(bench.engine.commit([...half, last])).rejects.toBeInstanceOf(Overtaken)
    await untouched()
  })

  test('go through when every condition still says what it said', async () => {
    await bench.engine.commit([put(old)])
    const found = ids((await bench.engine.find(query('Patient', hasToken('identifier', 'old')))).matches)
    const condition = { query: query('Patient', hasToken('identifier', 'old'), { count: 2 }), found }
    await bench.engine.commit([
      { do: 'check', condition },
      put(identified('b', 'b'), { condition: ifNoneExist('b') }),
      { ...remove(P('old')), condition } as Write,
    ])
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
        ...(i % 3 === 0
          ? [put(old, { expect: { is: 'version', version: '9' } })]
          : i % 3 === 1
            ? [put(identified(`m${i}`, 'many'))]
            : []),
      ]),
    )
    const { kept, refused } = await outcomes(many)
    expect([kept, refused.length]).toEqual([40, 20])
    const found = ids((await bench.engine.find(query('Patient', hasToken('identifier', 'many')))).matches)
    const expected = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? [] : i % 3 === 1 ? [`n${i}`, `m${i}`] : [`n${i}`],
    ).flat()
    expect(found.sort()).toEqual(expected.sort())
    expect((await bench.engine.history({ of: { all: true }, count: 100 })).total).toBe(61)
  })
}

export function raceLaws(bench: Bench): void {
  test.each([8, 64])('%i clients with one If-None-Exist make one Patient', async clients => {
    const { kept, refused } = await outcomes(
      Array.from({ length: clients }, (_, i) =>
        bench.engine.commit([
          put(identified(`p${i}`, 'same'), { condition: ifNoneExist('same'), expect: { is: 'nothing' } }),
        ]),
      ),
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
          bench.engine.commit([
            i % 8 === 7
              ? remove(P('other'), { is: 'version', version: '1' })
              : put(identified('a', String(round)), { expect: { is: 'version', version: String(round) } }),
          ]),
        ),
      )
      expect(kept).toBe(1)
      expect(refused.every(error => error instanceof Mismatch)).toBe(true)
    }
    const { versions } = await bench.engine.history({ of: { ref: P('a') }, count: 100, oldestFirst: true })
    expect(versions.map(version => version.version)).toEqual(Array.from({ length: 21 }, (_, i) => String(i + 1)))
    expect(
      versions.map(version => handMade.entries(parsed(version)).map(entry => 'code' in entry && entry.code)),
    ).toEqual(Array.from({ length: 21 }, (_, i) => [String(i)]))
  })

  test('of a delete and an update that expect the same version one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const ref = P(`r${round}`)
      await bench.engine.commit([put(identified(ref.id, 'x'))])
      const first = remove(ref, { is: 'version', version: '1' })
      const second = put(identified(ref.id, 'y'), { expect: { is: 'version', version: '1' } })
      const { kept } = await outcomes(
        (round % 2 ? [first, second] : [second, first]).map(write => bench.engine.commit([write])),
      )
      expect(kept).toBe(1)
      expect((await bench.engine.read(ref))!.version).toBe('2')
    }
  })
}
