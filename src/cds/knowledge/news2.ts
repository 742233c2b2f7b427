/**
 * NEWS2: what each vital sign scores.
 * For people of 16 years and more who are not pregnant. © Royal College of Physicians 2017; the report asks to be acknowledged where its bands are used.
 * https://www.rcp.ac.uk/improving-care/resources/national-early-warning-score-news-2/
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'

export const RCP: Evidence = {
  label: 'National Early Warning Score (NEWS) 2, Royal College of Physicians 2017',
  url: 'https://www.rcp.ac.uk/improving-care/resources/national-early-warning-score-news-2/',
}

/** The last value of each band and its points, in order; beyond the last the points of `above`. */
interface Bands {
  readonly upTo: readonly (readonly [value: number, points: number])[]
  readonly above: number
}

const points = ({ upTo, above }: Bands, value: number): number => upTo.find(([last]) => value <= last)?.[1] ?? above

export type Vital = 'respiration' | 'saturation' | 'oxygen' | 'systolic' | 'pulse' | 'consciousness' | 'temperature'

export const vitals: readonly Vital[] = [
  'respiration',
  'saturation',
  'oxygen',
  'systolic',
  'pulse',
  'consciousness',
  'temperature',
]

export const vitalNames: Readonly<Record<Vital, Said>> = {
  respiration: said('respiration rate', '呼吸次數'),
  saturation: said('oxygen saturation', '血氧飽和度'),
  oxygen: said('air or oxygen', '空氣或氧氣'),
  systolic: said('systolic blood pressure', '收縮壓'),
  pulse: said('pulse', '脈搏'),
  consciousness: said('consciousness', '意識'),
  temperature: said('temperature', '體溫'),
}

const numbers: Readonly<Record<'respiration' | 'systolic' | 'pulse' | 'temperature', Bands>> = {
  respiration: { upTo: [[8, 3], [11, 1], [20, 0], [24, 2]], above: 3 }, // prettier-ignore
  systolic: { upTo: [[90, 3], [100, 2], [110, 1], [219, 0]], above: 3 }, // prettier-ignore
  pulse: { upTo: [[40, 3], [50, 1], [90, 0], [110, 1], [130, 2]], above: 3 }, // prettier-ignore
  temperature: {
    upTo: [
      [35, 3],
      [36, 1],
      [38, 0],
      [39, 1],
    ],
    above: 2,
  },
}
const scale1: Bands = { upTo: [[91, 3], [93, 2], [95, 1]], above: 0 } // prettier-ignore
const scale2: Bands = { upTo: [[83, 3], [85, 2], [87, 1], [92, 0]], above: 0 } // prettier-ignore
const scale2OnOxygen: Bands = { upTo: [[92, 0], [94, 1], [96, 2]], above: 3 } // prettier-ignore

/** Of a number; whole numbers but for temperature, which has one decimal. */
export const scoreOf = (vital: keyof typeof numbers, value: number): number =>
  points(numbers[vital], vital === 'temperature' ? Math.round(value * 10) / 10 : Math.round(value))

/** Of oxygen saturation. On scale 2, above 92%, it matters whether oxygen is given; unknown counts as air. */
export function scoreOfSaturation(value: number, scale: 1 | 2, onOxygen: boolean | undefined): number {
  const whole = Math.round(value)
  if (scale === 1) return points(scale1, whole)
  return whole > 92 && onOxygen ? points(scale2OnOxygen, whole) : points(scale2, whole)
}

export const SCORE_OF_OXYGEN = 2
/** New confusion, or responding only to voice, to pain, or not at all. */
export const SCORE_OF_NOT_ALERT = 3

/** The most a sign can score. */
export const most: Readonly<Record<Vital, number>> = {
  respiration: 3,
  saturation: 3,
  oxygen: 2,
  systolic: 3,
  pulse: 3,
  consciousness: 3,
  temperature: 3,
}
