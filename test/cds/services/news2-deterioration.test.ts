/**
 * news2-deterioration: the bands of NEWS2 at their borders, both scales of saturation, missing signs, and the trend.
 */
import { expect, test } from 'vitest'
import { scoreOf, scoreOfSaturation } from '../../../src/cds/knowledge/news2.ts'
import { news2Deterioration } from '../../../src/cds/services/news2-deterioration.ts'
import { cardsOf, endure, type Asked } from '../../help/cds-call.ts'

const now = '2026-03-01T12:00:00+08:00'
const sign = (
  code: string,
  value: number | undefined,
  unit: string,
  at = '2026-03-01T11:00:00+08:00',
  more: object = {},
) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveDateTime: at,
  ...(value === undefined ? {} : { valueQuantity: { value, unit, code: unit, system: 'http://unitsofmeasure.org' } }),
  ...more,
})
interface Values {
  respiration?: number
  saturation?: number
  flow?: number
  systolic?: number
  pulse?: number
  temperature?: number
  mind?: string
}
const well = { respiration: 16, saturation: 97, flow: 0, systolic: 120, pulse: 70, temperature: 37, mind: 'Alert' }
const set = (values: Values, at?: string) => {
  const { respiration, saturation, flow, systolic, pulse, temperature, mind } = values
  return [
    ...(respiration === undefined ? [] : [sign('9279-1', respiration, '/min', at)]),
    ...(saturation === undefined ? [] : [sign('59408-5', saturation, '%', at)]),
    ...(flow === undefined ? [] : [sign('3151-8', flow, 'L/min', at)]),
    ...(systolic === undefined
      ? []
      : [
          sign('85354-9', undefined, '', at, {
            component: [
              {
                code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
                valueQuantity: { value: systolic, code: 'mm[Hg]' },
              },
            ],
          }),
        ]),
    ...(pulse === undefined ? [] : [sign('8867-4', pulse, '/min', at)]),
    ...(temperature === undefined ? [] : [sign('8310-5', temperature, 'Cel', at)]),
    ...(mind === undefined ? [] : [sign('67775-7', undefined, '', at, { valueCodeableConcept: { text: mind } })]),
  ]
}
const patient = { resourceType: 'Patient', birthDate: '1950-01-01' }
const ask = (vitals: readonly object[], more: Asked = {}) =>
  cardsOf(news2Deterioration, { now, ...more, prefetch: { patient, vitals, ...more.prefetch } })

test.each([
  ['respiration', [8, 3], [9, 1], [11, 1], [12, 0], [20, 0], [21, 2], [24, 2], [25, 3]],
  ['systolic', [90, 3], [91, 2], [100, 2], [101, 1], [110, 1], [111, 0], [219, 0], [220, 3]],
  ['pulse', [40, 3], [41, 1], [50, 1], [51, 0], [90, 0], [91, 1], [110, 1], [111, 2], [130, 2], [131, 3]],
  ['temperature', [35, 3], [35.1, 1], [36, 1], [36.1, 0], [38, 0], [38.1, 1], [39, 1], [39.1, 2]],
] as const)('%s scores as published at every border', (vital, ...borders) => {
  for (const [value, score] of borders as readonly (readonly [number, number])[])
    expect(scoreOf(vital, value), String(value)).toBe(score)
})

test('saturation scores on scale 1, and on scale 2 by whether oxygen is given', () => {
  for (const [value, score] of [[91, 3], [92, 2], [93, 2], [94, 1], [95, 1], [96, 0]] as const) // prettier-ignore
    expect(scoreOfSaturation(value, 1, false), String(value)).toBe(score)
  for (const [
    value,
    score,
  ] of [[83, 3], [84, 2], [85, 2], [86, 1], [87, 1], [88, 0], [92, 0], [93, 0], [99, 0]] as const) // prettier-ignore
    expect(scoreOfSaturation(value, 2, false), String(value)).toBe(score)
  for (const [value, score] of [[92, 0], [93, 1], [94, 1], [95, 2], [96, 2], [97, 3]] as const) // prettier-ignore
    expect(scoreOfSaturation(value, 2, true), String(value)).toBe(score)
})

test('who is well raises nothing, and so do four points', async () => {
  expect(await ask(set(well))).toEqual([])
  expect(await ask(set({ ...well, pulse: 111, flow: 2 }))).toEqual([])
})

test('five and six points are urgent, seven an emergency', async () => {
  const five = await ask(set({ ...well, pulse: 111, flow: 2, temperature: 38.5 }))
  expect(five[0]).toMatchObject({ indicator: 'warning', summary: 'NEWS2 5: urgent response' })
  const six = await ask(set({ ...well, pulse: 111, flow: 2, respiration: 22 }))
  expect(six[0]).toMatchObject({ indicator: 'warning', summary: 'NEWS2 6: urgent response' })
  const seven = await ask(set({ ...well, pulse: 111, flow: 2, respiration: 22, temperature: 38.5 }))
  expect(seven[0]).toMatchObject({ indicator: 'critical', summary: 'NEWS2 7: emergency response' })
})

