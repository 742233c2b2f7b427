/**
 * Every request file in examples/requests works against a freshly seeded server, as its comments expect.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { broken, fill, parseHttpFile, type HttpAnswer, type HttpRequest } from '../help/http-file.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'examples', 'requests')
const names = (await readdir(folder)).filter(name => name.endsWith('.http')).sort()
const files = await Promise.all(
  names.map(async name => ({ name, ...parseHttpFile(await readFile(join(folder, name), 'utf8')) })),
)

let server: ChildProcess | undefined
let data = ''
let base = ''

/** The base URL, from the line the server prints when it is ready. */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk.toString()
      const found = /ready at (http:\S+)/.exec(said)
      if (found) resolve(found[1]!)
    }
    child.stdout!.on('data', listen)
    child.stderr!.on('data', chunk => (said += String(chunk)))
    child.once('exit', code => reject(new Error(`The server ended with ${code}:\n${said}`)))
  })
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'dhp-requests-'))
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('DHP_'))
  const settings = {
    PORT: '0',
    METRICS_PORT: '0',
    HOST: '127.0.0.1',
    DHP_DATA: data,
    DHP_SEED: 'examples',
    DHP_LOG: 'warn',
  }
  server = spawn(process.execPath, ['src/main.ts'], { cwd: root, env: { ...Object.fromEntries(outside), ...settings } })
  base = await ready(server)
}, 60_000)

afterAll(async () => {
  if (server && server.exitCode === null) {
    const ended = new Promise(resolve => server!.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
  }
  if (data) await rm(data, { recursive: true, force: true })
}, 30_000)

async function send(request: HttpRequest, filled: (text: string) => string): Promise<HttpAnswer> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, filled(value)]))
  const body = request.body === undefined ? {} : { body: filled(request.body) }
  const response = await fetch(filled(request.url), { method: request.method, headers, ...body })
  const text = await response.text()
  const json = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? (JSON.parse(text) as unknown) : undefined,
  }
}

test('there are request files for reading, searching, writing, bundles and errors', () => {
  expect(names).toEqual(
    expect.arrayContaining(['read.http', 'search.http', 'write.http', 'transaction.http', 'batch.http', 'errors.http']),
  )
  expect(files.flatMap(file => file.requests).every(request => request.expectations.length > 0)).toBe(true)
})

for (const { name, variables, requests } of files) {
  describe(name, () => {
    const answers = new Map<string, HttpAnswer>()
    for (const request of requests) {
      test(`${name}: ${request.title}`, async () => {
        const filled = (text: string) => fill(text, new Map([...variables, ['base', base]]), answers)
        const answer = await send(request, filled)
        if (request.name) answers.set(request.name, answer)
        const expectations = request.expectations.map(each => ({ ...each, value: filled(each.value) }))
        expect(broken(answer, expectations), answer.text.slice(0, 2000)).toEqual([])
      })
    }
  })
}
