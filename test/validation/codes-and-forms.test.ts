/** Code systems, value sets, concept maps, questionnaires, measures and vital signs. https://hl7.org/fhir/R4/resourcelist.html */
import { describe, expect, it } from 'vitest'
import { div, patient, wrong } from './validator.ts'

const text = { status: 'generated', div: div('text') }

describe('a code system', () => {
  const system = (more: object) => ({
    resourceType: 'CodeSystem',
    text,
    url: 'http://example.org/cs',
    status: 'active',
    content: 'complete',
    concept: [{ code: 'a', concept: [{ code: 'b' }] }],
    ...more,
  })
  it('has as many concepts as it says, all levels counted', async () => {
    expect(await wrong(system({ count: 2 }))).toEqual([])
    expect(await wrong(system({ count: 1 }))).toEqual(['CodeSystem.count'])
  })

  it('that is not present has none', async () => {
    expect(await wrong(system({ content: 'not-present' }))).toEqual(['CodeSystem.concept[0]'])
  })

  it('gives properties the type that it declares', async () => {
    const property = [{ code: 'p', type: 'code' }]
    expect(
      await wrong(system({ property, concept: [{ code: 'a', property: [{ code: 'p', valueCode: 'x' }] }] })),
    ).toEqual([])
    expect(
      await wrong(system({ property, concept: [{ code: 'a', property: [{ code: 'p', valueString: 'x' }] }] })),
    ).toEqual(['CodeSystem.concept[0].property[0]'])
  })

  it('that supplements another says so', async () => {
    expect(await wrong(system({ supplements: 'http://example.org/other' }))).toEqual(['CodeSystem.content'])
  })

  it('that supplements another adds no codes to it', async () => {
    const supplement = (code: string) =>
      system({
        content: 'supplement',
        supplements: 'http://hl7.org/fhir/administrative-gender',
        concept: [{ code: 'male', display: '男' }, { code }],
      })
    expect(await wrong(supplement('female'))).toEqual([])
    expect(await wrong(supplement('femail'))).toEqual(['CodeSystem.concept[1]'])
  })

  it('that supplements another is not the system of a code', async () => {
    const supplement = system({ content: 'supplement', supplements: 'http://example.org/other' })
    const coded = { ...patient, meta: { tag: [{ system: 'http://example.org/cs', code: 'a' }] } }
    expect(await wrong(coded, { supporting: [supplement] })).toEqual(['Patient.meta.tag[0].system'])
  })
})

it('a value set or map that names a code its system does not have is refused there', async () => {
  const gender = 'http://hl7.org/fhir/administrative-gender'
  const set = (code: string) => ({
    resourceType: 'ValueSet',
    text,
    url: 'http://example.org/vs',
    status: 'active',
    compose: { include: [{ system: gender, concept: [{ code }] }] },
  })
  expect(await wrong(set('male'))).toEqual([])
  expect(await wrong(set('mail'))).toEqual(['ValueSet.compose.include[0].concept[0]'])
  const map = (code: string) => ({
    resourceType: 'ConceptMap',
    text,
    url: 'http://example.org/cm',
    status: 'active',
    group: [{ source: gender, element: [{ code, target: [{ equivalence: 'unmatched', comment: 'x' }] }] }],
  })
  expect(await wrong(map('male'))).toEqual([])
  expect(await wrong(map('mail'))).toEqual(['ConceptMap.group[0].element[0].code'])
})

describe('a questionnaire', () => {
  const form = (item: readonly object[], more: object = {}) => ({
    resourceType: 'Questionnaire',
    text,
    url: 'http://example.org/q',
    status: 'active',
    item,
    ...more,
  })
  const a = { linkId: 'a', type: 'integer' }
  const b = (enableWhen: object) => ({ linkId: 'b', type: 'string', enableWhen: [enableWhen] })

  it('has conditions on questions that it has, of their type', async () => {
    expect(await wrong(form([a, b({ question: 'a', operator: '>', answerInteger: 1 })]))).toEqual([])
    const AT = ['Questionnaire.item[1].enableWhen[0]']
    expect(await wrong(form([a, b({ question: 'z', operator: '>', answerInteger: 1 })]))).toEqual(AT)
    expect(await wrong(form([a, b({ question: 'b', operator: '=', answerString: 'x' })]))).toEqual(AT)
    expect(await wrong(form([a, b({ question: 'a', operator: '=', answerString: 'x' })]))).toEqual(AT)
  })

  it('whose condition is on a later question gets a warning', async () => {
    const early = form([b({ question: 'a', operator: '>', answerInteger: 1 }), a])
    expect(await wrong(early)).toEqual([])
    expect(await wrong(early, {}, 'warning')).toContain('Questionnaire.item[0].enableWhen[0]')
  })

  it('has initial values of the question’s type', async () => {
    expect(await wrong(form([{ ...a, initial: [{ valueInteger: 1 }] }]))).toEqual([])
    expect(await wrong(form([{ ...a, initial: [{ valueString: '1' }] }]))).toEqual(['Questionnaire.item[0].initial[0]'])
  })

  it('derived by compliance changes no type and adds no question', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType'
    const code = { system: 'http://hl7.org/fhir/questionnaire-derivationType', code: 'compliesWith' }
    const derived = (item: readonly object[]) =>
      form(item, {
        url: 'http://example.org/derived',
        derivedFrom: ['http://example.org/q'],
        _derivedFrom: [{ extension: [{ url, valueCoding: code }] }],
      })
    const supporting = [form([a])]
    const at = async (item: readonly object[]) =>
      (await wrong(derived(item), { supporting })).filter(each => each.includes('item'))
    expect(await at([a])).toEqual([])
    expect(await at([{ ...a, type: 'string' }])).toEqual(['Questionnaire.item[0].type'])
    expect(await at([a, { linkId: 'n', type: 'string' }])).toEqual(['Questionnaire.item[1]'])
  })
})