test('a single three is urgent and named', async () => {
  const [card] = await ask(set({ ...well, mind: 'Responds to voice' }))
  expect(card).toMatchObject({ indicator: 'warning', summary: 'NEWS2 3: urgent response (3 for consciousness)' })
})

test('signs that are missing are named, with the scores that are possible', async () => {
  const [card] = await ask(set({ respiration: 26, saturation: 97, pulse: 70, systolic: 120, temperature: 37 }))
  expect(card!.summary).toContain('NEWS2 at least 3')
  expect(card!.detail).toContain('Missing within 24 hours: air or oxygen, consciousness')
  expect(card!.detail).toContain('between 3 and 8')
})

test('each sign counts for 24 hours and no longer', async () => {
  const bad = { respiration: 26 }
  expect(await ask(set(bad, '2026-02-28T12:00:00+08:00'))).toHaveLength(1)
  expect(await ask(set(bad, '2026-02-28T11:59:59+08:00'))).toEqual([])
  expect(await ask([])).toEqual([])
})

test('scale 2 is used only when a goal in force documents 88 to 92 percent', async () => {
  const vitals = set({ ...well, saturation: 89 })
  const goal = (low: number, high: number, lifecycleStatus = 'active') => ({
    resourceType: 'Goal',
    lifecycleStatus,
    target: [
      {
        measure: { coding: [{ system: 'http://loinc.org', code: '59408-5' }] },
        detailRange: { low: { value: low }, high: { value: high } },
      },
    ],
  })
  expect((await ask(vitals))[0]!.detail).toContain('scale 1')
  expect(await ask(vitals, { prefetch: { goals: [goal(88, 92)] } })).toEqual([])
  expect(await ask(vitals, { prefetch: { goals: [goal(94, 98)] } })).toHaveLength(1)
  expect(await ask(vitals, { prefetch: { goals: [goal(88, 92, 'cancelled')] } })).toHaveLength(1)
  const onOxygen = set({ ...well, saturation: 97, flow: 3 })
  const [card] = await ask(onOxygen, { prefetch: { goals: [goal(88, 92)] } })
  expect(card!.summary).toContain('3 for oxygen saturation')
})

test('the trend compares the signs that were measured before too', async () => {
  const earlier = set({ ...well, pulse: 95 }, '2026-03-01T06:00:00+08:00')
  const [card] = await ask([...set({ ...well, pulse: 131 }), ...earlier])
  expect(card!.detail).toContain('measured before too: 1 → 3')
})

test('oxygen is known by its flow or its fraction; 21 percent is air', async () => {
  const fraction = (value: number) => sign('3150-6', value, '%')
  const vitals = set({ ...well, pulse: 111, temperature: 38.5, flow: undefined as never })
  expect((await ask([...vitals.slice(0), fraction(28)]))[0]!.summary).toContain('NEWS2 5')
  expect(await ask([...vitals, fraction(21)])).toEqual([])
})

test('temperature in Fahrenheit is converted, and a value without a unit is missing', async () => {
  const [card] = await ask([...set({ respiration: 26 }), sign('8310-5', 102.4, '[degF]')])
  expect(card!.summary).toContain('at least 5')
  const [bare] = await ask([
    ...set({ respiration: 26 }),
    { ...sign('8310-5', 39.1, ''), valueQuantity: { value: 39.1 } },
  ])
  expect(bare!.detail).toContain('temperature')
  expect(bare!.summary).toContain('at least 3')
})

test('it is silent for children below 16, without a birth date, for pregnant women and after death', async () => {
  const vitals = set({ ...well, respiration: 26 })
  const who = (person: object) => ask(vitals, { prefetch: { patient: { resourceType: 'Patient', ...person } } })
  expect(await who({ birthDate: '2010-03-02' })).toEqual([])
  expect(await who({ birthDate: '2010-03-01' })).toHaveLength(1)
  expect(await who({})).toEqual([])
  expect(await who({ birthDate: '1950-01-01', deceasedDateTime: '2026-02-01' })).toEqual([])
  const pregnant = sign('82810-3', undefined, '', undefined, {
    valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '77386006' }] },
  })
  expect(await ask(vitals, { prefetch: { pregnancy: [pregnant] } })).toEqual([])
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask(set({ ...well, respiration: 26, pulse: 140 }), { language: 'zh-TW' })
  expect(card!.summary).toContain('儘速評估')
  expect(card!.detail).toContain('呼吸次數')
})

test('no data of a wrong form makes it fail', async () => {
  await endure(news2Deterioration, { now, prefetch: { patient, vitals: set(well) } })
})
