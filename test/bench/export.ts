/**
 * Bulk export of a whole store: lines a second against reading and writing the same texts alone, and what it costs in memory.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 */
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Exported {
  readonly lines: number
  readonly seconds: number
  /** Of the process, in MB: warm and idle before, and the most while it ran. */
  readonly before: number
  readonly peak: number
  /** The most in the second and in the last quarter of the time: what grows with the store would differ. */
  readonly early: number
  readonly late: number
}

/** Resident memory of a process in MB. */
export const residentMemory = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

/** Kicks off, asks until it is done, and looks at the memory meanwhile. Throws when a line is missing. */
export async function exportAll(base: string, pid: number, expected: number): Promise<Exported> {
  // what the start left behind is given back after a moment
  await sleep(5000)
  const before = residentMemory(pid)
  const begun = performance.now()
  const started = await fetch(`${base}/$export`, { headers: { prefer: 'respond-async' } })
  const status = started.headers.get('content-location')
  if (!status) throw new Error(`The export was refused: ${await started.text()}`)
  const samples: number[] = []
  for (;;) {
    for (let i = 0; i < 10; i++) {
      await sleep(50)
      samples.push(residentMemory(pid))
    }
    const answer = await fetch(status)
    if (answer.status === 202 || answer.status === 429) {
      await answer.arrayBuffer()
      continue
    }
    if (!answer.ok) throw new Error(await answer.text())
    const seconds = (performance.now() - begun) / 1000
    const { output } = (await answer.json()) as { output: { count: number }[] }
    const lines = output.reduce((sum, { count }) => sum + count, 0)
    if (lines !== expected) throw new Error(`${lines} lines instead of ${expected}.`)
    const quarter = Math.ceil(samples.length / 4)
    return {
      lines,
      seconds,
      before,
      peak: Math.max(...samples),
      early: Math.max(...samples.slice(quarter, 2 * quarter)),
      late: Math.max(...samples.slice(-quarter)),
    }
  }
}

/** The floor: every stored text, from SQLite into one file, synced once. Lines a second. */
export async function exportFloor(store: string, path: string): Promise<number> {
  const database = new DatabaseSync(store, { readOnly: true })
  const file = await open(path, 'w')
  const begun = performance.now()
  let lines = 0
  let page: string[] = []
  const write = async () => {
    await file.write(page.join('\n') + '\n')
    page = []
  }
  for (const { json } of database
    .prepare('SELECT json FROM resource WHERE json IS NOT NULL ORDER BY rid DESC')
    .iterate()) {
    page.push(json as string)
    lines++
    if (page.length === 1000) await write()
  }
  if (page.length > 0) await write()
  await file.datasync()
  const seconds = (performance.now() - begun) / 1000
  await file.close()
  database.close()
  return lines / seconds
}
