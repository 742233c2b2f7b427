/**
 * The canary harness over HTTP: the same two servers behind real sockets, so that every header is looked at as well: Location,
 * Content-Location, ETag, Last-Modified, Link, WWW-Authenticate, whatever there is.
 *
 * The battery, by number: S7, S8, S15 the headers of reads, versions, searches and writes; S9 Binary as it is; S10 $export at every
 * level, jobs of others; S12 page links of others; S20 faults of the store, and bodies that cannot be parsed.
 */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { A, B, CANARY, gone, id, other, own, ref, tokens, types } from './canary-records.ts'
import { serveCanaries, type Heard, type Served } from './canary-served.ts'

let whole: Served
let without: Served
beforeAll(async () => {
  whole = await serveCanaries([own, other], gone)
  without = await serveCanaries([own], [])
}, 60_000)
afterAll(() => Promise.all([whole?.close(), without?.close()]))

// thousands of requests, on machines that do other things too
vi.setConfig({ testTimeout: 120_000 })

interface Asked {
  readonly method: string
  readonly url: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
const get = (url: string, headers: Readonly<Record<string, string>> = {}): Asked => ({ method: 'GET', url, headers })

/** What differs between two servers that were asked the same: address, times, keys, random ids. */
const still = (text: string) =>
  text
    .replace(/127\.0\.0\.1:\d+/g, 'HERE')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/_cursor=[A-Za-z0-9_-]+/g, '_cursor=LINK')
    .replace(/urn:uuid:[0-9a-f-]{36}/g, 'urn:uuid:RANDOM')
    .replace(/\/bulk\/[A-Za-z0-9_-]{22}/g, '/bulk/JOB')

const told = ({ status, headers, text }: Heard) => {
  // of every answer, and of links of other lengths
  const { date: _date, 'x-request-id': _id, 'content-length': _length, ...rest } = headers
  return still(`${status} ${JSON.stringify(rest)} ${text}`)
}

/** Asks both: the answers must be the same in all parts, and tell nothing that was not sent. */
async function same(as: string | undefined, requests: readonly Asked[]): Promise<string[]> {
  const faults: string[] = []
  for (const { method, url, body, headers = {} } of requests) {
    const [one, two] = await Promise.all(
      [whole, without].map(async world => told(await world.ask(method, url, { as, body, headers }))),
    )
    const sent = url + JSON.stringify(headers) + JSON.stringify(body ?? '')
    if (one !== two) faults.push(`${method} ${url}: ${difference(one!, two!)}`)
    const found = CANARY.exec(one!)
    if (found && !CANARY.test(sent) && !two!.includes(found[0])) faults.push(`${method} ${url}: tells ${found[0]}`)
  }
  return faults
}

function difference(one: string, two: string): string {
  let at = 0
  while (one[at] === two[at]) at++
  return `…${one.slice(Math.max(0, at - 60), at + 140)}… instead of …${two.slice(Math.max(0, at - 20), at + 140)}…`
}

const names = Object.keys(tokens)
/** Beside the tokens: none at all, and one whose time is over. */
const everybody: readonly (readonly [string, string | undefined])[] = [
  ...names.map(name => [name, name] as const),
  ['no token', undefined],
  ['an expired token', 'expired'],
]

