/**
 * immunization-due: doses that the record lacks at an age, seasons, what pneumococcal vaccines were given before, and allergies.
 */
import { expect, test } from 'vitest'
import { vaccines } from '../../../src/cds/knowledge/vaccines.ts'
import { immunizationDue } from '../../../src/cds/services/immunization-due.ts'
import { cardsOf, endure, type Asked } from '../../help/cds-call.ts'

const CVX = 'http://hl7.org/fhir/sid/cvx'
const ATC = 'http://www.whocc.no/atc'
const dose = (system: string, code: string, day: string | undefined, more: object = {}) => ({
  resourceType: 'Immunization',
  status: 'completed',
  vaccineCode: { coding: [{ system, code }] },
  ...(day ? { occurrenceDateTime: day } : {}),
  ...more,
})
const born = (birthDate: string, more: object = {}) => ({ resourceType: 'Patient', birthDate, ...more })
/** In summer no seasonal vaccine is offered. */
const summer = '2026-08-01T09:00:00+08:00'
const winter = '2026-12-01T09:00:00+08:00'
const ask = (patient: object, immunizations: readonly object[], more: Asked = {}) =>
  cardsOf(immunizationDue, {
    now: summer,
    ...more,
    prefetch: { patient, immunizations, allergies: [], ...more.prefetch },
  })

/** All that a child of 18 months has had. */
const upTo18Months = (birth: (months: number) => string) => [
  ...[0, 1, 6].map(month => dose(CVX, '08', birth(month))),
  dose(ATC, 'J07AN01', birth(5)),
  ...[2, 4, 6, 18].map(month => dose(ATC, 'J07CA06', birth(month))),
  ...[2, 4, 12].map(month => dose(CVX, '133', birth(month))),
  dose(CVX, '21', birth(12)),
  dose(CVX, '03', birth(12)),
  dose(ATC, 'J07BA03', birth(15)),
  ...[12, 18].map(month => dose(CVX, '83', birth(month))),
]
const months = (month: number) => new Date(Date.UTC(2025, month, 1)).toISOString().slice(0, 10)

test('a child that had all doses of its age raises nothing', async () => {
  // 19 months
  expect(await ask(born('2025-01-01'), upTo18Months(months))).toEqual([])
})

test('a dose is due on the day its age is reached, and not the day before', async () => {
  const february = (month: number) => months(month + 1)
  const rest = upTo18Months(february).filter(each => each.occurrenceDateTime !== february(18))
  const at = (day: string) => ask(born('2025-02-01'), rest, { now: `${day}T09:00:00+08:00` })
  const [card] = await at('2026-08-01')
  expect(card!.detail).toContain('dose 4 of 5 since 2026-08-01')
  expect(await at('2026-07-31')).toEqual([])
})

test('the next dose waits for the days that must lie between', async () => {
  const late = [...upTo18Months(months).filter(each => each.vaccineCode.coding[0]!.code !== '03')]
  const first = dose(CVX, '03', '2029-12-20')
  const later = { now: '2030-01-10T09:00:00+08:00' }
  const names = async (asked: Asked) => (await ask(born('2025-01-01'), [...late, first], asked))[0]?.detail ?? ''
  expect(await names(later)).not.toContain('measles')
  expect(await names({ now: '2030-01-20T09:00:00+08:00' })).toContain(
    'measles, mumps, rubella: dose 2 of 2 since 2030-01-17',
  )
})

test('the fourth dose of the five-in-one waits half a year after a late third', async () => {
  const rest = upTo18Months(months).filter(each => each.vaccineCode.coding[0]!.code !== 'J07CA06')
  const late = ['2025-03-01', '2025-05-01', '2026-05-01'].map(day => dose(ATC, 'J07CA06', day))
  expect(await ask(born('2025-01-01'), [...rest, ...late])).toEqual([])
  const [card] = await ask(born('2025-01-01'), [...rest, ...late], { now: '2026-12-01T09:00:00+08:00' })
  expect(card!.detail).toContain('dose 4 of 5 since 2026-10-28')
})

test('newborns are due hepatitis B only, and an ImmunizationRecommendation can be kept', async () => {
  const [card] = await ask(born('2026-08-01'), [])
  expect(card).toMatchObject({ indicator: 'info', summary: 'A vaccine is due by the record: hepatitis B' })
  expect(card!.suggestions![0]!.actions![0]).toMatchObject({
    type: 'create',
    resource: {
      resourceType: 'ImmunizationRecommendation',
      patient: { reference: 'Patient/1' },
      recommendation: [
        {
          vaccineCode: [{ coding: [{ system: CVX, code: '08' }] }],
          forecastStatus: { coding: [{ code: 'due' }] },
          doseNumberPositiveInt: 1,
        },
      ],
    },
  })
})

