/**
 * What a caller may not see is as if it were not there, on every path: nothing leaks through includes, chains, `_has`,
 * history, totals, versions, conditions or writes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Action, Caller } from '../../src/access/caller.ts'
import { sandboxUser } from '../../src/access/caller.ts'
import { guard } from '../../src/access/guard.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything, type Filter } from '../../src/search/query.ts'
import { prepare } from '../../src/store/stamp.ts'
import { definitions, type Answer } from '../help/server.ts'
import { bundle, entries, found, linkTo, openWhole, post, putting, total } from '../help/whole.ts'
import type { TestServer } from '../help/server.ts'

const { extractor } = makeCatalogue(definitions, current => makeExtractor(current, kinds))
const parts = { types: definitions.resourceTypes, extractor }

const is = (param: string, code: string): Filter => ({
  is: 'has',
  param,
  kind: 'token',
  where: { is: 'compare', by: '=', column: 'code', value: code },
})
const refersTo = (param: string, ref: string): Filter => ({
  is: 'has',
  param,
  kind: 'reference',
  where: { is: 'compare', by: '=', column: 'ref', value: ref },
})

/** A caller by a table: type → Filter; absent: none. */
const callerOf = (
  id: string,
  table: Record<string, Filter>,
  actions: readonly Action[] = ['create', 'read', 'update', 'delete', 'search'],
): Caller => ({
  id,
  permits: (type, action) => (actions.includes(action) ? table[type] : undefined),
})

/** Only active patients, and observations. */
const clerk = callerOf('clerk', { Patient: is('active', 'true'), Observation: everything })
/** The compartment of patient a: her record, her observations, her encounters; all organizations; no practitioners. */
const alice = callerOf('alice', {
  Patient: { is: 'id', ids: ['a'] },
  Observation: refersTo('subject', 'Patient/a'),
  Encounter: refersTo('subject', 'Patient/a'),
  Organization: everything,
})
/** Conditions of patients who are active: a Filter with a link in it. */
const linked = callerOf('linked', {
  Condition: { is: 'link', param: 'subject', type: 'Patient', where: is('active', 'true') },
  Patient: is('active', 'true'),
})

const CANARY = /Bobsecret|b-canary/
let server: TestServer
const as = (caller: Caller) => ({
  get: (url: string, headers: Record<string, string> = {}) => server.ask('GET', url, { caller, headers }),
  ask: (
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => server.ask(method, url, { caller, headers, ...(body === undefined ? {} : { body }) }),
})

const patient = (id: string, more: object) => ({ resourceType: 'Patient', id, ...more })
const observation = (id: string, who: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `Patient/${who}` },
  ...more,
})

beforeAll(async () => {
  server = await openWhole({ guard: (store, caller) => guard(store, caller, parts) })
  const all = [
    { resourceType: 'Organization', id: 'org', name: 'Hospital' },
    { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'b-canary-doc' }] },
    patient('a', {
      active: true,
      name: [{ family: 'Alice' }],
      managingOrganization: { reference: 'Organization/org' },
      generalPractitioner: [{ reference: 'Practitioner/doc' }],
      link: [{ other: { reference: 'Patient/b' }, type: 'seealso' }],
    }),
    patient('b', {
      active: false,
      name: [{ family: 'Bobsecret' }],
      identifier: [{ system: 'urn:x', value: 'b-canary-id' }],
      managingOrganization: { reference: 'Organization/org' },
    }),
    {
      resourceType: 'Encounter',
      id: 'ea',
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: 'Patient/a' },
    },
    {
      resourceType: 'Encounter',
      id: 'eb',
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: 'Patient/b' },
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">b-canary</div>' },
    },
    observation('oa', 'a', { encounter: { reference: 'Encounter/ea' }, hasMember: [{ reference: 'Observation/ob' }] }),
    observation('ob', 'b', { encounter: { reference: 'Encounter/eb' }, valueString: 'b-canary-value' }),
    { resourceType: 'Condition', id: 'ca', subject: { reference: 'Patient/a' } },
    { resourceType: 'Condition', id: 'cb', subject: { reference: 'Patient/b' }, code: { text: 'b-canary-condition' } },
  ]
  const loaded = await server.post('', bundle('transaction', ...all.map(resource => putting(resource))))
  if (loaded.status !== 200) throw new Error(loaded.said)
})
afterAll(() => server.close())

