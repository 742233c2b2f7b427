/**
 * includeAssociatedData: which Provenance comes with what is exported.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { all, createAll, observation, openExporting, patient, reader, type Exporting } from './exporting.ts'

const only = (...ids: string[]) => ({ is: 'id', ids }) as const
/** Synthetic. */
const provenance = (id: string, recorded: string, ...targets: string[]) => ({
  resourceType: 'Provenance',
  id,
  target: targets.map(reference => ({ reference })),
  recorded,
  agent: [{ who: { display: 'Synthetic clerk' } }],
})

const RELEVANT = 'includeAssociatedData=RelevantProvenanceResources'
const LATEST = 'includeAssociatedData=LatestProvenanceResources'
const types = ['Patient', 'Observation', 'Provenance', 'Group']
const sorted = (list: readonly { id: string }[] | undefined) => (list ?? []).map(({ id }) => id).sort()

let server: Exporting
beforeAll(async () => {
  server = await openExporting({
    callers: {
      hub: reader('hub', all(...types)),
      some: reader('some', { ...all('Patient', 'Observation'), Provenance: only('first-a', 'of-both') }),
      none: reader('none', all('Patient', 'Observation')),
    },
  })
  for (const id of ['a', 'b']) await server.create(patient(id))
  for (const [id, of] of [
    ['o-a', 'a'],
    ['o-b', 'b'],
  ] as const)
    await server.create(observation(id, of))
  for (const resource of [
    provenance('first-a', '2026-01-01T08:00:00+08:00', 'Observation/o-a'),
    // later, though its text is smaller: the time zone counts
    provenance('last-a', '2026-01-01T07:00:00Z', 'Observation/o-a'),
    provenance('of-both', '2025-06-01T00:00:00Z', 'Observation/o-a', 'Observation/o-b'),
    provenance('of-version', '2024-01-01T00:00:00Z', 'Observation/o-a/_history/1'),
    provenance('of-patient', '2026-02-01T00:00:00Z', 'Patient/a', 'Observation/o-b'),
    provenance('of-elsewhere', '2026-03-01T00:00:00Z', 'https://elsewhere.example.org/fhir/Observation/o-a'),
  ])
    await server.create(resource)
  await server.create({
    resourceType: 'Group',
    id: 'g',
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/b' } }],
  } as never)
})
afterAll(() => server.close())

describe('includeAssociatedData', () => {
  test('relevant: every Provenance of what is exported comes with it, once', async () => {
    const { resources } = await server.export(`$export?_type=Observation&${RELEVANT}`)
    expect(Object.keys(resources).sort()).toEqual(['Observation', 'Provenance'])
    expect(sorted(resources['Provenance'])).toEqual(['first-a', 'last-a', 'of-both', 'of-patient', 'of-version'])
  })

  test('relevant: what _type and the level bring by themselves comes as well, and nothing twice', async () => {
    const { resources } = await server.export(`$export?_type=Observation,Provenance&${RELEVANT}`)
    const every = ['first-a', 'last-a', 'of-both', 'of-elsewhere', 'of-patient', 'of-version']
    expect(sorted(resources['Provenance'])).toEqual(every)
    const level = await server.export(`Patient/$export?${RELEVANT}`)
    expect(sorted(level.resources['Provenance'])).toEqual(every.filter(id => id !== 'of-elsewhere'))
  })

  test('latest: of each resource the one recorded last, and no other, also when _type has Provenance', async () => {
    for (const _type of ['Observation', 'Observation,Provenance']) {
      const { resources } = await server.export(`$export?_type=${_type}&${LATEST}`)
      expect(sorted(resources['Provenance'])).toEqual(['last-a', 'of-patient'])
    }
  })

  test('of both values the less restrictive counts', async () => {
    const { resources } = await server.export(
      '$export?_type=Observation&includeAssociatedData=LatestProvenanceResources,RelevantProvenanceResources',
    )
    expect(resources['Provenance']).toHaveLength(5)
  })

  test('of a Group: only what tells of its members’ records', async () => {
    const { resources } = await server.export(`Group/g/$export?_type=Observation&${RELEVANT}`)
    expect(sorted(resources['Observation'])).toEqual(['o-b'])
    expect(sorted(resources['Provenance'])).toEqual(['of-both', 'of-patient'])
  })

  test('tells of what the filters leave, whenever the Provenance was written; a filter of Provenance counts too', async () => {
    const since = new Date().toISOString()
    await new Promise(resolve => setTimeout(resolve, 5))
    await server.create(observation('o-b', 'b', { status: 'amended' }))
    const changed = await server.export(`$export?_type=Observation,Patient&_since=${since}&${RELEVANT}`)
    expect(sorted(changed.resources['Provenance'])).toEqual(['of-both', 'of-patient'])
    const filter = encodeURIComponent('Provenance?recorded=ge2026')
    const { resources } = await server.export(`$export?_type=Observation&${RELEVANT}&_typeFilter=${filter}`)
    expect(sorted(resources['Provenance'])).toEqual(['first-a', 'last-a', 'of-patient'])
    await server.create(observation('o-b', 'b'))
  })

  test('can be sent in Parameters, as a code or a Coding', async () => {
    for (const value of [
      { valueCode: 'LatestProvenanceResources' },
      { valueCoding: { system: 'http://hl7.org/fhir/uv/bulkdata/CodeSystem/include-associated-data', code: 'LatestProvenanceResources' } }, // prettier-ignore
    ]) {
      const { resources } = await server.export('$export', undefined, {
        resourceType: 'Parameters',
        parameter: [
          { name: '_type', valueString: 'Observation' },
          { name: 'includeAssociatedData', ...value },
        ],
      })
      expect(sorted(resources['Provenance'])).toEqual(['last-a', 'of-patient'])
    }
  })

  test('with a value that is not known is refused, or with handling=lenient left out and told', async () => {
    for (const value of ['_ourOwn', 'latestProvenanceResources', 'toString', '__proto__']) {
      const refused = await server.ask('GET', `$export?includeAssociatedData=${value}`, {
        headers: { prefer: 'respond-async' },
      })
      expect([refused.status, refused.body.issue[0].code]).toEqual([400, 'not-supported'])
      expect(refused.text).toContain('LatestProvenanceResources')
    }
    const lenient = await server.ask('GET', '$export?_type=Observation&includeAssociatedData=_ourOwn', {
      headers: { prefer: 'respond-async, handling=lenient' },
    })
    expect(lenient.status).toBe(202)
    const { body } = await server.finished(lenient.headers['content-location']!)
    expect(body.output.map(({ type }: { type: string }) => type)).toEqual(['Observation'])
    expect((await server.ask('GET', body.error[0].url)).text).toContain('_ourOwn')
  })

  test('brings only Provenance that the caller may see, and is refused (403) to who may see none', async () => {
    const { resources } = await server.export(`$export?_type=Observation&${RELEVANT}`, 'some')
    expect(sorted(resources['Provenance'])).toEqual(['first-a', 'of-both'])
    const latest = await server.export(`$export?_type=Observation&${LATEST}`, 'some')
    expect(sorted(latest.resources['Provenance'])).toEqual(['first-a', 'of-both'])
    const refused = await server.ask('GET', `$export?_type=Observation&${RELEVANT}`, {
      as: 'none',
      headers: { prefer: 'respond-async' },
    })
    expect(refused.status).toBe(403)
  })
})

