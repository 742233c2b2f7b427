/**
 * Every value of a request's body in turn replaced by one of another kind, or taken away: never a server error.
 * https://hl7.org/fhir/R4/json.html
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { complaints, fault, runServer, watching, type Running } from '../help/running-server.ts'

let server: Running
beforeAll(async () => void (server = await runServer()))
// some of what is sent is right, and deletes it
beforeEach(async () => {
  await server.ask('PUT', 'Patient/a', {
    body: { resourceType: 'Patient', id: 'a', active: true, name: [{ family: 'x', given: ['y', 'z'] }] },
  })
})
afterAll(() => server.end())

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

const others: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1e300,
  '',
  ' ',
  'x',
  '/',
  '#',
  '?',
  '$x',
  'urn:uuid:x',
  'Patient/a',
  'Patient?',
  '..',
  'a'.repeat(3000),
  [],
  [[]],
  [null],
  ['x'],
  {},
  { x: 1 },
  { resourceType: 'Patient' },
  [{}, {}],
  { reference: '#' },
]

/** The document with the value at each place replaced by each of the others, or without it. */
function* variants(document: Json): Generator<Json> {
  const places: (readonly (string | number)[])[] = []
  const walk = (value: Json, path: readonly (string | number)[]): void => {
    places.push(path)
    if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) walk(part, [...path, Array.isArray(value) ? Number(key) : key])
  }
  walk(document, [])
  for (const path of places) {
    for (const other of [...others, undefined]) {
      const root = { root: structuredClone(document) } as Record<string, unknown>
      const last = ['root', ...path].at(-1)!
      const holder = path.reduce<Record<string, unknown>>(
        (at, _, i) => at[['root', ...path][i]!] as Record<string, unknown>,
        root,
      )
      if (other === undefined && Array.isArray(holder)) holder.splice(Number(last), 1)
      else if (other === undefined) delete holder[last]
      else holder[last] = other
      if (root['root'] !== undefined) yield root['root'] as Json
    }
  }
}

const patient = {
  resourceType: 'Patient',
  id: 'b',
  meta: { tag: [{ system: 'urn:x', code: 'y' }], versionId: '1', lastUpdated: '2020-01-01T00:00:00Z' },
  name: [{ family: 'x', given: ['y', null], _given: [null, { id: 'z' }] }],
  birthDate: '2000-01-01',
  _birthDate: { extension: [{ url: 'urn:x', valueDecimal: 1.5 }] },
  contained: [{ resourceType: 'Organization', id: 'o' }],
  managingOrganization: { reference: '#o' },
}
const operation = (type: string, path: string, ...more: Json[]) => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...more],
})
const uuid = 'urn:uuid:00000000-0000-4000-8000-000000000001'

