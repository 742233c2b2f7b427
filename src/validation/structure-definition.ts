/**
 * StructureDefinitions: a base that fits, elements that exist, extension contexts that can be met.
 * https://hl7.org/fhir/R4/structuredefinition.html
 */
import type { OperationOutcomeIssue } from 'fhir/r4'
import type { Said } from '../fhir/code-check.ts'
import type { ElementInfo } from '../fhir/definitions.ts'
import { checkElement, type Around } from './element-definition.ts'
import { placeOf, stepInto } from './element-paths.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { extensionsOf, objectOf, objectsOf, textOf, valueOf, type JsonObject } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

const OTHER_VERSION = 'http://hl7.org/fhir/StructureDefinition/version-specific-use'
const EXTENSION = 'http://hl7.org/fhir/StructureDefinition/Extension'

export const structureDefinition: ResourceRule = {
  types: ['StructureDefinition'],
  check(node, run) {
    const type = textOf(node.value, 'type')
    const derivation = textOf(node.value, 'derivation')
    const base = checkBase(node, run)
    if (type === undefined) return
    checkContexts(node, type, run)
    if (type === 'Extension' && base && base['url'] === EXTENSION) checkExtensionUrl(node, run)
    // of what a logical model or a later type is made is not known here
    if (derivation !== 'constraint' || !run.definitions.elements(type)) return
    checkElements(node, type, base, run)
  },
}

function say(
  run: Run,
  node: Node,
  said: Said,
  code: OperationOutcomeIssue['code'] = 'business-rule',
  severity: Severity = 'error',
  below = '',
): void {
  run.report(node, { severity, code, said }, below)
}

function checkBase(node: Node, run: Run): JsonObject | undefined {
  const canonical = textOf(node.value, 'baseDefinition')
  const [type, kind, derivation] = ['type', 'kind', 'derivation'].map(name => textOf(node.value, name))
  if (canonical === undefined) return undefined
  const base = run.conformance.find('StructureDefinition', canonical)
  const own = textOf(node.value, 'url')
  if (!base || (own !== undefined && base['url'] === own)) {
    say(
      run,
      node,
      base
        ? {
            en: `The definition is its own base (${quoted(canonical)}). Name the profile or type that it is derived from.`,
            zh: `此定義以自己為基礎（${quoted(canonical)}），請指明其衍生自哪個 profile 或類型。`,
          }
        : {
            en: `The base ${quoted(canonical)} is not here, so the elements cannot be checked against it. Load its package.`,
            zh: `此處沒有基礎定義「${quoted(canonical, '')}」，無法據以檢查資料元素。請載入其套件。`,
          },
      'not-found',
      'warning',
    )
    return undefined
  }
  if (derivation === undefined)
    say(run, node, {
      en: 'A definition with a base says how it is derived. Add derivation: constraint (a profile) or specialization (a new type).',
      zh: '有 baseDefinition 時須說明 derivation：constraint（profile）或 specialization（新類型）。',
    })
  if (derivation === 'constraint' && type !== undefined && base['type'] !== type)
    say(run, node, {
      en: `A profile has the type of its base: ${String(base['type'])}, not ${quoted(type)}. Correct the type or the base.`,
      zh: `profile 的 type 須與基礎相同，即 ${String(base['type'])}，而非「${quoted(type, '')}」。請更正 type 或 baseDefinition。`,
    })
  if (derivation === 'specialization' && type !== undefined && base['type'] === type)
    say(run, node, {
      en: `A new type has a name of its own; ${quoted(type)} is its base's. Change it, or make derivation "constraint".`,
      zh: `新類型須有自己的名稱；「${quoted(type, '')}」是基礎的名稱。請更改，或將 derivation 設為 constraint。`,
    })
  if (kind !== undefined && base['abstract'] !== true && base['kind'] !== kind)
    say(run, node, {
      en: `The kind is ${quoted(kind)}, and the base's is ${quoted(String(base['kind']))}. They have to be the same.`,
      zh: `kind 為「${quoted(kind, '')}」，基礎為「${quoted(String(base['kind']), '')}」，兩者須相同。`,
    })
  return base
}

/** https://hl7.org/fhir/R4/defining-extensions.html#context */
function checkContexts(node: Node, type: string, run: Run): void {
  for (const context of childrenNamed(node, 'context', run.definitions)) {
    if (type !== 'Extension') {
      say(run, context, {
        en: `Only an extension has a context; this describes ${quoted(type)}. Remove it.`,
        zh: `只有擴充（extension）才有 context；此定義描述「${quoted(type, '')}」，請移除。`,
      })
      continue
    }
    const [how, expression] = [textOf(context.value, 'type'), textOf(context.value, 'expression')]
    // what is meant for another version of FHIR is not looked for in this one
    if (expression === undefined || extensionsOf(context.value, OTHER_VERSION).length > 0) continue
    if (how === 'element' && expression === 'Element')
      say(
        run,
        context,
        {
          en: 'The extension may be put on anything (Element). Name the elements it is meant for, if it is not for all.',
          zh: '此擴充可用於任何元素（Element）。若非如此，請指明適用的元素。',
        },
        'business-rule',
        'warning',
      )
    if (how === 'element' && !isElement(expression, run))
      say(
        run,
        context,
        {
          en: `There is no element ${quoted(expression)} in FHIR R4. Write Type or Type.element.`,
          zh: `FHIR R4 中沒有資料元素「${quoted(expression, '')}」，請寫成 Type 或 Type.element。`,
        },
        'invalid',
      )
  }
}

