/**
 * Bindings: the codes of an element against the value set that its definition names.
 * https://hl7.org/fhir/R4/terminologies.html#strength
 */
import type { ElementDefinition } from 'fhir/r4'
import type { CodeQuestion, CodeVerdict, Said } from '../fhir/code-check.ts'
import { additionalBindings } from './additional-bindings.ts'
import { isObject, type Node } from './node.ts'
import type { ElementRule, Origin, Report, Run } from './words.ts'

interface Binding {
  readonly strength: 'required' | 'extensible' | 'preferred'
  readonly valueSet: string
  /** Of an extensible or preferred binding: what every code has to be in all the same. */
  readonly max: string | undefined
}

export const bindings: ElementRule = (node, element, origin, run) => {
  for (const binding of bindingsOf(element)) ask(binding, node, origin, run)
}

function ask(binding: Binding, node: Node, origin: Origin, run: Run): void {
  if (node.value === undefined) {
    // a code whose binding is required has a value; an extension does not replace it
    if (binding.strength === 'required' && node.type === 'code') needCode(node, binding, origin, run)
    return
  }
  const codes = codesOf(node)
  if (!codes) return
  if (codes.length === 0) return needCode(node, binding, origin, run)
  const { valueSet, max } = binding
  const askMax = () => {
    if (max === undefined) return
    const wanted: Binding = { strength: 'required', valueSet: max, max: undefined }
    askAll(codes, max, origin, run, answer => tell(answer, node, wanted, origin, run))
  }
  if (valueSet === '') return askMax()
  askAll(codes, valueSet, origin, run, answer => {
    tell(answer, node, binding, origin, run)
    // what is in the one is in the other
    askMax()
  })
}

const known = new WeakMap<ElementDefinition, readonly Binding[]>()
const none: readonly Binding[] = []
const MAX = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet'

/** The element's own binding, and those beside it. */
function bindingsOf(element: ElementDefinition): readonly Binding[] {
  if (!element.binding) return none
  const before = known.get(element)
  if (before) return before
  const made: Binding[] = additionalBindings(element.binding).map(each => ({ ...each, max: undefined }))
  const { valueSet = '', extension = [] } = element.binding
  const strength = isTooStrict(element, valueSet) ? 'extensible' : element.binding.strength
  const found = extension.find(({ url }) => url === MAX)
  const max = found?.valueCanonical ?? found?.valueUri
  if ((strength !== 'example' && valueSet !== '') || max !== undefined)
    made.unshift({
      strength: strength === 'example' ? 'preferred' : strength,
      valueSet: strength === 'example' ? '' : valueSet,
      max,
    })
  known.set(element, made)
  return made
}

/**
 * R4 binds every component of a vital sign to the units of vital signs, flow rates among them; HL7 has since taken that back.
 * https://jira.hl7.org/browse/FHIR-43353
 */
const isTooStrict = ({ path }: ElementDefinition, valueSet: string): boolean =>
  path === 'Observation.component.value[x]' && /\/ValueSet\/ucum-vitals-common(\|4\.0\.1)?$/.test(valueSet)

type Code = Pick<CodeQuestion, 'code' | 'system' | 'version' | 'inferSystem'>

const texts = new Set(['code', 'string', 'uri', 'url', 'canonical', 'id', 'oid', 'markdown'])
const quantities = new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration'])

/** The codes of a value; undefined for a value that cannot have any. */
function codesOf({ type, value }: Node): readonly Code[] | undefined {
  if (texts.has(type)) return typeof value === 'string' ? [{ code: value, inferSystem: true }] : undefined
  if (!isObject(value)) return undefined
  if (type === 'Coding') return codeOf(value)
  // a quantity without a code is a number
  if (quantities.has(type)) return typeof value['code'] === 'string' ? codeOf(value) : undefined
  if (type !== 'CodeableConcept') return undefined
  const { coding } = value
  return Array.isArray(coding) ? (coding as unknown[]).filter(isObject).flatMap(codeOf) : []
}

