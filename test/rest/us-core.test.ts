/**
 * US Core 6.1.0 as a server has to behave: every search its CapabilityStatement asks for, alone and in combination, over the guide's own
 * examples; _revinclude=Provenance:target; $docref.
 * https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
 */
import { createReadStream, existsSync } from 'node:fs'
import type { Bundle, CapabilityStatement, Extension, SearchParameter } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageFiles } from '../../src/fhir/package-archive.ts'
import { evaluate } from '../../src/fhir/path.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { openServer, type TestServer } from '../help/server.ts'

const archive = '../shared/data/packages/hl7.fhir.us.core-6.1.0.tgz'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

const idsIn = (body: unknown) =>
  ((body as Bundle).entry ?? []).map(({ resource }) => `${resource!.resourceType}/${resource!.id}`)
const found = async (url: string) => {
  const { status, said, body } = await server.get(url)
  expect([url, status, said]).toEqual([url, 200, ''])
  return idsIn(body)
}

describe.skipIf(!existsSync(archive))('the examples of the guide', { timeout: 60_000 }, () => {
  const stored = new Map<string, Resource[]>()
  const params = new Map<string, SearchParameter>()
  let statement: CapabilityStatement

  beforeAll(async () => {
    const files = packageFiles(createReadStream(archive), { folders: ['package', 'package/example'] })
    for await (const { path, bytes } of files) {
      const resource = JSON.parse(bytes.toString()) as Resource
      if (path.startsWith('package/example/') && resource.resourceType !== 'Bundle') {
        const { status, said } = await server.put(`${resource.resourceType}/${resource.id!}`, resource)
        expect([path, status, said]).toEqual([path, 201, ''])
        add(resource)
      } else if (resource.resourceType === 'SearchParameter') {
        const param = resource as unknown as SearchParameter
        params.set(param.url, param)
      } else if (path.endsWith('/CapabilityStatement-us-core-server.json'))
        statement = resource as unknown as CapabilityStatement
    }
    for (const resource of more) add(await server.create(resource))
  })
  const add = (resource: Resource) =>
    stored.set(resource.resourceType, [...(stored.get(resource.resourceType) ?? []), resource])

  test('are all accepted, and each search the CapabilityStatement names finds what has the values searched for', async () => {
    const missed: string[] = []
    const untried: string[] = []
    let tried = 0
    for (const { type, searchParam = [], extension = [] } of statement.rest![0]!.resource!) {
      const definitions = new Map(searchParam.map(({ name, definition }) => [name, definition!]))
      const searches = [...searchParam.map(({ name }) => [name]), ...extension.flatMap(combination)]
      for (const names of searches) {
        const example = exampleFor(type, names, definitions)
        if (!example) {
          untried.push(`${type}?${names.join('&')}`)
          continue
        }
        tried++
        for (const query of example.queries) {
          const url = `${type}?${query}&_count=1000`
          const ids = await found(url)
          if (!ids.includes(`${type}/${example.resource.id!}`)) missed.push(url)
          const posted = await server.ask('POST', `${type}/_search?${query}&_count=1000`)
          if (idsIn(posted.body).length !== ids.length) missed.push(`POST ${url}`)
        }
      }
    }
    expect(missed).toEqual([])
    expect(untried.sort()).toEqual([])
    expect(tried).toBeGreaterThan(120)
  })

  test('_revinclude=Provenance:target is known to every type that US Core asks it of', async () => {
    for (const { type, searchRevInclude } of statement.rest![0]!.resource!)
      if (searchRevInclude?.includes('Provenance:target')) await found(`${type}?_revinclude=Provenance:target&_count=5`)
    const ids = await found('Patient?_id=example&_revinclude=Provenance:target')
    expect(ids).toContain('Patient/example')
  })

  test('includes that US Core asks for are known', async () => {
    for (const { type, searchInclude = [] } of statement.rest![0]!.resource!)
      for (const include of searchInclude) await found(`${type}?_include=${include}&_count=5`)
  })

  /** What the server has as resources of the type with a value for each name, and how to ask for these. */
  function exampleFor(type: string, names: readonly string[], definitions: ReadonlyMap<string, string>) {
    for (const resource of stored.get(type) ?? []) {
      const values = names.map(name => asked(resource, name, params.get(definitions.get(name)!)))
      if (values.some(each => each.length === 0)) continue
      const most = Math.max(...values.map(each => each.length))
      const queries = Array.from({ length: most }, (_, i) =>
        values.map((each, n) => `${names[n]!}=${each[Math.min(i, each.length - 1)]!}`).join('&'),
      )
      return { resource, queries }
    }
    return undefined
  }
})

