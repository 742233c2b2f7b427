/**
 * What is noted of a request comes out of the journal as it went in, also from a journal that an earlier version wrote.
 */
import { expect, test } from 'vitest'
import { countOf, happenings, packed } from '../../src/access/audit-journal.ts'
import type { Recorded } from '../../src/access/audit-words.ts'

const app = { client: 'app', user: 'Practitioner/1', token: 't' }
const service = { client: 'service' }
const batch: readonly Recorded[] = [
  { event: 'e1', at: 1_700_000_000_000, what: 'read', status: 200, who: app, from: '127.0.0.1', type: 'Patient', id: '1', version: '2', request: 'r' }, // prettier-ignore
  { event: 'e2', at: 1_700_000_000_007, what: 'search-type', status: 200, who: service, type: 'Observation', query: 'GET Observation?code=x', shown: ['Observation/1/1'], more: 3 }, // prettier-ignore
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

test('a record that is gone has nothing', () => {
  expect(happenings(undefined)).toEqual([])
})
