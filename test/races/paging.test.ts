/**
 * Pages of a search while others write: what nobody touches is on one page, once, in every order.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { complaints, runServer, type Running } from '../help/running-server.ts'

const ALL = 2000
let server: Running
beforeAll(async () => {
  server = await runServer()
  for (let from = 0; from < ALL; from += 500) {
    const entry = Array.from({ length: 500 }, (_, i) => ({
      resource: person(from + i),
      request: { method: 'PUT', url: `Patient/p${from + i}` },
    }))
    expect(
      (await server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })).status,
    ).toBe(200)
  }
})
afterAll(() => server.end())

/** Many share a name, a birthday and a gender, so that pages end between equals. */
const person = (i: number, more: object = {}) => ({
  resourceType: 'Patient',
  id: `p${i}`,
  identifier: [{ system: 'urn:page', value: `v${i % 100}` }],
  name: [{ family: `Family${i % 37}` }],
  birthDate: `19${50 + (i % 40)}-01-01`,
  gender: i % 3 === 0 ? 'male' : 'female',
  ...more,
})
const isTouched = (i: number) => i % 2 === 1
const untouched = Array.from({ length: ALL }, (_, i) => i).filter(i => !isTouched(i)).map(i => `p${i}`).sort() // prettier-ignore

let written = 0
/** Until others have written something more. */
const disturbed = async (before = written) => {
  while (written < before + 5) await new Promise(resolve => setTimeout(resolve, 1))
}

/** Writes until told to stop: new ones, changed ones, deleted ones and deleted ones that come back. */
function writing(seed: number): () => Promise<unknown> {
  let stopped = false
  const write = async () => {
    for (let i = seed; !stopped; i += 14) {
      const n = ((i * 7) % (ALL / 2)) * 2 + 1
      const what = i % 4
      const answer =
        what === 0
          ? await server.ask('POST', 'Patient', { body: { ...person(i, { gender: 'male' }), id: undefined } })
          : what === 1
            ? await server.ask('DELETE', `Patient/p${n}`)
            : await server.ask('PUT', `Patient/p${n}`, {
                body: person(n, { name: [{ family: `Family${i % 41}` }], birthDate: `20${10 + (i % 10)}-01-01` }),
              })
      expect(answer.status).toBeLessThan(300)
      written++
    }
  }
  const done = write()
  return () => {
    stopped = true
    return done
  }
}

test.each([
  ['the default order', 'Patient?_count=50'],
  ['a name', 'Patient?_sort=family&_count=50'],
  ['a name, backwards', 'Patient?_sort=-family&_count=37'],
  ['a date and a name', 'Patient?_sort=-birthdate,family&_count=100'],
  ['an id', 'Patient?_sort=_id&_count=200'],
  ['a criterion', 'Patient?gender=male,female&_count=70'],
])('in the order of %s', async (_, first) => {
  const stops = [1, 2, 3, 4].map(writing)
  const seen: string[] = []
  try {
    for (let next: string | undefined = first; next !== undefined; ) {
      const { status, body } = await server.ask('GET', next)
      expect(status).toBe(200)
      for (const { resource } of body.entry ?? []) seen.push(resource.id as string)
      const url = (body.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url
      next = url?.replace(/^.*?\/fhir\//, '')
      expect(seen.length).toBeLessThan(20_000)
      await disturbed()
    }
  } finally {
    await Promise.all(stops.map(stop => stop()))
  }
  const wanted = new Set(untouched)
  expect(seen.filter(id => wanted.has(id)).sort()).toEqual(untouched)
  // in the default order nothing at all comes twice: an update moves nobody
  if (!first.includes('_sort')) expect(new Set(seen).size).toBe(seen.length)
})

test('the pages of a history do not repeat or leave out versions while others write', async () => {
  const stops = [1, 2].map(writing)
  const seen: string[] = []
  for (let next: string | undefined = 'Patient/_history?_count=200'; next !== undefined && seen.length < 4000; ) {
    const { body } = await server.ask('GET', next)
    for (const { fullUrl, response } of body.entry ?? []) seen.push(`${fullUrl.split('/').at(-1)} ${response.etag}`)
    next = (body.link as { relation: string; url: string }[])
      .find(({ relation }) => relation === 'next')
      ?.url.replace(/^.*?\/fhir\//, '')
  }
  await Promise.all(stops.map(stop => stop()))
  expect(new Set(seen).size).toBe(seen.length)
  expect(
    seen.filter(each => untouched.includes(each.split(' ')[0]!) && each.endsWith('W/"1"')).length,
  ).toBeLessThanOrEqual(untouched.length)
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
