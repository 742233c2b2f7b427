/**
 * SearchParameters whose expressions would hold up the server: refused by $reindex, which says which and why.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { complaints, fault, runServer, watching, type Answer, type Running } from '../help/running-server.ts'

/** In ms of the reference machine: how long others may wait. */
const PATIENCE = 1500

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

let made: string[] = []
const define = async (expression: string, more: object = {}): Promise<string> => {
  const code = `own${made.length}`
  const body = {
    resourceType: 'SearchParameter',
    id: code,
    url: `urn:own:${code}`,
    name: code,
    status: 'active',
    description: 'x',
    code,
    base: ['Patient'],
    type: 'string',
    expression,
    ...more,
  }
  expect((await server.ask('PUT', `SearchParameter/${code}`, { body })).status).toBeLessThan(300)
  made.push(code)
  return code
}
const reindex = async (): Promise<Answer> => {
  const { result, longest } = await watching(server, () =>
    server.ask('POST', '$reindex', { body: { resourceType: 'Parameters' } }),
  )
  expect(fault(result)).toBe('')
  expect(longest).toBeLessThan(PATIENCE)
  return result
}
afterEach(async () => {
  for (const code of made) expect((await server.ask('DELETE', `SearchParameter/${code}`)).status).toBeLessThan(300)
  made = []
  expect((await reindex()).status).toBe(200)
})

describe('$reindex refuses, naming the SearchParameter and the reason, an expression', () => {
  test.each([
    ['with matches()', "Patient.name.where(family.matches('^(a+)+$')).family"],
    ['with replaceMatches()', "Patient.name.family.replaceMatches('(a+)+$', 'x')"],
    ['with repeat()', 'Patient.repeat($this)'],
    ['with repeat() that walks everything', 'Patient.repeat(children())'],
    ['with descendants() of descendants()', 'Patient.descendants().descendants()'],
    ['with trace()', "Patient.name.trace('x')"],
    ['with aggregate()', 'Patient.name.aggregate($total + 1, 0)'],
    ['with select() that doubles a text', 'Patient.name.family.select($this + $this).select($this + $this)'],
    ['with memberOf()', "Patient.gender.memberOf('http://127.0.0.1/x')"],
    ['with defineVariable()', "defineVariable('a', Patient.name)"],
    ['that joins texts', 'Patient.name.family & Patient.name.family & Patient.name.family'],
    ['that hides a call behind a comment', "Patient.name.family.matches/**/('(a+)+$')"],
    ['that hides a call behind a comment to the end of the line', "Patient.name.family.matches//\n('(a+)+$')"],
    ['that hides a call behind quotes', "Patient.name.family.`matches`('(a+)+$')"],
    ['that hides a call behind an escape', "Patient.name.family.`\\u006datches`('(a+)+$')"],
    ['that hides a call behind spaces', "Patient.name.family.matches \n\t ('(a+)+$')"],
    [
      'that looks at everything for each of everything',
      'Patient.identifier.where(%resource.identifier.where(%resource.identifier.exists()).exists()).value',
    ],
    ['that does so through another variable', 'Patient.identifier.where(%context.identifier.skip(1).exists()).value'],
    ['longer than a thousand characters that needs an interpreter', `Patient.name.skip(${'0'.repeat(1000)}).family`],
    ['nested too deeply', `Patient.name.skip(${'('.repeat(30)}1${')'.repeat(30)}).family`],
  ])('%s', async (_, expression) => {
    const code = await define(expression)
    const { status, text, body } = await reindex()
    expect([status, body.issue[0].code]).toEqual([422, 'too-costly'])
    expect(text).toContain(`SearchParameter/${code}`)
    // and it is not in use
    expect((await server.ask('GET', `Patient?${code}=x`)).status).toBe(400)
    expect(
      (
        await server.ask('POST', 'Patient', {
          body: { resourceType: 'Patient', name: [{ family: `${'a'.repeat(40)}!` }] },
        })
      ).status,
    ).toBe(201)
  })

  test('of a component', async () => {
    await define('Patient.name', { type: 'composite', component: [
      { definition: 'http://hl7.org/fhir/SearchParameter/individual-family', expression: 'family' },
      { definition: 'http://hl7.org/fhir/SearchParameter/individual-given', expression: "given.where(matches('(a+)+$'))" },
    ] }) // prettier-ignore
    expect((await reindex()).status).toBe(422)
  })

  test('that is the one too many', async () => {
    for (let i = 0; i < 21; i++) await define(`Patient.name.skip(${i}).family`)
    const { status, text } = await reindex()
    expect(status).toBe(422)
    expect(text).toContain('more than 20')
  })
})

describe('$reindex takes up an expression', () => {
  test.each([
    ['of paths', 'Patient.name.family | Patient.name.given'],
    ['with a criterion', "Patient.name.where(use = 'official').family"],
    [
      'with functions whose cost is that of their input',
      "Patient.name.skip(0).where(family.startsWith('li') or family.length() > 1).family.lower()",
    ],
  ])('%s, and finds by it', async (_, expression) => {
    const name = [{ use: 'official', family: 'lin' }]
    const { body } = await server.ask('PUT', 'Patient/found', { body: { resourceType: 'Patient', id: 'found', name } })
    const code = await define(expression)
    expect((await reindex()).status).toBe(200)
    const found = await server.ask('GET', `Patient?${code}=lin`)
    expect(found.body.entry.map((entry: { resource: { id: string } }) => entry.resource.id)).toEqual([body.id])
  })

  test.each([
    ['whose choices multiply', `Patient${'.extension.value'.repeat(30)}`],
    [
      'whose choices multiply in criteria',
      `Patient.${'extension.where(value.'.repeat(15)}extension.exists()${'.exists())'.repeat(15)}`,
    ],
    ['that says the same again and again', Array.from({ length: 60 }, () => 'Patient.name').join('|')],
    ['that makes no sense', '(('],
    ['of the wrong types', "Patient.name.family.skip('x').first().skip(true)"],
  ])('%s, and is not held up by it, however large the resources', async (_, expression) => {
    await define(expression)
    expect((await reindex()).status).toBe(200)
    const name = Array.from({ length: 50_000 }, () => ({ family: 'x', given: ['y'] }))
    const body = JSON.stringify({ resourceType: 'Patient', name })
    const { result, longest } = await watching(server, () => server.ask('POST', 'Patient', { body }))
    expect(result.status).toBe(201)
    expect(longest).toBeLessThan(PATIENCE)
    expect((await server.ask('DELETE', `Patient/${result.body.id}`)).status).toBeLessThan(300)
  })
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
