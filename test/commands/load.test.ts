/**
 * `load`: files of every kind, once each, with what was refused and why.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describe as describeProgress } from '../../src/commands/progress.ts'
import { toTransaction } from '../../src/commands/to-transaction.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { startServer } from '../help/process.ts'
import { dhp, newFolder } from './running.ts'

const folders: string[] = []
const folder = () => {
  const made = newFolder()
  folders.push(made)
  return made
}
afterAll(() => folders.forEach(each => rmSync(each, { recursive: true, force: true })))

const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more })
const write = (where: string, name: string, what: unknown) => {
  const text = typeof what === 'string' || Buffer.isBuffer(what) ? what : JSON.stringify(what)
  writeFileSync(join(where, name), name.endsWith('.gz') && !Buffer.isBuffer(text) ? gzipSync(text) : text)
}
const get = async (base: string, path: string) => {
  const response = await fetch(`${base}/${path}`)
  const text = await response.text()
  return {
    status: response.status,
    text,
    body: JSON.parse(text) as Record<string, unknown> & { total?: number; entry?: { resource: Resource }[] },
  }
}

describe('load into a data folder', () => {
  const data = folder()
  const files = folder()

  beforeAll(() => {
    write(
      files,
      'single.json',
      '{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}',
    )
    write(
      files,
      'lines.ndjson',
      [patient('l1'), patient('l2'), { resourceType: 'Patient' }].map(each => JSON.stringify(each)).join('\r\n') +
        '\n\n',
    )
    write(files, 'packed.ndjson.gz', JSON.stringify(patient('packed-line')) + '\n')
    write(files, 'packed.json.gz', patient('packed'))
    write(files, 'transaction.json', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:00000000-0000-4000-8000-00000000000a',
          resource: { resourceType: 'Patient', name: [{ family: 'Posted' }] },
          request: { method: 'POST', url: 'Patient' },
        },
        {
          resource: {
            resourceType: 'Condition',
            subject: { reference: 'urn:uuid:00000000-0000-4000-8000-00000000000a' },
          },
          request: { method: 'POST', url: 'Condition' },
        },
      ],
    })
    write(files, 'collection.json', {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'https://his.example/fhir/Patient/c1', resource: patient('c1') },
        {
          fullUrl: 'https://his.example/fhir/Condition/c2',
          resource: {
            resourceType: 'Condition',
            id: 'c2',
            subject: { reference: 'https://his.example/fhir/Patient/c1' },
            recorder: { reference: 'https://other.example/fhir/Practitioner/9' },
          },
        },
      ],
    })
    write(files, 'batch.json', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { resource: patient('b1'), request: { method: 'PUT', url: 'Patient/b1' } },
        { resource: patient('b2', { nonsense: 1 }), request: { method: 'PUT', url: 'Patient/b2' } },
      ],
    })
    write(files, 'notes.txt', 'not looked at')
    write(
      files,
      'refused.ndjson',
      `${JSON.stringify(patient('r1', { gender: 5 }))}\n{"resourceType":\n[1]\n${JSON.stringify(patient('r-good'))}\n`,
    )
    write(files, 'refused-transaction.json', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { resource: patient('t1'), request: { method: 'PUT', url: 'Patient/t1' } },
        { resource: patient('t2', { nonsense: 1 }), request: { method: 'PUT', url: 'Patient/t2' } },
      ],
    })
    write(files, 'history.json', { resourceType: 'Bundle', type: 'history', entry: [] })
    write(files, 'broken.json.gz', Buffer.from([0x1f, 0x8b, 1, 2, 3]))
  })

  test('everything that can be loaded is, and the rest is in a file with its reasons; exit code 1', async () => {
    const { code, out } = await dhp(data, 'load', files)
    expect(code, out).toBe(1)
    expect(out).toMatch(/Patient\s+9\n/)
    expect(out).toMatch(/Condition\s+2\n/)
    const name = readdirSync(data).find(each => each.startsWith('load-refused-'))!
    expect(out).toContain(name)
    const refused = readFileSync(join(data, name), 'utf8')
      .trim()
      .split('\n')
      .map(
        line =>
          JSON.parse(line) as {
            file: string
            line?: number
            entry?: number
            reasons: string[]
            resource: Resource | null
          },
      )
    const where = refused
      .map(({ file, line, entry }) =>
        [file.split('/').at(-1), line, entry].filter(part => part !== undefined).join(':'),
      )
      .sort()
    expect(where).toEqual([
      'batch.json:1',
      'broken.json.gz',
      'history.json',
      'refused-transaction.json',
      'refused.ndjson:1',
      'refused.ndjson:2',
      'refused.ndjson:3',
    ])
    for (const { reasons } of refused) expect(reasons.join('').length).toBeGreaterThan(10)
    expect(refused.find(each => each.line === 1)!.resource).toEqual(patient('r1', { gender: 5 }))
  })

  test('loaded again, what was loaded is skipped, also under another name', async () => {
    write(files, 'same-as-transaction.json', readFileSync(join(files, 'transaction.json')))
    const { out } = await dhp(
      data,
      'load',
      join(files, 'transaction.json'),
      join(files, 'same-as-transaction.json'),
      join(files, 'lines.ndjson'),
    )
    expect(out).toContain('0 files')
    expect(out).toContain('3 loaded before')
    const forced = await dhp(data, 'load', '--again', join(files, 'packed.json.gz'))
    expect([forced.code, forced.out]).toEqual([0, expect.stringMatching(/Patient\s+1\n/)])
  })

  test('killed between writing and saying so, the next load writes nothing twice', async () => {
    const [own, posted] = [folder(), folder()]
    const entry = [1, 2].map(n => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${n}`,
      resource: { resourceType: 'Patient', name: [{ family: 'Once' }] },
      request: { method: 'POST', url: 'Patient' },
    }))
    write(posted, 'bundle.json', { resourceType: 'Bundle', type: 'transaction', entry })
    write(posted, 'lines.ndjson', '{"resourceType":"Patient","name":[{"family":"Once"}]}\n')
    await dhp(own, 'load', posted)
    // what a loader that was killed had not come to
    rmSync(join(own, 'tenants/default/loaded.jsonl'))
    expect((await dhp(own, 'load', posted)).code).toBe(0)
    const server = await startServer(own)
    try {
      expect((await get(server.base, 'Patient?family=once&_summary=count')).body.total).toBe(3)
    } finally {
      await server.stop()
    }
  })

  test('is there when the server starts, with references and digits as they should be', async () => {
    const server = await startServer(data)
    try {
      expect((await get(server.base, 'Patient?family=posted&_revinclude=Condition:subject')).body.entry).toHaveLength(2)
      expect((await get(server.base, 'Condition/c2')).body).toMatchObject({
        subject: { reference: 'Patient/c1' },
        recorder: { reference: 'https://other.example/fhir/Practitioner/9' },
      })
      expect((await get(server.base, 'Observation/digits')).text).toContain('"value":1.50')
      for (const id of ['l1', 'l2', 'packed-line', 'packed', 'b1', 'r-good'])
        expect((await get(server.base, `Patient/${id}`)).status, id).toBe(200)
      for (const id of ['r1', 't1', 't2', 'b2']) expect((await get(server.base, `Patient/${id}`)).status, id).toBe(404)
    } finally {
      await server.stop()
    }
  })

  test('without a path, or with one that is not there, says what is missing', async () => {
    expect(await dhp(data, 'load')).toMatchObject({ code: 2, err: expect.stringContaining('PATH') as string })
    expect(await dhp(data, 'load', '/nope')).toMatchObject({ code: 1, err: expect.stringContaining('/nope') as string })
    expect(await dhp(data, 'load', '--parallel', '0', files)).toMatchObject({ code: 2 })
  })
})

describe('load into a running server', () => {
  test('goes through its FHIR API, keeps digits, and is skipped the second time', async () => {
    const [data, files, own] = [folder(), folder(), folder()]
    write(
      files,
      'a.json',
      '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","id":"d","status":"final","code":{"text":"x"},"valueQuantity":{"value":2.10}}}]}',
    )
    write(
      files,
      'b.ndjson',
      `${JSON.stringify(patient('x'))}\n${JSON.stringify({ resourceType: 'Patient' })}\n${JSON.stringify(patient('y', { gender: 7 }))}`,
    )
    const server = await startServer(data)
    try {
      const first = await dhp(own, 'load', '--to', server.base, files)
      expect(first, first.err).toMatchObject({ code: 1, out: expect.stringMatching(/all\s+3\n/) as string })
      expect((await get(server.base, 'Observation/d')).text).toContain('"value":2.10')
      expect((await get(server.base, 'Patient?_total=accurate')).body.total).toBe(2)
      const second = await dhp(own, 'load', '--to', server.base, files)
      expect(second.out).toContain('2 loaded before')
    } finally {
      await server.stop()
    }
    const gone = await dhp(own, 'load', '--again', '--to', server.base, files)
    expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('does not take more') as string })
    expect(gone.err).not.toContain('    at ')
  })
})

describe('a Bundle as a transaction', () => {
  const entriesOf = (bundle: Resource | string) =>
    (bundle as unknown as { entry: { fullUrl?: string; request: { method: string; url: string } }[] }).entry

  test('transactions and batches stay as they are', () => {
    const bundle = { resourceType: 'Bundle', type: 'batch', entry: [] }
    expect(toTransaction(bundle)).toBe(bundle)
  })

  test('resources with an id are put, those without are created; the last of two counts; outcomes are left out', () => {
    const made = toTransaction({
      resourceType: 'Bundle',
      type: 'searchset',
      entry: [
        { resource: patient('1') },
        { resource: { resourceType: 'Patient' }, fullUrl: 'urn:uuid:1' },
        { resource: patient('1', { active: true }) },
        { resource: { resourceType: 'OperationOutcome' }, search: { mode: 'outcome' } },
      ],
    })
    expect(entriesOf(made).map(({ request, fullUrl }) => [request.method, request.url, fullUrl])).toEqual([
      ['PUT', 'Patient/1', undefined],
      ['POST', 'Patient', 'urn:uuid:1'],
    ])
  })

  test.each(['history', 'subscription-notification', undefined])(
    'a Bundle of type %s is refused with a reason',
    type => {
      expect(toTransaction({ resourceType: 'Bundle', ...(type ? { type } : {}) })).toContain('holds nothing to load')
    },
  )
})

test('progress tells how much, how fast and how long', () => {
  expect(describeProgress({ bytes: 25, resources: 3000, refused: 2 }, 100, 10)).toBe(
    '25 %, 3,000 resources, 300/s, 0:30 left, 2 refused',
  )
  expect(describeProgress({ bytes: 0, resources: 0, refused: 0 }, 0, 0)).toContain('100 %')
})