describe.each(everybody)('%s', (_, as) => {
  const check = async (requests: readonly Asked[]) => expect((await same(as, requests)).slice(0, 8)).toEqual([])

  test('S7 S15: reads, versions and searches, with all their headers', () =>
    check(
      types.flatMap(type => [
        get(`${type}/${B.idOf(type)}`, { 'if-none-match': 'W/"1"' }),
        get(`${type}/${B.idOf(type)}`, { 'if-modified-since': 'Wed, 01 Jan 2020 00:00:00 GMT' }),
        { method: 'HEAD', url: `${type}/${B.idOf(type)}` },
        get(`${type}/${B.idOf(type)}/_history/1`),
        get(`${type}/${B.idOf(type)}-gone`),
        get(`${type}?_count=1&_total=accurate`),
      ]),
    ))

  test('S8: writes that are refused, with all their headers', () =>
    check(
      ['Observation', 'Condition', 'Patient', 'Basic', 'Group', 'Binary'].flatMap(type => {
        const body = { resourceType: type, id: B.idOf(type), subject: ref(B.patient) }
        const url = `${type}/${B.idOf(type)}`
        return [
          { method: 'PUT', url, body },
          { method: 'PUT', url, body, headers: { 'if-match': 'W/"1"', prefer: 'return=representation' } },
          { method: 'PUT', url, body, headers: { 'if-none-match': '*' } },
          { method: 'DELETE', url },
          { method: 'DELETE', url: `${url}-gone` },
          { method: 'PATCH', url, body: [], headers: { 'content-type': 'application/json-patch+json' } },
          { method: 'POST', url: type, body, headers: { 'if-none-exist': `_id=${B.idOf(type)}` } },
        ] satisfies Asked[]
      }),
    ))

  test('S9: a Binary as it is, and by the type of its content', () =>
    check(
      [`Binary/${B.idOf('Binary')}`, `Binary/${B.mark}-free`, `Binary/${B.idOf('Binary')}-gone`].flatMap(url =>
        ['*/*', 'application/pdf', 'text/plain', 'application/fhir+json'].flatMap(accept => [
          get(url, { accept }),
          get(url, { accept, range: 'bytes=0-10' }),
          { method: 'HEAD', url, headers: { accept } },
        ]),
      ),
    ))

  test('S10: exports at every level tell and hold the same as where the other record is not', async () => {
    const kicks = [
      '$export',
      '$export?_type=Patient,Observation,Group,Binary,Provenance&includeAssociatedData=RelevantProvenanceResources',
      '$export?_since=2000-01-01T00:00:00Z',
      'Patient/$export',
      'Patient/$export?organizeOutputBy=Patient',
      `Patient/$export?_typeFilter=${encodeURIComponent(`Observation?subject=${B.patient}`)}`,
      `Group/${B.idOf('Group')}/$export`,
      `Group/${B.mark}-group-two/$export`,
    ]
    for (const url of kicks) {
      const all = await Promise.all([whole, without].map(world => exported(world, url, as)))
      expect(all[0], url).toEqual(all[1])
      const found = CANARY.exec(all[0]!.join('\n'))
      if (found && !CANARY.test(url)) expect(all[1]!.join('\n'), url).toContain(found[0])
    }
    const named = {
      method: 'POST',
      url: 'Patient/$export',
      headers: { prefer: 'respond-async' },
      body: { resourceType: 'Parameters', parameter: [{ name: 'patient', valueReference: ref(B.patient) }] },
    }
    await check([named])
  })
})

/** What an export says and holds, line by line, in an order that does not depend on the other record. */
async function exported(world: Served, url: string, as: string | undefined): Promise<string[]> {
  const started = await world.ask('GET', url, { as, headers: { prefer: 'respond-async' } })
  if (started.status !== 202) return [told(started)]
  const status = String(started.headers['content-location'])
  const lines: string[] = [told(started)]
  for (;;) {
    const answer = await world.ask('GET', status, { as })
    if (answer.status === 202 || answer.status === 429) {
      await new Promise(resolve => setTimeout(resolve, 20))
      continue
    }
    const { output, deleted, error } = JSON.parse(answer.text) as Record<
      string,
      { url: string; type?: string; count: number }[]
    >
    for (const file of [...output!, ...deleted!, ...error!]) {
      const { text } = await world.ask('GET', file.url, { as })
      lines.push(`${file.type} ${file.count}`, ...text.split('\n').map(still))
    }
    await world.ask('DELETE', status, { as })
    return lines.sort()
  }
}

