/**
 * The CapabilityStatement, derived from interactions, operations and definitions: nothing is in it that is not there.
 * https://hl7.org/fhir/R4/capabilitystatement.html
 */
import type { CapabilityStatement, CapabilityStatementRestResource, CapabilityStatementRestSecurity } from 'fhir/r4'
import type { Definitions, SearchParam } from '../fhir/definitions.ts'
import { patchTypes } from '../fhir/patch.ts'
import type { Context, Interaction, InteractionName, Level, Operation } from './exchange.ts'
import { written } from './audited.ts'
import { supportedProfiles } from './supported-profiles.ts'

/** What the server says of itself. */
export interface About {
  /** Of the software. */
  readonly name: string
  readonly version: string
  /** Of this installation. */
  readonly title: string
  readonly description: string
  /** When the statement last changed: a FHIR date. */
  readonly date: string
  /** MIME types and their short forms; JSON when undefined. */
  readonly formats?: readonly string[]
  /** Canonicals of the CapabilityStatements that this one fulfils. */
  readonly instantiates?: readonly string[]
  /** Who may ask, and how they show it; by the base as this client sees it. */
  readonly security?: (base: string) => CapabilityStatementRestSecurity
}

interface Parts {
  readonly about: About
  readonly interactions: readonly Interaction[]
  readonly operations: readonly Operation[]
  readonly context: Context
}

type Rest = NonNullable<CapabilityStatement['rest']>[number]
type Resource = CapabilityStatementRestResource

const ofType: readonly InteractionName[] = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
]
const ofSystem: readonly InteractionName[] = ['transaction', 'batch', 'search-system', 'history-system']

export function capabilityStatement(parts: Parts): CapabilityStatement {
  const { about, context } = parts
  return {
    resourceType: 'CapabilityStatement',
    id: 'server',
    title: about.title,
    status: 'active',
    date: about.date,
    description: about.description,
    kind: 'instance',
    ...(about.instantiates ? { instantiates: [...about.instantiates] } : {}),
    software: { name: about.name, version: about.version },
    implementation: { description: about.title, url: context.request.base },
    fhirVersion: '4.0.1',
    format: [...(about.formats ?? ['json', 'application/fhir+json'])],
    patchFormat: [...patchTypes],
    rest: [rest(parts)],
  }
}

function rest(parts: Parts): Rest {
  const { about, context, interactions, operations } = parts
  const { definitions } = context
  const names = new Set(interactions.map(({ name }) => name))
  const paths = new Set(interactions.map(({ method, path }) => `${method} ${path}`))
  const targets = referrers(definitions)
  const profiles = supportedProfiles(context.conformance?.())
  const anywhere = operations.filter(({ system }) => system)
  const common = sharedParams(definitions)
  return {
    mode: 'server',
    documentation: limitsText(context),
    ...(about.security ? { security: about.security(context.request.base) } : {}),
    resource: definitions.resourceTypes.map(type =>
      resource(type as Resource['type'], parts, names, paths, targets, profiles.get(type) ?? []),
    ),
    interaction: ofSystem.filter(name => names.has(name)).map(code => ({ code: code as 'batch' })),
    ...(names.has('search-system') && common.length > 0 ? { searchParam: common.map(searchParam) } : {}),
    ...(anywhere.length > 0 ? { operation: anywhere.map(operation => told(operation)) } : {}),
    ...(paths.has('GET :type/:id/:searched') ? { compartment: compartments(definitions) } : {}),
  }
}

