/** Compartments. https://hl7.org/fhir/R4/compartmentdefinition.html */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compartmentFilter, compartmentGroups } from '../../src/access/compartment.ts'
import { definitions, openServer, type TestServer } from '../help/server.ts'
import { found, pages, total } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
  const put = (resource: { resourceType: string; id: string; [name: string]: unknown }) =>
    server.put(`${resource.resourceType}/${resource.id}`, resource)
  await put(patient('p1', 'Wang', 'A'))
  await put(patient('p2', 'Wang', 'B', { link: [{ other: { reference: 'Patient/p1' }, type: 'seealso' }] }))
  const of = (id: string, more: Record<string, unknown>) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'x' },
    ...more,
  })
  await put(of('subject', { subject: { reference: 'Patient/p1' } }))
  await put(of('performer', { subject: { reference: 'Patient/p2' }, performer: [{ reference: 'Patient/p1' }] }))
  await put(of('focus', { subject: { reference: 'Patient/p2' }, focus: [{ reference: 'Patient/p1' }] }))
  await put({ resourceType: 'Condition', id: 'c1', subject: { reference: 'Patient/p1' } })
  await put({
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/p1' },
  })
  await put({
    resourceType: 'Procedure',
    id: 'r1',
    status: 'completed',
    subject: { reference: 'Patient/p1' },
    encounter: { reference: 'Encounter/e1' },
  })
  await put({ resourceType: 'Practitioner', id: 'dr' })
})
afterAll(() => server.close())

describe('the compartment of a patient', () => {
  test('has what its definition says, by each of the parameters, and nothing else', async () => {
    expect(found(await server.get('Patient/p1/Observation')).toSorted()).toEqual([
      'Observation/performer',
      'Observation/subject',
    ])
    expect(found(await server.get('Patient/p2/Observation')).toSorted()).toEqual([
      'Observation/focus',
      'Observation/performer',
    ])
  })

  test('is searched with further parameters, by GET and by POST', async () => {
    expect(found(await server.get('Patient/p1/Observation?subject=Patient/p1'))).toEqual(['Observation/subject'])
    expect(found(await server.ask('POST', 'Patient/p1/Observation/_search?subject=Patient/p1'))).toEqual([
      'Observation/subject',
    ])
  })

  test('is paged', async () => {
    const all = await pages(server, 'Patient/p1/Observation?_count=1')
    expect(all.map(page => found(page).length)).toEqual([1, 1])
  })

  test('has resources of all types under *, the patient among them, in pages without gaps, repeats or an empty end', async () => {
    const whole = [
      'Condition/c1',
      'Encounter/e1',
      'Observation/performer',
      'Observation/subject',
      'Patient/p1',
      'Patient/p2',
      'Procedure/r1',
    ]
    for (const count of [1, 2, 3, 7, 50]) {
      const all = await pages(server, `Patient/p1/*?_count=${count}`)
      expect(all.flatMap(page => found(page)).toSorted()).toEqual(whole)
      expect(all).toHaveLength(Math.ceil(whole.length / count))
    }
  })

  test('under * counts them all, and narrows by _type', async () => {
    expect(total(await server.get('Patient/p1/*?_count=2&_total=accurate'))).toBe(7)
    expect(total(await server.get('Patient/p1/*?_summary=count'))).toBe(7)
    expect(found(await server.get('Patient/p1/*?_type=Condition,Encounter')).toSorted()).toEqual([
      'Condition/c1',
      'Encounter/e1',
    ])
    expect((await server.get('Patient/p1/*?_sort=_id')).status).toBe(400)
  })

  test('of nobody answers 404, and says why for a type that is never in it', async () => {
    expect((await server.get('Patient/nobody/Observation')).status).toBe(404)
    const answer = await server.get('Patient/p1/Practitioner')
    expect(answer.status).toBe(404)
    expect(answer.said).toContain('never in the compartment')
    const none = await server.get('Organization/o1/Patient')
    expect(none.status).toBe(404)
    expect(none.said).toContain('Patient')
  })
})

test('the compartment of an encounter is searched likewise', async () => {
  expect(found(await server.get('Encounter/e1/Procedure'))).toEqual(['Procedure/r1'])
  expect(found(await server.get('Encounter/e1/*')).toSorted()).toEqual(['Encounter/e1', 'Procedure/r1'])
})

describe('the filter of a compartment', () => {
  test('is none for types outside of it and for types without one', () => {
    expect(compartmentFilter(definitions, 'Patient', '1', 'Practitioner')).toBeUndefined()
    expect(compartmentFilter(definitions, 'Organization', '1', 'Patient')).toBeUndefined()
  })

  test('asks exactly the parameters of the definition', () => {
    for (const code of ['Patient', 'Encounter', 'RelatedPerson', 'Practitioner', 'Device']) {
      for (const [type, params] of definitions.compartment(code)!) {
        const text = JSON.stringify(compartmentFilter(definitions, code, '1', type) ?? '')
        for (const param of params.filter(each => each !== '{def}')) expect(text).toContain(`"param":"${param}"`)
        expect(text.split('"is":"has"').length - 1).toBe(params.filter(each => each !== '{def}').length)
      }
    }
  })

  test('groups all types once, the resource itself first', () => {
    const types = compartmentGroups(definitions, 'Patient', '1').flatMap(group => group.types)
    expect(types[0]).toBe('Patient')
    expect(new Set(types).size).toBe(types.length)
    expect(types.toSorted()).toEqual(
      definitions.resourceTypes.filter(type => compartmentFilter(definitions, 'Patient', '1', type)),
    )
  })
})
