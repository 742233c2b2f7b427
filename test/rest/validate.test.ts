/**
 * $validate, over HTTP: lines and columns need the text that was sent.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
import type { OperationOutcome } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holding } from '../help/cost.ts'
import { ADMIN, serve, type Served } from '../http/serving.ts'

let server: Served
beforeAll(async () => {
  server = await serve()
  await server.ask('PUT', '/fhir/Patient/p', { body: { resourceType: 'Patient', id: 'p', birthDate: '1970' } })
})
afterAll(() => server.close())

interface Told {
  readonly status: number
  readonly issues: OperationOutcome['issue']
  /** `severity code expression`, errors only. */
  readonly errors: string[]
  readonly said: string
}

async function validate(path: string, body?: string | object, headers: Record<string, string> = {}): Promise<Told> {
  const answer = await server.ask(body === undefined ? 'GET' : 'POST', `/fhir/${path}`, {
    headers,
    ...(body === undefined ? {} : { body }),
  })
  expect(answer.body?.resourceType, answer.text.slice(0, 200)).toBe('OperationOutcome')
  const issues = answer.body.issue as OperationOutcome['issue']
  const bad = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal')
  return {
    status: answer.status,
    issues,
    errors: bad.map(({ code, expression }) => `${code} ${expression?.[0] ?? ''}`.trim()),
    said: issues.map(({ diagnostics }) => diagnostics).join('\n'),
  }
}

const weight = {
  resourceType: 'Observation',
  status: 'final',
  category: [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
  ],
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: 'Patient/p' },
  effectiveDateTime: '2026-01-31',
  valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
}
const BODYWEIGHT = 'http://hl7.org/fhir/StructureDefinition/bodyweight'
const without = (name: keyof typeof weight) => ({ ...weight, [name]: undefined })

describe('a resource sent bare', () => {
  test('that is fine is told to be, with 200', async () => {
    for (const path of ['$validate', 'Observation/$validate', `Observation/$validate?profile=${BODYWEIGHT}`]) {
      const { status, errors } = await validate(path, weight)
      expect([path, status, errors]).toEqual([path, 200, []])
    }
  })

  test('that is wrong is answered 200 too, with an error at its FHIRPath, line and column', async () => {
    const text = '{\n  "resourceType": "Patient",\n  "name": [\n    { "family": 5 }\n  ]\n}'
    const { status, issues, errors } = await validate('Patient/$validate', text)
    expect(status).toBe(200)
    expect(errors.some(each => each.endsWith('Patient.name[0].family'))).toBe(true)
    const [issue] = issues.filter(({ expression }) => expression?.[0] === 'Patient.name[0].family')
    expect(issue!.location).toEqual(['Line 4, Column 7'])
    expect(issue!.extension).toContainEqual({
      url: 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line',
      valueInteger: 4,
    })
  })

  test('is held against a profile in the URL, and the issue names the profile as its origin', async () => {
    const other = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
    expect((await validate('Observation/$validate', other)).errors).toEqual([])
    const { errors, said } = await validate(`Observation/$validate?profile=${BODYWEIGHT}`, other)
    expect(errors.length).toBeGreaterThan(0)
    expect(said).toContain(BODYWEIGHT)
  })

  test('is held against the profiles it declares', async () => {
    const declared = { ...without('category'), meta: { profile: [BODYWEIGHT] } }
    expect((await validate('Observation/$validate', declared)).errors.length).toBeGreaterThan(0)
  })

  test('of another type than the URL names is told so', async () => {
    expect((await validate('Patient/$validate', weight)).errors).toContain('invalid resourceType')
  })

  test('is told about in Chinese when that is asked for', async () => {
    const zh = { 'accept-language': 'zh-TW' }
    expect((await validate('Patient/$validate', { resourceType: 'Patient', name: 'x' }, zh)).said).toMatch(/[一-鿿]/)
    expect((await validate('Observation/$validate', weight, zh)).said).toMatch(/^[^a-z]*[一-鿿]/)
    expect((await validate('Patient/$validate', { resourceType: 'Patient', name: 'x' })).said).not.toMatch(/[一-鿿]/)
  })

  test('is not stored', async () => {
    const before = (await server.ask('GET', '/fhir/Observation?_summary=count')).body.total as number
    await validate('Observation/$validate', weight)
    expect((await server.ask('GET', '/fhir/Observation?_summary=count')).body.total).toBe(before)
  })
})

