/**
 * Strings that have broken other servers, put wherever a client can put a string: kept as they came, or refused.
 * https://hl7.org/fhir/R4/security.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaints, fault, runServer, type Answer, type Running } from '../help/running-server.ts'

let server: Running
let id: string
beforeAll(async () => {
  server = await runServer()
  const { body } = await server.ask('POST', 'Patient', {
    body: { resourceType: 'Patient', active: true, name: [{ text: '林怡君' }] },
  })
  id = body.id as string
})
afterAll(() => server.end())

const naughty: readonly string[] = [
  "' OR '1'='1", "'; DROP TABLE version; --", '" OR ""="', "') OR 1=1 --", "x' UNION ALL SELECT 1,2,3 --", "x'); DELETE FROM entry; --", "'||(SELECT 1)||'", '%', '_', '%%_%', '\\%', '*', '"*" NEAR("a" "b")',
  '{"$ne":null}', '{"$gt":""}', '{"$where":"sleep(1000)"}', '$where', 'a.$b', '[$regex]=.*', '[object Object]', 'true, $where: 1',
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "javascript:alert('x')", '<!--', ']]>', '<![CDATA[x]]>', '&lt;', '&#x27;', '<svg/onload=alert(1)>', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  '../../../../etc/passwd', '..\\..\\boot.ini', '/etc/passwd', 'file:///etc/passwd', 'C:\\', '\\\\host\\share', 'CON', 'NUL', '.', '..', '...', '~', './-', '%2e%2e%2f', '%252e%252e', '%00',
  '%s%s%s%n', '%x%d', '{0}', '{{7*7}}', '${7*7}', '#{7*7}', '<%= 7*7 %>', '$(id)', '`id`', '; ls -la', '| cat', '&& id', '${jndi:ldap://127.0.0.1/a}', '\\u0027', '\\x27', '\\n', '\\',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'then', 'length', 'resourceType', 'null', 'undefined', 'NaN', 'Infinity', 'true', 'false', 'None', '0', '-1', '1e309', '0x10',
  '012', '9223372036854775808', '1,000', '1/0', 'NULL', 'nil', '()', '[]', '{}', '!', '|', '||', '|x', 'x|', 'a|b|c', '\\|', ',', ',,', '\\,', '$', '\\$', '$$', ':', '::', ';', '&', '=', '+', '?', '#', '@', '^', '~1', '~0',
  '\u202eabc\u202c', '\u200f', '\u200b', '\u2060', '\ufeff', '\u00ad', '\u2028', '\u2029', '\u0085', '\u00a0', '\u3000', '\u180e', '\u061c\u0628', 'مرحبا', 'שלום', 'ﷺ', '﷽',
  '👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '👍🏽', '🇹🇼', 'Ω≈ç√∫˜µ≤≥÷', 'ÅÍÎÏ˝ÓÔÒÚÆ☃', 'İIıi', 'ß', 'ſ', 'ǆ', 'K', '①Ⅳ', 'ｆｕｌｌ', '𝕳𝖆', 'e\u0301\u0301\u0301', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A', '㐀𠀀𪛖', '\u{10fffd}', '\ufffe', '\uffff', '\ufdd0',
  'a\r\nSet-Cookie: x=1', 'a\nb', 'a\tb', '\r', '\u007f', '\u0080', 'a\u0000b', '\u0000', '\u0001', '\u001b[31mred', '\u0008', ' ', '  x  ', ' lead', 'trail ', '\t', '\n', 'x'.repeat(300), '林'.repeat(300), "'".repeat(300), '('.repeat(300), '\\'.repeat(300), '"'.repeat(300), ',|$'.repeat(100),
] // prettier-ignore

/** Asks with each string; gives what was wrong with the answers. `fine` are the statuses that may come. */
async function trouble(
  send: (text: string) => Promise<Answer | undefined>,
  fine: readonly number[],
  also: (answer: Answer, text: string) => string | Promise<string> = () => '',
): Promise<string[]> {
  const faults: string[] = []
  const one = async (text: string) => {
    const answer = await send(text)
    if (!answer) return
    const wrong =
      fault(answer, text) ||
      (fine.includes(answer.status)
        ? await also(answer, text)
        : `${answer.status} for ${JSON.stringify(text)}: ${answer.text.slice(0, 200)}`)
    if (wrong) faults.push(wrong)
  }
  for (let i = 0; i < naughty.length; i += 16) await Promise.all(naughty.slice(i, i + 16).map(one))
  return faults
}

const encoded = encodeURIComponent

