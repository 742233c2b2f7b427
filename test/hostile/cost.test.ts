/**
 * Requests that cost little to send and could cost much to answer: answered or refused in time, while others are answered.
 * https://hl7.org/fhir/R4/search.html#errors
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Waits } from '../help/prober.ts'
import {
  complaints,
  fault,
  runServer,
  watching,
  type Answer,
  type Asking,
  type Running,
} from '../help/running-server.ts'

/** In ms of the reference machine: how long others may wait, and how long they may where megabytes are taken in. */
const PATIENCE = 1000
const MEGABYTES = 2000
/** In ms of the clock, and far from never: when the answer itself must be there. */
const DEADLINE = 30_000

let server: Running
beforeAll(async () => {
  server = await runServer()
  const put = (resource: { resourceType: string; id: string }) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  })
  const patients = Array.from({ length: 1500 }, (_, i) =>
    put({
      resourceType: 'Patient',
      id: `p${i}`,
      name: [{ family: `Lin${i % 50}`, given: ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'] }],
      birthDate: `19${50 + (i % 50)}-01-01`,
      link: [{ other: { reference: `Patient/p${(i * 7) % 1500}` }, type: 'seealso' }],
    } as never),
  )
  const observations = Array.from({ length: 3000 }, (_, i) =>
    put({
      resourceType: 'Observation',
      id: `o${i}`,
      status: 'final',
      code: { coding: [{ system: 'urn:c', code: `c${i % 5}` }], text: 'weight' },
      subject: { reference: `Patient/p${i % 1500}` },
      effectiveDateTime: `20${10 + (i % 10)}-01-01`,
      valueQuantity: { value: i, unit: 'kg' },
      hasMember: [{ reference: `Observation/o${(i * 13) % 3000}` }],
    } as never),
  )
  for (const entry of [patients, observations])
    expect(
      (await server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })).status,
    ).toBe(200)
}, 60_000)
afterAll(() => server.end())

/** Asks; others must be answered meanwhile, and the answer must come in time and be without fault. Tells what it cost, too. */
async function weighed(method: string, path: string, asking: Asking, patience: number): Promise<Answer & Waits> {
  const started = performance.now()
  const { result, ...waits } = await watching(server, () => server.ask(method, path, asking))
  const sent = `${path} ${typeof asking.body === 'string' ? asking.body : JSON.stringify(asking)}`
  expect(result.status === 200 ? '' : fault(result, sent)).toBe('')
  expect([sent.slice(0, 100), waits.longest < patience || waits.longest]).toEqual([sent.slice(0, 100), true])
  expect(performance.now() - started).toBeLessThan(DEADLINE)
  return { ...result, ...waits }
}
const asked = (method: string, path: string, asking: Asking = {}) => weighed(method, path, asking, PATIENCE)
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const search = (type: string, query: string) => asked('POST', `${type}/_search`, { body: query, headers: form })

