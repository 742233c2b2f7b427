/**
 * The rules of a tenant that act: read from its store once, kept as they are committed, found by hook and by interaction.
 * https://hl7.org/fhir/R4/plandefinition.html
 *
 * A rule acts when its status is active, it is not switched off, and, unless the server is open, an administrator has
 * approved this very version of the resource. Of several PlanDefinitions with one url, the one written last counts.
 */
import { everything, type Query } from '../search/query.ts'
import type { Records, Store, Version } from '../store/store.ts'
import { isRule, type Read, readRule } from './read-rule.ts'
import type { RuleReader } from './reading.ts'
import type { Asked } from './run-rule.ts'
import { RULE_PROFILE, type DataEvent, type Rule, type RuleFault } from './words.ts'

export interface RuleStatistics {
  runs: number
  fired: number
  failed: number
  /** What was wrong last, and when (milliseconds since 1970). */
  lastFailure?: { readonly place: string; readonly why: string; readonly at: number }
}

/** A PlanDefinition that is a rule, and whether it acts. */
export interface StoredRule {
  readonly id: string
  /** Of the resource: `3` of PlanDefinition/x/_history/3. */
  readonly versionId: string
  readonly url: string
  /** Undefined when it is broken: stored before it could be checked. */
  readonly rule: Rule | undefined
  readonly faults: readonly RuleFault[]
  readonly state: 'live' | 'not active' | 'not approved' | 'switched off' | 'broken' | 'overtaken'
  readonly statistics: Readonly<RuleStatistics>
}

/** What an administrator approved. */
export interface Approval {
  /** PlanDefinition.version */
  readonly version: string
  /** `PlanDefinition/x/_history/3`: what is written later needs another approval, whatever it calls itself. */
  readonly resource: string
  readonly by?: string
  readonly at: number
}

export interface LiveRules {
  /** Whether all that is stored has been read; else wait for `ready` before asking. */
  readonly isReady: boolean
  ready(): Promise<void>
  /** To be told of all that is committed to the store. One rule is read at once, many are read in pieces: see `isReady`. */
  committed(versions: readonly Version[]): void
  /** Those that act, in order: by rule-order, then url. The same array until something changes. */
  live(): readonly Rule[]
  /** Those that act on a CDS hook. */
  onHook(hook: string): readonly Asked[]
  /** Those that act on an interaction with this type. The same empty array when there are none. */
  onData(event: DataEvent, type: string): readonly Asked[]
  /** All, also those that do not act. */
  all(): readonly StoredRule[]
  approve(url: string, by?: string): Promise<Approval | undefined>
  withdraw(url: string): Promise<void>
  switchOff(url: string): Promise<void>
  switchOn(url: string): Promise<void>
  /** Counts a run of a rule. */
  count(rule: Rule, fired: number, failure?: { readonly place: string; readonly why: string }): void
}

export interface LiveRulesParts {
  /** Sees everything. */
  readonly store: Pick<Store, 'find'>
  readonly records: (name: string) => Records
  readonly reader: () => RuleReader
  /** Whether rules act without approval. */
  readonly open: boolean
  readonly now?: () => number
}

/** One stored PlanDefinition. */
interface Kept {
  readonly id: string
  readonly versionId: string
  readonly updated: number
  readonly url: string
  readonly size: number
  readonly rule: Rule | undefined
  readonly faults: readonly RuleFault[]
}

interface Index {
  readonly live: readonly Rule[]
  readonly states: ReadonlyMap<Kept, StoredRule['state']>
  readonly hooks: ReadonlyMap<string, readonly Asked[]>
  /** By event and type, and by event for all types. */
  readonly data: Map<string, readonly Asked[]>
}

const none: readonly Asked[] = []

/** Characters of PlanDefinitions whose rules are kept compiled; those that come beyond do not act. */
const MOST_KEPT = 8_000_000
/** Milliseconds of reading before others get their turn. */
const TURN = 20

