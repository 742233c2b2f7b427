import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { all, observation, openExporting, patient, reader, type Exporting } from './exporting.ts'

const only = (...ids: string[]) => ({ is: 'id', ids }) as const

let server: Exporting
beforeAll(async () => {
  server = await openExporting({
    callers: {
      hub: reader('hub', all('Patient', 'Observation', 'Group')),
      other: reader('other', all('Patient', 'Observation', 'Group')),
      patients: reader('patients', all('Patient')),
      nogroup: reader('nogroup', all('Patient', 'Observation')),
      nopatient: reader('nopatient', all('Group', 'Observation')),
      one: reader('one', { Patient: only('a'), Observation: only('o-a1') }),
      blind: reader('blind', {}),
      finder: { id: 'finder', permits: (_, action) => (action === 'search' ? { is: 'all', parts: [] } : undefined) },
    },
  })
  for (const id of ['a', 'b', 'c'])
    await server.create(patient(id, { gender: id === 'a' ? 'female' : 'male', birthDate: '1990-01-01' }))
  await server.create(observation('o-a1', 'a'))
  await server.create(observation('o-a2', 'a', { status: 'preliminary' }))
  await server.create(observation('o-b', 'b', { valueQuantity: { value: 1.0, unit: 'mg' } }))
  await server.create(observation('o-none', 'a', { subject: undefined }))
  await server.create({ resourceType: 'Organization', id: 'org', name: 'Synthetic hospital' } as never)
  await server.create({
    resourceType: 'Group',
    id: 'g',
    type: 'person',
    actual: true,
    member: [
      { entity: { reference: 'Patient/a' } },
      { entity: { reference: 'Patient/b' }, inactive: true },
      { entity: { reference: 'Group/inner' } },
    ],
  } as never)
  await server.create({
    resourceType: 'Group',
    id: 'inner',
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/c' } }],
  } as never)
  await server.create({ resourceType: 'Group', id: 'empty', type: 'person', actual: true } as never)
})
afterAll(() => server.close())

const ids = (list: readonly { id: string }[] | undefined) => (list ?? []).map(({ id }) => id).sort()
const refused = async (path: string, asking: { body?: object; headers?: object; as?: string } = {}) => {
  const answer = await server.ask(asking.body ? 'POST' : 'GET', path, {
    ...asking,
    headers: { prefer: 'respond-async', ...asking.headers },
  })
  return { status: answer.status, said: answer.text, headers: answer.headers }
}