describe('a search that could cost much is answered, or refused as too costly:', () => {
  const has = '_has:Observation:subject:'
  test.each([
    ['_has within _has', 'Patient', `${'_has:Observation:subject:_has:Observation:has-member:'.repeat(1)}code=c1`],
    ['many levels of _has', 'Patient', `${has}${'_has:Observation:has-member:'.repeat(12)}code=c1`],
    ['hundreds of levels of _has', 'Patient', `${has}${'_has:Observation:has-member:'.repeat(300)}code=c1`],
    ['five _has', 'Patient', [1, 2, 3, 4, 0].map(i => `${has}code=c${i}`).join('&')],
    ['hundreds of _has', 'Patient', Array.from({ length: 300 }, (_, i) => `${has}code=c${i % 5}`).join('&')],
    ['a long chain', 'Observation', `${'has-member:Observation.'.repeat(8)}subject:Patient.name=lin`],
    ['a chain of hundreds', 'Observation', `${'has-member:Observation.'.repeat(500)}code=c1`],
    ['a chain without types', 'Observation', 'has-member.has-member.has-member.subject.link.link.name=lin'],
    [
      'a chain back and forth',
      'Patient',
      'link.link.link.link:Patient.name:contains=i&link.link:Patient.birthdate=gt1900',
    ],
    [
      'hundreds of chains',
      'Observation',
      Array.from({ length: 300 }, () => 'subject:Patient.name:contains=i').join('&'),
    ],
    ['all includes', 'Patient', '_include=*&_revinclude=*:*&_count=1000'],
    ['includes that go on', 'Observation', '_include:iterate=*&_revinclude:iterate=*:*&_count=1000'],
    [
      'includes of includes',
      'Observation',
      '_include=Observation:subject&_include:iterate=Patient:link&_revinclude:iterate=Observation:subject&_include:iterate=Observation:has-member&_count=500',
    ],
    [
      'thousands of includes',
      'Observation',
      Array.from({ length: 3000 }, () => '_include=Observation:subject').join('&'),
    ],
    ['10,000 values', 'Patient', `name=${Array.from({ length: 10_000 }, (_, i) => `n${i}`).join(',')}`],
    ['10,000 codes', 'Observation', `code=${Array.from({ length: 10_000 }, (_, i) => `urn:c|c${i}`).join(',')}`],
    ['10,000 ids', 'Patient', `_id=${Array.from({ length: 10_000 }, (_, i) => `p${i}`).join(',')}`],
    [
      '10,000 references',
      'Observation',
      `subject=${Array.from({ length: 10_000 }, (_, i) => `Patient/p${i}`).join(',')}`,
    ],
    [
      '10,000 dates',
      'Patient',
      `birthdate=${Array.from({ length: 10_000 }, (_, i) => `ge${1000 + (i % 1000)}`).join(',')}`,
    ],
    [
      '10,000 things to contain',
      'Patient',
      `name:contains=${Array.from({ length: 10_000 }, (_, i) => `a${i}`).join(',')}`,
    ],
    ['10,000 parameters', 'Patient', Array.from({ length: 10_000 }, (_, i) => `name=l${i}`).join('&')],
    [
      '10,000 times to leave out',
      'Observation',
      `code:not=${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(',')}`,
    ],
    ['a million values', 'Patient', `name=${'a,'.repeat(1_000_000)}`],
    ['a million parameters', 'Patient', '&'.repeat(1_000_000)],
    ['everything since the beginning of time', 'Observation', 'date=ge0001&_total=accurate&_sort=date'],
    [
      'everything before its end',
      'Patient',
      'birthdate=le9999-12-31T23:59:59.999Z&birthdate=ge0001-01-01&_sort=-birthdate,name',
    ],
    [
      'everything that lacks something',
      'Patient',
      'name:missing=false&address:missing=true&_sort=name&_total=accurate',
    ],
    ['what is near everything', 'Location', 'near=0|0|99999999|km'],
    [
      'sorting by ten',
      'Observation',
      `_sort=${['date', 'code', 'status', 'subject', 'value-quantity', '_id', '_lastUpdated', '-date', '-code', 'category'].join(',')}&_count=1000`,
    ],
    ['sorting by thousands', 'Patient', `_sort=${Array.from({ length: 5000 }, () => 'name').join(',')}`],
    ['the largest page', 'Observation', '_count=999999999'],
    [
      'thousands of elements',
      'Observation',
      `_elements=${Array.from({ length: 10_000 }, (_, i) => `e${i}`).join(',')}&_count=10`,
    ],
    ['words by the thousand', 'Observation', `_content=${'weight '.repeat(3000)}`],
    [
      'a query language of its own',
      'Observation',
      `_content=${encodeURIComponent('("weight" OR weight*) NEAR(weight weight, 99) -x ^weight {a b} : '.repeat(50))}`,
    ],
    ['a beginning of one character of each', 'Observation', `code:text=${'w,'.repeat(500)}x`],
    [
      'a composite of each with each',
      'Observation',
      `code-value-quantity=${Array.from({ length: 500 }, (_, i) => `c${i % 5}$gt${i}`).join(',')}`,
    ],
    ['every type', '', '_lastUpdated=gt1900&_sort=_lastUpdated&_count=1000'],
  ])('%s', { timeout: 60_000 }, async (_, type, query) => {
    const { status, body } = type === '' ? await asked('GET', `?${query}`) : await search(type, query)
    expect([200, 400, 413, 422]).toContain(status)
    if (status === 200) expect(body.entry?.length ?? 0).toBeLessThanOrEqual(5000)
  })

  test('_filter, nested and long', async () => {
    const filters = [
      `${'('.repeat(10_000)}name eq x${')'.repeat(10_000)}`,
      `${'not ('.repeat(2000)}name eq x${')'.repeat(2000)}`,
      Array.from({ length: 5000 }, () => 'name co i').join(' or '),
      Array.from({ length: 20 }, () => '(name co i or name co a)').join(' and '),
      `${'link.'.repeat(1000)}name eq x`,
      `${'link[link.'.repeat(500)}`,
      `name eq "${'\\'.repeat(100_001)}"`,
      `name eq "${'a'.repeat(500_000)}`,
      ' '.repeat(500_000),
      `name eq ${' '.repeat(500_000)}x`,
      `name ${'eq '.repeat(100_000)}`,
    ]
    for (const filter of filters)
      expect([200, 400, 422]).toContain((await search('Patient', `_filter=${encodeURIComponent(filter)}`)).status)
  })

  test('a thing to contain of 10,000 characters', async () => {
    for (const text of [
      'a'.repeat(10_000),
      '%'.repeat(10_000),
      '_'.repeat(10_000),
      `${'a'.repeat(9999)}b`,
      '林'.repeat(10_000),
      'a%'.repeat(5000),
      '[a-z]*'.repeat(2000),
      '"'.repeat(10_000),
      `a${'\u0323\u0301\u0327'.repeat(30_000)}`,
    ]) {
      for (const query of ['name:contains', 'name', 'name:exact', '_text', '_content'])
        expect([200, 400, 422]).toContain((await search('Patient', `${query}=${encodeURIComponent(text)}`)).status)
    }
  })
})

