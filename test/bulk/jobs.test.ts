import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createAll, observation, openExporting, patient, type Exporting, type Options } from './exporting.ts'

let server: Exporting | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Holds every export before its next page until it is opened; `reached` resolves when one waits there. */
function gate() {
  let open = () => {}
  let arrived = () => {}
  let closed: Promise<void> | undefined
  let waits = new Promise<void>(resolve => (arrived = resolve))
  return {
    pause: () => (arrived(), closed ?? Promise.resolve()),
    shut() {
      waits = new Promise<void>(resolve => (arrived = resolve))
      closed = new Promise<void>(resolve => (open = resolve))
    },
    open() {
      closed = undefined
      open()
    },
    reached: () => waits,
  }
}

async function gated(options: Options = {}) {
  const door = gate()
  server = await openExporting({ ...options, pause: door.pause })
  return { door, server }
}

const many = (count: number) => Array.from({ length: count }, (_, i) => patient(`p${i}`, { gender: 'male' }))
const folders = ({ folder }: Exporting) => readdirSync(join(folder, 'bulk'))
const sorted = (list: readonly { id: string }[] | undefined) => (list ?? []).map(({ id }) => id).sort()
const read = async (server: Exporting, status: string) => {
  const { body } = await server.finished(status)
  const found: { id: string; [name: string]: unknown }[] = []
  for (const { url } of body.output as { url: string }[]) {
    const { text } = await server.ask('GET', url.replace(/^http:\/\/[^/]+\/fhir/, server.base))
    for (const line of text.split('\n').filter(Boolean)) found.push(JSON.parse(line) as never)
  }
  return { manifest: body as { transactionTime: string; output: { count: number; url: string }[] }, found }
}

describe('while an export is under way', () => {
  test('its status tells how far it is and when to ask again; who asks too often is told so (429)', async () => {
    const { door, server } = await gated()
    await createAll(server, many(150))
    door.shut()
    const status = await server.kickOff('$export?_type=Patient')
    await door.reached()
    const first = await server.ask('GET', status)
    expect([first.status, first.headers['retry-after'], first.text]).toEqual([202, '1', ''])
    expect(first.headers['x-progress']!.length).toBeLessThan(100)
    const again = await server.ask('GET', status)
    expect([again.status, again.headers['retry-after']]).toEqual([429, '1'])
    await new Promise(resolve => setTimeout(resolve, 300))
    expect((await server.ask('GET', status)).status).toBe(202)
    door.open()
    expect((await server.finished(status)).status).toBe(200)
  })

  test('it can be ended: nothing of it is left, and its URL is unknown', async () => {
    const { door, server } = await gated()
    await createAll(server, many(150))
    door.shut()
    const status = await server.kickOff('$export?_type=Patient')
    await door.reached()
    const ended = server.ask('DELETE', status)
    await new Promise(resolve => setTimeout(resolve, 30))
    door.open()
    expect((await ended).status).toBe(202)
    expect((await server.ask('GET', status)).status).toBe(404)
    expect(folders(server)).toEqual([])
  })

  test('others wait for their turn, and too many are refused (429)', async () => {
    const { door, server } = await gated({ atWork: 1, waiting: 1 })
    await server.create(patient('a'))
    door.shut()
    const first = await server.kickOff('$export?_type=Patient')
    const second = await server.kickOff('$export?_type=Patient')
    expect((await server.ask('GET', second)).headers['x-progress']).toBe('waiting, 0 before it')
    const third = await server.ask('GET', '$export', { headers: { prefer: 'respond-async' } })
    expect([third.status, Number(third.headers['retry-after'])]).toEqual([429, expect.any(Number)])
    door.open()
    for (const status of [first, second]) expect((await server.finished(status)).status).toBe(200)
  })

  test('what is written meanwhile is not in it: it has the state at the transactionTime', async () => {
    const { door, server } = await gated()
    await createAll(server, many(700))
    door.shut()
    const status = await server.kickOff(
      `$export?_type=Patient&_typeFilter=${encodeURIComponent('Patient?gender=male')}`,
    )
    await door.reached()
    // the newest are exported first: p699 is out already, p0 is still to come
    for (const id of ['p699', 'p0']) {
      await server.create(patient(id, { gender: 'male', birthDate: '2001-01-01' }))
    }
    for (const id of ['p698', 'p1']) await server.ask('DELETE', `Patient/${id}`)
    for (const id of ['p697', 'p2']) await server.create(patient(id, { gender: 'female' }))
    await server.create(patient('created', { gender: 'male' }))
    door.open()
    const { found, manifest } = await read(server, status)
    expect(sorted(found)).toEqual(sorted(many(700)))
    const at = Date.parse(manifest.transactionTime)
    expect(found.every(({ meta }) => Date.parse((meta as { lastUpdated: string }).lastUpdated) <= at)).toBe(true)
    expect(found.some(({ birthDate }) => birthDate !== undefined)).toBe(false)
    expect(found.every(({ gender }) => gender === 'male')).toBe(true)
  })

  test('what is deleted meanwhile is told by the next export since its transactionTime', async () => {
    const { door, server } = await gated()
    await createAll(server, many(150))
    door.shut()
    const status = await server.kickOff('$export?_type=Patient')
    await door.reached()
    await server.ask('DELETE', 'Patient/p3')
    door.open()
    const { manifest } = await read(server, status)
    const next = await server.export(`$export?_type=Patient&_since=${manifest.transactionTime}`)
    expect(next.resources['Patient']).toBeUndefined()
    expect(next.deleted.join()).toContain('Patient/p3')
  })
})

