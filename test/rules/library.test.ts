/**
 * The rules of examples/rules: valid, installed by one Bundle, and each speaks when it must and only then.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wrong } from '../../src/cds/check-json.ts'
import { responseSchema } from '../../src/cds/schemas.ts'
import type { Card } from '../../src/cds/words.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { outcomeOf } from '../../src/rules/outcomes.ts'
import type { DataEvent, ExchangeData } from '../../src/rules/words.ts'
import { closeInvariantThread } from '../../src/validation/invariant-foreign.ts'
import { rules as validationRules } from '../../src/validation/rules.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import { bundle, ruleOf } from '../help/rules.ts'
import { conformance, definitions, terminology } from '../help/server.ts'
import { serve, type Served } from '../http/serving.ts'

const FOLDER = new URL('../../examples/rules/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Resource
const files = readdirSync(FOLDER).filter(file => file.endsWith('.json') && file !== 'bundle.json')
const resources = files.map(read)
const plans = resources.filter(({ resourceType }) => resourceType === 'PlanDefinition')
const planOf = (id: string) => plans.find(each => each.id === id)!

let server: Served
beforeAll(async () => void (server = await serve()))
afterAll(async () => {
  await server.close()
  await closeInvariantThread()
})

describe('the library', () => {
  test('has its rules in one Bundle, and all of them in its Library, each with evidence', () => {
    const { entry } = read('bundle.json') as unknown as { entry: { resource: Resource }[] }
    expect(entry.map(({ resource }) => resource).sort(byId)).toEqual([...resources].sort(byId))
    const [library] = resources.filter(({ resourceType }) => resourceType === 'Library')
    const listed = (library!['relatedArtifact'] as { resource: string }[]).map(({ resource }) => resource)
    expect(listed.sort()).toEqual(plans.map(({ url, version }) => `${String(url)}|${String(version)}`).sort())
    expect(plans.filter(plan => ruleOf(plan).evidence.length === 0)).toEqual([])
    expect(plans.length).toBeGreaterThanOrEqual(15)
  })

  test.each(files)('%s is valid, profile included', async file => {
    const validator = makeValidator(
      { conformance, definitions: () => definitions, checkCode: terminology().checkCode },
      validationRules,
    )
    const errors = (await validator.validate(read(file))).filter(({ severity }) => severity === 'error')
    expect(errors.map(({ expression, said }) => `${expression}: ${said.en}`)).toEqual([])
  })

  test('is installed by POSTing its Bundle', async () => {
    const answer = await server.ask('POST', '/fhir', { body: read('bundle.json') })
    expect(answer.status, answer.text.slice(0, 2000)).toBe(200)
    const ids = ((await server.ask('GET', '/cds-services')).body.services as { id: string }[]).map(({ id }) => id)
    const clinical = plans.filter(plan => ruleOf(plan).actions.some(({ triggers }) => triggers[0]!.is === 'hook'))
    expect(ids).toEqual(expect.arrayContaining(clinical.map(({ id }) => id)))
  })
})

const byId = (a: Resource, b: Resource) => (a.id! < b.id! ? -1 : 1)

type Plain = Record<string, unknown>
const LOINC = 'http://loinc.org'
const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
const person = (years: number, gender = 'female', more: Plain = {}) => ({
  resourceType: 'Patient',
  id: 'p',
  gender,
  birthDate: day(years * 365.25 + 60),
  ...more,
})
const condition = (code: string, more: Plain = {}) => ({
  resourceType: 'Condition',
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] },
  ...more,
})
const observation = (code: string, ago: number, more: Plain = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: LOINC, code }] },
  effectiveDateTime: `${day(ago)}T08:00:00+08:00`,
  ...more,
})
const quantity = (code: string, ago: number, value: number) =>
  observation(code, ago, { valueQuantity: { value, system: 'http://unitsofmeasure.org', code: '1' } })
const coded = (code: string, ago: number, value: string) =>
  observation(code, ago, { valueCodeableConcept: { coding: [{ code: value }] } })
const medicine = (atc: string, more: Plain = {}) => ({
  resourceType: 'MedicationRequest',
  id: 'm1',
  status: 'draft',
  intent: 'order',
  medicationCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code: atc }] },
  ...more,
})
const viaReference = (atc: string) => ({
  ...medicine(atc),
  medicationCodeableConcept: undefined,
  contained: [{ resourceType: 'Medication', id: 'x', code: medicine(atc).medicationCodeableConcept }],
  medicationReference: { reference: '#x' },
})
const study = (display: string) => ({
  resourceType: 'ServiceRequest',
  id: 's1',
  status: 'draft',
  code: { text: display },
})
const done = (code: string, ago: number) => ({
  resourceType: 'Procedure',
  status: 'completed',
  code: { coding: [{ system: 'http://snomed.info/sct', code }] },
  performedDateTime: day(ago),
})
const pressure = (systolic: number, diastolic: number) =>
  observation('85354-9', 3, {
    component: [
      { code: { coding: [{ system: LOINC, code: '8480-6' }] }, valueQuantity: { value: systolic } },
      { code: { coding: [{ system: LOINC, code: '8462-4' }] }, valueQuantity: { value: diastolic } },
    ],
  })

interface Situation {
  /** Drafts of order-sign; without them it is patient-view. */
  readonly drafts?: readonly Plain[]
  readonly patient?: Plain
  readonly [key: string]: unknown
}

