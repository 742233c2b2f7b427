/**
 * What the loaded value sets enumerate of systems whose content is not here: such a code exists, with the display the value set gives it.
 * https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include.concept
 */
import type { CanonicalEntry, CanonicalResource, Conformance } from '../fhir/conformance.ts'
import { objects } from './code-system.ts'

/** By system, the displays by code; '' where none is given. */
type Listed = ReadonlyMap<string, ReadonlyMap<string, string>>

export interface Enumerated {
  /** Whether it can be asked at once. */
  readonly ready: boolean
  /** Reads all value sets, a few at a time so that others are served between. */
  prepare(): Promise<void>
  /** The display of an enumerated code, '' when the value set gives none; undefined when no value set has it. */
  find(system: string, code: string): string | undefined
}

/** What each published value set lists; read once for all tenants. */
const read = new WeakMap<CanonicalEntry, Listed>()
const nothing: Listed = new Map()

/** Milliseconds after which others get their turn. */
const TURN = 8

export function makeEnumerated(conformance: Conformance): Enumerated {
  let bySystem: Map<string, ReadonlyMap<string, string>[]> | undefined
  let preparing: Promise<void> | undefined

  async function build(): Promise<void> {
    const systems = new Map<string, ReadonlyMap<string, string>[]>()
    const complete = new Set(
      conformance
        .entries('CodeSystem')
        .filter(({ content }) => content === 'complete')
        .map(({ url }) => url),
    )
    let started = performance.now()
    for (const entry of conformance.entries('ValueSet')) {
      let listed = read.get(entry)
      if (!listed) {
        const { url, version } = entry
        const resource = conformance.find('ValueSet', version === undefined ? url : `${url}|${version}`)
        read.set(entry, (listed = resource ? listedIn(resource, complete) : nothing))
        if (performance.now() - started > TURN) {
          await new Promise<void>(resolve => setImmediate(resolve))
          started = performance.now()
        }
      }
      for (const [system, codes] of listed) {
        const known = systems.get(system)
        if (known) known.push(codes)
        else systems.set(system, [codes])
      }
    }
    bySystem = systems
  }

  return {
    get ready() {
      return bySystem !== undefined
    },
    prepare: () => (preparing ??= build()),
    find(system, code) {
      let found: string | undefined
      for (const codes of bySystem?.get(system) ?? []) {
        const display = codes.get(code)
        if (display) return display
        found ??= display
      }
      return found
    },
  }
}

function listedIn(resource: CanonicalResource, complete: ReadonlySet<string>): Listed {
  const { include: includes } = (resource['compose'] ?? {}) as { include?: unknown }
  const listed = new Map<string, Map<string, string>>()
  for (const { system, concept } of objects(includes)) {
    if (typeof system !== 'string' || complete.has(system) || !Array.isArray(concept)) continue
    let codes = listed.get(system)
    if (!codes) listed.set(system, (codes = new Map()))
    for (const { code, display } of objects(concept)) {
      if (typeof code === 'string' && !codes.get(code)) codes.set(code, typeof display === 'string' ? display : '')
    }
  }
  return listed.size > 0 ? listed : nothing
}