describe('a restart', () => {
  test('goes on from the last page: no line twice, none missing', async () => {
    const { door, server } = await gated()
    await createAll(server, many(1200))
    await createAll(
      server,
      Array.from({ length: 300 }, (_, i) => observation(`o${i}`, `p${i}`)),
    )
    door.shut()
    const status = await server.kickOff('$export')
    await door.reached()
    const stopped = server.restart()
    await new Promise(resolve => setTimeout(resolve, 50))
    door.open()
    await stopped
    const { found } = await read(server, status)
    expect(sorted(found.filter(({ resourceType }) => resourceType === 'Patient'))).toEqual(sorted(many(1200)))
    expect(found.filter(({ resourceType }) => resourceType === 'Observation')).toHaveLength(300)
  })

  test('keeps finished exports with their files, and those that wait', async () => {
    server = await openExporting()
    await server.create(patient('a'))
    const status = await server.kickOff('$export')
    await server.finished(status)
    await server.restart()
    expect(sorted((await read(server, status)).found)).toEqual(['a'])
  })
})

test('an export whose time is over is gone with its files', async () => {
  let late = 0
  server = await openExporting({ life: 60_000, now: () => Date.now() + late })
  await server.create(patient('a'))
  const status = await server.kickOff('$export')
  const { body } = await server.finished(status)
  late = 61_000
  expect((await server.ask('GET', body.output[0].url)).status).toBe(404)
  expect((await server.ask('GET', status)).status).toBe(404)
  expect(folders(server)).toEqual([])
})

test('what a restored or copied store knows of exports that have no files is forgotten', async () => {
  const { rmSync } = await import('node:fs')
  server = await openExporting()
  await server.create(patient('a'))
  const status = await server.kickOff('$export')
  await server.finished(status)
  rmSync(join(server.folder, 'bulk'), { recursive: true })
  await server.restart()
  expect((await server.ask('GET', status.replace(/^.*\/fhir\//, ''))).status).toBe(404)
})

test('a Group of many has each resource once, also one that is about several of its members', async () => {
  server = await openExporting()
  await createAll(server, many(1100))
  const shared = {
    resourceType: 'Appointment',
    id: 'shared',
    status: 'booked',
    participant: ['p0', 'p600', 'p1099'].map(id => ({ actor: { reference: `Patient/${id}` }, status: 'accepted' })),
  }
  await server.create(shared)
  await server.create({
    resourceType: 'Group',
    id: 'large',
    type: 'person',
    actual: true,
    member: many(1100).map(({ id }) => ({ entity: { reference: `Patient/${id}` } })),
  } as never)
  const { resources } = await server.export('Group/large/$export?_type=Patient,Appointment')
  expect(sorted(resources['Patient'])).toEqual(sorted(many(1100)))
  expect(sorted(resources['Appointment'])).toEqual(['shared'])
})