test('doses that were not given, entered in error, or subpotent do not count', async () => {
  for (const more of [{ status: 'not-done' }, { status: 'entered-in-error' }, { isSubpotent: true }])
    expect(await ask(born('2026-08-01'), [dose(CVX, '08', '2026-08-01', more)])).toHaveLength(1)
  expect(await ask(born('2026-08-01'), [dose(CVX, '08', '2026-08-01')])).toEqual([])
})

test('one combination recorded under two codes on one day is one dose', async () => {
  const twice = [dose(CVX, '08', '2026-01-01'), dose(ATC, 'J07BC01', '2026-01-01')]
  expect((await ask(born('2026-01-01'), twice))[0]!.detail).toContain('hepatitis B: dose 2 of 3')
})

test('influenza and COVID-19 are due from 65 years in the season, once', async () => {
  const old = born('1960-12-01')
  const pneumococcal = dose(CVX, '216', '2026-02-01')
  const [card] = await ask(old, [pneumococcal], { now: winter })
  expect(card!.summary).toContain('seasonal influenza; COVID-19')
  const both = [pneumococcal, dose(CVX, '205', '2026-10-01'), dose(ATC, 'J07BN01', '2026-10-01')]
  expect(await ask(old, both, { now: winter })).toEqual([])
  const lastYear = [pneumococcal, dose(CVX, '140', '2025-10-05')]
  expect((await ask(old, lastYear, { now: winter }))[0]!.detail).toContain('last on 2025-10-05')
  expect(await ask(old, [pneumococcal])).toEqual([])
  // in June the season that began in October still counts
  expect(await ask(old, both, { now: '2027-06-30T09:00:00+08:00' })).toEqual([])
})

test('one day before 65 nothing is due, on the birthday it is', async () => {
  expect(await ask(born('1961-08-02'), [])).toEqual([])
  expect((await ask(born('1961-08-01'), []))[0]!.summary).toContain('pneumococcal (PCV20)')
})

test('pneumococcal: complete with PCV20, or with a conjugate and PPV23; otherwise a year after the last', async () => {
  const old = born('1950-01-01')
  const said = async (...doses: object[]) => (await ask(old, doses))[0]?.detail ?? 'nothing'
  expect(await said(dose(CVX, '216', '2020-01-01'))).toBe('nothing')
  expect(await said(dose(CVX, '133', '2020-01-01'), dose(CVX, '33', '2021-01-01'))).toBe('nothing')
  expect(await said(dose(ATC, 'J07AL02', '2020-01-01'), dose(ATC, 'J07AL01', '2021-01-01'))).toBe('nothing')
  expect(await said(dose(CVX, '33', '2025-08-01'))).toContain('one dose of PCV20')
  expect(await said(dose(CVX, '33', '2025-08-02'))).toBe('nothing')
  expect(await said(dose(CVX, '133', '2025-01-01'))).toContain('PPV23 (PCV20 when that is used up)')
})

test('a severe allergy to what is in a vaccine is a warning and takes it out of the recommendation', async () => {
  const allergy = (text: string, criticality: string) => ({
    resourceType: 'AllergyIntolerance',
    code: { text },
    criticality,
  })
  const child = born('2025-01-01')
  const rest = upTo18Months(months).filter(each => each.vaccineCode.coding[0]!.code !== '03')
  const severe = await ask(child, rest, { prefetch: { allergies: [allergy('Neomycin', 'high')] } })
  expect(severe[0]).toMatchObject({ indicator: 'warning' })
  expect(severe[0]!.detail).toContain('severe allergy on record (Neomycin)')
  expect(severe[0]).not.toHaveProperty('suggestions')
  expect((await ask(child, rest, { prefetch: { allergies: [allergy('Neomycin', 'low')] } }))[0]).toMatchObject({
    indicator: 'info',
  })
  expect((await ask(child, rest, { prefetch: { allergies: [allergy('Penicillin', 'high')] } }))[0]).toMatchObject({
    indicator: 'info',
  })
})

test('it is silent between school and 65, without a birth date, and after death', async () => {
  expect(await ask(born('2019-08-01'), [])).toEqual([])
  expect(await ask(born('1990-01-01'), [], { now: winter })).toEqual([])
  expect(await ask({ resourceType: 'Patient' }, [])).toEqual([])
  expect(await ask(born('1950-01-01', { deceasedBoolean: true }), [])).toEqual([])
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask(born('1950-01-01'), [], { language: 'zh-TW' })
  expect(card!.summary).toContain('應接種：肺炎鏈球菌疫苗')
})

test('codes have the form of their systems', () => {
  for (const { cvx, atc } of Object.values(vaccines)) {
    for (const code of cvx) expect(code).toMatch(/^\d{2,3}$/)
    for (const code of atc) expect(code).toMatch(/^J07[A-Z]{2}\d\d$/)
  }
})

test('no data of a wrong form makes it fail', async () => {
  await endure(immunizationDue, {
    now: winter,
    prefetch: { patient: born('1950-01-01'), immunizations: [], allergies: [] },
  })
})