/** The rule, what it says, and where; then where it is silent. */
const cases: readonly [id: string, says: RegExp, when: readonly Situation[], not: readonly Situation[]][] = [
  [
    'colorectal-cancer-cea-follow-up',
    /No CEA/,
    [
      { patient: person(60), conditions: [condition('C18.7')] },
      { patient: person(60), conditions: [condition('C20')], labs: [quantity('2039-6', 200, 2)] },
    ],
    [
      { patient: person(60), conditions: [condition('C18.7')], labs: [quantity('2039-6', 30, 2)] },
      { patient: person(60), conditions: [condition('C50.911')] },
      { patient: person(60, 'male', { deceasedBoolean: true }), conditions: [condition('C18.7')] },
      {
        patient: person(60),
        conditions: [condition('C18.7', { verificationStatus: { coding: [{ code: 'refuted' }] } })],
      },
    ],
  ],
  [
    'breast-cancer-mammography-follow-up',
    /No mammography/,
    [
      { patient: person(50), conditions: [condition('C50.911')] },
      { patient: person(50), conditions: [condition('C50.911')], procedures: [done('71651007', 400)] },
    ],
    [
      { patient: person(50), conditions: [condition('C50.911')], procedures: [done('71651007', 100)] },
      {
        patient: person(50),
        conditions: [condition('C50.911')],
        imaging: [{ ...observation('24606-6', 100), resourceType: 'DiagnosticReport' }],
      },
      { patient: person(50), conditions: [] },
    ],
  ],
  [
    'hepatitis-b-before-chemotherapy',
    /Hepatitis B is not known/,
    [
      { drafts: [medicine('L01XA01')] },
      { drafts: [viaReference('L01XA01')] },
      { drafts: [medicine('L01XA01')], labs: [coded('5196-1', 900, '260385009')] },
    ],
    [
      { drafts: [medicine('L01XA01')], labs: [coded('5196-1', 900, '260385009'), coded('13952-7', 900, '260385009')] },
      { drafts: [medicine('A10BA02')] },
      { drafts: [study('CT')] },
    ],
  ],
  [
    'hepatitis-b-before-chemotherapy',
    /Anti-HBc is positive/,
    [{ drafts: [medicine('L01FA01')], labs: [coded('5196-1', 900, '260385009'), coded('13952-7', 900, '10828004')] }],
    [
      { drafts: [medicine('L01FA01')], labs: [coded('5196-1', 900, '260385009'), coded('13952-7', 900, '260385009')] },
      {
        drafts: [medicine('L01FA01')],
        labs: [coded('13952-7', 900, '10828004'), coded('5196-1', 9, '260385009')],
        medications: [medicine('J05AF10', { status: 'active' })],
      },
      {
        drafts: [medicine('L01FA01'), medicine('J05AF10', { id: 'm2' })],
        labs: [coded('13952-7', 900, '10828004'), coded('5196-1', 9, '260385009')],
      },
    ],
  ],
  [
    'cardiac-function-before-anthracycline',
    /No ejection fraction/,
    [{ drafts: [medicine('L01DB01')] }, { drafts: [medicine('L01XC03')], labs: [quantity('10230-1', 120, 60)] }],
    [{ drafts: [medicine('L01DB01')], labs: [quantity('10230-1', 30, 60)] }, { drafts: [medicine('L01XA01')] }],
  ],
  [
    'cardiac-function-before-anthracycline',
    /below 50 percent/,
    [{ drafts: [medicine('L01FD01')], labs: [quantity('10230-1', 30, 49)] }],
    [{ drafts: [medicine('L01FD01')], labs: [quantity('10230-1', 30, 50), quantity('10230-1', 60, 40)] }],
  ],
  [
    'creatinine-before-cisplatin',
    /No creatinine/,
    [{ drafts: [medicine('L01XA01')], labs: [quantity('2160-0', 20, 0.9)] }],
    [{ drafts: [medicine('L01XA01')], labs: [quantity('2160-0', 3, 0.9)] }, { drafts: [medicine('L01XA02')] }],
  ],
  [
    'creatinine-before-cisplatin',
    /eGFR is below 50/,
    [{ drafts: [medicine('L01XA01')], labs: [quantity('98979-8', 3, 45)] }],
    [{ drafts: [medicine('L01XA01')], labs: [quantity('98979-8', 3, 50)] }],
  ],
  [
    'dpyd-before-fluoropyrimidine',
    /DPYD has not been tested/,
    [{ drafts: [medicine('L01BC06')] }],
    [
      { drafts: [medicine('L01BC06')], labs: [coded('79719-1', 900, 'normal')] },
      { drafts: [medicine('L01BC02')], medications: [medicine('L01BC06', { status: 'active' })] },
      { drafts: [medicine('L01BC05')] },
    ],
  ],
  [
    'bone-protection-with-aromatase-inhibitor',
    /aromatase inhibitor/,
    [{ patient: person(62), medications: [medicine('L02BG04', { status: 'active' })] }],
    [
      {
        patient: person(62),
        medications: [medicine('L02BG04', { status: 'active' })],
        labs: [quantity('38263-0', 400, -1)],
      },
      {
        patient: person(62),
        medications: [medicine('L02BG04', { status: 'active' })],
        procedures: [done('312681000', 400)],
      },
      { patient: person(62), medications: [medicine('L02BA01', { status: 'active' })] },
    ],
  ],
  [
    'metformin-and-contrast',
    /eGFR below 60/,
    [
      {
        drafts: [study('CT Abdomen W contrast IV')],
        medications: [medicine('A10BA02')],
        labs: [quantity('98979-8', 20, 42)],
      },
    ],
    [
      {
        drafts: [study('CT Abdomen W contrast IV')],
        medications: [medicine('A10BA02')],
        labs: [quantity('98979-8', 20, 90)],
      },
      {
        drafts: [study('CT Head WO contrast')],
        medications: [medicine('A10BA02')],
        labs: [quantity('98979-8', 20, 42)],
      },
      {
        drafts: [study('CT Abdomen W contrast IV')],
        medications: [medicine('A10BK03')],
        labs: [quantity('98979-8', 20, 42)],
      },
    ],
  ],
  [
    'metformin-and-contrast',
    /no eGFR/,
    [
      {
        drafts: [study('腹部電腦斷層（顯影）')],
        medications: [medicine('A10BA02')],
        labs: [quantity('98979-8', 200, 90)],
      },
    ],
    [
      {
        drafts: [study('腹部電腦斷層（顯影）')],
        medications: [medicine('A10BA02')],
        labs: [quantity('98979-8', 20, 90)],
      },
    ],
  ],
  [
    'colorectal-screening-due',
    /stool test/,
    [{ patient: person(45) }, { patient: person(74) }, { patient: person(60), labs: [coded('29771-3', 800, 'n')] }],
    [
      { patient: person(44) },
      { patient: person(75) },
      { patient: person(60), labs: [coded('29771-3', 300, 'n')] },
      { patient: person(60), conditions: [condition('C18.7')] },
    ],
  ],
  [
    'breast-screening-due',
    /mammography is due/,
    [{ patient: person(40) }, { patient: person(74) }],
    [
      { patient: person(39) },
      { patient: person(75) },
      { patient: person(50, 'male') },
      { patient: person(50), procedures: [done('24623002', 300)] },
      { patient: person(50), conditions: [condition('C50.911')] },
    ],
  ],
  [
    'cervical-screening-due',
    /cervical smear/,
    [{ patient: person(25) }, { patient: person(40), labs: [coded('10524-7', 400, 'n')] }],
    [
      { patient: person(24) },
      { patient: person(27), labs: [coded('10524-7', 400, 'n')] },
      { patient: person(40), labs: [coded('10524-7', 300, 'n')] },
      { patient: person(40, 'male') },
    ],
  ],
  [
    'oral-screening-due',
    /examination of the mouth/,
    [
      { patient: person(30), smoking: [coded('72166-2', 30, '449868002')] },
      { patient: person(50, 'male'), betel: [coded('x', 30, 'former')] },
    ],
    [
      { patient: person(29), smoking: [coded('72166-2', 30, '449868002')] },
      { patient: person(50), smoking: [coded('72166-2', 30, '8517006'), coded('72166-2', 900, '449868002')] },
      { patient: person(50), betel: [coded('x', 30, 'never')] },
      {
        patient: person(50),
        betel: [coded('x', 30, 'current')],
        procedures: [{ ...done('1', 30), code: { text: '口腔黏膜檢查' } }],
      },
    ],
  ],
  [
    'smoking-cessation',
    /smokes/,
    [{ patient: person(30), smoking: [coded('72166-2', 30, '449868002')] }],
    [
      { patient: person(30), smoking: [coded('72166-2', 30, '266919005')] },
      { patient: person(30) },
      { patient: person(10), smoking: [coded('72166-2', 30, '449868002')] },
    ],
  ],
  [
    'hba1c-follow-up',
    /No HbA1c/,
    [{ patient: person(60), conditions: [condition('E11.9')], labs: [quantity('4548-4', 200, 7)] }],
    [
      { patient: person(60), conditions: [condition('E11.9')], labs: [quantity('4548-4', 100, 7)] },
      { patient: person(60), conditions: [condition('E03.9')] },
    ],
  ],
  [
    'hypertension-above-target',
    /above target: 140\/70 mmHg/,
    [{ patient: person(60), conditions: [condition('I10')], pressures: [pressure(140, 70)] }],
    [
      { patient: person(60), conditions: [condition('I10')], pressures: [pressure(139, 89), pressure(160, 95)] },
      { patient: person(60), conditions: [], pressures: [pressure(150, 95)] },
      { patient: person(60), conditions: [condition('I10')] },
    ],
  ],
  [
    'statin-after-myocardial-infarction',
    /without a statin/,
    [{ patient: person(60), conditions: [condition('I25.2')] }],
    [
      {
        patient: person(60),
        conditions: [condition('I25.2')],
        medications: [medicine('C10AA05', { status: 'active' })],
      },
      { patient: person(60), conditions: [condition('I10')] },
    ],
  ],
  [
    'warfarin-inr',
    /without an INR/,
    [{ medications: [medicine('B01AA03')], labs: [quantity('6301-6', 90, 2.4)] }],
    [
      { medications: [medicine('B01AA03')], labs: [quantity('6301-6', 60, 2.4)] },
      { medications: [medicine('B01AF02')] },
    ],
  ],
  [
    'warfarin-inr',
    /INR is above 4.5/,
    [{ medications: [medicine('B01AA03')], labs: [quantity('6301-6', 1, 4.6), quantity('6301-6', 30, 2)] }],
    [{ medications: [medicine('B01AA03')], labs: [quantity('6301-6', 1, 4.5), quantity('6301-6', 30, 6)] }],
  ],
  [
    'pregnancy-and-teratogens',
    /pregnant/,
    [
      { drafts: [medicine('N03AG01')], patient: person(30), pregnancy: [coded('82810-3', 20, '77386006')] },
      { drafts: [medicine('D10BA01')], patient: person(30), conditions: [condition('O09.11')] },
    ],
    [
      {
        drafts: [medicine('N03AG01')],
        patient: person(30),
        pregnancy: [coded('82810-3', 20, '60001007'), coded('82810-3', 400, '77386006')],
      },
      { drafts: [medicine('B03AA07')], patient: person(30), pregnancy: [coded('82810-3', 20, '77386006')] },
      {
        drafts: [medicine('N03AG01')],
        patient: person(30),
        conditions: [condition('O09.11', { clinicalStatus: { coding: [{ code: 'resolved' }] } })],
      },
    ],
  ],
  [
    'paediatric-weight-for-dosing',
    /weigh before dosing/,
    [
      { drafts: [medicine('J01CA04')], patient: person(5) },
      { drafts: [medicine('J01CA04')], patient: person(11), labs: [quantity('29463-7', 120, 30)] },
    ],
    [
      { drafts: [medicine('J01CA04')], patient: person(5), labs: [quantity('29463-7', 30, 18)] },
      { drafts: [medicine('J01CA04')], patient: person(12) },
    ],
  ],
]

