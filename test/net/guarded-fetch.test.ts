/**
 * Fetching what a client or a package names: what is refused, and what comes back.
 * https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPublic } from '../../src/net/address.ts'
import { type FetchError, guardedFetch, type FetchOptions } from '../../src/net/guarded-fetch.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const answers = new Map<string, Answer>()
let server: Server
let origin: string
let asked: IncomingMessage[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request)
    const answer = answers.get(request.url!.split('?', 1)[0]!)
    if (answer) answer(request, response)
    else response.writeHead(404).end('nothing here')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const allow = ['127.0.0.1']
const problem = (url: string, options?: FetchOptions): Promise<FetchError> =>
  guardedFetch(url, options).then(
    () => Promise.reject(new Error(`${url} was fetched`)),
    (error: unknown) => error as FetchError,
  )
const refusal = async (url: string, options?: FetchOptions) => (await problem(url, options)).reason

describe('an address', () => {
  test.each([
    '8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.0', '100.128.0.0', '2606:4700::1111', '2a00:1450::1', '2404:6800::1',
  ])('%s is on the public internet', address => expect(isPublic(address)).toBe(true)) // prettier-ignore

  test.each([
    '127.0.0.1', '127.255.255.255', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255',
    '169.254.169.254', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '198.18.0.1', '203.0.113.9',
    '::1', '::', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1',
    '2001:db8::1', '2001::1', '2002:7f00:1::', 'localhost', '', '999.1.1.1',
  ])('%s is not', address => expect(isPublic(address)).toBe(false)) // prettier-ignore
})

describe('refused without a connection', () => {
  test.each([
    'http://127.0.0.1/', 'http://localhost/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://0x7f.1/', 'http://2130706433/', 'http://0/',
    'http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://10.0.0.1:8080/', 'https://192.168.1.1/', 'http://127.1/',
  ])('%s, since it is not on the public internet', async url => {
    const error = await problem(url)
    expect(error.reason).toBe('refused')
    expect(error.message).toContain('DHP_PRIVATE_HOSTS')
  }) // prettier-ignore

  test('whatever is not http or https', async () => {
    for (const url of ['file:///etc/passwd', 'ftp://example.org/', 'gopher://x/', 'data:,x', 'not a url', ''])
      expect(await refusal(url)).toBe('refused')
  })

  test('a URL with a user name or a password, which the message does not repeat', async () => {
    const error = await problem('https://user:secret-word@example.org/x')
    expect(error.reason).toBe('refused')
    expect(error.message).not.toContain('secret-word')
  })

  test('a host that is allowed at another port only', async () => {
    asked = []
    expect(await refusal(`${origin}/x`, { allow: ['127.0.0.1:1'] })).toBe('refused')
    expect(asked).toEqual([])
  })
})

describe('from a host that the operator allows', () => {
  test('an answer comes with its status, headers and body', async () => {
    answers.set('/ok', (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('林'))
    const { status, headers, body, url } = await guardedFetch(`${origin}/ok?q=1`, { allow: [new URL(origin).host] })
    expect([status, headers['content-type'], body.toString(), url]).toEqual([
      200,
      'text/plain',
      '林',
      `${origin}/ok?q=1`,
    ])
    expect((await guardedFetch(`${origin}/none`, { allow })).status).toBe(404)
  })

  test('what is sent by POST arrives', async () => {
    answers.set('/post', (request, response) => void request.pipe(response))
    const { body } = await guardedFetch(`${origin}/post`, { allow, method: 'POST', body: '{"a":"乙"}' })
    expect(body.toString()).toBe('{"a":"乙"}')
  })

  test('a redirect is followed, at most three times', async () => {
    answers.set('/hop', (request, response) => {
      const left = Number(new URL(request.url!, origin).searchParams.get('n'))
      response.writeHead(302, { location: left > 0 ? `/hop?n=${left - 1}` : '/ok' }).end()
    })
    answers.set('/ok', (_, response) => void response.end('there'))
    expect((await guardedFetch(`${origin}/hop?n=2`, { allow })).body.toString()).toBe('there')
    expect(await refusal(`${origin}/hop?n=3`, { allow })).toBe('refused')
  })

  test('a redirect to a private host is refused like the host itself', async () => {
    for (const location of [
      'http://169.254.169.254/',
      'http://localhost:1/',
      'file:///etc/passwd',
      'http://a:b@127.0.0.1/',
    ]) {
      answers.set('/away', (_, response) => response.writeHead(307, { location }).end())
      expect([location, await refusal(`${origin}/away`, { allow })]).toEqual([location, 'refused'])
    }
  })

  test('a redirect to another origin does not take the credentials along', async () => {
    const other = createServer((request, response) => void response.end(JSON.stringify(request.headers)))
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    answers.set('/other', (_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` }).end()
    })
    const headers = { Authorization: 'Bearer secret', Accept: 'application/fhir+json' }
    const { body } = await guardedFetch(`${origin}/other`, { allow, headers })
    expect(JSON.parse(body.toString())).toMatchObject({ accept: 'application/fhir+json' })
    expect(body.toString()).not.toContain('secret')
    other.close()
  })

  test('a body larger than the limit is refused, said or not, inflated or not', async () => {
    answers.set('/large', (_, response) => void response.end(Buffer.alloc(5000)))
    answers.set('/endless', (_, response) => {
      const more = setInterval(() => response.write(Buffer.alloc(2000)), 1)
      response.on('close', () => clearInterval(more))
    })
    answers.set('/bomb', (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000))),
    )
    for (const path of ['/large', '/endless', '/bomb'])
      expect([path, await refusal(origin + path, { allow, maxBytes: 4000 })]).toEqual([path, 'too-large'])
    expect((await guardedFetch(`${origin}/bomb`, { allow })).body.length).toBe(5_000_000)
  })

  test('one that does not answer, or not to the end, is given up in time', async () => {
    answers.set('/silent', () => {})
    answers.set('/slow', (_, response) => {
      response.write('x')
    })
    for (const path of ['/silent', '/slow']) {
      const started = performance.now()
      expect([path, await refusal(origin + path, { allow, timeout: 200 })]).toEqual([path, 'timeout'])
      expect(performance.now() - started).toBeLessThan(8_000)
    }
  })

  test('one that breaks off, lies about its encoding, or is not there, is said so', async () => {
    answers.set('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('x', () => response.destroy())
    })
    answers.set('/lie', (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'))
    answers.set('/odd', (_, response) => response.writeHead(200, { 'content-encoding': 'zip' }).end('x'))
    expect(await refusal(`${origin}/cut`, { allow })).toBe('unreachable')
    expect(await refusal(`${origin}/lie`, { allow })).toBe('broken')
    expect(await refusal(`${origin}/odd`, { allow })).toBe('broken')
    expect(await refusal('http://127.0.0.1:1/', { allow })).toBe('unreachable')
    expect(await refusal('http://no-such-host.invalid/', { allow })).toBe('unreachable')
  })

  test('a name is looked up once, and the connection goes to an address that was judged', async () => {
    answers.set('/ok', (_, response) => void response.end('there'))
    const looked: string[] = []
    const named = (...addresses: string[]) => ({
      resolve: async (host: string) => {
        looked.push(host)
        return addresses.map(address => ({ address, family: 4 }))
      },
    })
    // nobody else knows this name: only the address that was judged leads there
    const url = `${origin.replace('127.0.0.1', 'registry.example')}/ok`
    const { body } = await guardedFetch(url, { allow: ['registry.example'], ...named('127.0.0.1') })
    expect([body.toString(), looked]).toEqual(['there', ['registry.example']])
    asked = []
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::ffff:8.8.8.8']])
      expect(await refusal(url, named(...addresses))).toBe('refused')
    expect(await refusal(url, named())).toBe('unreachable')
    expect(asked).toEqual([])
  })

  test('a look-up that does not end is given up in time', async () => {
    const options = { timeout: 100, resolve: () => new Promise<never>(() => {}) }
    expect(await refusal('http://registry.example/', options)).toBe('timeout')
  })

  test('a host is allowed by the name it is asked by, not by what the name leads to', async () => {
    answers.set('/ok', (_, response) => void response.end('there'))
    const named = origin.replace('127.0.0.1', 'localhost')
    expect((await guardedFetch(`${named}/ok`, { allow: ['localhost'] })).body.toString()).toBe('there')
    expect(asked.at(-1)!.headers.host).toBe(new URL(named).host)
    expect(await refusal(`${named}/ok`, { allow })).toBe('refused')
  })
})
