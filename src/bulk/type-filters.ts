/**
 * _typeFilter: searches that narrow what is exported of a type.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#_typefilter-experimental-query-parameter
 */
import { badRequest } from '../fhir/outcome.ts'
import type { Context } from '../rest/exchange.ts'
import { quoted } from '../rest/outcome-text.ts'
import { parseSearch } from '../search/parse.ts'
import type { Filter } from '../search/query.ts'
import { skip, type Asked } from './asked.ts'

const MOST = 100
/** What says how an answer looks rather than which resources are in it. */
const ofResults =
  /^_(?:sort|count|total|summary|elements|include|revinclude|contained|containedType|type|cursor|format|pretty|explain)\b/

/**
 * By type: what satisfies any of its filters. Throws 400 for what is no search of one of these types.
 */
export async function readTypeFilters(
  context: Context,
  asked: Asked,
  types: readonly string[],
): Promise<Record<string, Filter>> {
  const searches = (asked.values.get('_typeFilter') ?? []).flatMap(split)
  if (searches.length > MOST) throw badRequest(`An export takes at most ${MOST} filters.`, 'too-costly', '_typeFilter')
  const found = new Map<string, Filter[]>()
  for (const search of searches) {
    const mark = search.indexOf('?')
    const type = mark < 0 ? search : search.slice(0, mark)
    if (mark < 0 || !context.definitions.isResourceType(type))
      throw wrong(`${quoted(search)} is no search such as Observation?category=laboratory.`)
    if (!types.includes(type)) {
      skip(asked, `_typeFilter: ${type} is not among the types that are exported.`)
      continue
    }
    found.set(type, [...(found.get(type) ?? []), await filterOf(context, asked, type, search.slice(mark + 1))])
  }
  return Object.fromEntries(
    [...found].map(([type, parts]) => [type, parts.length === 1 ? parts[0]! : { is: 'any', parts }]),
  )
}

async function filterOf(context: Context, asked: Asked, type: string, query: string): Promise<Filter> {
  const pairs = [...new URLSearchParams(query)].filter(([name]) => {
    if (ofResults.test(name)) skip(asked, `_typeFilter: ${quoted(name)} says how results look, not which they are.`)
    return !ofResults.test(name)
  })
  const { query: parsed, receipt } = await parseSearch(pairs, {
    definitions: context.definitions,
    types: [type],
    base: context.request.base,
    now: context.now(),
    lenient: asked.lenient,
    ...(context.expand ? { expand: context.expand } : {}),
  })
  for (const { name, reason } of receipt.ignored)
    asked.warnings.push({
      severity: 'warning',
      code: 'not-supported',
      diagnostics: `Ignored in _typeFilter of ${type}: ${quoted(name)}: ${reason}`,
    })
  return parsed.filter
}

/** A comma ends a search only where the next one begins: values have commas too. */
const split = (value: string): string[] => value.split(/,(?=[A-Z][A-Za-z]{1,40}\?)/)

const wrong = (text: string) => badRequest(`_typeFilter: ${text}`, 'value', '_typeFilter')