describe('a text made to be slow to match is answered as fast as any:', () => {
  const quickly = async (method: string, path: string, asking: Asking): Promise<Answer> => {
    const answer = await asked(method, path, asking)
    expect(answer.whole).toBeLessThan(PATIENCE)
    return answer
  }

  test.each([
    ['Accept', ','.repeat(20_000)],
    ['Accept', `application/fhir+json${';q=0.1'.repeat(3000)}`],
    ['Accept', `${'a/b,'.repeat(5000)}`],
    ['Accept', `${' '.repeat(20_000)}x`],
    ['Prefer', 'return=minimal,'.repeat(1400)],
    ['Prefer', `return=${' '.repeat(20_000)}`],
    ['Prefer', `${'"'.repeat(20_000)}`],
    ['If-Match', `W/"${'1'.repeat(20_000)}"`],
    ['If-Match', 'W/"1",'.repeat(3000)],
    ['If-Match', `${' '.repeat(20_000)}"`],
    ['If-None-Match', `${'W/'.repeat(10_000)}`],
    ['If-Modified-Since', 'a'.repeat(20_000)],
    ['If-Modified-Since', `${'Mon, '.repeat(4000)}`],
    ['If-None-Exist', `name=${','.repeat(20_000)}`],
    ['If-None-Exist', `${'a.'.repeat(10_000)}=x`],
    ['Content-Type', `application/fhir+json${';a="'.repeat(5000)}`],
    ['X-Request-Id', 'a'.repeat(20_000)],
    ['Authorization', `Bearer ${'a.'.repeat(10_000)}`],
    ['Host', `${'a.'.repeat(10_000)}`],
    ['Host', `${'1'.repeat(20_000)}:`],
    ['Cookie', `${'a=b;'.repeat(5000)}`],
    ['Origin', `http://${'a.'.repeat(10_000)}`],
  ])('the header %s: %.30s', async (header, value) => {
    const body = { resourceType: 'Patient', id: 'h', active: true }
    await quickly('GET', 'Patient/p1', { headers: { [header]: value } })
    await quickly('PUT', 'Patient/h', { headers: { [header]: value }, body })
    await quickly('POST', 'Patient', { headers: { [header]: value }, body })
  })

  const spaced = `${'AAAA  '.repeat(20_000)}!`
  const dashes = '-'.repeat(100_000)
  test.each([
    ['base64', { photo: [{ data: spaced }], extension: [{ url: 'urn:x', valueBase64Binary: spaced }] }],
    ['a date', { birthDate: `${'1'.repeat(100_000)}`, deceasedDateTime: `2000-01-01T00:00:00.${'0'.repeat(100_000)}` }],
    [
      'an id',
      { id: `${'a'.repeat(100_000)}!`, contained: [{ resourceType: 'Basic', id: dashes, code: { text: 'x' } }] },
    ],
    ['a code', { gender: `${'a '.repeat(50_000)} `, language: ' '.repeat(100_000) }],
    ['a uri', { implicitRules: `urn:${':'.repeat(100_000)}`, meta: { profile: [`${'/'.repeat(100_000)}|`] } }],
    ['an oid', { identifier: [{ system: `urn:oid:${'1.'.repeat(50_000)}`, value: 'x' }] }],
    [
      'a reference',
      {
        managingOrganization: { reference: `${'Organization/'.repeat(10_000)}x` },
        generalPractitioner: [{ reference: `http://${'a/'.repeat(50_000)}` }],
      },
    ],
    [
      'a narrative',
      { text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${'<p '.repeat(30_000)}</div>` } },
    ],
    [
      'a narrative of entities',
      { text: { status: 'generated', div: `<div>${'&#'.repeat(50_000)}${'&amp'.repeat(20_000)}</div>` } },
    ],
    [
      'a narrative of comments',
      { text: { status: 'generated', div: `<div>${'<!--'.repeat(25_000)}${'<![CDATA['.repeat(10_000)}</div>` } },
    ],
    [
      'a name',
      {
        name: [
          {
            text: ' '.repeat(100_000),
            family: `${'\u0301'.repeat(100_000)}`,
            given: ['\u{1f468}\u200d'.repeat(20_000)],
          },
        ],
      },
    ],
    [
      'a name of marks out of order',
      {
        name: [
          {
            text: `a${'\u0323\u0301\u0327'.repeat(50_000)}`,
            family: `a${'\uff9e\u0301'.repeat(50_000)}`,
            given: ['\u0f71\u0f72\u0f74'.repeat(50_000)],
          },
        ],
      },
    ],
    [
      'a narrative of marks out of order',
      {
        text: {
          status: 'generated',
          div: `<div xmlns="http://www.w3.org/1999/xhtml">a${'\u0323\u0301\u0327'.repeat(50_000)}</div>`,
        },
      },
    ],
    [
      'a name of one sign that stands for eighteen',
      { name: [{ text: '\ufdfa'.repeat(2_000_000) }, { family: ' '.repeat(2_000_000) + 'x' }] },
    ],
    [
      'a narrative of such signs',
      {
        text: {
          status: 'generated',
          div: `<div xmlns="http://www.w3.org/1999/xhtml">${'\ufdfa'.repeat(2_000_000)}</div>`,
        },
      },
    ],
    ['a telephone number', { telecom: [{ system: 'phone', value: `+${'1 -'.repeat(30_000)}` }] }],
  ])('%s in a resource', async (_, more) => {
    const body = { resourceType: 'Patient', ...more }
    const { status, whole } = await weighed('POST', 'Patient', { body }, MEGABYTES)
    expect([201, 400, 422]).toContain(status)
    expect(whole).toBeLessThan(MEGABYTES)
  })

  test('paths in a FHIRPath Patch', async () => {
    const patch = (path: string) => ({
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'delete' },
            { name: 'path', valueString: path },
          ],
        },
      ],
    })
    for (const path of [
      "Patient.name.where(family.matches('^(a+)+$'))",
      "Patient.name.given.where($this.matches('(a*)*b'))",
      'Patient.repeat($this)',
      'Patient.descendants()',
      `Patient${'.name'.repeat(200)}`,
      `${'('.repeat(900)}`,
      `${'('.repeat(500)}1${')'.repeat(500)}`,
      `Patient.name.where(${'%resource.name.where('.repeat(10)}true${')'.repeat(11)}`,
      `Patient.${'where(true).'.repeat(80)}name`,
      `'${'\\'.repeat(990)}`,
      `\`${'a'.repeat(990)}`,
      'a'.repeat(100_000),
      ' '.repeat(990),
      `Patient.name[${'9'.repeat(900)}]`,
      `${'@2020'.repeat(190)}`,
    ]) {
      const { status } = await quickly('PATCH', 'Patient/p1', { body: patch(path) })
      expect([path.slice(0, 60), [200, 400, 422].includes(status) || status]).toEqual([path.slice(0, 60), true])
    }
  })

  test('paths and pointers in a JSON Patch', async () => {
    const headers = { 'content-type': 'application/json-patch+json' }
    for (const patch of [
      [{ op: 'test', path: `/${'~'.repeat(100_000)}`, value: 1 }],
      [{ op: 'add', path: `${'/'.repeat(100_000)}`, value: 1 }],
      [{ op: 'add', path: '/name/99999999999', value: {} }],
      [{ op: 'add', path: '/name/-1', value: {} }],
      [{ op: 'add', path: '/name/1e9', value: {} }],
      Array.from({ length: 100_000 }, () => ({ op: 'test', path: '/active', value: true })),
      Array.from({ length: 1000 }, () => ({ op: 'add', path: '/name/0', value: { text: 'x' } })),
      Array.from({ length: 1000 }, () => ({ op: 'copy', from: '/name', path: '/name/0/extension' })),
    ]) {
      const { status } = await quickly('PATCH', 'Patient/p2', { body: patch, headers })
      expect([200, 400, 422]).toContain(status)
    }
  })
})

test('many costly searches at once leave others their answers', { timeout: 120_000 }, async () => {
  const costly = [
    'name:contains=i&_sort=name&link:Patient.link:Patient.name:contains=a',
    `_has:Observation:subject:_has:Observation:has-member:code=c1&_sort=birthdate&_total=accurate`,
    '_include=*&_revinclude=*:*&_count=1000',
  ]
  const { result, longest } = await watching(server, () =>
    Promise.all(Array.from({ length: 48 }, (_, i) => server.ask('GET', `Patient?${costly[i % 3]!}`))),
  )
  expect(result.map(answer => (answer.status === 200 ? '' : fault(answer))).filter(Boolean)).toEqual([])
  expect(result.every(({ status }) => [200, 422, 503].includes(status))).toBe(true)
  expect(longest).toBeLessThan(2 * PATIENCE)
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
