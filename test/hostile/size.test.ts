/**
 * Bodies that are too deep, too large, too many, compressed to explode, or not what their headers say: refused while the
 * server keeps answering others.
 * https://www.rfc-editor.org/rfc/rfc9110#name-413-content-too-large
 */
import { connect } from 'node:net'
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  complaints,
  fault,
  runServer,
  watching,
  type Answer,
  type Asking,
  type Running,
} from '../help/running-server.ts'

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

/** In ms of the reference machine: longer than this nobody else may wait for an answer, while 16 MiB are read. */
const PATIENCE = 3500
const MiB = 1024 * 1024

/** Asks, and makes sure that others were answered meanwhile and that nothing is wrong with the answer. */
async function asked(method: string, path: string, asking: Asking): Promise<Answer> {
  const { result, longest } = await watching(server, () => server.ask(method, path, asking))
  expect(fault(result)).toBe('')
  expect(longest).toBeLessThan(PATIENCE)
  return result
}

describe('what is nested too deeply is refused:', () => {
  const depths = [65, 500, 5000, 100_000]
  const nests: readonly (readonly [string, string, string, string])[] = [
    ['extensions', 'Patient', '{"resourceType":"Patient","extension":[{"url":"x","extension":[', ']}]}'],
    ['arrays', 'Patient', '[', ']'],
    ['objects', 'Patient', '{"resourceType":', '}'],
    ['contained resources', 'Patient', '{"resourceType":"Patient","contained":[', ']}'],
    ['items', 'Questionnaire', '{"resourceType":"Questionnaire","status":"draft","item":[', ']}'],
    ['bundles', '', '{"resourceType":"Bundle","type":"batch","entry":[{"resource":', '}]}'],
    ['parts', '$meta', '{"resourceType":"Parameters","parameter":[{"name":"x","part":[', ']}]}'],
  ]
  test.each(nests)('%s', async (_, path, open, close) => {
    for (const depth of depths) {
      const body = `${open.repeat(depth)}${close.repeat(depth)}`
      if (body.length > 15 * MiB) continue
      const { status } = await asked('POST', path, { body })
      expect([depth, status]).toEqual([depth, 400])
    }
    // never closed: no less deep
    expect((await asked('POST', path, { body: open.repeat(10_000) })).status).toBe(400)
  })

  test('in a patch, by what it adds as by where', async () => {
    const { body } = await server.ask('POST', 'Patient', { body: { resourceType: 'Patient', active: true } })
    const headers = { 'content-type': 'application/json-patch+json' }
    const deep = `${'{"extension":['.repeat(30)}{"url":"x"}${']}'.repeat(30)}`
    const steps = Array.from(
      { length: 20 },
      (_, i) => `{"op":"add","path":"${'/extension/0'.repeat(i * 3)}/extension","value":[${deep}]}`,
    )
    const { status } = await asked('PATCH', `Patient/${body.id}`, { headers, body: `[${steps.join(',')}]` })
    expect([400, 422]).toContain(status)
    const far = `[{"op":"add","path":"${'/extension/0'.repeat(100_000)}","value":1}]`
    expect([400, 422]).toContain((await asked('PATCH', `Patient/${body.id}`, { headers, body: far })).status)
    const growing = Array.from({ length: 60 }, () => '{"op":"copy","from":"/extension","path":"/extension/-"}').join(
      ',',
    )
    const doubling = `[{"op":"add","path":"/extension","value":[{"url":"x"}]},${growing}]`
    expect([400, 422]).toContain((await asked('PATCH', `Patient/${body.id}`, { headers, body: doubling })).status)
  })
})

