/**
 * What every storage engine promises of searches: pages put together are the whole, and random questions are answered
 * as `match` answers them in memory.
 * https://hl7.org/fhir/R4/search.html
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  everything,
  type Extractor,
  type Filter,
  type IndexEntry,
  type Query,
  type Sort,
} from '../../src/search/query.ts'
import type { Ref } from '../../src/fhir/types.ts'
import { compare, match, sortKey, type Subject, type World } from '../../src/search/match.ts'
import type { Engine, Version, Write } from '../../src/store/store.ts'
import {
  handMade,
  hasToken,
  type HandMade,
  ids,
  made,
  parsed,
  put,
  quantity,
  query,
  reference,
  remove,
  string,
  token,
} from '../help/resources.ts'
import type { Bench, Open } from './contract.ts'
import { IDS, question, resolve, resource, TYPES } from './questions.ts'
import { realExtractor, realQuestion, realResources } from './real.ts'

/** All pages of a question, put together. `between` happens after each page. */
async function allPages(
  engine: Engine,
  asked: Query,
  between?: (page: number) => Promise<unknown>,
): Promise<{ matches: Version[]; totals: (number | undefined)[]; pages: number }> {
  const matches: Version[] = []
  const totals: (number | undefined)[] = []
  let after: Query['after']
  for (let pages = 1; ; pages++) {
    const page = await engine.find({ ...asked, ...(after ? { after } : {}) })
    expect(page.matches.length).toBeLessThanOrEqual(asked.count)
    if (page.next) expect(page.matches.length, 'a page that is not the last is full').toBe(asked.count)
    matches.push(...page.matches)
    totals.push(page.total)
    if (!page.next) return { matches, totals, pages }
    if (pages > 2000) throw new Error('The pages do not end.')
    // As a client gives it back: through a link
    after = JSON.parse(JSON.stringify(page.next)) as NonNullable<Query['after']>
    await between?.(pages)
  }
}

const named = ({ ref }: { readonly ref: Ref }) => `${ref.type}/${ref.id}`

export function searchLaws(bench: Bench, open: Open): void {
  describe('pages', () => pageLaws(bench))
  describe('random questions', () => randomLaws(open))
  describe('real resources', () => realLaws(open))
}

const byText: Sort = { by: 'param', param: 'name', kind: 'string', descending: false }
const byNumber: Sort = { by: 'param', param: 'value', kind: 'quantity', descending: true }
const byDate: Sort = { by: 'param', param: 'date', kind: 'date', descending: false }
const byCode: Sort = { by: 'param', param: 'code', kind: 'token', descending: true }
const byReference: Sort = { by: 'param', param: 'subject', kind: 'reference', descending: false }
const date = (at: number): IndexEntry => ({ kind: 'date', param: 'date', low: at, high: at })

/** Forty resources with many equal sort values, several values, and none. */
const crowd = (type = 'Observation'): HandMade[] =>
  Array.from({ length: 40 }, (_, i) =>
    made(
      type,
      `c${String(i).padStart(2, '0')}`,
      ...(i % 5 ? [string('name', ['anna', '王', '', 'Anna', '😀'][i % 5]!)] : []),
      ...(i % 4 ? [quantity('value', i % 3)] : []),
      ...(i % 7 === 3 ? [quantity('value', -5), quantity('value', 50)] : []),
      ...(i % 3 ? [date((i % 4) * 1000)] : []),
      ...(i % 2 ? [token('code', ['a', 'B', '王'][i % 3]!)] : []),
      ...(i % 6 ? [reference('subject', `Patient/p${i % 4}`)] : []),
      token('status', i % 10 === 0 ? 'rare' : 'usual'),
    ),
  )

const sorts: [string, Sort[]][] = [
  ['without a sort', []],
  ['by a string', [byText]],
  ['by a string, descending', [{ ...byText, descending: true }]],
  ['by a number, descending', [byNumber]],
  ['by a number', [{ ...byNumber, descending: false }]],
  ['by a date', [byDate]],
  ['by a date, descending', [{ ...byDate, descending: true }]],
  ['by a token', [byCode]],
  ['by a reference', [byReference]],
  ['by id', [{ by: 'id', descending: false }]],
  ['by id, descending', [{ by: 'id', descending: true }]],
  ['by time', [{ by: 'updated', descending: false }]],
  ['by time, descending', [{ by: 'updated', descending: true }]],
  ['by a parameter that none has', [{ by: 'param', param: 'nothing', kind: 'string', descending: true }]],
  ['by several keys', [byText, byNumber, { by: 'id', descending: true }]],
  ['by several keys with missing values', [byDate, byCode, byReference]],
  ['by time, then a string', [{ by: 'updated', descending: true }, byText]],
]