function resource(
  type: Resource['type'],
  parts: Parts,
  names: ReadonlySet<string>,
  paths: ReadonlySet<string>,
  targets: ReadonlyMap<string, readonly string[]>,
  profiles: readonly string[],
): Resource {
  const { context, operations } = parts
  const { definitions, settings, serverWritten } = context
  const open = !serverWritten.has(type)
  const params = [...definitions.searchParams(type).values()]
  const here = operations.filter(
    operation =>
      (operation.type || operation.instance) &&
      (operation.types.includes('Resource') || operation.types.includes(type)) &&
      (open || !operation.affectsState),
  )
  const searches = names.has('search-type')
  return {
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...(profiles.length > 0 ? { supportedProfile: [...profiles] } : {}),
    ...(open ? {} : { documentation: 'Written by the server itself, and by nobody else.' }),
    interaction: ofType
      .filter(name => names.has(name) && (open || !written.has(name)))
      .map(code => ({ code: code as 'read' })),
    versioning: 'versioned',
    readHistory: names.has('vread'),
    updateCreate: open && names.has('update'),
    conditionalCreate: open && names.has('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: open && paths.has('PUT :type'),
    conditionalDelete: open && paths.has('DELETE :type') ? settings.conditionalDelete : 'not-supported',
    referencePolicy: ['literal', 'logical', 'local'],
    ...(searches
      ? {
          searchInclude: [
            '*',
            ...params.filter(({ type }) => type === 'reference').map(({ code }) => `${type}:${code}`),
          ],
          searchRevInclude: [...(targets.get(type) ?? []), ...(targets.get('*') ?? [])].sort(),
          searchParam: params.map(searchParam),
        }
      : {}),
    ...(here.length > 0 ? { operation: here.map(operation => told(operation)) } : {}),
  }
}

const searchParam = ({ code, url, type }: SearchParam) => ({ name: code, definition: url, type })

/** What all types have, and a search of the whole system therefore too. */
function sharedParams(definitions: Definitions): SearchParam[] {
  const [first, ...others] = definitions.resourceTypes
  if (first === undefined) return []
  return [...definitions.searchParams(first).values()].filter(({ code, url }) =>
    others.every(type => definitions.searchParams(type).get(code)?.url === url),
  )
}

/** `Observation:subject` by the type it may refer to; those that may refer to anything under `*`. */
function referrers(definitions: Definitions): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const type of definitions.resourceTypes) {
    for (const param of definitions.searchParams(type).values()) {
      if (param.type !== 'reference') continue
      for (const target of param.target.length > 0 ? param.target : ['*']) {
        const known = found.get(target)
        if (known) known.push(`${type}:${param.code}`)
        else found.set(target, [`${type}:${param.code}`])
      }
    }
  }
  return found
}

/** One with a definition of HL7's is told by it; our own by a name that promises no address. */
const told = ({ code, definition, description }: Operation) => ({
  name: code,
  definition: definition ?? `urn:dhp:operation:${code}`,
  documentation: description,
})

const compartments = (definitions: Definitions) =>
  ['Patient', 'Encounter', 'RelatedPerson', 'Practitioner', 'Device']
    .filter(code => definitions.compartment(code))
    .map(code => `http://hl7.org/fhir/CompartmentDefinition/${code.toLowerCase()}`)

const LEVEL_TEXTS: Readonly<Record<Level, string>> = {
  off: 'What is stored is checked to be FHIR JSON with elements that its type has.',
  base: 'What is stored must have the required elements, right formats and codes of fixed lists (422); $validate tells of profiles.',
  full: 'What is stored must conform to FHIR and to the profiles that it declares (422).',
}

function limitsText({ limits, settings }: Context): string {
  return [
    `Limits: a body has ${limits.maxBody} bytes at most and 64 levels (else 413, 400);`,
    `a transaction has ${limits.maxBundleEntries} entries, a batch ${limits.maxBatchEntries} (422 too-costly);`,
    `a page has ${limits.pageSize} matches when _count does not say, ${limits.maxPageSize} at most, and ${limits.maxIncludes} included resources;`,
    settings.conditionalDelete === 'multiple'
      ? `a conditional delete takes ${limits.maxMatches} resources at most.`
      : 'a conditional delete takes one resource.',
    `Unknown search parameters are ${settings.handling === 'strict' ? 'refused (400)' : 'ignored'} unless Prefer: handling says otherwise.`,
    LEVEL_TEXTS[settings.validation],
    'Rules of the operator may refuse an interaction (422, 403; the OperationOutcome names the rule), warn of it (X-Rule-Warning), tag what is stored, and leave elements out of what is shown (meta.security REDACTED).',
    'Every update makes a new version, also when nothing changes. A resource can be created under an id of the client by PUT.',
  ].join(' ')
}
