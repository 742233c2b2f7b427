/**
 * One validation as it runs: what has been found, the time that is left, what was tried quietly.
 * https://hl7.org/fhir/R4/validation.html
 */
import { setImmediate } from 'node:timers/promises'
import type { CheckCode, CodeVerdict } from '../fhir/code-check.ts'
import type { Conformance } from '../fhir/conformance.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { declaredProfiles, isSupertype, notOfType } from './declared.ts'
import { makeInside } from './inside.ts'
import { type Node, pathOf } from './node.ts'
import { isProfile } from './profile.ts'
import type { Shape, Shapes } from './shape.ts'
import type { Rules, Walk } from './walking.ts'
import type { Finding, Report, Run, ValidateOptions } from './words.ts'

/** Everything that does not change while a resource is validated. */
export interface Setting {
  readonly conformance: Conformance
  readonly definitions: Definitions
  readonly options: ValidateOptions
  readonly shapes: Shapes
  readonly rules: Rules
  readonly checkCode: CheckCode
  readonly root: Node
  /** Walks a value; given, since the walk itself does not know of runs. */
  walk(node: Node, shape: Shape, walk: Walk): void
}

export interface Running {
  readonly run: Run
  readonly walk: Walk
  readonly findings: readonly Finding[]
  /** Waits for the answers and the work still under way, at most as long as there is time. */
  settle(): Promise<void>
}

const DEFAULT_BUDGET = 10_000
/** So many milliseconds one validation holds the event loop, where it can let go of it. */
const SLICE = 20
const MOST_FINDINGS = 1_000
/** Values are tried against profiles that try values against profiles. */
const DEEPEST_TRIAL = 12
/** How many values are walked between two looks at the clock. */
const STRIDE = 64