describe('while others write', () => {
  const many = 230
  const kinds = [
    ['relevant', RELEVANT],
    ['latest', LATEST],
  ] as const

  test.each(kinds)('%s: it is the Provenance of the moment, each once, also after a restart', async (kind, query) => {
    let open = () => {}
    let reached = () => {}
    const waits = new Promise<void>(resolve => (reached = resolve))
    const gate = new Promise<void>(resolve => (open = resolve))
    const server = await openExporting({ pause: () => (reached(), gate) })
    try {
      const ids = Array.from({ length: many }, (_, i) => String(i))
      await createAll(
        server,
        ids.map(id => observation(`o${id}`, 'nobody', { subject: undefined })),
      )
      const minute = (n: number) => new Date(Date.UTC(2026, 0, 2, 0, n)).toISOString()
      const latest = new Set<string>()
      for (let n = 0; n < many; n++) {
        const others = ids.filter(id => (Number(id) * 7) % many === n).map(Number)
        latest.add(`x${Math.max(n, ...others)}`)
      }
      const resources = ids.flatMap(id => [
        // of its own and of one in another page
        provenance(`x${id}`, minute(Number(id)), `Observation/o${id}`, `Observation/o${(Number(id) * 7) % many}`),
        provenance(`old${id}`, '2026-01-01T00:00:00Z', `Observation/o${id}`),
      ])
      await createAll(server, resources)
      const status = await server.kickOff(`$export?_type=Observation&${query}`)
      await waits
      // page one is out, with its Provenance
      await server.create(provenance('x0', '2026-01-02T00:00:00Z', 'Observation/o9'))
      await server.create(provenance(`x${many - 1}`, '2026-01-02T00:00:00Z', 'Patient/a'))
      await server.ask('DELETE', 'Provenance/x1')
      await server.create(provenance('new', '2026-01-03T00:00:00Z', 'Observation/o1'))
      await server.create(observation('o2', 'nobody', { subject: undefined, status: 'amended' }))
      const restarted = server.restart()
      open()
      await restarted
      const { body } = await server.finished(status)
      const found: string[] = []
      for (const { url, type } of body.output as { url: string; type: string }[])
        if (type === 'Provenance')
          for (const line of (await server.ask('GET', url.replace(/^http:\/\/[^/]+\/fhir/, server.base))).text
            .split('\n')
            .filter(Boolean))
            found.push((JSON.parse(line) as { id: string }).id)
      const expected = resources.filter(({ id }) => kind === 'relevant' || latest.has(id)).map(({ id }) => id)
      expect(found.sort()).toEqual(expected.sort())
    } finally {
      open()
      await server.close()
    }
  })
})
