/**
 * Drugs in orders: which targeted drug it is, for what, and how the order stands.
 * https://hl7.org/fhir/R4/medicationrequest.html
 */
import { type DrugName, targetedDrugs } from '../knowledge/targeted-drugs.ts'
import { codings, day, label, list, object, referenceKey, text, type Values, words } from './json.ts'

const byCode = new Map<string, DrugName>(
  Object.values(targetedDrugs).flatMap(({ name, atc, rxnorm, nhi = [] }) =>
    [...atc, ...nhi, ...(rxnorm ? [`rxnorm ${rxnorm}`] : [])].map(code => [code, name as DrugName] as const),
  ),
)

/** Longer names first: `trastuzumab deruxtecan` holds `trastuzumab`. */
const byName: readonly (readonly [RegExp, DrugName])[] = Object.values(targetedDrugs)
  .flatMap(({ name, zh }) =>
    [name, ...(zh === undefined ? [] : [zh])].map(written => [written, name as DrugName] as const),
  )
  .sort(([a], [b]) => b.length - a.length)
  .map(([written, name]) => [
    /^[a-z]/.test(written)
      ? new RegExp(`(?<![a-z])${written.replace(' ', '[\\s-]+')}(?![a-z])`, 'i')
      : new RegExp(written),
    name,
  ])

/** The medication of an order as a concept: its own, a contained one, or one of `others` by `Medication/1`. */
export function medicationOf(order: Values, others: ReadonlyMap<string, Values> = new Map()): unknown {
  if (order.medicationCodeableConcept !== undefined) return order.medicationCodeableConcept
  const { reference, display } = object(order.medicationReference)
  if (typeof reference === 'string' && reference.startsWith('#')) {
    const contained = list(order.contained)
      .map(object)
      .find(({ id }) => id === reference.slice(1))
    if (contained) return contained.code
  }
  const key = referenceKey(order.medicationReference)
  return (key && others.get(key)?.code) ?? { text: display }
}

/** Which of our drugs a medication is: by code, else by its generic name. */
export function targetedDrug(medication: unknown): DrugName | undefined {
  for (const { system, code } of codings(medication)) {
    const found = byCode.get(/rxnorm/i.test(system) ? `rxnorm ${code}` : code)
    if (found) return found
  }
  const said = words(medication).slice(0, 1000)
  return byName.find(([pattern]) => pattern.test(said))?.[1]
}

export interface Given {
  readonly drug: DrugName | undefined
  /** As it is read aloud. */
  readonly name: string
  readonly since: string | undefined
  readonly status: string
  /** Why it was stopped. */
  readonly why: string | undefined
  /** `Condition/1` of what it is for. */
  readonly reasons: readonly string[]
}

const VOID = new Set(['entered-in-error', 'draft', 'cancelled'])

/** Medicines ordered or given, in the order of the data; without drafts and errors. */
export const givenIn = (orders: readonly Values[]): readonly Given[] =>
  orders.filter(({ status }) => !VOID.has(status as string)).map(givenOf)

export function givenOf(order: Values): Given {
  const medication = medicationOf(order)
  const { authoredOn, effectiveDateTime, effectivePeriod, statusReason, status, reasonReference } = order
  return {
    drug: targetedDrug(medication),
    name: label(medication) ?? '',
    since: day(authoredOn) ?? day(effectiveDateTime) ?? day(object(effectivePeriod).start),
    status: text(status) ?? '',
    why: label(statusReason) ?? list(statusReason).map(label).find(Boolean),
    reasons: list(reasonReference).flatMap(each => referenceKey(each) ?? []),
  }
}
