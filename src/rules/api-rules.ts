/**
 * Rules acting on interactions of the API: what the door asks of them, answered from those that are live.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { createHash } from 'node:crypto'
import type { Coding } from 'fhir/r4'
import type { Definitions } from '../fhir/definitions.ts'
import { parseJson, printJson } from '../fhir/json.ts'
import type { FhirError } from '../fhir/outcome.ts'
import { type Issue } from '../fhir/outcome.ts'
import type { Ref, Resource } from '../fhir/types.ts'
import { noted, type Note, type Store, type Version } from '../store/store.ts'
import { type AskedOf, callerFacts, type CallerOf, requestFacts, rulesPassed } from './api-facts.ts'
import type { LiveRules } from './live-rules.ts'
import { maskedStore } from './masked-store.ts'
import { masksFor } from './masks.ts'
import { outcomeOf, type DataOutcome, type RuleSays } from './outcomes.ts'
import { refusal, warning } from './refusal.ts'
import { makeRoutes, type RoutesState, type Send } from './routes.ts'
import { ALL_STEPS, RULE_STEPS, type Asked, type Fuel } from './run-rule.ts'
import { isApiAction, type ActionKind, type DataEvent, type ExchangeData, type Rule } from './words.ts'

export interface ApiRulesParts {
  readonly live: LiveRules
  /** The whole store of the tenant. */
  readonly store: Store
  readonly definitions: () => Definitions
  readonly send: Send
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** What a rule has done since the process started. */
export interface RuleCounts {
  /** Occasions on which one of its actions followed. */
  hits: number
  denies: number
  warnings: number
  /** Occasions on which it could not be judged, or what it makes could not be stored. */
  errors: number
  /** Of all of its judging. */
  microseconds: number
}

/** A write that is planned. `depth`: how many rules stand between it and what the client sent. */
export interface Change {
  readonly event: 'data-added' | 'data-modified' | 'data-removed'
  readonly ref: Ref
  readonly resource: Resource
  readonly previous?: Resource
  readonly depth: number
}

export interface Ruling {
  readonly warnings: readonly Issue[]
  readonly tags: readonly { readonly path: 'meta.tag' | 'meta.security'; readonly codings: readonly Coding[] }[]
  readonly routes: readonly { readonly rule: string; readonly endpoint: string }[]
  readonly derived: readonly Derived[]
}

interface Derived {
  readonly rule: string
  readonly ref: Ref
  readonly resource: Resource | undefined
}

/** What is derived of what is derived of what is derived of a write; no further. */
export const MOST_DERIVED = 3

/** Steps for all that one exchange shows; what could not be judged within them is masked. */
const MASK_STEPS = 2_000_000

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'batch', 'transaction'])

/** Interactions that show versions of one resource, and nothing else. */
const ONE: ReadonlySet<string> = new Set(['read', 'vread', 'history-instance'])

const nothing: Ruling = { warnings: [], tags: [], routes: [], derived: [] }

/** The rules of a tenant at its door. */
export type ApiRules = ReturnType<typeof makeApiRules>

