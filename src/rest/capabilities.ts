/**
 * Capabilities: what this server does, told from the lists of what it has.
 * https://hl7.org/fhir/R4/http.html#capabilities
 */
import { createHash } from 'node:crypto'
import type { Conformance } from '../fhir/conformance.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { subset } from '../fhir/subset.ts'
import { badRequest } from '../fhir/outcome.ts'
import { capabilityStatement, type About } from './capability-statement.ts'
import type { Context, FhirResponse, Interaction, Operation, ReadInteraction, Resource } from './exchange.ts'
import { listed, quoted } from './outcome-text.ts'
import { partOf } from './read.ts'
import { terminologyCapabilities } from './terminology-capabilities.ts'

/** GET metadata; `interactions` and `operations` are read when it is first asked. */
export function capabilities(
  about: About,
  interactions: readonly Interaction[],
  operations: readonly Operation[],
): ReadInteraction {
  /** By mode, base and level; anew for new definitions and new profiles. */
  const told = new WeakMap<Definitions, { of: Conformance | undefined; texts: Map<string, Told> }>()

  function tell(context: Context, mode: Mode): Told {
    const { definitions, request, settings } = context
    // changes with every code system that is loaded
    if (mode === 'terminology') return print(terminologyCapabilities(about, context))
    const of = context.conformance?.()
    let kept = told.get(definitions)
    if (!kept || kept.of !== of) told.set(definitions, (kept = { of, texts: new Map<string, Told>() }))
    const { texts } = kept
    const key = `${mode} ${settings.validation} ${request.base}`
    const known = texts.get(key)
    if (known) return known
    const made = print(capabilityStatement({ about, interactions, operations, context }))
    // The base comes from the client's Host header
    if (texts.size > 20) texts.clear()
    texts.set(key, made)
    return made
  }

  return {
    kind: 'read',
    name: 'capabilities',
    method: 'GET',
    path: 'metadata',
    answer: async context => {
      const { text, etag } = tell(context, modeOf(context.request.query))
      return answer(context, text, etag)
    },
  }
}

interface Told {
  readonly text: string
  readonly etag: string
}

function print(statement: object): Told {
  const text = JSON.stringify(statement)
  return { text, etag: `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"` }
}

const modes = ['full', 'normative', 'terminology'] as const
type Mode = (typeof modes)[number]

function modeOf(query: string): Mode {
  const asked = query.includes('mode') ? new URLSearchParams(query).get('mode') : null
  const mode = asked === null ? 'full' : modes.find(each => each === asked)
  if (!mode) throw badRequest(`mode is ${quoted(asked!)}; it is one of ${listed(modes)}.`, 'value')
  return mode
}

function answer(context: Context, text: string, etag: string): FhirResponse {
  const { headers, query } = context.request
  const named = headers['if-none-match']?.split(',', 50).map(each => each.trim())
  if (named?.some(each => each === etag || each === '*')) return { status: 304, empty: true, headers: { ETag: etag } }
  const part = partOf(query)
  if (!part) return { status: 200, text, headers: { ETag: etag } }
  return { status: 200, resource: subset(JSON.parse(text) as Resource, part, context.definitions) }
}
