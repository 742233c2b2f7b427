/**
 * Two records in which every field is marked: one that a token may see, and one that it may not, of every resource type there is.
 * All of it is synthetic.
 */
import type { Definitions, ElementInfo } from '../../src/fhir/definitions.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { SECURITY_CONTEXT, sharedTypes } from '../../src/access/patient-record.ts'
import type { Extractor } from '../../src/search/query.ts'
import { prepare } from '../../src/store/stamp.ts'
import type { Write } from '../../src/store/store.ts'

export { SECURITY_CONTEXT }

type Stored = Resource & { id: string }

/** Makes resources of one record, every field of which holds something found nowhere else. */
export interface Maker {
  /** Stands in every value, and in the ids. */
  readonly mark: string
  readonly patient: string
  idOf(type: string): string
  resource(type: string, definitions: Definitions, more?: object): Stored
}

const DEEPEST = 3

/** `mark` has letters only. `number` begins the numbers and `year` the dates of this record. */
export function makeMaker(mark: string, number: number, year: number): Maker {
  let count = 0
  const next = () => `${mark}${++count}`
  const idOf = (type: string) => `${mark}-${type.toLowerCase().slice(0, 40)}`

  function valueOf(info: ElementInfo, definitions: Definitions, depth: number, type: string): unknown {
    if (info.codes) return [...info.codes][0]
    switch (info.type) {
      case 'boolean':
        return true
      case 'integer':
      case 'positiveInt':
      case 'unsignedInt':
        return number + (++count % 1000)
      case 'decimal':
        return number + (++count % 1000) + 0.5
      case 'date':
        return `${year}-02-0${1 + (++count % 9)}`
      case 'dateTime':
      case 'instant':
        return `${year}-02-0${1 + (++count % 9)}T08:00:00Z`
      case 'time':
        return '08:00:00'
      case 'id':
      case 'code':
      case 'string':
      case 'markdown':
        return next()
      case 'uri':
      case 'url':
      case 'canonical':
        return `http://example.org/${next()}`
      case 'oid':
        return 'urn:oid:1.2.3'
      case 'uuid':
        return 'urn:uuid:00000000-0000-4000-8000-000000000001'
      case 'base64Binary':
        return Buffer.from(next()).toString('base64')
      case 'xhtml':
        return `<div xmlns="http://www.w3.org/1999/xhtml">${next()}</div>`
      case 'Reference':
        return {
          reference: refOf(info.target ?? [], type),
          display: next(),
          identifier: { system: `urn:${mark}`, value: next() },
        }
      case 'Resource':
      case 'Extension':
        return undefined
    }
    return depth >= DEEPEST ? undefined : elementsOf(info.type, definitions, depth + 1, type)
  }

  /** Where references of this record lead: to the patient wherever that can be. */
  function refOf(target: readonly string[], type: string): string {
    if (target.length === 0 || target.includes('Patient') || target.includes('Resource'))
      return `Patient/${idOf('Patient')}`
    const own = target.find(each => !sharedTypes.has(each) && each !== type) ?? target[0]!
    return `${own}/${idOf(own)}`
  }

  function elementsOf(
    path: string,
    definitions: Definitions,
    depth: number,
    type: string,
  ): Record<string, unknown> | undefined {
    const made: Record<string, unknown> = {}
    const choices = new Set<string>()
    for (const info of definitions.elements(path)?.values() ?? []) {
      const { name, choice, many } = info
      if (
        [
          'resourceType',
          'id',
          'meta',
          'contained',
          'extension',
          'modifierExtension',
          'implicitRules',
          'language',
        ].includes(name)
      )
        continue
      if (choice !== undefined && choices.has(choice)) continue
      const value = valueOf(info, definitions, depth, type)
      if (value === undefined) continue
      if (choice !== undefined) choices.add(choice)
      made[name] = many ? [value] : value
    }
    return Object.keys(made).length > 0 ? made : undefined
  }

  return {
    mark,
    patient: `Patient/${idOf('Patient')}`,
    idOf,
    resource: (type, definitions, more = {}) => ({
      resourceType: type,
      id: idOf(type),
      meta: {
        tag: [{ system: `urn:${mark}`, code: next() }],
        security: [{ system: `urn:${mark}`, code: next() }],
        profile: [`http://example.org/${next()}`],
      },
      ...elementsOf(type, definitions, 0, type),
      ...more,
    }),
  }
}

/** The writes that store these, past every check: what was stored long ago may have any shape. */
export const storing = (resources: readonly Stored[], extractor: Extractor): Write[] =>
  resources.map(resource => ({
    do: 'put',
    ref: { type: resource.resourceType, id: resource.id },
    method: 'PUT',
    draft: prepare(resource, resource.id),
    entries: extractor.entries(resource),
    expect: { is: 'anything' },
  }))
