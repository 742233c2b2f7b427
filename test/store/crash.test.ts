/**
 * The server is killed with SIGKILL under load, again and again. What it acknowledged is there, to the byte, and found
 * by search; what was under way is wholly there or not at all; histories have no gaps.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { type ServerProcess, startServer } from '../help/process.ts'
import { realExtractor } from './real.ts'

const CYCLES = 22
const WRITERS = 8
const SYSTEM = 'http://crash.example'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'crash-'))))
afterAll(async () => await rm(folder, { recursive: true, force: true }))

/** A resource as the client knows it. `text` is the body of the last answer; undefined when it was deleted. */
interface Known {
  readonly id: string
  readonly mark: string
  version: number
  text: string | undefined
}

/** What a writer has sent and not yet heard of. */
type Underway =
  | { readonly do: 'create'; readonly marks: readonly string[] }
  | { readonly do: 'update'; readonly of: Known; readonly note: string }
  | { readonly do: 'delete'; readonly of: Known }

interface Ledger {
  readonly known: Map<string, Known>
  readonly underway: Map<number, Underway>
  acknowledged: number
  serial: number
}

const patient = (mark: string, note = '') => ({
  resourceType: 'Patient',
  identifier: [{ system: SYSTEM, value: mark }],
  name: [{ family: '王', given: ['小明'] }],
  multipleBirthInteger: 1,
  ...(note ? { extension: [{ url: 'http://crash.example/note', valueString: note }] } : {}),
})
const json = { 'Content-Type': 'application/fhir+json', Prefer: 'return=representation' }
const send = (url: string, method: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method,
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** One writer: sends one request after the other until the server is gone. `first` is called at the first answer. */
async function write(base: string, writer: number, ledger: Ledger, first: () => void): Promise<void> {
  const own: Known[] = []
  for (let turn = 0; ; turn++) {
    const live = own.filter(one => one.text !== undefined)
    const of = live[(turn * 7) % live.length]
    const kind = turn % 10
    const mark = () => `m${++ledger.serial}`
    try {
      if (kind < 5 || !of) own.push(...(await create(base, writer, ledger, [mark()])))
      else if (kind < 8) await update(base, writer, ledger, of, `note ${turn}`)
      else if (kind === 8) own.push(...(await create(base, writer, ledger, Array.from({ length: 5 }, mark))))
      else await remove(base, writer, ledger, of)
    } catch (error) {
      // fetch failed, or the answer broke off: the server is gone, and what was under way stays noted
      if (error instanceof TypeError || (error as Error).name === 'AbortError') return
      throw error
    }
    ledger.underway.delete(writer)
    ledger.acknowledged++
    first()
  }
}

async function create(base: string, writer: number, ledger: Ledger, marks: readonly string[]): Promise<Known[]> {
  ledger.underway.set(writer, { do: 'create', marks })
  const made: Known[] = []
  if (marks.length === 1) {
    const response = await send(`${base}/Patient`, 'POST', patient(marks[0]!))
    const text = await response.text()
    expect(response.status, text).toBe(201)
    made.push({
      id: /Patient\/([^/]+)\/_history\/1/.exec(response.headers.get('location')!)![1]!,
      mark: marks[0]!,
      version: 1,
      text,
    })
  } else {
    const entry = marks.map(mark => ({ resource: patient(mark), request: { method: 'POST', url: 'Patient' } }))
    const response = await send(base, 'POST', { resourceType: 'Bundle', type: 'transaction', entry })
    const text = await response.text()
    expect(response.status, text).toBe(200)
    const answer = JSON.parse(text) as { entry: { resource: { id: string }; response: { location: string } }[] }
    answer.entry.forEach((one, i) =>
      made.push({
        id: /Patient\/([^/]+)\/_history\/1/.exec(one.response.location)![1]!,
        mark: marks[i]!,
        version: 1,
        text: JSON.stringify(one.resource),
      }),
    )
  }
  for (const one of made) ledger.known.set(one.id, one)
  return made
}

async function update(base: string, writer: number, ledger: Ledger, of: Known, note: string): Promise<void> {
  ledger.underway.set(writer, { do: 'update', of, note })
  const response = await send(
    `${base}/Patient/${of.id}`,
    'PUT',
    { ...patient(of.mark, note), id: of.id },
    { 'If-Match': `W/"${of.version}"` },
  )
  const text = await response.text()
  expect(response.status, text).toBe(200)
  expect(response.headers.get('etag')).toBe(`W/"${of.version + 1}"`)
  Object.assign(of, { version: of.version + 1, text })
}

async function remove(base: string, writer: number, ledger: Ledger, of: Known): Promise<void> {
  ledger.underway.set(writer, { do: 'delete', of })
  const response = await send(`${base}/Patient/${of.id}`, 'DELETE')
  await response.text()
  expect([200, 204]).toContain(response.status)
  Object.assign(of, { version: of.version + 1, text: undefined })
}

const read = async (base: string, path: string) => {
  const response = await fetch(`${base}/${path}`)
  return { status: response.status, text: await response.text() }
}
const found = async (base: string, mark: string) => {
  const { text } = await read(base, `Patient?identifier=${encodeURIComponent(`${SYSTEM}|${mark}`)}`)
  return ((JSON.parse(text) as { entry?: { resource: { id: string } }[] }).entry ?? []).map(entry => entry.resource.id)
}

/** Decides what became of a request that was cut off: all of it or nothing. The ledger then says so too. */
async function settle(base: string, ledger: Ledger, one: Underway): Promise<'done' | 'not done'> {
  if (one.do === 'create') {
    const there = await Promise.all(one.marks.map(mark => found(base, mark)))
    const count = there.flat().length
    expect([0, one.marks.length], `of ${one.marks.length} creates of one request`).toContain(count)
    for (const [i, [id]] of there.entries())
      if (id)
        ledger.known.set(id, { id, mark: one.marks[i]!, version: 1, text: (await read(base, `Patient/${id}`)).text })
    return count > 0 ? 'done' : 'not done'
  }
  const { status, text } = await read(base, `Patient/${one.of.id}`)
  if (status === 200 && text === one.of.text) return 'not done'
  if (one.do === 'update') expect(text).toContain(`"valueString":"${one.note}"`)
  else expect(status).toBe(410)
  Object.assign(one.of, { version: one.of.version + 1, text: one.do === 'update' ? text : undefined })
  return 'done'
}

/** The server holds what the ledger says. */
async function audit(base: string, some: readonly Known[]): Promise<void> {
  const queue = [...some]
  const worker = async () => {
    for (let one = queue.pop(); one; one = queue.pop()) {
      const { status, text } = await read(base, `Patient/${one.id}`)
      if (one.text === undefined) expect(status, `Patient/${one.id} was deleted`).toBe(410)
      else expect(text, `Patient/${one.id} was acknowledged`).toBe(one.text)
      expect(await found(base, one.mark)).toEqual(one.text === undefined ? [] : [one.id])
      if (one.version === 1) continue
      const history = JSON.parse((await read(base, `Patient/${one.id}/_history`)).text) as {
        entry: { response: { etag: string } }[]
      }
      expect(history.entry.map(({ response }) => response.etag)).toEqual(
        Array.from({ length: one.version }, (_, i) => `W/"${one.version - i}"`),
      )
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

test(
  `${CYCLES} kills under load lose no acknowledged write and leave no half of one`,
  { timeout: 120_000 },
  async () => {
    const data = join(folder, 'data')
    const ledger: Ledger = { known: new Map(), underway: new Map(), acknowledged: 0, serial: 0 }
    let audited = 0
    const settled = { done: 0, 'not done': 0 }
    let server: ServerProcess | undefined
    try {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        server = await startServer(data)
        const { base } = server
        // What was under way when it was killed, and everything that was acknowledged since the last look
        for (const one of ledger.underway.values()) settled[await settle(base, ledger, one)]++
        ledger.underway.clear()
        await audit(base, [...ledger.known.values()].slice(audited))
        audited = ledger.known.size

        let first: () => void
        const acknowledged = new Promise<void>(resolve => (first = resolve))
        const writers = Array.from({ length: WRITERS }, (_, i) => write(base, i, ledger, first))
        await Promise.race([acknowledged, Promise.all(writers)])
        await new Promise(done => setTimeout(done, 20 + ((cycle * 53) % 180)))
        await server.kill()
        await Promise.all(writers)
      }
      server = await startServer(data)
      for (const one of ledger.underway.values()) settled[await settle(server.base, ledger, one)]++
      await audit(server.base, [...ledger.known.values()])
      expect(await server.stop()).toBe(0)
      server = undefined
    } finally {
      await server?.kill()
    }

    const engine = openSqlite({ path: join(data, 'tenants/default/store.db'), extractor: realExtractor })
    expect(await engine.verify()).toEqual([])
    expect((await engine.counts()).get('Patient')).toBe(
      [...ledger.known.values()].filter(one => one.text !== undefined).length,
    )
    await engine.close()
    console.log(
      `${ledger.acknowledged} acknowledged, ${settled.done + settled['not done']} cut off (${settled.done} of them had happened), ${CYCLES} kills`,
    )
    // A server that acknowledged next to nothing would have had nothing to lose
    expect(ledger.acknowledged).toBeGreaterThan(CYCLES * 20)
    expect(settled.done + settled['not done']).toBeGreaterThan(CYCLES)
  },
)
