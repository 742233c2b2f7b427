/**
 * The masks of one exchange: which of them are live for who asks, what they hide, and what may not be asked because of them.
 * https://hl7.org/fhir/R4/security-labels.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import { type FhirError } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import type { Query } from '../search/query.ts'
import type { LiveRules } from './live-rules.ts'
import { maskIn } from './mask.ts'
import { type Hidden, revealedBy, revealedByParam, type Revealed } from './masked-search.ts'
import type { DataOutcome } from './outcomes.ts'
import { readsResource } from './reads-resource.ts'
import { refusal } from './refusal.ts'
import type { Asked, Fuel } from './run-rule.ts'
import type { ExchangeData, Rule, RuleAction } from './words.ts'

export interface MasksParts {
  readonly live: Pick<LiveRules, 'onData'>
  readonly definitions: Definitions
  judged(asked: readonly Asked[], data: ExchangeData, fuel?: Fuel): DataOutcome
  dataOf(type: string, resource?: Resource): ExchangeData
  failed(rule: Rule, place: string, why: string): void
  /** Steps for what is judged next; what could not be judged within them is masked. */
  fuel(): Fuel
}

export interface Masks {
  /** Whether something of the type is masked, or may be. */
  of(type: string): boolean
  /** Masks in place; false when nothing of this resource is masked. */
  apply(type: string, resource: Resource): boolean
  /** The first rule by which something of this resource is masked. */
  hiding(type: string, resource: Resource): Rule | undefined
  revealing(query: Query): FhirError | undefined
  revealingParam(type: string, param: string): FhirError | undefined
}

/** Of a type: those that hold for this exchange, whatever the resource, and those that depend on it. */
interface Live {
  readonly hidden: readonly Hidden[]
  /** Without values that the resource gives: nothing needs to be judged. */
  readonly plain: readonly Hidden[]
  readonly asked: readonly Asked[]
}

const none: Live = { hidden: [], plain: [], asked: [] }

export function masksFor({ live, definitions, judged, dataOf, failed, fuel }: MasksParts): Masks {
  const byType = new Map<string, Live>()

  function liveOf(type: string): Live {
    let found = byType.get(type)
    if (!found) byType.set(type, (found = read(type)))
    return found
  }

  function read(type: string): Live {
    const all = live.onData('data-accessed', type).flatMap(({ rule, actions }) => {
      const masks = actions.filter(({ kind }) => kind === 'mask')
      return masks.length > 0 ? [{ rule, masks }] : []
    })
    if (all.length === 0) return none
    const hidden: Hidden[] = []
    const plain: Hidden[] = []
    const asked: Asked[] = []
    for (const { rule, masks } of all) {
      const later: RuleAction[] = []
      for (const action of masks) {
        const depends = readsResource(action)
        if (!depends && !holds(rule, action, type)) continue
        const targets = action.dynamic.map(target => ({ rule, target }))
        hidden.push(...targets)
        if (depends || action.dynamic.some(({ expression }) => expression)) later.push(action)
        else plain.push(...targets)
      }
      if (later.length > 0) asked.push({ rule, actions: later })
    }
    return { hidden, plain, asked }
  }

  /** Judged without a resource; what cannot be judged masks. */
  function holds(rule: Rule, action: RuleAction, type: string): boolean {
    // without its values: those may be of the resource
    const bare = { ...action, dynamic: action.dynamic.map(each => ({ ...each, expression: undefined })) }
    const { failed: faults, masked } = judged([{ rule, actions: [bare] }], dataOf(type), fuel())
    return masked.length > 0 || faults.length > 0
  }

  function masksOf(type: string, resource: Resource) {
    const { plain, asked } = liveOf(type)
    const found: { rule: Rule; target: Hidden['target']; values: readonly unknown[] }[] = plain.map(each => ({
      ...each,
      values: [],
    }))
    if (asked.length === 0) return found
    const { masked, failed: faults } = judged(asked, dataOf(type, resource), fuel())
    found.push(...masked)
    for (const { rule, action } of faults) found.push(...action.dynamic.map(target => ({ rule, target, values: [] })))
    return found
  }

  const refused = (found: Revealed | undefined): FhirError | undefined =>
    found &&
    refusal(403, [
      {
        rule: found.rule,
        title: found.rule.title,
        description: `${found.type}.${found.target.path} is masked for you, and a search or sort by ${found.param} would tell it.`,
      },
    ])
  const hiddenOf = (type: string) => liveOf(type).hidden

  return {
    of: type => liveOf(type).hidden.length > 0,
    apply(type, resource) {
      const masks = masksOf(type, resource)
      if (masks.length === 0) return false
      try {
        maskIn(resource, masks, definitions)
      } catch (error) {
        // a value that does not fit: without it
        for (const { rule } of masks) failed(rule, '', (error as Error).message)
        maskIn(
          resource,
          masks.map(each => ({ ...each, values: [] })),
          definitions,
        )
      }
      return true
    },
    hiding: (type, resource) => masksOf(type, resource)[0]?.rule,
    revealing: query => refused(revealedBy(query, hiddenOf, definitions)),
    revealingParam: (type, param) => refused(revealedByParam(type, param, hiddenOf, definitions)),
  }
}