describe('what is too large is refused:', () => {
  test('a body of the limit and a byte is 413, declared or in chunks', async () => {
    const body = Buffer.alloc(16 * MiB + 1, 0x20)
    expect((await asked('POST', 'Patient', { body })).status).toBe(413)
    const { result, longest } = await watching(server, () => chunked(body))
    expect(result.slice(0, 12)).toBe('HTTP/1.1 413')
    expect(longest).toBeLessThan(PATIENCE)
  })

  test('a body of exactly the limit is read', async () => {
    const start = '{"resourceType":"Patient","active":true}'
    const body = Buffer.concat([Buffer.from(start), Buffer.alloc(16 * MiB - start.length, 0x20)])
    expect((await asked('POST', 'Patient', { body })).status).toBe(201)
  })

  const entry = '{"request":{"method":"POST","url":"Basic"},"resource":{"resourceType":"Basic","code":{"text":"x"}}}'
  test.each(['batch', 'transaction'])('a %s of more entries than the limit', async type => {
    const body = `{"resourceType":"Bundle","type":"${type}","entry":[${Array.from({ length: 5001 }, () => entry).join(',')}]}`
    const { status, text } = await asked('POST', '', { body })
    expect([413, 422]).toContain(status)
    expect(text).toContain('5000')
    expect((await server.ask('GET', 'Basic?_summary=count')).body.total).toBe(0)
  })

  test('100,000 entries of nothing', async () => {
    for (const empty of ['{}', '0', 'null', '{"request":{}}', '[]']) {
      const body = `{"resourceType":"Bundle","type":"transaction","entry":[${Array.from({ length: 100_000 }, () => empty).join(',')}]}`
      expect([400, 413, 422]).toContain((await asked('POST', '', { body })).status)
    }
  })

  test('100,000 elements that are not there, and as many values where one is expected', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `"x${i}":1`).join(',')
    expect((await asked('POST', 'Patient', { body: `{"resourceType":"Patient",${names}}` })).status).toBe(422)
    const values = Array.from({ length: 100_000 }, () => '1').join(',')
    expect((await asked('POST', 'Patient', { body: `{"resourceType":"Patient","active":[${values}]}` })).status).toBe(
      422,
    )
    expect(
      (await asked('POST', 'Patient', { body: `{"resourceType":"Patient","name":[{"given":[${values}]}]}` })).status,
    ).toBe(422)
  })

  test('a batch of the limit is answered, and others are answered meanwhile', { timeout: 60_000 }, async () => {
    const search = '{"request":{"method":"GET","url":"Basic?code=x&_count=1"}}'
    const body = `{"resourceType":"Bundle","type":"batch","entry":[${Array.from({ length: 5000 }, () => search).join(',')}]}`
    const { result, longest } = await watching(server, () => server.ask('POST', '', { body }))
    expect(result.status).toBe(200)
    expect(result.body.entry).toHaveLength(5000)
    expect(longest).toBeLessThan(PATIENCE)
  })
})

describe('what is large and allowed is kept:', () => {
  test('a string of a million characters', async () => {
    for (const text of ['x'.repeat(1_000_000), '林'.repeat(330_000), ' x'.repeat(500_000), '-'.repeat(1_000_000)]) {
      const { status, body } = await asked('POST', 'Patient', { body: { resourceType: 'Patient', name: [{ text }] } })
      expect(status).toBe(201)
      expect((await server.ask('GET', `Patient/${body.id}`)).body.name[0].text).toBe(text)
    }
  })

  test('10,000 identifiers, by each of which it is found', async () => {
    const identifier = Array.from({ length: 10_000 }, (_, i) => ({ system: 'urn:many', value: `m${i}` }))
    const { status, body } = await asked('POST', 'Patient', { body: { resourceType: 'Patient', identifier } })
    expect(status).toBe(201)
    for (const value of ['m0', 'm5000', 'm9999']) {
      const found = await server.ask('GET', `Patient?identifier=urn:many|${value}&_elements=id`)
      expect(found.body.entry.map((each: { resource: { id: string } }) => each.resource.id)).toEqual([body.id])
    }
  })
})