async function said(id: string, { drafts, ...data }: Situation, language = 'en'): Promise<Card[]> {
  const { prefetch: keys } = (
    (await server.ask('GET', '/cds-services')).body.services as { id: string; prefetch: Plain }[]
  ).find(each => each.id === id)!
  const prefetch = Object.fromEntries(
    Object.keys(keys).map(key => {
      const given = data[key] ?? (key === 'patient' ? person(40) : [])
      return [key, Array.isArray(given) ? bundle(...(given as Plain[])) : given]
    }),
  )
  expect(Object.keys(data).filter(key => !(key in keys))).toEqual([])
  const body = {
    hook: drafts ? 'order-sign' : 'patient-view',
    hookInstance: randomUUID(),
    context: { userId: 'Practitioner/1', patientId: 'p', ...(drafts ? { draftOrders: bundle(...drafts) } : {}) },
    prefetch,
  }
  const headers = { 'content-type': 'application/json', 'accept-language': language }
  const answer = await server.ask('POST', `/cds-services/${id}`, { body, headers })
  expect(answer.status, answer.text).toBe(200)
  expect(wrong(responseSchema, answer.body)).toBeUndefined()
  return answer.body.cards as Card[]
}

describe('a clinical rule', () => {
  test.each(cases)('%s says %s when it must, and only then', async (id, says, when, not) => {
    for (const situation of when) {
      const summaries = (await said(id, situation)).map(({ summary }) => summary)
      expect(
        summaries.filter(each => says.test(each)),
        JSON.stringify(situation),
      ).toHaveLength(1)
    }
    for (const situation of not) {
      const summaries = (await said(id, situation)).map(({ summary }) => summary)
      expect(
        summaries.filter(each => says.test(each)),
        JSON.stringify(situation),
      ).toEqual([])
    }
  })

  test('speaks Chinese to those who ask for it', async () => {
    for (const [id, , [situation]] of cases)
      for (const { summary } of await said(id, situation!, 'zh-TW')) expect(summary, id).toMatch(/\p{Script=Han}/u)
  })

  test('fails in none of these situations', async () => {
    const tenant = await server.app.tenants.room('default')
    expect(
      tenant.rules
        .all()
        .filter(({ statistics }) => statistics.failed > 0)
        .map(({ id, statistics }) => [id, statistics.lastFailure]),
    ).toEqual([])
    expect(cases.map(([id]) => id).filter(id => !tenant.rules.all().some(each => each.id === id))).toEqual([])
  })

  test('is tested, every one', () => {
    const tested = new Set(cases.map(([id]) => id))
    const clinical = plans.filter(plan => ruleOf(plan).actions.some(({ triggers }) => triggers[0]!.is === 'hook'))
    expect(clinical.map(({ id }) => id!).filter(id => !tested.has(id))).toEqual([])
  })
})