describe('S10: an export of another', () => {
  test('has no status, no file and no end for anybody else; who asked for it has them still', async () => {
    const started = await whole.ask('GET', '$export?_type=Patient,Observation', { as: 'all', headers: { prefer: 'respond-async' } }) // prettier-ignore
    const status = String(started.headers['content-location'])
    let answer: Heard
    do {
      await new Promise(resolve => setTimeout(resolve, 50))
      answer = await whole.ask('GET', status, { as: 'all' })
    } while (answer.status !== 200)
    const { output } = JSON.parse(answer.text) as { output: { url: string }[] }
    for (const [, as] of everybody) {
      const expected = as === undefined || as === 'expired' ? 401 : 404
      for (const url of [status, ...output.map(file => file.url)])
        for (const method of ['GET', 'HEAD', 'DELETE']) {
          const heard = await whole.ask(method, url, { as })
          // a file has no DELETE of its own
          expect([expected, ...(url === status ? [] : [404, 405])], `${method} ${url} as ${as}`).toContain(heard.status)
          expect(told(heard)).not.toMatch(CANARY)
          if (expected === 404 && url === status)
            expect(told(heard)).toBe(told(await whole.ask(method, `${whole.fhir}/bulk/${'x'.repeat(22)}`, { as })))
        }
    }
    expect((await whole.ask('GET', output[0]!.url, { as: 'all' })).text).toMatch(CANARY)
  })
})

describe('S12: a page link of another', () => {
  test.each([
    'Observation?_count=1',
    'Patient?_count=1&_sort=_lastUpdated',
    '_history?_count=1',
    'Patient/_history?_count=1',
  ])('%s', async url => {
    const first = await whole.ask('GET', url, { as: 'all' })
    const { link } = JSON.parse(first.text) as { link: { relation: string; url: string }[] }
    const next = link.find(({ relation }) => relation === 'next')!.url
    expect((await whole.ask('GET', next, { as: 'all' })).status).toBe(200)
    for (const [, as] of everybody) {
      const heard = await whole.ask('GET', next, { as })
      expect(heard.status, `${url} as ${as}`).toBeGreaterThanOrEqual(400)
      expect(heard.status).toBeLessThan(500)
      expect(told(heard)).not.toMatch(CANARY)
    }
  })
})