export function startRun(setting: Setting): Running {
  const { definitions, options, root, shapes } = setting
  const findings: Finding[] = []
  const said = new Set<string>()
  const pending = new Set<Promise<void>>()
  const end = performance.now() + Math.max(1, options.budget ?? DEFAULT_BUDGET)
  const inside = makeInside(definitions)
  const tried = new Map<Node, Map<string, readonly Finding[]>>()
  let visits = 0
  let stopped = false
  let closed = false
  const counts = { error: 0, warning: 0, information: 0 }

  const left = () => end - performance.now()

  function add(finding: Finding): void {
    if (closed || counts[finding.severity] > MOST_FINDINGS) return
    const key = `${finding.severity}|${finding.expression}|${finding.said.en}`
    if (said.has(key)) return
    said.add(key)
    // each severity has its own measure, so that warnings do not hide errors
    const isOver = ++counts[finding.severity] > MOST_FINDINGS
    findings.push(isOver ? tooMany(pathOf(root), finding.severity) : finding)
  }

  function goOn(): boolean {
    if (stopped) return false
    if (++visits % STRIDE !== 0 || left() > 0) return true
    stop()
    return false
  }

  function stop(): void {
    if (!stopped) findings.push(cutShort(pathOf(root)))
    stopped = true
  }

  const queue: (() => void)[] = []
  let draining: Promise<void> | undefined
  let since = performance.now()

  function later(work: () => void): void {
    if (queue.length === 0 && performance.now() - since < SLICE) return work()
    if (queue.push(work) === 1) defer((draining = drain()))
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await setImmediate()
      since = performance.now()
      let done = 0
      // what is begun stays in the queue until it is done, so that what it puts off comes after it
      while (done < queue.length && performance.now() - since < SLICE) queue[done++]!()
      queue.splice(0, done)
    }
  }

  function defer(work: Promise<void>): void {
    const settled = work.catch(() => add(failed(pathOf(root)))).finally(() => pending.delete(settled))
    pending.add(settled)
  }

  function checkCode(question: Parameters<CheckCode>[0], then: (verdict: CodeVerdict) => void): void {
    const verdict = setting.checkCode(question)
    if (verdict instanceof Promise) defer(verdict.then(then))
    else then(verdict)
  }

  /** A walk that reports to `sink`. A quiet one has to have its answers at once: those that come later are lost. */
  function walkWith(sink: (finding: Finding) => void, quiet: boolean, depth: number): Walk {
    const run: Run = {
      conformance: setting.conformance,
      definitions,
      options,
      root,
      quiet,
      report: (node, report, below) => sink(findingOf(node, report, below)),
      checkCode: quiet ? (question, then) => answerNow(setting.checkCode(question), then) : checkCode,
      defer: quiet ? work => void work.catch(() => undefined) : defer,
      resolveInside: inside,
      against: (node, profile, from) => against(node, profile, from, depth + 1),
      left,
      walked: async () => draining,
    }
    return {
      run,
      definitions,
      shapes,
      rules: setting.rules,
      quiet,
      goOn,
      later: quiet ? work => work() : later,
      declared: node => (options.onlyProfiles ? [] : declaredProfiles(node, shapes, add)),
      breaks: (node, element) =>
        tryOnce(node, `#${element.serial}`, depth + 1, () => shapes.of(node.type, [element], [])),
    }
  }

  function against(node: Node, canonical: string, from: string | undefined, depth: number): readonly Finding[] {
    const profile = shapes.profiles.find(canonical, from)
    // a profile that is not here says nothing against the value
    if (!isProfile(profile)) {
      const isUnknown = profile.problem === 'unknown'
      const report = { code: isUnknown ? 'not-found' : 'structure', said: profile.said } as const
      return [findingOf(node, { ...report, severity: isUnknown ? 'warning' : 'error' })]
    }
    if (profile.type !== node.type && !isSupertype(profile.type)) return [findingOf(node, notOfType(node, profile))]
    // what a type itself demands is checked where the value is walked
    if (profile.isType && definitions.isResourceType(node.type)) return []
    return tryOnce(node, profile.origin.profile, depth, () => shapes.of(node.type, [], [profile]))
  }

  function tryOnce(node: Node, key: string, depth: number, shape: () => Shape): readonly Finding[] {
    let known = tried.get(node)
    if (!known) tried.set(node, (known = new Map()))
    const before = known.get(key)
    if (before) return before
    const found: Finding[] = []
    if (depth > DEEPEST_TRIAL) return []
    // whoever asks the same while the answer is sought is answered that nothing speaks against it
    known.set(key, [])
    setting.walk(
      node,
      shape(),
      walkWith(finding => found.push(finding), true, depth),
    )
    known.set(key, found)
    return found
  }

  const walk = walkWith(add, false, 0)
  return {
    run: walk.run,
    walk,
    findings,
    async settle() {
      while (pending.size > 0 && !stopped) {
        const ms = left()
        if (ms <= 0 || !(await settledWithin(Promise.all(pending), ms))) stop()
      }
      closed = true
    },
  }
}

function answerNow(verdict: CodeVerdict | Promise<CodeVerdict>, then: (verdict: CodeVerdict) => void): void {
  if (!(verdict instanceof Promise)) then(verdict)
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => (timer = setTimeout(() => resolve(false), ms)))
  const inTime = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return inTime
}

function findingOf(node: Node, { severity = 'error', ...report }: Report, below = ''): Finding {
  return { severity, expression: pathOf(node) + below, ...report }
}

const tooMany = (expression: string, severity: Finding['severity']): Finding => ({
  severity,
  code: 'too-costly',
  expression,
  said: {
    en: `There are more than ${MOST_FINDINGS} findings of this severity; the rest is not listed. Correct these first.`,
    zh: `此嚴重度的問題超過 ${MOST_FINDINGS} 項,其餘未列出。請先更正以上各項。`,
  },
})

const cutShort = (expression: string): Finding => ({
  severity: 'error',
  code: 'too-costly',
  expression,
  said: {
    en: 'Checking took too long and was cut short: the rest is unchecked. Send less at once.',
    zh: '檢查時間過長而中止,其餘內容未檢查。請減少一次送出的內容。',
  },
})

const failed = (expression: string): Finding => ({
  severity: 'error',
  code: 'exception',
  expression,
  said: { en: 'A check failed inside the server; please report it.', zh: '伺服器內部檢查失敗,請回報。' },
})
