/** Bundles: addresses, links, what each type asks. https://hl7.org/fhir/R4/bundle.html */
import { describe, expect, it } from 'vitest'
import { cost } from '../help/cost.ts'
import { div, patient, saidAt, wrong } from './validator.ts'

const BASE = 'https://example.org/fhir/'
const entry = (resource: { resourceType: string; id?: string }, more: object = {}) => ({
  fullUrl: `${BASE}${resource.resourceType}/${resource.id}`,
  resource,
  ...more,
})
const bundle = (type: string, entries: readonly object[], more: object = {}) => ({
  resourceType: 'Bundle',
  type,
  ...(entries.length > 0 ? { entry: entries } : {}),
  ...more,
})
const text = { status: 'generated', div: div('text') }

describe('the address of an entry', () => {
  it('that is not absolute is refused at its fullUrl', async () => {
    const relative = bundle('collection', [{ fullUrl: 'Patient/test', resource: patient }])
    expect(await wrong(relative)).toEqual(['Bundle.entry[0].fullUrl'])
  })

  it('that ends in another id than the resource has is refused', async () => {
    const other = bundle('collection', [{ fullUrl: `${BASE}Patient/other`, resource: patient }])
    expect(await wrong(other)).toEqual(['Bundle.entry[0].fullUrl'])
  })

  it('is missing in a collection, and that is said; in a transaction it may be', async () => {
    expect(await wrong(bundle('collection', [{ resource: patient }]))).toEqual(['Bundle.entry[0]'])
    const request = { method: 'POST', url: 'Patient' }
    expect(await wrong(bundle('transaction', [{ resource: patient, request }]))).toEqual([])
  })

  it('names no version, and an address with an id is one of a resource with an id', async () => {
    const version = bundle('collection', [{ fullUrl: `${BASE}Patient/test/_history/1`, resource: patient }])
    expect(await wrong(version)).toContain('Bundle.entry[0].fullUrl')
    const { id: _, ...nameless } = patient
    expect(await wrong(bundle('collection', [{ fullUrl: `${BASE}Patient/test`, resource: nameless }]))).toEqual([
      'Bundle.entry[0].fullUrl',
    ])
  })

  it('may be a urn:uuid of whatever id', async () => {
    const fullUrl = 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'
    expect(await wrong(bundle('collection', [{ fullUrl, resource: patient }]))).toEqual([])
  })

  it('that several have makes a reference to it ambiguous, unless it names the version', async () => {
    const version = (versionId: string) => ({ ...patient, meta: { versionId } })
    const observation = (reference: string) => ({
      resourceType: 'Observation',
      id: 'o',
      text,
      status: 'final',
      code: { text: 'x' },
      subject: { reference },
    })
    const both = (reference: string) =>
      bundle('collection', [entry(version('1')), entry(version('2')), entry(observation(reference))])
    expect(await wrong(both('Patient/test'))).toContain('Bundle.entry[2].resource.subject')
    expect(await wrong(both('Patient/test/_history/2'))).toEqual([])
  })
})

describe('links', () => {
  it('of pages have no place in a document, and each stands once in a search', async () => {
    const link = [
      { relation: 'self', url: `${BASE}Patient` },
      { relation: 'next', url: `${BASE}Patient?page=2` },
      { relation: 'next', url: `${BASE}Patient?page=3` },
    ]
    expect(await wrong(bundle('searchset', [], { link, total: 0 }))).toEqual(['Bundle.link[2]'])
    expect(await wrong(bundle('collection', [], { link: link.slice(0, 2) }))).toEqual(['Bundle.link[1].relation'])
  })
})

describe('a search result', () => {
  const link = [{ relation: 'self', url: `${BASE}Observation?code=1` }]
  it('of another type than was searched for is refused as a match', async () => {
    expect(await wrong(bundle('searchset', [entry(patient, { search: { mode: 'match' } })], { link }))).toEqual([
      'Bundle.entry[0].resource',
    ])
    expect(await wrong(bundle('searchset', [entry(patient, { search: { mode: 'include' } })], { link }))).toEqual([])
  })

  it('has a self link, modes, ids and resources', async () => {
    expect(await wrong(bundle('searchset', [], {}), {}, 'warning')).toContain('Bundle')
    const observation = { resourceType: 'Observation', id: 'o', text, status: 'final', code: { text: 'x' } }
    const mixed = [entry(observation, { search: { mode: 'match' } }), entry(observation)]
    expect(await wrong(bundle('searchset', mixed, { link }), {}, 'warning')).toContain('Bundle.entry[1]')
    expect(await wrong(bundle('searchset', [entry(observation)], { link }), {}, 'information')).toContain('Bundle')
    const { id: _, ...unnamed } = observation
    const nameless = {
      fullUrl: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520',
      resource: unnamed,
      search: { mode: 'match' },
    }
    expect(await wrong(bundle('searchset', [nameless], { link }))).toEqual(['Bundle.entry[0].resource'])
    const empty = { fullUrl: `${BASE}Observation/o`, search: { mode: 'match' } }
    const [finding] = (await saidAt('Bundle.entry[0]', bundle('searchset', [empty], { link }))).filter(
      ({ code }) => code === 'invalid',
    )
    expect(finding?.said.en).toContain('has a resource')
  })

  it('whose outcome is no OperationOutcome is refused', async () => {
    expect(await wrong(bundle('searchset', [entry(patient, { search: { mode: 'outcome' } })], { link }))).toEqual([
      'Bundle.entry[0].resource',
    ])
  })
})

