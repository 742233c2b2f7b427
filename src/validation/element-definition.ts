/**
 * The elements of a profile or type definition: paths that exist, and constraints that make sense for their types.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { OperationOutcomeIssue } from 'fhir/r4'
import { isDeepStrictEqual } from 'node:util'
import type { Said } from '../fhir/code-check.ts'
import { leadsSomewhere, placeOf, type Found } from './element-paths.ts'
import { syntaxFault } from './expression-syntax.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { objectOf, objectsOf, textOf, textsOf, valueOf, type JsonObject } from './read.ts'
import type { Run, Severity } from './words.ts'

/** Where an element definition stands. */
export interface Around {
  readonly run: Run
  /** The type that is defined or constrained. */
  readonly type: string
  readonly snapshot: boolean
  readonly constraint: boolean
  /** The base's element by id or path. */
  readonly base: (id: string, path: string) => JsonObject | undefined
  /** Expressions found right already: a snapshot repeats them by the hundred. */
  readonly right: Set<string>
}

const bindable = new Set(
  'code Coding CodeableConcept Quantity SimpleQuantity Age Count Distance Duration Money MoneyQuantity string uri url canonical oid uuid id Extension Range Ratio'.split(
    ' ',
  ),
)
const withTarget = new Set(['Reference', 'canonical', 'CodeableReference'])
const withLength = new Set(
  'string markdown uri url canonical code id oid uuid base64Binary date dateTime instant time xhtml'.split(' '),
)
const withRange = new Set(
  'integer unsignedInt positiveInt decimal date dateTime instant time Quantity SimpleQuantity Age Count Distance Duration Money'.split(
    ' ',
  ),
)

export function checkElement(node: Node, around: Around): void {
  const { run, type, snapshot } = around
  const path = textOf(node.value, 'path')
  if (path === undefined) return
  const say = (
    said: Said,
    below = '',
    code: OperationOutcomeIssue['code'] = 'business-rule',
    severity: Severity = 'error',
  ) => run.report(node, { severity, code, said }, below)
  if (path !== type && !path.startsWith(`${type}.`))
    return say({
      en: `The path ${quoted(path)} does not begin with the type that is described, ${type}. Correct the path.`,
      zh: `path「${quoted(path, '')}」不是以所描述的類型 ${type} 開頭，請更正。`,
    })
  const slicing = objectOf(node.value, 'slicing')
  if (!path.includes('.') && slicing && !snapshot)
    say(
      {
        en: 'The root of a profile cannot be sliced. Slice the element itself.',
        zh: 'profile 的根元素不可切片，請改在該元素上切片。',
      },
      '',
      'invalid',
    )
  const place = placeOf(path, run.definitions)
  if (place === undefined)
    return say(
      {
        en: `There is no element ${quoted(path)} in FHIR R4.${choiceHint(path, around)} Correct the path.`,
        zh: `FHIR R4 中沒有資料元素「${quoted(path, '')}」。${choiceHint(path, around)}請更正 path。`,
      },
      '',
      'value',
    )
  checkTypes(node, path, place, around, say)
  if (!snapshot) checkProfiles(node, run)
  if (slicing && path.includes('.')) checkSlicing(node, path, place, around)
  checkFixed(node, path, place, around)
  checkConstraints(node, around)
}

type Say = (said: Said, below?: string, code?: OperationOutcomeIssue['code'], severity?: Severity) => void

function choiceHint(path: string, { run }: Around): string {
  const at = path.lastIndexOf('.')
  const parent = placeOf(path.slice(0, at), run.definitions)
  if (!parent || parent === 'open') return ''
  const last = path.slice(at + 1)
  for (const type of parent.types)
    for (const info of run.definitions.elements(type)?.values() ?? [])
      if (info.choice !== undefined && last.startsWith(info.choice)) return ` (${path.slice(0, at)}.${info.choice}[x])`
  return ''
}

