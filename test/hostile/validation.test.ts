/**
 * What is sent to be validated, profiles, value sets and packages that mean harm: answered in time, in words, while others are served.
 * https://hl7.org/fhir/R4/security.html
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaints, fault, runServer, watching, type Answer, type Running } from '../help/running-server.ts'

/** In ms of the reference machine: how long others may wait. */
const PATIENCE = 2000
const TOKEN = 'a-token-for-the-tests-only'

let server: Running
beforeAll(async () => {
  server = await runServer({ DHP_ADMIN_TOKEN: TOKEN })
})
afterAll(() => server.end())

/** Asks; others must be answered meanwhile, and the answer must be without fault. */
async function asked(method: string, path: string, body?: object | string): Promise<Answer> {
  const { result, longest } = await watching(server, () => server.ask(method, path, body === undefined ? {} : { body }))
  expect(result.status < 400 ? '' : fault(result, path + JSON.stringify(body ?? ''))).toBe('')
  expect(longest < PATIENCE || longest).toBe(true)
  return result
}
const told = ({ body }: Answer): string =>
  (body.issue as { diagnostics?: string }[]).map(({ diagnostics }) => diagnostics ?? '').join('\n')
const put = async (resource: { resourceType: string; id: string }) =>
  expect((await server.ask('PUT', `${resource.resourceType}/${resource.id}`, { body: resource })).status).toBeLessThan(
    300,
  )
const profile = (id: string, element: readonly object[], more: object = {}) => ({
  resourceType: 'StructureDefinition',
  id,
  url: `http://example.org/${id}`,
  name: id,
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: { element: [{ id: 'Patient', path: 'Patient' }, ...element] },
  ...more,
})
const valueSet = (id: string, compose: object) => ({
  resourceType: 'ValueSet',
  id,
  url: `http://example.org/${id}`,
  status: 'active',
  compose,
})
const div = (content: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>`
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('$validate says what is wrong with', () => {
  test.each(['null', '{"resourceType":"Parameters","parameter":[{"name":"resource","resource":null}]}'])(
    'a body of null: %s',
    async body => {
      const answer = await asked('POST', 'Patient/$validate', body)
      expect(answer.status).toBe(200)
      expect(told(answer)).toBe('A resource is a JSON object with a resourceType.')
    },
  )

  test('an object of very many properties', async () => {
    const patient = { resourceType: 'Patient', ...Object.fromEntries(many(100_000, i => [`p${i}`, 1])) }
    expect(told(await asked('POST', 'Patient/$validate', patient))).toContain('more than 2000 properties')
  })

  test.each([
    ['a million open elements', div('<p>'.repeat(1_000_000)), 'more than 200000 tags'],
    ['millions of loose ampersands', div('&'.repeat(3_000_000)), 'no entity of XML'],
  ])('a narrative of %s', async (_, text, said) => {
    const answer = await asked('POST', 'Patient/$validate', {
      resourceType: 'Patient',
      text: { status: 'generated', div: text },
    })
    expect(told(answer)).toContain(said)
  })
})

describe('a profile that would take very long is told to be too large:', () => {
  const patient = { resourceType: 'Patient', name: [{ family: 'Lin' }] }
  const against = (id: string, resource: object = patient) =>
    asked('POST', `Patient/$validate?profile=http://example.org/${id}`, resource)

  test('twenty thousand slices', async () => {
    await put(profile('slices', many(20_000, i => ({ id: `Patient.extension:e${i}`, path: 'Patient.extension', sliceName: `e${i}` })))) // prettier-ignore
    expect(told(await against('slices'))).toContain('too many elements and slices')
  })

  test('a chain of sixty, which is not called a circle', async () => {
    for (let i = 0; i < 60; i++)
      await put(profile(`chain${i}`, [], i === 59 ? {} : { baseDefinition: `http://example.org/chain${i + 1}` }))
    const said = told(await against('chain0'))
    expect(said).toContain('derived from another more than 32 times over')
    expect(said).not.toContain('from itself')
  })

  test('a pattern of twenty thousand values is looked for in time', async () => {
    await put(profile('pattern', [{ id: 'Patient.name', path: 'Patient.name', patternHumanName: { given: many(20_000, i => `g${i}`) } }])) // prettier-ignore
    const answer = await against('pattern', { ...patient, name: [{ given: many(20_000, i => `h${i}`) }] })
    expect(told(answer)).toContain('No value here has what the profile requires')
  })
})