const clean = (answer: Answer) => {
  expect(answer.text + JSON.stringify(answer.headers)).not.toMatch(CANARY)
  return answer
}

describe('a caller who may do everything', () => {
  test('gets the store itself', () => {
    expect(guard(server.engine, sandboxUser, parts)).toBe(server.engine)
    const everyone = { id: 'all', permits: () => ({ is: 'all', parts: [] }) as Filter }
    expect(guard(server.engine, everyone, parts)).toBe(server.engine)
    expect(guard(server.engine, alice, parts)).not.toBe(server.engine)
  })
})

describe('reading', () => {
  test('what may not be seen answers as what is not there', async () => {
    expect((await as(alice).get('Patient/a')).status).toBe(200)
    const unseen = clean(await as(alice).get('Patient/b'))
    const absent = await as(alice).get('Patient/nope')
    expect([unseen.status, absent.status]).toEqual([404, 404])
    expect(unseen.said.replace('/b ', '/nope ')).toBe(absent.said)
    expect((await as(alice).get('Patient/b/_history/1')).status).toBe(404)
  })

  test('a type without any permission is refused', async () => {
    expect((await as(alice).get('Practitioner/doc')).status).toBe(403)
    expect((await as(alice).get('Practitioner')).status).toBe(403)
  })

  test('readMany and counts know only what may be seen', async () => {
    const store = guard(server.engine, alice, parts)
    const versions = await store.readMany([
      { type: 'Patient', id: 'a' },
      { type: 'Patient', id: 'b' },
      { type: 'Practitioner', id: 'doc' },
      { type: 'Organization', id: 'org' },
    ])
    expect(versions.map(({ ref }) => `${ref.type}/${ref.id}`).sort()).toEqual(['Organization/org', 'Patient/a'])
    expect([...(await store.counts())].sort()).toEqual([
      ['Encounter', 1],
      ['Observation', 1],
      ['Organization', 1],
      ['Patient', 1],
    ])
  })
})