describe('a resource sent in Parameters', () => {
  const wrapped = (resource: object, ...more: object[]) => ({
    resourceType: 'Parameters',
    parameter: [...more, { name: 'resource', resource }],
  })

  test('is validated with the mode and profile beside it', async () => {
    const profile = { name: 'profile', valueUri: BODYWEIGHT }
    expect((await validate('$validate', wrapped(weight, profile))).errors).toEqual([])
    const { errors } = await validate('Observation/$validate', wrapped(without('category'), profile))
    expect(errors.length).toBeGreaterThan(0)
  })

  test('has its own lines', async () => {
    const text =
      '{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient",\n"gender":"x"}}]}'
    const { issues } = await validate('$validate', text)
    expect(issues.find(({ expression }) => expression?.[0] === 'Patient.gender')?.location).toEqual([
      'Line 2, Column 1',
    ])
  })

  test('may be Parameters itself', async () => {
    const inner = { resourceType: 'Parameters', parameter: [{ name: 'x', valueString: 'y' }] }
    expect((await validate('Parameters/$validate', wrapped(inner))).errors).toEqual([])
    expect((await validate('Parameters/$validate', inner)).errors).toEqual([])
  })

  test('with a parameter there is not, or a mode there is not, is 400 and told what there is', async () => {
    const other = await validate('$validate', wrapped(weight, { name: 'profil', valueUri: BODYWEIGHT }))
    expect([other.status, other.said.includes('profile')]).toEqual([400, true])
    const mode = await validate('$validate', wrapped(weight, { name: 'mode', valueCode: 'patch' }))
    expect([mode.status, mode.said.includes('create')]).toEqual([400, true])
  })
})

describe('modes', () => {
  test('update needs the id of the URL in the resource', async () => {
    const patient = { resourceType: 'Patient', id: 'p' }
    expect((await validate('Patient/p/$validate?mode=update', patient)).errors).toEqual([])
    expect((await validate('Patient/p/$validate?mode=update', { ...patient, id: 'q' })).errors).toEqual([
      'value Patient.id',
    ])
    expect((await validate('Patient/$validate?mode=update', { resourceType: 'Patient' })).errors).toEqual([
      'required Patient.id',
    ])
    expect((await validate('Patient/$validate?mode=create', { resourceType: 'Patient' })).errors).toEqual([])
  })

  test('delete asks whether the stored resource may go', async () => {
    expect(await validate('Patient/p/$validate?mode=delete')).toMatchObject({ status: 200, errors: [] })
    expect((await validate('Patient/none/$validate?mode=delete')).status).toBe(404)
    expect((await validate('Patient/$validate?mode=delete', { resourceType: 'Patient' })).status).toBe(400)
  })

  test('profile asks of a stored resource whether it conforms', async () => {
    const US = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-patient'
    expect((await validate(`Patient/p/$validate?mode=profile&profile=${US}`)).status).toBe(200)
    expect((await validate('Patient/p/$validate?mode=profile')).status).toBe(400)
  })
})

describe('a stored resource', () => {
  test('is validated by GET and by POST without a body', async () => {
    expect(await validate('Patient/p/$validate')).toMatchObject({ status: 200, errors: [] })
    const answer = await server.ask('POST', '/fhir/Patient/p/$validate')
    expect([answer.status, answer.body.resourceType]).toEqual([200, 'OperationOutcome'])
  })

  test('that is not there is 404', async () => {
    expect((await validate('Patient/none/$validate')).status).toBe(404)
  })
})

