/**
 * Invariants: what an element's constraints demand in FHIRPath. Those that cannot be told to be quick and come from
 * other people's packages run in a thread of their own, under a time limit.
 * https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint
 */
import type { ElementDefinition, ElementDefinitionConstraint } from 'fhir/r4'
import type { Said } from '../fhir/code-check.ts'
import { matchesWhole } from './bounded-regex.ts'
import { evaluateInvariant, type Verdict } from './invariant-evaluate.ts'
import { askThread } from './invariant-foreign.ts'
import { mend, nativeInvariant } from './invariant-native.ts'
import { compilePlain, type PlainInvariant } from './invariant-plain.ts'
import type { Node } from './node.ts'
import type { ElementRule, Origin, Run, Severity } from './words.ts'

interface Invariant {
  readonly key: string
  readonly severity: Severity
  readonly said: Said
  readonly expression: string
  readonly quick: PlainInvariant | undefined
  readonly source: string | undefined
}

interface Prepared {
  readonly invariants: readonly Invariant[]
  readonly regex: string | undefined
}

export const invariants: ElementRule = (node, element, origin, run) => {
  const { invariants, regex } = prepare(element)
  for (const invariant of invariants) {
    const { expression, quick } = invariant
    const isElement = isOfElement(node, element, run)
    const holds = isElement && expression.includes('%') ? undefined : quick?.(node, run.definitions)
    if (holds === true) continue
    if (holds === false) fail(node, invariant, origin, run)
    else if ((origin.trusted || isFhirsOwn(invariant, run)) && (run.quiet || !isLarge(run.root)))
      tell(evaluateOnce(node, expression, isElement, run), node, invariant, origin, run)
    // a trial is over before a thread could answer
    else if (!run.quiet)
      askThread({ node, expression, isElement, own: origin.trusted }, run, verdict =>
        tell(verdict, node, invariant, origin, run),
      )
  }
  if (regex !== undefined) checkRegex(node, regex, origin, run)
}

/** Whether the rule is that of an element that holds a resource, and not the resource's own. */
const isOfElement = (node: Node, { path }: ElementDefinition, { definitions }: Run): boolean =>
  node.parent !== undefined && String(path).includes('.') && definitions.isResourceType(node.type)

/** Values of a resource from which on even FHIR's own rules are evaluated elsewhere: some take the square of them. */
const LARGE = 10_000
const large = new WeakMap<Node, boolean>()

function isLarge(root: Node): boolean {
  const known = large.get(root)
  if (known !== undefined) return known
  const open: unknown[] = [root.value]
  let count = 0
  for (let part = open.pop(); part !== undefined && count <= LARGE; part = open.pop()) {
    if (typeof part !== 'object' || part === null) continue
    for (const value of Object.values(part)) {
      count++
      if (typeof value === 'object') open.push(value ?? 0)
    }
  }
  large.set(root, count > LARGE)
  return count > LARGE
}

const prepared = new WeakMap<ElementDefinition, Prepared>()
const none: Prepared = { invariants: [], regex: undefined }

function prepare(element: ElementDefinition): Prepared {
  const known = prepared.get(element)
  if (known) return known
  const regex = element.extension?.find(({ url }) => url === REGEX)?.valueString
  const invariants = (element.constraint ?? []).flatMap(constraint => readConstraint(constraint) ?? [])
  const made = invariants.length === 0 && regex === undefined ? none : { invariants, regex }
  prepared.set(element, made)
  return made
}

const REGEX = 'http://hl7.org/fhir/StructureDefinition/regex'
const BEST_PRACTICE = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice'

function readConstraint(constraint: ElementDefinitionConstraint): Invariant | undefined {
  const { key, severity, expression, source, extension } = constraint
  if (typeof expression !== 'string' || expression.trim() === '') return undefined
  const isAdvice = extension?.some(({ url, valueBoolean }) => url === BEST_PRACTICE && valueBoolean === true) === true
  return {
    key,
    severity: severity === 'warning' || isAdvice ? 'warning' : 'error',
    said: textOf(constraint),
    expression: mend(expression),
    quick: quickOf(expression),
    source,
  }
}

/** What the profile says the rule means; in Chinese where it is translated. */
function textOf({ key, human, _human }: ElementDefinitionConstraint): Said {
  const translated = _human?.extension?.flatMap(({ extension = [] }) => {
    const lang = extension.find(({ url }) => url === 'lang')?.valueCode
    const content = extension.find(({ url }) => url === 'content')
    return lang?.startsWith('zh') ? (content?.valueString ?? content?.valueMarkdown ?? []) : []
  })
  const text = human ?? ''
  return { en: `The rule ${key} is broken: ${text}`, zh: `不符合規則 ${key}:${translated?.[0] ?? text}` }
}

const quick = new Map<string, PlainInvariant | undefined>()
const MOST_QUICK = 5000

