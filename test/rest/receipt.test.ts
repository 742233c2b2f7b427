/** The search receipt. https://hl7.org/fhir/R4/search.html#errors */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'
import { entries, found, linkTo, pages } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
  for (const id of ['p1', 'p2', 'p3']) await server.put(`Patient/${id}`, patient(id, 'Wang', id))
})
afterAll(() => server.close())

const lenient = { prefer: 'handling=lenient' }
const receipt = (answer: Awaited<ReturnType<TestServer['get']>>) => {
  const outcome = entries(answer).find(({ search }) => search?.mode === 'outcome')?.resource
  return outcome && (outcome['issue'] as { severity: string; diagnostics: string; expression?: string[] }[])
}

test('an unknown parameter is refused, and the answer names the nearest', async () => {
  const answer = await server.get('Patient?famly=Wang')
  expect(answer.status).toBe(400)
  expect(answer.said).toContain('Did you mean "family"')
})

test('all unknown parameters are named at once', async () => {
  const answer = await server.get('Patient?famly=Wang&gendr=male&family=Wang')
  expect((answer.body as { issue?: unknown[] }).issue).toHaveLength(2)
})

test('with handling=lenient an unknown parameter is ignored, and the answer says so', async () => {
  const answer = await server.get('Patient?famly=Nobody&family=Wang', lenient)
  expect(found(answer)).toHaveLength(3)
  expect(receipt(answer)).toEqual([
    expect.objectContaining({
      severity: 'warning',
      diagnostics: expect.stringContaining('Ignored: famly=Nobody'),
      expression: ['http.famly'],
    }),
    expect.objectContaining({ severity: 'information', diagnostics: 'Used: family=Wang' }),
  ])
})

test('the self link has what was applied and nothing else', async () => {
  expect(linkTo(await server.get('Patient?famly=Nobody&family=Wang', lenient), 'self')).toBe('Patient?family=Wang')
})

test('a lenient tenant tells what it ignored, unasked', async () => {
  const easy = await openServer({ settings: { handling: 'lenient' } })
  expect(receipt(await easy.get('Patient?famly=Wang'))?.[0]?.diagnostics).toContain('Ignored')
  expect(receipt(await easy.get('Patient?family=Wang'))).toBeUndefined()
  expect((await easy.get('Patient?famly=Wang', { prefer: 'handling=strict' })).status).toBe(400)
  await easy.close()
})

test('a strict search gives its receipt when asked', async () => {
  expect(receipt(await server.get('Patient?family=Wang'))).toBeUndefined()
  expect(receipt(await server.get('Patient?family=Wang', { prefer: 'handling=strict' }))?.[0]?.diagnostics).toBe(
    'Used: family=Wang',
  )
  expect(receipt(await server.get('Patient?family=Wang&_explain=true'))?.[0]?.diagnostics).toBe('Used: family=Wang')
  expect(receipt(await server.get('Patient?_explain=true'))?.[0]?.diagnostics).toContain('no parameters')
})

test('a parameter used otherwise than it came is told', async () => {
  expect(receipt(await server.get('Patient?_count=99999&_explain=true'))?.[0]?.diagnostics).toContain('as _count=1000')
})

test('the receipt is no match and does not count', async () => {
  const answer = await server.get('Patient?_explain=true')
  expect(answer.body).toMatchObject({ total: 3 })
  expect(found(answer)).toHaveLength(3)
})

test('the pages of a lenient search stay what they were', async () => {
  const first = await server.get('Patient?famly=x&family=Wang&_count=2', lenient)
  const rest = await pages(server, linkTo(first, 'next')!)
  expect(rest.flatMap(page => found(page))).toHaveLength(1)
})