function codeOf(coding: Readonly<Record<string, unknown>>): Code[] {
  const { code, system, version } = coding
  if (typeof code !== 'string') return []
  return [
    {
      code,
      ...(typeof system === 'string' ? { system } : {}),
      ...(typeof version === 'string' ? { version } : {}),
    },
  ]
}

/** What the terminology says of several codes, of which one is enough. */
interface Answer {
  readonly result: CodeVerdict['result']
  /** Of the first code that speaks against it. */
  readonly said: Said
  readonly codes: readonly Code[]
}

/** `then` is called unless one of them is in the value set. */
function askAll(
  codes: readonly Code[],
  valueSet: string,
  origin: Origin,
  run: Run,
  then: (answer: Answer) => void,
): void {
  let open = codes.length
  let unknown: Said | undefined
  let no: Said | undefined
  let done = false
  for (const code of codes) {
    if (done) return
    run.checkCode({ ...code, valueSet, ...(origin.package === '' ? {} : { from: origin.package }) }, verdict => {
      open--
      if (done) return
      if (verdict.result === 'yes') done = true
      else if (verdict.result === 'unknown') unknown ??= verdict.said
      else no ??= verdict.said
      if (done || open > 0) return
      done = true
      then({ result: unknown ? 'unknown' : 'no', said: (unknown ?? no)!, codes })
    })
  }
}

const levels = { required: 'error', extensible: 'warning', preferred: 'information' } as const

function tell({ result, said, codes }: Answer, node: Node, binding: Binding, origin: Origin, run: Run): void {
  const { strength, valueSet } = binding
  const from = { origin: origin.profile }
  if (result === 'unknown') {
    if (strength === 'preferred') return
    const severity = strength === 'required' ? 'warning' : 'information'
    return run.report(node, { severity, code: 'not-found', ...from, said })
  }
  const report: Report = {
    severity: levels[strength],
    code: 'code-invalid',
    ...from,
    said: codes.length === 1 ? withAdvice(said, strength) : noneOf(codes, valueSet, strength),
  }
  run.report(node, report)
}

const advice = {
  required: { en: '', zh: '' },
  extensible: {
    en: ' Another one may only be used where none of its codes fits.',
    zh: '只有在值集內沒有適合的代碼時,才可使用其他代碼。',
  },
  preferred: { en: ' Its codes are preferred.', zh: '建議優先使用該值集的代碼。' },
}

const withAdvice = ({ en, zh }: Said, strength: Binding['strength']): Said => ({
  en: en + advice[strength].en,
  zh: zh + advice[strength].zh,
})

const MOST_SHOWN = 5

function noneOf(codes: readonly Code[], valueSet: string, strength: Binding['strength']): Said {
  const shown = codes
    .slice(0, MOST_SHOWN)
    .map(({ system, code }) => `${(system ?? '').slice(0, 100)}#${code.slice(0, 100)}`)
  const list = shown.join(', ') + (codes.length > MOST_SHOWN ? ', …' : '')
  return withAdvice(
    {
      en: `None of the codes (${list}) is in the value set ${valueSet}. Add a coding that is.`,
      zh: `所有代碼(${list})都不在值集 ${valueSet} 內。請加入值集內的代碼。`,
    },
    strength,
  )
}

/** Text alone will do, unless the binding is required. */
function needCode(node: Node, { strength, valueSet, max }: Binding, origin: Origin, run: Run): void {
  const set = strength === 'required' ? valueSet : max
  if (set === undefined || set === '') return
  run.report(node, {
    code: 'code-invalid',
    origin: origin.profile,
    said:
      node.type === 'code'
        ? {
            en: `A code of the value set ${set} is required; an extension does not replace it.`,
            zh: `必須填寫值集 ${set} 內的代碼,不能以擴充(extension)代替。`,
          }
        : {
            en: `A code of the value set ${set} is required; text or display alone will not do.`,
            zh: `必須填寫值集 ${set} 內的代碼,僅有文字說明是不夠的。`,
          },
  })
}
