/**
 * FINDRISC: the points of each answer, and how many of those who reach a score have type 2 diabetes ten years later.
 * Made from Finns of 35 to 64 years; what it foretells elsewhere differs. Points as on the form of the Finnish Diabetes Association.
 * https://doi.org/10.2337/diacare.26.3.725
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'

export const LINDSTROM: Evidence = {
  label: 'FINDRISC (Lindström and Tuomilehto, Diabetes Care 2003;26:725-731)',
  url: 'https://doi.org/10.2337/diacare.26.3.725',
}
export const WHO_ASIAN_BMI: Evidence = {
  label: 'WHO expert consultation on BMI for Asian populations (Lancet 2004;363:157-163)',
  url: 'https://doi.org/10.1016/S0140-6736(03)15268-3',
}
export const ADA: Evidence = {
  label: 'ADA Standards of Care in Diabetes 2025, section 2 (diagnosis)',
  url: 'https://doi.org/10.2337/dc25-S002',
}

export type Item = 'age' | 'bmi' | 'waist' | 'activity' | 'diet' | 'medication' | 'glucose' | 'family'

export const items: Readonly<Record<Item, { readonly name: Said; readonly most: number }>> = {
  age: { name: said('age', '年齡'), most: 4 },
  bmi: { name: said('body mass index', '身體質量指數'), most: 3 },
  waist: { name: said('waist circumference', '腰圍'), most: 4 },
  activity: { name: said('30 minutes of activity daily', '每日 30 分鐘身體活動'), most: 2 },
  diet: { name: said('fruit or vegetables daily', '每日蔬果'), most: 1 },
  medication: { name: said('medication for high blood pressure, ever', '曾用高血壓藥物'), most: 2 },
  glucose: { name: said('high blood glucose, ever', '曾有血糖偏高'), most: 5 },
  family: { name: said('family history of diabetes', '糖尿病家族史'), most: 5 },
}

export const pointsOfAge = (years: number): number => (years < 45 ? 0 : years < 55 ? 2 : years < 65 ? 3 : 4)
/** kg/m². */
export const pointsOfBmi = (bmi: number): number => (bmi < 25 ? 0 : bmi <= 30 ? 1 : 3)
/** In cm. */
export function pointsOfWaist(waist: number, sex: 'female' | 'male'): number {
  const [low, high] = sex === 'female' ? [80, 88] : [94, 102]
  return waist < low ? 0 : waist <= high ? 3 : 4
}

export interface Risk {
  readonly from: number
  readonly name: Said
  /** Of those with such a score, who have diabetes within ten years. */
  readonly probability: number
  readonly outOf: Said
}

export const risks: readonly Risk[] = [
  { from: 0, name: said('low', '低'), probability: 0.01, outOf: said('1 in 100', '每 100 人 1 人') },
  { from: 7, name: said('slightly elevated', '略高'), probability: 0.04, outOf: said('1 in 25', '每 25 人 1 人') },
  { from: 12, name: said('moderate', '中等'), probability: 0.17, outOf: said('1 in 6', '每 6 人 1 人') },
  { from: 15, name: said('high', '高'), probability: 0.33, outOf: said('1 in 3', '每 3 人 1 人') },
  { from: 21, name: said('very high', '極高'), probability: 0.5, outOf: said('1 in 2', '每 2 人 1 人') },
]

export const riskOf = (score: number): Risk => risks.findLast(({ from }) => score >= from) ?? risks[0]!

/** System of the answers that no public code system has. */
export const ANSWERS = 'https://fhir.dhp.tw.example/CodeSystem/findrisc-answer'
