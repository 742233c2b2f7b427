/**
 * A patient's record, as the criteria of a trial ask about it.
 * https://hl7.org/fhir/R4/group-definitions.html#Group.characteristic
 */
import { icd10Of } from '../oncology/cancers.ts'
import { medicationOf, targetedDrug } from '../oncology/drug.ts'
import { type Finding, findingsIn } from '../oncology/findings.ts'
import { codings, day, hasCode, label, object, type Values } from '../oncology/json.ts'
import { ofType, observationsIn, whenOf } from '../oncology/resources.ts'
import { componentsOf, genesOf, REGION_STUDIED, type Variant, VARIANT, variantOf } from '../oncology/variant.ts'
import { verdictOf } from '../oncology/verdict.ts'
import type { Call } from '../words.ts'

export interface Diagnosis {
  readonly name: string
  readonly since: string | undefined
  readonly over: boolean
  readonly icd10: readonly string[]
  readonly snomed: readonly string[]
}

export interface TestedVariant {
  readonly present: boolean | undefined
  readonly variant: Variant
  readonly when: string | undefined
}

export interface Medicine {
  readonly name: string
  readonly codes: ReadonlySet<string>
  readonly drug: string | undefined
  readonly since: string | undefined
}

export interface PatientRecord {
  readonly gender: string | undefined
  readonly birthDate: string | undefined
  readonly now: number
  readonly diagnoses: readonly Diagnosis[]
  /** By code: newest first. A component counts as an observation of its own. */
  readonly observations: ReadonlyMap<string, readonly Values[]>
  readonly variants: readonly TestedVariant[]
  /** Genes that were looked at, whatever was found. */
  readonly studied: ReadonlySet<string>
  readonly findings: readonly Finding[]
  /** Undefined when medicines could not be read. */
  readonly medicines: readonly Medicine[] | undefined
}

const VOID = new Set(['refuted', 'entered-in-error'])
const OVER = new Set(['inactive', 'resolved'])

export function recordOf({ prefetch, now }: Pick<Call, 'prefetch' | 'now'>): PatientRecord {
  const [patient = {}] = ofType(prefetch.patient, 'Patient')
  const observations = observationsIn(prefetch.observations, prefetch.laboratory)
  const variants = observations.filter(({ code }) => hasCode(code, VARIANT)).map(tested)
  return {
    gender: typeof patient.gender === 'string' ? patient.gender : undefined,
    birthDate: day(patient.birthDate),
    now,
    diagnoses: ofType(prefetch.conditions, 'Condition')
      .filter(({ verificationStatus }) => !hasCode(verificationStatus, VOID))
      .map(diagnosisOf),
    observations: byCode(observations),
    variants,
    studied: new Set([
      ...variants.flatMap(({ variant }) => variant.genes),
      ...observations.filter(({ code }) => hasCode(code, REGION_STUDIED)).flatMap(genesOf),
    ]),
    findings: findingsIn(observations),
    medicines: prefetch.medications
      ? ofType(prefetch.medications, 'MedicationRequest')
          .filter(({ status }) => !NOT_GIVEN.has(status as string))
          .map(medicineOf)
      : undefined,
  }
}

const NOT_GIVEN = new Set(['entered-in-error', 'draft', 'cancelled'])

const tested = (observation: Values): TestedVariant => {
  const verdict = verdictOf({
    valueCodeableConcept: observation.valueCodeableConcept,
    valueBoolean: observation.valueBoolean,
  })
  return {
    present: verdict === 'unclear' ? undefined : verdict === 'found',
    variant: variantOf(observation),
    when: whenOf(observation),
  }
}

const diagnosisOf = ({ code, clinicalStatus, onsetDateTime, onsetPeriod, recordedDate }: Values): Diagnosis => ({
  name: label(code) ?? '',
  since: day(onsetDateTime) ?? day(object(onsetPeriod).start) ?? day(recordedDate),
  over: hasCode(clinicalStatus, OVER),
  icd10: icd10Of(code),
  snomed: codings(code).flatMap(({ system, code }) => (system === 'http://snomed.info/sct' ? [code] : [])),
})

function byCode(observations: readonly Values[]): ReadonlyMap<string, readonly Values[]> {
  const found = new Map<string, Values[]>()
  const add = (of: Values, at: Values) => {
    for (const { code } of codings(of.code)) {
      const held = found.get(code) ?? []
      held.push(of === at ? of : { ...of, effectiveDateTime: whenOf(at) })
      found.set(code, held)
    }
  }
  for (const observation of observations) {
    add(observation, observation)
    for (const component of componentsOf(observation)) add(component, observation)
  }
  return found
}

function medicineOf(order: Values): Medicine {
  const medication = medicationOf(order)
  return {
    name: label(medication) ?? '',
    codes: new Set(codings(medication).map(({ code }) => code)),
    drug: targetedDrug(medication),
    since: day(order.authoredOn),
  }
}
