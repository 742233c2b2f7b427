/** Transaction. https://hl7.org/fhir/R4/http.html#trules */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { base, openServer, type TestServer } from '../help/server.ts'
import { asking, bundle, entries, found, post, putting, total } from '../help/whole.ts'

let server: TestServer
beforeEach(async () => {
  server = await openServer()
})
afterEach(() => server.close())

type Answer = Awaited<ReturnType<TestServer['get']>>
const statuses = (answer: Answer) => entries(answer).map(({ response }) => response!.status)
const locations = (answer: Answer) =>
  entries(answer).map(({ response }) => response!.location?.slice(base.length + 1).replace(/\/_history.*/, ''))
const issues = (answer: Answer) =>
  (answer.body as unknown as { issue: { expression?: string[]; diagnostics: string }[] }).issue
const count = async (type: string) => total(await server.get(`${type}?_summary=count`))

const uuid = (n: number) => `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const ofPatient = (reference: string, more: Record<string, unknown> = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...more,
})
const identified = (value: string, more: Record<string, unknown> = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:x', value }],
  ...more,
})

describe('a transaction', () => {
  test('creates its entries and answers in their order', async () => {
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        post(ofPatient(uuid(1))),
        post(identified('1'), uuid(1)),
        putting({ resourceType: 'Organization', id: 'o', name: 'O' }),
      ),
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', type: 'transaction-response' })
    expect(statuses(answer)).toEqual(['201 Created', '201 Created', '201 Created'])
    expect(locations(answer).map(each => each?.split('/')[0])).toEqual(['Observation', 'Patient', 'Organization'])
    expect(entries(answer)[0]!.response).toMatchObject({ etag: 'W/"1"', lastModified: expect.stringMatching(/Z$/) })
  })

  test('rewrites urn:uuid references, forwards, backwards and in circles', async () => {
    const a = { resourceType: 'Patient', link: [{ other: { reference: uuid(2) }, type: 'seealso' }] }
    const b = { resourceType: 'Patient', link: [{ other: { reference: uuid(1) }, type: 'seealso' }] }
    const [one, two] = locations(await server.post('', bundle('transaction', post(a, uuid(1)), post(b, uuid(2)))))
    expect((await server.get(one!)).body).toMatchObject({ link: [{ other: { reference: two } }] })
    expect((await server.get(two!)).body).toMatchObject({ link: [{ other: { reference: one } }] })
  })

  test('rewrites urn:oid and absolute fullUrls, in uris and in the narrative too', async () => {
    const there = 'http://hospital.example/fhir'
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${there}/Patient/7">he</a></div>`
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        post({ resourceType: 'Patient' }, `${there}/Patient/7`),
        post({ resourceType: 'Device' }, 'urn:oid:1.2.3'),
        post({
          ...ofPatient(`${there}/Patient/7`),
          text: { status: 'generated', div },
          device: { reference: 'urn:oid:1.2.3' },
          extension: [{ url: 'http://e.x', valueUri: `${there}/Patient/7` }],
        }),
        post(ofPatient('Patient/7'), `${there}/Observation/1`),
        post(ofPatient('Patient/7')),
      ),
    )
    const [who, device, ...observations] = locations(answer)
    const [absolute, relative, ours] = await Promise.all(observations.map(async each => (await server.get(each!)).body))
    expect(absolute).toMatchObject({
      subject: { reference: who },
      device: { reference: device },
      extension: [{ valueUri: who }],
    })
    expect(JSON.stringify(absolute)).toContain(`href=\\"${who}\\"`)
    // beside a fullUrl of the other server, a relative reference is the other server's; else it is ours
    expect(relative).toMatchObject({ subject: { reference: who } })
    expect(ours).toMatchObject({ subject: { reference: 'Patient/7' } })
  })

  test('makes what refers findable by what it refers to', async () => {
    const [who] = locations(
      await server.post(
        '',
        bundle('transaction', post({ resourceType: 'Patient' }, uuid(1)), post(ofPatient(uuid(1)))),
      ),
    )
    expect(found(await server.get(`Observation?subject=${who}`))).toHaveLength(1)
  })

  test('names the version it makes in a reference that asks for it', async () => {
    await server.put('Patient/p', identified('p', { id: 'p' }))
    const extension = [
      { url: 'http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific', valueBoolean: true },
    ]
    const target = [
      { reference: 'Patient/p', extension },
      { reference: uuid(1), extension },
      { reference: 'Patient/p' },
    ]
    const provenance = {
      resourceType: 'Provenance',
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ who: { display: 'x' } }],
      target,
    }
    const body = () =>
      bundle(
        'transaction',
        putting(identified('p', { id: 'p' }) as never),
        post({ resourceType: 'Organization' }, uuid(1)),
        post(provenance),
      )
    const answers = await Promise.all([server.post('', body()), server.post('', body()), server.post('', body())])
    for (const answer of answers) {
      const [version, organization, where] = entries(answer).map(({ response }) =>
        response!.location!.slice(base.length + 1),
      )
      const { body } = await server.get(where!.replace(/\/_history.*/, ''))
      expect(body!['target']).toEqual([{ reference: version }, { reference: organization }, { reference: 'Patient/p' }])
    }
  })

  test('keeps the digits of numbers', async () => {
    const [, where] = locations(
      await server.post(
        '',
        JSON.stringify(
          bundle(
            'transaction',
            post(identified('1'), uuid(1), { ifNoneExist: 'identifier=urn:x|1' }),
            post(ofPatient(uuid(1), { valueQuantity: { value: '@' } })),
          ),
        ).replace('"@"', '1.00'),
      ),
    )
    expect((await server.get(where!)).text).toContain('"value":1.00')
  })

  test('with a reference to a urn:uuid that no entry has is refused, naming the entry', async () => {
    const answer = await server.post(
      '',
      bundle('transaction', post({ resourceType: 'Patient' }), post(ofPatient(uuid(9)))),
    )
    expect(answer.status).toBe(400)
    expect(issues(answer)[0]!.expression).toEqual(['Bundle.entry[1]'])
    expect(await count('Patient')).toBe(0)
  })

  test('is all or nothing: one bad entry, and nothing is there', async () => {
    const bad = [
      post({ resourceType: 'Patient', nonsense: 1 }),
      putting({ resourceType: 'Patient', id: 'x' }, { ifMatch: 'W/"3"' }),
      asking('DELETE', 'Nope/1'),
      post({ resourceType: 'Patient', birthDate: 7 }),
      { request: { method: 'PATCH', url: 'Patient/none' }, resource: { resourceType: 'Parameters' } },
    ]
    for (const entry of bad) {
      const answer = await server.post(
        '',
        bundle('transaction', post({ resourceType: 'Patient' }), putting({ resourceType: 'Patient', id: 'p' }), entry),
      )
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(issues(answer)[0]!.expression![0]).toMatch(/^Bundle\.entry\[2\]/)
      expect(issues(answer)[0]!.diagnostics).toContain('Bundle.entry[2]')
    }
    expect(await count('Patient')).toBe(0)
  })

  test('goes in the order of FHIR whatever the order of entries: reads see what was written', async () => {
    await server.put('Patient/old', { resourceType: 'Patient', id: 'old' })
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        asking('GET', 'Patient/new'),
        asking('GET', 'Patient?_id=new'),
        asking('GET', 'Patient/old'),
        putting({ resourceType: 'Patient', id: 'new' }),
        asking('DELETE', 'Patient/old'),
      ),
    )
    expect(statuses(answer)).toEqual(['200 OK', '200 OK', '410 Gone', '201 Created', '204 No Content'])
    expect(entries(answer)[1]!.resource).toMatchObject({ type: 'searchset', total: 1 })
  })

  test('gives the resources written only when asked to', async () => {
    const body = () => bundle('transaction', putting({ resourceType: 'Patient', id: 'p' }))
    expect(entries(await server.post('', body()))[0]).not.toHaveProperty('resource')
    expect(entries(await server.post('', body(), { prefer: 'return=representation' }))[0]).toMatchObject({
      fullUrl: `${base}/Patient/p`,
      resource: { id: 'p' },
    })
    expect(
      entries(await server.post('', body(), { prefer: 'return=OperationOutcome' }))[0]!.response!.outcome,
    ).toMatchObject({ resourceType: 'OperationOutcome' })
  })

  test('without entries answers', async () => {
    expect((await server.post('', bundle('transaction'))).status).toBe(200)
  })

  test('in a transaction is refused', async () => {
    const answer = await server.post(
      '',
      bundle('transaction', { resource: bundle('batch'), request: { method: 'POST', url: '' } }),
    )
    expect(answer.status).toBe(400)
    expect(issues(answer)[0]!.expression).toEqual(['Bundle.entry[0]'])
  })
})