describe('a naughty string is kept as it came, or refused,', () => {
  // FHIR forbids these in a string; https://hl7.org/fhir/R4/datatypes.html#string
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

  test('in every text of a resource', async () => {
    const found = await trouble(
      text =>
        server.ask('POST', 'Patient', {
          body: {
            resourceType: 'Patient',
            identifier: [{ system: `urn:x`, value: text }],
            name: [{ text, family: text, given: [text] }],
            address: [{ city: text }],
            contact: [{ name: { text } }],
            extension: [{ url: 'urn:x', valueString: text }],
            communication: [{ language: { text, coding: [{ code: 'zh', display: text }] } }],
          },
        }),
      [201, 400, 422],
      async ({ status, body }, text) => {
        if (status !== 201)
          return forbidden.test(text) || text.trim() === ''
            ? ''
            : `refused: ${JSON.stringify(text)} ${JSON.stringify(body)}`
        const { body: read } = await server.ask('GET', `Patient/${body.id}`)
        const all = [
          read.identifier[0].value,
          read.name[0].text,
          read.name[0].family,
          read.name[0].given[0],
          read.address[0].city,
          read.contact[0].name.text,
          read.extension[0].valueString,
          read.communication[0].language.coding[0].display,
        ]
        return all.every(each => each === text) ? '' : `not kept: ${JSON.stringify(text)} ${JSON.stringify(all)}`
      },
    )
    expect(found).toEqual([])
  })

  test('in codes, URIs, references, dates and tags', async () => {
    const found = await trouble(
      text =>
        server.ask('POST', 'Observation', {
          body: {
            resourceType: 'Observation',
            meta: { tag: [{ system: text, code: text }], profile: [text], source: text },
            status: text,
            code: { coding: [{ system: text, code: text, version: text }] },
            subject: { reference: text, type: text },
            effectiveDateTime: text,
            valueQuantity: { value: 1, unit: text, system: text, code: text },
            component: [{ code: { text }, valuePeriod: { start: text, end: text } }],
          },
        }),
      [201, 400, 422],
    )
    expect(found).toEqual([])
  })

  test('in names of elements', async () => {
    const found = await trouble(
      text =>
        server.ask('POST', 'Patient', {
          body: `{"resourceType":"Patient",${JSON.stringify(text)}:"x","name":[{${JSON.stringify(text)}:{"x":1}}]}`,
        }),
      [400, 422],
    )
    expect(found).toEqual([])
  })

  test('as an identifier, by which it is then found, and nothing else', async () => {
    const found = await trouble(
      async text => {
        if (forbidden.test(text)) return undefined
        const escaped = text.replace(/[\\,|$]/g, '\\$&')
        const search = await server.ask('GET', `Patient?identifier=${encoded(`urn:x|${escaped}`)}&_count=50`)
        return search
      },
      [200, 400, 422],
      ({ status, body }, text) => {
        if (status !== 200) return text.trim() === '' ? '' : `refused: ${JSON.stringify(text)}`
        const values = (body.entry ?? []).map(
          (entry: { resource: { identifier: { value: string }[] } }) => entry.resource.identifier[0]!.value,
        ) as string[]
        if (text.trim() === '') return ''
        return values.length === 1 && values[0] === text
          ? ''
          : `${JSON.stringify(text)} finds ${JSON.stringify(values)}`
      },
    )
    expect(found).toEqual([])
  })
})

