/**
 * Resources for the tests, and the writes that store them. Synthetic throughout.
 * https://hl7.org/fhir/R4/resourcelist.html
 */
import type { Definitions } from '../../src/fhir/definitions.ts'
import type { IndexEntry, Extractor, Filter, Query } from '../../src/search/query.ts'
import type { Json, Ref, Resource } from '../../src/fhir/types.ts'
import { parseJson } from '../../src/fhir/json.ts'
import { prepare } from '../../src/store/stamp.ts'
import type { Condition, Expectation, Version, Write } from '../../src/store/store.ts'

/** A resource that carries what it is found by, so that a test can store any entries it likes. */
export interface HandMade extends Resource {
  id: string
  entries: IndexEntry[]
  groups?: Record<string, IndexEntry[][]>
  contained?: { resourceType: string; entries: IndexEntry[] }[]
}

/** Reads the entries of hand-made resources. `rename` changes the parameters' names: the extractor after a `$reindex`. */
export const handMadeExtractor = (rename: (param: string) => string = param => param): Extractor => {
  const renamed = (entries: readonly IndexEntry[]) => entries.map(entry => ({ ...entry, param: rename(entry.param) }))
  return {
    entries: resource => {
      const { entries, contained } = resource as HandMade
      return renamed([...(entries ?? []), ...containedTypes(contained)])
    },
    groups: (resource, composite) => ((resource as HandMade).groups?.[composite] ?? []).map(renamed),
    contained: (resource, type) =>
      ((resource as HandMade).contained ?? [])
        .filter(part => part.resourceType === type)
        .map(part => renamed(part.entries)),
  }
}

/** Which types a resource contains: what an engine may look up before it asks for the contained entries. */
const containedTypes = (contained: HandMade['contained'] = []) =>
  [...new Set(contained.map(part => part.resourceType))].map(code => token('_contained', code))

export const handMade = handMadeExtractor()

interface PutOptions {
  expect?: Expectation
  condition?: Condition
  method?: 'POST' | 'PUT' | 'PATCH'
  extractor?: Extractor
}

/** The write that stores a resource under its id. */
export function put(resource: Resource & { id: string }, options: PutOptions = {}): Write {
  return {
    do: 'put',
    ref: { type: resource.resourceType, id: resource.id },
    method: options.method ?? 'PUT',
    draft: prepare(resource, resource.id),
    entries: (options.extractor ?? handMade).entries(resource),
    expect: options.expect ?? { is: 'anything' },
    ...(options.condition ? { condition: options.condition } : {}),
  }
}

export const remove = (ref: Ref, expect: Expectation = { is: 'anything' }): Write => ({ do: 'delete', ref, expect })

export const token = (param: string, code: string, system = ''): IndexEntry => ({ kind: 'token', param, system, code })
export const string = (param: string, exact: string): IndexEntry => ({
  kind: 'string',
  param,
  text: exact.toLowerCase(),
  exact,
})
export const reference = (param: string, ref: string): IndexEntry => ({ kind: 'reference', param, ref })
export const quantity = (param: string, low: number, high = low): IndexEntry => ({
  kind: 'quantity',
  param,
  low,
  high,
  system: '',
  code: '',
  unit: '',
})

/** A hand-made resource found by these entries. */
export const made = (resourceType: string, id: string, ...entries: IndexEntry[]): HandMade => ({
  resourceType,
  id,
  entries,
})

/** The Patient of this id. */
export const P = (id: string): Ref => ({ type: 'Patient', id })
/** A Patient found by one identifier. */
export const identified = (id: string, code: string) => made('Patient', id, token('identifier', code, 'http://id'))

export const hasToken = (param: string, code: string): Filter => ({
  is: 'has',
  param,
  kind: 'token',
  where: { is: 'compare', by: '=', column: 'code', value: code },
})

/** A question with the usual answers: one type, newest first, a page that holds everything. */
export const query = (type: string, filter: Filter, rest: Partial<Query> = {}): Query => ({
  types: [type],
  filter,
  sort: [],
  count: 1000,
  total: 'none',
  ...rest,
})

export const ids = (versions: readonly Version[]): string[] => versions.map(version => version.ref.id)
export const parsed = (version: Version): Resource => parseJson(Buffer.from(version.text!)) as unknown as Resource
/** A JSON text as the server would take it in, so that its numbers keep their digits. */
export const received = <T extends Resource>(text: string): T => parseJson(Buffer.from(text)) as Json as unknown as T

const NATIONAL_ID = 'http://www.moi.gov.tw'

/** A person of Taiwan, with names in both scripts. */
export const patient = (id: string, family: string, given: string, more: Record<string, unknown> = {}) => ({
  resourceType: 'Patient' as const,
  id,
  identifier: [{ system: NATIONAL_ID, value: `A1${id.replace(/\D/g, '').padStart(8, '0')}` }],
  active: true,
  name: [{ use: 'official', text: `${family}${given}`, family, given: [given] }],
  gender: 'female',
  birthDate: '1980-02-29',
  address: [{ city: '臺北市', district: '中正區', line: ['中山南路 7 號'], postalCode: '100', country: 'TW' }],
  telecom: [{ system: 'phone', value: '02-2312-3456' }],
  ...more,
})

/** A body-weight or another measured value of a patient. `value` is JSON text, so that `72.50` keeps its digits. */
export const observation = (id: string, subject: string, value: string, more: Record<string, unknown> = {}) =>
  received<Resource & { id: string }>(
    JSON.stringify({
      resourceType: 'Observation',
      id,
      status: 'final',
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '29463-7', display: 'Body weight' }], text: '體重' },
      subject: { reference: subject },
      effectiveDateTime: '2026-03-01T08:00:00+08:00',
      valueQuantity: { value: '@', unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
      ...more,
    }).replace('"@"', value),
  )

const samples: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: 1,
  decimal: 1.5,
  unsignedInt: 1,
  positiveInt: 1,
  date: '2026-01-31',
  dateTime: '2026-01-31T08:00:00+08:00',
  instant: '2026-01-31T08:00:00+08:00',
  time: '08:00:00',
  code: 'x',
  id: 'x',
  uri: 'http://example.org/x',
  url: 'http://example.org/x',
  canonical: 'http://example.org/x',
  uuid: 'urn:uuid:00000000-0000-4000-8000-000000000001',
  oid: 'urn:oid:1.2.3',
  base64Binary: 'eA==',
  markdown: 'x',
  string: 'x',
  xhtml: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
  CodeableConcept: { text: 'x' },
  Reference: { display: 'x' },
  Identifier: { value: 'x' },
  Resource: { resourceType: 'Basic', code: { text: 'x' } },
}

/** The least that a resource of the type must have: its required elements, each with some value. */
export const leastOf = (type: string, definitions: Definitions): Resource => ({
  resourceType: type,
  ...required(type, definitions),
})

function required(type: string, definitions: Definitions): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  const choices = new Set<string>()
  for (const { name, type: of, many, required: needed, choice, codes } of definitions.elements(type)!.values()) {
    if (!needed || (choice !== undefined && choices.has(choice))) continue
    if (choice !== undefined) choices.add(choice)
    const filled = codes ? [...codes][0] : (samples[of] ?? { ...required(of, definitions), id: 'x' })
    made[name] = many ? [filled] : filled
  }
  return made
}