function pageLaws(bench: Bench): void {
  describe.each(sorts)('%s', (_, sort) => {
    test.each([1, 3, 7, 40, 41])('of %i put together are the whole, in order and without repeats', async count => {
      const all = [...crowd(), ...crowd('Condition')]
      for (const half of [all.slice(0, 50), all.slice(50)]) await bench.engine.commit(half.map(one => put(one)))
      for (const types of [['Observation'], ['Condition', 'Observation', 'Device']]) {
        const { matches, totals } = await allPages(bench.engine, {
          types,
          filter: everything,
          sort,
          count,
          total: 'accurate',
        })
        expect(matches.map(named).sort()).toEqual(
          all
            .filter(one => types.includes(one.resourceType))
            .map(one => `${one.resourceType}/${one.id}`)
            .sort(),
        )
        inOrder(sort, matches)
        expect(new Set(totals)).toEqual(new Set([matches.length]))
      }
    })

    test('miss and repeat nothing that stays as it is, while others add, update and delete', async () => {
      const { engine } = bench
      const all = crowd()
      await engine.commit(all.map(one => put(one)))
      const touched = new Set<string>()
      const between = async (page: number) => {
        const [updated, deleted] = [all[(page * 7) % 40]!, all[(page * 11 + 5) % 40]!]
        for (const { id } of [updated, deleted]) touched.add(`Observation/${id}`)
        await engine.commit([
          put({ ...updated, note: page }),
          put({ ...all[page % 40]!, id: `new${page}` }),
          ...(updated.id === deleted.id ? [] : [remove({ type: 'Observation', id: deleted.id })]),
        ])
      }
      const { matches } = await allPages(
        engine,
        { types: ['Observation'], filter: everything, sort, count: 4, total: 'none' },
        between,
      )
      const seen = matches.map(named)
      const untouched = all.map(one => `Observation/${one.id}`).filter(name => !touched.has(name))
      expect(untouched.length).toBeGreaterThan(5)
      for (const name of untouched)
        expect(
          seen.filter(other => other === name),
          name,
        ).toHaveLength(1)
      // Only a time of change moves with an update: all other orders show nothing twice
      if (!sort.some(one => one.by === 'updated')) expect(new Set(seen).size).toBe(seen.length)
    })
  })

  test('newest first is the order without a sort, and an update does not change it', async () => {
    for (const id of ['a', 'b', 'c']) await bench.engine.commit([put(made('Patient', id))])
    await bench.engine.commit([put(made('Patient', 'a'))])
    expect(ids((await bench.engine.find(query('Patient', everything))).matches)).toEqual(['c', 'b', 'a'])
  })

  test('the total is as asked: none, or of all pages', async () => {
    await bench.engine.commit(crowd().map(one => put(one)))
    const asked = query('Observation', hasToken('status', 'rare'), { count: 2 })
    expect((await bench.engine.find(asked)).total).toBeUndefined()
    expect((await bench.engine.find({ ...asked, total: 'accurate' })).total).toBe(4)
    expect((await bench.engine.find({ ...asked, total: 'estimate' })).total).toBeGreaterThanOrEqual(2)
    expect(await bench.engine.find({ ...asked, count: 0, total: 'accurate' })).toMatchObject({ matches: [], total: 4 })
  })
}

/** Each neighbour may follow the one before it, by what `match` says a resource is sorted by. */
function inOrder(sort: readonly Sort[], matches: readonly Version[]): void {
  const keys = matches.map(version => {
    const subject = subjectOf(version, handMade)
    return sort.map(one => sortKey(one, subject))
  })
  for (let i = 1; i < keys.length; i++) {
    const at = sort.findIndex((_, k) => keys[i - 1]![k] !== keys[i]![k])
    if (at < 0) continue
    const [before, after] = [keys[i - 1]![at]!, keys[i]![at]!]
    const fine =
      after === null ||
      (before !== null && (sort[at]!.descending ? compare(before, after) > 0 : compare(before, after) < 0))
    if (!fine)
      expect.fail(
        `${named(matches[i]!)} (${after}) comes behind ${named(matches[i - 1]!)} (${before}) by ${JSON.stringify(sort)}`,
      )
  }
}

const subjectOf = (version: Version, extractor: Extractor): Subject => {
  const resource = parsed(version)
  return { ref: version.ref, updated: version.updated, resource, entries: extractor.entries(resource) }
}

/** The oracle: what `match` says of every live resource, one after the other. */
class Memory {
  readonly subjects: readonly Subject[]
  readonly #world: World

