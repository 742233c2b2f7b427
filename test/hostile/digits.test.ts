/**
 * Decimals keep their digits on every way through the server.
 * https://hl7.org/fhir/R4/datatypes.html#decimal
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { complaints, runServer, type Running } from '../help/running-server.ts'

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

const decimals = [
  '1.00',
  '1e-7',
  '0.000',
  '-0.0',
  '100',
  '1E+2',
  '72.50',
  '0.123456789012345678901234567890',
  '123456789012345678901234567890',
  '12345678901234567.10',
  '5e-324',
  '1.7976931348623157e308',
  '0.10000000000000000555',
]
const json = { 'content-type': 'application/json-patch+json' }

const observation = (value: string, more = '') =>
  `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value},"unit":"kg"}${more}}`
const component = (value: string) => `,"component":[{"code":{"text":"y"},"valueQuantity":{"value":${value}}}]`

test.each(decimals)('%s, through create, read, history, search, update, patch, transaction and batch', async value => {
  const said = `"value":${value},`
  const created = await server.ask('POST', 'Observation', { body: observation(value) })
  expect([created.status, created.text]).toEqual([201, expect.stringContaining(said)])
  const id = created.body.id as string
  const texts: string[] = []
  const take = async (method: string, path: string, asking: object = {}) => {
    const { status, text } = await server.ask(method, path, asking)
    expect(status).toBeLessThan(300)
    texts.push(text)
    return text
  }
  await take('GET', `Observation/${id}`)
  await take('GET', `Observation/${id}/_history/1`)
  await take('GET', `Observation/${id}/_history`)
  await take('GET', `Observation?_id=${id}`)
  await take('GET', `Observation?_id=${id}&_elements=value&_pretty=false`)
  await take('GET', `Observation?_id=${id}&_summary=data`)
  await take('PUT', `Observation/${id}`, { body: observation(value, `,"id":"${id}"`) })
  await take('PATCH', `Observation/${id}`, {
    body: [{ op: 'add', path: '/note', value: [{ text: 'x' }] }],
    headers: json,
  })
  await take('PATCH', `Observation/${id}`, {
    body: `[{"op":"replace","path":"/valueQuantity","value":{"value":${value},"unit":"g"}}]`,
    headers: json,
  })
  await take('PATCH', `Observation/${id}`, {
    body: `[{"op":"test","path":"/valueQuantity/value","value":${value}}]`,
    headers: json,
  })
  await take('PATCH', `Observation/${id}`, {
    body: `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.value"},{"name":"value","valueQuantity":{"value":${value},"unit":"mg"}}]}]}`,
  })
  await take('POST', `Observation/${id}/$meta-add`, {
    body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }] },
  }).then(() => texts.pop())
  await take('GET', `Observation/${id}`)
  for (const text of texts) expect(text).toContain(said)

  for (const type of ['transaction', 'batch']) {
    const entry = `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","request":{"method":"POST","url":"Observation"},"resource":${observation(value, component(value))}}`
    const answer = await server.ask('POST', '', {
      body: `{"resourceType":"Bundle","type":"${type}","entry":[${entry},{"request":{"method":"GET","url":"Observation/${id}"}}]}`,
    })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(said)
    const location = answer.body.entry[0].response.location as string
    const { text } = await server.ask('GET', location.replace(/^.*?(Observation\/[^/]+).*$/, '$1'))
    expect(text.split(`"value":${value}`)).toHaveLength(3)
  }
  const { text } = await server.ask('GET', `Observation/${id}?_pretty=true`)
  expect(text).toContain(`"value": ${value},`)
})

test('a value too large for any number does not break the search for others', async () => {
  for (const value of ['1e309', '-1e309', '1e-400', '9'.repeat(1000)]) {
    const { status } = await server.ask('POST', 'Observation', { body: observation(value) })
    expect([201, 400, 422]).toContain(status)
  }
  for (const query of [
    'value-quantity=gt1',
    'value-quantity=lt1',
    'value-quantity=1e309',
    'value-quantity=1e-400',
    'value-quantity=ap1e308',
    `value-quantity=${'9'.repeat(1000)}`,
    '_sort=value-quantity',
    '_sort=-value-quantity',
  ]) {
    const { status } = await server.ask('GET', `Observation?${query}`)
    expect([query.slice(0, 30), [200, 400].includes(status) || status]).toEqual([query.slice(0, 30), true])
  }
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
