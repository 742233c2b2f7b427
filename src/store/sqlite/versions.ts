/**
 * Versions read by their keys, and histories.
 * https://hl7.org/fhir/R4/http.html#history
 */
import type { Ref } from '../../fhir/types.ts'
import type { HistoryPage, HistoryQuery, Method, Version } from '../store.ts'
import type { Dictionary } from './dictionary.ts'
import type { Row, Statements, Value } from './statements.ts'

/** How a method is written in a row. */
export const METHODS: readonly Method[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Of a row that begins with version, stamp, method and json. */
export const version = (type: string, id: string, row: Row): Version => ({
  ref: { type, id },
  version: String(row[0]),
  updated: Math.floor((row[1] as number) / 1024),
  method: METHODS[row[2] as number]!,
  text: (row[3] as string | null) ?? undefined,
})

export function latest(run: Statements, words: Dictionary, { type, id }: Ref): Version | undefined {
  const tid = words.type(type)
  const row =
    tid === undefined
      ? undefined
      : run.get('SELECT version, stamp, method, json FROM resource WHERE tid = ? AND id = ? AND version > 0', [tid, id])
  return row && version(type, id, row)
}

export function past(run: Statements, words: Dictionary, { type, id }: Ref, number: string): Version | undefined {
  const tid = words.type(type)
  if (tid === undefined || !/^[1-9][0-9]{0,15}$/.test(number)) return undefined
  const now = run.get(
    'SELECT version, stamp, method, json, rid FROM resource WHERE tid = ? AND id = ? AND version > 0',
    [tid, id],
  )
  if (!now) return undefined
  if (now[0] === Number(number)) return version(type, id, now)
  const row = run.get('SELECT version, stamp, method, json FROM history WHERE rid = ? AND version = ?', [
    now[4] as number,
    Number(number),
  ])
  return row && version(type, id, row)
}

/** The versions of a resource, of a type or of all, by the time they were made. */
export function history(run: Statements, words: Dictionary, query: HistoryQuery): HistoryPage {
  const scope = scopeOf(words, query.of)
  if (!scope) return { versions: [], next: undefined, total: 0 }
  const conditions: string[] = []
  const args: Value[] = []
  const both = (condition: string, ...values: Value[]) => {
    conditions.push(condition)
    args.push(...values)
  }
  for (const type of query.without ?? []) {
    const tid = words.type(type)
    if (tid !== undefined) both('tid <> ?', tid)
  }
  if (query.since !== undefined) both('stamp >= ?', query.since * 1024)
  if (query.at) {
    both('stamp <= ?', query.at.high * 1024 + 1023)
    // current at some time of the range: not replaced before it began
    both(
      'NOT EXISTS (SELECT 1 FROM (SELECT stamp s FROM history h WHERE h.rid = v.rid AND h.version = v.version + 1 UNION ALL SELECT stamp s FROM resource c WHERE c.rid = v.rid AND c.version = v.version + 1) WHERE s < ?)',
      query.at.low * 1024 + 1024,
    )
  }
  const where = [scope.sql, ...conditions].join(' AND ')
  const [by, past] = query.oldestFirst ? ['ASC', '>'] : ['DESC', '<']
  const cursor = query.after === undefined ? [] : [query.after]
  // each half in its own order and length, so that a long history is not sorted whole
  const half = (table: string, live: string) =>
    `SELECT * FROM (SELECT version, stamp, method, json, tid, rid FROM ${table} v WHERE ${live}${where}${cursor.length ? ` AND stamp ${past} ?` : ''} ORDER BY stamp ${by} LIMIT ${query.count + 1})`
  const halfArgs = [...scope.args, ...args, ...cursor]
  const rows = run.all(
    `SELECT p.*, (SELECT id FROM resource i WHERE i.rid = p.rid) FROM (${half('resource', 'version > 0 AND ')} UNION ALL ${half('history', '')}) p ORDER BY p.stamp ${by} LIMIT ${query.count + 1}`,
    [...halfArgs, ...halfArgs],
  )
  const more = rows.length > query.count
  if (more) rows.length = query.count
  const counted = (table: string, live: string) =>
    run.get(`SELECT count(*) FROM ${table} v WHERE ${live}${where}`, [...scope.args, ...args])![0] as number
  const total = counted('resource', 'version > 0 AND ') + counted('history', '')
  return {
    versions: rows.map(row => version(words.typeName(row[4] as number), row[6] as string, row)),
    next: more && rows.length > 0 ? (rows.at(-1)![1] as number) : undefined,
    total,
  }
}

function scopeOf(words: Dictionary, of: HistoryQuery['of']): { sql: string; args: Value[] } | undefined {
  if ('all' in of) return { sql: '1', args: [] }
  if ('type' in of) {
    const tid = words.type(of.type)
    return tid === undefined ? undefined : { sql: 'tid = ?', args: [tid] }
  }
  const rid = words.rid(of.ref.type, of.ref.id)
  return rid === undefined ? undefined : { sql: 'rid = ?', args: [rid] }
}