/** In contexts a choice is written with or without `[x]`; a profile's element has its url before `#`. */
function isElement(expression: string, run: Run): boolean {
  if (/^https?:/.test(expression) || expression === 'Element' || expression === 'BackboneElement') return true
  const [root, ...steps] = expression.split('.')
  if (placeOf(expression, run.definitions)) return true
  if (!run.definitions.elements(root!)) return /^[a-z]/.test(root!) || ['Resource', 'DomainResource'].includes(root!)
  let types: readonly string[] = [root!]
  for (const step of steps) {
    const found = stepInto(types, step, run.definitions, true)
    if (!found || found === 'open') return found === 'open'
    types = found.types
  }
  return true
}

/** An extension's own url is fixed in it. */
function checkExtensionUrl(node: Node, run: Run): void {
  const url = textOf(node.value, 'url')
  const elements = objectsOf(objectOf(node.value, 'differential'), 'element')
  if (url === undefined || elements.length === 0) return
  const fixed = valueOf(
    elements.find(each => each['path'] === 'Extension.url' && 'fixedUri' in each),
    'fixed',
  )
  if (!fixed)
    say(run, node, {
      en: `The extension does not fix its url. Add the element Extension.url with fixedUri ${quoted(url)}.`,
      zh: `此擴充未固定其 url。請加上 Extension.url 元素並設 fixedUri 為 ${quoted(url)}。`,
    })
  else if (fixed.value !== url)
    say(run, node, {
      en: `The extension's url is ${quoted(url)}, but Extension.url is fixed to ${quoted(String(fixed.value))}. Make them the same.`,
      zh: `此擴充的 url 為 ${quoted(url)}，但 Extension.url 固定為 ${quoted(String(fixed.value))}，請使其一致。`,
    })
}

function checkElements(node: Node, type: string, base: JsonObject | undefined, run: Run): void {
  const above = objectsOf(objectOf(base, 'snapshot') ?? objectOf(base, 'differential'), 'element')
  const byId = new Map(above.map(each => [textOf(each, 'id') ?? textOf(each, 'path') ?? '', each]))
  const right = new Set(
    above.flatMap(each => objectsOf(each, 'constraint').map(constraint => textOf(constraint, 'expression') ?? '')),
  )
  for (const name of ['differential', 'snapshot']) {
    const around: Around = {
      run,
      type,
      snapshot: name === 'snapshot',
      constraint: true,
      base: (id, path) => byId.get(id) ?? byId.get(path),
      right,
    }
    for (const list of childrenNamed(node, name, run.definitions)) {
      const elements = childrenNamed(list, 'element', run.definitions)
      for (const element of elements) {
        if (run.left() <= 0) return
        checkElement(element, around)
      }
      checkOrder(elements, run)
    }
  }
}

/** Elements of one parent come in the order of its definition: a snapshot is made by walking both at once. */
function checkOrder(elements: readonly Node[], run: Run): void {
  const last = new Map<string, { readonly node: Node; readonly path: string; readonly place: number }>()
  for (const node of elements) {
    const path = textOf(node.value, 'path') ?? ''
    const id = textOf(node.value, 'id') ?? path
    const [parent, own] = [id.slice(0, Math.max(0, id.lastIndexOf('.'))), path.slice(path.lastIndexOf('.') + 1)]
    const place = placeWithin(path.slice(0, Math.max(0, path.lastIndexOf('.'))), own, run)
    if (place < 0) continue
    const before = last.get(parent)
    if (before && place < before.place)
      say(
        run,
        before.node,
        {
          en: `${quoted(before.path)} comes after ${quoted(path)} in the definition. Put it there, so that a snapshot can be made.`,
          zh: `定義中「${quoted(before.path, '')}」在「${quoted(path, '')}」之後，請依此順序排列，才能產生 snapshot。`,
        },
        'value',
      )
    else last.set(parent, { node, path, place })
  }
}

/** The how-manieth element of its parent it is; -1 when that cannot be told. */
function placeWithin(parent: string, name: string, run: Run): number {
  const found = parent === '' ? undefined : placeOf(parent, run.definitions)
  const type = found && found !== 'open' && found.types.length === 1 ? found.types[0]! : undefined
  const elements = type === undefined ? undefined : run.definitions.elements(type)
  if (!elements) return -1
  const plain = name.replace('[x]', '')
  let place = 0
  for (const info of elements.values()) {
    if (info.name === plain || info.choice === plain) return choicePlace(elements, info.choice, place)
    place++
  }
  return -1
}

/** All types of a choice stand at one place. */
function choicePlace(elements: ReadonlyMap<string, ElementInfo>, choice: string | undefined, place: number): number {
  if (choice === undefined) return place
  return [...elements.values()].findIndex(info => info.choice === choice)
}
