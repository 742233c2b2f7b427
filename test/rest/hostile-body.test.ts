import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cost } from '../help/cost.ts'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

const patient = (more: object) => ({ resourceType: 'Patient', ...more })
/** The issues that a Patient with these elements gets, as `where: what`. */
async function issues(more: object): Promise<string[]> {
  const { status, body } = await server.post('Patient', patient(more))
  if (status === 201) return []
  expect(status).toBe(422)
  return (body!.issue as { expression: string[]; diagnostics: string }[]).map(
    ({ expression, diagnostics }) => `${expression[0]}: ${diagnostics}`,
  )
}

describe('a body is refused with 422, telling where and what to do, when it has', () => {
  test('an element that its type does not have', async () => {
    expect(await issues({ nmae: [{ family: 'x' }] })).toEqual([
      'Patient.nmae: There is no element "nmae" here. Did you mean "name"?',
    ])
    expect(await issues({ name: [{ family: 'x' }, { famly: 'x' }] })).toEqual([
      'Patient.name[1].famly: There is no element "famly" here. Did you mean "family"?',
    ])
    expect(await issues({ contact: [{ name: { text: 'x', resourceType: 'HumanName' } }] })).toEqual([
      'Patient.contact[0].name.resourceType: There is no element "resourceType" here. Only resources have it.',
    ])
  })

  test.each([
    [{ name: { family: 'x' } }, 'Patient.name', 'it may repeat, so it is an array'],
    [{ gender: ['male'] }, 'Patient.gender', 'without brackets'],
    [{ gender: 1 }, 'Patient.gender', 'is a number; it should be a string'],
    [{ active: 'true' }, 'Patient.active', 'is a string; it should be a boolean (boolean), without quotes'],
    [{ multipleBirthInteger: '2' }, 'Patient.multipleBirthInteger', 'should be a number'],
    [{ maritalStatus: 'M' }, 'Patient.maritalStatus', 'should be an object (CodeableConcept)'],
    [{ name: ['Lin'] }, 'Patient.name[0]', 'should be an object (HumanName)'],
    [{ name: [[{}]] }, 'Patient.name[0]', 'is an array'],
    [{ contained: ['x'] }, 'Patient.contained[0]', 'should be a resource'],
  ])('the wrong kind of JSON: %j', async (more, where, what) => {
    const [issue] = await issues(more)
    expect(issue).toContain(`${where}: `)
    expect(issue).toContain(what)
  })

  test.each([
    [{ name: [] }, 'Patient.name'],
    [{ maritalStatus: {} }, 'Patient.maritalStatus'],
    [{ gender: '' }, 'Patient.gender'],
    [{ gender: null }, 'Patient.gender'],
    [{ name: [null] }, 'Patient.name[0]'],
    [{ name: [{ given: [null] }] }, 'Patient.name[0].given[0]'],
    [{ name: [{ given: ['a', null], _given: [null] }] }, 'Patient.name[0].given[1]'],
    [{ name: [{ given: [null], _given: [null] }] }, 'Patient.name[0].given[0]'],
    [{ _gender: {} }, 'Patient._gender'],
  ])('something empty: %j', async (more, where) => {
    expect((await issues(more)).map(issue => issue.split(': ')[0])).toContain(where)
  })

  test('control characters, and takes tabs and line ends', async () => {
    for (const text of ['\u0001', 'a\u001fb', '\u000b']) expect(await issues({ language: text })).toHaveLength(1)
    expect((await server.post('Patient', patient({ language: 'a\u0000' }))).status).toBe(400)
    expect(await issues({ name: [{ text: 'a\tb\r\nc\u007f' }] })).toEqual([])
  })

  test('contained resources within contained ones, or of no type', async () => {
    expect(
      await issues({
        contained: [{ resourceType: 'Organization', id: 'o', contained: [{ resourceType: 'Location', id: 'l' }] }],
      }),
    ).toEqual(['Patient.contained[0]: A contained resource cannot contain others; put them beside it.'])
    expect(await issues({ contained: [{ id: 'x' }] })).toEqual([
      'Patient.contained[0]: A resource has no "resourceType".',
    ])
    expect((await issues({ contained: [{ resourceType: 'Organisation', id: 'x' }] }))[0]).toContain(
      'Did you mean "Organization"',
    )
    expect(await issues({ contained: [{ resourceType: 'Organization', id: 'x', nmae: 'y' }] })).toHaveLength(1)
  })

  test('many faults: all at once, and no more than twenty', async () => {
    expect(await issues({ a: 1, gender: 2, name: 3 })).toHaveLength(3)
    expect(await issues(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, i])))).toHaveLength(20)
    expect(await issues({ name: Array.from({ length: 5000 }, () => null) })).toHaveLength(20)
    expect(await issues({ name: [{ given: Array.from({ length: 5000 }, () => 7) }] })).toHaveLength(20)
  })
})

