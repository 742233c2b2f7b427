/**
 * renal-dose: the newest kidney function with a unit decides, at the borders that the sources give.
 */
import { expect, test } from 'vitest'
import { drugNamed } from '../../../src/cds/knowledge/drugs.ts'
import { ckdEpi2021, renalLimits } from '../../../src/cds/knowledge/renal.ts'
import { renalDose } from '../../../src/cds/services/renal-dose.ts'
import { cardsOf, draft, draftOrders, endure, type Asked } from '../../help/cds-call.ts'

const observation = (code: string, value: number, unit: string | undefined, day = '2026-02-20', more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveDateTime: `${day}T08:00:00+08:00`,
  valueQuantity: { value, ...(unit === undefined ? {} : { unit, code: unit }) },
  ...more,
})
const egfr = (value: number, day?: string) => observation('98979-8', value, 'mL/min/{1.73_m2}', day)
const patient = { resourceType: 'Patient', gender: 'male', birthDate: '1966-02-01' }
const ask = (drug: string, kidney: readonly object[], more: Asked = {}) =>
  cardsOf(renalDose, {
    context: draftOrders(draft('d', drugNamed(drug).atc[0]!)),
    ...more,
    prefetch: { patient, kidney, ...more.prefetch },
  })

test.each([
  ['metformin', 29.9, 'critical'],
  ['metformin', 30, 'warning'],
  ['metformin', 44.9, 'warning'],
  ['pemetrexed', 44.9, 'critical'],
  ['apixaban', 29.9, 'warning'],
  ['apixaban', 14.9, 'critical'],
  ['cisplatin', 59.9, 'warning'],
  ['capecitabine', 29.9, 'critical'],
  ['ibuprofen', 25, 'critical'],
])('%s at an eGFR of %s is %s', async (drug, value, indicator) => {
  const cards = await ask(drug, [egfr(value)])
  expect(cards).toHaveLength(1)
  expect(cards[0]!.indicator).toBe(indicator)
})

test.each([
  ['metformin', 45],
  ['pemetrexed', 45],
  ['apixaban', 30],
  ['cisplatin', 60],
  ['warfarin', 10],
])('%s at an eGFR of %s raises nothing', async (drug, value) => {
  expect(await ask(drug, [egfr(value)])).toEqual([])
})

test('the card states the value, its day and its age, and the newest value decides', async () => {
  const [card] = await ask('metformin', [egfr(80, '2025-01-01'), egfr(29, '2026-02-20')])
  expect(card!.summary).toContain('eGFR 29 (2026-02-20)')
  expect(card!.detail).toContain('9 days ago')
  expect(await ask('metformin', [egfr(29, '2025-01-01'), egfr(80, '2026-02-20')])).toEqual([])
})

test('a value older than 90 days says so and offers to order creatinine', async () => {
  const [old] = await ask('metformin', [egfr(29, '2025-11-01')])
  expect(old!.detail).toContain('120 days old')
  expect(old!.suggestions!.flatMap(each => each.actions!.map(({ type }) => type))).toEqual(['delete', 'create'])
  const [fresh] = await ask('metformin', [egfr(29, '2026-02-20')])
  expect(fresh!.suggestions).toHaveLength(1)
})

test('creatinine is reckoned by CKD-EPI 2021 with age and sex, in mg/dL and in µmol/L', async () => {
  const [mass] = await ask('metformin', [observation('2160-0', 2.5, 'mg/dL')])
  expect(mass!.summary).toContain('eGFR 28.6')
  expect(mass!.detail).toContain('60 years, male')
  const [amount] = await ask('metformin', [observation('14682-9', 221, 'umol/L')])
  expect(amount!.summary).toContain('eGFR 28.6')
  // at 2.0 mg/dL a woman of 60 is below 30 (28.0) and a man is not (37.5)
  const woman = { prefetch: { patient: { ...patient, gender: 'female' } } }
  expect((await ask('metformin', [observation('2160-0', 2.0, 'mg/dL')], woman))[0]!.indicator).toBe('critical')
  expect((await ask('metformin', [observation('2160-0', 2.0, 'mg/dL')]))[0]!.indicator).toBe('warning')
})

test('the equation gives the values of the publication’s calculators', () => {
  expect(ckdEpi2021(1.0, 50, 'male')).toBeCloseTo(91.6, 0)
  expect(ckdEpi2021(1.0, 50, 'female')).toBeCloseTo(68.8, 0)
  expect(ckdEpi2021(0.6, 40, 'female')).toBeCloseTo(116, 0)
})

test('a value without a unit, or with one that is not known, says nothing', async () => {
  expect(await ask('metformin', [observation('98979-8', 20, undefined)])).toEqual([])
  expect(await ask('metformin', [observation('2160-0', 4, undefined)])).toEqual([])
  expect(await ask('metformin', [observation('2160-0', 4, 'mmol/L')])).toEqual([])
})

test('an older value with a unit is used where the newest has none', async () => {
  const cards = await ask('metformin', [observation('98979-8', 90, undefined, '2026-02-25'), egfr(20, '2026-02-20')])
  expect(cards).toHaveLength(1)
})

test('creatinine without sex or birth date cannot be reckoned; a reported eGFR can be used', async () => {
  const unknown = { prefetch: { patient: { resourceType: 'Patient' } } }
  expect(await ask('metformin', [observation('2160-0', 4, 'mg/dL')], unknown)).toEqual([])
  expect(await ask('metformin', [egfr(20)], unknown)).toHaveLength(1)
})

test('it is silent below 18 years, and speaks on the 18th birthday', async () => {
  const born = (birthDate: string) => ({ prefetch: { patient: { ...patient, birthDate } } })
  expect(await ask('metformin', [egfr(20)], born('2008-03-02'))).toEqual([])
  expect(await ask('metformin', [egfr(20)], born('2008-03-01'))).toHaveLength(1)
})

test('values entered in error, of the future, or only known as less than do not count', async () => {
  expect(await ask('metformin', [{ ...egfr(20), status: 'entered-in-error' }])).toEqual([])
  expect(await ask('metformin', [egfr(20, '2027-01-01')])).toEqual([])
  const less = { ...egfr(20), valueQuantity: { value: 20, comparator: '<', code: 'mL/min/{1.73_m2}' } }
  expect(await ask('metformin', [less])).toEqual([])
})

test('co-trimoxazole makes one card, not one for each of its drugs', async () => {
  const cards = await cardsOf(renalDose, {
    context: draftOrders(draft('d', 'J01EE01')),
    prefetch: { patient, kidney: [egfr(20)] },
  })
  expect(cards).toHaveLength(1)
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask('metformin', [egfr(20)], { language: 'zh-TW' })
  expect(card!.summary).toContain('禁用或不建議')
})

test('every row names drugs of the table', () => {
  for (const { drugs } of renalLimits) for (const name of drugs) expect(drugNamed(name).name).toBe(name)
})

test('no data of a wrong form makes it fail', async () => {
  await endure(renalDose, {
    context: draftOrders(draft('d', 'A10BA02')),
    prefetch: { patient, kidney: [egfr(20)] },
  })
})
