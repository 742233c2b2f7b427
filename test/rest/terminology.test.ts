import type { Bundle, OperationOutcome, Parameters, TerminologyCapabilities, ValueSet } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenantConformance } from '../../src/rest/tenant-conformance.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { openServer, type Answer, type TestServer } from '../help/server.ts'
import { HOSPITAL, packages, valueSet, wards } from '../terminology/parts.ts'

const PRIMARY = 'http://hl7.org/fhir/us/mcode/ValueSet/mcode-primary-cancer-disorder-vs'
const SNOMED = 'http://snomed.info/sct'
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'

let server: TestServer
beforeAll(async () => {
  // follows what the tests store, as a tenant's does
  let conformance = packages()
  const own: object[] = []
  const terminology = makeTerminology({ conformance: () => conformance })
  server = await openServer({ terminology })
  const { create } = server
  Object.assign(server, {
    create: async (resource: { resourceType: string; url?: string }) => {
      const made = await create(resource)
      if (resource.url) {
        own.push(made)
        conformance = packages().with(own as never)
      }
      return made
    },
  })
  await server.create(wards)
  await server.create({ ...valueSet('urn:vs:wards', { include: [{ system: HOSPITAL }] }), id: 'wards' })
})
afterAll(() => server.close())

const parametersOf = ({ body }: Answer) =>
  Object.fromEntries(((body as unknown as Parameters).parameter ?? []).map(({ name, ...rest }) => [name, rest.part ?? Object.values(rest)[0]])) // prettier-ignore
const expansionOf = ({ body }: Answer) => (body as unknown as ValueSet).expansion!
const codesOf = (answer: Answer) => (expansionOf(answer).contains ?? []).map(({ code }) => code)
const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter })

describe('$expand', () => {
  test('by url, by the value set itself, and of a stored one', async () => {
    const all = ['ONC', 'ONC-7A', 'ONC-7B', 'CHI', 'CHI-1', 'CHI-ONC', 'ER']
    expect(codesOf(await server.get('ValueSet/$expand?url=urn:vs:wards'))).toEqual(all)
    const { body } = await server.get('ValueSet?url=urn:vs:wards')
    const { id } = (body as unknown as Bundle).entry![0]!.resource!
    expect(codesOf(await server.get(`ValueSet/${id}/$expand?filter=ward%207`))).toEqual(['ONC-7A', 'ONC-7B'])
    const sent = valueSet('urn:x', { include: [{ system: HOSPITAL, concept: [{ code: 'ER' }] }] })
    expect(codesOf(await server.post('ValueSet/$expand', sent))).toEqual(['ER'])
    expect(codesOf(await server.post('ValueSet/$expand', parameters({ name: 'valueSet', resource: sent })))).toEqual(['ER']) // prettier-ignore
  })

  test('says what it is: identifier, time, total, paging, what it was made from', async () => {
    const answer = await server.get('ValueSet/$expand?url=urn:vs:wards&count=2&offset=1&includeDesignations=true')
    expect(answer.body).toMatchObject({ resourceType: 'ValueSet', url: 'urn:vs:wards', status: 'active' })
    expect(answer.body).not.toHaveProperty('compose')
    expect(expansionOf(answer)).toMatchObject({
      identifier: expect.stringMatching(/^urn:uuid:/),
      timestamp: expect.stringMatching(/^\d{4}-/),
      total: 7,
      offset: 1,
      parameter: expect.arrayContaining([
        { name: 'count', valueInteger: 2 },
        { name: 'version', valueUri: `${HOSPITAL}|2` },
      ]),
    })
    expect(codesOf(answer)).toEqual(['ONC-7A', 'ONC-7B'])
    const whole = await server.get('ValueSet/$expand?url=urn:vs:wards&includeDefinition=true&excludeNested=false')
    expect(whole.body).toHaveProperty('compose')
    expect(expansionOf(whole).contains![0]!.contains![0]!.code).toBe('ONC-7A')
  })

  test('a version, a system left out, and one of another version', async () => {
    expect((await server.get('ValueSet/$expand?url=urn:vs:wards&valueSetVersion=9')).status).toBe(404)
    expect(codesOf(await server.get(`ValueSet/$expand?url=urn:vs:wards&exclude-system=${HOSPITAL}`))).toEqual([])
    expect(codesOf(await server.get(`ValueSet/$expand?url=urn:vs:wards&system-version=${HOSPITAL}%7C2`))).toHaveLength(7) // prettier-ignore
  })

  test('of a part only when that is asked for, and then says so', async () => {
    const refused = await server.get(`ValueSet/$expand?url=${PRIMARY}`)
    expect([refused.status, refused.said]).toEqual([422, expect.stringContaining('is-a 363346000')])
    const part = await server.get(`ValueSet/$expand?url=${PRIMARY}&incomplete-ok=true&count=1`)
    expect(expansionOf(part).extension).toEqual([{ url: expect.stringContaining('valueset-unclosed'), valueBoolean: true }]) // prettier-ignore
    expect(expansionOf(part).total).toBeGreaterThan(1_000)
  })

  test.each([
    ['ValueSet/$expand', 400],
    ['ValueSet/$expand?url=urn:vs:nobody', 404],
    ['ValueSet/$expand?url=urn:vs:wards&count=-1', 400],
    ['ValueSet/$expand?url=urn:vs:wards&count=x', 400],
    ['ValueSet/$expand?url=urn:vs:wards&filter=', 400],
    ['ValueSet/$expand?url=urn:vs:wards&colour=red', 400],
    ['ValueSet/nobody/$expand', 404],
    ['ValueSet/$expand?url=urn:vs:wards&system-version=x', 400],
  ])('%s is refused with %i', async (url, status) => {
    const answer = await server.get(url)
    expect([answer.status, answer.said.length > 10]).toEqual([status, true])
  })
})