function quickOf(expression: string): PlainInvariant | undefined {
  if (quick.has(expression)) return quick.get(expression)
  const made = nativeInvariant(expression) ?? compilePlain(mend(expression))
  if (quick.size >= MOST_QUICK) quick.clear()
  quick.set(expression, made)
  return made
}

/** A profile repeats the invariants of what it is derived from; those of FHIR itself are not foreign. */
function isFhirsOwn({ source, key, expression }: Invariant, run: Run): boolean {
  if (source === undefined) return false
  const own = run.conformance.entry('StructureDefinition', source, FHIR)
  if (own?.package !== FHIR) return false
  const known = ownExpressions.get(source) ?? readExpressions(source, run)
  return known.has(`${key} ${expression}`)
}

const FHIR = 'hl7.fhir.r4.core#4.0.1'
const ownExpressions = new Map<string, ReadonlySet<string>>()

function readExpressions(source: string, run: Run): ReadonlySet<string> {
  const { snapshot } = (run.conformance.find('StructureDefinition', source, FHIR) ?? {}) as {
    snapshot?: { element?: ElementDefinition[] }
  }
  const constraints = (snapshot?.element ?? []).flatMap(({ constraint = [] }) => constraint)
  const made = new Set(constraints.map(({ key, expression }) => `${key} ${mend(expression ?? '')}`))
  ownExpressions.set(source, made)
  return made
}

/** Of one validation: the verdicts by value and expression, so that a derived profile's repeat costs nothing. */
const verdicts = new WeakMap<Node, Map<string, Verdict>>()

function evaluateOnce(node: Node, expression: string, isElement: boolean, run: Run): Verdict {
  let known = verdicts.get(node)
  if (!known) verdicts.set(node, (known = new Map()))
  const key = isElement ? `element ${expression}` : expression
  const before = known.get(key)
  if (before) return before
  const verdict = evaluateInvariant(expression, node, run, isElement)
  known.set(key, verdict)
  return verdict
}

function tell(verdict: Verdict, node: Node, invariant: Invariant, origin: Origin, run: Run): void {
  const { key } = invariant
  const from = originOf(invariant, origin, run)
  if (verdict.why === undefined) return verdict.holds ? undefined : fail(node, invariant, origin, run)
  if (verdict.why === 'outside')
    return run.report(node, {
      severity: 'information',
      code: 'incomplete',
      origin: from,
      said: {
        en: `The rule ${key} cannot be checked here: it needs another resource, profile or value set that this server cannot look at.`,
        zh: `此處無法檢查規則 ${key}:它需要本伺服器看不到的其他資源、profile 或值集。`,
      },
    })
  const reason = verdict.why === 'broken' ? verdict.reason : undefined
  run.report(node, {
    severity: 'warning',
    code: reason === undefined ? 'too-costly' : 'processing',
    origin: from,
    said:
      reason === undefined
        ? {
            en: `The rule ${key} was given up: its FHIRPath takes too long. Ask the profile's author to simplify it.`,
            zh: `規則 ${key} 未能檢查完畢:其 FHIRPath 執行過久。請 profile 的作者簡化。`,
          }
        : {
            en: `The rule ${key} was not checked: its FHIRPath cannot be evaluated (${reason}).`,
            zh: `規則 ${key} 未檢查:其 FHIRPath 無法執行(${reason})。`,
          },
  })
}

function fail(node: Node, invariant: Invariant, origin: Origin, run: Run): void {
  const { severity, said } = invariant
  run.report(node, { severity, code: 'invariant', origin: originOf(invariant, origin, run), said })
}

/** Where the rule was first written, so that it is the same finding whichever profile repeats it. */
function originOf({ key, source }: Invariant, origin: Origin, run: Run): string {
  const entry = source === undefined ? undefined : run.conformance.entry('StructureDefinition', source, origin.package)
  const profile = entry ? `${entry.url}${entry.version === undefined ? '' : `|${entry.version}`}` : origin.profile
  return `${profile}#${key}`
}

function checkRegex(node: Node, regex: string, origin: Origin, run: Run): void {
  const { value } = node
  if (typeof value !== 'string' && typeof value !== 'number') return
  const verdict = matchesWhole(regex, String(value))
  if (verdict === 'yes') return
  const shown = regex.length > 200 ? `${regex.slice(0, 200)}…` : regex
  run.report(node, {
    severity: verdict === 'no' ? 'error' : 'warning',
    code: verdict === 'no' ? 'value' : 'processing',
    origin: origin.profile,
    said:
      verdict === 'no'
        ? { en: `The value does not have the form ${shown}`, zh: `此值的格式不符合 ${shown}` }
        : {
            en: `The form ${shown} was not checked: it is no regular expression or takes too long.`,
            zh: `未檢查格式 ${shown}:它不是正規表示式,或比對過久。`,
          },
  })
}
