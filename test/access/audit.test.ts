/**
 * The audit log as those who rely on it see it: each exchange once, who and whose, and nothing that was not done.
 */
import type { AuditEvent } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { happeningOf } from '../../src/access/audit-words.ts'
import { nobody, sandboxUser } from '../../src/access/caller.ts'
import { conformance, definitions, terminology } from '../help/server.ts'
import { lazyValidator } from '../../src/validation/lazy.ts'
import { doctor, openAudited, reader, type AuditedServer } from './audited.ts'

let server: AuditedServer
const made: AuditEvent[] = []
beforeAll(async () => {
  server = await openAudited()
  await server.ask('PUT', 'Patient/p1', { body: { resourceType: 'Patient', id: 'p1' } })
  await server.ask('PUT', 'Patient/p2', { body: { resourceType: 'Patient', id: 'p2' } })
  await server.ask('PUT', 'Observation/o1', { body: observation('o1', 'p1') })
  await server.ask('PUT', 'Observation/o2', { body: observation('o2', 'p2') })
})
afterAll(() => server.close())

const observation = (id: string | undefined, patient: string) => ({
  resourceType: 'Observation',
  ...(id ? { id } : {}),
  status: 'final',
  code: { text: 'made up' },
  subject: { reference: `Patient/${patient}` },
})

/** The events that this leaves, and no others. */
async function left(work: () => Promise<unknown>): Promise<AuditEvent[]> {
  const before = (await server.events()).length
  await work()
  const events = (await server.events()).slice(before)
  made.push(...events)
  return events
}

const what = (event: AuditEvent | undefined) => event?.subtype?.[0]?.code
const patients = (event: AuditEvent | undefined) =>
  (event?.entity ?? [])
    .filter(({ role }) => role?.code === '1')
    .map(({ what }) => what?.reference)
    .sort()
const data = (event: AuditEvent | undefined) =>
  (event?.entity ?? []).find(({ role }) => role?.code === '4')?.what?.reference
const queryOf = (event: AuditEvent | undefined) =>
  Buffer.from((event?.entity ?? []).find(({ query }) => query)?.query ?? '', 'base64').toString()