describe('what is long is found, and holds up no search:', () => {
  const ids = (answer: Answer) =>
    ((answer.body.entry ?? []) as { resource: { id: string } }[]).map(({ resource }) => resource.id)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  test('an identifier, a name and a uri of thousands of characters, told from others that begin alike', async () => {
    const long = 'y'.repeat(5000)
    const make = async (end: string) => {
      const resource = {
        resourceType: 'Patient',
        identifier: [{ system: `urn:${long}${end}`, value: `${long}${end}` }],
        name: [{ family: `${long}${end}` }],
        meta: { profile: [`urn:${long}${end}`] },
      }
      return (await server.ask('POST', 'Patient', { body: resource })).body.id as string
    }
    const [a, b] = [await make('a'), await make('b')]
    const found = async (query: string) =>
      ids(await server.ask('POST', 'Patient/_search', { body: query, headers: form }))
    for (const query of ['identifier=', 'family:exact=', '_profile=urn:', `identifier=urn:${long}a|`])
      expect([query.slice(0, 20), await found(`${query}${long}a`)]).toEqual([query.slice(0, 20), [a]])
    expect((await found(`family=${'y'.repeat(500)}`)).sort()).toEqual([a, b].sort())
    expect((await found(`family=${long}`)).sort()).toEqual([a, b].sort())
    expect(await found(`identifier=${'y'.repeat(4999)}`)).toEqual([])
    const again = await server.ask('POST', 'Patient', {
      body: { resourceType: 'Patient' },
      headers: { 'if-none-exist': `identifier=${long}b` },
    })
    expect([again.status, again.body.id]).toEqual([200, b])
  })

  test('a text of fourteen million characters', { timeout: 60_000 }, async () => {
    const text = 'z'.repeat(14_000_000)
    const body = {
      resourceType: 'Patient',
      name: [{ text }],
      identifier: [{ value: text }],
      managingOrganization: { reference: `http://x/${'z'.repeat(1000)}` },
    }
    expect((await asked('POST', 'Patient', { body: { ...body, identifier: [] } })).status).toBe(422)
    expect((await asked('POST', 'Patient', { body: { ...body, identifier: undefined } })).status).toBe(201)
    expect((await asked('POST', 'Patient', { body: { ...body, name: undefined } })).status).toBe(201)
    const { whole } = await watching(server, async () => {
      for (let i = 0; i < 200; i++) await server.ask('GET', `Patient?name=zy${i}&identifier=zzza${i}&_count=1`)
    })
    expect(whole).toBeLessThan(2000)
  })

  test('a resource of more values than one may have', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 700_000 }, (_, i) => `{"value":"${i}"}`).join(',')
    const { status, text } = await asked('POST', 'Patient', {
      body: `{"resourceType":"Patient","identifier":[${many}]}`,
    })
    expect(status).toBe(422)
    expect(text).toContain('300000')
    const words = Array.from({ length: 2_000_000 }, (_, i) => `"w${i % 1000}"`).join(',')
    expect(
      (await asked('POST', 'Patient', { body: `{"resourceType":"Patient","name":[{"given":[${words}]}]}` })).status,
    ).toBe(422)
  })
})

describe('a body that explodes when it is inflated is 413:', () => {
  const zeros = Buffer.alloc(200 * MiB, 0x20)
  test.each([
    ['gzip', () => gzipSync(zeros)],
    ['deflate', () => deflateSync(zeros)],
    ['br', () => brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })],
  ] as const)('%s', async (encoding, compress) => {
    const body = compress()
    expect(body.length).toBeLessThan(MiB)
    expect((await asked('POST', 'Patient', { body, headers: { 'content-encoding': encoding } })).status).toBe(413)
  })

  test('a bomb in a bomb is only opened once, a truncated or false one is 400', async () => {
    const twice = gzipSync(gzipSync(zeros))
    const status = async (body: Buffer, encoding: string) =>
      (await asked('POST', 'Patient', { body, headers: { 'content-encoding': encoding } })).status
    expect(await status(twice, 'gzip')).toBe(400)
    expect(await status(twice, 'gzip, gzip')).toBe(415)
    const small = gzipSync('{"resourceType":"Patient"}')
    expect(await status(small, 'gzip')).toBe(201)
    expect(await status(small.subarray(0, -5), 'gzip')).toBe(400)
    expect(await status(small, 'deflate')).toBe(400)
    expect(await status(small, 'br')).toBe(400)
    expect(await status(Buffer.from('{"resourceType":"Patient"}'), 'gzip')).toBe(400)
    for (const encoding of ['compress', 'zstd', '__proto__', 'constructor', 'toString'])
      expect(await status(small, encoding)).toBe(415)
  })
})