test.each<readonly [string, string, string, Json, Record<string, string>]>([
  ['a resource that is created', 'POST', 'Patient', patient as Json, {}],
  ['a resource that is put', 'PUT', 'Patient/b', patient as Json, {}],
  [
    'a measurement',
    'POST',
    'Observation',
    {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'urn:x', code: 'y' }] },
      subject: { reference: 'Patient/a', identifier: { system: 'urn:x', value: 'y' } },
      effectivePeriod: { start: '2020-01-01', end: '2021-01-01' },
      valueQuantity: { value: 1.5, system: 'http://unitsofmeasure.org', code: 'kg' },
    },
    {},
  ],
  [
    'a transaction',
    'POST',
    '',
    {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: uuid,
          resource: { resourceType: 'Patient', name: [{ family: 'x' }] },
          request: { method: 'POST', url: 'Patient', ifNoneExist: 'name=zzz' },
        },
        {
          resource: { resourceType: 'Basic', id: 'c', code: { text: 'x' }, subject: { reference: uuid } },
          request: { method: 'PUT', url: 'Basic/c', ifMatch: 'W/"1"' },
        },
        { request: { method: 'GET', url: 'Patient/a', ifNoneMatch: 'W/"9"' } },
      ],
    },
    {},
  ],
  [
    'a batch',
    'POST',
    '',
    {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        {
          resource: { resourceType: 'Parameters', parameter: [operation('delete', 'Patient.gender')] },
          request: { method: 'PATCH', url: 'Patient/a' },
        },
        { request: { method: 'DELETE', url: 'Patient?name=nobody' } },
        { request: { method: 'GET', url: 'Patient?name=x&_include=*', ifModifiedSince: '2020-01-01T00:00:00Z' } },
      ],
    },
    {},
  ],
  [
    'a JSON Patch',
    'PATCH',
    'Patient/a',
    [
      { op: 'test', path: '/active', value: true },
      { op: 'copy', from: '/name/0', path: '/name/-' },
      { op: 'remove', path: '/name/1' },
    ],
    { 'content-type': 'application/json-patch+json' },
  ],
  [
    'a FHIRPath Patch',
    'PATCH',
    'Patient/a',
    {
      resourceType: 'Parameters',
      parameter: [
        operation(
          'add',
          'Patient',
          { name: 'name', valueString: 'contact' },
          { name: 'value', part: [{ name: 'gender', valueCode: 'male' }] },
        ),
        operation(
          'insert',
          'Patient.name',
          { name: 'index', valueInteger: 0 },
          { name: 'value', valueHumanName: { family: 'z' } },
        ),
        operation(
          'move',
          'Patient.name',
          { name: 'source', valueInteger: 0 },
          { name: 'destination', valueInteger: 1 },
        ),
        operation('delete', "Patient.name.where(family = 'z')"),
        operation('delete', 'Patient.contact'),
      ],
    },
    {},
  ],
  [
    'the parameters of an operation',
    'POST',
    'Patient/a/$meta-add',
    {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'meta',
          valueMeta: { tag: [{ system: 'urn:x', code: 'y' }], security: [{ code: 'R' }], profile: ['urn:x'] },
        },
      ],
    },
    {},
  ],
  [
    'a search parameter',
    'PUT',
    'SearchParameter/s',
    {
      resourceType: 'SearchParameter',
      id: 's',
      url: 'urn:s',
      name: 's',
      status: 'active',
      description: 'x',
      code: 's',
      base: ['Patient'],
      type: 'composite',
      expression: 'Patient.name',
      target: ['Patient'],
      component: [
        { definition: 'http://hl7.org/fhir/SearchParameter/individual-family', expression: 'family' },
        { definition: 'http://hl7.org/fhir/SearchParameter/individual-given', expression: 'given' },
      ],
    },
    {},
  ],
] as const)('%s', { timeout: 60_000 }, async (_, method, path, document, headers) => {
  const faults: string[] = []
  const all = [...variants(document)]
  for (let i = 0; i < all.length; i += 32) {
    await Promise.all(
      all.slice(i, i + 32).map(async variant => {
        const sent = JSON.stringify(variant)
        const answer = await server.ask(method, path, { body: sent, headers })
        const wrong =
          fault(answer, sent) ||
          (/"status":"50[02]|\[object |\\"undefined/.test(answer.text)
            ? `in an entry: ${answer.text.slice(0, 400)}`
            : '')
        if (wrong) faults.push(`${wrong} of ${sent.slice(0, 500)}`)
      }),
    )
  }
  if (path.startsWith('SearchParameter')) {
    for (const variant of all.filter((_, i) => i % 5 === 0)) {
      await server.ask(method, path, { body: variant as object })
      const answer = await server.ask('POST', 'SearchParameter/$reindex', { body: { resourceType: 'Parameters' } })
      const wrong =
        fault(answer) ||
        fault(await server.ask('PUT', 'Patient/a', { body: { resourceType: 'Patient', id: 'a', active: true } }))
      if (wrong) faults.push(`${wrong} of ${JSON.stringify(variant).slice(0, 500)}`)
    }
  }
  expect(faults.slice(0, 5)).toEqual([])
})

test('names of a million characters', async () => {
  const long = 'a'.repeat(1_000_000)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const query of [
    `${long}=x`,
    `name:${long}=x`,
    `subject.${long}=x`,
    `_has:${long}:x:y=1`,
    `_has:Observation:subject:${long}=1`,
    `_sort=${long}`,
    `_include=${long}`,
    `_include=Patient:${long}`,
    `_elements=${long}`,
    `_summary=${long}`,
    `_filter=${long} eq x`,
    `birthdate=${long}`,
    `_id=${long}`,
    `_lastUpdated=${long}`,
    `_cursor=${long}`,
    `_count=${'9'.repeat(1_000_000)}`,
  ]) {
    const { result, whole } = await watching(server, () =>
      server.ask('POST', 'Patient/_search', { body: query, headers: form }),
    )
    expect([query.slice(0, 30), fault(result)]).toEqual([query.slice(0, 30), ''])
    expect([query.slice(0, 30), whole < 1000 || whole]).toEqual([query.slice(0, 30), true])
  }
  for (const entry of [
    { request: { method: 'GET', url: long } },
    { request: { method: 'GET', url: `Patient?${long}=x` } },
    { request: { method: long, url: 'Patient' } },
    {
      fullUrl: long,
      resource: { resourceType: 'Patient' },
      request: { method: 'POST', url: 'Patient', ifNoneExist: `${long}=x` },
    },
  ]) {
    for (const type of ['batch', 'transaction'])
      expect(fault(await server.ask('POST', '', { body: { resourceType: 'Bundle', type, entry: [entry] } }))).toBe('')
  }
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