describe('searching', () => {
  test.each([
    ['Patient', ['Patient/a']],
    ['Patient?name=Bobsecret', []],
    ['Patient?identifier=b-canary-id', []],
    ['Patient?_id=a,b', ['Patient/a']],
    ['Patient?active:not=true', []],
    ['Observation', ['Observation/oa']],
    ['Observation?subject:Patient.name=Bobsecret', []],
    ['Observation?subject:Patient.organization.name=Hospital', ['Observation/oa']],
    ['Observation?has-member.subject:Patient.name=Bobsecret', []],
    ['Observation?has-member.status=final', []],
    ['Organization?_has:Patient:organization:name=Bobsecret', []],
    ['Organization?_has:Patient:organization:name=Alice', ['Organization/org']],
    ['Organization?_has:Patient:organization:_has:Observation:patient:status=final', ['Organization/org']],
    ['Patient?link:Patient.name=Bobsecret', []],
    ['Patient?general-practitioner:Practitioner.name=b-canary-doc', []],
    ['Patient/a/Observation', ['Observation/oa']],
    ['Patient/b/Observation', []],
    ['Patient/b/*', []],
  ])('%s finds only what the patient herself may see', async (url, ids) => {
    const answer = await as(alice).get(url + (url.includes('?') ? '&' : '?') + '_total=accurate')
    if (answer.status === 404) return expect(ids).toEqual([])
    expect(answer.status, answer.said).toBe(200)
    expect(found(answer)).toEqual(ids)
    expect(total(answer) ?? 0).toBe(ids.length)
    for (const entry of entries(answer)) expect(JSON.stringify(entry)).not.toMatch(CANARY)
  })

  test('a search of everything gives each type its own Filter', async () => {
    const answer = clean(await as(alice).get('?_count=50&_total=accurate'))
    expect(found(answer).sort()).toEqual(['Encounter/ea', 'Observation/oa', 'Organization/org', 'Patient/a'])
    expect(total(answer)).toBe(4)
  })

  test('pages hold as many as they say, with the unseen ones between', async () => {
    const first = await as(alice).get('?_count=2&_sort=_id')
    expect(found(first)).toHaveLength(2)
  })

  test.each([
    'Observation?_include=Observation:subject&_include=Observation:encounter&_include=Observation:has-member',
    'Observation?_include=*',
    'Patient?_include=*&_include:iterate=*',
    'Patient?_revinclude=*',
    'Organization?_revinclude=Patient:organization&_revinclude:iterate=Observation:subject',
    'Encounter?_revinclude=Observation:encounter&_include=Encounter:subject',
    'Patient/a/$everything',
  ])('%s brings nothing along that may not be seen', async url => {
    const answer = clean(await as(alice).get(url))
    expect(answer.status, answer.said).toBe(200)
    const seen = new Set(['Encounter/ea', 'Observation/oa', 'Organization/org', 'Patient/a'])
    for (const { resource } of entries(answer))
      if (resource && resource.resourceType !== 'OperationOutcome')
        expect(seen).toContain(`${resource.resourceType}/${resource.id}`)
    expect(entries(answer).length).toBeGreaterThan(0)
  })

  test('$everything of another patient is as if there were none', async () => {
    expect(clean(await as(alice).get('Patient/b/$everything')).status).toBe(404)
  })

  test('a Filter with a link in it works on every path', async () => {
    expect(found(await as(linked).get('Condition'))).toEqual(['Condition/ca'])
    expect((await as(linked).get('Condition/cb')).status).toBe(404)
    expect((await as(linked).get('Condition/ca')).status).toBe(200)
    expect(found(await as(linked).get('Patient?_revinclude=Condition:subject'), 'include')).toEqual(['Condition/ca'])
  })
})

describe('history', () => {
  beforeAll(async () => {
    // moves from b to a and back, and one of each that is deleted
    await server.put('Observation/moves', observation('moves', 'b', { valueString: 'b-canary-1' }))
    await server.put('Observation/moves', observation('moves', 'a', { valueString: 'of a' }))
    await server.put('Observation/left', observation('left', 'a'))
    await server.put('Observation/left', observation('left', 'b', { valueString: 'b-canary-2' }))
    for (const who of ['a', 'b']) {
      await server.put(
        `Observation/gone-${who}`,
        observation(`gone-${who}`, who, { valueString: who === 'b' ? 'b-canary-3' : 'of a' }),
      )
      await server.delete(`Observation/gone-${who}`)
    }
  })

  test('a version of the time it belonged to another is not shown, nor one of a resource that left', async () => {
    expect((await as(alice).get('Observation/moves/_history/2')).status).toBe(200)
    expect(clean(await as(alice).get('Observation/moves/_history/1')).status).toBe(404)
    expect(clean(await as(alice).get('Observation/left/_history/1')).status).toBe(404)
    const answer = clean(await as(alice).get('Observation/moves/_history'))
    expect(total(answer)).toBe(1)
  })

  test('a deleted resource is judged by its last content', async () => {
    expect((await as(alice).get('Observation/gone-a')).status).toBe(410)
    expect((await as(alice).get('Observation/gone-b')).status).toBe(404)
    expect((await as(alice).get('Observation/gone-a/_history/1')).status).toBe(200)
    expect(clean(await as(alice).get('Observation/gone-b/_history/1')).status).toBe(404)
  })

  test.each(['Observation/_history', '_history'])(
    '%s has no version of others, and a true total, also in pages',
    async url => {
      const whole = clean(await as(alice).get(`${url}?_count=100`))
      expect(whole.status, whole.said).toBe(200)
      const list = entries(whole).map(({ fullUrl, response }) => `${fullUrl} ${response?.etag}`)
      expect(total(whole)).toBe(list.length)
      expect(list.some(entry => /gone-a/.test(entry))).toBe(true)
      expect(list.join()).not.toMatch(/Observation\/(ob|left|gone-b)|Patient\/b|Encounter\/eb/)
      const paged: string[] = []
      let next: string | undefined = `${url}?_count=2`
      while (next !== undefined) {
        const page: Answer = clean(await as(alice).get(next))
        paged.push(...entries(page).map(({ fullUrl, response }) => `${fullUrl} ${response?.etag}`))
        expect(total(page)).toBe(list.length)
        const link = linkTo(page, 'next')
        next = link
      }
      expect(paged).toEqual(list)
    },
  )
})