export function makeLiveRules({ store, records, reader, open, now = Date.now }: LiveRulesParts): LiveRules {
  const kept = new Map<string, Kept>()
  const statistics = new Map<string, RuleStatistics>()
  const approvals = new Map<string, Approval>()
  const off = new Set<string>()
  /** Written or deleted while the others are being read. */
  let overtaken: Set<string> | undefined
  let isRead = false
  let reading: Promise<void> | undefined
  /** Committed, not read yet. */
  const queue: Version[] = []
  let working: Promise<void> | undefined
  let size = 0
  let index: Index | undefined

  function take({ ref, text, version, updated }: Version): void {
    const before = kept.get(ref.id)
    // most PlanDefinitions are none: no need to parse them
    const resource: unknown = text?.includes(RULE_PROFILE) ? JSON.parse(text) : undefined
    if (before && before.updated > updated) return
    if (before) {
      kept.delete(ref.id)
      size -= before.size
      index = undefined
    }
    if (!isRule(resource)) return
    const fits = size + text!.length <= MOST_KEPT
    const read = fits ? readStored(resource, reader()) : { faults: [tooMany] }
    if (fits) size += text!.length
    const { url } = resource as { url?: unknown }
    kept.set(ref.id, {
      id: ref.id,
      versionId: version,
      updated,
      url: typeof url === 'string' ? url : '',
      size: fits ? text!.length : 0,
      rule: 'rule' in read ? read.rule : undefined,
      faults: 'faults' in read ? read.faults : [],
    })
    index = undefined
  }

  async function read(): Promise<void> {
    overtaken = new Set()
    try {
      for (const { key, value } of await records('rules-approved').list()) approvals.set(key, value as Approval)
      for (const { key } of await records('rules-off').list()) off.add(key)
      let query: Query = { types: ['PlanDefinition'], filter: everything, sort: [], count: 200, total: 'none' }
      for (;;) {
        const { matches, next } = await store.find(query)
        await inPieces(
          matches.filter(({ ref }) => !overtaken!.has(ref.id)),
          version => {
            // written meanwhile: that is newer
            if (!overtaken!.has(version.ref.id)) take(version)
          },
        )
        if (!next) break
        query = { ...query, after: next }
      }
      isRead = true
      index = undefined
    } finally {
      overtaken = undefined
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const some = [...queue]
      await inPieces(some, version => {
        take(version)
        queue.shift()
      })
    }
  }

  function stateOf({ id, versionId, url, rule }: Kept): StoredRule['state'] {
    if (!rule) return 'broken'
    if (rule.status !== 'active') return 'not active'
    if (off.has(url)) return 'switched off'
    const approval = approvals.get(url)
    const isApproved =
      approval?.version === rule.version && approval.resource === `PlanDefinition/${id}/_history/${versionId}`
    return open || isApproved ? 'live' : 'not approved'
  }

  function indexed(): Index {
    if (index) return index
    const states = new Map<Kept, StoredRule['state']>()
    const latest = new Map<string, Kept>()
    for (const each of [...kept.values()].sort((a, b) => a.updated - b.updated)) {
      const before = latest.get(each.url)
      if (before) states.set(before, 'overtaken')
      latest.set(each.url, each)
      states.set(each, stateOf(each))
    }
    const live = [...latest.values()]
      .filter(each => states.get(each) === 'live')
      .map(({ rule }) => rule!)
      .sort((a, b) => a.order - b.order || (a.url < b.url ? -1 : 1))
    return (index = { live, states, hooks: byHook(live), data: new Map() })
  }

  const statisticsOf = (url: string) => {
    let found = statistics.get(url)
    if (!found) statistics.set(url, (found = { runs: 0, fired: 0, failed: 0 }))
    return found
  }

  return {
    get isReady() {
      return isRead && queue.length === 0
    },
    async ready() {
      await (reading ??= read().catch((error: unknown) => {
        reading = undefined
        throw error
      }))
      while (working) await working
    },
    committed(versions) {
      const plans = versions.filter(({ ref }) => ref.type === 'PlanDefinition')
      if (plans.length === 0 || (!isRead && !overtaken)) return
      for (const { ref } of plans) overtaken?.add(ref.id)
      if (plans.length === 1 && queue.length === 0) return take(plans[0]!)
      queue.push(...plans)
      working ??= drain().finally(() => (working = undefined))
    },
    live: () => indexed().live,
    onHook: hook => indexed().hooks.get(hook) ?? none,
    onData(event, type) {
      const { live, data } = indexed()
      if (live.length === 0) return none
      const key = `${event} ${type}`
      let found = data.get(key)
      if (!found) data.set(key, (found = onEvent(live, event, type)))
      return found
    },
    all: () =>
      [...kept.values()].map(each => ({
        id: each.id,
        versionId: each.versionId,
        url: each.url,
        rule: each.rule,
        faults: each.faults,
        state: indexed().states.get(each)!,
        statistics: { ...statisticsOf(each.url) },
      })),
    async approve(url, by) {
      await this.ready()
      const latest = [...kept.values()].filter(each => each.url === url).sort((a, b) => b.updated - a.updated)[0]
      if (!latest?.rule) return undefined
      const approval: Approval = {
        version: latest.rule.version,
        resource: `PlanDefinition/${latest.id}/_history/${latest.versionId}`,
        ...(by === undefined ? {} : { by }),
        at: now(),
      }
      await records('rules-approved').put(url, approval)
      approvals.set(url, approval)
      index = undefined
      return approval
    },
    async withdraw(url) {
      await records('rules-approved').remove(url)
      approvals.delete(url)
      index = undefined
    },
    async switchOff(url) {
      await records('rules-off').put(url, now())
      off.add(url)
      index = undefined
    },
    async switchOn(url) {
      await records('rules-off').remove(url)
      off.delete(url)
      index = undefined
    },
    count({ url }, fired, failure) {
      const of = statisticsOf(url)
      of.runs++
      if (fired > 0) of.fired++
      if (!failure) return
      of.failed++
      of.lastFailure = { place: failure.place, why: failure.why, at: now() }
    },
  }
}