/** What a constraint may be put on, by the types that the element itself names. */
function checkTypes(node: Node, path: string, place: Found, around: Around, say: Say): void {
  const stated = objectsOf(node.value, 'type')
  const codes = stated
    .map(each => textOf(each, 'code') ?? '')
    .filter(code => !code.startsWith('http://hl7.org/fhirpath/'))
  stated.forEach(each => {
    const code = textOf(each, 'code') ?? ''
    if ('targetProfile' in each && !withTarget.has(code) && around.run.definitions.elements(code))
      say({
        en: `A target profile is for references; the type here is ${code}. Move it to a Reference or canonical, or use type.profile.`,
        zh: `targetProfile 用於參照；此處類型為 ${code}。請移至 Reference 或 canonical，或改用 type.profile。`,
      })
  })
  const own = codes.length > 0 ? codes : path.includes('.') ? [] : [path]
  const known = own.filter(code => code !== '' && (around.run.definitions.elements(code) || /^[a-z]/.test(code)))
  if (known.length > 0) {
    const misplaced = (name: string, allowed: ReadonlySet<string>, label: string, labelZh: string) => {
      const there = Object.keys(node.value as object).some(
        key => key === name || (name.endsWith('Value') && key.startsWith(name)),
      )
      if (there && !known.some(code => allowed.has(code)))
        say({
          en: `${label} says nothing about the types ${known.join(', ')}. Remove it, or correct the types.`,
          zh: `${labelZh}不適用於類型 ${known.join('、')}，請移除或更正類型。`,
        })
    }
    misplaced('binding', bindable, 'A binding', '綁定（binding）')
    misplaced('maxLength', withLength, 'A maximum length', 'maxLength ')
    misplaced('minValue', withRange, 'A minimum value', 'minValue ')
    misplaced('maxValue', withRange, 'A maximum value', 'maxValue ')
  }
  if (!place || place === 'open' || !around.constraint) return
  const wide = place.types.some(
    type => type === 'Resource' || type === 'Element' || type === 'BackboneElement' || type.includes('.'),
  )
  const resource = place.types.some(type => around.run.definitions.isResourceType(type))
  const strange = known.filter(
    code => !place.types.includes(code) && !isKind(code, place.types) && !(resource && code === 'Resource'),
  )
  if (!wide && codes.length > 0 && strange.length > 0)
    say({
      en: `${quoted(path)} cannot be a ${strange.join(', ')}; it may be ${place.types.slice(0, 12).join(', ')}.`,
      zh: `「${quoted(path, '')}」不可為 ${strange.join('、')}；可為 ${place.types.slice(0, 12).join('、')}。`,
    })
}

/** Profiles named for a type are of that type, those of targets are of resources. */
function checkProfiles(node: Node, run: Run): void {
  for (const type of childrenNamed(node, 'type', run.definitions)) {
    const code = textOf(type.value, 'code')
    if (code === undefined || !run.definitions.elements(code)) continue
    for (const canonical of textsOf(type.value, 'profile')) {
      const of = run.conformance.entry('StructureDefinition', canonical)?.type
      if (of === undefined || of === code || isKind(of, [code]) || code === 'Resource') continue
      run.report(type, {
        code: 'business-rule',
        said: {
          en: `${quoted(canonical)} is a profile of ${of}, and the type here is ${code}. Name one of ${code}.`,
          zh: `「${quoted(canonical, '')}」是 ${of} 的 profile，但此處類型為 ${code}，請改用 ${code} 的 profile。`,
        },
      })
    }
    for (const canonical of textsOf(type.value, 'targetProfile')) {
      const target = run.conformance.entry('StructureDefinition', canonical)
      if (!target || target.kind === 'resource') continue
      run.report(type, {
        code: 'business-rule',
        said: {
          en: `${quoted(canonical)} describes no resource, so nothing can refer to it. Name a profile of a resource.`,
          zh: `「${quoted(canonical, '')}」不是資源的 profile，無法作為參照目標，請改用資源的 profile。`,
        },
      })
    }
  }
}

/** Age, Duration, … are Quantities. */
const isKind = (code: string, types: readonly string[]) =>
  /^(Age|Count|Distance|Duration|SimpleQuantity|MoneyQuantity)$/.test(code)
    ? types.includes('Quantity')
    : code === 'Element'