describe('$validate-code', () => {
  const set = 'ValueSet/$validate-code'
  test('of a value set: code, coding, concept', async () => {
    const yes = await server.get(`${set}?url=urn:vs:wards&system=${HOSPITAL}&code=ER&display=emergency`)
    expect(parametersOf(yes)).toEqual({ result: true, display: 'Emergency', code: 'ER', system: HOSPITAL })
    const coding = { name: 'coding', valueCoding: { system: HOSPITAL, code: 'XX' } }
    const no = parametersOf(await server.post(set, parameters({ name: 'url', valueUri: 'urn:vs:wards' }, coding)))
    expect(no).toEqual({ result: false, message: expect.stringContaining('no code "XX"') })
    const concept = { name: 'codeableConcept', valueCodeableConcept: { coding: [{ system: ICD, code: 'I10' }, { system: HOSPITAL, code: 'ER' }] } } // prettier-ignore
    expect(parametersOf(await server.post(set, parameters({ name: 'url', valueUri: 'urn:vs:wards' }, concept)))).toMatchObject({ result: true, code: 'ER' }) // prettier-ignore
    const sent = valueSet('urn:x', { include: [{ system: HOSPITAL, concept: [{ code: 'ER' }] }] })
    expect(parametersOf(await server.post(`${set}?system=${HOSPITAL}&code=ONC`, sent))).toMatchObject({ result: false })
    expect(parametersOf(await server.get(`${set}?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male&inferSystem=true`))).toMatchObject({ result: true, system: 'http://hl7.org/fhir/administrative-gender' }) // prettier-ignore
  })

  test('a wrong display, an abstract and an inactive code, in the language of the client', async () => {
    const asked = `${set}?url=urn:vs:wards&system=${HOSPITAL}`
    expect(parametersOf(await server.get(`${asked}&code=ER&display=Kitchen`))).toMatchObject({ result: false, message: '"Kitchen" is no display of the code "ER". Its displays are "Emergency".' }) // prettier-ignore
    const chinese = await server.get(`${asked}&code=ER&display=Kitchen`, { 'accept-language': 'zh-TW' })
    expect(parametersOf(chinese)['message']).toMatch(/「Kitchen」不是代碼「ER」的名稱/)
    expect(parametersOf(await server.get(`${asked}&code=ONC&abstract=false`))).toMatchObject({ result: false })
    expect(parametersOf(await server.get(`${asked}&code=ONC`))).toMatchObject({ result: true })
    expect(parametersOf(await server.get(`${asked}&code=ONC-7B`))).toMatchObject({ result: true, message: expect.stringContaining('inactive') }) // prettier-ignore
  })

  test('of a code system: named, sent, stored', async () => {
    expect(parametersOf(await server.get(`CodeSystem/$validate-code?url=${HOSPITAL}&code=ER`))).toMatchObject({ result: true }) // prettier-ignore
    const sent = { ...wards, url: 'urn:sent', concept: [{ code: 'only' }] }
    expect(parametersOf(await server.post('CodeSystem/$validate-code?code=only', sent))).toMatchObject({ result: true })
    expect(parametersOf(await server.post('CodeSystem/$validate-code?code=other', sent))).toMatchObject({
      result: false,
    })
    const { id } = ((await server.get(`CodeSystem?url=${HOSPITAL}`)).body as unknown as Bundle).entry![0]!.resource!
    expect(parametersOf(await server.get(`CodeSystem/${id}/$validate-code?code=XX`))).toMatchObject({ result: false })
  })

  test.each([
    [`${set}?url=${PRIMARY}&system=${SNOMED}&code=254637007`, 422],
    [`CodeSystem/$validate-code?url=${SNOMED}&code=999900000`, 422],
    [`${set}?url=urn:vs:nobody&system=urn:s&code=a`, 404],
    [`${set}?url=urn:vs:wards`, 400],
    [`${set}?url=urn:vs:wards&code=ER`, 400],
    [`${set}?system=${HOSPITAL}&code=ER`, 400],
    ['CodeSystem/$validate-code?code=ER', 400],
    [`CodeSystem/$validate-code?url=urn:nobody&code=ER`, 422],
  ])('%s is answered with %i, not with false', async (url, status) => {
    const answer = await server.get(url)
    expect([answer.status, answer.said.length > 10]).toEqual([status, true])
  })
})