describe('writing', () => {
  test('a caller writes what is, and stays, within reach', async () => {
    const made = await as(alice).ask('POST', 'Observation', observation('x', 'a'))
    expect(made.status).toBe(201)
    const { id } = made.body as { id: string }
    const changed = observation(id, 'a', { valueString: 'more' })
    expect((await as(alice).ask('PUT', `Observation/${id}`, changed)).status).toBe(200)
    expect((await as(alice).ask('DELETE', `Observation/${id}`)).status).toBe(204)
    expect((await as(alice).ask('PUT', `Observation/${id}`, changed)).status, 'brought back').toBe(201)
  })

  test('who sees some only creates nothing under an id of its own choice: it would learn which ids others have', async () => {
    const taken = await as(alice).ask('PUT', 'Observation/ob', observation('ob', 'a'))
    const free = await as(alice).ask('PUT', 'Observation/free', observation('free', 'a'))
    expect(taken.status).toBe(403)
    expect({ status: free.status, text: free.text }).toEqual({ status: taken.status, text: taken.text })
    const criteria = 'Observation?_tag=urn:x|none'
    const other = await as(alice).ask('PUT', criteria, observation('ob', 'a'))
    const another = await as(alice).ask('PUT', criteria, observation('free', 'a'))
    expect(other.status).toBe(403)
    expect(another.text).toBe(other.text)
    const { id: _, ...unnamed } = observation('', 'a')
    expect((await as(alice).ask('PUT', criteria, unnamed)).status, 'the server chooses').toBe(201)
  })

  test.each([
    ['PUT', 'Observation/new', observation('new', 'b')],
    ['POST', 'Observation', { ...observation('x', 'b'), id: undefined }],
    ['PUT', 'Observation/ob', observation('ob', 'a')],
    ['PUT', 'Observation/oa', observation('oa', 'b')],
    ['PATCH', 'Observation/oa', [{ op: 'replace', path: '/subject/reference', value: 'Patient/b' }]],
    ['PUT', 'Patient/c', patient('c', {})],
    ['PUT', 'Practitioner/doc', { resourceType: 'Practitioner', id: 'doc' }],
    ['DELETE', 'Practitioner/doc', undefined],
  ] as const)('%s %s beyond it is refused, and nothing is written', async (method, url, body) => {
    const before = await server.engine.history({ of: { all: true }, count: 1 })
    const answer = clean(
      await as(alice).ask(
        method,
        url,
        body,
        method === 'PATCH' ? { 'content-type': 'application/json-patch+json' } : {},
      ),
    )
    expect(answer.status).toBe(403)
    expect((await server.engine.history({ of: { all: true }, count: 1 })).total).toBe(before.total)
  })

  test('patch and delete of what may not be seen answer as if it were not there', async () => {
    expect(
      (
        await as(alice).ask(
          'PATCH',
          'Observation/ob',
          [{ op: 'test', path: '/valueString', value: 'b-canary-value' }],
          { 'content-type': 'application/json-patch+json' },
        )
      ).status,
    ).toBe(404)
    await as(alice).ask('DELETE', 'Observation/ob')
    expect((await server.get('Observation/ob')).status).toBe(200)
  })

  test('a read-only caller writes nothing', async () => {
    const reader = callerOf('reader', { Observation: everything }, ['read', 'search'])
    expect((await as(reader).ask('PUT', 'Observation/oa', observation('oa', 'a'))).status).toBe(403)
    expect((await as(reader).ask('DELETE', 'Observation/oa')).status).toBe(403)
    expect((await as(reader).get('Observation/oa')).status).toBe(200)
  })

  test('a transaction with one entry beyond reach writes none', async () => {
    const answer = await as(alice).ask(
      'POST',
      '',
      bundle('transaction', putting(observation('t1', 'a')), putting(observation('t2', 'b'))),
    )
    expect(answer.status).toBe(403)
    expect((await server.get('Observation/t1')).status).toBe(404)
  })

  test('a link is followed into what the same transaction writes', async () => {
    const made = await as(linked).ask(
      'POST',
      '',
      bundle(
        'transaction',
        post({ resourceType: 'Patient', active: true }, 'urn:uuid:00000000-0000-4000-8000-000000000001'),
        post({ resourceType: 'Condition', subject: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000001' } }),
      ),
    )
    expect(made.status, made.said).toBe(200)
    const refused = await as(linked).ask(
      'POST',
      '',
      bundle(
        'transaction',
        putting(patient('a', { active: true })),
        post({ resourceType: 'Condition', subject: { reference: 'Patient/b' } }),
      ),
    )
    expect(refused.status).toBe(403)
  })

  test('conditions are judged with the eyes of the caller, and tell nothing of others', async () => {
    const identifier = [{ system: 'urn:x', value: 'b-canary-id' }]
    const clerkCreates = await as(clerk).ask(
      'POST',
      'Patient',
      { resourceType: 'Patient', active: true, identifier },
      { 'if-none-exist': 'identifier=urn:x|b-canary-id' },
    )
    expect(clerkCreates.status, clerkCreates.said).toBe(201)
    const again = await as(clerk).ask(
      'POST',
      'Patient',
      { resourceType: 'Patient', active: true, identifier },
      { 'if-none-exist': 'identifier=urn:x|b-canary-id' },
    )
    expect(again.status).toBe(200)
    expect((again.body as { id: string }).id).toBe((clerkCreates.body as { id: string }).id)
    const deleted = await as(clerk).ask('DELETE', 'Patient?name=Bobsecret')
    expect([204, 404]).toContain(deleted.status)
    expect((await server.get('Patient/b')).status).toBe(200)
  })

  test('who may create but not change puts nothing under an id', async () => {
    const creator: Caller = {
      id: 'creator',
      permits: (type, action) => (type === 'Observation' && action === 'create' ? everything : undefined),
    }
    const store = guard(server.engine, creator, parts)
    const resource = observation('made', 'a')
    const write = {
      do: 'put' as const,
      ref: { type: 'Observation', id: 'made' },
      draft: prepare(resource, 'made'),
      entries: extractor.entries(resource),
    }
    await expect(store.commit([{ ...write, method: 'PUT', expect: { is: 'anything' } }])).rejects.toMatchObject({
      status: 403,
    })
    expect(await store.commit([{ ...write, method: 'POST', expect: { is: 'nothing' } }])).toHaveLength(1)
    await expect(store.commit([{ ...write, method: 'POST', expect: { is: 'nothing' } }])).rejects.toMatchObject({
      name: 'Overtaken',
    })
  })

  test('what changes between check and commit is planned again, not written unseen', async () => {
    const store = guard(server.engine, alice, parts)
    const ref = { type: 'Observation', id: 'raced' }
    const write = (who: string) => {
      const resource = observation('raced', who)
      return {
        do: 'put' as const,
        ref,
        method: 'PUT' as const,
        draft: prepare(resource, 'raced'),
        entries: extractor.entries(resource),
        expect: { is: 'anything' as const },
      }
    }
    await server.engine.commit([write('a')])
    const { find } = server.engine
    // the resource goes to b just after it was checked
    server.engine.find = async query => {
      const page = await find(query)
      server.engine.find = find
      await server.engine.commit([write('b')])
      return page
    }
    await expect(store.commit([write('a')])).rejects.toMatchObject({ name: 'Overtaken' })
    await expect(store.commit([write('a')])).rejects.toMatchObject({ status: 403 })
  })
})