  constructor(versions: readonly Version[], extractor: Extractor) {
    this.subjects = versions.map(version => subjectOf(version, extractor))
    const byRef = new Map(this.subjects.map(one => [named(one), one]))
    this.#world = {
      extractor,
      get: ref => byRef.get(ref),
      referrers: (type, param, ref) =>
        this.subjects.filter(
          one =>
            one.ref.type === type &&
            one.entries.some(entry => entry.kind === 'reference' && entry.param === param && entry.ref === ref),
        ),
    }
  }

  answers(types: readonly string[], filter: Filter): string[] {
    return this.subjects
      .filter(one => types.includes(one.ref.type) && match(filter, one, this.#world))
      .map(named)
      .sort()
  }
}

/** Every live resource, in no order. */
const live = async (engine: Engine, types: readonly string[]) =>
  (await engine.find({ types, filter: everything, sort: [], count: 10_000, total: 'none' })).matches

/** The store answers as the memory does: the same resources, each once, in order, with the same total. */
async function agree(engine: Engine, memory: Memory, asked: Query, checkOrder: boolean): Promise<number> {
  const expected = memory.answers(asked.types, asked.filter)
  const { matches, totals } = await allPages(engine, asked)
  expect(matches.map(named).sort()).toEqual(expected)
  if (checkOrder) inOrder(asked.sort, matches)
  expect(new Set(totals)).toEqual(new Set([asked.total === 'none' ? undefined : expected.length]))
  return expected.length
}

/** Fills a store with random resources, then changes, deletes and restores some. */
async function fill(engine: Engine, seed: number): Promise<void> {
  const draw = (round: number) =>
    TYPES.flatMap(type =>
      IDS.map(
        (id, i) =>
          fc.sample(resource(type, id), {
            seed: seed * 1000 + round * 100 + i + TYPES.indexOf(type) * 31,
            numRuns: 1,
          })[0]!,
      ),
    )
  const first = draw(0)
  for (let i = 0; i < first.length; i += 9) await engine.commit(first.slice(i, i + 9).map(one => put(one)))
  const second = draw(1)
  const changes = second.flatMap((one, i): Write[] =>
    i % 4 === 0 ? [put(one)] : i % 3 === 0 ? [remove({ type: one.resourceType, id: one.id })] : [],
  )
  await engine.commit(changes)
  await engine.commit(draw(2).flatMap((one, i) => (i % 15 === 0 ? [put(one)] : [])))
}

function randomLaws(open: Open): void {
  const SEED = 20_261_122
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'are answered as match answers them (store %i of 8, 500 questions)',
    { timeout: 60_000 },
    async store => {
      const folder = await mkdtemp(join(tmpdir(), 'contract-random-'))
      const engine = await open(folder, handMade)
      try {
        await fill(engine, store)
        const versions = await live(engine, TYPES)
        const memory = new Memory(versions, handMade)
        const times = versions.map(version => version.updated)
        let answers = 0
        await fc.assert(
          fc.asyncProperty(question, async asked => {
            answers += await agree(engine, memory, { ...asked, filter: resolve(asked.filter, times) }, true)
          }),
          { seed: SEED + store, numRuns: 500, endOnFailure: false },
        )
        // Questions that nothing answers would prove nothing
        expect(answers).toBeGreaterThan(500)
        await engine.reindex(TYPES)
        await fc.assert(
          fc.asyncProperty(
            question,
            async asked => void (await agree(engine, memory, { ...asked, filter: resolve(asked.filter, times) }, true)),
          ),
          { seed: SEED + store, numRuns: 60 },
        )
        expect(await engine.verify()).toEqual([])
      } finally {
        await engine.close()
        await rm(folder, { recursive: true, force: true })
      }
    },
  )
}

function realLaws(open: Open): void {
  let folder: string
  let engine: Engine
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contract-real-'))
    engine = await open(folder, realExtractor)
    await engine.commit(realResources().map(one => put(one, { extractor: realExtractor })))
  })
  afterAll(async () => {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  })

  test(
    'are found by what the extractor reads in them, as match finds them (2,000 questions)',
    { timeout: 60_000 },
    async () => {
      const versions = await live(engine, [...new Set(realResources().map(one => one.resourceType))])
      expect(versions.length).toBe(realResources().length)
      const memory = new Memory(versions, realExtractor)
      let answers = 0
      await fc.assert(
        fc.asyncProperty(realQuestion(memory.subjects), async asked => {
          answers += await agree(engine, memory, asked, false)
        }),
        { seed: 4, numRuns: 2000 },
      )
      expect(answers).toBeGreaterThan(2000)
    },
  )
}