describe('an export', () => {
  test('of the system has every resource of every type, a line each, counted in the manifest', async () => {
    const { manifest, resources } = await server.export('$export')
    expect(Object.keys(resources).sort()).toEqual(['Group', 'Observation', 'Organization', 'Patient'])
    expect(ids(resources['Observation'])).toEqual(['o-a1', 'o-a2', 'o-b', 'o-none'])
    expect(manifest.output.map(({ type, count }) => [type, count])).toContainEqual(['Patient', 3])
    expect(manifest).toMatchObject({
      request: `${server.base}/$export`,
      requiresAccessToken: false,
      deleted: [],
      error: [],
    })
    expect(Date.parse(manifest.transactionTime)).toBeLessThanOrEqual(Date.now())
  })

  test('of all patients has what is in the record of some patient, and nothing else', async () => {
    const { resources } = await server.export('Patient/$export')
    expect(ids(resources['Observation'])).toEqual(['o-a1', 'o-a2', 'o-b'])
    expect(ids(resources['Patient'])).toEqual(['a', 'b', 'c'])
    expect(resources['Organization']).toBeUndefined()
  })

  test('of a Group has the records of its active members, not of the members of Groups in it', async () => {
    const { resources } = await server.export('Group/g/$export')
    expect(ids(resources['Patient'])).toEqual(['a'])
    expect(ids(resources['Observation'])).toEqual(['o-a1', 'o-a2'])
  })

  test('of a Group without members has no files', async () => {
    const { manifest } = await server.export('Group/empty/$export')
    expect(manifest.output).toEqual([])
  })

  test('can be asked for by POST of Parameters, for some patients', async () => {
    const { resources } = await server.export('Patient/$export', undefined, {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueString: 'Patient,Observation' },
        { name: 'patient', valueReference: { reference: 'Patient/b' } },
      ],
    })
    expect([ids(resources['Patient']), ids(resources['Observation'])]).toEqual([['b'], ['o-b']])
  })

  test('has the types that were asked for only', async () => {
    const { resources } = await server.export('$export?_type=Patient,Organization')
    expect(Object.keys(resources).sort()).toEqual(['Organization', 'Patient'])
  })

  test('has what one of several filters of a type finds; other types are whole', async () => {
    const { resources } = await server.export(
      `$export?_type=Patient,Observation&_typeFilter=${encodeURIComponent('Observation?status=preliminary,amended,Observation?subject=Patient/b')}`,
    )
    expect([ids(resources['Observation']), ids(resources['Patient'])]).toEqual([
      ['o-a2', 'o-b'],
      ['a', 'b', 'c'],
    ])
  })

  test('has the elements that were asked for, the mandatory ones, and says that there were more', async () => {
    const { resources } = await server.export('$export?_type=Patient,Observation&_elements=Patient.gender')
    const [first] = resources['Patient']!.filter(({ id }) => id === 'a')
    expect(first).toMatchObject({ gender: 'female', meta: { tag: [{ code: 'SUBSETTED' }] } })
    expect(first).not.toHaveProperty('birthDate')
    expect(resources['Observation']!.find(({ id }) => id === 'o-b')).toHaveProperty('valueQuantity')
  })

  test('keeps the digits of decimals, as they are stored', async () => {
    const digits = JSON.stringify(observation('o-digits', 'b')).replace('}', '},"valueQuantity":{"value":1.00}')
    expect((await server.ask('PUT', 'Observation/o-digits', { body: digits })).status).toBe(201)
    for (const elements of ['', '&_elements=value']) {
      const { manifest } = await server.export(`$export?_type=Observation${elements}`)
      const { text } = await server.ask('GET', manifest.output[0]!.url)
      expect(text).toContain('"value":1.00}')
    }
    await server.ask('DELETE', 'Observation/o-digits')
  })

  test('since a time has what changed after it, and tells what was deleted', async () => {
    await server.create(patient('old'))
    await server.create(patient('dead', { gender: 'male' }))
    await server.create(patient('dead-female', { gender: 'female' }))
    await server.create(observation('o-dead', 'a'))
    const { manifest } = await server.export('$export?_type=Patient')
    await new Promise(resolve => setTimeout(resolve, 5))
    await server.create(patient('new', { gender: 'male' }))
    for (const gone of ['Patient/dead', 'Patient/dead-female', 'Observation/o-dead']) await server.ask('DELETE', gone)
    await server.create(patient('back', { gender: 'male' }))
    await server.ask('DELETE', 'Patient/back')
    await server.create(patient('back', { gender: 'male' }))
    const since = `_since=${manifest.transactionTime}`
    const next = await server.export(`$export?_type=Patient&${since}&_typeFilter=Patient%3Fgender%3Dmale`)
    expect(ids(next.resources['Patient'])).toEqual(['back', 'new'])
    expect(next.deleted.map(line => JSON.parse(line) as object)).toEqual([
      { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: 'Patient/dead' } }] },
    ])
    const ofGroup = await server.export(`Group/g/$export?${since}`)
    expect(ofGroup.deleted.join()).toContain('Observation/o-dead')
    expect(ofGroup.deleted.join()).not.toContain('Patient/')
    for (const id of ['old', 'new', 'back']) await server.ask('DELETE', `Patient/${id}`)
  })

  test('until a time has nothing that changed later', async () => {
    const { manifest } = await server.export('$export?_type=Organization')
    await new Promise(resolve => setTimeout(resolve, 5))
    await server.create({ resourceType: 'Organization', id: 'late', name: 'Synthetic' } as never)
    const { resources } = await server.export(`$export?_type=Organization&_until=${manifest.transactionTime}`)
    await server.ask('DELETE', 'Organization/late')
    expect(ids(resources['Organization'])).toEqual(['org'])
  })
})

test('when the whole record of a patient was deleted, all of it is told to be deleted', async () => {
  await server.create(patient('erased'))
  await server.create(observation('o-erased', 'erased'))
  const { manifest } = await server.export('Patient/$export')
  await new Promise(resolve => setTimeout(resolve, 5))
  for (const gone of ['Observation/o-erased', 'Patient/erased']) await server.ask('DELETE', gone)
  const { deleted } = await server.export(`Patient/$export?_since=${manifest.transactionTime}`)
  expect(
    deleted.map(line => (JSON.parse(line) as { entry: { request: { url: string } }[] }).entry[0]!.request.url).sort(),
  ).toEqual(['Observation/o-erased', 'Patient/erased'])
})

