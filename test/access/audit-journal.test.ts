/**
 * What is noted of a request comes out of the journal as it went in, also from a journal that an earlier version wrote.
 */
import { expect, test } from 'vitest'
import { countOf, happenings, packed } from '../../src/access/audit-journal.ts'
import type { Recorded } from '../../src/access/audit-words.ts'
import { shownIn, ShownSoFar } from '../../src/access/shown.ts'
import type { Version } from '../../src/store/store.ts'

const app = { client: 'app', user: 'Practitioner/1', token: 't' }
const service = { client: 'service' }
const batch: readonly Recorded[] = [
  { event: 'e1', at: 1_700_000_000_000, what: 'read', status: 200, who: app, from: '127.0.0.1', type: 'Patient', id: '1', version: '2', request: 'r' }, // prettier-ignore
  { event: 'e2', at: 1_700_000_000_007, what: 'search-type', status: 200, who: service, type: 'Observation', query: 'GET Observation?code=x', shown: 'Observation/1/1/2/7 Patient/3/1', more: 3 }, // prettier-ignore
  { event: 'e3', at: 1_700_000_000_009, what: 'sign-in', status: 401, who: app, why: 'a "quoted" 王', patient: 'Patient/1' }, // prettier-ignore
  { event: 'e4', at: 1_700_000_000_010, what: 'unauthenticated', status: 401 },
  { event: 'e5', at: 1_700_000_000_010, what: 'operation', status: 200, who: app, operation: 'everything', claimed: 'TREAT', id: 'p' }, // prettier-ignore
]

const stored = (value: unknown) => JSON.parse(JSON.stringify(value)) as ReturnType<typeof packed>

test('every field comes out as it went in, through JSON', () => {
  const kept = stored(packed(batch))
  expect(countOf(kept)).toBe(batch.length)
  expect(happenings(kept)).toEqual(batch)
})

test('each who is written once', () => {
  expect(packed(batch).who).toEqual([app, service])
})

test('a record of an earlier version is read', () => {
  expect(countOf(stored(batch))).toBe(batch.length)
  expect(happenings(stored(batch))).toEqual(batch)
})

test('of versions that an earlier version kept one by one, all are read', () => {
  const old = { ...batch[1]!, shown: ['Observation/1/1', 'Observation/2/7', 'Patient/3/1'] }
  for (const kept of [stored([old]), stored(packed([old as unknown as Recorded]))])
    expect([...shownIn(happenings(kept)[0]!.shown!)]).toEqual([
      { type: 'Observation', id: '1', version: '1' },
      { type: 'Observation', id: '2', version: '7' },
      { type: 'Patient', id: '3', version: '1' },
    ])
})

test('what several questions of one answer show is read again, at most a thousand, and how many more there are', () => {
  const version = (type: string, id: string, version: string) => ({ ref: { type, id }, version }) as Version
  const shown = new ShownSoFar()
  expect([...shownIn(shown.text)]).toEqual([])
  shown.add([])
  shown.add([version('Observation', '1', '1'), version('Observation', '2', '7'), version('Patient', '3', '1')])
  shown.add([version('Patient', '4', '2'), version('Observation', '5', '1')])
  const first = [...shownIn(shown.text)].map(({ type, id, version }) => `${type}/${id}/${version}`)
  expect(first).toEqual(['Observation/1/1', 'Observation/2/7', 'Patient/3/1', 'Patient/4/2', 'Observation/5/1'])
  shown.add(Array.from({ length: 1200 }, (_, n) => version('Encounter', `e${n}`, '1')))
  shown.add([version('Patient', 'last', '1')])
  expect([...shownIn(shown.text)]).toHaveLength(1000)
  expect(shown.more).toBe(206)
})

test('a record that is gone has nothing', () => {
  expect(happenings(undefined)).toEqual([])
})
