/**
 * What every storage engine promises of histories: all versions, in order, in pages, since and at a time.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { expect, test } from 'vitest'
import type { Version, Write } from '../../src/store/store.ts'
import { identified, made, P, put, remove } from '../help/resources.ts'
import type { Bench } from './contract.ts'

export function historyLaws(bench: Bench): void {
  const label = ({ ref, version, method }: Version) => `${ref.type}/${ref.id} ${version} ${method}`
  const story = [
    'Patient/a 1 PUT',
    'Patient/b 1 PUT',
    'Patient/a 2 PUT',
    'Observation/a 1 POST',
    'Patient/a 3 DELETE',
    'Patient/b 2 PATCH',
    'Patient/a 4 PUT',
  ]

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
      expect(await bench.engine.history({ of, count: 100, oldestFirst: true })).toEqual({
        versions,
        next: undefined,
        total: versions.length,
      })
      expect(await bench.engine.history({ of, count: 100 })).toEqual({
        versions: versions.toReversed(),
        next: undefined,
        total: versions.length,
      })
    }
  })

  test.each([1, 2, 3, 7])(
    'put together from pages of %i it is the whole, in both directions, while others write',
    async count => {
      const told = await tell()
      for (const oldestFirst of [true, false]) {
        const pages: Version[] = []
        let after: number | undefined
        do {
          const page = await bench.engine.history({
            of: { all: true },
            count,
            oldestFirst,
            ...(after === undefined ? {} : { after }),
          })
          expect(page.versions.length).toBeLessThanOrEqual(count)
          pages.push(...page.versions)
          after = page.next
          if (pages.length < 5) await bench.engine.commit([put(made('Device', `d${pages.length}`))])
        } while (after !== undefined)
        const seen = pages.filter(version => version.ref.type !== 'Device')
        expect(seen).toEqual(oldestFirst ? told : told.toReversed())
        if (!oldestFirst) expect(new Set(pages.map(label)).size).toBe(pages.length)
      }
    },
  )

  test('since a time begins with the versions made then', async () => {
    const told = await tell()
    for (const { updated } of told) {
      const expected = told.filter(version => version.updated >= updated)
      expect(await bench.engine.history({ of: { all: true }, count: 100, since: updated, oldestFirst: true })).toEqual({
        versions: expected,
        next: undefined,
        total: expected.length,
      })
    }
    expect(
      (await bench.engine.history({ of: { all: true }, count: 100, since: told.at(-1)!.updated + 1 })).versions,
    ).toEqual([])
  })

  test('at a time tells what was current then', async () => {
    const told = await tell()
    const of = { ref: P('a') }
    const own = told.filter(({ ref }) => ref.type === 'Patient' && ref.id === 'a')
    const at = async (low: number, high: number) =>
      (await bench.engine.history({ of, count: 100, at: { low, high }, oldestFirst: true })).versions.map(
        version => version.version,
      )
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