describe('two entries of one transaction', () => {
  const twice: [string, unknown[]][] = [
    ['two updates', [putting({ resourceType: 'Patient', id: 'a' }), putting({ resourceType: 'Patient', id: 'a' })]],
    ['an update and a deletion', [putting({ resourceType: 'Patient', id: 'a' }), asking('DELETE', 'Patient/a')]],
    [
      'an update and a conditional update',
      [
        putting({ resourceType: 'Patient', id: 'known' }),
        { resource: identified('known'), request: { method: 'PUT', url: 'Patient?identifier=urn:x|known' } },
      ],
    ],
    [
      'two creates with one If-None-Exist',
      [
        post(identified('n'), uuid(1), { ifNoneExist: 'identifier=urn:x|n' }),
        post(identified('n'), uuid(2), { ifNoneExist: '?identifier=urn:x|n' }),
      ],
    ],
    [
      'a conditional deletion and a patch',
      [
        asking('DELETE', 'Patient?identifier=urn:x|known'),
        { request: { method: 'PATCH', url: 'Patient/known' }, resource: { resourceType: 'Parameters' } },
      ],
    ],
    ['one fullUrl', [post(identified('1'), uuid(1)), post(identified('2'), uuid(1))]],
    [
      'a deletion and a create that finds what is deleted',
      [
        asking('DELETE', 'Patient/known'),
        post(identified('known'), uuid(1), { ifNoneExist: 'identifier=urn:x|known' }),
      ],
    ],
  ]
  for (const [what, body] of twice) {
    test(`that are about one resource are refused, and nothing is written: ${what}`, async () => {
      await server.put('Patient/known', identified('known', { id: 'known' }))
      const answer = await server.post('', bundle('transaction', post({ resourceType: 'Organization' }), ...body))
      expect(answer.status).toBe(400)
      expect(issues(answer)[0]!.expression![0]).toMatch(/^Bundle\.entry\[[12]\]$/)
      expect(await count('Organization')).toBe(0)
      expect((await server.get('Patient/known')).body).toMatchObject({ meta: { versionId: '1' } })
    })
  }
})

