/**
 * The parameters of an export, from the URL or from Parameters: all of them by name, as texts.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
 */
import { badRequest, type Issue } from '../fhir/outcome.ts'
import { isProperties } from '../fhir/place.ts'
import { readValues } from '../fhir/value-x.ts'
import type { Context, Json } from '../rest/exchange.ts'
import { listed, quoted } from '../rest/outcome-text.ts'

/** What is not known is refused, or with `lenient` left out and told in `warnings`. */
export interface Asked {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly lenient: boolean
  readonly warnings: Issue[]
}

const KNOWN = [
  '_outputFormat',
  '_since',
  '_until',
  '_type',
  '_typeFilter',
  '_elements',
  'includeAssociatedData',
  'organizeOutputBy',
  'patient',
] as const
/** About the form of an answer, for every request. */
const general = new Set(['_format', '_pretty'])
const MOST = 2000

/** Throws 400 for what cannot be used, unless the client is lenient. */
export function readAsked(context: Context): Asked {
  const { request, prefer, settings } = context
  const lenient = (prefer.handling ?? settings.handling) === 'lenient'
  const asked: Asked & { values: Map<string, string[]> } = { values: new Map(), lenient, warnings: [] }
  const pairs =
    request.method === 'POST' && request.body !== undefined
      ? [...new URLSearchParams(request.query), ...ofBody(request.body)]
      : [...new URLSearchParams(request.query)]
  if (pairs.length > MOST) throw badRequest(`An export takes at most ${MOST} parameters.`, 'too-costly')
  for (const [name, value] of pairs) {
    if (general.has(name)) continue
    if (!(KNOWN as readonly string[]).includes(name)) {
      skip(asked, `There is no parameter ${quoted(name)} of an export here. Known are: ${listed(KNOWN)}.`)
      continue
    }
    if (value === '') throw badRequest(`${name} has no value.`, 'value', name)
    asked.values.set(name, [...(asked.values.get(name) ?? []), value])
  }
  return asked
}

/** Refuses with this text; or, leniently, goes on without and tells so. */
export function skip({ lenient, warnings }: Pick<Asked, 'lenient' | 'warnings'>, text: string): void {
  if (!lenient)
    throw badRequest(`${text} Leave it out, or have it ignored with Prefer: handling=lenient.`, 'not-supported')
  warnings.push({ severity: 'warning', code: 'not-supported', diagnostics: `Ignored: ${text}` })
}

/** Several parameters of a name, and several with commas between, are one list. */
export const listOf = ({ values }: Asked, name: string): readonly string[] | undefined =>
  values.get(name)?.flatMap(value =>
    value
      .split(',')
      .map(each => each.trim())
      .filter(each => each !== ''),
  )

/** The one value; throws 400 when there are several. */
export function oneOf({ values }: Asked, name: string): string | undefined {
  const all = values.get(name)
  if (all && all.length > 1) throw badRequest(`${name} may be sent once.`, 'value', name)
  return all?.[0]
}

function ofBody(body: Json | Buffer): [string, string][] {
  if (Buffer.isBuffer(body) || !isProperties(body) || body['resourceType'] !== 'Parameters')
    throw badRequest('The body must be a Parameters resource.', 'structure')
  const list: unknown = body['parameter'] ?? []
  if (!Array.isArray(list)) throw badRequest('The parameters must be an array.', 'structure')
  return list.map((parameter: unknown) => {
    const name = isProperties(parameter) ? parameter['name'] : undefined
    if (typeof name !== 'string') throw badRequest('Every parameter needs a name.', 'structure')
    const [typed, ...rest] = readValues(parameter as Record<string, unknown>)
    if (rest.length > 0) throw badRequest(`The parameter ${quoted(name)} has several values.`, 'structure')
    const text = textOf(typed?.value)
    if (text === undefined && (KNOWN as readonly string[]).includes(name))
      throw badRequest(
        `The parameter ${quoted(name)} needs a value: a Reference for patient, a code for includeAssociatedData, text for the others.`,
        'value',
      )
    return [name, text ?? '']
  })
}

/** A text, or what a Reference or a Coding says. */
function textOf(value: unknown): string | undefined {
  if (!isProperties(value)) return typeof value === 'string' ? value : undefined
  const said = value['reference'] ?? value['code']
  return typeof said === 'string' ? said : undefined
}
