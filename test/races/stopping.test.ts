/**
 * SIGTERM while clients write: what was accepted is answered and kept, nobody else is let in, and the process ends well.
 * https://hl7.org/fhir/R4/http.html
 */
import { connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'

/** In ms: how long the server waits for its clients before it ends nevertheless. */
const PATIENCE = 10_000
const timeout = 60_000

const folder = mkdtempSync(join(tmpdir(), 'dhp-stopping-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const portOf = (server: ServerProcess) => Number(new URL(server.base).port)
const text = JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:stop', value: 'x' }] })

/** A connection, and what has come back on it so far. */
function dial(server: ServerProcess): {
  socket: Socket
  heard(): string
  until(found: RegExp): Promise<void>
  closed: Promise<void>
} {
  const socket = connect(portOf(server), '127.0.0.1')
  let all = ''
  let wake = () => {}
  let gone = false
  socket.setEncoding('utf8').on('data', (part: string) => ((all += part), wake()))
  socket.on('error', () => {})
  const closed = new Promise<void>(resolve => socket.on('close', () => ((gone = true), wake(), resolve())))
  const until = async (found: RegExp) => {
    while (!found.test(all)) {
      if (gone) throw new Error(`closed after: ${all.slice(-200)}`)
      await new Promise<void>(resolve => (wake = resolve))
    }
  }
  return { socket, heard: () => all, until, closed }
}

const head = `POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nContent-Length: ${text.length}\r\n`

test(
  'accepted requests are answered, idle connections closed, new ones refused, and the exit code is 0',
  { timeout },
  async () => {
    const server = await startServer(folder)
    // accepted: the server has said to go on, and waits for the body
    const accepted = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const line = dial(server)
        line.socket.write(`${head}Expect: 100-continue\r\n\r\n`)
        await line.until(/100 Continue/)
        return line
      }),
    )
    const idle = dial(server)
    idle.socket.write('GET /fhir/metadata HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await idle.until(/200 OK/)

    // busy: these write as fast as they can, until they are told no
    let acknowledged = 0
    const busy = Promise.all(
      Array.from({ length: 16 }, async () => {
        for (;;) {
          const answer = await fetch(`${server.base}/Patient`, {
            method: 'POST',
            body: text,
            headers: { 'content-type': 'application/fhir+json' },
          }).catch(() => undefined)
          if (!answer) return
          expect(answer.status).toBe(201)
          await answer.text()
          acknowledged++
        }
      }),
    )
    await new Promise(resolve => setTimeout(resolve, 300))
    const started = performance.now()
    const exit = server.stop()
    await new Promise(resolve => setTimeout(resolve, 200))
    const late = dial(server)
    late.socket.write('GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await late.closed
    expect(late.heard()).toBe('')

    for (const line of accepted) line.socket.write(text)
    for (const line of accepted) {
      await line.until(/\r\n\r\n[^]*\r\n\r\n[^]*"Patient"/)
      expect(line.heard()).toMatch(/HTTP\/1\.1 201 [^]*Connection: close/i)
    }
    expect(await exit).toBe(0)
    expect(performance.now() - started).toBeLessThan(PATIENCE)
    await busy
    await idle.closed
    expect(acknowledged).toBeGreaterThan(16)
    expect(server.said()).not.toMatch(/"level":"(?:error|fatal)"|Error:/)

    const again = await startServer(folder)
    const found = (await (await fetch(`${again.base}/Patient?identifier=urn:stop|x&_summary=count`)).json()) as {
      total: number
    }
    expect(found.total).toBeGreaterThanOrEqual(acknowledged + accepted.length)
    expect(await again.stop()).toBe(0)
  },
)

test('a client that never ends its request does not keep the server from stopping', { timeout }, async () => {
  const server = await startServer(folder)
  const never = dial(server)
  never.socket.write(`${head}Expect: 100-continue\r\n\r\n`)
  await never.until(/100 Continue/)
  const started = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - started).toBeLessThan(3 * PATIENCE)
})

test('a second signal ends it at once', { timeout }, async () => {
  const server = await startServer(folder)
  const never = dial(server)
  never.socket.write(`${head}Expect: 100-continue\r\n\r\n`)
  await never.until(/100 Continue/)
  const exit = server.stop()
  await new Promise(resolve => setTimeout(resolve, 300))
  server.process.kill('SIGTERM')
  const started = performance.now()
  expect(await exit).toBe(1)
  expect(performance.now() - started).toBeLessThan(PATIENCE)
})
