/**
 * Names that mean something to JavaScript, in bodies, patches, queries, forms and paths: they change no object of the server.
 * https://cheatsheetseries.owasp.org/cheatsheets/Prototype_Pollution_Prevention_Cheat_Sheet.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fault } from '../help/running-server.ts'
import { serve, type Served } from '../http/serving.ts'

let server: Served
let id: string
// in this process, so that what is polluted shows here
beforeAll(async () => {
  server = await serve()
  id = (
    (await server.ask('POST', '/fhir/Patient', { body: { resourceType: 'Patient', active: true } })).body as {
      id: string
    }
  ).id
})
afterAll(() => server.close())

const names = ['Object', 'Array', 'String', 'Function', 'Map'] as const
const before = new Map(
  names.map(name => [name, Reflect.ownKeys((globalThis[name] as { prototype: object }).prototype).length]),
)

/** Sends it; the answer must be without fault, and nothing inherited anywhere. */
async function harmless(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const answer = await server.ask(method, path, { ...(body === undefined ? {} : { body }), headers })
  expect(fault({ ...answer, headers: {} }, `${path} ${body}`)).toBe('')
  const object: Record<string, unknown> = {}
  expect([object['polluted'], object['x'], ([] as unknown as typeof object)['polluted']]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  for (const [name, count] of before)
    expect([name, Reflect.ownKeys((globalThis[name] as { prototype: object }).prototype).length]).toEqual([name, count])
  expect(answer.text).not.toContain('"polluted"')
  return answer.status
}

const evil = [
  '"__proto__":{"polluted":true,"x":1}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"prototype":{"polluted":true}',
  '"__proto__":null',
  '"__proto__":[]',
  '"__proto__":"x"',
  '"__defineGetter__":1',
  '"hasOwnProperty":1',
  '"toString":1',
  '"valueOf":{}',
  '"toJSON":1',
  '"then":1',
  '"\\u005f_proto__":{"polluted":true}',
  '"isRawJSON":1',
  '"rawJSON":"1"',
]

describe('no object of the server is changed by', () => {
  test.each(evil)('a body with %s anywhere', async part => {
    for (const [type, text] of [
      ['Patient', `{"resourceType":"Patient",${part}}`],
      ['Patient', `{${part},"resourceType":"Patient"}`],
      ['Patient', `{"resourceType":"Patient","name":[{${part}}]}`],
      ['Patient', `{"resourceType":"Patient","meta":{${part}}}`],
      ['Patient', `{"resourceType":"Patient","_birthDate":{${part}}}`],
      ['Patient', `{"resourceType":"Patient","extension":[{"url":"x",${part}}]}`],
      ['Patient', `{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"a",${part}}]}`],
      [
        'Observation',
        `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00,${part}}}`,
      ],
    ]) {
      expect(await harmless('POST', `/fhir/${type}`, text)).toBe(422)
      expect([400, 422]).toContain(await harmless('PUT', `/fhir/${type}/p`, text))
    }
    expect([200, 400, 422]).toContain(
      await harmless(
        'POST',
        '/fhir',
        `{"resourceType":"Bundle","type":"batch",${part},"entry":[{"request":{"method":"POST","url":"Patient",${part}},"resource":{"resourceType":"Patient",${part}},${part}}]}`,
      ),
    )
    expect([400, 422]).toContain(
      await harmless(
        'POST',
        '/fhir',
        `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient",${part}}}]}`,
      ),
    )
    expect([200, 400, 422]).toContain(
      await harmless(
        'POST',
        `/fhir/Patient/${id}/$meta-add`,
        `{"resourceType":"Parameters",${part},"parameter":[{"name":"meta","valueMeta":{${part}}}]}`,
      ),
    )
  })

  test('a JSON Patch', async () => {
    const headers = { 'content-type': 'application/json-patch+json' }
    for (const path of [
      '/__proto__/polluted',
      '/__proto__',
      '/constructor/prototype/polluted',
      '/constructor',
      '/name/__proto__/polluted',
      '/meta/__proto__/polluted',
      '/meta/constructor/prototype/polluted',
      '/active/__proto__/polluted',
      '/~0__proto__',
      '/toString',
      '/hasOwnProperty',
      '/meta/tag/constructor/prototype/polluted',
    ]) {
      for (const op of ['add', 'replace', 'test', 'remove']) {
        const status = await harmless(
          'PATCH',
          `/fhir/Patient/${id}`,
          `[{"op":"${op}","path":"${path}","value":true}]`,
          headers,
        )
        expect([op, path, status === 400 || status === 422]).toEqual([op, path, true])
      }
      for (const op of ['copy', 'move']) {
        expect([400, 422]).toContain(
          await harmless('PATCH', `/fhir/Patient/${id}`, `[{"op":"${op}","from":"${path}","path":"/name"}]`, headers),
        )
        expect([400, 422]).toContain(
          await harmless('PATCH', `/fhir/Patient/${id}`, `[{"op":"${op}","from":"/meta","path":"${path}"}]`, headers),
        )
      }
    }
    for (const part of evil) {
      expect([400, 422]).toContain(
        await harmless(
          'PATCH',
          `/fhir/Patient/${id}`,
          `[{"op":"add","path":"/maritalStatus","value":{${part}}}]`,
          headers,
        ),
      )
      expect([400, 422]).toContain(await harmless('PATCH', `/fhir/Patient/${id}`, `[{${part}}]`, headers))
    }
  })

  test('a FHIRPath Patch', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'resourceType']) {
      for (const path of ['Patient', `Patient.${name}`, `Patient.\`${name}\``, 'Patient.meta']) {
        const parts = `{"name":"type","valueCode":"add"},{"name":"path","valueString":"${path}"},{"name":"name","valueString":"${name}"},{"name":"value","valueString":"polluted"}`
        expect([400, 422]).toContain(
          await harmless(
            'PATCH',
            `/fhir/Patient/${id}`,
            `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[${parts}]}]}`,
          ),
        )
      }
    }
  })

  test('a query, a form or a path', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const query of [
      '__proto__[polluted]=1',
      '__proto__.polluted=1',
      'constructor[prototype][polluted]=1',
      '__proto__=x',
      'constructor=x',
      'toString=x',
      'name[__proto__]=x',
      'name:__proto__=x',
      'name:constructor=x',
      'name:toString=x',
      'subject:__proto__.name=x',
      '_has:__proto__:x:y=1',
      '_has:Observation:__proto__:y=1',
      '_has:Observation:subject:__proto__=1',
      '_sort=__proto__',
      '_sort=constructor',
      '_include=Patient:__proto__',
      '_include=__proto__:x',
      '_revinclude=constructor:x',
      '_elements=__proto__,constructor',
      '_summary=__proto__',
      '_total=constructor',
      '_format=__proto__',
      '_format=constructor',
      '_format=toString',
      '_contained=__proto__',
      '_filter=__proto__ eq x',
      '_filter=constructor.name eq x',
      '_type=__proto__',
      '_type=constructor',
    ]) {
      const path = query.startsWith('_type') ? '/fhir' : '/fhir/Patient'
      expect([query, [200, 400, 404, 406].includes(await harmless('GET', `${path}?${query}`))]).toEqual([query, true])
      if (path !== '/fhir')
        expect([query, [200, 400, 404].includes(await harmless('POST', `${path}/_search`, query, form))]).toEqual([
          query,
          true,
        ])
    }
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']) {
      for (const path of [
        `/fhir/${name}`,
        `/fhir/${name}/1`,
        `/fhir/$${name}`,
        `/fhir/Patient/$${name}`,
        `/fhir/Patient/${id}/$${name}`,
        `/fhir/Patient/${id}/${name}`,
        `/fhir/Patient/${id}/_history/${name}`,
        `/t/${name}/fhir/Patient`,
        `/${name}`,
        `/admin/${name}`,
      ]) {
        expect([path, [400, 401, 404].includes(await harmless('GET', path))]).toEqual([path, true])
      }
      expect([400, 404]).toContain(await harmless('POST', `/fhir/${name}`, `{"resourceType":"${name}"}`))
      expect([400, 404]).toContain(await harmless('POST', '/fhir/Patient', `{"resourceType":"${name}"}`))
    }
  })

  test('headers', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      for (const header of [
        'Accept',
        'Prefer',
        'If-Match',
        'If-None-Exist',
        'Content-Type',
        'Content-Encoding',
        'X-Request-Id',
      ]) {
        expect([200, 201, 400, 404, 406, 412, 415]).toContain(
          await harmless('POST', '/fhir/Patient', '{"resourceType":"Patient"}', { [header]: name }),
        )
        expect([200, 201, 400, 404, 406, 412, 415]).toContain(
          await harmless('POST', '/fhir/Patient', '{"resourceType":"Patient"}', { [header]: `${name}=${name}` }),
        )
      }
    }
  })
})

test('what goes on after it goes on as before', async () => {
  const { status, body } = await server.ask('GET', `/fhir/Patient/${id}`)
  expect([status, Object.keys(body as object).sort()]).toEqual([200, ['active', 'id', 'meta', 'resourceType']])
  expect(server.logged.filter(({ level }) => level === 'error' || level === 50)).toEqual([])
})
