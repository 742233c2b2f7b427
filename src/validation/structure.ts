/**
 * The JSON of a value: its kind, its properties, and what FHIR's JSON forbids everywhere.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'
import { isRawNumber } from '../fhir/json.ts'
import { isPrimitive } from '../fhir/value-x.ts'
import { nearest } from '../search/suggest.ts'
import { isObject, type Node } from './node.ts'
import type { Report, Run } from './words.ts'

/**
 * Says what is wrong with a value's JSON, the kind of its properties' values included. False: the value is not what its type
 * needs, so there is nothing below it to look at.
 */
export function checkJson(node: Node, definitions: Definitions, run: Run): boolean {
  if (isPrimitive(node.type)) return checkPrimitive(node, definitions, run)
  if (!isObject(node.value) || isRawNumber(node.value)) {
    run.report(node, wrongKind(node))
    return false
  }
  if (node.type === 'Resource') {
    run.report(node, unknownResource(node.value['resourceType']))
    return false
  }
  const elements = definitions.elements(node.type)
  if (!elements) return false
  checkProperties(node, node.value, elements, definitions.isResourceType(node.type), run)
  return true
}

const numbers = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal'])

function checkPrimitive(node: Node, definitions: Definitions, run: Run): boolean {
  const { value, beside, type } = node
  if (beside) checkProperties(node, beside, definitions.elements('Element')!, false, run)
  if (value === undefined) {
    if (!beside) run.report(node, nothing)
    return beside !== undefined
  }
  const right = type === 'boolean' ? 'boolean' : numbers.has(type) ? 'number' : 'string'
  if (typeof value === right || (right === 'number' && isRawNumber(value))) {
    if (value === '') run.report(node, empty('text', '文字'))
    return true
  }
  run.report(node, wrongKind(node))
  return false
}

const nothing: Report = {
  code: 'invalid',
  said: {
    en: 'There is neither a value nor an extension here. Remove it or give it a value.',
    zh: '此處既沒有值也沒有 extension。請移除或填值。',
  },
}

const empty = (en: string, zh: string): Report => ({
  code: 'invalid',
  said: { en: `An empty ${en} is not allowed. Leave the property out.`, zh: `不可有空的${zh}。請移除此屬性。` },
})

const kinds = new Map([
  ['boolean', { en: 'true or false, without quotes', zh: 'true 或 false(不加引號)' }],
  ['number', { en: 'a number, without quotes', zh: '數字(不加引號)' }],
  ['string', { en: 'a text in quotes', zh: '加引號的文字' }],
  ['object', { en: 'an object { … }', zh: '物件 { … }' }],
])

function wrongKind({ type, value, name, index }: Node): Report {
  return index < 0 && Array.isArray(value) ? notOne(name) : wrongJson(type, value)
}

function wrongJson(type: string, value: unknown): Report {
  const kind = !isPrimitive(type) ? 'object' : type === 'boolean' ? 'boolean' : numbers.has(type) ? 'number' : 'string'
  const wanted = kinds.get(kind)!
  const name = type.includes('.') ? 'BackboneElement' : type
  const [en, zh] = jsonKind(value)
  return {
    code: 'invalid',
    said: { en: `A ${name} has to be ${wanted.en}; this is ${en}.`, zh: `${name} 必須是${wanted.zh},此處是${zh}。` },
  }
}

function jsonKind(value: unknown): [en: string, zh: string] {
  if (value === undefined || value === null) return ['null', 'null']
  if (Array.isArray(value)) return ['a list', '陣列']
  if (typeof value === 'string') return ['a text', '文字']
  if (typeof value === 'number' || isRawNumber(value)) return ['a number', '數字']
  return typeof value === 'boolean' ? ['true or false', '布林值'] : ['an object', '物件']
}

function unknownResource(type: unknown): Report {
  if (typeof type !== 'string')
    return {
      code: 'structure',
      said: { en: 'A resource needs a resourceType.', zh: '資源必須有 resourceType。' },
    }
  return {
    code: 'structure',
    said: {
      en: `"${type.slice(0, 80)}" is no resource type of FHIR R4.`,
      zh: `「${type.slice(0, 80)}」不是 FHIR R4 的資源型別。`,
    },
  }
}