describe('$lookup, $subsumes and $translate', () => {
  test('lookup tells properties and designations, or those asked for', async () => {
    const { body } = await server.get(`CodeSystem/$lookup?system=${HOSPITAL}&code=ONC-7A`)
    const all = (body as unknown as Parameters).parameter!
    expect(all.map(({ name }) => name)).toEqual(['name', 'version', 'display', 'property', 'property', 'property'])
    expect(all).toContainEqual({ name: 'property', part: [{ name: 'code', valueCode: 'beds' }, { name: 'value', valueInteger: 20 }] }) // prettier-ignore
    const some = await server.get(`CodeSystem/$lookup?system=${HOSPITAL}&code=ONC&property=designation`)
    expect((some.body as unknown as Parameters).parameter!.map(({ name }) => name)).toEqual(['name', 'version', 'display', 'designation']) // prettier-ignore
    expect((await server.get(`CodeSystem/$lookup?code=ONC`)).status).toBe(400)
    expect((await server.get(`CodeSystem/$lookup?system=${HOSPITAL}&code=XX`)).status).toBe(404)
  })

  test('subsumes', async () => {
    const asked = `CodeSystem/$subsumes?system=${HOSPITAL}`
    expect(parametersOf(await server.get(`${asked}&codeA=ONC&codeB=CHI-ONC`))).toEqual({ outcome: 'subsumes' })
    const codings = ['A', 'B'].map((side, i) => ({ name: `coding${side}`, valueCoding: { system: HOSPITAL, code: ['ER', 'ONC'][i] } })) // prettier-ignore
    expect(parametersOf(await server.post('CodeSystem/$subsumes', parameters(...codings)))).toEqual({ outcome: 'not-subsumed' }) // prettier-ignore
    expect((await server.get(`${asked}&codeA=ONC`)).status).toBe(400)
    expect((await server.get('CodeSystem/$subsumes?codeA=a&codeB=b')).status).toBe(400)
    expect((await server.get(`CodeSystem/$subsumes?system=${SNOMED}&codeA=73211009&codeB=44054006`)).status).toBeGreaterThanOrEqual(404) // prettier-ignore
  })

  test('translate', async () => {
    const asked = 'ConceptMap/$translate?system=http://hl7.org/fhir/administrative-gender&code=male'
    const found = await server.get(`${asked}&url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3`)
    expect(parametersOf(found)['result']).toBe(true)
    expect((found.body as unknown as Parameters).parameter).toContainEqual({
      name: 'match',
      part: expect.arrayContaining([
        { name: 'concept', valueCoding: expect.objectContaining({ code: 'M' }) },
      ]),
    })
    expect(parametersOf(await server.get(`${asked}&target=urn:vs:nobody`))).toMatchObject({ result: false })
    expect((await server.get(asked)).status).toBe(400)
    expect((await server.get(`${asked}&url=urn:nobody`)).status).toBe(404)
    const dependency = { name: 'dependency', part: [{ name: 'element', valueUri: 'urn:e' }, { name: 'concept', valueCodeableConcept: { coding: [{ code: 'f' }] } }] } // prettier-ignore
    const map = { resourceType: 'ConceptMap', status: 'active', group: [{ source: 'urn:a', target: 'urn:b', element: [{ code: '1', target: [{ code: 'x', equivalence: 'equal', dependsOn: [{ property: 'urn:e', value: 'f' }] }] }] }] } // prettier-ignore
    const code = [{ name: 'code', valueCode: '1' }, { name: 'system', valueUri: 'urn:a' }, { name: 'conceptMap', resource: map }] // prettier-ignore
    expect(parametersOf(await server.post('ConceptMap/$translate', parameters(...code)))).toMatchObject({ result: false })
    expect(parametersOf(await server.post('ConceptMap/$translate', parameters(...code, dependency)))).toMatchObject({ result: true }) // prettier-ignore
  }) // prettier-ignore
})