export function makeApiRules({ live, store, definitions, send, now = Date.now }: ApiRulesParts) {
  const counts = new Map<string, RuleCounts>()
  const routes = makeRoutes({ store, send, now })
  /** What the live rules speak of, as long as they are the same. */
  let told:
    | {
        rules: readonly Rule[]
        any: boolean
        hides: boolean
        access: (type: string) => boolean
        writes: Map<string, boolean>
      }
    | undefined
  const gates = new WeakMap<readonly Asked[], readonly Asked[]>()

  function speech() {
    const rules = live.live()
    if (told?.rules === rules) return told
    const actions = rules.flatMap(rule => rule.actions).filter(isApiAction)
    const hides = actions.some(({ kind, triggers }) => (kind === 'mask' || kind === 'deny') && triggers.some(isAccess))
    const shown = new Map<string, boolean>()
    const access = (type: string): boolean => {
      let speaks = shown.get(type)
      if (speaks === undefined) shown.set(type, (speaks = live.onData('data-accessed', type).length > 0))
      return speaks
    }
    return (told = { rules, any: actions.length > 0, hides, access, writes: new Map() })
  }

  function countsOf({ url }: Rule): RuleCounts {
    let found = counts.get(url)
    if (!found) counts.set(url, (found = { hits: 0, denies: 0, warnings: 0, errors: 0, microseconds: 0 }))
    return found
  }

  function failed(rule: Rule, place: string, why: string): void {
    countsOf(rule).errors++
    live.count(rule, 0, { place, why })
  }

  /** As outcomeOf, rule by rule, each counted with the time it took. */
  function judged(asked: readonly Asked[], data: ExchangeData, fuel: Fuel = { left: ALL_STEPS }): DataOutcome {
    const outcomes = asked.map(one => {
      const began = performance.now()
      const outcome = outcomeOf([one], data, { fuel })
      const of = countsOf(one.rule)
      of.microseconds += (performance.now() - began) * 1000
      count(one.rule, of, outcome)
      return outcome
    })
    if (outcomes.length === 1) return outcomes[0]!
    const all = <K extends keyof DataOutcome>(kind: K) =>
      outcomes.flatMap(outcome => outcome[kind] as DataOutcome[K][number][]) as unknown as DataOutcome[K]
    const denied = all('denied')
    const rest = denied.length > 0 ? [] : undefined
    return {
      denied,
      warned: rest ?? all('warned'),
      tagged: rest ?? all('tagged'),
      masked: rest ?? all('masked'),
      routed: rest ?? all('routed'),
      derived: rest ?? all('derived'),
      failed: all('failed'),
    }
  }

  function count(rule: Rule, of: RuleCounts, { failed: faults, denied, warned, ...others }: DataOutcome): void {
    const denies = denied.filter(({ unjudged }) => !unjudged).length
    const follows = denies + warned.length + Object.values(others).reduce((sum, list) => sum + list.length, 0)
    if (follows > 0) of.hits++
    if (denied.length > 0) of.denies++
    if (warned.length > 0) of.warnings++
    if (faults.length > 0) of.errors++
    live.count(rule, follows, faults[0])
  }

  /** Of what is asked on access: the actions that refuse or warn. */
  function gate(asked: readonly Asked[]): readonly Asked[] {
    let found = gates.get(asked)
    if (!found) gates.set(asked, (found = only(asked, ['deny', 'warn'])))
    return found
  }

  function exchange(caller: CallerOf, asked: AskedOf) {
    if (!speech().any) return undefined
    const request = lazily(() => requestFacts(asked, caller))
    const who = lazily(() => callerFacts(caller))
    const language = asked.language === 'zh' ? ('zh-TW' as const) : ('en' as const)
    const dataOf = (event: DataEvent, type: string, resource?: Resource, previous?: Resource): ExchangeData => ({
      is: 'data',
      event,
      type,
      resource,
      ...(previous ? { previous } : {}),
      request: request(),
      caller: who(),
      language,
      now: now(),
    })
    let isLong = false
    const fuel: Fuel = { left: MASK_STEPS }
    const masks = lazily(() =>
      masksFor({
        live,
        definitions: definitions(),
        judged,
        dataOf: (type, resource) => dataOf('data-accessed', type, resource),
        failed,
        // what is shown at once is bounded as a whole, what is worked at for long resource by resource
        fuel: () => (isLong ? { left: RULE_STEPS } : fuel),
      }),
    )
    /** What the rules say of showing a type, once an exchange. */
    const known = new Map<string, Pick<DataOutcome, 'denied' | 'warned'>>()
    function accessOf(type: string): Pick<DataOutcome, 'denied' | 'warned'> {
      let found = known.get(type)
      if (found) return found
      const speakers = gate(live.onData('data-accessed', type))
      found = speakers.length > 0 ? judged(speakers, dataOf('data-accessed', type)) : { denied: [], warned: [] }
      known.set(type, found)
      return found
    }
    const refused = (type: string): FhirError | undefined => {
      const { denied } = accessOf(type)
      return denied.length > 0 ? refusal(403, denied) : undefined
    }

    return {
      admit(): readonly Issue[] {
        const warned: RuleSays[] = []
        for (const type of asked.searched && asked.searched !== '*' ? [asked.type, asked.searched] : [asked.type]) {
          const refusing = refused(type)
          if (refusing) throw refusing
          warned.push(...accessOf(type).warned)
        }
        return warned.map(warning)
      },

      /** `background`: what is refused is left out, as if it were not there. */
      over(seen: Store, background = false): Store {
        if (!speech().hides) return seen
        isLong = background
        return maskedStore(
          seen,
          {
            refusal: refused,
            revealing: query => masks().revealing(query),
            revealingParam: (type, param) => masks().revealingParam(type, param),
            masks: type => masks().of(type),
            masked(type, text) {
              const resource = parseJson(Buffer.from(text)) as unknown as Resource
              return masks().apply(type, resource) ? printJson(resource) : text
            },
          },
          background ? 'background' : WRITES.has(asked.interaction) ? 'writing' : 'reading',
        )
      },

      speaksOf(type: string): boolean {
        const { writes } = speech()
        let speaks = writes.get(type)
        if (speaks === undefined) {
          const asks = (event: DataEvent) => live.onData(event, type).length > 0
          const isMasked = live
            .onData('data-accessed', type)
            .some(({ actions }) => actions.some(each => each.kind === 'mask'))
          speaks = asks('data-added') || asks('data-modified') || asks('data-removed') || isMasked
          writes.set(type, speaks)
        }
        return speaks
      },

      stored: (ref: Ref): Promise<Version | undefined> => store.read(ref),

      judge({ event, ref, resource, previous, depth }: Change, entry: AskedOf): Ruling {
        if (event === 'data-modified' && previous && depth === 0) {
          const hiding = masks().hiding(ref.type, previous)
          if (hiding) throw refusal(403, [{ rule: hiding, title: hiding.title, description: UNSEEN }])
        }
        const speakers = live.onData(event, ref.type)
        if (speakers.length === 0) return nothing
        const data = { ...dataOf(event, ref.type, resource, previous), request: requestFacts(entry, caller) }
        const { denied, warned, tagged, routed, derived } = judged(speakers, data)
        if (denied.length > 0) throw refusal(422, denied)
        const passed = rulesPassed(entry)
        return {
          warnings: warned.map(warning),
          tags: tagged.map(({ path, codings }) => ({ path, codings: codings.map(plainCoding) })),
          routes: routed.flatMap(({ rule, target }) =>
            passed.includes(encodeURI(rule.url)) ? [] : [{ rule: rule.url, endpoint: target }],
          ),
          derived: derived.flatMap(({ rule, place, resource: made, references }): Derived[] => {
            // a rule does not go on from what it has made itself
            if (ref.id.startsWith(derivedBy(rule.url))) return []
            if (depth >= MOST_DERIVED) {
              failed(rule, place, `What is derived is derived of ${MOST_DERIVED} others already; it ends here.`)
              return []
            }
            if (!made)
              return (references ?? []).map(each => ({ rule: rule.url, ref: refOf(each), resource: undefined }))
            const id = typeof made.id === 'string' ? made.id : idOf(rule.url, place, ref)
            return [{ rule: rule.url, ref: { type: made.resourceType, id }, resource: { ...made, id } }]
          }),
        }
      },

      leftOut({ rule: url, ref }: Derived, why: string): void {
        const rule = live.live().find(each => each.url === url)
        if (rule) failed(rule, `${ref.type}/${ref.id}`, `What it derives cannot be stored: ${why}`)
      },

      sending(list: readonly { rule: string; endpoint: string; ref: Ref }[], entry: AskedOf) {
        const passed = rulesPassed(entry)
        const all = list.flatMap(each => routes.note({ ...each, via: [...passed, encodeURI(each.rule)] }) ?? [])
        const note = all.reduce<Note | undefined>(
          (rest, each) => (rest ? noted(each.note, rest) : each.note),
          undefined,
        )
        return {
          ...(note ? { note } : {}),
          committed: () => {
            for (const each of all) each.committed()
          },
        }
      },
    }
  }

  return {
    get isReady() {
      return live.isReady
    },
    ready: () => live.ready(),
    /** Whether they may have anything to do with such an exchange: what shows one resource concerns those of its type only. */
    concern(interaction: string, type: string): boolean {
      const { any, access } = speech()
      if (!any || interaction === 'capabilities') return false
      return ONE.has(interaction) ? access(type) : true
    },
    exchange,
    /** What each rule has done, by its canonical. */
    counts: (): ReadonlyMap<string, Readonly<RuleCounts>> => counts,
    /** What waits to be sent on. */
    routes: (): RoutesState => routes.state(),
    /** Goes on with what an earlier process left to be sent. */
    resume: () => routes.resume(),
    close: () => routes.close(),
  }
}