/** The names of a search-parameter-combination. */
function combination({ url, extension = [] }: Extension): string[][] {
  if (!url.endsWith('/capabilitystatement-search-parameter-combination')) return []
  return [extension.filter(each => each.url === 'required').map(({ valueString }) => valueString!)]
}

/** How a client may ask for the value a resource has, percent-encoded; dates by ge, le, gt and lt. */
function asked(resource: Resource, name: string, param: SearchParameter | undefined): string[] {
  if (name === '_id') return [resource.id!]
  // in the examples all references of these kinds are to patients
  const expression = param!.expression!.replaceAll('.where(resolve() is Patient)', '')
  const values = evaluate(expression, resource)
  const texts = values.flatMap(value => textsOf(value, param!.type))
  return texts.slice(0, 1).flatMap(text => {
    if (param!.type !== 'date') return [encodeURIComponent(text)]
    const year = Number(text.slice(0, 4))
    return [`ge${text}`, `le${year + 1}`, `gt${year - 1}`, `lt${year + 2}`].map(encodeURIComponent)
  })
}

function textsOf(value: unknown, type: SearchParameter['type']): string[] {
  if (typeof value === 'string') return [value]
  const {
    reference,
    coding,
    code,
    system,
    value: own,
    start,
    family,
    given,
    text,
    city,
    line,
    name,
  } = value as Record<string, unknown> & { coding?: unknown[]; given?: string[]; line?: string[] }
  if (type === 'reference') return typeof reference === 'string' ? [reference] : []
  if (type === 'date') return typeof start === 'string' ? [start] : []
  if (type === 'token') {
    if (coding) return coding.flatMap(each => textsOf(each, type))
    const [what] = [code ?? own]
    return typeof what === 'string' ? [typeof system === 'string' ? `${system}|${what}` : what] : []
  }
  return [family, given?.[0], text, city, line?.[0], name].filter(each => typeof each === 'string').slice(0, 1)
}

const LOINC = 'http://loinc.org'
const patient = { reference: 'Patient/example' }
const text = (words: string) => ({ text: words })

