/**
 * FHIR over HTTP: status, headers, formats, bodies and their limits.
 * https://hl7.org/fhir/R4/http.html
 */
import { connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve, type Served } from './serving.ts'

let server: Served
beforeAll(async () => {
  server = await serve({ DHP_MAX_BODY: '1MiB' })
})
afterAll(() => server.close())

const patient = (more: object = {}) => ({ resourceType: 'Patient', name: [{ family: '林' }], ...more })
const outcomeOf = (body: { resourceType: string; issue: { diagnostics: string; code: string }[] }) => (
  expect(body.resourceType).toBe('OperationOutcome'),
  body.issue[0]!
)

/** Sends text as it is over a socket, and gives all that comes back until the server closes or `ms` is over. */
const raw = (text: string | Buffer, ms = 1500): Promise<string> =>
  new Promise(resolve => {
    let got = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
    socket.on('data', chunk => (got += chunk.toString()))
    socket.on('close', () => resolve(got))
    socket.on('error', () => resolve(got))
    setTimeout(() => socket.destroy(), ms)
  })

describe('a resource over HTTP', () => {
  test('create answers 201 with Location, ETag and Last-Modified, and read gives it back', async () => {
    const created = await server.ask('POST', '/fhir/Patient', { body: patient() })
    expect(created.status).toBe(201)
    expect(created.headers.get('etag')).toBe('W/"1"')
    expect(created.headers.get('location')).toBe(`${server.fhir}/Patient/${created.body.id}/_history/1`)
    expect(Date.parse(created.headers.get('last-modified')!)).toBeGreaterThan(Date.now() - 60_000)
    expect(created.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
    const read = await server.ask('GET', `/fhir/Patient/${created.body.id}`)
    expect(read.status).toBe(200)
    expect(read.text).toBe(created.text)
    expect(Number(read.headers.get('content-length'))).toBe(Buffer.byteLength(read.text))
  })

  test('Prefer: return=minimal leaves the body out, return=OperationOutcome says what was done', async () => {
    const minimal = await server.ask('PUT', '/fhir/Patient/prefers', {
      body: patient({ id: 'prefers' }),
      headers: { Prefer: 'return=minimal' },
    })
    expect([minimal.status, minimal.text]).toEqual([201, ''])
    expect(minimal.headers.get('location')).toContain('/Patient/prefers/_history/1')
    const said = await server.ask('PUT', '/fhir/Patient/prefers', {
      body: patient({ id: 'prefers', active: true }),
      headers: { Prefer: 'return=OperationOutcome' },
    })
    expect([said.status, said.body.resourceType]).toEqual([200, 'OperationOutcome'])
  })

  test('HEAD has the headers of GET and no body', async () => {
    await server.ask('PUT', '/fhir/Patient/head', { body: patient({ id: 'head' }) })
    const get = await server.ask('GET', '/fhir/Patient/head')
    const head = await server.ask('HEAD', '/fhir/Patient/head')
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['etag', 'last-modified', 'content-type', 'content-length'])
      expect(head.headers.get(name), name).toBe(get.headers.get(name))
  })

  test('a conditional read of what has not changed answers 304 without a body', async () => {
    await server.ask('PUT', '/fhir/Patient/same', { body: patient({ id: 'same' }) })
    const answer = await server.ask('GET', '/fhir/Patient/same', { headers: { 'If-None-Match': 'W/"1"' } })
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', 'W/"1"'])
  })

  test('_pretty breaks lines and keeps the digits of decimals', async () => {
    const text =
      '{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"a {\\"b\\": [1,2]} \\\\"},"valueQuantity":{"value":1.00}}'
    await server.ask('PUT', '/fhir/Observation/digits', { body: text })
    const answer = await server.ask('GET', '/fhir/Observation/digits?_pretty=true')
    expect(answer.text).toContain('\n  "resourceType": "Observation",\n')
    expect(answer.text).toContain('"value": 1.00\n')
    expect(answer.body.code.text).toBe('a {"b": [1,2]} \\')
  })

  test('POST _search takes its parameters from the form', async () => {
    await server.ask('PUT', '/fhir/Patient/form', { body: patient({ id: 'form', name: [{ family: 'Formosa' }] }) })
    const answer = await server.ask('POST', '/fhir/Patient/_search?_count=1', {
      body: 'family=formosa',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(answer.body.entry.map((entry: { resource: { id: string } }) => entry.resource.id)).toEqual(['form'])
  })

  test('supertest and the browser see the same base: the Host header', async () => {
    const answer = await request(server.app.server)
      .get('/fhir/Patient?_count=1')
      .set('Host', 'sandbox.example:8443')
      .set('X-Forwarded-Host', 'evil.example')
      .set('X-Forwarded-Proto', 'https')
    expect((answer.body as { link: { url: string }[] }).link[0]!.url).toMatch(/^http:\/\/sandbox\.example:8443\/fhir\//)
    expect(answer.text).not.toContain('evil')
  })
})

describe('formats', () => {
  test.each([
    'application/fhir+json',
    'application/json',
    'text/json',
    '*/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/fhir+xml;q=0.9, application/fhir+json;q=0.1',
    'application/fhir+json; fhirVersion=4.0',
  ])('Accept: %s gets FHIR JSON', async accept => {
    const answer = await server.ask('GET', '/fhir/Patient?_count=0', { headers: { Accept: accept } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/fhir+json; charset=utf-8'])
  })

  test.each([
    'application/fhir+xml',
    'text/csv',
    'application/fhir+json; fhirVersion=3.0',
    'application/fhir+json;q=0',
  ])('Accept: %s is answered 406 with what to ask for', async accept => {
    const answer = await server.ask('GET', '/fhir/Patient?_count=0', { headers: { Accept: accept } })
    expect(answer.status).toBe(406)
    expect(outcomeOf(answer.body).diagnostics).toContain('application/fhir+json')
  })

  test.each([
    ['json', 200],
    ['application/json', 200],
    ['application/fhir+json', 200],
    ['text/json', 200],
    ['application%2Ffhir%2Bjson', 200],
    ['xml', 406],
    ['ttl', 406],
    ['constructor', 406],
  ])('_format=%s is answered %i, whatever Accept says', async (format, status) => {
    const answer = await server.ask('GET', `/fhir/Patient?_count=0&_format=${format}`, {
      headers: { Accept: format === 'xml' ? 'application/fhir+json' : 'application/fhir+xml' },
    })
    expect(answer.status).toBe(status)
  })

  test('a write that the client could not read the answer to is not done', async () => {
    const answer = await server.ask('PUT', '/fhir/Patient/unread', {
      body: patient({ id: 'unread' }),
      headers: { Accept: 'application/fhir+xml' },
    })
    expect(answer.status).toBe(406)
    expect((await server.ask('GET', '/fhir/Patient/unread')).status).toBe(404)
  })

  test.each([
    ['application/fhir+xml', 'XML'],
    ['text/plain', 'application/fhir+json'],
    ['application/fhir+json; charset=utf-7', 'UTF-8'],
    ['application/fhir+json; charset=iso-8859-1', 'UTF-8'],
    ['application/fhir+json; fhirVersion=5.0', '4.0'],
    ['application/x-www-form-urlencoded', 'application/fhir+json'],
  ])('a body sent as %s is answered 415', async (type, hint) => {
    const answer = await server.ask('POST', '/fhir/Patient', {
      body: JSON.stringify(patient()),
      headers: { 'content-type': type },
    })
    expect(answer.status).toBe(415)
    expect(outcomeOf(answer.body).diagnostics).toContain(hint)
  })

  test.each(['application/fhir+json; charset="UTF-8"', 'application/json;charset=utf8', 'text/json'])(
    'a body sent as %s is read',
    async type => {
      expect(
        (
          await server.ask('POST', '/fhir/Patient', {
            body: JSON.stringify(patient()),
            headers: { 'content-type': type },
          })
        ).status,
      ).toBe(201)
    },
  )
})

describe('Binary', () => {
  test('bytes of any type become a Binary, and come back as bytes that a browser saves and does not show', async () => {
    const bytes = Buffer.from('<script>alert(1)</script>')
    const created = await server.ask('POST', '/fhir/Binary', { body: bytes, headers: { 'content-type': 'text/html' } })
    expect(created.status).toBe(201)
    const id = created.headers.get('location')!.split('/').at(-3)!
    const raw = await server.ask('GET', `/fhir/Binary/${id}`, { headers: { Accept: 'text/html' } })
    expect(raw.text).toBe(bytes.toString())
    expect(raw.headers.get('content-type')).toBe('text/html')
    expect(raw.headers.get('content-disposition')).toBe('attachment')
    expect(raw.headers.get('x-content-type-options')).toBe('nosniff')
    expect(raw.headers.get('content-security-policy')).toContain('sandbox')
    const resource = await server.ask('GET', `/fhir/Binary/${id}`, { headers: { Accept: 'application/fhir+json' } })
    expect(resource.body).toMatchObject({
      resourceType: 'Binary',
      contentType: 'text/html',
      data: bytes.toString('base64'),
    })
  })

  test('PUT of bytes makes the Binary of that id', async () => {
    const answer = await server.ask('PUT', '/fhir/Binary/picture', {
      body: Buffer.from([137, 80, 78, 71]),
      headers: { 'content-type': 'image/png', accept: 'application/fhir+json' },
    })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ id: 'picture', contentType: 'image/png', data: 'iVBORw==' })
  })

  test('a contentType that is no media type is never sent as a header', async () => {
    await server.ask('PUT', '/fhir/Binary/odd', {
      body: { resourceType: 'Binary', id: 'odd', contentType: 'x\r\nSet-Cookie: a=b', data: 'AAAA' },
    })
    const answer = await server.ask('GET', '/fhir/Binary/odd', { headers: { Accept: 'image/png' } })
    expect(answer.headers.get('set-cookie')).toBeNull()
    if (answer.status === 200) expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  })

  test('a Binary that is not there is an OperationOutcome, whatever was accepted', async () => {
    const answer = await server.ask('GET', '/fhir/Binary/none', { headers: { Accept: 'image/png' } })
    expect(answer.status).toBe(404)
    outcomeOf(answer.body)
  })
})

describe('bodies', () => {
  const body = JSON.stringify(patient({ id: 'packed' }))
  test.each([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
  ])('a body packed with %s is read', async (encoding, packed) => {
    const answer = await server.ask('PUT', '/fhir/Patient/packed', {
      body: packed,
      headers: { 'content-encoding': encoding, 'content-type': 'application/fhir+json' },
    })
    expect(answer.status).toBeLessThan(300)
    expect(answer.body.name[0].family).toBe('林')
  })

  test.each(['gzip', 'deflate', 'br'])(
    'a small %s body that inflates beyond the limit is answered 413, and the connection lives',
    async encoding => {
      const bomb = Buffer.alloc(64 * 1024 ** 2, ' ')
      const packed =
        encoding === 'gzip'
          ? gzipSync(bomb)
          : encoding === 'deflate'
            ? deflateSync(bomb)
            : brotliCompressSync(bomb, { params: { 1: 2 } })
      const answer = await server.ask('POST', '/fhir/Patient', {
        body: packed,
        headers: { 'content-encoding': encoding, 'content-type': 'application/fhir+json' },
      })
      expect(answer.status).toBe(413)
      expect(outcomeOf(answer.body).code).toBe('too-long')
    },
  )

  test('a body over the limit is answered 413 while it is still being sent', async () => {
    const answer = await server.ask('POST', '/fhir/Patient', {
      body: Buffer.alloc(3 * 1024 ** 2, ' '),
      headers: { 'content-type': 'application/fhir+json' },
    })
    expect(answer.status).toBe(413)
    const chunk = `${(64 * 1024).toString(16)}\r\n${' '.repeat(64 * 1024)}\r\n`
    const chunked = await raw(
      `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(40)}0\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /)
    expect(chunked).toContain('HTTP/1.1 200')
  })

  test('a client that asks first is told 413 before it sends, and 100 when it may', async () => {
    const ask = (length: number) =>
      raw(
        `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Type: application/fhir+json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`,
        300,
      )
    expect(await ask(9_000_000)).toMatch(/^HTTP\/1\.1 413 /)
    expect(await ask(100)).toMatch(/^HTTP\/1\.1 100 /)
  })

  test.each([
    ['{"resourceType":"Patient"', 400],
    ['', 400],
    ['[]', 400],
    ['null', 400],
    ['{"resourceType":"Patient","a":1,"a":2}', 400],
    ['\u{feff}{"resourceType":"Patient"}', 201],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400],
    ['['.repeat(100_000), 400],
  ])('a body of %j is answered %i', async (body, status) => {
    const answer = await server.ask('POST', '/fhir/Patient', {
      body: body,
      headers: { 'content-type': 'application/fhir+json' },
    })
    expect(answer.status).toBe(status)
  })

  test('broken gzip is answered 400, an unknown encoding 415', async () => {
    const broken = await server.ask('POST', '/fhir/Patient', {
      body: 'not gzip',
      headers: { 'content-encoding': 'gzip' },
    })
    expect(broken.status).toBe(400)
    for (const encoding of ['compress', 'constructor', 'gzip, gzip']) {
      expect(
        (await server.ask('POST', '/fhir/Patient', { body: 'x', headers: { 'content-encoding': encoding } })).status,
        encoding,
      ).toBe(415)
    }
  })

  test('a client that leaves in the middle of its body harms nobody', async () => {
    await raw(
      'POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n{"resourceType"',
      100,
    )
    expect((await server.ask('GET', '/fhir/Patient?_count=0')).status).toBe(200)
    expect(server.app.traffic).toMatchObject({ inFlight: 0, writesInFlight: 0 })
  })
})

describe('URLs with letters as they are', () => {
  const line = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n`

  test('a name typed in Chinese is found, encoded or not', async () => {
    await server.ask('PUT', '/fhir/Patient/raw-url', { body: patient({ id: 'raw-url', name: [{ text: '歐陽美玲' }] }) })
    const typed = await raw(Buffer.from(line('/fhir/Patient?name=美玲&_elements=id')))
    expect(typed).toMatch(/^HTTP\/1\.1 200 /)
    expect(typed).toContain('"id":"raw-url"')
    expect(typed).toMatch(/\r\nConnection: close\r\n/)
    const encoded = await server.ask('GET', `/fhir/Patient?name=${encodeURIComponent('美玲')}&_elements=id`)
    expect(typed).toContain(encoded.body.entry[0].fullUrl.split('/').at(-1) as string)
  })

  test('what is not UTF-8 is still refused, and a body is never read as a request', async () => {
    expect(await raw(Buffer.from(line('/fhir/Patient?name=caf\u00e9'), 'latin1'))).toMatch(/^HTTP\/1\.1 400 /)
    const inner = line('/fhir/Patient?name=美&_id=smuggled')
    const outer = Buffer.concat([
      Buffer.from(
        `POST /fhir/Patient/_search HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${Buffer.byteLength(inner)}\r\n\r\n`,
      ),
    ])
    const answers = await new Promise<string>(resolve => {
      let got = ''
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(outer)
        // the body, and a request that the parser stops at, in one packet
        setTimeout(() => socket.write(Buffer.from(inner + line('/fhir/Patient?name=玲'))), 100)
      })
      socket.on('data', chunk => (got += chunk.toString()))
      socket.on('close', () => resolve(got))
      setTimeout(() => socket.destroy(), 1000)
    })
    expect(answers).not.toContain('smuggled')
  })
})

describe('hostile requests', () => {
  test('a URL longer than 8 kB is answered 414 with the way out', async () => {
    const answer = await server.ask('GET', `/fhir/Patient?name=${'a'.repeat(8200)}`)
    expect(answer.status).toBe(414)
    expect(outcomeOf(answer.body).diagnostics).toContain('_search')
  })

  test.each([
    '/fhir/Patient/%',
    '/fhir/Patient/%ff',
    '/fhir/Patient/a%2fb',
    '/fhir/Patient/..%2f..%2fetc%2fpasswd',
    '/fhir/Patient/%00',
    '/fhir/Patient/a%0d%0ab',
  ])('%s is answered 400', async path => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('OperationOutcome')
  })

  test.each(['evil.example/x', 'a b', 'user@host', 'a,b', '"><script>', 'a:port'])(
    'a Host header of %j is answered 400 and shown nowhere',
    async host => {
      const answer = await raw(`GET /fhir/Patient HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer).not.toContain(host)
    },
  )

  test('an X-Request-Id comes back when it is harmless, else the server gives its own', async () => {
    expect(
      (await server.ask('GET', '/fhir/metadata', { headers: { 'X-Request-Id': 'abc-1.2_3' } })).headers.get(
        'x-request-id',
      ),
    ).toBe('abc-1.2_3')
    for (const id of ['a b', 'x'.repeat(65), '<script>', 'a"b']) {
      const given = (await server.ask('GET', '/livez-not', { headers: { 'X-Request-Id': id } })).headers.get(
        'x-request-id',
      )
      expect(given).toMatch(/^[\w.-]{1,64}$/)
      expect(given).not.toBe(id)
    }
  })

  test('an unknown method is answered 405, what is not HTTP 400, too many headers 431', async () => {
    const answer = await raw('PROPFIND /fhir/Patient HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 405 /)
    expect(answer).toMatch(/\r\nAllow: GET/)
    expect(await raw('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('clients that dribble are cut off with 408, and the others are served meanwhile', async () => {
    const { headersTimeout } = server.app.server
    let cut = 0
    const dribbling = Array.from({ length: 50 }, async () => {
      const answer = await raw('GET /fhir/Patient HTTP/1.1\r\nHost:', 15_000)
      cut++
      return answer
    })
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await server.ask('GET', '/fhir/Patient?_count=0')).status).toBe(200)
    expect(cut).toBe(0)
    server.app.server.headersTimeout = 300
    for (const answer of await Promise.all(dribbling)) expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    server.app.server.headersTimeout = headersTimeout
  })

  test('paths that are not FHIR are answered 404', async () => {
    for (const path of [
      '/',
      '/fhirs',
      '/t/default',
      '/t//fhir',
      '/t/UPPER/fhir/Patient',
      '/t/..%2f/fhir/Patient',
      '/favicon.ico',
    ])
      expect((await server.ask('GET', path)).status, path).toBe(404)
  })

  test('a token is refused, so that nobody acts as the sandbox without knowing', async () => {
    const answer = await server.ask('GET', '/fhir/Patient', { headers: { Authorization: 'Bearer abc' } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
  })
})

describe('browsers', () => {
  test('a page of another origin may ask, and read the headers FHIR uses', async () => {
    const preflight = await server.ask('OPTIONS', '/fhir/Patient/1', {
      headers: {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'if-match',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('If-Match')
    const answer = await server.ask('GET', '/fhir/Patient/none', { headers: { Origin: 'https://app.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    for (const name of ['ETag', 'Location', 'Content-Location', 'X-Request-Id', 'X-Progress', 'Retry-After'])
      expect(answer.headers.get('access-control-expose-headers')).toContain(name)
  })

  test('every answer is safe to show and is not kept', async () => {
    for (const path of ['/fhir/Patient', '/fhir/Patient/none', '/nowhere', '/admin/tenants', '/livez']) {
      const { headers } = await server.ask('GET', path)
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('cache-control'), path).toBe('no-store')
      expect(headers.get('x-powered-by'), path).toBeNull()
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'")
    }
  })
})

describe('the log', () => {
  test('has one line for a request, with nothing of a patient in it', async () => {
    const before = server.logged.length
    await server.ask('GET', '/fhir/Patient/A123456789/_history/1?x=y', { headers: { 'X-Request-Id': 'logged-1' } })
    await server.ask('GET', '/fhir/Patient?identifier=A123456789&name=王小明')
    await server.ask('GET', '/fhir/A123456789/$A123456789')
    await server.ask('GET', '/t/A123456789/fhir/Patient')
    await server.ask('A123456789', '/fhir/Patient').catch(() => {})
    const lines = server.logged.slice(before)
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(lines[0]).toMatchObject({
      method: 'GET',
      route: 'Patient/:id/_history/:version',
      status: 404,
      id: 'logged-1',
      tenant: 'default',
    })
    expect(lines[0]).toHaveProperty('ms')
    expect(lines[0]).toHaveProperty('bytes')
    expect(JSON.stringify(lines)).not.toMatch(/A123456789|王/)
  })
})

describe('when something breaks', () => {
  test('an unexpected error is a 500 with a reference, and the log has it without its message', async () => {
    const tenant = await server.app.tenants.room('default')
    const { read } = tenant.engine
    tenant.engine.read = () => Promise.reject(new Error('SQLITE_CORRUPT at /data/x.db: SELECT secret'))
    const answer = await server
      .ask('GET', '/fhir/Patient/1', { headers: { 'X-Request-Id': 'broke-1' } })
      .finally(() => (tenant.engine.read = read))
    expect(answer.status).toBe(500)
    expect(outcomeOf(answer.body).diagnostics).toContain('broke-1')
    expect(answer.text).not.toMatch(/SQLITE|SELECT|\/data|\.ts|at /)
    const line = server.logged.find(each => each['id'] === 'broke-1' && each['frames'])
    expect(JSON.stringify(line)).not.toContain('secret')
  })

  test('a full disk is a 507 that says reading still works', async () => {
    const tenant = await server.app.tenants.room('default')
    const { commit } = tenant.engine
    tenant.engine.commit = () =>
      Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }))
    const answer = await server
      .ask('POST', '/fhir/Patient', { body: patient() })
      .finally(() => (tenant.engine.commit = commit))
    expect(answer.status).toBe(507)
    expect(outcomeOf(answer.body).code).toBe('no-store')
    expect((await server.ask('GET', '/fhir/Patient?_count=0')).status).toBe(200)
  })

  test('more writes at once than the server takes are answered 503 with Retry-After, reads go on', async () => {
    server.app.traffic.writesInFlight += 1024
    const write = await server.ask('POST', '/fhir/Patient', { body: patient() })
    const read = await server.ask('GET', '/fhir/Patient?_count=0')
    const search = await server.ask('POST', '/fhir/Patient/_search', {
      body: '_count=0',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    server.app.traffic.writesInFlight -= 1024
    expect([write.status, write.headers.get('retry-after')]).toEqual([503, '1'])
    expect([read.status, search.status]).toEqual([200, 200])
  })
})
