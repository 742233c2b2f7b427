/**
 * diabetes-risk: FINDRISC by the published points, a range when something is missing, and silence for those it is not for.
 */
import { expect, test } from 'vitest'
import { pointsOfAge, pointsOfBmi, pointsOfWaist, riskOf } from '../../../src/cds/knowledge/findrisc.ts'
import { diabetesRisk } from '../../../src/cds/services/diabetes-risk.ts'
import { active, cardsOf, endure, type Asked } from '../../help/cds-call.ts'

const ANSWERS = 'https://fhir.dhp.tw.example/CodeSystem/findrisc-answer'
const observation = (system: string, code: string, value: object) => ({
  resourceType: 'Observation',
  id: `o-${code}`,
  status: 'final',
  code: { coding: [{ system, code }] },
  effectiveDateTime: '2026-02-01',
  ...value,
})
const measured = (code: string, value: number, unit: string) =>
  observation('http://loinc.org', code, { valueQuantity: { value, unit, code: unit } })
const said = (code: string, yes: boolean) => observation(ANSWERS, code, { valueBoolean: yes })
const family = (code: string) =>
  observation(ANSWERS, 'family-history', { valueCodeableConcept: { coding: [{ system: ANSWERS, code }] } })
const icd = (code: string) => ({
  resourceType: 'Condition',
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] },
})

const patient = { resourceType: 'Patient', gender: 'male', birthDate: '1970-03-01' }
/** 56 years (3), BMI 31 (3), waist 103 (4), inactive (2), no fruit (1), medication (2), glucose (5), father (5): 25. */
const all = [
  measured('39156-5', 31, 'kg/m2'),
  measured('8280-0', 103, 'cm'),
  said('daily-activity', false),
  said('daily-fruit-vegetables', false),
  said('blood-pressure-medication-ever', true),
  said('high-glucose-ever', true),
  family('first-degree'),
]
const ask = (measures: readonly object[], more: Asked = {}) =>
  cardsOf(diabetesRisk, {
    ...more,
    prefetch: { patient, measures, conditions: null, medications: null, ...more.prefetch },
  })

test('points are as published at every border', () => {
  expect([44, 45, 54, 55, 64, 65].map(pointsOfAge)).toEqual([0, 2, 2, 3, 3, 4])
  expect([24.9, 25, 30, 30.1].map(pointsOfBmi)).toEqual([0, 1, 1, 3])
  expect([93.9, 94, 102, 102.1].map(waist => pointsOfWaist(waist, 'male'))).toEqual([0, 3, 3, 4])
  expect([79.9, 80, 88, 88.1].map(waist => pointsOfWaist(waist, 'female'))).toEqual([0, 3, 3, 4])
  expect([6, 7, 11, 12, 14, 15, 20, 21].map(score => riskOf(score).probability)).toEqual([
    0.01, 0.04, 0.04, 0.17, 0.17, 0.33, 0.33, 0.5,
  ])
})

test('a complete score is told with its risk, and can be kept as a RiskAssessment that names what it was made from', async () => {
  const [card] = await ask(all)
  expect(card!.summary).toContain('FINDRISC 25 of 26: very high (1 in 2 within ten years)')
  expect(card!.indicator).toBe('warning')
  const [action] = card!.suggestions![0]!.actions!
  expect(action).toMatchObject({
    type: 'create',
    resource: {
      resourceType: 'RiskAssessment',
      status: 'final',
      subject: { reference: 'Patient/1' },
      method: { text: 'FINDRISC' },
      prediction: [{ probabilityDecimal: 0.5 }],
    },
  })
  expect((action!.resource as unknown as { basis: unknown[] }).basis).toContainEqual({
    reference: 'Observation/o-8280-0',
  })
})

test('a complete low score is information', async () => {
  const low = [
    measured('29463-7', 60, 'kg'),
    measured('8302-2', 175, 'cm'),
    measured('8280-0', 80, 'cm'),
    measured('82290-8', 210, 'min/wk'),
    said('daily-fruit-vegetables', true),
    said('blood-pressure-medication-ever', false),
    measured('4548-4', 5.2, '%'),
    family('none'),
  ]
  const [card] = await ask(low)
  expect(card!.summary).toContain('FINDRISC 3 of 26: low')
  expect(card!.indicator).toBe('info')
})

test('what is missing is named, with the range of possible scores and without a suggestion', async () => {
  const [card] = await ask([measured('39156-5', 31, 'kg/m2'), measured('8280-0', 103, 'cm')])
  expect(card!.summary).toContain('FINDRISC 10–25 of 26: slightly elevated to very high')
  expect(card!.summary).toContain('5 items missing')
  expect(card!.detail).toContain('Missing: 30 minutes of activity daily, fruit or vegetables daily')
  expect(card).not.toHaveProperty('suggestions')
})

