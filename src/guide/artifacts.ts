/**
 * What the guide describes: the compiled profiles with their value sets, code systems and examples, a FHIR package folder.
 * https://hl7.org/fhir/R4/implementationguide.html
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CanonicalResource } from '../fhir/conformance.ts'

export interface Artifacts {
  readonly name: string
  readonly version: string
  /** Sorted by type and id. */
  readonly definitions: readonly CanonicalResource[]
  readonly examples: readonly CanonicalResource[]
}

/** Reads `profiles/package`. */
export function readArtifacts(folder: string): Artifacts {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string }
  return {
    name: manifest.name,
    version: manifest.version,
    definitions: readFolder(folder).filter(({ url, resourceType }) => url && resourceType !== 'ImplementationGuide'),
    examples: readFolder(join(folder, 'example')),
  }
}

function readFolder(folder: string): CanonicalResource[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(file => file.endsWith('.json') && file !== 'package.json')
    .sort()
    .map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as CanonicalResource)
    .filter(({ resourceType }) => typeof resourceType === 'string')
}

export const textOf = (resource: object, name: string): string => {
  const value = (resource as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : ''
}

/** The file a definition or example has its page in. */
export const pageOf = ({ resourceType, ...rest }: CanonicalResource): string =>
  `${resourceType}-${textOf(rest, 'id')}.html`

export const titleOf = (resource: CanonicalResource): string =>
  textOf(resource, 'title') || textOf(resource, 'name') || textOf(resource, 'id')
