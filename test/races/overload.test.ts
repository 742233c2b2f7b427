/**
 * More clients than the server can answer at once: each is answered or told to come back, none waits without end.
 * https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable
 */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { complaints, runServer, watching, type Running } from '../help/running-server.ts'

/** In ms of the reference machine, and far from never: a queue of real work before an answer is no stall. */
const PATIENCE = 10_000
/** In ms of the clock. */
const timeout = 60_000

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

const text = JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:flood', value: 'x' }] })
const head = `POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nContent-Length: ${text.length}\r\n`

/** What one connection says to one request; '' when it is cut. */
function once(port: number, request: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.setEncoding('utf8').on('data', (part: string) => (said += part))
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.write(request)
  })
}

test(
  '1,500 connections that write at once are answered 201 or 503 with Retry-After, and what was answered 201 is there',
  { timeout },
  async () => {
    const { result, longest } = await watching(server, () =>
      Promise.all(Array.from({ length: 1500 }, () => once(server.port, `${head}Connection: close\r\n\r\n${text}`))),
    )
    const created = result.filter(said => said.startsWith('HTTP/1.1 201')).length
    const later = result.filter(said => said.startsWith('HTTP/1.1 503') && /retry-after: \d/i.test(said)).length
    expect(created + later).toBe(1500)
    expect(longest).toBeLessThan(PATIENCE)
    expect((await server.ask('GET', 'Patient?identifier=urn:flood|x&_summary=count')).body.total).toBe(created)
  },
)

test('1,100 connections that never end their bodies keep no other from writing', { timeout }, async () => {
  const sockets = Array.from({ length: 1100 }, () => connect(server.port, '127.0.0.1'))
  await Promise.all(
    sockets.map(
      socket =>
        new Promise(resolve => {
          socket.on('error', () => {}).on('close', resolve)
          // heard of: the server has it, and waits for its body
          socket.on('data', () => socket.write('{', resolve))
          socket.write(`${head}Expect: 100-continue\r\n\r\n`)
        }),
    ),
  )
  const { result, longest } = await watching(server, () => server.ask('POST', 'Patient', { body: text }))
  expect(result.status).toBe(201)
  expect(longest).toBeLessThan(PATIENCE)
  for (const socket of sockets) socket.destroy()
})

test('readers that do not read keep no other from reading', { timeout }, async () => {
  const data = 'A'.repeat(4_000_000)
  const { body } = await server.ask('POST', 'Binary', {
    body: { resourceType: 'Binary', contentType: 'text/plain', data },
  })
  const sockets = Array.from({ length: 50 }, () => connect(server.port, '127.0.0.1'))
  for (const socket of sockets)
    socket
      .on('error', () => {})
      .pause()
      .write(`GET /fhir/Binary/${body.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n\r\n`)
  const { result, longest } = await watching(server, () => server.ask('GET', 'Patient?_count=10'))
  expect(result.status).toBe(200)
  expect(longest).toBeLessThan(PATIENCE)
  for (const socket of sockets) socket.destroy()
})

test('1,000 requests sent at once on one connection are answered in order', { timeout }, async () => {
  const requests = Array.from(
    { length: 1000 },
    (_, i) =>
      `GET /fhir/Patient?_count=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: r${i}\r\n${i === 999 ? 'Connection: close\r\n' : ''}\r\n`,
  ).join('')
  const said = await once(server.port, requests)
  expect([...said.matchAll(/X-Request-Id: r(\d+)/gi)].map(([, i]) => Number(i))).toEqual(
    Array.from({ length: 1000 }, (_, i) => i),
  )
})

test('the server is none the worse for it', async () => {
  expect((await server.ask('GET', '/readyz')).status).toBe(200)
  expect(complaints(server)).toEqual([])
})