describe('value sets', () => {
  test('whose codes are too many for one search are refused', async () => {
    await put(valueSet('many', { include: [{ system: 'urn:many', concept: many(1_000, i => ({ code: `c${i}` })) }] }))
    const answer = await asked('GET', `Condition?code:in=${many(60, () => 'http://example.org/many').join(',')}`)
    expect([answer.status, told(answer)]).toEqual([422, expect.stringContaining('search for fewer at once')])
  })

  test('whose codes are of very many systems are refused by a search', async () => {
    await put(valueSet('systems', { include: many(4_000, i => ({ system: `urn:s${i}`, concept: [{ code: 'a' }] })) }))
    const answer = await asked('GET', 'Condition?code:in=http://example.org/systems')
    expect([answer.status, told(answer)]).toEqual([422, expect.stringContaining('search for fewer at once')])
  })

  test('that import others over and over are not said to be missing', async () => {
    const next = (i: number) => ({ valueSet: [`http://example.org/fan${i + 1}`] })
    for (let i = 0; i < 20; i++)
      await put(
        valueSet(`fan${i}`, { include: i === 19 ? [{ system: 'urn:s', concept: [{ code: 'a' }] }] : many(3, () => next(i)) }), // prettier-ignore
      )
    const answer = await asked('GET', 'ValueSet/$validate-code?url=http://example.org/fan0&system=urn:s&code=b')
    expect(answer.status).toBe(422)
    expect(told(answer)).toContain('too many or too deep')
  })

  test('that take and exclude by slow expressions, over and over, are refused in time', async () => {
    const concept = many(40_000, i => ({ code: `c${i}`, display: `some display ${i}` }))
    await put({ resourceType: 'CodeSystem', id: 'big', url: 'urn:big', status: 'active', content: 'complete', concept } as never) // prettier-ignore
    const filter = (i: number) => [{ property: 'display', op: 'regex', value: `.*a.*b.*c${i}` }]
    await put(
      valueSet('slow', {
        include: many(20, () => ({ system: 'urn:big' })),
        exclude: many(20, i => ({ system: 'urn:big', filter: filter(i) })),
      }),
    )
    const answer = await asked('GET', 'ValueSet/$expand?url=http://example.org/slow&count=5')
    expect([answer.status, answer.body.issue[0].code]).toEqual([422, 'too-costly'])
  })

  test('are named shortly in a message, and each part once', async () => {
    const part = { system: 'urn:none', filter: [{ property: 'code', op: 'regex', value: 'x'.repeat(100_000) }] }
    const sent = { ...valueSet('long', { include: [part, part] }) }
    const answer = await asked('POST', 'ValueSet/$expand', sent)
    expect(answer.status).toBe(422)
    expect(told(answer).length).toBeLessThan(1_000)
    expect(told(answer)).not.toContain('more')
  })
})

test('an archive that is refused at its beginning does not hold up the next request of the connection', async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/gzip' }
  const body = gzipSync(Buffer.alloc(400 * 1024 * 1024))
  for (let i = 0; i < 3; i++) {
    expect((await server.ask('POST', '/admin/packages', { body, headers })).status).toBe(422)
    expect((await server.ask('GET', '/livez')).status).toBe(200)
  }
})

test('nothing of all that was an error to the server', () => {
  expect(complaints(server)).toEqual([])
})