describe('search', () => {
  const condition = (system: string, code: string, subject: string) =>
    server.create({ resourceType: 'Condition', code: { coding: [{ system, code }] }, subject: { reference: subject } })
  const found = async (query: string) => {
    const { status, body, said } = await server.get(query)
    expect([status, said]).toEqual([200, ''])
    const { entry = [] } = body as unknown as Bundle
    const of = (mode: string) => entry.filter(each => each.search?.mode === mode).map(({ resource }) => resource!)
    return { matches: of('match'), included: of('include'), outcome: of('outcome')[0] as OperationOutcome | undefined }
  }
  let cancer: { id: string }
  beforeAll(async () => {
    cancer = await server.create({ resourceType: 'Patient', name: [{ family: '測試' }] })
    const other = await server.create({ resourceType: 'Patient' })
    await condition(ICD, 'C50.911', `Patient/${cancer.id}`)
    await condition(ICD, 'I10', `Patient/${other.id}`)
    await condition(HOSPITAL, 'ONC-7A', `Patient/${other.id}`)
  })

  test(':in finds the cancer patients by mCODE’s value set, and tells what it could not compute', async () => {
    const { matches, included, outcome } = await found(`Condition?code:in=${PRIMARY}&_include=Condition:subject`)
    expect(matches.map(each => (each as { code?: object }).code)).toEqual([{ coding: [{ system: ICD, code: 'C50.911' }] }]) // prettier-ignore
    expect(included.map(({ id }) => id)).toEqual([cancer.id])
    expect(outcome!.issue).toMatchObject([{ severity: 'warning', code: 'incomplete', diagnostics: expect.stringContaining('is-a 363346000') }]) // prettier-ignore
  })

  test(':in of a value set that is here completely says nothing more; :not-in is its opposite', async () => {
    const inside = await found('Condition?code:in=urn:vs:wards')
    expect([inside.matches.length, inside.outcome]).toEqual([1, undefined])
    expect((await found('Condition?code:not-in=urn:vs:wards')).matches).toHaveLength(2)
  })

  test(':not-in of a value set with missing parts is refused, naming them', async () => {
    const { status, said } = await server.get(`Condition?code:not-in=${PRIMARY}`)
    expect([status, said]).toEqual([400, expect.stringContaining('is-a 363346000')])
  })

  test(':below and :above follow the hierarchy', async () => {
    expect((await found(`Condition?code:below=${HOSPITAL}%7CONC`)).matches).toHaveLength(1)
    expect((await found(`Condition?code:below=${HOSPITAL}%7CCHI`)).matches).toHaveLength(0)
    expect((await found(`Condition?code:above=${HOSPITAL}%7CONC-7A`)).matches).toHaveLength(1)
    expect((await server.get(`Condition?code:below=${SNOMED}%7C73211009`)).status).toBe(400)
    expect((await server.get(`Condition?code:below=${HOSPITAL}%7CXX`)).status).toBe(400)
  })

  test('an unknown value set is refused', async () => {
    expect((await server.get('Condition?code:in=urn:vs:nobody')).status).toBe(400)
  })
})

test('/metadata?mode=terminology lists the code systems and what expansion takes', async () => {
  const statement = (await server.get('metadata?mode=terminology')).body as unknown as TerminologyCapabilities
  expect(statement.codeSystem!.find(({ uri }) => uri === HOSPITAL)).toEqual({ uri: HOSPITAL, version: [{ code: '2' }] })
  expect(statement.codeSystem!.length).toBeGreaterThan(1_000)
  expect(statement.expansion!.parameter!.map(({ name }) => name)).toContain('filter')
  expect(statement.translation).toEqual({ needsMap: false })
})

test('a tenant without terminology says so', async () => {
  const plain = await openServer()
  expect((await plain.get('ValueSet/$expand?url=urn:x')).status).toBe(501)
  expect((await plain.get('metadata?mode=terminology')).body).not.toHaveProperty('expansion')
  await plain.close()
})

test('a code system stored through the API is known at once', async () => {
  const plain = await openServer()
  const conformance = makeTenantConformance(packages, plain.engine)
  await plain.create({ ...wards, url: 'urn:stored' })
  await conformance.ready()
  const terminology = makeTerminology({ conformance: () => conformance.now() })
  expect((await terminology.checkCode({ system: 'urn:stored', code: 'ER' })).result).toBe('yes')
  await plain.close()
})