const UNSEEN =
  'Elements of this resource are masked for you: to update it would lose what you do not see. Whoever sees all of it may.'

const isAccess = (trigger: Rule['actions'][number]['triggers'][number]) =>
  trigger.is === 'data' && trigger.event === 'data-accessed'

/** Those of the actions that are of these kinds. */
function only(asked: readonly Asked[], kinds: readonly ActionKind[]): readonly Asked[] {
  return asked.flatMap(({ rule, actions }) => {
    const some = actions.filter(({ kind }) => kinds.includes(kind))
    return some.length > 0 ? [{ rule, actions: some }] : []
  })
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
/** How the ids of what a rule derives begin. */
const derivedBy = (url: string) => `derived-${digest(url).slice(0, 16)}-`
/** One id for what one action makes of one resource: the next time it is updated, not doubled. */
const idOf = (url: string, place: string, { type, id }: Ref) =>
  `${derivedBy(url)}${digest(`${place} ${type}/${id}`).slice(0, 32)}`

function refOf(reference: string): Ref {
  const [type = '', id = ''] = reference.split('/')
  return { type, id }
}

/** What an expression gave may have more than a Coding has. */
function plainCoding({ system, version, code, display }: Coding): Coding {
  const texts = { system, version, code, display }
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => typeof value === 'string')) as Coding
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
