/**
 * Prepared statements, kept by their text, and inserts of many rows at a time.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

export type Value = string | number | null
export type Row = Value[]

/** A cache of prepared statements whose rows come as arrays. */
export interface Statements {
  (sql: string): StatementSync
  /** All rows, as arrays. */
  all(sql: string, args: readonly Value[]): Row[]
  /** The first row, as an array. */
  get(sql: string, args: readonly Value[]): Row | undefined
}

const KEPT = 500

export function statements(db: DatabaseSync): Statements {
  const kept = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = kept.get(sql)
    if (!statement) {
      statement = db.prepare(sql)
      statement.setReturnArrays(true)
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(sql, statement)
    }
    return statement
  }
  return Object.assign(prepare, {
    all: (sql: string, args: readonly Value[]) => prepare(sql).all(...args) as unknown as Row[],
    get: (sql: string, args: readonly Value[]) => prepare(sql).get(...args) as unknown as Row | undefined,
  })
}

const SIZES = [64, 16, 4, 1] as const

/** Rows on their way into one table. `add` collects their values one after another and inserts 64 at a time, `flush` the rest. */
export class Inserts {
  readonly #run: Statements
  readonly #columns: number
  readonly #sql: readonly string[]
  readonly #most: number
  #values: Value[] = []

  constructor(run: Statements, into: string, columns: number) {
    this.#run = run
    this.#columns = columns
    this.#most = SIZES[0] * columns
    const row = `(${Array.from({ length: columns }, () => '?').join(',')})`
    this.#sql = SIZES.map(
      size => `INSERT OR IGNORE INTO ${into} VALUES ${Array.from({ length: size }, () => row).join(',')}`,
    )
  }

  add(...row: Value[]): void {
    for (const value of row) this.#values.push(value)
    if (this.#values.length === this.#most) this.flush()
  }

  clear(): void {
    this.#values = []
  }

  flush(): void {
    const values = this.#values
    if (values.length === 0) return
    this.#values = []
    if (values.length === this.#most) return void this.#run(this.#sql[0]!).run(...values)
    let at = 0
    SIZES.forEach((size, i) => {
      const take = size * this.#columns
      while (values.length - at >= take) {
        this.#run(this.#sql[i]!).run(...values.slice(at, at + take))
        at += take
      }
    })
  }
}
