import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guardedFetch } from '../../src/net/guarded-fetch.ts'
import { followOutside, makeOutside, type Fetch } from '../../src/terminology/outside.ts'
import { valueSet, withOnly } from './parts.ts'

/** A small terminology server: what it answers with, and what it was asked. */
let server: Server
let base = ''
let asked: { path: string; names: Record<string, unknown> }[] = []
let reply: (path: string) => { status?: number; body: unknown; wait?: number } = () => ({ body: {} })

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { parameter } = JSON.parse(Buffer.concat(parts).toString()) as { parameter: Record<string, unknown>[] }
      asked.push({
        path: request.url!,
        names: Object.fromEntries(parameter.map(({ name, ...value }) => [String(name), Object.values(value)[0]])),
      })
      const { status = 200, body, wait = 0 } = reply(request.url!)
      setTimeout(
        () => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)),
        wait,
      ).unref()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r4`
})
afterAll(() => new Promise(resolve => server.close(resolve)))
beforeEach(() => {
  asked = []
})

const allowed: Fetch = (url, options) => guardedFetch(url, { ...options, allow: ['127.0.0.1'] })
const parameters = (values: Record<string, unknown>) => ({
  resourceType: 'Parameters',
  parameter: Object.entries(values).map(([name, value]) => ({ name, [typeof value === 'boolean' ? 'valueBoolean' : 'valueString']: value })),
}) // prettier-ignore
const SNOMED = 'http://snomed.info/sct'
const diabetes = valueSet('urn:vs:diabetes', { include: [{ system: SNOMED, filter: [{ property: 'concept', op: 'is-a', value: '73211009' }] }] }) // prettier-ignore
const question = { system: SNOMED, code: '44054006', valueSet: 'urn:vs:diabetes' }

describe('another terminology server', () => {
  test('is asked for what is not known here, once', async () => {
    reply = () => ({ body: parameters({ result: true, display: 'Type 2 diabetes mellitus' }) })
    const outside = makeOutside({ url: base, fetch: allowed })
    const own = withOnly([diabetes], { outside: () => outside })
    const answers = await Promise.all([own.checkCode(question), own.checkCode(question)])
    expect(answers).toEqual(Array(2).fill({ result: 'yes', system: SNOMED, display: 'Type 2 diabetes mellitus' }))
    await own.checkCode(question)
    expect(asked).toEqual([{ path: '/r4/ValueSet/$validate-code', names: { url: 'urn:vs:diabetes', system: SNOMED, code: '44054006' } }]) // prettier-ignore
  })

  test('is not asked for what is known here', async () => {
    const outside = makeOutside({ url: base, fetch: allowed })
    const own = withOnly([valueSet('urn:vs:a', { include: [{ system: 'urn:s', concept: [{ code: 'a' }] }] })], { outside: () => outside }) // prettier-ignore
    expect((await own.checkCode({ system: 'urn:s', code: 'b', valueSet: 'urn:vs:a' })).result).toBe('no')
    expect(asked).toEqual([])
  })

  test('its no is told as its own; what it does not know stays unknown', async () => {
    const outside = makeOutside({ url: base, fetch: allowed })
    const own = withOnly([diabetes], { outside: () => outside })
    reply = () => ({ body: parameters({ result: false, code: '1', message: 'Not in the set' }) })
    expect(await own.checkCode(question)).toMatchObject({ result: 'no', said: { en: 'The terminology server says: Not in the set' } }) // prettier-ignore
    reply = () => ({ body: parameters({ result: false, message: 'The value set could not be found' }) })
    expect((await own.checkCode({ ...question, code: '46635009' })).result).toBe('unknown')
  })

  test.each([
    ['errors', { status: 500, body: 'x' }],
    ['refusals', { status: 404, body: { resourceType: 'OperationOutcome' } }],
    ['text that is not JSON', { body: '<html>' }],
    ['JSON that means nothing', { body: [1, 2] }],
    ['other JSON', { body: { parameter: 5 } }],
    ['silence', { body: {}, wait: 60_000 }],
  ])('answering with %s makes nothing fail', async (_, answer) => {
    reply = () => answer
    const outside = makeOutside({ url: base, fetch: allowed, timeout: 200 })
    const own = withOnly([diabetes], { outside: () => outside })
    const started = performance.now()
    expect((await own.checkCode(question)).result).toBe('unknown')
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('that does not answer is left alone for a while, and then asked again', async () => {
    let now = 0
    reply = () => ({ status: 503, body: '' })
    const outside = makeOutside({ url: base, fetch: allowed, now: () => now })
    expect(await outside.check(question)).toBeUndefined()
    reply = () => ({ body: parameters({ result: true }) })
    expect(await outside.check(question)).toBeUndefined()
    expect(asked).toHaveLength(1)
    now = 31_000
    expect(await outside.check(question)).toMatchObject({ result: 'yes' })
  })

  test('answers are kept for a time, and not without end', async () => {
    let now = 0
    reply = () => ({ body: parameters({ result: true }) })
    const outside = makeOutside({ url: base, fetch: allowed, now: () => now, most: 2 })
    const ask = (code: string) => outside.check({ ...question, code })
    for (const code of ['1', '2', '3', '3', '1']) await ask(code)
    expect(asked).toHaveLength(4)
    now = 3_600_001
    await ask('1')
    expect(asked).toHaveLength(5)
  })

  test('completes :in, and makes :not-in possible', async () => {
    reply = () => ({ body: { resourceType: 'ValueSet', expansion: { total: 1, contains: [{ system: SNOMED, code: '44054006' }] } } }) // prettier-ignore
    const outside = makeOutside({ url: base, fetch: allowed })
    const own = withOnly([diabetes], { outside: () => outside })
    const told: string[] = []
    const codes = await own.expandForSearch({ valueSet: 'urn:vs:diabetes', whole: true }, text => told.push(text))
    expect([codes, told]).toEqual([[{ system: SNOMED, code: '44054006' }], []])
    expect(asked[0]!.path).toBe('/r4/ValueSet/$expand')
  })

  test('in a private network is not asked unless the operator allows the host', async () => {
    const outside = makeOutside({ url: base, fetch: guardedFetch })
    expect(await outside.check(question)).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('is followed when the setting changes', async () => {
    let url = ''
    const outside = followOutside(() => url, allowed)
    expect(outside()).toBeUndefined()
    url = base
    const first = outside()
    expect(outside()).toBe(first)
    url = `${base}/other`
    expect(outside()).not.toBe(first)
  })
})