describe('input that is nothing', () => {
  test.each([
    ['{"resourceType": "Patient",\n "name": [}', 2],
    ['{"resourceType": "Patient"', 1],
    ['not JSON at all', 1],
    ['{"resourceType":"Patient","id":"a","id":"b"}', undefined],
    ['[1, 2]', undefined],
    ['"text"', undefined],
    ['{"a": 1}', undefined],
    ['{"resourceType": 5}', undefined],
    ['{"resourceType": "Pateint"}', undefined],
    [`${'{"extension":['.repeat(5000)}${']}'.repeat(5000)}`, undefined],
    ['{"resourceType":"Patient","name":[{"text":"\\u0000"}]}', undefined],
  ])('%j is answered 200 with an issue that says what is wrong', async (text, line) => {
    const { status, errors, issues } = await validate('$validate', text)
    expect(status).toBe(200)
    expect(errors.length).toBeGreaterThan(0)
    expect(issues[0]!.diagnostics!.length).toBeGreaterThan(20)
    if (line) expect(issues[0]!.location).toEqual([expect.stringMatching(`^Line ${line}, Column \\d+$`)])
  })

  test('at all is 400', async () => {
    expect((await validate('Patient/$validate')).status).toBe(400)
    const answer = await server.ask('POST', '/fhir/Patient/$validate')
    expect([answer.status, answer.body.issue[0].diagnostics]).toEqual([400, expect.stringContaining('no resource')])
  })

  test('a profile that is no URL is 400; one that is not here is an error that names it', async () => {
    expect(await validate('Observation/$validate?profile=bodyweight', weight)).toMatchObject({ status: 400 })
    const { status, errors, said } = await validate('Observation/$validate?profile=http://example.org/none', weight)
    expect([status, errors.length > 0, said.includes('http://example.org/none')]).toEqual([200, true, true])
    const version = await validate(`Observation/$validate?profile=${BODYWEIGHT}|9.9.9`, weight)
    expect(version.errors.length).toBeGreaterThan(0)
  })

  test('a profile of another type is an error', async () => {
    const patient = { resourceType: 'Patient' }
    expect((await validate(`Patient/$validate?profile=${BODYWEIGHT}`, patient)).errors.length).toBeGreaterThan(0)
  })

  test('16 MB are answered, and the event loop is not held meanwhile', { timeout: 120_000 }, async () => {
    const entry = Array.from({ length: 40_000 }, (_, i) => ({
      fullUrl: `http://example.org/fhir/Observation/o${i}`,
      resource: { ...weight, id: `o${i}`, note: [{ text: 'x'.repeat(200) }] },
    }))
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }).slice(0, 16 * 1024 * 1024)
    const { status, issues } = await validate('$validate', body)
    // cut in the middle it is no JSON; whole it is told of entry by entry
    expect([status, issues[0]!.severity]).toEqual([200, 'fatal'])
    const whole = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: entry.slice(0, 15_000) })
    const { result, longest } = await holding(() => validate('$validate', whole))
    expect(result.status).toBe(200)
    // the client's own part, in the same process, is in it
    expect(longest).toBeLessThan(2_000)
  })
})

describe('the level of a tenant', () => {
  const headers = { Authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
  const admin = (method: string, path: string, body: object) => server.ask(method, `/admin/${path}`, { headers, body })
  const bare = { resourceType: 'Observation', code: { text: 'x' } }
  const declared = { ...without('category'), meta: { profile: [BODYWEIGHT] }, subject: undefined }
  const post = async (tenant: string, body: object) =>
    (await server.ask('POST', `/t/${tenant}/fhir/Observation`, { body })).status

  test('is changed by PATCH /admin/tenants/{t} and counts from the next request on, for this tenant only', async () => {
    expect((await admin('POST', 'tenants', { name: 'lab' })).body.validation).toBeUndefined()
    expect([await post('lab', bare), await post('lab', declared)]).toEqual([422, 201])
    expect((await admin('PATCH', 'tenants/lab', { validation: 'full' })).body.validation).toBe('full')
    expect([await post('lab', bare), await post('lab', declared)]).toEqual([422, 422])
    expect((await admin('PATCH', 'tenants/lab', { validation: 'off' })).body.validation).toBe('off')
    expect([await post('lab', bare), await post('lab', declared)]).toEqual([201, 201])
    expect((await server.ask('POST', '/fhir/Observation', { body: bare })).status).toBe(422)
    expect((await admin('PATCH', 'tenants/lab', { validation: 'server' })).body.validation).toBeUndefined()
    expect(await post('lab', bare)).toBe(422)
  })

  test('can be given when it is made, and a copy has it too', async () => {
    expect((await admin('POST', 'tenants', { name: 'strict', validation: 'full' })).body.validation).toBe('full')
    expect((await admin('POST', 'tenants', { name: 'copy', copyOf: 'strict' })).body.validation).toBe('full')
    expect(await post('copy', declared)).toBe(422)
  })

  test('is one of off, base, full and server', async () => {
    const { status, body } = await admin('PATCH', 'tenants/lab', { validation: 'some' })
    expect([status, body.issue[0].diagnostics.includes('validation')]).toEqual([422, true])
    expect((await admin('PATCH', 'tenants/none', { validation: 'full' })).status).toBe(404)
  })
})