describe('a transaction', () => {
  it('that posts nothing, or to another type, is refused at the request', async () => {
    const post = { method: 'POST', url: 'Observation' }
    expect(await wrong(bundle('transaction', [{ request: post }]))).toContain('Bundle.entry[0].request')
    expect(await wrong(bundle('transaction', [{ resource: patient, request: post }]))).toEqual([
      'Bundle.entry[0].request',
    ])
  })
})

const practitioner = { resourceType: 'Practitioner', id: 'p', text }
const composition = (more: object = {}) => ({
  resourceType: 'Composition',
  id: 'c',
  text,
  status: 'final',
  type: { text: 'Note' },
  subject: { reference: 'Patient/test' },
  date: '2024-05-01',
  author: [{ reference: 'Practitioner/p' }],
  title: 'Note',
  ...more,
})
const document = (entries: readonly object[]) =>
  bundle('document', entries, {
    identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' },
    timestamp: '2024-05-01T10:00:00Z',
  })

describe('a document', () => {
  it('with all that its Composition refers to is fine', async () => {
    expect(await wrong(document([entry(composition()), entry(patient), entry(practitioner)]))).toEqual([])
  })

  it('that does not begin with a Composition is refused at its first resource', async () => {
    expect(await wrong(document([entry(patient), entry(composition()), entry(practitioner)]))).toContain(
      'Bundle.entry[0].resource',
    )
  })

  it('without its subject is refused at the reference, saying what to do', async () => {
    const at = 'Bundle.entry[0].resource.subject'
    const [finding] = await saidAt(at, document([entry(composition()), entry(practitioner)]))
    expect(finding?.said.en).toContain('Add the resource as an entry')
    expect(finding?.said.zh).toContain('請將該資源加為 entry')
  })

  it('whose section leads to a fullUrl of another server is refused, naming the one that is there', async () => {
    const section = [{ title: 'x', text, entry: [{ reference: 'https://other.example.org/Patient/test' }] }]
    const at = 'Bundle.entry[0].resource.section[0].entry[0]'
    const found = await saidAt(at, document([entry(composition({ section })), entry(patient), entry(practitioner)]))
    expect(found.map(({ said }) => said.en).join()).toContain(`${BASE}Patient/test`)
  })

  it('with an entry that has no part in it is refused there; a Provenance may stand outside', async () => {
    const stray = { ...practitioner, id: 'stray' }
    const all = [entry(composition()), entry(patient), entry(practitioner)]
    expect(await wrong(document([...all, entry(stray)]))).toEqual(['Bundle.entry[3]'])
    const provenance = {
      resourceType: 'Provenance',
      id: 'v',
      text,
      target: [{ reference: 'Composition/c' }],
      recorded: '2024-05-01T10:00:00Z',
      agent: [{ who: { reference: 'Practitioner/p' } }],
    }
    expect(await wrong(document([...all, entry(provenance)]))).toEqual([])
    expect(await wrong(document([...all, entry(provenance)]), {}, 'warning')).not.toContain('Bundle.entry[3]')
    const backward = {
      resourceType: 'Basic',
      id: 'b',
      text,
      code: { text: 'x' },
      subject: { reference: 'Patient/test' },
    }
    expect(await wrong(document([...all, entry(backward)]), {}, 'warning')).toContain('Bundle.entry[3]')
  })
})

describe('a message', () => {
  const header = (more: object = {}) => ({
    resourceType: 'MessageHeader',
    id: 'm',
    text,
    eventUri: 'http://example.org/event',
    source: { endpoint: 'http://example.org/source' },
    ...more,
  })
  it('begins with a MessageHeader whose focus is in it', async () => {
    const focus = [{ reference: 'Patient/test' }]
    expect(await wrong(bundle('message', [entry(header({ focus })), entry(patient)]))).toEqual([])
    expect(await wrong(bundle('message', [entry(header({ focus }))]))).toEqual(['Bundle.entry[0].resource.focus[0]'])
    expect(await wrong(bundle('message', [entry(patient)]))).toContain('Bundle.entry[0].resource')
    const stray = bundle('message', [entry(header({ focus })), entry(patient), entry(practitioner)])
    expect(await wrong(stray)).toEqual([])
    expect(await wrong(stray, {}, 'warning')).toContain('Bundle.entry[2]')
  })
})

it('a Bundle of two thousand entries, each referring to all before by one fullUrl, is judged within its time', async () => {
  const many = Array.from({ length: 2_000 }, (_, i) => entry({ ...patient, id: `p${i % 2}` }))
  expect(await cost(() => wrong(bundle('document', many), { budget: 5_000 }))).toBeLessThan(1_000)
})