describe('a rule of the API', () => {
  const outcome = (id: string, event: DataEvent, resource: Plain, more: Partial<ExchangeData> = {}) => {
    const rule = ruleOf(planOf(id))
    const type = resource['resourceType'] as string
    const actions = rule.actions.filter(({ triggers }) =>
      triggers.some(each => each.is === 'data' && each.event === event && each.type === type),
    )
    return outcomeOf([{ rule, actions }], {
      is: 'data',
      event,
      type,
      resource,
      request: { interaction: 'create' },
      caller: {},
      now: Date.now(),
      ...more,
    })
  }

  test('medication-request-needs-indication refuses orders that do not say what for', () => {
    const order = medicine('A10BA02', { status: 'active' })
    const denied = (resource: Plain) =>
      outcome('medication-request-needs-indication', 'data-added', resource).denied.length
    expect(denied(order)).toBe(1)
    expect(denied({ ...order, reasonCode: [{ text: 'Diabetes' }] })).toBe(0)
    expect(denied({ ...order, status: 'draft' })).toBe(0)
    expect(denied({ ...order, intent: 'plan' })).toBe(0)
    expect(denied({ ...order, doNotPerform: true })).toBe(0)
  })

  test('minors-tagged tags those under eighteen', () => {
    const tags = (years: number) => outcome('minors-tagged', 'data-added', person(years)).tagged
    expect(tags(17)).toMatchObject([{ path: 'meta.tag', codings: [{ code: 'minor' }] }])
    expect(tags(18)).toEqual([])
  })

  test('mental-health-notes-restricted labels notes of psychiatry', () => {
    const note = (code: string) => ({
      resourceType: 'DocumentReference',
      status: 'current',
      type: { coding: [{ system: LOINC, code }] },
    })
    const tagged = (code: string) => outcome('mental-health-notes-restricted', 'data-modified', note(code)).tagged
    expect(tagged('28627-4')).toMatchObject([
      {
        path: 'meta.security',
        codings: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
      },
    ])
    expect(tagged('11506-3')).toEqual([])
  })

  test('research-masks-identifiers masks what identifies, for research only', () => {
    const masked = (purpose: string) =>
      outcome('research-masks-identifiers', 'data-accessed', person(30), { request: { interaction: 'read', purpose } })
        .masked
    const found = masked('HRESCH')
    expect(found.map(({ target }) => target.path)).toEqual([
      'identifier',
      'name',
      'telecom',
      'address',
      'contact',
      'photo',
      'birthDate',
    ])
    expect(found.at(-1)!.values).toEqual([person(30).birthDate.slice(0, 4)])
    expect(masked('TREAT')).toEqual([])
  })

  test('bmi-derived makes a body mass index of weight and height', async () => {
    const part = (code: string, value: number, unit: string) => ({
      code: { coding: [{ system: LOINC, code }] },
      valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
    })
    const panel = (weight: number, height: number, unit = 'kg') =>
      observation('85353-1', 1, {
        id: 'v',
        subject: { reference: 'Patient/p' },
        component: [part('29463-7', weight, unit), part('8302-2', height, 'cm')],
      })
    const [made] = outcome('bmi-derived', 'data-added', panel(70, 175)).derived
    expect(made).toMatchObject({
      does: 'create',
      resource: {
        resourceType: 'Observation',
        subject: { reference: 'Patient/p' },
        effectiveDateTime: panel(1, 1).effectiveDateTime,
        valueQuantity: { value: 22.9, code: 'kg/m2' },
        derivedFrom: [{ reference: 'Observation/v' }],
      },
    })
    expect(
      (
        await server.ask('POST', '/fhir/Observation', {
          body: { ...made!.resource!, derivedFrom: undefined, subject: { display: 'x' } },
        })
      ).status,
    ).toBe(201)
    expect(outcome('bmi-derived', 'data-added', panel(154, 175, '[lb_av]')).derived).toEqual([])
    expect(outcome('bmi-derived', 'data-added', quantity('29463-7', 1, 70)).derived).toEqual([])
  })
})