describe('a measure report', () => {
  const code = (code: string) => ({
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-population', code }],
  })
  const criteria = { language: 'text/fhirpath', expression: 'true' }
  const measure = {
    resourceType: 'Measure',
    url: 'http://example.org/Measure/m',
    status: 'active',
    scoring: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-scoring', code: 'proportion' }] },
    group: [
      {
        population: [
          { code: code('numerator'), criteria },
          { code: code('denominator'), criteria },
        ],
      },
    ],
  }
  const numerator = { code: code('numerator'), count: 1 }
  const denominator = { code: code('denominator'), count: 2 }
  const report = (group: object) => ({
    resourceType: 'MeasureReport',
    text,
    status: 'complete',
    type: 'summary',
    measure: measure.url,
    period: { start: '2024', end: '2024' },
    group: [group],
  })
  const checked = (group: object) => wrong(report(group), { supporting: [measure] })

  it('has the populations of its measure and a score that fits', async () => {
    expect(await checked({ population: [numerator, denominator], measureScore: { value: 0.5 } })).toEqual([])
    expect(await checked({ population: [numerator], measureScore: { value: 0.5 } })).toEqual(['MeasureReport.group[0]'])
    expect(
      await checked({
        population: [numerator, denominator, { code: code('initial-population'), count: 1 }],
        measureScore: { value: 0.5 },
      }),
    ).toEqual(['MeasureReport.group[0].population[2]'])
    expect(await checked({ population: [numerator, denominator] })).toEqual(['MeasureReport.group[0]'])
    expect(await checked({ population: [numerator, denominator], measureScore: { value: 50 } })).toEqual([
      'MeasureReport.group[0]',
    ])
  })
})

describe('an observation with the code of a vital sign', () => {
  const weight = (more: object) => ({
    resourceType: 'Observation',
    text,
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
    subject: { reference: 'Patient/1' },
    effectiveDateTime: '2024-05-01',
    valueQuantity: { value: 60, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    ...more,
  })
  it('conforms to its profile, declared or not', async () => {
    expect(await wrong(weight({}))).toEqual([])
    expect(await wrong(weight({ subject: undefined, category: undefined }))).toContain('Observation')
    expect(await wrong(weight({ valueQuantity: undefined, valueString: '60 kg' }))).toContain(
      'Observation.value.ofType(string)',
    )
  })
})

it('a resource in a Bundle is looked at like one by itself', async () => {
  const resource = { ...patient, birthDate: '2023-02-29' }
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ fullUrl: 'http://example.org/Patient/test', resource }],
  }
  expect(await wrong(bundle)).toEqual(['Bundle.entry[0].resource.birthDate'])
})

describe('a canonical', () => {
  const response = (questionnaire: string) => ({
    resourceType: 'QuestionnaireResponse',
    text,
    status: 'completed',
    questionnaire,
  })
  it('that leads to another type of resource than the element may name is refused', async () => {
    expect(await wrong(response('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1'))).toEqual([
      'QuestionnaireResponse.questionnaire',
    ])
  })

  it('that leads to nothing known is no error', async () => {
    expect(await wrong(response('http://example.org/Questionnaire/elsewhere'))).toEqual([])
  })
})

describe('security labels', () => {
  const labelled = (...codes: string[]) => ({
    ...patient,
    meta: {
      security: codes.map(code => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code })),
    },
  })
  it('are a set: one that is there twice is refused', async () => {
    expect(await wrong(labelled('R', 'N'))).toEqual([])
    expect(await wrong(labelled('R', 'N', 'R'))).toEqual(['Patient.meta.security[2]'])
  })
})
