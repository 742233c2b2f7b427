/**
 * The search parameters of a granular scope: `?category=laboratory&status=final`.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
 */
import type { Definitions } from '../fhir/definitions.ts'
import { parseSearch } from '../search/parse.ts'
import type { Filter } from '../search/query.ts'

/** A reason, in English and in Traditional Chinese. */
export type Reason = readonly [english: string, chinese: string]

const MOST_PARAMETERS = 20

/** Parameters of every type that say something of a resource itself, and whose meaning only its own content changes. */
const ofEveryType = new Set(['_id', '_lastUpdated', '_tag', '_profile', '_security', '_source'])

/** The decoded pairs; undefined when the percent-encoding is broken or a part has no `=`. */
export function pairsOf(query: string): readonly (readonly [string, string])[] | undefined {
  const pairs: [string, string][] = []
  for (const part of query.split('&')) {
    const at = part.indexOf('=')
    if (at <= 0) return undefined
    try {
      // as in a form: "+" is a space
      const [name, value] = [part.slice(0, at), part.slice(at + 1)].map(each =>
        decodeURIComponent(each.replaceAll('+', ' ')),
      )
      pairs.push([name!, value!])
    } catch {
      return undefined
    }
  }
  return pairs
}

/**
 * Why a scope cannot be narrowed by this query; undefined when it can. Plain parameters only: a chain, `_has`, `_filter` or a
 * modifier speaks of other resources or of value sets, which others may change, and with them what was granted.
 */
export function queryProblem(type: string, query: string, definitions: Definitions): Reason | undefined {
  const pairs = pairsOf(query)
  if (!pairs)
    return [
      'After the "?" come search parameters as in category=laboratory, percent-encoded, with "&" between.',
      '「?」之後是搜尋參數，例如 category=laboratory，須百分比編碼並以「&」分隔。',
    ]
  if (pairs.length > MOST_PARAMETERS)
    return [
      `A scope takes at most ${MOST_PARAMETERS} search parameters.`,
      `一個 scope 最多 ${MOST_PARAMETERS} 個搜尋參數。`,
    ]
  for (const [name, value] of pairs) {
    const shown = name.slice(0, 64)
    if (value.trim() === '') return [`${shown} has no value.`, `${shown} 沒有值。`]
    if (/[:.]/.test(name))
      return [
        `"${shown}": a scope is narrowed by plain search parameters, without modifiers and chains.`,
        `「${shown}」：scope 只接受一般搜尋參數，不接受修飾詞（modifier）與鏈結搜尋。`,
      ]
    if (ofEveryType.has(name)) continue
    if (type === '*')
      return [
        `"${shown}" is not a parameter of all types. With * a scope takes ${[...ofEveryType].join(', ')}; otherwise name the type.`,
        `「${shown}」並非所有型別都有的參數。「*」只接受 ${[...ofEveryType].join('、')}；否則請指明型別。`,
      ]
    if (name.startsWith('_') || !definitions.searchParams(type).has(name))
      return [
        `${type} cannot be narrowed by "${shown}": it is no search parameter of ${type} that a scope takes.`,
        `${type} 無法以「${shown}」限縮：它不是 scope 可用的 ${type} 搜尋參數。`,
      ]
  }
  return undefined
}

/**
 * The query as a Filter on resources of this type; the FhirError that says why not, for a value that cannot be understood.
 * `base`: the server's own, so that absolute references to it are recognised.
 */
export async function queryFilter(
  type: string,
  query: string,
  { definitions, base }: { readonly definitions: Definitions; readonly base: string },
): Promise<Filter> {
  const pairs = pairsOf(query) ?? []
  const { query: parsed } = await parseSearch(pairs, {
    definitions,
    types: [type],
    base,
    now: Date.now(),
    lenient: false,
  })
  return parsed.filter
}
