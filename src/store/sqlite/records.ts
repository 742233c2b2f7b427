/**
 * Small records that are not FHIR, in a table of their own. Each is written in a transaction of its own: at once, or after
 * the large commit that is just being written.
 */
import type { Records } from '../store.ts'
import type { Statements } from './statements.ts'

/** `run` writes, when the writer is idle; `reading` gives what reads only what is committed. */
export function records(
  run: Statements,
  reading: () => Statements,
  writer: { readonly busy: boolean; idle(): Promise<void> },
  name: string,
  now: () => number,
): Records {
  const live = '(expires IS NULL OR expires > ?)'
  return {
    async put(key, value, expires) {
      if (writer.busy) await writer.idle()
      run('INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)').run(name, key, JSON.stringify(value), expires ?? null)
      run('DELETE FROM record WHERE expires IS NOT NULL AND expires <= ?').run(now())
    },
    async get(key) {
      const row = reading().get(`SELECT value FROM record WHERE name = ? AND key = ? AND ${live}`, [name, key, now()])
      return row && JSON.parse(row[0] as string)
    },
    async take(key) {
      if (writer.busy) await writer.idle()
      const row = run.get(`DELETE FROM record WHERE name = ? AND key = ? AND ${live} RETURNING value`, [
        name,
        key,
        now(),
      ])
      return row && JSON.parse(row[0] as string)
    },
    async remove(key) {
      if (writer.busy) await writer.idle()
      run('DELETE FROM record WHERE name = ? AND key = ?').run(name, key)
    },
    async list(prefix = '') {
      return reading()
        .all(`SELECT key, value FROM record WHERE name = ? AND substr(key, 1, ?) = ? AND ${live} ORDER BY key`, [
          name,
          prefix.length,
          prefix,
          now(),
        ])
        .map(row => ({ key: row[0] as string, value: JSON.parse(row[1] as string) as unknown }))
    },
  }
}
