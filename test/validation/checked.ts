/** The validator without rules: what structure, slices, values and extensions alone have to say; and profiles for it in a few words. */
import type { ElementDefinition } from 'fhir/r4'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import type { Finding, ValidateOptions } from '../../src/validation/words.ts'

export const conformance = makeConformance(loadNpmPackages())
export const definitions = loadDefinitions()

export const validator = makeValidator(
  {
    conformance: () => conformance,
    definitions: () => definitions,
    checkCode: ({ code }) =>
      code.startsWith('in-')
        ? { result: 'yes' }
        : { result: 'no', why: 'value-set', said: { en: 'not in the value set', zh: '不在值集中' } },
  },
  { element: [], type: [], resource: [] },
)

/** What is found of a resource, as `where: what`; warnings and information marked. */
export async function found(resource: unknown, options?: ValidateOptions): Promise<string[]> {
  return (await validator.validate(resource, options)).map(print)
}

export const print = ({ severity, expression, said }: Finding) =>
  `${severity === 'error' ? '' : `(${severity}) `}${expression}: ${said.en}`

/** Where errors are. */
export async function wrongAt(resource: unknown, options?: ValidateOptions): Promise<string[]> {
  const findings = await validator.validate(resource, options)
  return findings.filter(({ severity }) => severity === 'error').map(({ expression }) => expression)
}

export type Said = Partial<ElementDefinition> & { readonly id: string }

/** A profile with only a differential; paths and slice names are read from the ids. */
export function profile(type: string, elements: readonly Said[], more: Readonly<Record<string, unknown>> = {}) {
  const name = typeof more['id'] === 'string' ? more['id'] : 'own'
  return {
    resourceType: 'StructureDefinition',
    url: `http://example.org/StructureDefinition/${name}`,
    name,
    status: 'active',
    fhirVersion: '4.0.1',
    kind: /^(?:Extension|Quantity|Identifier)$/.test(type) ? 'complex-type' : 'resource',
    abstract: false,
    type,
    baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
    derivation: 'constraint',
    differential: { element: elements.map(withPath) },
    ...more,
  }
}

function withPath(element: Said) {
  const last = element.id.split('.').at(-1)!
  const sliceName = last.includes(':') ? last.slice(last.indexOf(':') + 1) : undefined
  const path = element.id.replace(/:[^.]*/g, '')
  return { ...element, path, ...(sliceName === undefined ? {} : { sliceName }) }
}

/** What a resource breaks of this profile. */
export const against = (resource: unknown, own: { readonly url: string }, others: readonly unknown[] = []) =>
  found(resource, { supporting: [own, ...others], profiles: [own.url] })

export const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
} as const
