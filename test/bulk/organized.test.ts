/**
 * organizeOutputBy=Patient: files of blocks, each a header and one patient's record.
 * https://build.fhir.org/ig/HL7/bulk-data/export.html#bulk-data-output-file-organization
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  all,
  createAll,
  observation,
  openExporting,
  patient,
  reader,
  type Exporting,
  type Options,
} from './exporting.ts'

const BY = 'organizeOutputBy=Patient'

async function open(options: Options = {}): Promise<Exporting> {
  const server = await openExporting(options)
  onTestFinished(() => server.close())
  return server
}

interface File {
  readonly type?: string
  readonly url: string
  readonly count: number
}

/** By patient what is in the block; throws when a line stands outside any, or a patient has two. */
async function blocksOf(server: Exporting, files: readonly File[], as?: string): Promise<Record<string, string[]>> {
  const blocks: Record<string, string[]> = {}
  for (const { url, count } of files) {
    const { text } = await server.ask('GET', url.replace(/^http:\/\/[^/]+\/fhir/, server.base), as ? { as } : {})
    const lines = text.split('\n').filter(Boolean)
    expect(lines).toHaveLength(count)
    let block: string[] | undefined
    for (const line of lines) {
      const resource = JSON.parse(line) as {
        resourceType: string
        id?: string
        parameter?: { name: string; valueReference: { reference: string } }[]
      }
      if (resource.resourceType === 'Parameters') {
        const [{ name, valueReference }] = resource.parameter as [
          { name: string; valueReference: { reference: string } },
        ]
        expect(name).toBe('header')
        if (blocks[valueReference.reference]) throw new Error(`Two blocks of ${valueReference.reference}`)
        block = blocks[valueReference.reference] = []
      } else block!.push(`${resource.resourceType}/${resource.id}`)
    }
  }
  return blocks
}

async function exported(server: Exporting, path: string, as?: string, body?: object) {
  const answer = await server.finished(await server.kickOff(path, as, body), as)
  expect(answer.status).toBe(200)
  const manifest = answer.body as { outputOrganizedBy?: string; output: File[]; deleted: File[] }
  return { manifest, blocks: await blocksOf(server, manifest.output, as) }
}

async function small(options: Options = {}): Promise<Exporting> {
  const server = await open(options)
  await createAll(server, [
    patient('a'),
    patient('b'),
    patient('alone'),
    observation('o-a', 'a'),
    observation('o-b', 'b'),
    observation('o-none', 'a', { subject: undefined }),
    // of two records
    observation('o-both', 'a', { performer: [{ reference: 'Patient/b' }] }),
    { resourceType: 'Organization', id: 'org', name: 'Synthetic hospital' } as never,
    { resourceType: 'Provenance', id: 'p-a', target: [{ reference: 'Observation/o-a' }], recorded: '2026-01-01T00:00:00Z', agent: [{ who: { display: 'Synthetic' } }] } as never, // prettier-ignore
    { resourceType: 'Group', id: 'g', type: 'person', actual: true, member: [{ entity: { reference: 'Patient/b' } }] } as never, // prettier-ignore
  ])
  return server
}

const whole = {
  'Patient/a': ['Patient/a', 'Observation/o-a', 'Observation/o-both'],
  'Patient/b': ['Patient/b', 'Group/g', 'Observation/o-b', 'Observation/o-both'],
  'Patient/alone': ['Patient/alone'],
}
const inOrder = (blocks: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(blocks).map(([of, [first, ...rest]]) => [of, [first, ...rest.sort()]]))