describe('a naughty string is answered 200 or refused in a search, with every kind of parameter:', () => {
  const places: readonly (readonly [string, (text: string) => string])[] = [
    ['string', text => `Patient?name=${text}`],
    [':exact', text => `Patient?name:exact=${text}`],
    [':contains', text => `Patient?name:contains=${text}`],
    ['token', text => `Observation?code=${text}`],
    [':text', text => `Observation?code:text=${text}`],
    [':not', text => `Observation?status:not=${text}`],
    [':missing', text => `Patient?name:missing=${text}`],
    [':of-type', text => `Patient?identifier:of-type=${text}`],
    [':in', text => `Observation?code:in=${text}`],
    ['date', text => `Patient?birthdate=${text}`],
    ['reference', text => `Observation?subject=${text}`],
    ['reference of a type', text => `Observation?subject:Patient=${text}`],
    [':identifier', text => `Observation?subject:identifier=${text}`],
    ['number', text => `RiskAssessment?probability=${text}`],
    ['quantity', text => `Observation?value-quantity=${text}`],
    ['uri', text => `ValueSet?url=${text}`],
    [':below', text => `ValueSet?url:below=${text}`],
    ['composite', text => `Observation?code-value-quantity=${text}`],
    ['near', text => `Location?near=${text}`],
    ['_id', text => `Patient?_id=${text}`],
    ['_lastUpdated', text => `Patient?_lastUpdated=${text}`],
    ['_text', text => `Patient?_text=${text}`],
    ['_content', text => `Patient?_content=${text}`],
    ['_filter', text => `Patient?_filter=${text}`],
    ['a value in _filter', text => `Patient?_filter=name%20co%20%22${text}%22`],
    ['chain', text => `Observation?subject.name=${text}`],
    ['_has', text => `Patient?_has:Observation:subject:code=${text}`],
    ['_sort', text => `Patient?_sort=${text}`],
    ['_include', text => `Observation?_include=${text}`],
    ['_revinclude', text => `Patient?_revinclude=${text}`],
    ['_elements', text => `Patient?_elements=${text}`],
    ['_summary', text => `Patient?_summary=${text}`],
    ['_total', text => `Patient?_total=${text}`],
    ['_count', text => `Patient?_count=${text}`],
    ['_contained', text => `Patient?_contained=${text}`],
    ['_list', text => `Patient?_list=${text}`],
    ['_type', text => `?_type=${text}&_count=1`],
    ['_format', text => `Patient?_format=${text}`],
    ['a cursor', text => `Patient?_cursor=${text}`],
    ['_since', text => `Patient/_history?_since=${text}`],
    ['_at', text => `Patient/_history?_at=${text}`],
    ['the name', text => `Patient?${text}=x`],
    ['the modifier', text => `Patient?name:${text}=x`],
    ['the chained name', text => `Observation?subject.${text}=x`],
    ['the chained type', text => `Observation?subject:${text}.name=x`],
    ['the name in _has', text => `Patient?_has:Observation:subject:${text}=x`],
    ['the type in _has', text => `Patient?_has:${text}:subject:code=x`],
  ]
  test.each(places)('%s', async (_, place) => {
    const found = await trouble(text => server.ask('GET', place(encoded(text))), [200, 400, 404, 406, 410, 422])
    expect(found).toEqual([])
  })

  test('the whole of a form sent to _search', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(
      await trouble(
        text =>
          server.ask('POST', 'Patient/_search', { body: `name=${encoded(text)}&${encoded(text)}`, headers: form }),
        [200, 400, 422],
      ),
    ).toEqual([])
    // not encoded at all
    expect(
      await trouble(text => server.ask('POST', 'Patient/_search', { body: text, headers: form }), [200, 400, 422]),
    ).toEqual([])
  })
})

