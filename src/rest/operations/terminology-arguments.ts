/**
 * What the operations of the terminology service are asked with, and how they answer.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import { badRequest, gone, notFound, notSupported } from '../../fhir/outcome.ts'
import { propertyFor } from '../../fhir/value-x.ts'
import type { Terminology } from '../../terminology/terminology.ts'
import type { Arguments, Context, FhirResponse, Match, OperationParameter, Resource } from '../exchange.ts'

export const takes = (name: string, type: string, documentation: string, max = '1'): OperationParameter => ({
  name,
  use: 'in',
  min: 0,
  max,
  type,
  documentation,
})
export const gives = (name: string, type: string, min = 0, max = '1'): OperationParameter => ({
  name,
  use: 'out',
  min,
  max,
  type,
})

/** Refuses (501) when this server has no terminology. */
export function terminologyOf({ terminology }: Context): Terminology {
  if (!terminology) throw notSupported('This server has no terminology service.')
  return terminology
}

type Json = Readonly<Record<string, unknown>>

/** The first value of a parameter that is a text. */
export const textOf = (args: Arguments, name: string): string | undefined => {
  const value = args.get(name)?.[0]
  return typeof value === 'string' ? value : undefined
}
export const textsOf = (args: Arguments, name: string): string[] =>
  (args.get(name) ?? []).filter(each => typeof each === 'string')
export const flagOf = (args: Arguments, name: string): boolean | undefined => {
  const value = args.get(name)?.[0]
  return typeof value === 'boolean' ? value : undefined
}
export const numberOf = (args: Arguments, name: string): number | undefined => {
  const value = args.get(name)?.[0]
  return typeof value === 'number' ? value : undefined
}
export const objectOf = (args: Arguments, name: string): Json | undefined => {
  const value = args.get(name)?.[0]
  return typeof value === 'object' && value !== null ? (value as Json) : undefined
}

export interface AskedCoding {
  readonly code: string
  readonly system?: string
  readonly version?: string
  readonly display?: string
}

/** More codings than this of one concept are not looked at. */
const MOST_CODINGS = 100

/** The codes asked about: `code` with `system`, or those of `coding` or `codeableConcept`. Refuses (400) none, or two ways at once. */
export function codingsOf(args: Arguments, systemVersion = 'version'): readonly AskedCoding[] {
  const ways = ['code', 'coding', 'codeableConcept'].filter(name => args.has(name))
  if (ways.length !== 1)
    throw badRequest(
      ways.length === 0
        ? 'Say which code: code with system, or coding, or codeableConcept.'
        : `Say which code in one way, not with ${ways.join(' and ')}.`,
      'required',
    )
  const code = textOf(args, 'code')
  if (code !== undefined) {
    const [system, version] = [textOf(args, 'system'), textOf(args, systemVersion)]
    const display = textOf(args, 'display')
    return [{ code, ...(system && { system }), ...(version && { version }), ...(display && { display }) }]
  }
  const coding = objectOf(args, 'coding')
  const inConcept = objectOf(args, 'codeableConcept')?.['coding']
  const all = coding ? [coding] : Array.isArray(inConcept) ? (inConcept as unknown[]) : []
  const codings = all.flatMap(readCoding)
  if (codings.length === 0) throw badRequest('There is no coding with a code.', 'required')
  if (codings.length > MOST_CODINGS) throw badRequest(`A concept has at most ${MOST_CODINGS} codings here.`, 'too-costly')
  return codings
} // prettier-ignore

/** Nothing for what is no coding with a code. */
export function readCoding(value: unknown): AskedCoding[] {
  if (typeof value !== 'object' || value === null) return []
  const { code, system, version, display } = value as Json
  if (typeof code !== 'string') return []
  return [
    {
      code,
      ...(typeof system === 'string' ? { system } : {}),
      ...(typeof version === 'string' ? { version } : {}),
      ...(typeof display === 'string' ? { display } : {}),
    },
  ]
}

/** The resource an operation is called on; undefined when it is called on the type. */
export async function instanceOf(context: Context, { type, id }: Match): Promise<Json | undefined> {
  if (!id) return undefined
  const version = await context.store.read({ type, id })
  if (!version) throw notFound({ type, id })
  if (version.text === undefined) throw gone({ type, id })
  return JSON.parse(version.text) as Json
}

/** The canonical with its version. */
export const canonicalOf = (url: string, version: string | undefined): string =>
  version === undefined || url.includes('|') ? url : `${url}|${version}`

/** One parameter of an answer; left out when there is no value. */
export const out = (name: string, type: string, value: unknown): Json[] =>
  value === undefined ? [] : [{ name, [propertyFor('value', type)]: value }]

export const outParts = (name: string, ...parts: readonly (readonly Json[])[]): Json => ({ name, part: parts.flat() })

export const answer = (...parameter: readonly (readonly Json[])[]): FhirResponse => ({
  status: 200,
  resource: { resourceType: 'Parameters', parameter: parameter.flat() } as unknown as Resource,
})