describe('a request for an export is refused', () => {
  test.each([
    ['without Prefer: respond-async', '$export', { headers: { prefer: 'return=minimal' } }, 'respond-async'],
    ['for an unknown parameter', '$export?_types=Patient', {}, '_types'],
    ['for another format', '$export?_outputFormat=application/fhir%2Bparquet', {}, 'ndjson'],
    ['for a type that FHIR does not have', '$export?_type=Pateint', {}, 'Pateint'],
    ['for a type that is in no patient’s record', 'Patient/$export?_type=Organization', {}, 'Organization'],
    ['for a time that is none', '$export?_since=yesterday', {}, 'instant'],
    [
      'for a filter of an unknown search parameter',
      '$export?_type=Patient&_typeFilter=Patient%3Fcolour%3Dred',
      {},
      'colour',
    ],
    ['for a filter that sorts', '$export?_typeFilter=Patient%3F_sort%3Dname', {}, '_sort'],
    [
      'for a filter of a type that is not exported',
      '$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal',
      {},
      'Observation',
    ],
    ['for elements that are no names', '$export?_elements=a%20b', {}, '_elements'],
    [
      'for associated data that nobody defined',
      '$export?includeAssociatedData=_ourPreset',
      {},
      'includeAssociatedData',
    ],
    ['for files by something else than patients', '$export?organizeOutputBy=Encounter', {}, 'organizeOutputBy'],
    ['for two ways of organizing', '$export?organizeOutputBy=Patient&organizeOutputBy=Patient', {}, 'once'],
    ['for patients in the URL', 'Patient/$export?patient=Patient/a', {}, 'POST'],
    ['for two formats', '$export?_outputFormat=ndjson&_outputFormat=ndjson', {}, 'once'],
    [
      'for a patient who is not in the Group',
      'Group/g/$export',
      {
        body: {
          resourceType: 'Parameters',
          parameter: [{ name: 'patient', valueReference: { reference: 'Patient/b' } }],
        },
      },
      'Patient/b',
    ],
    ['for a body that is no Parameters', '$export', { body: { resourceType: 'Patient' } }, 'Parameters'],
  ])('%s', async (_, path, asking, word) => {
    const { status, said } = await refused(path, asking)
    expect([status, said]).toEqual([400, expect.stringContaining(word)])
  })

  test('for a Group that is not there, also when it is in another tenant', async () => {
    expect((await refused('Group/elsewhere/$export')).status).toBe(404)
  })

  test('in a format other than JSON', async () => {
    expect((await refused('$export', { headers: { accept: 'application/fhir+xml' } })).status).toBe(406)
  })
})

test('with handling=lenient what is unknown is ignored, and told in the answer and in an error file', async () => {
  const answer = await server.ask('GET', '$export?_type=Patient,Pateint&colour=red&organizeOutputBy=Patient', {
    headers: { prefer: 'respond-async, handling=lenient' },
  })
  expect(answer.status).toBe(202)
  for (const word of ['colour', 'Pateint', 'organizeOutputBy']) expect(answer.text).toContain(word)
  const { body } = await server.finished(answer.headers['content-location']!)
  const { text } = await server.ask('GET', body.error[0].url)
  expect(text.split('\n').filter(Boolean)).toHaveLength(body.error[0].count)
  expect(text).toContain('"resourceType":"OperationOutcome"')
})

