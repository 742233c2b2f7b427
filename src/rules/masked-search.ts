/**
 * A search by what is masked would tell it: whether a question looks at masked elements.
 * https://hl7.org/fhir/R4/security.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Filter, Query } from '../search/query.ts'
import type { Dynamic, Rule } from './words.ts'

/** An element that is masked for whoever asks. */
export interface Hidden {
  readonly rule: Rule
  readonly target: Dynamic
}

export interface Revealed extends Hidden {
  readonly type: string
  readonly param: string
}

/** What is masked of a type. */
export type HiddenOf = (type: string) => readonly Hidden[]

/** The first masked element that the answer, or the order of it, would tell of; undefined when there is none. */
export function revealedBy(
  { types, filter, sort }: Query,
  hidden: HiddenOf,
  definitions: Definitions,
): Revealed | undefined {
  const judge = (param: string, of: readonly string[]) =>
    first(of, type => revealedByParam(type, param, hidden, definitions))
  const walk = (part: Filter, of: readonly string[]): Revealed | undefined => {
    switch (part.is) {
      case 'has':
      case 'near':
        return judge(part.param, of)
      case 'not':
        return walk(part.part, of)
      case 'all':
      case 'any':
      case 'tuple':
        return first(part.parts, each => walk(each, of))
      case 'link':
        return judge(part.param, of) ?? walk(part.where, [part.type])
      case 'linked by':
        return judge(part.param, [part.type]) ?? walk(part.where, [part.type])
      case 'contains':
        return judge('_contained', of)
      case 'type':
      case 'id':
      case 'updated':
        return undefined
    }
  }
  return walk(filter, types) ?? first(sort, key => (key.by === 'param' ? judge(key.param, types) : undefined))
}

/** The masked element that a parameter reads. One whose expression cannot be followed may read anything. */
export function revealedByParam(
  type: string,
  param: string,
  hidden: HiddenOf,
  definitions: Definitions,
): Revealed | undefined {
  const masked = hidden(type)
  if (masked.length === 0) return undefined
  const paths = pathsOf(type, param.split(':')[0]!, definitions)
  const found = paths
    ? masked.find(({ target: { steps } }) =>
        paths.some(path =>
          meets(
            path,
            steps.filter(step => typeof step === 'string'),
          ),
        ),
      )
    : masked[0]
  return found && { ...found, type, param: param.split(':')[0]! }
}

/** The names from the resource on, of each alternative, as far as they can be told; undefined when they cannot. */
function pathsOf(type: string, code: string, definitions: Definitions): readonly (readonly string[])[] | undefined {
  if (code === '_contained') return [['contained']]
  const param = definitions.searchParams(type).get(code)
  if (!param || param.expression === '') return undefined
  const plain = param.expression.replace(/\s+as\s+[\w.]+/g, '').replace(/[()]/g, sign => (sign === '(' ? ' ( ' : ' ) '))
  // a name with a bracket behind it is a function: what comes after it is below what came before
  const chains = plain.matchAll(
    new RegExp(`\\b(?:${type}|Resource|DomainResource)((?:\\.[a-z][A-Za-z0-9]*\\b(?!\\s*\\())+)`, 'g'),
  )
  const paths = [...chains].map(([, names]) => names!.slice(1).split('.'))
  return paths.length > 0 ? paths : undefined
}

/** Whether one leads into the other; `value` stands for `valueQuantity`. */
function meets(path: readonly string[], masked: readonly string[]): boolean {
  const shorter = Math.min(path.length, masked.length)
  for (let i = 0; i < shorter; i++) {
    const [name, own] = [path[i]!, masked[i]!]
    if (name !== own && !(own.startsWith(name) && /^[A-Z]/.test(own.slice(name.length)))) return false
  }
  return true
}

function first<T, R>(list: readonly T[], find: (each: T) => R | undefined): R | undefined {
  for (const each of list) {
    const found = find(each)
    if (found !== undefined) return found
  }
  return undefined
}
