/**
 * What a token lets its holder do: by scope, by context, by user; and what it is told otherwise.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/access/grant.ts'
import { guard } from '../../src/access/guard.ts'
import { sharedTypes } from '../../src/access/patient-record.ts'
import { callerOf } from '../../src/access/token-caller.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything } from '../../src/search/query.ts'
import { base, definitions, openServer, type Asking, type TestServer } from '../help/server.ts'
import { bundle, found, linkTo, putting, total } from '../help/whole.ts'

const { extractor } = makeCatalogue(definitions, current => makeExtractor(current, kinds))
let server: TestServer

const grant = (scope: string, more: Partial<Grant> = {}): Grant => ({
  id: 'jti',
  tenant: 'default',
  client: 'app',
  user: 'Practitioner/doc',
  scope,
  issued: 0,
  expires: 1e12,
  ...more,
})
const caller = (scope: string, more: Partial<Grant> = {}) =>
  callerOf(grant(scope, more), { definitions, store: server.engine, base })
const ofA = { patient: 'a' }
const backend = (scope: string) => {
  const { user: _, ...rest } = grant(scope)
  return callerOf(rest, { definitions, store: server.engine, base })
}

type Who = Awaited<ReturnType<typeof caller>>
const ask = (who: Who, method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, more: Asking = {}) =>
  server.ask(method, url, { ...more, caller: who })
const status = async (who: Who, url: string) => (await ask(who, 'GET', url)).status

const ref = (reference: string) => ({ reference })
const observation = (id: string, who: string, category: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  category: [{ coding: [{ system: 'urn:cat', code: category }] }],
  subject: ref(`Patient/${who}`),
  ...more,
})

beforeAll(async () => {
  server = await openServer({
    guard: (store, who) => guard(store, who, { types: definitions.resourceTypes, extractor }),
  })
  const all = [
    { resourceType: 'Organization', id: 'org', name: 'Hospital' },
    { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Doctor' }] },
    { resourceType: 'Patient', id: 'a', managingOrganization: ref('Organization/org') },
    { resourceType: 'Patient', id: 'b', link: [{ other: ref('Patient/a'), type: 'seealso' }] },
    { resourceType: 'RelatedPerson', id: 'mother', patient: ref('Patient/a') },
    { resourceType: 'RelatedPerson', id: 'former', active: false, patient: ref('Patient/a') },
    {
      resourceType: 'Person',
      id: 'guardian',
      link: [{ target: ref('RelatedPerson/mother') }, { target: ref('Patient/b') }],
    },
    observation('lab-a', 'a', 'laboratory', { performer: [ref('Practitioner/doc')] }),
    observation('vital-a', 'a', 'vital-signs', { hasMember: [ref('Observation/lab-a')] }),
    observation('lab-b', 'b', 'laboratory', { focus: [ref('Patient/a')] }),
    {
      resourceType: 'Group',
      id: 'g',
      type: 'person',
      actual: true,
      member: [{ entity: ref('Patient/a') }, { entity: ref('Patient/b') }],
    },
    { resourceType: 'Device', id: 'da', patient: ref('Patient/a') },
    { resourceType: 'Device', id: 'db', patient: ref('Patient/b') },
    { resourceType: 'Device', id: 'scanner' },
    {
      resourceType: 'DocumentReference',
      id: 'doc-a',
      status: 'current',
      subject: ref('Patient/a'),
      content: [{ attachment: { url: 'Binary/letter-a' } }],
    },
    {
      resourceType: 'DocumentReference',
      id: 'doc-b',
      status: 'current',
      subject: ref('Patient/b'),
      content: [{ attachment: { url: 'Binary/letter-b' } }],
    },
    {
      resourceType: 'Binary',
      id: 'letter-a',
      contentType: 'text/plain',
      data: 'eA==',
      securityContext: ref('DocumentReference/doc-a'),
    },
    {
      resourceType: 'Binary',
      id: 'scan-a',
      contentType: 'text/plain',
      data: 'eA==',
      securityContext: ref('Patient/a'),
    },
    {
      resourceType: 'Binary',
      id: 'letter-b',
      contentType: 'text/plain',
      data: 'eA==',
      securityContext: ref('DocumentReference/doc-b'),
    },
    { resourceType: 'Binary', id: 'free', contentType: 'text/plain', data: 'eA==' },
    {
      resourceType: 'AuditEvent',
      id: 'audit-a',
      type: { code: 'rest' },
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ requestor: true, who: ref('Patient/a') }],
      source: { observer: ref('Organization/org') },
      entity: [{ what: ref('Patient/a') }],
    },
  ]
  const loaded = await server.post('', bundle('transaction', ...all.map(each => putting(each as never))))
  if (loaded.status !== 200) throw new Error(loaded.said)
})
afterAll(() => server.close())

describe('patient/ scopes', () => {
  test('open the record of the patient in context, and nobody else’s', async () => {
    const who = await caller('patient/*.rs', ofA)
    for (const url of ['Patient/a', 'Observation/lab-a', 'Device/da']) expect(await status(who, url), url).toBe(200)
    for (const url of ['Patient/b', 'Observation/lab-b', 'Device/db', 'Binary/free', 'Patient/none'])
      expect(await status(who, url), url).toBe(404)
    expect(found(await ask(who, 'GET', 'Observation')).sort()).toEqual(['Observation/lab-a', 'Observation/vital-a'])
    expect(total(await ask(who, 'GET', 'Patient?_total=accurate'))).toBe(1)
  })

  test('a link between patients opens no second record, and a focus no second Observation', async () => {
    const who = await caller('patient/*.rs', ofA)
    expect(await status(who, 'Patient/b')).toBe(404)
    expect(found(await ask(who, 'GET', 'Patient?_id=a&_revinclude=Observation:focus'), 'include')).toEqual([])
  })

  test('let those be read who say nothing of patients, and never written', async () => {
    const who = await caller('patient/*.cruds', ofA)
    expect(await status(who, 'Practitioner/doc')).toBe(200)
    expect(found(await ask(who, 'GET', 'Patient?_include=Patient:organization'), 'include')).toEqual([
      'Organization/org',
    ])
    expect(await status(who, 'Device/scanner')).toBe(200)
    const changed = await ask(who, 'PUT', 'Practitioner/doc', { body: { resourceType: 'Practitioner', id: 'doc' } })
    expect(changed.status).toBe(403)
  })

  test('the types that all may read are in no patient’s compartment', () => {
    for (const type of sharedTypes) {
      expect(definitions.isResourceType(type), type).toBe(true)
      expect(definitions.compartment('Patient')!.get(type) ?? [], type).toEqual([])
    }
  })

  test('without a patient permit nothing', async () => {
    const who = await caller('patient/*.cruds')
    for (const type of definitions.resourceTypes) expect(who.permits(type, 'read')).toBeUndefined()
    expect(await status(who, 'Patient/a')).toBe(403)
  })

  test('open a Binary by what it belongs to', async () => {
    const who = await caller('patient/*.rs', ofA)
    expect(await status(who, 'Binary/letter-a')).toBe(200)
    expect(await status(who, 'Binary/scan-a')).toBe(200)
    expect(await status(who, 'Binary/letter-b')).toBe(404)
    expect(await status(who, 'Binary/free')).toBe(404)
  })

  test('do not write into another’s record, however the resource is also the patient’s own', async () => {
    const who = await caller('patient/*.cruds', ofA)
    const mixed = observation('x', 'b', 'laboratory', { performer: [ref('Patient/a')] })
    expect((await ask(who, 'POST', 'Observation', { body: mixed })).status).toBe(403)
    const own = observation('x', 'a', 'laboratory', { performer: [ref('Patient/a')] })
    expect((await ask(who, 'POST', 'Observation', { body: own })).status).toBe(201)
  })
})

describe('search parameters in a scope', () => {
  const scope = 'patient/Observation.cruds?category=urn:cat|laboratory patient/Patient.rs'

  test('narrow every path', async () => {
    const who = await caller(scope, ofA)
    expect(await status(who, 'Observation/lab-a')).toBe(200)
    expect(await status(who, 'Observation/vital-a')).toBe(404)
    expect(await status(who, 'Observation/vital-a/_history')).toBe(404)
    expect(await status(who, 'Observation/vital-a/_history/1')).toBe(404)
    expect(found(await ask(who, 'GET', 'Observation?_id=lab-a,vital-a'))).toEqual(['Observation/lab-a'])
    expect(found(await ask(who, 'GET', 'Patient?_revinclude=Observation:subject'), 'include')).not.toContain(
      'Observation/vital-a',
    )
    expect(found(await ask(who, 'GET', 'Patient/a/$everything'))).not.toContain('Observation/vital-a')
    expect(found(await ask(who, 'GET', 'Patient?_has:Observation:subject:category=vital-signs'))).toEqual([])
  })

  test('hold of what is written, before and after', async () => {
    const who = await caller(scope, ofA)
    const json = { 'content-type': 'application/json-patch+json' }
    expect((await ask(who, 'POST', 'Observation', { body: observation('x', 'a', 'vital-signs') })).status).toBe(403)
    const away = [{ op: 'replace', path: '/category/0/coding/0/code', value: 'vital-signs' }]
    expect((await ask(who, 'PATCH', 'Observation/lab-a', { body: away, headers: json })).status).toBe(403)
    expect((await ask(who, 'DELETE', 'Observation/vital-a')).status).toBe(204)
    expect((await server.get('Observation/vital-a')).status).toBe(200)
  })

  test('that cannot be understood permit nothing', async () => {
    const who = await caller('patient/Condition.rs?onset-date=soon', ofA)
    expect(who.permits('Condition', 'read')).toBeUndefined()
  })

  test('of several scopes, what any of them permits', async () => {
    const who = await caller(
      'patient/Observation.r?category=laboratory patient/Observation.rs?category=vital-signs',
      ofA,
    )
    expect(await status(who, 'Observation/lab-a')).toBe(200)
    expect(await status(who, 'Observation/vital-a')).toBe(200)
    expect(found(await ask(who, 'GET', 'Observation'))).toEqual(['Observation/vital-a'])
  })
})

describe('the letters', () => {
  test.each([
    ['r', 'GET', 'Observation/lab-a', 200],
    ['r', 'GET', 'Observation/lab-a/_history', 200],
    ['r', 'GET', 'Observation/lab-a/_history/1', 200],
    ['r', 'GET', 'Observation', 403],
    ['r', 'GET', 'Observation/_history', 403],
    ['s', 'GET', 'Observation', 200],
    ['s', 'GET', 'Observation/_history', 200],
    ['s', 'GET', 'Observation/lab-a', 403],
    ['c', 'PUT', 'Observation/new', 403],
    ['c', 'POST', 'Observation', 201],
    ['u', 'PUT', 'Observation/upserted', 201],
    ['u', 'POST', 'Observation', 403],
    ['u', 'DELETE', 'Observation/lab-b', 403],
  ] as const)('%s: %s %s answers %i', async (letter, method, url, expected) => {
    const who = await caller(`user/Observation.${letter}`)
    const body =
      method === 'PUT' || method === 'POST' ? { body: observation(url.split('/')[1] ?? 'x', 'b', 'other') } : {}
    expect((await ask(who, method, url, body)).status).toBe(expected)
  })

  test('a request beyond the scopes is told which would do', async () => {
    const { status, headers, said } = await ask(await caller('patient/Patient.rs', ofA), 'GET', 'Condition?code=x')
    expect(status).toBe(403)
    expect(headers['WWW-Authenticate']).toBe('Bearer error="insufficient_scope", scope="patient/Condition.s"')
    expect(said).toContain('patient/Condition.s')
  })
})

describe('users', () => {
  test('a practitioner sees all of the tenant, as the scopes say', async () => {
    const who = await caller('user/*.rs')
    expect(who.permits('Observation', 'read')).toBe(everything)
    expect(await status(who, 'Patient/b')).toBe(200)
    expect(await status(who, 'Binary/free')).toBe(200)
    expect(who.permits('Observation', 'create')).toBeUndefined()
  })

  test.each([
    ['Patient/a', ['Patient/a']],
    ['RelatedPerson/mother', ['Patient/a']],
    ['Person/guardian', ['Patient/a', 'Patient/b']],
    ['RelatedPerson/former', []],
    ['RelatedPerson/unknown', []],
    ['Organization/org', []],
    ['Patient', []],
    ['Patient/a/b', []],
    ['', []],
  ])('%s with user/*.rs sees %j of the patients', async (user, patients) => {
    const who = await caller('user/*.rs', { user })
    const answer = await ask(who, 'GET', 'Patient')
    expect(answer.status === 403 ? [] : found(answer).sort()).toEqual(patients)
  })

  test('a patient in context who is not the user’s own opens nothing', async () => {
    const who = await caller('patient/*.rs', { user: 'Patient/b', patient: 'a' })
    expect(await status(who, 'Patient/a')).toBe(403)
  })

  test('system/ is for services, user/ for those with a user', async () => {
    expect((await caller('system/*.rs')).permits('Patient', 'read')).toBeUndefined()
    expect((await backend('user/*.rs')).permits('Patient', 'read')).toBeUndefined()
    expect((await backend('patient/*.rs')).permits('Patient', 'read')).toBeUndefined()
    expect((await backend('system/Patient.rs')).permits('Patient', 'read')).toBe(everything)
    expect((await backend('system/Patient.rs')).permits('Observation', 'read')).toBeUndefined()
  })

  test('limits of practitioners are part of what they see', async () => {
    const limit = () => ({ is: 'id', ids: ['b'] }) as const
    const who = await callerOf(grant('user/*.rs'), { definitions, store: server.engine, base, limit })
    expect(await status(who, 'Patient/b')).toBe(200)
    expect(await status(who, 'Patient/a')).toBe(404)
  })
})

describe('what is granted by name only', () => {
  test('AuditEvent is not part of *, and never changed', async () => {
    expect((await caller('user/*.cruds')).permits('AuditEvent', 'read')).toBeUndefined()
    const named = await caller('user/AuditEvent.cruds')
    expect(named.permits('AuditEvent', 'read')).toBe(everything)
    expect(named.permits('AuditEvent', 'update')).toBeUndefined()
    expect(named.permits('AuditEvent', 'delete')).toBeUndefined()
    expect(await status(await caller('patient/AuditEvent.rs', ofA), 'AuditEvent/audit-a')).toBe(200)
    expect(await status(await caller('patient/AuditEvent.rs', { patient: 'b' }), 'AuditEvent/audit-a')).toBe(404)
  })

  test('a Group lists other people: no patient/ scope opens it', async () => {
    expect(await status(await caller('patient/*.rs patient/Group.rs', ofA), 'Group/g')).toBe(403)
    expect(await status(await caller('user/Group.rs'), 'Group/g')).toBe(200)
  })

  test('a Binary needs what it belongs to, not only its own scope', async () => {
    const who = await backend('system/Binary.rs system/Patient.r')
    expect(await status(who, 'Binary/free')).toBe(200)
    expect(await status(who, 'Binary/scan-a')).toBe(200)
    expect(await status(who, 'Binary/letter-a')).toBe(404)
  })
})

describe('the caller’s id', () => {
  test('is the same for the same rights and another for others', async () => {
    const one = await caller('patient/*.rs openid', ofA)
    expect((await caller('openid patient/*.read', { ...ofA, id: 'other' })).id).toBe(one.id)
    const others = [
      await caller('patient/*.r', ofA),
      await caller('patient/*.rs', { patient: 'b' }),
      await caller('patient/*.rs', { ...ofA, client: 'another' }),
      await caller('patient/*.rs', { ...ofA, user: 'Patient/a' }),
    ]
    expect(new Set([one, ...others].map(({ id }) => id)).size).toBe(5)
  })

  test('binds page links: another token cannot use them, nor the same user with fewer rights', async () => {
    const next = linkTo(await ask(await caller('user/*.rs'), 'GET', 'Observation?_count=1'), 'next')!
    expect(await status(await caller('user/*.rs'), next)).toBe(200)
    expect(await status(await caller('user/*.rs', { id: 'renewed' }), next)).toBe(200)
    expect(await status(await caller('patient/*.rs', ofA), next)).toBe(400)
    expect(await status(await caller('user/Observation.rs?category=laboratory'), next)).toBe(400)
  })
})

describe('$explain-access', () => {
  const explained = async (who: Who, url: string, language = 'en') => {
    const answer = await ask(who, 'GET', `$explain-access?url=${encodeURIComponent(url)}`, {
      headers: { 'accept-language': language },
    })
    type Part = { name: string; part?: Part[]; valueString?: string; valueCode?: string }
    const parameters = (answer.body as unknown as { parameter: Part[] }).parameter
    const value = ({ valueString, valueCode }: Part) => valueString ?? valueCode
    return {
      decision: value(parameters.find(({ name }) => name === 'decision')!),
      needs: parameters
        .filter(({ name }) => name === 'need')
        .map(({ part }) => Object.fromEntries(part!.map(each => [each.name, value(each)]))),
    }
  }

  test('tells which scope allows a request and which resources it is limited to', async () => {
    const who = await caller('patient/Observation.rs?category=laboratory', ofA)
    expect(await explained(who, 'Observation?code=x')).toEqual({
      decision: 'limited',
      needs: [
        {
          type: 'Observation',
          action: 'search',
          for: 'search-type',
          permitted: 'those in the record of Patient/a that satisfy category=laboratory',
          scope: 'patient/Observation.rs?category=laboratory',
        },
      ],
    })
  })

  test('tells what is missing, also for chains and includes', async () => {
    const who = await caller('user/Observation.s')
    const { decision, needs } = await explained(who, 'Observation?subject:Patient.name=x&_revinclude=Provenance:target')
    expect(decision).toBe('limited')
    expect(needs.map(({ type, missing }) => [type, missing])).toEqual([
      ['Observation', undefined],
      ['Patient', 'user/Patient.s'],
      ['Provenance', 'user/Provenance.s'],
    ])
    expect(await explained(who, 'Observation/lab-a')).toMatchObject({
      decision: 'refused',
      needs: [{ missing: 'user/Observation.r' }],
    })
    expect((await explained(await caller('user/*.cruds'), 'Patient/a')).decision).toBe('allowed')
  })

  test('says the same of what exists and what does not', async () => {
    const who = await caller('patient/*.rs', ofA)
    expect((await explained(who, 'Patient/b')).needs).toEqual((await explained(who, 'Patient/none')).needs)
  })
})
