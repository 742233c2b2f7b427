/**
 * Rules acting on what is shown: refused, masked in every way out, and not to be found out by searching.
 * https://hl7.org/fhir/R4/security-labels.html
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../help/running-server.ts'
import { action, actionOn, ruleIn, runRuled, type Ruled } from '../help/ruled-server.ts'
import { condition, dynamic, plan } from '../help/rules.ts'

let server: Ruled
let id: string
let observation: string
const research = { 'x-purpose-of-use': 'HRESCH' }
const forResearch = condition("%request.purpose = 'HRESCH'")
const get = (url: string, headers: Record<string, string> = {}): Promise<Answer> => server.ask('GET', url, { headers })

const DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Secretname</div>'
// synthetic
const patient = {
  resourceType: 'Patient',
  text: { status: 'generated', div: DIV },
  identifier: [{ system: 'urn:t', value: 'S1' }],
  name: [{ family: 'Secretname', given: ['Secretgiven'] }],
  gender: 'female',
  birthDate: '1980-02-03',
  contact: [{ name: { family: 'Secretname' } }],
}

beforeAll(async () => {
  server = await runRuled()
  ;({ id } = await server.create(patient))
  const made = await server.create({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'urn:t', code: 'w' }] },
    subject: { reference: `Patient/${id}` },
    valueQuantity: { value: 1.5, unit: 'kg' },
  })
  observation = made.id
}, 30_000)
afterAll(() => server.end())
afterEach(() => server.withoutRules())

const maskNames = (more: object = {}) =>
  action('mask', 'data-accessed', 'Patient', {
    condition: [forResearch],
    dynamicValue: [
      { path: 'name' },
      { path: 'identifier' },
      { path: 'contact.name' },
      dynamic('birthDate', '%resource.birthDate.toString().substring(0, 4)'),
    ],
    ...more,
  })

describe('a rule that denies access', () => {
  test('refuses every way of asking for the type with 403, and names itself', async () => {
    const url = await server.rule('NoResearch', [
      action('deny', 'data-accessed', 'Patient', { condition: [forResearch] }),
    ])
    const asked = [
      `Patient/${id}`,
      `Patient/${id}/_history/1`,
      `Patient/${id}/_history`,
      'Patient/_history',
      'Patient',
      'Patient?name=x',
      `Patient/${id}/$everything`,
      `Patient/${id}/Observation`,
      `Patient/${id}/$meta`,
    ]
    for (const each of asked) {
      const answer = await get(each, research)
      expect([each, answer.status, ruleIn(answer)]).toEqual([each, 403, url])
      expect((await get(each)).status).toBe(200)
    }
    const { body } = await server.ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}` } }] },
      headers: research,
    })
    expect(body.entry[0].response.status).toMatch(/^403/)
    const patch = await server.ask('PATCH', `Patient/${id}`, {
      body: [{ op: 'test', path: '/gender', value: 'female' }],
      headers: { ...research, 'content-type': 'application/json-patch+json' },
    })
    expect(patch.status).toBe(403)
  })

  test('leaves the type out of what is shown beside others', async () => {
    await server.rule('NoResearch', [action('deny', 'data-accessed', 'Patient', { condition: [forResearch] })])
    for (const each of [
      `Observation?_include=Observation:subject&_id=${observation}`,
      '?_type=Patient,Observation',
      '_history',
    ]) {
      expect((await get(each)).text).toContain('Secretname')
      const hidden = await get(each, research)
      expect([each, hidden.status]).toEqual([each, 200])
      expect(hidden.text).not.toContain('Secretname')
      expect(hidden.text).toContain(observation)
    }
  })

  test('warns in a header', async () => {
    const url = await server.rule('Careful', [action('warn', 'data-accessed', 'Patient', { title: 'Take care' })])
    expect((await get(`Patient/${id}`)).headers['x-rule-warning']).toBe(`<${url}>; title*=UTF-8''Take%20care`)
  })

  test('is refused when it is saved, if it looks at what would be found', async () => {
    for (const expression of [
      "%resource.gender = 'female'",
      'gender.exists()',
      'exists()',
      '%mine',
      '%caller.scopes.where(%resource.active).exists()',
    ]) {
      const body = plan('Looks', [action('deny', 'data-accessed', 'Patient', { condition: [condition(expression)] })], {
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/variable',
            valueExpression: { name: 'mine', language: 'text/fhirpath', expression: '%resource.active' },
          },
        ],
      })
      const answer = await server.ask('POST', 'PlanDefinition', { body })
      expect([expression, answer.status]).toEqual([expression, 422])
      expect(answer.body.issue[0].expression).toEqual(['PlanDefinition.action[0].condition[0].expression'])
      expect(answer.body.issue[0].diagnostics).toContain('mask')
    }
    for (const expression of [
      "%caller.scopes.where($this = 'a').exists()",
      "%request.query.where(_id = 'x').exists()",
      'now() > today()',
    ])
      await server.rule(`Asks${expression.length}`, [
        action('deny', 'data-accessed', 'Basic', { condition: [condition(expression)] }),
      ])
  })
})

describe('a rule that masks', () => {
  test('hides its elements in every way out, and says so', async () => {
    await server.rule('Names', [maskNames()])
    const asked = [
      `Patient/${id}`,
      `Patient/${id}/_history/1`,
      `Patient/${id}/_history`,
      'Patient/_history',
      '_history',
      `Patient?_id=${id}`,
      'Patient?gender=female',
      `Observation?_include=Observation:subject&_id=${observation}`,
      `Patient?_id=${id}&_revinclude=Observation:subject`,
      `Patient/${id}/$everything`,
      `?_type=Patient,Observation`,
    ]
    for (const each of asked) {
      const shown = await get(each)
      expect([each, shown.status, shown.text.includes('Secretname')]).toEqual([each, 200, true])
      const masked = await get(each, research)
      expect([each, masked.status]).toEqual([each, 200])
      expect(masked.text).not.toMatch(/Secretname|Secretgiven|S1|1980-02-03/)
      expect(masked.text).toContain('"code":"REDACTED"')
      expect(masked.text).toContain('"birthDate":"1980"')
    }
    const { body } = await get(`Patient/${id}`, research)
    expect(body).toEqual({
      resourceType: 'Patient',
      id,
      meta: {
        versionId: '1',
        lastUpdated: expect.any(String) as string,
        security: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
            code: 'REDACTED',
            display: 'redacted',
          },
        ],
      },
      gender: 'female',
      birthDate: '1980',
    })
    const batch = await server.ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}` } }] },
      headers: research,
    })
    expect(batch.text).not.toContain('Secretname')
    expect(batch.text).toContain('REDACTED')
  })

  test('leaves what must be there, without its value', async () => {
    await server.rule('Required', [
      action('mask', 'data-accessed', 'Observation', {
        condition: [forResearch],
        dynamicValue: [{ path: 'status' }, { path: 'code' }, { path: 'valueQuantity' }],
      }),
    ])
    const { body } = await get(`Observation/${observation}`, research)
    const absent = {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
    }
    expect(body).toMatchObject({ _status: absent, code: absent })
    expect(body.status).toBeUndefined()
    expect(body.valueQuantity).toBeUndefined()
    const checked = await server.ask('POST', 'Observation/$validate', { body })
    const errors = checked.body.issue.filter(({ severity }: { severity: string }) => severity === 'error')
    // no extension stands for a code of a required binding: whoever masks one makes what FHIR does not have
    expect(errors.map(({ expression }: { expression: string[] }) => expression[0])).toEqual(['Observation.status'])
  })

  test('depends on the resource when its condition does', async () => {
    const other = await server.create({ ...patient, gender: 'male' })
    await server.rule('Women', [maskNames({ condition: [forResearch, condition("%resource.gender = 'female'")] })])
    expect((await get(`Patient/${id}`, research)).text).not.toContain('Secretname')
    const shown = await get(`Patient/${other.id}`, research)
    expect(shown.text).toContain('Secretname')
    expect(shown.text).not.toContain('REDACTED')
    expect(shown.body).toEqual((await get(`Patient/${other.id}`)).body)
  })

  test('masks also when it cannot be judged', async () => {
    await server.rule('Broken', [maskNames({ condition: [condition('%resource.name.family')] })])
    const { status, text } = await get(`Patient/${id}`)
    expect([status, text.includes('Secretname')]).toEqual([200, false])
  })

  test('refuses searches, sorts, chains and filters that would tell what is masked', async () => {
    const url = await server.rule('Names', [maskNames()])
    const asked = [
      'Patient?name=Secretname',
      'Patient?family=Secretname',
      'Patient?name:missing=false',
      'Patient?identifier=urn:t%7CS1',
      'Patient?birthdate=1980-02-03',
      'Patient?_sort=birthdate',
      'Patient?_sort=-family',
      'Observation?subject:Patient.name=Secretname',
      'Observation?patient.birthdate=1980-02-03',
      'Patient?_filter=name%20eq%20Secretname',
      'Patient?_content=Secretname',
      'Patient?_text=Secretname',
      'Patient?phonetic=Secretname',
      'Observation?_has:Patient:link:name=x'.replace('Observation', 'Patient'),
      `Patient/_search`,
    ]
    for (const each of asked) {
      const answer = each.endsWith('_search')
        ? await server.ask('POST', each, {
            body: 'name=Secretname',
            headers: { ...research, 'content-type': 'application/x-www-form-urlencoded' },
          })
        : await get(each, research)
      expect([each, answer.status, ruleIn(answer)]).toEqual([each, 403, url])
    }
    for (const each of [
      'Patient?gender=female',
      'Observation?subject:Patient.gender=female',
      'Patient?_lastUpdated=gt2020',
      'Observation?code=w&_sort=date',
    ])
      expect([each, (await get(each, research)).status]).toEqual([each, 200])
    for (const each of asked.filter(url => !url.endsWith('_search')))
      expect([each, (await get(each)).status]).toEqual([each, 200])
  })

  test('refuses criteria of conditional writes that would tell, and updates that would lose', async () => {
    const url = await server.rule('Names', [maskNames()])
    const body = { resourceType: 'Patient', id, gender: 'male' }
    const criteria = 'identifier=urn:t%7CS1'
    const json = { ...research, 'content-type': 'application/json-patch+json' }
    const answers = [
      await server.ask('POST', 'Patient', { body: patient, headers: { ...research, 'if-none-exist': criteria } }),
      await server.ask('PUT', `Patient?${criteria}`, { body: patient, headers: research }),
      await server.ask('DELETE', `Patient?${criteria}`, { headers: research }),
      await server.ask('PUT', `Patient/${id}`, { body, headers: research }),
      await server.ask('PATCH', `Patient/${id}`, {
        body: [{ op: 'add', path: '/active', value: true }],
        headers: json,
      }),
      await server.ask('POST', '', {
        body: {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [{ resource: body, request: { method: 'PUT', url: `Patient/${id}` } }],
        },
        headers: research,
      }),
      await server.ask('POST', `Patient/${id}/$meta-add`, {
        body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'a' }] } }] },
        headers: research,
      }),
    ]
    expect(answers.map(answer => [answer.status, ruleIn(answer)])).toEqual(answers.map(() => [403, url]))
    expect((await get(`Patient/${id}`)).body).toMatchObject({ meta: { versionId: '1' }, name: patient.name })
    const made = await server.ask('POST', 'Patient', { body: patient, headers: research })
    expect(made.status).toBe(201)
    expect((await server.ask('DELETE', `Patient/${made.body.id}`, { headers: research })).status).toBe(204)
  })

  test('acts in a bulk export', async () => {
    await server.rule('Names', [maskNames({ condition: [condition("%request.operation = 'export'")] })])
    const { headers } = await get('$export?_type=Patient,Observation', { prefer: 'respond-async' })
    const status = String(headers['content-location']).replace(/^.*?\/fhir\//, '')
    let done = await get(status)
    while (done.status === 202 || done.status === 429) {
      await new Promise(resolve => setTimeout(resolve, 250))
      done = await get(status)
    }
    const texts = await Promise.all(
      done.body.output.map(async ({ url }: { url: string }) => (await get(url.replace(/^.*?\/fhir\//, ''))).text),
    )
    expect(texts.join('')).toContain(id)
    expect(texts.join('')).toContain('REDACTED')
    expect(texts.join('')).not.toContain('Secretname')
  })
})

test('a mask of id or meta is refused when it is saved', async () => {
  for (const path of ['id', 'meta.versionId', 'Patient.id']) {
    const body = plan('MasksId', [action('mask', 'data-accessed', 'Patient', { dynamicValue: [{ path }] })])
    const answer = await server.ask('POST', 'PlanDefinition', { body })
    expect([path, answer.status, answer.body.issue[0].expression]).toEqual([
      path,
      422,
      ['PlanDefinition.action[0].dynamicValue[0].path'],
    ])
  }
})

test('order: of several masks each acts, and a refusal goes before them', async () => {
  await server.rule('Names', [maskNames()])
  await server.rule('Gender', [
    action('mask', 'data-accessed', 'Patient', { condition: [forResearch], dynamicValue: [{ path: 'gender' }] }),
  ])
  expect((await get(`Patient/${id}`, research)).body).not.toHaveProperty('gender')
  expect((await get(`Patient/${id}`, research)).body).not.toHaveProperty('name')
  await server.rule('None', [actionOn('deny', ['data-accessed'], 'Patient', { condition: [forResearch] })])
  expect((await get(`Patient/${id}`, research)).status).toBe(403)
})