function checkSlicing(node: Node, path: string, place: Found, around: Around): void {
  const { run } = around
  if (!place || place === 'open') return
  const [slicing] = childrenNamed(node, 'slicing', run.definitions)
  if (!slicing) return
  if (!place.many && !place.choice && textOf(node.value, 'sliceName') === undefined && !around.snapshot)
    run.report(slicing, {
      code: 'invalid',
      said: {
        en: `${quoted(path)} neither repeats nor has a choice of types, so it cannot be sliced. Constrain it directly.`,
        zh: `「${quoted(path, '')}」既不可重複也非多型，無法切片，請直接約束。`,
      },
    })
  for (const discriminator of childrenNamed(slicing, 'discriminator', run.definitions)) {
    const way = textOf(discriminator.value, 'path')
    if (way === undefined || leadsSomewhere(place.types, way, run.definitions)) continue
    run.report(discriminator, {
      code: 'invalid',
      said: {
        en: `The discriminator ${quoted(way)} leads nowhere from ${quoted(path)}. Name an element below it, or $this.`,
        zh: `從「${quoted(path, '')}」無法依 discriminator「${quoted(way, '')}」找到元素，請填其下的元素或 $this。`,
      },
    })
  }
}

function checkFixed(node: Node, path: string, place: Found, around: Around): void {
  const { run } = around
  for (const name of ['fixed', 'pattern', 'defaultValue']) {
    const [given] = childrenNamed(node, name, run.definitions)
    const value = valueOf(node.value, name)
    if (!given || !value) continue
    const stated = objectsOf(node.value, 'type').map(each => textOf(each, 'code') ?? '')
    const allowed = stated.length > 0 ? stated : place && place !== 'open' ? place.types : []
    const systemType = allowed.some(
      code => code.startsWith('http://hl7.org/fhirpath/') || code === 'Element' || code.includes('.'),
    )
    if (allowed.length > 0 && !systemType && !allowed.some(code => code === value.type || isKind(code, [value.type])))
      run.report(given, {
        code: 'value',
        said: {
          en: `The ${name} value is a ${value.type}, and ${quoted(path)} is a ${allowed.slice(0, 8).join(', ')}. Write ${name}[x] with that type.`,
          zh: `${name} 的類型為 ${value.type}，但「${quoted(path, '')}」的類型為 ${allowed.slice(0, 8).join('、')}，請使用相符的 ${name}[x]。`,
        },
      })
    if (around.snapshot || name !== 'fixed') continue
    const above = valueOf(around.base(textOf(node.value, 'id') ?? path, path), 'fixed')
    if (above && (above.type !== value.type || !isDeepStrictEqual(above.value, value.value)))
      run.report(given, {
        code: 'value',
        said: {
          en: `The base fixes ${quoted(path)} to ${quoted(JSON.stringify(above.value))}; a derived profile cannot change that. Use the same value, or another base.`,
          zh: `基礎 profile 已將「${quoted(path, '')}」固定為 ${quoted(JSON.stringify(above.value))}，衍生的 profile 不可更改。請使用相同的值或更換 baseDefinition。`,
        },
      })
  }
}

function checkConstraints(node: Node, { run, right }: Around): void {
  for (const constraint of childrenNamed(node, 'constraint', run.definitions)) {
    const expression = textOf(constraint.value, 'expression')
    if (expression === undefined || right.has(expression)) continue
    if (run.left() <= 0) return
    const fault = syntaxFault(expression)
    if (fault === undefined) right.add(expression)
    else
      run.report(
        constraint,
        {
          code: 'invalid',
          said: {
            en: `The expression of ${quoted(textOf(constraint.value, 'key') ?? '?')} is not FHIRPath (${fault}). Correct it.`,
            zh: `「${quoted(textOf(constraint.value, 'key') ?? '?', '')}」的 expression 不是有效的 FHIRPath（${fault}），請更正。`,
          },
        },
        '.expression',
      )
  }
}
