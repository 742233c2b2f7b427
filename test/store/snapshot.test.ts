import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything, type Position, type Query, type Sort } from '../../src/search/query.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { prepare } from '../../src/store/stamp.ts'
import type { Engine } from '../../src/store/store.ts'

const extractor = makeExtractor(loadDefinitions(), kinds)
let folder: string
let engine: Engine
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshot-'))
  engine = openSqlite({ path: join(folder, 'store.db'), extractor })
})
afterEach(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

const patient = (n: number, birthDate?: string, gender = 'female'): Resource => ({
  resourceType: 'Patient',
  id: `p${n}`,
  gender,
  ...(birthDate ? { birthDate } : {}),
})
const put = (resource: Resource) =>
  engine.commit([
    {
      do: 'put',
      ref: { type: 'Patient', id: resource.id! },
      method: 'PUT',
      draft: prepare(resource, resource.id!),
      entries: extractor.entries(resource),
      expect: { is: 'anything' },
    },
  ])
const remove = (n: number) =>
  engine.commit([{ do: 'delete', ref: { type: 'Patient', id: `p${n}` }, expect: { is: 'anything' } }])

/** All pages of a search; `between` is run after the first. */
async function pages(
  query: Omit<Query, 'types' | 'total' | 'count'>,
  between: () => Promise<unknown>,
): Promise<string[]> {
  const ids: string[] = []
  let after: Position | undefined
  for (let page = 0; page === 0 || after; page++) {
    const found = await engine.find({
      types: ['Patient'],
      total: 'none',
      count: 4,
      ...query,
      ...(after ? { after } : {}),
    })
    ids.push(...found.matches.map(({ ref }) => ref.id))
    after = found.next
    if (page === 0) await between()
  }
  return ids
}

const byBirth = (descending: boolean): Sort => ({ by: 'param', param: 'birthdate', kind: 'date', descending })
const born = (n: number) => `19${String(10 + n).padStart(2, '0')}-01-01`
const ids = (...numbers: number[]) => numbers.map(n => `p${n}`)
const all = Array.from({ length: 20 }, (_, n) => n)

for (const [name, sort, order] of [
  ['by birth date', [byBirth(false)], all],
  ['by birth date, latest first', [byBirth(true)], all.toReversed()],
  [
    'by gender, then birth date',
    [{ by: 'param', param: 'gender', kind: 'token', descending: false }, byBirth(false)],
    all,
  ],
  ['by last change', [{ by: 'updated', descending: false }], all],
] as [string, Sort[], number[]][])
  test(`sorted ${name}, a resource changed between pages comes once, where it was`, async () => {
    for (const n of all) await put(patient(n, born(n)))
    const first = order.slice(0, 4)
    const found = await pages({ filter: everything, sort }, async () => {
      await put(patient(first[0]!, sort[0]!.descending ? '1900-01-01' : '1999-01-01')) // would come again
      await put(patient(order[15]!, sort[0]!.descending ? '1999-01-01' : '1900-01-01')) // would be missed
      await put(patient(order[10]!)) // loses its date
      await put(patient(50, '1920-06-01')) // was not there
    })
    expect(found).toEqual(ids(...order))
  })

test('sorted, a resource that no longer matches is shown as it was when the first page was read, and a deleted one is left out', async () => {
  for (const n of all) await put(patient(n, born(n)))
  const female = {
    is: 'has',
    param: 'gender',
    kind: 'token',
    where: { is: 'compare', by: '=', column: 'code', value: 'female' },
  } as const
  const found = await pages({ filter: female, sort: [byBirth(false)] }, async () => {
    await put(patient(9, born(9), 'male'))
    await remove(12)
  })
  expect(found).toEqual(ids(...all.filter(n => n !== 12)))
})
