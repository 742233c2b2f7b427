/**
 * What is noted of a request comes out of the journal as it went in, also from a journal that an earlier version wrote.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { countOf, happenings, type Journalled, type Page, pageOf, Pages } from '../../src/access/audit-journal.ts'
import type { Recorded } from '../../src/access/audit-words.ts'
import { shownIn, ShownSoFar } from '../../src/access/shown.ts'
import { readStamped } from '../../src/store/stamp.ts'
import type { Version } from '../../src/store/store.ts'

const app = { client: 'app', user: 'Practitioner/1', token: 't' }
const service = { client: 'service' }
const batch: readonly Recorded[] = [
  { event: 'e1', at: 1_700_000_000_000, what: 'read', status: 200, who: app, from: '127.0.0.1', type: 'Patient', id: '1', version: '2', request: 'r' }, // prettier-ignore
  { event: 'e2', at: 1_700_000_000_007, what: 'search-type', status: 200, who: service, type: 'Observation', query: 'GET Observation?code=x', shown: 'Observation/1/1/2/7 Patient/3/1', more: 3 }, // prettier-ignore
  { event: 'e3', at: 1_700_000_000_009, what: 'sign-in', status: 401, who: app, why: 'a "quoted" 王 \ud800', patient: 'Patient/1' }, // prettier-ignore
  { event: 'e4', at: 1_700_000_000_010, what: 'unauthenticated', status: 401 },
  { event: 'e5', at: 1_700_000_000_010, what: 'operation', status: 200, who: app, operation: 'everything', claimed: 'TREAT', id: 'p' }, // prettier-ignore
]

const read = ({ json }: Page) => JSON.parse(json) as Journalled
/** Without what an event is given when it is recorded. */
const plain = (all: readonly Recorded[]) => all.map(({ event: _, ...rest }) => rest)

function told(pages: Pages): Page {
  for (const { event: _, at, ...what } of batch) pages.add(what, at)
  return pages.take()
}

test('every field comes out as it went in, through JSON', () => {
  const page = told(new Pages())
  expect(page.count).toBe(batch.length)
  expect(countOf(read(page))).toBe(batch.length)
  expect(plain(happenings(read(page)))).toEqual(plain(batch))
})

test('a page that began too small for what is told holds all of it', () => {
  expect(plain(happenings(read(told(new Pages(8)))))).toEqual(plain(batch))
})

test('the next page has nothing of the one before', () => {
  const pages = new Pages()
  told(pages)
  expect(happenings(read(pages.take()))).toEqual([])
  const again = read(told(pages))
  expect(plain(happenings(again))).toEqual(plain(batch))
  expect(again.who).toEqual([app, service])
})

test('each event has an id of its own, which is known when it is told and is the same whenever it is read', () => {
  const pages = new Pages()
  const known: string[] = []
  const all = new Set<string>()
  for (let page = 0; page < 3; page++) {
    for (let i = 0; i < 2000; i++) known.push(pages.eventOf(pages.add(batch[0]!, 0)))
    const kept = read(pages.take())
    for (const { event } of [...happenings(kept), ...happenings(kept)]) all.add(event)
  }
  expect([...all]).toEqual(known)
  for (const id of known) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
})

test('each who is written once', () => {
  expect(read(told(new Pages())).who).toEqual([app, service])
})

test('what goes with a write is a page of its own', () => {
  const kept = read(pageOf(batch.slice(0, 2), 7))
  expect(happenings(kept).map(({ what, at }) => [what, at])).toEqual([
    ['read', 7],
    ['search-type', 7],
  ])
})

const old = { ...batch[1]!, shown: ['Observation/1/1', 'Observation/2/7', 'Patient/3/1'] }

test('a record of an earlier version is read', () => {
  const whole = JSON.parse(JSON.stringify(batch)) as Recorded[]
  expect(countOf(whole)).toBe(batch.length)
  expect(happenings(whole)).toEqual(whole)
  const withIds = {
    since: 1_700_000_000_000,
    who: [service],
    from: ['127.0.0.1'],
    rows: [['e2', 7, 'search-type', 200, 0, -1, 'Observation', null, null, null, null, 'GET Observation?code=x', old.shown, 3]],
  } as unknown as Journalled // prettier-ignore
  expect(countOf(withIds)).toBe(1)
  expect(happenings(withIds)).toEqual([{ ...batch[1]!, shown: old.shown.join(' ') }])
})

test('of versions that an earlier version kept one by one, all are read', () => {
  expect([...shownIn(happenings([old as unknown as Recorded])[0]!.shown!)]).toEqual([
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

test('what was shown keeps nothing of the resources it was shown of', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const id = 'an-id-that-is-cut-from-the-text-of-its-resource'
  const kept: string[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 60; n++) {
    const text = `{"resourceType":"Patient","id":"${id}","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z"},"a":"${`${n}`.repeat(500_000)}"}`
    const shown = new ShownSoFar()
    // as one flat text, which is how it comes out of the store
    shown.add([readStamped('Patient', Buffer.from(text).toString('latin1'), 'PUT')])
    kept.push(shown.text)
  }
  collect()
  expect(kept).toHaveLength(60)
  expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(10)
})

test('a record that is gone has nothing', () => {
  expect(happenings(undefined)).toEqual([])
})
