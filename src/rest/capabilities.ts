/**
 * Capabilities: what this server does, told from the lists of what it has.
 * https://hl7.org/fhir/R4/http.html#capabilities
 */
import type { TerminologyCapabilities } from 'fhir/r4'
import { createHash } from 'node:crypto'
import type { Definitions } from '../fhir/definitions.ts'
import { subset } from '../fhir/subset.ts'
import { badRequest } from '../fhir/outcome.ts'
import { capabilityStatement, type About } from './capability-statement.ts'
import type { Context, FhirResponse, Interaction, Operation, ReadInteraction, Resource } from './exchange.ts'
import { listed, quoted } from './outcome-text.ts'
import { partOf } from './read.ts'

/** GET metadata; `interactions` and `operations` are read when it is first asked. */
export function capabilities(
  about: About,
  interactions: readonly Interaction[],
  operations: readonly Operation[],
): ReadInteraction {
  /** By mode and base; anew for new definitions. */
  const told = new WeakMap<Definitions, Map<string, Told>>()

  function tell(context: Context, mode: Mode): Told {
    const { definitions, request } = context
    let texts = told.get(definitions)
    if (!texts) told.set(definitions, (texts = new Map<string, Told>()))
    const key = `${mode} ${request.base}`
    const known = texts.get(key)
    if (known) return known
    const statement =
      mode === 'terminology'
        ? terminology(about, context)
        : capabilityStatement({ about, interactions, operations, context })
    const text = JSON.stringify(statement)
    const made = { text, etag: `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"` }
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

/** There is no terminology service, and the statement says so. https://hl7.org/fhir/R4/terminologycapabilities.html */
function terminology(about: About, { request }: Context): TerminologyCapabilities {
  return {
    resourceType: 'TerminologyCapabilities',
    id: 'terminology',
    title: about.title,
    status: 'active',
    date: about.date,
    description:
      'This server stores and searches terminology resources. It has no terminology service: no expansion, validation or translation of codes.',
    kind: 'instance',
    software: { name: about.name, version: about.version },
    implementation: { description: about.title, url: request.base },
  }
}
