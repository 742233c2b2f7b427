/**
 * What was done about a cancer: medicines, surgery, radiotherapy.
 * https://hl7.org/fhir/us/mcode/group-treatment.html
 */
import type { Cancer } from './cancers.ts'
import { givenIn, medicationOf, targetedDrug } from './drug.ts'
import { codings, day, hasCode, label, list, object, referenceKey, type Values } from './json.ts'

export interface Treatment {
  readonly kind: 'medicine' | 'surgery' | 'radiotherapy' | 'other'
  readonly name: string
  readonly since: string | undefined
  readonly until: string | undefined
  readonly status: string
  readonly why: string | undefined
}

const MOST = 30

/** Oldest first, each medicine once for each day it began. `alone`: there is no other cancer. */
export function treatmentsOf(
  cancer: Cancer,
  orders: readonly Values[],
  procedures: readonly Values[],
  alone: boolean,
): readonly Treatment[] {
  const own = new Set([cancer.key, ...cancer.metastases.map(({ key }) => key)])
  const isFor = (resource: Values, without: boolean): boolean => {
    const reasons = list(resource.reasonReference).flatMap(each => referenceKey(each) ?? [])
    return reasons.length === 0 ? alone && without : reasons.some(each => own.has(each))
  }
  const medicines = orders.filter(order => isAgainstCancer(order) && isFor(order, isAntineoplastic(order)))
  const done = procedures.filter(
    procedure =>
      DONE.has(procedure.status as string) &&
      !isDiagnostic(procedure) &&
      isFor(procedure, kindOf(procedure) !== 'other'),
  )
  const all = [
    ...givenIn(medicines).map(({ name, since, status, why }) => ({
      kind: 'medicine' as const,
      name,
      since,
      until: undefined,
      status,
      why,
    })),
    ...done.map(procedureOf),
  ]
  const seen = new Set<string>()
  return all
    .filter(({ name, since }) => {
      const key = `${name} ${since ?? ''}`
      return name !== '' && !seen.has(key) && (seen.add(key), true)
    })
    .sort((a, b) => ((a.since ?? '') < (b.since ?? '') ? -1 : 1))
    .slice(-MOST)
}

const atcOf = (order: Values): readonly string[] =>
  codings(medicationOf(order)).flatMap(({ system, code }) => (/atc/i.test(system) ? [code] : []))

const isAntineoplastic = (order: Values): boolean =>
  atcOf(order).some(code => /^L0[12]/.test(code)) || targetedDrug(medicationOf(order)) !== undefined

/** What is known to be something else (against pain, against nausea) is left out. */
function isAgainstCancer(order: Values): boolean {
  const atc = atcOf(order)
  return atc.length === 0 || atc.some(code => /^(?:L0[12]|V10|M05B)/.test(code))
}

const DONE = new Set(['completed', 'in-progress', 'stopped', 'on-hold'])
const DIAGNOSTIC = new Set(['103693007'])
const SURGICAL = new Set(['387713003'])
/** Radiotherapy course of treatment, and radiation oncology of older data. */
const RADIOTHERAPY = new Set(['1217123003', '108290001'])

const isDiagnostic = ({ category }: Values): boolean => hasCode(category, DIAGNOSTIC)

function kindOf({ code, category }: Values): Treatment['kind'] {
  if (hasCode(code, RADIOTHERAPY) || hasCode(category, RADIOTHERAPY)) return 'radiotherapy'
  return hasCode(category, SURGICAL) ? 'surgery' : 'other'
}

function procedureOf(procedure: Values): Treatment {
  const { code, performedDateTime, performedPeriod, status, statusReason } = procedure
  const { start, end } = object(performedPeriod)
  return {
    kind: kindOf(procedure),
    name: label(code) ?? '',
    since: day(performedDateTime) ?? day(start),
    until: day(end),
    status: typeof status === 'string' ? status : '',
    why: label(statusReason),
  }
}