describe('conditions in a transaction', () => {
  beforeEach(async () => {
    await server.put('Patient/known', identified('known', { id: 'known' }))
  })

  test('ifNoneExist uses what is there, and references go to it', async () => {
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        post(identified('known'), uuid(1), { ifNoneExist: 'identifier=urn:x|known' }),
        post(ofPatient(uuid(1))),
      ),
    )
    expect(statuses(answer)).toEqual(['200 OK', '201 Created'])
    expect((await server.get(locations(answer)[1]!)).body).toMatchObject({ subject: { reference: 'Patient/known' } })
    expect(await count('Patient')).toBe(1)
  })

  test('ifNoneExist that finds nothing creates, once also for eight at the same time', async () => {
    const body = () =>
      bundle(
        'transaction',
        post(identified('race'), uuid(1), { ifNoneExist: 'identifier=urn:x|race' }),
        post(ofPatient(uuid(1)), uuid(2)),
      )
    const answers = await Promise.all(Array.from({ length: 8 }, () => server.post('', body())))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(answers.filter(answer => statuses(answer)[0] === '201 Created')).toHaveLength(1)
    expect(total(await server.get('Patient?identifier=urn:x|race&_summary=count'))).toBe(1)
    const [who] = found(await server.get('Patient?identifier=urn:x|race'))
    expect(found(await server.get(`Observation?subject=${who}`))).toHaveLength(8)
  })

  test('ifNoneExist that finds several is refused with 412', async () => {
    await server.put('Patient/other', identified('known', { id: 'other' }))
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        post({ resourceType: 'Organization' }),
        post(identified('known'), uuid(1), { ifNoneExist: 'identifier=urn:x|known' }),
      ),
    )
    expect(answer.status).toBe(412)
    expect(issues(answer)[0]!.expression).toEqual(['Bundle.entry[1]'])
    expect(await count('Organization')).toBe(0)
  })

  test('a conditional update writes what it finds or creates, and references follow', async () => {
    const put = (value: string) => ({
      fullUrl: uuid(1),
      resource: identified(value, { active: true }),
      request: { method: 'PUT', url: `Patient?identifier=urn:x|${value}` },
    })
    const known = await server.post('', bundle('transaction', put('known'), post(ofPatient(uuid(1)))))
    expect(statuses(known)).toEqual(['200 OK', '201 Created'])
    expect((await server.get('Patient/known')).body).toMatchObject({ active: true, meta: { versionId: '2' } })
    expect((await server.get(locations(known)[1]!)).body).toMatchObject({ subject: { reference: 'Patient/known' } })
    const created = await server.post('', bundle('transaction', put('new'), post(ofPatient(uuid(1)))))
    expect(statuses(created)).toEqual(['201 Created', '201 Created'])
    expect((await server.get(locations(created)[1]!)).body).toMatchObject({
      subject: { reference: locations(created)[0] },
    })
  })

  test('a conditional deletion deletes what it finds', async () => {
    const answer = await server.post(
      '',
      bundle(
        'transaction',
        asking('DELETE', 'Patient?identifier=urn:x|known'),
        asking('DELETE', 'Patient?identifier=urn:x|nobody'),
      ),
    )
    expect(statuses(answer)).toEqual(['204 No Content', '204 No Content'])
    expect((await server.get('Patient/known')).status).toBe(410)
  })

  test('ifMatch has one winner', async () => {
    const body = () =>
      bundle(
        'transaction',
        putting({ resourceType: 'Patient', id: 'known' }, { ifMatch: 'W/"1"' }),
        post({ resourceType: 'Organization' }),
      )
    const answers = await Promise.all(Array.from({ length: 6 }, () => server.post('', body())))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412, 412, 412])
    expect(await count('Organization')).toBe(1)
  })

  test('ifNoneMatch * creates only', async () => {
    const body = () => bundle('transaction', putting({ resourceType: 'Patient', id: 'fresh' }, { ifNoneMatch: '*' }))
    expect((await server.post('', body())).status).toBe(200)
    expect((await server.post('', body())).status).toBe(412)
  })

  test('a conditional reference becomes the one resource that matches', async () => {
    const [where] = locations(
      await server.post('', bundle('transaction', post(ofPatient('Patient?identifier=urn:x|known')))),
    )
    expect((await server.get(where!)).body).toMatchObject({ subject: { reference: 'Patient/known' } })
  })

  test('a conditional reference may be to what the transaction creates', async () => {
    const [who, where] = locations(
      await server.post(
        '',
        bundle('transaction', post(identified('created')), post(ofPatient('Patient?identifier=urn:x|created'))),
      ),
    )
    expect((await server.get(where!)).body).toMatchObject({ subject: { reference: who } })
  })

  test('a conditional reference to nothing, to several or to nonsense is refused, naming the entry', async () => {
    await server.put('Patient/other', identified('known', { id: 'other' }))
    for (const [reference, status] of [
      ['Patient?identifier=urn:x|nobody', 412],
      ['Patient?identifier=urn:x|known', 412],
      ['Patient?nonsense=1', 400],
      ['Nonsense?identifier=1', 400],
    ] as const) {
      const answer = await server.post(
        '',
        bundle('transaction', post({ resourceType: 'Organization' }), post(ofPatient(reference))),
      )
      expect(answer.status).toBe(status)
      expect(issues(answer)[0]!.expression).toEqual(['Bundle.entry[1]'])
    }
    expect(await count('Organization')).toBe(0)
  })
})