/** What the examples have no values of. Synthetic. */
const more: readonly Resource[] = [
  {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    category: [
      { coding: [{ system: 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category', code: 'assess-plan' }] },
    ],
    subject: patient,
    period: { start: '2026-01-01', end: '2026-02-01' },
  },
  {
    resourceType: 'Encounter',
    identifier: [{ system: 'http://example.org/visits', value: '1' }],
    status: 'finished',
    class: { code: 'AMB' },
  },
  {
    resourceType: 'PractitionerRole',
    practitioner: { reference: 'Practitioner/practitioner-1' },
    specialty: [{ coding: [{ system: 'http://nucc.org/provider-taxonomy', code: '207R00000X' }] }],
  },
]

describe('searches that R4 has no parameter for are there from the start', () => {
  test('Condition by when it was asserted', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate'
    const { id } = await server.create({
      resourceType: 'Condition',
      subject: { reference: 'Patient/own' },
      code: text('x'),
      extension: [{ url, valueDateTime: '2026-01-15' }],
    })
    expect(await found('Condition?subject=Patient/own&asserted-date=ge2026-01-01')).toEqual([`Condition/${id}`])
    expect(await found('Condition?patient=Patient/own&asserted-date=lt2026-01-01')).toEqual([])
  })

  test('Encounter by where the patient went, CareTeam by role, Goal by description', async () => {
    const system = 'http://example.org/codes'
    const concept = (code: string) => ({ coding: [{ system, code }] })
    const subject = { reference: 'Patient/own' }
    const made = [
      await server.create({
        resourceType: 'Encounter',
        status: 'finished',
        class: { code: 'IMP' },
        subject,
        hospitalization: { dischargeDisposition: concept('home') },
      }),
      await server.create({ resourceType: 'CareTeam', subject, participant: [{ role: [concept('nurse')] }] }),
      await server.create({ resourceType: 'Goal', lifecycleStatus: 'active', description: concept('walk'), subject }),
    ].map(({ resourceType, id }) => `${resourceType}/${id}`)
    expect([
      ...(await found(`Encounter?patient=Patient/own&discharge-disposition=${system}|home`)),
      ...(await found('CareTeam?patient=Patient/own&role=nurse')),
      ...(await found('Goal?patient=Patient/own&description=walk')),
    ]).toEqual(made)
    expect(await found('CareTeam?patient=Patient/own&role=doctor')).toEqual([])
  })

  test('and are told in the CapabilityStatement', async () => {
    const statement = (await server.get('metadata')).body as unknown as CapabilityStatement
    const names = (type: string) =>
      statement.rest![0]!.resource!.find(each => each.type === type)!.searchParam!.map(({ name }) => name)
    expect(names('Condition')).toContain('asserted-date')
    expect(names('Encounter')).toContain('discharge-disposition')
    expect(names('CareTeam')).toContain('role')
    expect(names('Goal')).toContain('description')
  })
})

test('a search by patient and by subject finds the same', async () => {
  const { id } = await server.create({ resourceType: 'Patient' })
  const subject = { reference: `Patient/${id}` }
  await server.create({ resourceType: 'Observation', status: 'final', code: text('x'), subject })
  await server.create({ resourceType: 'Condition', code: text('x'), subject })
  for (const type of ['Observation', 'Condition']) {
    const bySubject = await found(`${type}?subject=Patient/${id}`)
    expect(bySubject).toHaveLength(1)
    expect(await found(`${type}?patient=${id}`)).toEqual(bySubject)
    expect(await found(`${type}?patient=Patient/${id}`)).toEqual(bySubject)
  }
})

test('_revinclude=Provenance:target brings who made a resource', async () => {
  const { id } = await server.create({ resourceType: 'Patient' })
  const made = await server.create({
    resourceType: 'Provenance',
    target: [{ reference: `Patient/${id}` }],
    recorded: '2026-01-31T08:00:00+08:00',
    agent: [{ who: { display: 'x' } }],
  })
  expect(await found(`Patient?_id=${id}&_revinclude=Provenance:target`)).toEqual([
    `Patient/${id}`,
    `Provenance/${made.id}`,
  ])
})

describe('$docref', () => {
  const document = (code: string, date: string, more: object = {}) => ({
    resourceType: 'DocumentReference',
    status: 'current',
    type: { coding: [{ system: LOINC, code }] },
    subject: patient,
    date: `${date}T08:00:00+08:00`,
    content: [{ attachment: { contentType: 'text/plain', data: 'eA==' } }],
    ...more,
  })
  const ids: Record<string, string> = {}
  beforeAll(async () => {
    const all = {
      oldSummary: document('34133-9', '2024-01-10'),
      newSummary: document('34133-9', '2026-01-10'),
      replaced: document('34133-9', '2026-02-10', { status: 'superseded' }),
      note: document('11488-4', '2025-06-01', {
        context: { period: { start: '2020-03-01', end: '2020-03-05' } },
        content: [{ attachment: { url: 'Binary/x' }, format: { code: 'urn:hl7-org:sdwg:ccda-structuredBody:2.1' } }],
      }),
      others: document('34133-9', '2026-03-01', { subject: { reference: 'Patient/other' } }),
    }
    for (const [name, resource] of Object.entries(all)) ids[name] = (await server.create(resource)).id
  })
  const docref = async (query: string) =>
    (await found(`DocumentReference/$docref?${query}`)).flatMap(ref =>
      Object.keys(ids).filter(name => ref.endsWith(`/${ids[name]!}`)),
    )

  test('without dates gives the newest current document of each type', async () => {
    expect(await docref('patient=example')).toEqual(['newSummary', 'note'])
  })

  test('with dates gives those of care in that time: by the period of care, else by the date written', async () => {
    expect(await docref('patient=example&start=2024-01-01')).toEqual(['newSummary', 'oldSummary'])
    expect(await docref('patient=example&start=2020-03-04&end=2020-12-31')).toEqual(['note'])
    expect(await docref('patient=example&end=2024-12-31')).toEqual(['oldSummary', 'note'])
    expect(await docref('patient=example&start=2025-06-01T00:00:00Z&end=2025-06-02T00:00:00Z')).toEqual([])
  })

  test('of some types or profiles gives only these', async () => {
    expect(await docref(`patient=example&type=${LOINC}|11488-4`)).toEqual(['note'])
    expect(await docref('patient=example&type=11488-4&type=34133-9')).toEqual(['newSummary', 'note'])
    expect(await docref('patient=example&profile=urn:hl7-org:sdwg:ccda-structuredBody:2.1')).toEqual(['note'])
    const parameter = [
      { name: 'patient', valueId: 'example' },
      { name: 'type', valueCoding: { system: LOINC, code: '11488-4' } },
    ]
    const { body } = await server.post('DocumentReference/$docref', { resourceType: 'Parameters', parameter })
    expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 })
  })

  test('makes none: on-demand documents there are none of, nor of a patient who is not here', async () => {
    expect(await docref('patient=example&on-demand=true')).toEqual([])
    expect(await docref('patient=nobody')).toEqual([])
  })

  test('needs a patient, and dates that are dates', async () => {
    expect((await server.get('DocumentReference/$docref')).status).toBe(400)
    expect((await server.get('DocumentReference/$docref?patient=example&start=yesterday')).status).toBe(400)
  })
})
