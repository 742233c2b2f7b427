/**
 * The reader of request files: what it reads, and that its expectations can be broken.
 */
import { expect, test } from 'vitest'
import { broken, fill, parseHttpFile, type HttpAnswer } from '../help/http-file.ts'

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: new Headers(headers),
  text: JSON.stringify(body),
  body,
})
const lines = (...text: string[]) => text.join('\n')
const expecting = (...text: string[]) =>
  parseHttpFile(lines(...text.map(each => `# expect ${each}`), 'GET /')).requests[0]!.expectations

test('a request has a title, a name, a method, a URL over several lines, headers and a body', () => {
  const { variables, requests } = parseHttpFile(
    lines(
      '@base = http://x/fhir',
      '',
      '### One',
      '# @name one',
      '# said in passing',
      'POST {{base}}/Patient',
      '  ?a=1',
      '  &b=2',
      'Accept: a: b',
      '',
      '{',
      '',
      '}',
      '',
      '### Two',
      'GET {{base}}',
    ),
  )
  expect(variables.get('base')).toBe('http://x/fhir')
  expect(requests).toEqual([
    {
      title: 'One',
      name: 'one',
      method: 'POST',
      url: '{{base}}/Patient?a=1&b=2',
      headers: { Accept: 'a: b' },
      body: '{\n\n}',
      expectations: [],
    },
    { title: 'Two', name: '', method: 'GET', url: '{{base}}', headers: {}, expectations: [] },
  ])
})

test('a line that means nothing is refused with its number', () => {
  expect(() => parseHttpFile('### x\nFETCH /')).toThrow('Line 2')
  expect(() => parseHttpFile('### x\n# expect body.total about 1\nGET /')).toThrow('Line 2')
  expect(() => parseHttpFile('### x\n# expect 200\n')).toThrow('no request')
})

test('variables hold variables, and parts of earlier answers', () => {
  const variables = new Map([
    ['base', '{{host}}/fhir'],
    ['host', 'http://h'],
  ])
  const answers = new Map([['made', answer({ id: 'p1', name: [{ family: '林' }] }, 201, { etag: 'W/"1"' })]])
  const filled = (text: string) => fill(text, variables, answers)
  expect(filled('{{base}}/Patient/{{made.response.body.$.id}}')).toBe('http://h/fhir/Patient/p1')
  expect(filled('{{made.response.headers.ETag}} {{made.response.body.$.name[0].family}}')).toBe('W/"1" 林')
  expect(() => filled('{{nobody}}')).toThrow('{{nobody}} has no value')
})

test('expectations that hold say nothing', () => {
  const body = {
    total: 2,
    entry: [{ resource: { id: 'a', x: 1.5 } }, { resource: { id: 'b', x: 2 } }],
    tags: ['p', 'q'],
  }
  const kept = expecting(
    '200',
    'header ETag',
    'header ETag = W/"1"',
    'body.total >= 2',
    'body.total < 3',
    'body.entry.length = 2',
    'body.entry[*].resource.x > 1',
    'body.entry[*].resource.id contains b',
    'body.tags contains q',
    'body.entry[0].resource.id matches ^a$',
    'body.link absent',
    'text contains 1.5',
    'body.tags lacks r',
    'body.entry[1].resource.id != a',
  )
  expect(broken(answer(body, 200, { ETag: 'W/"1"' }), kept)).toEqual([])
})

test('expectations that do not hold are told, with what was found', () => {
  const body = { total: 2, entry: [{ id: 'a' }, { id: 'b' }] }
  const wanted = expecting(
    '201',
    'header ETag',
    'body.total >= 3',
    'body.entry[*].id = a',
    'body.link exists',
    'body.total absent',
    'body.entry[*].id lacks b',
    'body.nothing = x',
    'body.nothing[*].y > 1',
    'body.entry[*].id matches ^a$',
  )
  expect(broken(answer(body), wanted)).toHaveLength(wanted.length)
  expect(broken(answer(body), wanted)[0]).toBe('expected status = 201, found 200')
})