describe('every exchange leaves exactly one event, with who, what and whose', () => {
  it.each<[string, string, () => Promise<unknown>, string, string[], string | undefined]>([
    ['a read', 'read', () => server.ask('GET', 'Observation/o1'), 'R', ['Patient/p1'], 'Observation/o1/_history/1'],
    [
      'a vread',
      'vread',
      () => server.ask('GET', 'Observation/o1/_history/1'),
      'R',
      ['Patient/p1'],
      'Observation/o1/_history/1',
    ],
    [
      'a search',
      'search-type',
      () => server.ask('GET', 'Observation?status=final'),
      'E',
      ['Patient/p1', 'Patient/p2'],
      undefined,
    ],
    [
      'a search by POST',
      'search-type',
      () => server.ask('POST', 'Observation/_search?patient=p1'),
      'E',
      ['Patient/p1'],
      undefined,
    ],
    [
      'a search that finds nothing',
      'search-type',
      () => server.ask('GET', 'Condition?patient=p2'),
      'E',
      ['Patient/p2'],
      undefined,
    ],
    [
      'a compartment search',
      'search-type',
      () => server.ask('GET', 'Patient/p1/Condition'),
      'E',
      ['Patient/p1'],
      'Patient/p1',
    ],
    [
      'a system search',
      'search-system',
      () => server.ask('GET', '?_type=Observation'),
      'E',
      ['Patient/p1', 'Patient/p2'],
      undefined,
    ],
    [
      'a history',
      'history-instance',
      () => server.ask('GET', 'Observation/o2/_history'),
      'R',
      ['Patient/p2'],
      'Observation/o2',
    ],
    [
      'a history of a type',
      'history-type',
      () => server.ask('GET', 'Observation/_history'),
      'R',
      ['Patient/p1', 'Patient/p2'],
      undefined,
    ],
    [
      'a history of all',
      'history-system',
      () => server.ask('GET', '_history'),
      'R',
      ['Patient/p1', 'Patient/p2'],
      undefined,
    ],
    ['an operation', 'operation', () => server.ask('GET', 'Patient/p1/$everything'), 'E', ['Patient/p1'], 'Patient/p1'],
    [
      'an update',
      'update',
      () => server.ask('PUT', 'Observation/o1', { body: observation('o1', 'p1') }),
      'U',
      ['Patient/p1'],
      'Observation/o1/_history/2',
    ],
    [
      'a patch',
      'patch',
      () =>
        server.ask('PATCH', 'Observation/o1', {
          body: [{ op: 'replace', path: '/status', value: 'amended' }],
          headers: { 'content-type': 'application/json-patch+json' },
        }),
      'U',
      ['Patient/p1'],
      'Observation/o1/_history/3',
    ],
    [
      'a delete',
      'delete',
      () => server.ask('DELETE', 'Observation/o2'),
      'D',
      ['Patient/p2'],
      'Observation/o2/_history/2',
    ],
  ])('%s', async (_name, code, work, action, whose, which) => {
    const events = await left(work)
    expect(events.map(what)).toEqual([code])
    const [event] = events
    expect(event!.action).toBe(action)
    expect(event!.outcome).toBe('0')
    expect(patients(event)).toEqual(whose)
    if (which) expect(data(event)).toBe(which)
    expect(event!.agent.map(({ who }) => who?.reference ?? who?.identifier?.value ?? who?.display)).toEqual([
      'app',
      'A server under test',
      'Practitioner/doc',
    ])
    expect(event!.agent[0]!.network?.address).toBe('127.0.0.1')
    expect(event!.entity?.at(-1)?.what?.identifier?.value).toBe('r-1')
  })

  it('a create, with the id it got', async () => {
    let id: unknown
    const events = await left(async () => {
      id = (await server.ask('POST', 'Observation', { body: observation(undefined, 'p1') })).body?.id
    })
    expect(events.map(what)).toEqual(['create'])
    expect(data(events[0])).toBe(`Observation/${String(id)}/_history/1`)
    expect(patients(events[0])).toEqual(['Patient/p1'])
  })

  it('a search keeps what was asked, base64', async () => {
    const [event] = await left(() => server.ask('GET', 'Patient?name=Test%20Person'))
    expect(queryOf(event)).toBe('GET Patient?name=Test%20Person')
    expect(JSON.stringify(event)).not.toContain('Test')
  })

  it('a batch, and each of its entries', async () => {
    const entry = [
      { request: { method: 'GET', url: 'Patient/p1' } },
      { request: { method: 'POST', url: 'Observation' }, resource: observation(undefined, 'p2') },
      { request: { method: 'GET', url: 'Patient/none' } },
    ]
    const events = await left(() => server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } }))
    expect(events.map(event => `${what(event)!} ${event.outcome!}`).sort()).toEqual([
      'batch 0',
      'create 0',
      'read 0',
      'read 4',
    ])
    expect(patients(events.find(event => what(event) === 'create'))).toEqual(['Patient/p2'])
  })

  it('a transaction, and each of its entries', async () => {
    const entry = [
      { request: { method: 'GET', url: 'Patient/p1' } },
      { request: { method: 'POST', url: 'Observation' }, resource: observation(undefined, 'p2') },
      { request: { method: 'PUT', url: 'Patient/p3' }, resource: { resourceType: 'Patient', id: 'p3' } },
    ]
    const events = await left(() =>
      server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }),
    )
    expect(events.map(what).sort()).toEqual(['create', 'create', 'read', 'transaction'])
    expect(events.every(({ outcome }) => outcome === '0')).toBe(true)
  })

  it('what is done with an emergency token says so, with the reason', async () => {
    const caller = { ...doctor, grant: { ...doctor.grant!, breakGlass: 'Unconscious in the emergency room' } }
    const [event] = await left(() => server.ask('GET', 'Patient/p1', { caller }))
    expect(event!.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe('BTG')
    expect(JSON.stringify(event!.entity)).toContain('Unconscious in the emergency room')
  })

  it('sign-in, consent, tokens and refusals of the authorization server', async () => {
    const about = { client: 'app', user: 'Practitioner/doc', patient: 'p1' }
    const events = await left(async () => {
      for (const what of [
        'launch',
        'sign-in',
        'consent',
        'token-issued',
        'token-refreshed',
        'token-revoked',
        'sign-out',
      ] as const)
        server.audit.tell(happeningOf({ what, outcome: '0', ...about }))
      server.audit.tell(happeningOf({ what: 'refused', outcome: '4', client: 'app', why: 'invalid_grant' }))
      server.audit.tell(happeningOf({ what: 'break-glass', outcome: '0', ...about, reason: 'An emergency' }))
    })
    expect(events).toHaveLength(9)
    expect(events.map(({ outcome }) => outcome)).toEqual(['0', '0', '0', '0', '0', '0', '0', '4', '0'])
    expect(patients(events[0])).toEqual(['Patient/p1'])
    expect(events[7]!.outcomeDesc).toBe('invalid_grant')
    expect(events[8]!.type.code).toBe('110113')
  })
})

