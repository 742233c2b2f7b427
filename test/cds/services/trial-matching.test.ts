/**
 * Trials matched against a record, as an EHR meets it.
 * https://hl7.org/fhir/R4/researchstudy-definitions.html#ResearchStudy.enrollment
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cancer,
  type Clinic,
  hostilePrefetches,
  type Made,
  marker,
  observation,
  openClinic,
  patient,
  staged,
  variant,
} from './oncology.ts'

let clinic: Clinic
beforeAll(async () => void (clinic = await openClinic()))
afterAll(() => clinic.close())

const LOINC = 'http://loinc.org'
const SNOMED = 'http://snomed.info/sct'
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'
const ATC = 'http://www.whocc.no/atc'
const concept = (system: string, code: string, display = code) => ({ coding: [{ system, code, display }] })
const coded = (system: string, code: string) => ({ valueCodeableConcept: concept(system, code) })

const age = concept(LOINC, '30525-0', 'Age')
const sex = concept(LOINC, '46098-0', 'Sex')
const disease = concept(SNOMED, '439401001', 'Diagnosis')
const ecog = concept(LOINC, '89247-1', 'ECOG')
const treatment = concept(SNOMED, '416608005', 'Drug therapy')
const lungOnly = { code: disease, ...coded(ICD, 'C34') }
const years = (value: number) => ({ value, unit: 'years', system: 'http://unitsofmeasure.org', code: 'a' })
const between = (low: number, high: number, unit: object = {}) => ({
  valueRange: { low: { value: low, ...unit }, high: { value: high, ...unit } },
})

/** A study and its group, as two resources. */
const trial = (characteristics: readonly object[], more: object = {}, id = 'trial'): Made[] => [
  {
    resourceType: 'ResearchStudy',
    id,
    status: 'active',
    title: `The ${id}`,
    enrollment: [{ reference: `Group/${id}-group` }],
    ...more,
  },
  {
    resourceType: 'Group',
    id: `${id}-group`,
    type: 'person',
    actual: false,
    characteristic: characteristics.map(each => ({ exclude: false, ...each })),
  },
]
const lung = cancer('C34.11', 'Lung cancer')
const ask = (record: readonly Made[], language = 'en') => clinic.made('trial-matching', record, { language })
const summaries = async (...record: Made[]) => (await ask([patient(), ...record])).map(({ summary }) => summary)

/** How one criterion comes out beside the diagnosis of lung cancer, which is met. */
async function outcome(characteristic: object, ...record: Made[]): Promise<'met' | 'not met' | 'unknown'> {
  const own = record.some(({ resourceType }) => resourceType === 'Patient') ? [] : [patient()]
  const [card] = await ask([...own, lung, ...record, ...trial([lungOnly, characteristic])])
  if (card!.summary.includes('2 of 2 criteria met')) return 'met'
  if (card!.summary.includes('1 of 2 criteria met, 1 unknown')) return 'unknown'
  expect(card!.detail).toContain('**Not met**')
  return 'not met'
}