test('too little, or nothing to worry about whatever is missing, raises nothing', async () => {
  expect(await ask([])).toEqual([])
  expect(await ask([measured('39156-5', 31, 'kg/m2')])).toEqual([])
  // at most 11: only waist and family are missing
  const young = { prefetch: { patient: { ...patient, birthDate: '1990-01-01' } } }
  const most = [said('daily-activity', false), said('daily-fruit-vegetables', true), said('blood-pressure-medication-ever', false), said('high-glucose-ever', false), measured('39156-5', 22, 'kg/m2')] // prettier-ignore
  expect(await ask(most, young)).toEqual([])
})

test('it is silent for known diabetes, by diagnosis or by medicines, and says nothing of a refuted one', async () => {
  expect(await ask(all, { prefetch: { conditions: [icd('E11.9')] } })).toEqual([])
  expect(await ask(all, { prefetch: { medications: [active('m', 'A10BA02')] } })).toEqual([])
  const refuted = { ...icd('E11.9'), verificationStatus: { coding: [{ code: 'refuted' }] } }
  expect(await ask(all, { prefetch: { conditions: [refuted] } })).toHaveLength(1)
})

test('it is silent below 18 years, without a birth date, and after death', async () => {
  const who = (person: object) =>
    ask(all, { prefetch: { patient: { resourceType: 'Patient', gender: 'male', ...person } } })
  expect(await who({ birthDate: '2008-03-02' })).toEqual([])
  expect(await who({ birthDate: '2008-03-01' })).toHaveLength(1)
  expect(await who({})).toEqual([])
  expect(await who({ birthDate: '1970-03-01', deceasedBoolean: true })).toEqual([])
})

test('prediabetes, gestational diabetes, HbA1c from 5.7% and fasting glucose from 100 mg/dL count as high glucose', async () => {
  const rest = all.filter(each => each.id !== 'o-high-glucose-ever')
  for (const condition of ['R73.03', 'O24.410', 'Z86.32'])
    expect((await ask(rest, { prefetch: { conditions: [icd(condition)] } }))[0]!.summary).toContain('FINDRISC 25 ')
  expect((await ask([...rest, measured('4548-4', 5.7, '%')]))[0]!.summary).toContain('FINDRISC 25 ')
  expect((await ask([...rest, measured('1558-6', 100, 'mg/dL')]))[0]!.summary).toContain('FINDRISC 25 ')
  expect((await ask([...rest, measured('1558-6', 99, 'mg/dL')]))[0]!.summary).toContain('FINDRISC 20 ')
})

test('an antihypertensive on record counts, and orders without any count as none', async () => {
  const rest = all.filter(each => each.id !== 'o-blood-pressure-medication-ever')
  const with_ = (code: string) => ask(rest, { prefetch: { medications: [active('m', code, { status: 'completed' })] } })
  expect((await with_('C08CA01'))[0]!.summary).toContain('FINDRISC 25 ')
  expect((await with_('N02BE01'))[0]!.summary).toContain('FINDRISC 23 ')
  expect((await ask(rest))[0]!.summary).toContain('FINDRISC 23–25 ')
})

test('parents count five, grandparents three, and a relative not named three to five', async () => {
  const rest = all.filter(each => each.id !== 'o-family-history')
  const relative = (code: string | undefined, diabetes = true, status = 'completed') => ({
    resourceType: 'FamilyMemberHistory',
    status,
    ...(code ? { relationship: { coding: [{ code }] } } : {}),
    condition: diabetes ? [{ code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] } }] : [],
  })
  const score = async (...relatives: object[]) => (await ask(rest, { prefetch: { family: relatives } }))[0]!.summary
  expect(await score(relative('MTH'))).toContain('FINDRISC 25 ')
  expect(await score(relative('PGRMTH'))).toContain('FINDRISC 23 ')
  expect(await score(relative(undefined))).toContain('FINDRISC 23–25 ')
  expect(await score(relative('FTH', false), relative('MTH', false))).toContain('FINDRISC 20 ')
  expect(await score(relative('MTH', false))).toContain('FINDRISC 20–25 ')
})

test('a FINDRISC that was kept within a year is not offered again', async () => {
  const kept = (day: string) => [
    { resourceType: 'RiskAssessment', status: 'final', method: { text: 'FINDRISC' }, occurrenceDateTime: day },
  ]
  expect((await ask(all, { prefetch: { assessments: kept('2025-06-01') } }))[0]).not.toHaveProperty('suggestions')
  expect((await ask(all, { prefetch: { assessments: kept('2024-06-01') } }))[0]).toHaveProperty('suggestions')
})

test('the borders of WHO for Asian populations are told with their source, and cards are in Chinese when asked for', async () => {
  const [card] = await ask(all, { language: 'zh-TW' })
  expect(card!.summary).toContain('風險極高')
  expect(card!.detail).toContain('23 及 27.5')
  expect(card!.detail).toContain('WHO expert consultation')
})

test('no data of a wrong form makes it fail', async () => {
  await endure(diabetesRisk, { prefetch: { patient, measures: all, conditions: [], medications: [], family: [] } })
})