describe('a naughty string is 400, 404 or 405', () => {
  const fine = [400, 404, 405, 410, 422]
  const whole = /^[.]{1,2}$/
  test.each([
    ['as an id', 'GET', (text: string) => `Patient/${text}`],
    ['as a type', 'GET', (text: string) => `${text}/1`],
    ['as a version', 'GET', (text: string) => `Patient/${id}/_history/${text}`],
    ['as an operation', 'GET', (text: string) => `$${text}`],
    ['as an operation of a type', 'POST', (text: string) => `Patient/$${text}`],
    ['as an operation of a resource', 'GET', (text: string) => `Patient/${id}/$${text}`],
    ['as a compartment', 'GET', (text: string) => `Patient/${id}/${text}`],
    ['as a tenant', 'GET', (text: string) => `/t/${text}/fhir/Patient`],
    ['as an id to delete', 'DELETE', (text: string) => `Patient/${text}`],
    ['before the base', 'GET', (text: string) => `/${text}/fhir/metadata`],
  ] as const)('%s', async (_, method, path) => {
    const found = await trouble(
      // a path that ends in dots or nothing is another path
      async text => (whole.test(text) ? undefined : server.ask(method, path(encoded(text)))),
      method === 'DELETE' ? [...fine, 204] : [...fine, 200],
      ({ status, text: answered }, text) =>
        status === 200 && !/^[*\s]*$|^\$?meta$/.test(text) ? `200 for ${text}: ${answered.slice(0, 200)}` : '',
    )
    expect(found).toEqual([])
  })

  test('as the id of a new resource, unless it is an id', async () => {
    const found = await trouble(
      async text =>
        whole.test(text)
          ? undefined
          : server.ask('PUT', `Basic/${encoded(text)}`, {
              body: { resourceType: 'Basic', id: text, code: { text: 'x' } },
            }),
      [201, 200, 400, 404, 405, 422],
      ({ status }, text) =>
        status >= 400 || /^[A-Za-z0-9.-]{1,64}$/.test(text) ? '' : `${status} for the id ${JSON.stringify(text)}`,
    )
    expect(found).toEqual([])
  })

  test('as a path that is not encoded', async () => {
    for (const path of [
      'GET /fhir/../../etc/passwd',
      'GET /fhir/Patient/../../../x',
      'GET /../fhir/metadata',
      'GET /fhir//etc/passwd',
      'GET //fhir/Patient',
      'GET /fhir/Patient/%',
      'GET /fhir/Patient/%zz',
      'GET /fhir/Patient/%c0%af',
      'GET /fhir/Patient/%2e%2e',
      'GET /fhir/Patient/..%2f..%2fetc',
      'GET /fhir/Patient/a%00b',
      'GET /fhir/Patient/%0d%0aX: y',
      'GET /fhir/Patient;x=1',
      'GET /fhir/Patient?%',
      'GET /fhir/Patient?name=%',
      'GET /fhir/Patient?name=%c0%af',
      'GET /fhir/Patient?&&&=&=',
      'GET /fhir/Patient?=x',
      'GET /fhir/?',
      'GET /fhir/Patient/a/b/c/d/e/f',
      'GET http://elsewhere.example/fhir/Patient',
      'GET *',
      'OPTIONS *',
      'GET /fhir/Patient?name=a#b',
      'GET /fhir/Pa\ttient',
      'GET /fhir/林',
      'GET /t//fhir/Patient',
      'GET /t/../fhir/Patient',
      'GET /t/%2e%2e/fhir/Patient',
      'GET /t/__proto__/fhir/Patient',
      'BREW /fhir/Patient',
      'TRACE /fhir/Patient',
      'CONNECT 127.0.0.1:22',
    ]) {
      const said = await server.raw(`${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
      expect([path, said]).toEqual([
        path,
        expect.not.stringMatching(/^HTTP\/1\.1 5|node_modules|\bat .*:\d+:\d+|root:/),
      ])
    }
  })
})

describe('a naughty string never harms in the header', () => {
  const visible = (text: string) => Buffer.from(text).toString('latin1')
  const sendable = (text: string) => /^[\t\x20-\x7e\x80-\xff]*$/.test(visible(text))
  const statuses = [200, 201, 204, 304, 400, 401, 404, 406, 409, 412, 415, 422]
  test.each([
    ['If-Match', 'PUT'],
    ['If-None-Match', 'GET'],
    ['If-None-Match', 'PUT'],
    ['If-None-Exist', 'POST'],
    ['If-Modified-Since', 'GET'],
    ['Prefer', 'POST'],
    ['Prefer', 'GET'],
    ['Accept', 'GET'],
    ['Content-Type', 'POST'],
    ['Content-Encoding', 'POST'],
    ['X-Request-Id', 'GET'],
    ['Authorization', 'GET'],
    ['Origin', 'GET'],
    ['X-Forwarded-Host', 'POST'],
    ['Forwarded', 'POST'],
    ['Accept-Charset', 'GET'],
    ['Cookie', 'GET'],
    ['X-Security-Context', 'POST'],
    ['Referer', 'GET'],
    ['traceparent', 'GET'],
    ['X-HTTP-Method-Override', 'GET'],
  ] as const)('%s of a %s', async (header, method) => {
    const found = await trouble(
      async text =>
        sendable(text)
          ? server.ask(method, method === 'POST' ? 'Patient' : `Patient/${id}`, {
              headers: { [header]: visible(text) },
              ...(method === 'GET'
                ? {}
                : { body: { resourceType: 'Patient', ...(method === 'PUT' ? { id } : {}), active: true } }),
            })
          : undefined,
      statuses,
      ({ headers }) =>
        Object.entries(headers).some(([, value]) => /[\r\n]|script|elsewhere/.test(String(value))) ||
        headers['set-cookie']
          ? `headers: ${JSON.stringify(headers)}`
          : '',
    )
    expect(found).toEqual([])
  })

  test('Host: it makes no link of ours, unless it is a host', async () => {
    for (const host of [
      'a b',
      '<script>',
      "x'y",
      'x/y',
      'x?y',
      'x@y',
      'x:99999999',
      '',
      'ex%0aample',
      '[::1',
      '..',
      'x'.repeat(5000),
    ]) {
      const said = await server.raw(`GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const status = Number(said.slice(9, 12))
      expect([host.slice(0, 50), status < 500]).toEqual([host.slice(0, 50), true])
      if (status === 200) expect(said).not.toMatch(/<script>|x'y|x@y/)
    }
  })
})

test('the server is none the worse for it', async () => {
  expect((await server.ask('GET', '/readyz')).status).toBe(200)
  expect((await server.ask('GET', `Patient/${id}`)).status).toBe(200)
  expect(complaints(server)).toEqual([])
})
