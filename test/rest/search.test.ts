/** Search, as a client sees it. https://hl7.org/fhir/R4/http.html#search */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printJson } from '../../src/fhir/json.ts'
import { base, openServer, type TestServer } from '../help/server.ts'
import { entries, found, linkTo, total } from '../help/whole.ts'
import { observation, patient } from '../help/resources.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
  for (const [id, family, given] of [
    ['p1', '陳', '筱玲'],
    ['p2', 'Wang', 'Ming'],
    ['p3', 'Lin', 'Ya-Ting'],
  ] as const)
    await server.put(`Patient/${id}`, patient(id, family, given))
  await server.put('Observation/o1', printJson(observation('o1', 'Patient/p1', '72.50')))
  await server.put('MedicationRequest/m1', {
    resourceType: 'MedicationRequest',
    id: 'm1',
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/p1' },
    contained: [
      {
        resourceType: 'Medication',
        id: 'med',
        code: { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02BE01' }] },
      },
    ],
    medicationReference: { reference: '#med' },
  })
})
afterAll(() => server.close())

describe('a search', () => {
  test('answers a searchset with full URLs, modes and the stored text', async () => {
    const answer = await server.get('Patient?family=wang')
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 })
    expect(entries(answer)[0]).toMatchObject({
      fullUrl: `${base}/Patient/p2`,
      search: { mode: 'match' },
      resource: { id: 'p2', meta: { versionId: '1' } },
    })
  })

  test('keeps the digits of numbers', async () => {
    expect((await server.get('Observation?_id=o1')).text).toContain('"value":72.50')
    expect((await server.get('Observation?_id=o1&_elements=value')).text).toContain('"value":72.50')
  })

  test('by POST _search is the same as by GET', async () => {
    const byGet = await server.get('Patient?family=wang')
    const byPost = await server.ask('POST', 'Patient/_search?family=wang')
    expect(found(byPost)).toEqual(found(byGet))
    expect(linkTo(byPost, 'self')).toBe('Patient?family=wang')
  })

  test('finds Chinese names', async () => {
    expect(found(await server.get(`Patient?name=${encodeURIComponent('陳')}`))).toEqual(['Patient/p1'])
  })

  test('without matches has no entry and a total of 0', async () => {
    const answer = await server.get('Patient?family=nobody')
    expect(answer.body).not.toHaveProperty('entry')
    expect(total(answer)).toBe(0)
  })

  test('of the system goes over several types', async () => {
    const answer = await server.get('?_type=Patient,Observation&_count=10')
    expect(found(answer).sort()).toEqual(['Observation/o1', 'Patient/p1', 'Patient/p2', 'Patient/p3'])
    expect(linkTo(answer, 'self')).toContain('_type=Patient,Observation')
    expect(found(await server.ask('POST', '_search?_id=p1'))).toEqual(['Patient/p1'])
  })

  test('for the count only gives the total and no entry', async () => {
    for (const url of ['Patient?_summary=count', 'Patient?_count=0']) {
      const answer = await server.get(url)
      expect(answer.body).toMatchObject({ type: 'searchset', total: 3 })
      expect(answer.body).not.toHaveProperty('entry')
      expect(linkTo(answer, 'next')).toBeUndefined()
    }
  })

  test('with _total=accurate tells the total of all pages', async () => {
    const answer = await server.get('Patient?_count=1&_total=accurate')
    expect(total(answer)).toBe(3)
    expect(total(await server.get(linkTo(answer, 'next')!))).toBe(3)
  })

  test('tells no total that it does not know', async () => {
    expect((await server.get('Patient?_count=1')).body).not.toHaveProperty('total')
  })

  test('with _elements shows these, and says that it is not all', async () => {
    const [entry] = entries(await server.get('Patient?_id=p1&_elements=birthDate'))
    expect(entry!.resource).toMatchObject({ id: 'p1', birthDate: '1980-02-29' })
    expect(entry!.resource).not.toHaveProperty('name')
    expect(JSON.stringify(entry!.resource!.meta)).toContain('SUBSETTED')
  })

  test('with _summary=true leaves out what is not in the summary', async () => {
    const [entry] = entries(await server.get('Patient?_id=p1&_summary=true'))
    expect(entry!.resource).toHaveProperty('name')
    expect(JSON.stringify(entry!.resource!.meta)).toContain('SUBSETTED')
  })

  test('with _sort orders by the parameter', async () => {
    expect(found(await server.get('Patient?_sort=family'))).toEqual(['Patient/p3', 'Patient/p2', 'Patient/p1'])
    expect(found(await server.get('Patient?_sort=-_id'))).toEqual(['Patient/p3', 'Patient/p2', 'Patient/p1'])
  })

  test('tells in the self link exactly what was applied', async () => {
    expect(linkTo(await server.get('Patient?family=Wang&gender=female&_format=json&_count=5000'), 'self')).toBe(
      'Patient?family=Wang&gender=female&_count=1000',
    )
  })

  test('with _contained finds the container, or the contained resource', async () => {
    const asked = 'Medication?code=http://www.whocc.no/atc|N02BE01&_contained=true'
    expect(found(await server.get(asked))).toEqual(['MedicationRequest/m1'])
    const [entry] = entries(await server.get(`${asked}&_containedType=contained`))
    expect(entry).toMatchObject({
      fullUrl: `${base}/MedicationRequest/m1#med`,
      resource: { resourceType: 'Medication', id: 'med' },
      search: { mode: 'match' },
    })
    expect(found(await server.get('Medication?code=http://www.whocc.no/atc|N02BE01'))).toEqual([])
  })

  test('with _contained=both finds those that match by themselves too', async () => {
    const code = { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02BE02' }] }
    await server.put('Medication/alone', { resourceType: 'Medication', id: 'alone', code })
    const contained = [{ resourceType: 'Medication', id: 'med', code }]
    const request = {
      resourceType: 'MedicationRequest',
      id: 'with',
      status: 'active',
      intent: 'order',
      contained,
      medicationReference: { reference: '#med' },
      subject: { reference: 'Patient/p1' },
    }
    await server.put('MedicationRequest/with', request)
    const asked = 'Medication?code=http://www.whocc.no/atc|N02BE02'
    expect(found(await server.get(asked))).toEqual(['Medication/alone'])
    expect(found(await server.get(`${asked}&_contained=both`)).sort()).toEqual([
      'Medication/alone',
      'MedicationRequest/with',
    ])
    const inside = entries(await server.get(`${asked}&_contained=both&_containedType=contained`)).map(
      entry => entry.fullUrl,
    )
    expect(inside.sort()).toEqual([`${base}/Medication/alone`, `${base}/MedicationRequest/with#med`])
  })

  test('of an instance that looks like one is not a search', async () => {
    expect((await server.get('Nonsense?name=a')).status).toBe(404)
  })
})

