/**
 * What every storage engine promises of large commits: the event loop turns while they are written, and nobody sees a part of
 * one before it is whole.
 * https://hl7.org/fhir/R4/http.html#transactional-integrity
 */
import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { everything } from '../../src/search/query.ts'
import { Mismatch, type Version } from '../../src/store/store.ts'
import { hasToken, identified, made, P, put, query, remove, token } from '../help/resources.ts'
import type { Bench } from './contract.ts'

const RESOURCES = 1_500
const ENTRIES = 60

/**
 * A large commit is being written by then: it waits for others that are about to commit, but not as long as this, and what comes
 * while it waits may go before it.
 */
const begun = () => setTimeout(60)

/** Some 90,000 index entries. */
const large = (code: string) =>
  Array.from({ length: RESOURCES }, (_, i) =>
    put(
      made(
        'Patient',
        `${code}${i}`,
        token('identifier', code),
        ...Array.from({ length: ENTRIES }, (__, n) => token('identifier', `${code}-${i}-${n}`)),
      ),
    ),
  )

export function largeLaws(bench: Bench): void {
  const found = async (code: string) =>
    (await bench.engine.find(query('Patient', hasToken('identifier', code), { count: 5 * RESOURCES }))).matches.length

  /** Asks at each turn of the event loop until the commit has ended. */
  async function during<T>(commit: Promise<unknown>, ask: () => Promise<T>): Promise<T[]> {
    let ended = false
    const answers: T[] = []
    const end = commit.then(
      () => (ended = true),
      () => (ended = true),
    )
    while (!ended) {
      const answer = await ask()
      if (!ended) answers.push(answer)
      await setImmediate()
    }
    await end
    return answers
  }

  test('are written while the event loop turns, and until then nobody sees any of it', async () => {
    await bench.engine.commit([put(identified('old', 'a'))])
    const commit = bench.engine.commit([...large('a'), put(identified('old', 'b')), put(identified('last', 'b'))])
    const seen = await during(commit, async () => ({
      first: await bench.engine.read(P('a0')),
      old: (await bench.engine.read(P('old')))?.version,
      found: await found('a'),
      history: (await bench.engine.history({ of: { all: true }, count: 5 })).total,
      counts: [...(await bench.engine.counts())],
    }))
    expect(seen.length).toBeGreaterThan(3)
    for (const one of seen)
      expect(one).toEqual({ first: undefined, old: '1', found: 1, history: 1, counts: [['Patient', 1]] })
    expect(await found('a')).toBe(RESOURCES)
    expect(await found('b')).toBe(2)
    expect(await bench.engine.read(P('old'))).toMatchObject({ version: '2' })
  })

  test('one resource with very many entries among them', async () => {
    const entries = Array.from({ length: 60_000 }, (_, n) => token('identifier', `n${n}`))
    const seen = await during(bench.engine.commit([put(made('Patient', 'many', ...entries))]), () => found('n59999'))
    expect(seen.length).toBeGreaterThan(3)
    expect(new Set(seen)).toEqual(new Set([0]))
    expect(await found('n59999')).toBe(1)
  })

  test('that are refused leave nothing, and those that waited are written', async () => {
    const refused = bench.engine.commit([
      ...large('a'),
      put(identified('last', 'b'), { expect: { is: 'version', version: '7' } }),
    ])
    const waited = bench.engine.commit([put(identified('waited', 'c'))])
    await expect(refused).rejects.toBeInstanceOf(Mismatch)
    await waited
    expect((await bench.engine.find(query('Patient', everything))).matches.map(({ ref }) => ref.id)).toEqual(['waited'])
  })

  test('and those that come meanwhile are judged after them', async () => {
    const first = bench.engine.commit(large('a'))
    await begun()
    const second = bench.engine.commit([put(identified('a0', 'b'), { expect: { is: 'version', version: '1' } })])
    const third = bench.engine.commit([remove(P('a1'))])
    const [, [two], [three]] = (await Promise.all([first, second, third])) as [unknown, Version[], Version[]]
    expect([two?.version, three?.version]).toEqual(['2', '2'])
    expect(await found('a')).toBe(RESOURCES - 2)
  })

  test('a record put meanwhile is kept', async () => {
    const records = bench.engine.records('notes')
    const commit = bench.engine.commit(large('a'))
    await begun()
    await records.put('k', 1)
    expect(await records.get('k')).toBe(1)
    await commit
    expect(await records.take('k')).toBe(1)
  })

  test('closing waits for it', async () => {
    const commit = bench.engine.commit(large('a'))
    await begun()
    const [versions] = await Promise.all([commit, bench.reopen()])
    expect(versions).toHaveLength(RESOURCES)
    expect(await found('a')).toBe(RESOURCES)
  })
}