describe('who asks', () => {
  test('gets only what they may see, also when they name no type', async () => {
    const { resources, manifest } = await server.export('$export', 'one')
    expect([ids(resources['Patient']), ids(resources['Observation'])]).toEqual([['a'], ['o-a1']])
    expect(manifest.requiresAccessToken).toBe(true)
    const named = await server.export('Patient/$export', 'one')
    expect([ids(named.resources['Patient']), ids(named.resources['Observation'])]).toEqual([['a'], ['o-a1']])
  })

  test('is refused when they name a type that they may not see, or may see nothing', async () => {
    expect((await refused('$export?_type=Observation', { as: 'patients' })).status).toBe(403)
    expect((await refused('$export', { as: 'blind' })).status).toBe(403)
    expect((await refused('$export?_type=Observation', { as: 'finder' })).status).toBe(403)
  })

  test('needs Group and Patient for the export of a Group, and Patient for that of all patients', async () => {
    expect((await refused('Group/g/$export', { as: 'nogroup' })).status).toBe(403)
    expect((await refused('Group/g/$export', { as: 'nopatient' })).status).toBe(403)
    expect((await refused('Patient/$export', { as: 'nopatient' })).status).toBe(403)
  })

  test('is the only one who hears of the job, may end it and fetches its files', async () => {
    const status = await server.kickOff('$export?_type=Patient', 'hub')
    const { body } = await server.finished(status, 'hub')
    for (const as of ['other', 'blind', undefined])
      for (const [method, url] of [
        ['GET', status],
        ['DELETE', status],
        ['GET', body.output[0].url],
      ] as const)
        expect((await server.ask(method, url, as ? { as } : {})).status).toBe(404)
    expect((await server.ask('GET', body.output[0].url, { as: 'hub' })).status).toBe(200)
  })
})

test('files of one whose rights have shrunk since are refused', async () => {
  let filters = all('Patient')
  const shrinking = await openExporting({
    callers: {
      hub: {
        id: 'hub',
        permits: (type, action) => (action === 'read' || action === 'search' ? filters[type] : undefined),
      },
    },
  })
  try {
    await shrinking.create(patient('a'))
    const { manifest } = await shrinking.export('$export', 'hub')
    filters = { Patient: only('b') }
    expect((await shrinking.ask('GET', manifest.output[0]!.url, { as: 'hub' })).status).toBe(403)
  } finally {
    await shrinking.close()
  }
})

describe('the files', () => {
  test('are NDJSON, say until when they are kept, and come compressed for who takes gzip', async () => {
    const { manifest } = await server.export('$export?_type=Patient')
    const { url, count } = manifest.output[0]!
    const plain = await server.ask('GET', url, { headers: { accept: 'application/fhir+ndjson' } })
    expect(plain.headers).toMatchObject({ 'content-type': 'application/fhir+ndjson', 'cache-control': 'no-store' })
    expect(Date.parse(plain.headers['expires']!)).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    const zipped = await server.ask('GET', url, { headers: { 'accept-encoding': 'gzip' } })
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(zipped.text).toBe(plain.text)
    expect(plain.text.trimEnd().split('\n')).toHaveLength(count)
    expect(
      (await server.ask('GET', url, { headers: { 'accept-encoding': 'gzip;q=0' } })).headers['content-encoding'],
    ).toBeUndefined()
  })

  test('are for the server’s user only, under names that nobody guesses', async () => {
    await server.export('$export?_type=Patient')
    const folder = join(server.folder, 'bulk')
    const jobs = readdirSync(folder)
    expect(jobs.length).toBeGreaterThan(0)
    for (const job of jobs) {
      expect(statSync(join(folder, job)).mode & 0o777).toBe(0o700)
      expect(job).toMatch(/^[\w-]{22}$/)
      for (const file of readdirSync(join(folder, job))) {
        expect(statSync(join(folder, job, file)).mode & 0o777).toBe(0o600)
        expect(file).toMatch(/^[\w-]{22}\.ndjson$|^patients\.json$/)
      }
    }
  })

  test('cannot be left by a path, and others of the folder are not served', async () => {
    const status = await server.kickOff('Group/g/$export')
    await server.finished(status)
    for (const name of ['patients.json', '..%2Fstore.db', '%2e%2e', 'x.ndjson'])
      expect((await server.ask('GET', `${status}/${name}`)).status).toBeGreaterThanOrEqual(400)
  })
})

test('the CapabilityStatement names the operations with their definitions, and the guide', async () => {
  const { body } = await server.ask('GET', 'metadata')
  const definition = (list: { name: string; definition: string }[]) =>
    list.filter(({ name }) => name === 'export').map(each => each.definition)
  const ofType = (type: string) =>
    definition(body.rest[0].resource.find((each: { type: string }) => each.type === type).operation)
  const at = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/'
  expect(definition(body.rest[0].operation)).toEqual([`${at}export`])
  expect(ofType('Patient')).toEqual([`${at}patient-export`])
  expect(ofType('Group')).toEqual([`${at}group-export`])
  expect(body.instantiates).toEqual(['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'])
})