describe('a body is taken that has', () => {
  test.each([
    [{ birthDate: '1970', _birthDate: { extension: [{ url: 'urn:x', valueString: 'y' }] } }],
    [{ _gender: { extension: [{ url: 'urn:x', valueCode: 'y' }] } }],
    [{ name: [{ given: ['a', null, 'c'], _given: [null, { id: 'x' }, null] }] }],
    [{ name: [{ _given: [{ id: 'x' }] }] }],
    [{ contained: [{ resourceType: 'Organization', id: 'o', name: 'x' }], managingOrganization: { reference: '#o' } }],
    [{ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' } }],
    [{ extension: [{ url: 'urn:x', extension: [{ url: 'urn:y', valueQuantity: { value: 1.5 } }] }] }],
    [{ name: [{ text: '𠮷野家 林怡君' }] }],
  ])('%j', async more => {
    expect(await issues(more)).toEqual([])
  })

  test('resources within a Bundle, each checked by its own type', async () => {
    const bundle = (resource: object) => ({ resourceType: 'Bundle', type: 'collection', entry: [{ resource }] })
    expect(
      (
        await server.post(
          'Bundle',
          bundle({
            resourceType: 'Observation',
            status: 'final',
            code: { text: 'x' },
            component: [{ code: { text: 'y' }, valueBoolean: true }],
          }),
        )
      ).status,
    ).toBe(201)
    expect((await server.post('Bundle', bundle({ resourceType: 'Observation', statsu: 'final' }))).said).toContain(
      'Did you mean "status"',
    )
    expect((await server.post('Bundle', bundle(bundle({ resourceType: 'Patient', name: 'x' })))).status).toBe(422)
  })

  test('items within items, as deep as a resource goes', async () => {
    let item: object = { linkId: 'x', type: 'group' }
    for (let i = 0; i < 25; i++) item = { linkId: 'x', type: 'group', item: [item] }
    expect(
      (await server.post('Questionnaire', { resourceType: 'Questionnaire', status: 'draft', item: [item] })).status,
    ).toBe(201)
  })
})

describe('a hostile body', () => {
  test('cannot reach into objects of the server', async () => {
    for (const text of [
      '{"resourceType":"Patient","__proto__":{"polluted":true}}',
      '{"resourceType":"Patient","constructor":{"prototype":{"polluted":true}}}',
      '{"resourceType":"Patient","name":[{"__proto__":{"polluted":true}}]}',
      '{"resourceType":"Patient","toString":"x","hasOwnProperty":1}',
    ]) {
      expect((await server.ask('POST', 'Patient', { body: text })).status).toBe(422)
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    for (const type of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect((await server.post('Patient', { resourceType: type })).status).toBe(400)
      expect((await server.post(type, patient({}))).status).toBe(404)
    }
  })

  test('by patch cannot either', async () => {
    const { id } = await server.create(patient({}) as { resourceType: string })
    for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted', '/name/__proto__/polluted']) {
      const { status } = await server.patch(`Patient/${id}`, [{ op: 'add', path, value: true }], {
        'content-type': 'application/json-patch+json',
      })
      expect([path, status >= 400 && status < 500]).toEqual([path, true])
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('is answered in time, however large', async () => {
    const taken = await cost(async () => {
      const name = Array.from({ length: 100_000 }, () => ({ given: ['x'] }))
      expect((await server.post('Patient', patient({ name }))).status).toBe(201)
      await server.post('Patient', patient({ language: 'x'.repeat(2_000_000), nonsense: 1 }))
      await server.post('Patient', patient({ ['x'.repeat(2_000_000)]: 1 }))
    })
    expect(taken).toBeLessThan(3_000)
  })

  test('is not repeated at length in the answer', async () => {
    expect((await server.post('Patient', patient({ ['x'.repeat(100_000)]: 1 }))).text.length).toBeLessThan(1000)
    expect((await server.post('Patient', { resourceType: 'X'.repeat(100_000) })).text.length).toBeLessThan(1000)
    expect((await server.put('Patient/a', patient({ id: 'x'.repeat(100_000) }))).text.length).toBeLessThan(1000)
  })

  test('with an id that is no text is refused where the id counts', async () => {
    for (const id of [1, true, ['a'], { a: 1 }, null]) {
      expect([400, 422]).toContain((await server.put('Patient/a', patient({ id }))).status)
      expect([400, 422]).toContain((await server.put('Patient?name=nobody-has-this', patient({ id }))).status)
    }
  })

  test('with a meta that is none does not stop the server', async () => {
    for (const meta of [1, 'x', [], null, { versionId: 3 }, { lastUpdated: {} }, { tag: {} }]) {
      expect([meta, (await server.post('Patient', patient({ meta }))).status]).toEqual([meta, 422])
    }
  })
})