describe('the seeded trials', () => {
  test('for EGFR after osimertinib is offered to the patient it fits, with each criterion and a link to the study', async () => {
    const [card] = await clinic.seeded('trial-matching', 'pat-cancer-lung')
    expect(card!.summary).toBe(
      'Trial: 奧希替尼治療後惡化之 EGFR 突變肺癌第二期試驗（合成資料）: 6 of 7 criteria met, 1 unknown',
    )
    expect(card!.indicator).toBe('info')
    expect(card!.detail).toMatch(/\*\*Met\*\*: 曾用藥物: 奧希替尼 \[奧希替尼 80 毫克錠/)
    expect(card!.detail).toMatch(/\*\*Unknown\*\*: not 診斷: 腦轉移/)
    const url = `${clinic.server.fhir}/ResearchStudy/trial-egfr-after-osimertinib`
    expect(card!.links).toContainEqual(
      expect.objectContaining({
        type: 'absolute',
        url: expect.stringContaining('/ResearchStudy/trial-egfr-after-osimertinib'),
      }),
    )
    expect((await fetch(url)).status).toBe(200)
    expect(card!.suggestions).toBeUndefined()
  })

  test('for MSI-H colon cancer is offered to the patient it fits, in Chinese to those who read it', async () => {
    const [card, ...others] = await clinic.seeded('trial-matching', 'pat-cancer-colon', { language: 'zh-TW' })
    expect(card!.summary).toMatch(/^臨床試驗：MSI-H.*6 項條件符合 5 項，1 項未知$/)
    expect(others).toEqual([])
  })

  test.each(['pat-cancer-breast', 'pat-cancer-pancreas', 'pat-cancer-rectum', 'pat-lin-meiling', 'pat-yang-xinyi'])(
    'are not offered to %s',
    async id => expect(await clinic.seeded('trial-matching', id)).toEqual([]),
  )

  test('are taken by the validator of this server', async () => {
    for (const type of ['ResearchStudy/trial-egfr-after-osimertinib', 'Group/trial-msi-h-colon-adjuvant-eligible']) {
      const { body } = await clinic.server.ask('GET', `/fhir/${type}/$validate`)
      expect(
        body.issue.filter(({ severity }: { severity: string }) => severity === 'error'),
        type,
      ).toEqual([])
    }
  })
})

describe('age', () => {
  const of = (years_: number, days: number) => {
    const born = new Date()
    born.setUTCFullYear(born.getUTCFullYear() - years_)
    born.setUTCDate(born.getUTCDate() - days)
    return patient({ birthDate: born.toISOString().slice(0, 10) })
  }
  const range = { code: age, valueRange: { low: years(18), high: years(75) } }

  test.each([
    [18, 1, 'met'],
    [18, -2, 'not met'],
    [75, 10, 'met'],
    [76, -2, 'met'],
    [76, 2, 'not met'],
  ] as const)('%i years and %i days is %s for 18 to 75', async (full, days, expected) => {
    expect(await outcome(range, of(full, days))).toBe(expected)
  })

  test('from 65 on', async () => {
    const from65 = { code: age, valueQuantity: { ...years(65), comparator: '>=' } }
    expect(await outcome(from65, of(65, 1))).toBe('met')
    expect(await outcome(from65, of(65, -2))).toBe('not met')
  })

  test('is unknown without a birth date, and when the year alone leaves it open', async () => {
    expect(await outcome(range, patient({ birthDate: undefined }))).toBe('unknown')
    const year = new Date().getUTCFullYear() - 18
    if (!/-(?:01-01|12-31)$/.test(new Date().toISOString().slice(0, 10)))
      expect(await outcome(range, patient({ birthDate: String(year) }))).toBe('unknown')
    expect(await outcome(range, patient({ birthDate: '1980' }))).toBe('met')
  })
})

describe('sex, diagnosis and treatment', () => {
  test('sex is met, not met, or unknown', async () => {
    const women = { code: sex, ...coded('http://hl7.org/fhir/administrative-gender', 'female') }
    expect(await outcome(women)).toBe('met')
    expect(await outcome(women, patient({ gender: 'male' }))).toBe('not met')
    expect(await outcome(women, patient({ gender: 'unknown' }))).toBe('unknown')
  })

  test('a diagnosis by its ICD-10 category, and SNOMED CT code by code', async () => {
    const diabetes = cancer('E11.9', 'Diabetes', { id: 'd', category: [] })
    expect(await outcome({ code: disease, ...coded(ICD, 'E11') }, diabetes)).toBe('met')
    expect(await outcome({ code: disease, ...coded(ICD, 'E11') })).toBe('not met')
    expect(await outcome({ code: concept(ICD, 'E11'), valueBoolean: true }, diabetes)).toBe('met')
    // a record coded in ICD-10 alone says nothing of a SNOMED CT code
    expect(await outcome({ code: disease, ...coded(SNOMED, '44054006') }, diabetes)).toBe('unknown')
  })

  test('an excluded diagnosis that is on record is not met, one that is not on record is unknown and not met', async () => {
    const noDiabetes = { code: disease, ...coded(ICD, 'E11'), exclude: true }
    expect(await outcome(noDiabetes, cancer('E11.9', 'Diabetes', { id: 'd', category: [] }))).toBe('not met')
    expect(await outcome(noDiabetes)).toBe('unknown')
  })

  test('a medicine that was given is met, also by its class; one that is not on record is unknown', async () => {
    const order: Made = {
      resourceType: 'MedicationRequest',
      id: 'm',
      status: 'stopped',
      authoredOn: '2025-01-01',
      medicationCodeableConcept: concept(ATC, 'L01EB04', 'osimertinib'),
    }
    const prior = (code: string, more = {}) => ({ code: treatment, ...coded(ATC, code), ...more })
    expect(await outcome(prior('L01EB04'), order)).toBe('met')
    expect(await outcome(prior('L01EB'), order)).toBe('met')
    expect(await outcome(prior('L01FF02'), order)).toBe('unknown')
    expect(await outcome(prior('L01EB04', { exclude: true }), order)).toBe('not met')
    expect(await outcome(prior('L01FF02', { exclude: true }), order)).toBe('unknown')
  })
})

describe('results', () => {
  test('ECOG from 0 to 1, both included, by the newest that stands', async () => {
    const fit = { code: ecog, ...between(0, 1) }
    for (const [value, expected] of [
      [0, 'met'],
      [1, 'met'],
      [2, 'not met'],
    ] as const)
      expect(await outcome(fit, observation('89247-1', { valueInteger: value }))).toBe(expected)
    expect(await outcome(fit)).toBe('unknown')
    const before = observation('89247-1', { valueInteger: 0 }, { effectiveDateTime: '2025-01-01' })
    expect(await outcome(fit, before, observation('89247-1', { valueInteger: 3 }))).toBe('not met')
    expect(await outcome(fit, observation('89247-1', { valueInteger: 0 }, { status: 'entered-in-error' }))).toBe(
      'unknown',
    )
  })

  test('a laboratory value only in the same unit', async () => {
    const platelets = {
      code: concept(LOINC, '777-3'),
      valueQuantity: { value: 100, code: '10*3/uL', comparator: '>=' },
    }
    const value = (value: number, code: string) => observation('777-3', { valueQuantity: { value, code } })
    expect(await outcome(platelets, value(100, '10*3/uL'))).toBe('met')
    expect(await outcome(platelets, value(99.9, '10*3/uL'))).toBe('not met')
    expect(await outcome(platelets, value(100_000, '/uL'))).toBe('unknown')
    const less = observation('777-3', { valueQuantity: { value: 200, code: '10*3/uL', comparator: '<' } })
    expect(await outcome(platelets, less)).toBe('unknown')
  })

  test('a stage: IV is met by IVA, IVA by IV is unknown', async () => {
    const stage = (code: string) => ({ code: concept(LOINC, '21908-9'), ...coded('http://cancerstaging.org', code) })
    expect(await outcome(stage('IV'), ...staged('', '', '', 'IVA'))).toBe('met')
    expect(await outcome(stage('IVA'), ...staged('', '', '', 'IV'))).toBe('unknown')
    expect(await outcome(stage('III'), ...staged('', '', '', 'IVA'))).toBe('not met')
  })

  test('a variant of a gene: found, looked for and not found, never looked for', async () => {
    const gene = { code: concept(LOINC, '48018-6'), ...coded('http://www.genenames.org', 'HGNC:3236') }
    const other = { code: concept(LOINC, '48018-6'), ...coded('http://www.genenames.org', 'HGNC:427') }
    const found = variant('EGFR', { protein: 'p.(Leu858Arg)' })
    expect(await outcome(gene, found)).toBe('met')
    expect(await outcome({ ...gene, exclude: true }, found)).toBe('not met')
    expect(await outcome(gene, variant('EGFR', { present: false }))).toBe('not met')
    expect(await outcome(other, found)).toBe('unknown')
  })

  test('a protein change, a biomarker by name, and a marker that must be negative', async () => {
    const found = variant('EGFR', { protein: 'NP_005219.2:p.(Glu746_Ala750del)' })
    const protein = { code: concept(LOINC, '48005-3'), ...coded('http://varnomen.hgvs.org', 'p.(Glu746_Ala750del)') }
    const named = { code: concept(LOINC, '69548-6'), valueCodeableConcept: { text: 'EGFR exon 19 deletion' } }
    expect(await outcome(protein, found)).toBe('met')
    expect(await outcome(named, found)).toBe('met')
    expect(await outcome(named, variant('EGFR', { protein: 'p.(Leu858Arg)' }))).toBe('unknown')
    const negative = { code: concept(LOINC, '78205-2'), ...coded(SNOMED, '260385009') }
    expect(await outcome(negative, marker('78205-2', 'Negative'))).toBe('met')
    expect(await outcome(negative, marker('78205-2', 'Positive'))).toBe('not met')
    expect(await outcome(negative, marker('78205-2', 'Indeterminate'))).toBe('unknown')
  })

  test('outside the period of the criterion does not count', async () => {
    const fit = (start: string, end: string) => ({ code: ecog, ...between(0, 1), period: { start, end } })
    const score = observation('89247-1', { valueInteger: 0 })
    expect(await outcome(fit('2026-02-01', '2026-02-01'), score)).toBe('met')
    expect(await outcome(fit('2026-02-02', '2026-03-01'), score)).toBe('unknown')
    expect(await outcome(fit('2026-01-01', '2026-01-31'), score)).toBe('unknown')
  })

  test('what is only said in words is unknown', async () => {
    expect(await outcome({ code: { text: 'Adequate organ function' }, valueBoolean: true })).toBe('unknown')
    expect(await outcome({ code: disease, valueCodeableConcept: { text: 'lung cancer' } })).toBe('unknown')
  })
})

describe('a trial', () => {
  test('of which one criterion is not met is only mentioned, and why', async () => {
    const [card, ...others] = await ask([
      patient(),
      lung,
      ...trial([lungOnly, { code: age, valueQuantity: { ...years(18), comparator: '<' } }]),
    ])
    expect(others).toEqual([])
    expect(card!.summary).toBe('1 more trial for a diagnosis on record, but not every criterion is met')
    expect(card!.detail).toContain('**Not met**: Age')
  })

  test('for another disease is not mentioned at all', async () => {
    expect(await summaries(cancer('C50.4', 'Breast cancer'), ...trial([lungOnly]))).toEqual([])
  })

  test('of which nothing clinical is met is not offered: unknown is not met', async () => {
    const adult = { code: age, valueQuantity: { ...years(18), comparator: '>=' } }
    expect(await summaries(lung, ...trial([adult, { code: ecog, ...between(0, 1) }]))).toEqual([])
    expect(await summaries(lung, ...trial([adult]))).toEqual(['Trial: The trial: 1 of 1 criteria met'])
  })

  test.each(['closed-to-accrual', 'completed', 'withdrawn', 'in-review'])('that is %s is not offered', async status => {
    expect(await summaries(lung, ...trial([lungOnly], { status }))).toEqual([])
  })

  test('whose period is over is not offered; on its last day it still is', async () => {
    const today = new Date().toISOString().slice(0, 10)
    expect(await summaries(lung, ...trial([lungOnly], { period: { end: '2020-01-01' } }))).toEqual([])
    expect(await summaries(lung, ...trial([lungOnly], { period: { end: today } }))).toHaveLength(1)
  })

  test('without criteria, or whose group is not there, says nothing', async () => {
    expect(await summaries(lung, ...trial([]))).toEqual([])
    expect(await summaries(lung, trial([lungOnly])[0]!)).toEqual([])
  })

  test('with several groups is judged by the one that fits best, contained ones included', async () => {
    const [, breastGroup] = trial([{ code: disease, ...coded(ICD, 'C50') }])
    const contained = { ...trial([lungOnly])[1]!, id: 'g' }
    const [study] = trial([], {
      contained: [contained],
      enrollment: [{ reference: 'Group/trial-group' }, { reference: '#g' }],
    })
    expect(await summaries(lung, study!, breastGroup!)).toEqual(['Trial: The trial: 1 of 1 criteria met'])
  })

  test('with an entry of ClinicalTrials.gov links there', async () => {
    const [card] = await ask([patient(), lung, ...trial([lungOnly], { identifier: [{ value: 'NCT01234567' }] })])
    expect(card!.links).toContainEqual({
      label: 'NCT01234567',
      url: 'https://clinicaltrials.gov/study/NCT01234567',
      type: 'absolute',
    })
  })

  test('that fits better comes first, and there are at most ten cards and one', async () => {
    const fits = { code: sex, ...coded('http://hl7.org/fhir/administrative-gender', 'female') }
    const many = Array.from({ length: 15 }, (_, i) => trial([lungOnly], {}, `t${i}`)).flat()
    const all = await summaries(lung, ...many, ...trial([lungOnly, fits], {}, 'best'))
    expect(all).toHaveLength(10)
    expect(all[0]).toContain('The best')
  })

  test('is not offered to the dead', async () => {
    expect(await ask([patient({ deceasedBoolean: true }), lung, ...trial([lungOnly])])).toEqual([])
  })
})

test('data that are not what they should be are answered with cards or none, never with an error', async () => {
  for (const prefetch of hostilePrefetches('trial-matching'))
    expect((await clinic.prefetched('trial-matching', prefetch)).status).toBe(200)
})

test('a thousand trials of twenty criteria are answered in time', async () => {
  const criteria = Array.from({ length: 20 }, () => lungOnly)
  const all = Array.from({ length: 1000 }, (_, i) => trial(criteria, {}, `t${i}`))
  const bundle = (resources: readonly Made[]) => ({
    resourceType: 'Bundle',
    entry: resources.map(resource => ({ resource })),
  })
  const { status, body } = await clinic.prefetched('trial-matching', {
    patient: patient(),
    conditions: bundle([lung]),
    observations: null,
    studies: bundle(all.map(([study]) => ({ ...study!, enrollment: [{ reference: 'Group/t0-group' }] }))),
    groups: bundle([all[0]![1]!]),
  })
  expect(status).toBe(200)
  expect(body.cards).toHaveLength(10)
})