describe('a body is not what the headers say:', () => {
  const text = '{"resourceType":"Patient"}'
  const post = (headers: string, body: string) =>
    `POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nConnection: close\r\n${headers}\r\n\r\n${body}`

  test.each([
    ['a length that is too small', post('Content-Length: 10', text), '400'],
    ['two lengths', post('Content-Length: 26\r\nContent-Length: 27', text), '400'],
    [
      'a length and chunks',
      post('Content-Length: 26\r\nTransfer-Encoding: chunked', `1a\r\n${text}\r\n0\r\n\r\n`),
      '400',
    ],
    ['a length that is no number', post('Content-Length: 0x1a', text), '400'],
    ['a negative length', post('Content-Length: -1', text), '400'],
    ['a length beyond all numbers', post('Content-Length: 99999999999999999999999', text), '4'],
    ['a length beyond the limit', post('Content-Length: 999999999999', text), '413'],
    ['a chunk that is no chunk', post('Transfer-Encoding: chunked', `zz\r\n${text}\r\n0\r\n\r\n`), '400'],
    ['a chunk of enormous length', post('Transfer-Encoding: chunked', `fffffffffffffffff\r\n${text}`), '400'],
    ['an unknown transfer coding', post('Transfer-Encoding: xchunked', text), '4'],
    ['chunks as they should be', post('Transfer-Encoding: chunked', `1a\r\n${text}\r\n0\r\n\r\n`), '201'],
    ['no body at all', post('Content-Length: 0', ''), '400'],
    ['a header without a colon', post('Nonsense', text), '400'],
    ['a space before a header', post(' Content-Length: 26', text), '4'],
  ])('%s', async (_, request, status) => {
    const { result: said, longest } = await watching(server, () => server.raw(request))
    expect(said.slice(0, 12)).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`))
    expect(longest).toBeLessThan(PATIENCE)
  })

  test('a length that is too large leaves the connection waiting, and nobody else', async () => {
    const sockets = Array.from({ length: 100 }, () => connect(server.port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => {}).write(post('Content-Length: 1000', text))
    const { longest } = await watching(server, () => server.ask('GET', 'Patient?_count=1'))
    expect(longest).toBeLessThan(PATIENCE)
    for (const socket of sockets) socket.destroy()
  })

  test.each([
    ['application/fhir+json; charset=utf-7', 415],
    ['application/fhir+json; charset=utf-16', 415],
    ['application/fhir+json; charset="UTF-8"', 201],
    ['application/fhir+json; charset=', 415],
    ['application/json', 201],
    ['application/fhir+json; fhirVersion=5.0', 415],
    ['application/fhir+json; fhirVersion=4.0', 201],
    ['application/fhir+xml', 415],
    ['text/plain', 415],
    ['text/html', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json-patch+json', 415],
    ['application/octet-stream', 415],
    ['', 415],
    ['/', 415],
    ['__proto__', 415],
    [`application/fhir+json;${'a=b;'.repeat(2000)}`, 201],
    [`application/fhir+json;${';'.repeat(8000)}`, 201],
  ])('Content-Type %s', async (contentType, status) => {
    const answer = await asked('POST', 'Patient', { body: text, headers: { 'content-type': contentType } })
    expect(answer.status).toBe(status)
  })
})

test('the server is none the worse for it', async () => {
  expect((await server.ask('GET', '/readyz')).status).toBe(200)
  expect(complaints(server)).toEqual([])
})

/** Sends a body in chunks, without saying how long it is. */
function chunked(body: Buffer): Promise<string> {
  const start =
    'POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
  return server.raw(
    Buffer.concat([Buffer.from(`${start}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
  )
}