function checkProperties(
  node: Node,
  holder: Readonly<Record<string, unknown>>,
  elements: ReadonlyMap<string, ElementInfo>,
  isResource: boolean,
  run: Run,
): void {
  let count = 0
  let unknown = 0
  for (const property in holder) {
    count++
    const value = holder[property]
    const info = elements.get(property)
    if (info) checkProperty(node, info, value, holder[`_${info.name}`], run)
    else if (property === 'resourceType' && isResource) continue
    else if (property.charCodeAt(0) === UNDERSCORE && elements.has(property.slice(1)))
      checkBeside(node, elements.get(property.slice(1))!, value, holder[property.slice(1)], run)
    else run.report(node, unknownProperty(property, ++unknown <= MOST_SLIPS ? elements.keys() : []))
  }
  if (count === 0) run.report(node, empty('object', '物件'))
}

const UNDERSCORE = 95
/** For so many unknown properties of one object a near name is looked for; more of them are no slips. */
const MOST_SLIPS = 50

/** What is wrong with a value itself is said when it is looked at; here, what is wrong with a list of them. */
function checkProperty(node: Node, info: ElementInfo, value: unknown, beside: unknown, run: Run): void {
  const below = `.${info.name}`
  if (value === null && beside !== undefined) run.report(node, notNull, below)
  if (!info.many || value === null) return
  if (!Array.isArray(value)) run.report(node, notList(info.name), below)
  else if (value.length === 0) run.report(node, empty('list', '陣列'), below)
}

function checkBeside(node: Node, info: ElementInfo, beside: unknown, value: unknown, run: Run): void {
  const below = `._${info.name}`
  if (!isPrimitive(info.type)) return run.report(node, noBeside(info.name))
  if (info.many !== Array.isArray(beside))
    return run.report(node, info.many ? notList(`_${info.name}`) : notOne(`_${info.name}`), below)
  if (!Array.isArray(beside)) {
    if (!isObject(beside)) run.report(node, wrongJson('Element', beside), below)
    return
  }
  if (Array.isArray(value) && value.length !== beside.length) run.report(node, unequal(info.name), `.${info.name}`)
  beside.forEach((each: unknown, i) => {
    if (each !== null && !isObject(each)) run.report(node, wrongJson('Element', each), `${below}[${i}]`)
  })
}

const notNull: Report = {
  code: 'invalid',
  said: { en: 'null is not allowed here. Leave it out.', zh: '此處不可為 null。請移除。' },
}

const notList = (name: string): Report => ({
  code: 'invalid',
  said: {
    en: `${name} has to be a list: put the value in [ ].`,
    zh: `${name} 必須是陣列:請將值放在 [ ] 內。`,
  },
})

const notOne = (name: string): Report => ({
  code: 'invalid',
  said: { en: `${name} has to be one value, not a list.`, zh: `${name} 只能有一個值,不可為陣列。` },
})

const noBeside = (name: string): Report => ({
  code: 'structure',
  said: {
    en: `_${name} is not allowed: ${name} is no primitive. Put extensions into the value itself.`,
    zh: `不可有 _${name}:${name} 不是基本型別。extension 請放在值本身之內。`,
  },
})

const unequal = (name: string): Report => ({
  code: 'invalid',
  said: {
    en: `${name} and _${name} have to be of equal length: fill the gaps with null.`,
    zh: `${name} 與 _${name} 的長度必須相同:空位請補 null。`,
  },
})

function unknownProperty(property: string, known: Iterable<string>): Report {
  const name = property.slice(0, 80)
  const close = nearest(name, known).map(each => `"${each}"`)
  return {
    code: 'structure',
    said: {
      en: `The property "${name}" is unknown here.${close.length > 0 ? ` Did you mean ${close.join(' or ')}?` : ''}`,
      zh: `此處沒有屬性「${name}」。${close.length > 0 ? `是否為 ${close.join(' 或 ')}?` : ''}`,
    },
  }
}