describe('a patch in a transaction', () => {
  beforeEach(async () => {
    await server.put('Patient/p', identified('p', { id: 'p', gender: 'male' }))
  })
  const jsonPatch = (operations: unknown) => ({
    resourceType: 'Binary',
    contentType: 'application/json-patch+json',
    data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  })

  test('is a JSON Patch in a Binary', async () => {
    const answer = await server.post(
      '',
      bundle('transaction', {
        request: { method: 'PATCH', url: 'Patient/p' },
        resource: jsonPatch([{ op: 'replace', path: '/gender', value: 'female' }]),
      }),
    )
    expect(statuses(answer)).toEqual(['200 OK'])
    expect((await server.get('Patient/p')).body).toMatchObject({ gender: 'female', meta: { versionId: '2' } })
  })

  test('is a FHIRPath Patch in Parameters, and may refer to other entries', async () => {
    const operation = [
      { name: 'type', valueCode: 'add' },
      { name: 'path', valueString: 'Patient' },
      { name: 'name', valueString: 'managingOrganization' },
      { name: 'value', valueReference: { reference: uuid(1) } },
    ]
    const resource = { resourceType: 'Parameters', parameter: [{ name: 'operation', part: operation }] }
    const answer = await server.post(
      '',
      bundle('transaction', post({ resourceType: 'Organization' }, uuid(1)), {
        request: { method: 'PATCH', url: 'Patient?identifier=urn:x|p' },
        resource,
      }),
    )
    expect(statuses(answer)).toEqual(['201 Created', '200 OK'])
    expect((await server.get('Patient/p')).body).toMatchObject({
      managingOrganization: { reference: locations(answer)[0] },
    })
  })

  test('that cannot be applied refuses the whole', async () => {
    const answer = await server.post(
      '',
      bundle('transaction', post({ resourceType: 'Organization' }), {
        request: { method: 'PATCH', url: 'Patient/p' },
        resource: jsonPatch([{ op: 'remove', path: '/nothing' }]),
      }),
    )
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(await count('Organization')).toBe(0)
  })
})

test('a large transaction leaves the event loop to others while it is planned', async () => {
  const big = await openServer({ limits: { maxBundleEntries: 5000 } })
  const many = Array.from({ length: 3000 }, (_, i) => post(i === 0 ? identified('1') : ofPatient(uuid(0)), uuid(i)))
  const body = JSON.stringify(bundle('transaction', ...many))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const answer = await big.post('', body)
  clearInterval(timer)
  expect(answer.status).toBe(200)
  expect(entries(answer)).toHaveLength(3000)
  expect(turns).toBeGreaterThan(3)
  await big.close()
})

const synthea = new URL('../../../shared/data/synthea/', import.meta.url)
test.skipIf(!existsSync(synthea))('a Synthea bundle is stored whole, no urn left in its references', async () => {
  const file = readdirSync(synthea)[0]!
  const answer = await server.post('', readFileSync(new URL(file, synthea), 'utf8'))
  expect(answer.status).toBe(200)
  for (const where of locations(answer)) expect((await server.get(where!)).text).not.toContain('"reference":"urn:')
})