function byHook(live: readonly Rule[]): ReadonlyMap<string, readonly Asked[]> {
  const found = new Map<string, Asked[]>()
  for (const rule of live)
    for (const hook of hooksOf(rule)) {
      const asked = {
        rule,
        actions: rule.actions.filter(({ triggers }) => triggers.some(each => each.is === 'hook' && each.hook === hook)),
      }
      found.set(hook, [...(found.get(hook) ?? []), asked])
    }
  return found
}

/** The CDS hooks on which a rule acts. */
export const hooksOf = ({ actions }: Rule): ReadonlySet<string> =>
  new Set(actions.flatMap(({ triggers }) => triggers.flatMap(each => (each.is === 'hook' ? [each.hook] : []))))

function onEvent(live: readonly Rule[], event: DataEvent, type: string): readonly Asked[] {
  const found = live.flatMap(rule => {
    const actions = rule.actions.filter(({ triggers }) =>
      triggers.some(
        each => each.is === 'data' && each.event === event && (each.type === undefined || each.type === type),
      ),
    )
    return actions.length > 0 ? [{ rule, actions }] : []
  })
  return found.length > 0 ? found : none
}

/** Whatever is stored must not keep a commit from being answered. */
function readStored(resource: unknown, reader: RuleReader): Read {
  try {
    return readRule(resource, reader)
  } catch (error) {
    return { faults: [{ expression: 'PlanDefinition', diagnostics: `It cannot be read: ${(error as Error).name}.` }] }
  }
}

const tooMany: RuleFault = {
  expression: 'PlanDefinition',
  diagnostics: `There are more than ${MOST_KEPT} characters of rules. Delete some, and write this one again.`,
}

/** One after the other; others get their turn in between. */
async function inPieces<T>(all: readonly T[], work: (one: T) => void): Promise<void> {
  let began = performance.now()
  for (const one of all) {
    work(one)
    if (performance.now() - began < TURN) continue
    await new Promise(resolve => setImmediate(resolve))
    began = performance.now()
  }
}