describe('bad input to a search', () => {
  const bad = [
    'Patient?nmae=a', 'Patient?name:wrong=a', 'Patient?birthdate=soon', 'Patient?_count=-1', 'Patient?_count=x', 'Patient?_sort=nothing', 'Patient?_include=Patient',
    'Patient?_include=Nope:x', 'Patient?_revinclude=Observation:subject:Nope', 'Patient?_summary=maybe', 'Patient?_elements=nope', 'Patient?_total=some', 'Patient?_cursor=abc',
    'Patient?_cursor=', 'Patient?_has:Observation=1', 'Patient?_has:X:y:z=1', 'Patient?general-practitioner.nope=1', 'Patient?_filter=(((', 'Patient?_id=a b',
    'Patient?_lastUpdated=zz', 'Observation?value-quantity=x', 'Observation?code-value-quantity=a$b$c', 'Patient?=', 'Patient?=a', 'Patient?_type=Nope',
    'Location?near=a|b|c', 'Patient?_contained=maybe', 'Patient?__proto__=1', 'Patient?constructor=1', 'Patient?_sort=-', 'Patient?_list=$current',
  ] // prettier-ignore
  for (const url of bad) {
    test(`is refused with an outcome: ${url}`, async () => {
      const answer = await server.get(url)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(answer.said).not.toBe('')
    })
  }

  test('that is not UTF-8, or hostile to SQL, or very long, is no failure of the server', async () => {
    for (const value of [
      '%ff%fe',
      '%00',
      "';drop table resource;--",
      '%25',
      '%F0%9F%92%A9',
      '\\',
      '|',
      '|||',
      ',',
      ',,,',
      '%',
      'a'.repeat(7000),
      '*',
      '"',
      '%EF%BF%BF',
      '%ED%A0%80',
    ]) {
      for (const name of [
        'name',
        'name:contains',
        'identifier',
        'birthdate',
        '_id',
        '_text',
        '_content',
        '_lastUpdated',
        'general-practitioner',
        '_profile',
        '_filter',
        '_source',
        '_has:Observation:patient:code',
      ]) {
        const answer = await server.get(`Patient?${name}=${value}`)
        expect(answer.status, `${name}=${value.slice(0, 20)}`).toBeLessThan(500)
      }
    }
  })
})