describe('organizeOutputBy=Patient', () => {
  test.each(['$export', 'Patient/$export'])(
    '%s: each block is a header, the patient, and what is in the record',
    async path => {
      const server = await small()
      const { manifest, blocks } = await exported(server, `${path}?${BY}`)
      expect(inOrder(blocks)).toEqual(whole)
      expect(manifest.outputOrganizedBy).toBe('Patient')
      expect(manifest.output.map(({ type }) => type)).toEqual([undefined])
    },
  )

  test('of a Group, and of patients that are named, has their blocks only', async () => {
    const server = await small()
    expect(Object.keys((await exported(server, `Group/g/$export?${BY}`)).blocks)).toEqual(['Patient/b'])
    const named = await exported(server, 'Patient/$export', undefined, {
      resourceType: 'Parameters',
      parameter: [
        { name: 'organizeOutputBy', valueString: 'Patient' },
        { name: 'patient', valueReference: { reference: 'Patient/a' } },
      ],
    })
    expect(Object.keys(named.blocks)).toEqual(['Patient/a'])
  })

  test('with _type, _since and Provenance has what these bring, and no block of nothing', async () => {
    const server = await small()
    const { blocks } = await exported(
      server,
      `$export?${BY}&_type=Observation&includeAssociatedData=RelevantProvenanceResources`,
    )
    const sorted = Object.fromEntries(Object.entries(blocks).map(([of, list]) => [of, list.sort()]))
    expect(sorted).toEqual({
      'Patient/a': ['Observation/o-a', 'Observation/o-both', 'Provenance/p-a'],
      'Patient/b': ['Observation/o-b', 'Observation/o-both'],
    })
    const since = new Date().toISOString()
    await new Promise(resolve => setTimeout(resolve, 5))
    await server.create(observation('o-b', 'b', { status: 'amended' }))
    await server.ask('DELETE', 'Observation/o-a')
    const later = await exported(server, `$export?${BY}&_since=${since}`)
    expect(later.blocks).toEqual({ 'Patient/b': ['Observation/o-b'] })
    expect((await server.ask('GET', later.manifest.deleted[0]!.url)).text).toContain('Observation/o-a')
  })

  test('by another type is refused, or with handling=lenient left out and told', async () => {
    const server = await small()
    const asked = (prefer: string) => server.ask('GET', '$export?organizeOutputBy=Encounter', { headers: { prefer } })
    const refused = await asked('respond-async')
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('organizeOutputBy')])
    const { body } = await server.finished(
      (await asked('respond-async, handling=lenient')).headers['content-location']!,
    )
    expect(body.outputOrganizedBy).toBeUndefined()
    expect((await server.ask('GET', body.error[0].url)).text).toContain('organizeOutputBy')
    const outside = await server.ask('GET', `$export?${BY}&_type=Organization`, {
      headers: { prefer: 'respond-async' },
    })
    expect(outside.status).toBe(400)
  })

  test('has what the caller may see, is refused without patients, and handed out to who sees every type of it', async () => {
    let observations = true
    const server = await small({
      callers: {
        one: reader('one', { Patient: { is: 'id', ids: ['a'] }, Observation: { is: 'id', ids: ['o-a', 'o-b'] } }),
        nopatient: reader('nopatient', all('Observation')),
        changing: {
          id: 'changing',
          permits: type =>
            type === 'Patient' || (type === 'Observation' && observations) ? { is: 'all', parts: [] } : undefined,
        },
      },
    })
    expect((await exported(server, `$export?${BY}`, 'one')).blocks).toEqual({
      'Patient/a': ['Patient/a', 'Observation/o-a'],
    })
    const refused = await server.ask('GET', `$export?${BY}`, { as: 'nopatient', headers: { prefer: 'respond-async' } })
    expect(refused.status).toBe(403)
    const { manifest } = await exported(server, `$export?${BY}`, 'changing')
    observations = false
    expect((await server.ask('GET', manifest.output[0]!.url, { as: 'changing' })).status).toBe(403)
  })
})

test('it is the state of the moment, each block once and whole, whatever others write and also after a restart', async () => {
  let release = () => {}
  let reached = () => {}
  const waits = new Promise<void>(resolve => (reached = resolve))
  const gate = new Promise<void>(resolve => (release = resolve))
  let pages = 0
  const server = await open({ pause: () => (++pages < 1500 ? Promise.resolve() : (reached(), gate)) })
  const ids = Array.from({ length: 130 }, (_, i) => `p${i}`)
  await createAll(
    server,
    ids.flatMap(id => [patient(id), observation(`o-${id}`, id), observation(`x-${id}`, id)]),
  )
  const status = await server.kickOff(`Patient/$export?${BY}`)
  await waits
  // the first and the last to come, and some in between
  for (const id of ['p129', 'p0', 'p64']) {
    await server.create(observation(`o-${id}`, id, { status: 'amended' }))
    await server.ask('DELETE', `Observation/x-${id}`)
    await server.create(patient(id, { gender: 'male' }))
  }
  for (const id of ['p1', 'p128']) await server.ask('DELETE', `Observation/o-${id}`)
  for (const id of ['p1', 'p128']) await server.ask('DELETE', `Observation/x-${id}`)
  for (const id of ['p1', 'p128']) expect((await server.ask('DELETE', `Patient/${id}`)).status).toBeLessThan(300)
  await createAll(server, [patient('new'), observation('o-new', 'p2')])
  const restarted = server.restart()
  release()
  await restarted
  const { body } = await server.finished(status)
  const blocks = await blocksOf(server, body.output as File[])
  expect(inOrder(blocks)).toEqual(
    Object.fromEntries(
      ids.map(id => [`Patient/${id}`, [`Patient/${id}`, `Observation/o-${id}`, `Observation/x-${id}`]]),
    ),
  )
}, 60_000)

test('what changes between two pages of one block is in it once, as it was', async () => {
  let release = () => {}
  let reached = () => {}
  const waits = new Promise<void>(resolve => (reached = resolve))
  const gate = new Promise<void>(resolve => (release = resolve))
  let pages = 0
  // the patients, the patient, what changed of it, and the first page of observations
  const server = await open({ pause: () => (++pages < 4 ? Promise.resolve() : (reached(), gate)) })
  const ids = Array.from({ length: 150 }, (_, i) => `o${i}`)
  await createAll(server, [patient('a'), ...ids.map(id => observation(id, 'a'))])
  const status = await server.kickOff(`$export?${BY}&_type=Patient,Observation`)
  await waits
  for (const id of ['o149', 'o0']) await server.create(observation(id, 'a', { status: 'amended' }))
  release()
  const { body } = await server.finished(status)
  const { 'Patient/a': block = [] } = await blocksOf(server, body.output as File[])
  expect(block.toSorted()).toEqual(['Patient/a', ...ids.map(id => `Observation/${id}`)].sort())
})
