/**
 * Pages of a sorted search show one moment. A resource that was changed after the first page was read is judged, sorted and
 * shown as it was then, from its history; so it comes once, whatever was done to it. One deleted since is left out.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import { FhirError } from '../../fhir/outcome.ts'
import type { Resource } from '../../fhir/types.ts'
import { type Aliases, keptParams } from '../../search/aliases.ts'
import { match, sortKey, type Subject, type World } from '../../search/match.ts'
import type { Extractor, Position, Query } from '../../search/query.ts'
import type { Version } from '../store.ts'
import { type Dictionary, split } from './dictionary.ts'
import type { Statements, Value } from './statements.ts'
import { METHODS } from './versions.ts'

export interface Match {
  readonly version: Version
  readonly position: Position
}

interface Reading {
  readonly run: Statements
  readonly words: Dictionary
  readonly extractor: Extractor
  readonly aliases: Aliases
}

/** Beyond so many changes the first page is too old to go on from. */
const MOST = 5_000

/** The matches, as they were at `asOf`, among the resources of a type that were changed since. Unordered. */
export function changedSince(
  asOf: number,
  { type, tid }: { type: string; tid: number },
  query: Query,
  reading: Reading,
): Match[] {
  const { run, extractor } = reading
  const changed = run.all(
    'SELECT rid, id FROM resource WHERE tid = ? AND stamp > ? AND version > 0 AND json IS NOT NULL LIMIT ?',
    [tid, asOf, MOST + 1],
  )
  if (changed.length > MOST) throw tooOld()
  const world = worldOf(reading)
  const found: Match[] = []
  for (const [rid, id] of changed as [number, string][]) {
    const old = run.get(
      'SELECT version, stamp, method, json FROM history WHERE rid = ? AND stamp <= ? ORDER BY version DESC LIMIT 1',
      [rid, asOf],
    )
    if (typeof old?.[3] !== 'string') continue
    const [number, stamp, method, text] = old as [number, number, number, string]
    const updated = Math.floor(stamp / 1024)
    const then = { ...subject(text, extractor), ref: { type, id }, updated }
    if (!match(query.filter, then, world)) continue
    const keys = query.sort.map((sort, i) =>
      sort.by === 'updated' && i === query.sort.length - 1 ? stamp : sortKey(sort, then),
    )
    found.push({
      version: { ref: { type, id }, version: String(number), updated, method: METHODS[method]!, text },
      position: { keys, rid, type },
    })
  }
  return found
}

const tooOld = () =>
  new FhirError(410, [
    {
      severity: 'error',
      code: 'expired',
      diagnostics: `More than ${MOST} resources were changed since the first page. Start the search again from there.`,
    },
  ])

/** A resource's text as what filters speak of. */
export function subject(json: string, extractor: Extractor): Subject {
  const resource = JSON.parse(json) as Resource
  return {
    ref: { type: resource.resourceType, id: resource.id ?? '' },
    updated: 0,
    resource,
    entries: extractor.entries(resource),
  }
}

/** What is around a resource, as it is now. */
function worldOf({ run, words, extractor, aliases }: Reading): World {
  const stored = (sql: string, args: readonly Value[]): Subject[] =>
    run.all(sql, args).map(([json, stamp]) => ({
      ...subject(json as string, extractor),
      updated: Math.floor((stamp as number) / 1024),
    }))
  return {
    extractor,
    get(ref) {
      const [type, id] = split(ref)
      const tid = words.type(type)
      return tid === undefined || type === ''
        ? undefined
        : stored('SELECT json, stamp FROM resource WHERE tid = ? AND id = ? AND json IS NOT NULL', [tid, id])[0]
    },
    referrers(type, param, ref) {
      const target = words.target(ref)
      return keptParams(aliases, type, param, split(ref)[0]).flatMap(kept => {
        const pid = words.param(type, kept, 'reference')
        if (pid === undefined || target === undefined) return []
        const sql = 'SELECT r.json, r.stamp FROM ref f JOIN resource r USING (rid) WHERE f.pid = ? AND f.target = ?'
        return stored(sql, [pid, target])
      })
    },
  }
}