/** What stands in a reply only when something of the inside is told. */
const INSIDES =
  /\.ts\b|\.js:|SQLITE|SELECT |\bat [\w.<>]+ \(|node:|node_modules|\/home\/|\/tmp\/|\/work|file:\/\/|ERR_|errcode|SyntaxError|TypeError/

describe('S20: a fault', () => {
  const secret = new Error(
    `SQLITE_CORRUPT: ${B.mark}77 in SELECT json FROM resource at engine (${process.cwd()}/src/store/sqlite/engine.ts:12:3)`,
  )
  const asks: readonly Asked[] = [
    get(`Patient/${id}`),
    get(`Patient/${id}/_history/1`),
    get(`Patient/${id}/_history`),
    get('_history'),
    get('Observation?_include=*&_revinclude=*&_total=accurate'),
    get(`Observation?subject:Patient._id=${id}&_sort=date`),
    get(''),
    get(`Patient/${id}/$everything`),
    get(`Patient/${id}/Observation`),
    get(`Binary/${A.idOf('Binary')}`, { accept: 'text/plain' }),
    { method: 'HEAD', url: `Patient/${id}` },
    { method: 'POST', url: 'Patient/_search' },
    { method: 'POST', url: 'Patient', body: { resourceType: 'Patient' } },
    { method: 'POST', url: 'Patient', body: { resourceType: 'Patient' }, headers: { 'x-request-id': 'same-again' } },
    { method: 'POST', url: 'Patient', body: { resourceType: 'Patient' }, headers: { 'if-none-exist': 'name=x' } },
    { method: 'PUT', url: `Patient/${id}`, body: { resourceType: 'Patient', id } },
    { method: 'DELETE', url: `Basic/none` },
    {
      method: 'PATCH',
      url: `Patient/${id}`,
      body: [{ op: 'add', path: '/active', value: true }],
      headers: { 'content-type': 'application/json-patch+json' },
    },
    ...['batch', 'transaction'].map(type => ({
      method: 'POST',
      url: '',
      body: {
        resourceType: 'Bundle',
        type,
        entry: [
          { request: { method: 'GET', url: `Patient/${id}` } },
          { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        ],
      },
    })),
    get('$export', { prefer: 'respond-async' }),
    get('bulk/xxxxxxxxxxxxxxxxxxxxxx'),
  ]

  test.each(['read', 'readMany', 'readVersion', 'find', 'history', 'referrers', 'commit', 'records', 'every one'])(
    'of %s in the store tells nothing of it, and the next request is answered',
    async method => {
      let struck = 0
      for (const asked of asks) {
        whole.fault = name => (name === method || (method === 'every one' && name !== 'close') ? secret : undefined)
        const heard = await whole.ask(asked.method, asked.url, {
          as: 'all',
          headers: asked.headers ?? {},
          ...(asked.body === undefined ? {} : { body: asked.body }),
        })
        whole.fault = undefined
        if (heard.status === 500 || heard.text.includes('"500"') || heard.text.includes('500 ')) {
          struck++
          expect(told(heard), `${asked.method} ${asked.url}`).not.toMatch(CANARY)
          if (heard.text !== '') expect(heard.text).toMatch(/OperationOutcome/)
        }
        expect(told(heard), `${asked.method} ${asked.url}`).not.toMatch(INSIDES)
        expect((await whole.ask('GET', `Patient/${id}`, { as: 'all' })).status).toBe(200)
      }
      expect(struck, 'requests that met the fault').toBeGreaterThan(0)
    },
  )

  test('in the middle of an export fails the export, and says nothing of it', async () => {
    const started = await whole.ask('GET', '$export', { as: 'all', headers: { prefer: 'respond-async' } })
    whole.fault = name => (name === 'find' ? secret : undefined)
    let heard: Heard
    do {
      await new Promise(resolve => setTimeout(resolve, 50))
      heard = await whole.ask('GET', String(started.headers['content-location']), { as: 'all' })
    } while (heard.status === 202 || heard.status === 429)
    whole.fault = undefined
    expect(heard.status).toBe(500)
    expect(told(heard)).not.toMatch(CANARY)
    expect(told(heard)).not.toMatch(INSIDES)
  })

  test('in what was sent is told without a word of the inside', async () => {
    const json = 'application/fhir+json'
    const bodies: readonly (readonly [string, string])[] = [
      ['{', json],
      ['{"resourceType":"Patient",}', json],
      ['{"resourceType":"Patient","id":{"a":1}}', json],
      ['{"resourceType":"Patient","name":"x"}', json],
      ['[[[[[[[[[[', json],
      ['"', json],
      ['\u0000', json],
      ['{"resourceType":"Bundle","type":"transaction","entry":[{"request":7}]}', json],
      ['{"resourceType":"Parameters","parameter":7}', json],
      ['<Patient', 'application/fhir+xml'],
      ['x', 'application/x-nothing'],
      ['%%%', 'application/x-www-form-urlencoded'],
      ['[{"op":"test","path":"~"}]', 'application/json-patch+json'],
    ]
    const urls = [
      'Patient',
      '',
      `Patient/${id}`,
      'Patient/_search',
      'Patient/$validate',
      '$export',
      'Patient/%00',
      '%E0%A4%A',
    ]
    for (const [body, type] of bodies)
      for (const url of urls)
        for (const method of ['POST', 'PUT', 'PATCH']) {
          const heard = await whole.ask(method, url, { as: names[0]!, body, headers: { 'content-type': type, prefer: 'respond-async' } }) // prettier-ignore
          expect(heard.status, `${method} ${url} ${body}`).not.toBe(500)
          expect(told(heard), `${method} ${url} ${body}`).not.toMatch(INSIDES)
          expect(told(heard), `${method} ${url} ${body}`).not.toMatch(CANARY)
        }
    for (const url of [
      'Patient?name=%',
      'Patient?_cursor=x',
      'Patient?_filter=(',
      'Patient?_sort=%00',
      '%c0%ae%c0%ae/x',
      'bulk/..%2f..%2fstore.db',
      `bulk/${'x'.repeat(22)}/..%2f..%2f..%2fstore.db`,
    ]) {
      const heard = await whole.ask('GET', url, { as: names[0]! })
      expect(heard.status, url).toBeLessThan(500)
      expect(told(heard), url).not.toMatch(INSIDES)
    }
    expect(existsSync(whole.folder)).toBe(true)
  })
})
