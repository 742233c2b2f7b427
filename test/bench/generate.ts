/**
 * Synthetic records for measuring: the same number always makes the same resource. Not clinical, not real.
 */
import type { Resource } from '../../src/fhir/types.ts'

const codes = [
  ['8310-5', 'Body temperature', 'Cel', 36, 3],
  ['8867-4', 'Heart rate', '/min', 60, 60],
  ['29463-7', 'Body weight', 'kg', 45, 60],
  ['8302-2', 'Body height', 'cm', 150, 40],
  ['4548-4', 'Hemoglobin A1c', '%', 4, 9],
  ['2339-0', 'Glucose', 'mg/dL', 70, 150],
  ['2093-3', 'Cholesterol', 'mg/dL', 120, 160],
  ['38483-4', 'Creatinine', 'mg/dL', 1, 4],
] as const

/** A repeatable number from 0 up to 1 for the n-th thing of a kind. */
export function chance(n: number, salt: number): number {
  let x = Math.imul(n ^ (salt * 0x9e3779b1), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296
}

const pick = <T>(from: readonly T[], n: number, salt: number): T => from[Math.floor(chance(n, salt) * from.length)]!
const day = (n: number, salt: number) =>
  new Date(
    Date.UTC(2005, 0, 1) +
      Math.floor(chance(n, salt) * 7300) * 86_400_000 +
      Math.floor(chance(n, salt + 1) * 86_400_000),
  )
    .toISOString()
    .replace(/\.\d+Z/, '+08:00')

export const PATIENT_EVERY = 50

/** The n-th resource of the corpus: every fiftieth a Patient, every tenth an Encounter or Condition, the rest Observations. */
export function resource(n: number): Resource {
  const patient = `p${Math.floor(n / PATIENT_EVERY)}`
  if (n % PATIENT_EVERY === 0)
    return {
      resourceType: 'Patient',
      id: patient,
      identifier: [{ system: 'http://hospital.example.org/mrn', value: `MRN${n}` }],
      name: [
        {
          use: 'official',
          family: pick(['Chen', 'Lin', 'Huang', 'Chang', 'Lee', 'Wang', 'Wu', 'Liu'], n, 1),
          given: [pick(['Mei', 'Ming', 'Hua', 'Ling', 'Jun', 'Wei'], n, 2), `N${n}`],
        },
      ],
      gender: pick(['male', 'female'], n, 3),
      birthDate: day(n, 4).slice(0, 10),
      address: [{ city: pick(['Taipei', 'Tainan', 'Hualien', 'Taichung'], n, 5), country: 'TW' }],
    }
  if (n % 10 === 1)
    return {
      resourceType: 'Encounter',
      id: `e${n}`,
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      type: [
        {
          coding: [{ system: 'http://snomed.info/sct', code: '185349003', display: 'Encounter for check up' }],
          text: 'Encounter for check up',
        },
      ],
      subject: { reference: `Patient/${patient}` },
      period: { start: day(n, 6), end: day(n, 6) },
      serviceProvider: { reference: 'Organization/o1', display: 'Hospital 1' },
    }
  return observation(n, `Patient/${patient}`, `Encounter/e${n - (n % 10) + 1}`)
}

/** An Observation as a laboratory or ward would send it. */
export function observation(n: number, subject: string, encounter: string): Resource {
  const [code, display, unit, low, range] = pick(codes, n, 7)
  const at = day(n, 8)
  return {
    resourceType: 'Observation',
    id: `o${n}`,
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: pick(['laboratory', 'vital-signs'], n, 9),
            display: 'category',
          },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code, display }], text: display },
    subject: { reference: subject },
    encounter: { reference: encounter },
    effectiveDateTime: at,
    issued: at,
    performer: [{ reference: `Practitioner/d${Math.floor(chance(n, 10) * 200)}`, display: 'Dr. Example' }],
    valueQuantity: {
      value: Math.round((low + chance(n, 11) * range) * 100) / 100,
      unit,
      system: 'http://unitsofmeasure.org',
      code: unit,
    },
    note: [
      {
        text: `Measured with device ${Math.floor(chance(n, 12) * 1000)}, repeated when in doubt; patient seated and at rest for five minutes.`,
      },
    ],
  }
}