describe('a refusal', () => {
  it('of a write leaves a refusal, and nothing else', async () => {
    const before = await server.engine.counts()
    const events = await left(() =>
      server.ask('POST', 'Observation', { body: observation(undefined, 'p1'), caller: reader }),
    )
    expect(events.map(event => [what(event), event.outcome, event.outcomeDesc])).toEqual([['create', '4', '403']])
    expect(events[0]!.agent[2]!.who?.reference).toBe('Practitioner/reader')
    const after = await server.engine.counts()
    expect(after.get('Observation')).toBe(before.get('Observation'))
  })

  it('of a read names whose it was', async () => {
    const [event, ...others] = await left(() => server.ask('GET', 'Observation/o1', { caller: reader }))
    expect(others).toEqual([])
    expect([event!.outcome, patients(event)]).toEqual(['4', ['Patient/p1']])
  })

  it('of nobody is recorded as nobody', async () => {
    const [event] = await left(() => server.ask('GET', 'Patient/p1', { caller: nobody }))
    expect([event!.outcomeDesc, event!.agent[0]!.who?.identifier?.value]).toEqual(['401', 'nobody'])
  })

  it('of a transaction leaves no event of a write', async () => {
    const entry = [
      { request: { method: 'PUT', url: 'Patient/p9' }, resource: { resourceType: 'Patient', id: 'p9' } },
      {
        request: { method: 'PUT', url: 'Patient/p1', ifMatch: 'W/"77"' },
        resource: { resourceType: 'Patient', id: 'p1' },
      },
    ]
    const events = await left(() =>
      server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }),
    )
    expect(events.map(event => [what(event), event.outcome])).toEqual([['transaction', '4']])
  })
})

describe('the log itself', () => {
  it('is valid by our own validator, to its profiles as far as they are known', async () => {
    const { validate } = lazyValidator({
      conformance,
      definitions: () => definitions,
      checkCode: question => terminology().checkCode(question),
    })
    expect(made.length).toBeGreaterThan(30)
    for (const event of made) {
      const wrong = (await validate(event)).filter(({ severity }) => severity === 'error')
      expect(wrong, JSON.stringify(event)).toEqual([])
    }
  })

  it.each([
    ['patient=p1'],
    ['patient=p1&action=R'],
    ['agent=Practitioner/doc&_count=5'],
    ['entity=Observation/o1'],
    ['date=gt2020-01-01&outcome=4'],
    ['type=rest&subtype=vread'],
    ['entity-role=24'],
    ['agent:identifier=app'],
    ['address=127.0.0.1'],
    ['action=C&entity-type=http://terminology.hl7.org/CodeSystem/audit-entity-type|1'],
  ])('is searched by %s', async query => {
    const { status, body } = await server.ask('GET', `AuditEvent?${query}`)
    expect(status).toBe(200)
    expect((body!['entry'] as unknown[]).length).toBeGreaterThan(0)
  })

  it('has what was just done, also when it is asked for at once', async () => {
    await server.ask('GET', 'Patient/p2', { headers: { 'x-request-id': 'just-now' } })
    const { body } = await server.ask('GET', 'AuditEvent?entity:identifier=just-now')
    expect((body!['entry'] as unknown[]).length).toBe(1)
  })

  it('is written and deleted by nobody', async () => {
    const [event] = await server.events()
    const body = { ...event, outcome: '12' }
    for (const [method, url] of [
      ['POST', 'AuditEvent'],
      ['PUT', `AuditEvent/${event!.id!}`],
      ['DELETE', `AuditEvent/${event!.id!}`],
      ['DELETE', 'AuditEvent?action=R'],
    ] as const)
      expect((await server.ask(method, url, { body: method === 'DELETE' ? undefined : body })).status).toBe(403)
    const entry = [{ request: { method: 'PUT', url: `AuditEvent/${event!.id!}` }, resource: body }]
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
    expect((await server.ask('POST', '', { body: bundle })).status).toBe(403)
    expect((await server.events())[0]).toEqual(event)
  })

  it('is not among what is asked for without naming it', async () => {
    await server.events()
    for (const url of ['Patient/p1/$everything', '_history?_count=1000', '?_lastUpdated=gt2020-01-01&_count=1000']) {
      const { status, text } = await server.ask('GET', url)
      expect([url, status, text.includes('"AuditEvent"')]).toEqual([url, 200, false])
    }
  })

  it('is not for those without a scope of its own', async () => {
    expect((await server.ask('GET', 'AuditEvent?patient=p1', { caller: reader })).status).toBe(403)
  })
})

describe('what is recorded', () => {
  it('auto, in an open server: what is done with a token, not what the sandbox user does', async () => {
    const open = await openAudited('auto')
    await open.ask('PUT', 'Patient/p1', { body: { resourceType: 'Patient', id: 'p1' }, caller: sandboxUser })
    await open.ask('GET', 'Patient/p1', { caller: sandboxUser })
    await open.ask('GET', 'Patient/p1')
    expect((await open.events()).map(what)).toEqual(['read'])
    await open.close()
  })

  it('writes: writes and refusals, not reads', async () => {
    const some = await openAudited('writes')
    await some.ask('PUT', 'Patient/p1', { body: { resourceType: 'Patient', id: 'p1' } })
    await some.ask('GET', 'Patient/p1')
    await some.ask('GET', 'Observation/x', { caller: reader })
    expect((await some.events()).map(event => [what(event), event.outcome])).toEqual([
      ['create', '0'],
      ['read', '4'],
    ])
    await some.close()
  })
})
