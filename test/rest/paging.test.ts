/** Pages: whole, without repeats, and nobody else's. https://hl7.org/fhir/R4/http.html#paging */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandboxUser } from '../../src/access/caller.ts'
import { openServer, type TestServer } from '../help/server.ts'
import { entries, found, linkTo, pages } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

let server: TestServer
let now = Date.parse('2026-03-01T00:00:00Z')
const everybody: string[] = []
beforeAll(async () => {
  server = await openServer({ now: () => now++ })
  for (let i = 0; i < 23; i++) {
    const id = `p${String(i).padStart(2, '0')}`
    everybody.push(`Patient/${id}`)
    await server.put(
      `Patient/${id}`,
      patient(id, i % 3 === 0 ? 'Wang' : 'Lin', `G${i}`, i % 4 === 0 ? { birthDate: undefined } : {}),
    )
  }
})
afterAll(() => server.close())

describe('pages', () => {
  for (const sort of [
    '',
    '&_sort=family',
    '&_sort=-family',
    '&_sort=birthdate,-_id',
    '&_sort=_lastUpdated',
    '&_sort=-_id',
  ]) {
    for (const count of [1, 5, 23, 22]) {
      test(`of ${count}${sort} put together are the whole, without repeats`, async () => {
        const all = await pages(server, `Patient?_count=${count}${sort}`)
        const ids = all.flatMap(page => found(page))
        expect(ids.toSorted()).toEqual(everybody)
        expect(all.length).toBe(Math.ceil(23 / count))
        if (sort || count < 23) expect(ids).toEqual(found(await server.get(`Patient?_count=100${sort}`)))
      })
    }
  }

  test('keep the search: filter, subset, order', async () => {
    const all = await pages(server, 'Patient?family=Wang&_count=3&_elements=gender&_sort=_id')
    expect(all.flatMap(page => found(page))).toEqual(everybody.filter((_, i) => i % 3 === 0))
    for (const page of all) for (const { resource } of entries(page)) expect(resource).not.toHaveProperty('name')
  })

  test('do not lose or repeat what stays while others write', async () => {
    const first = await server.get('Patient?_count=7')
    const seen = found(first)
    for (let next = linkTo(first, 'next'), i = 0; next; i++) {
      await server.put(`Patient/new${i}`, patient(`new${i}`, 'Hsu', 'N'))
      await server.put('Patient/p01', patient('p01', 'Lin', `Changed${i}`))
      const page = await server.get(next)
      seen.push(...found(page))
      next = linkTo(page, 'next')
    }
    expect(seen.toSorted()).toEqual(everybody)
    for (let i = 0; i < 5; i++) await server.delete(`Patient/new${i}`)
  })

  test('link to themselves, to the first and to the next, each with one parameter', async () => {
    const first = await server.get('Patient?family=Lin&_count=2')
    const next = linkTo(first, 'next')!
    expect(next).toMatch(/^Patient\?_cursor=[\w-]+$/)
    const second = await server.get(next)
    expect(linkTo(second, 'self')).toBe(next)
    expect(linkTo(second, 'first')).toBe('Patient?family=Lin&_count=2')
    expect(next).not.toContain('Lin')
  })

  test('of a POST are asked by GET', async () => {
    const first = await server.ask('POST', 'Patient/_search?_count=20')
    expect(found(await server.get(linkTo(first, 'next')!))).toHaveLength(3)
  })

  test('of a POST, or sorted by a value, do not show in the link what was asked or where it goes on', async () => {
    const posted = await server.ask('POST', 'Patient/_search', {
      body: Buffer.from('gender=female&_count=2'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    const sorted = await server.get('Patient?_sort=family&_count=2')
    for (const { text } of [posted, sorted]) {
      const link = (JSON.parse(text) as { link: { relation: string; url: string }[] }).link.find(
        ({ relation }) => relation === 'next',
      )
      const cursor = new URL(link!.url).searchParams.get('_cursor')!
      expect(Buffer.from(cursor.slice(1), 'base64url').toString('latin1')).not.toMatch(/female|family|Patient/)
    }
  })

  test('are the same page each time a link is used', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    expect(found(await server.get(next))).toEqual(found(await server.get(next)))
  })

  test('may be asked for in another form, but not for another search', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    expect((await server.get(`${next}&_format=json&_pretty=true`)).status).toBe(200)
    const answer = await server.get(`${next}&family=Wang`)
    expect(answer.status).toBe(400)
    expect(answer.said).toContain('family')
  })
})

describe('a page link', () => {
  test('changed in any character is refused', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    const start = next.indexOf('=') + 1
    for (let i = start; i < next.length; i += 7) {
      const changed = next.slice(0, i) + (next[i] === 'A' ? 'B' : 'A') + next.slice(i + 1)
      const answer = await server.get(changed)
      expect(answer.status).toBe(400)
      expect(answer.said).toContain('Start the search again')
    }
    for (const wrong of [next.slice(0, -1), `${next}A`, next.slice(0, start + 10)])
      expect((await server.get(wrong)).status).toBe(400)
  })

  test('of another caller is refused', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    expect((await server.ask('GET', next, { caller: { ...sandboxUser, id: 'somebody else' } })).status).toBe(400)
  })

  test('of another address is refused', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    expect((await server.get(next.replace('Patient', 'Observation'))).status).toBe(400)
  })

  test('of another tenant is refused', async () => {
    const other = await openServer()
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    expect((await other.get(next)).status).toBe(400)
    await other.close()
  })

  test('older than a day answers 410 and says to start again', async () => {
    const next = linkTo(await server.get('Patient?_count=2'), 'next')!
    now += 23 * 3600 * 1000
    const second = await server.get(next)
    expect(second.status).toBe(200)
    now += 2 * 3600 * 1000
    const answer = await server.get(next)
    expect(answer.status).toBe(410)
    expect(answer.said).toContain('Start the search again')
    // a link from a later page is as old as the search
    expect((await server.get(linkTo(second, 'next')!)).status).toBe(410)
  })
})
