/**
 * Rules beside scopes: what they know of a caller, and what they write that the caller may not.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../../src/access/caller.ts'
import type { Grant } from '../../src/access/grant.ts'
import { guard } from '../../src/access/guard.ts'
import type { DoorRules } from '../../src/rest/api-rules.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import { makeApiRules } from '../../src/rules/api-rules.ts'
import { makeLiveRules } from '../../src/rules/live-rules.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything } from '../../src/search/query.ts'
import { action } from '../help/ruled-server.ts'
import { condition, dynamic, plan } from '../help/rules.ts'
import { definitions, openServer, type TestServer } from '../help/server.ts'

const { extractor } = makeCatalogue(definitions, current => makeExtractor(current, kinds))
const grant: Grant = {
  id: 'token',
  tenant: 'default',
  client: 'research-app',
  user: 'Practitioner/p',
  scope: 'user/Patient.crus user/Observation.rs',
  issued: 0,
  expires: 9e9,
}
/** May do everything with Patients, and nothing with Flags. */
const callerWith = (more: Partial<Grant> = {}): Caller => ({
  id: 'researcher',
  grant: { ...grant, ...more },
  permits: type => (type === 'Patient' ? everything : undefined),
})

let server: TestServer
let api: ReturnType<typeof makeApiRules>
const rules: DoorRules = {
  get isReady() {
    return api.isReady
  },
  ready: () => api.ready(),
  concern: (interaction, type) => api.concern(interaction, type),
  exchange: (caller, asked) => api.exchange(caller, asked),
}
/** While the rule itself is stored. */
let current: DoorRules = { isReady: true, ready: async () => {}, concern: () => false, exchange: () => undefined }

beforeAll(async () => {
  server = await openServer({
    guard: (store, caller) => guard(store, caller, { types: definitions.resourceTypes, extractor }),
    rules: {
      get isReady() {
        return current.isReady
      },
      ready: () => current.ready(),
      concern: (...asked) => current.concern(...asked),
      exchange: (...asked) => current.exchange(...asked),
    },
  })
  await server.create(
    plan(
      'Flags',
      [
        action('derive', 'data-added', 'Patient', {
          definitionUri: '#flag',
          dynamicValue: [dynamic('subject.reference', "'Patient/' + %resource.id")],
        }),
        action('mask', 'data-accessed', 'Patient', {
          condition: [
            condition(
              "%caller.client = 'research-app' and %caller.scopes.where($this = 'user/Patient.crus').exists() and %caller.user = 'Practitioner/p' and %caller.purpose.empty() and %request.purpose.empty()",
            ),
          ],
          dynamicValue: [{ path: 'name' }],
        }),
      ],
      {
        contained: [
          {
            resourceType: 'Flag',
            id: 'flag',
            status: 'active',
            code: { text: 'a' },
            subject: { reference: 'Patient/x' },
          },
        ],
      },
    ),
  )
  const live = makeLiveRules({
    store: server.engine,
    records: name => server.engine.records(name),
    reader: () => ({ definitions }),
    open: true,
  })
  api = makeApiRules({
    live,
    store: server.engine,
    definitions: () => definitions,
    send: async () => ({ status: 200 }),
  })
  current = rules
}, 30_000)
afterAll(async () => {
  await api.close()
  await server.close()
})

// synthetic
const patient = { resourceType: 'Patient', name: [{ family: 'Synthetic' }] }

test('what a rule derives is written whatever the caller may do, and not to be seen by who may not', async () => {
  const { status, body } = await server.ask('POST', 'Patient', { body: patient, caller: callerWith() })
  expect(status).toBe(201)
  expect((await server.get(`Flag?subject=Patient/${body!.id!}`)).body!['total']).toBe(1)
  expect((await server.ask('GET', 'Flag', { caller: callerWith() })).status).toBe(403)
})

test('a mask knows the app, the user, the scopes, and an emergency of its token', async () => {
  const { id } = await server.create(patient)
  const seen = async (caller?: Caller) =>
    (await server.ask('GET', `Patient/${id}`, caller ? { caller } : {})).body!['name'] !== undefined
  expect(await seen()).toBe(true)
  expect(await seen(callerWith())).toBe(false)
  expect(await seen(callerWith({ client: 'another-app' }))).toBe(true)
  expect(await seen(callerWith({ scope: 'user/Patient.rs' }))).toBe(true)
  expect(await seen(callerWith({ breakGlass: 'someone collapsed' }))).toBe(true)
})

test('what a rule has done is counted', async () => {
  await server.ask('POST', 'Patient', { body: patient, caller: callerWith() })
  const counts = api.counts().get('https://example.org/PlanDefinition/Flags')!
  expect(counts.hits).toBeGreaterThan(1)
  expect(counts.microseconds).toBeGreaterThan(0)
  expect([counts.denies, counts.warnings, counts.errors]).toEqual([0, 0, 0])
})
