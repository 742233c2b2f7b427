/**
 * What an operator sees of rules: which act and why not, approval of a version, trying one before it is stored.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { code, condition, onData, onHook, patientInput, plan } from '../help/rules.ts'
import { serve, type Served } from '../http/serving.ts'
import { call, manage, view } from './help.ts'

let server: Served
beforeAll(async () => {
  server = await serve()
  await server.ask('PUT', '/fhir/Patient/old', {
    body: { resourceType: 'Patient', id: 'old', birthDate: '1940-01-01' },
  })
  await server.ask('PUT', '/fhir/Patient/young', { body: { resourceType: 'Patient', id: 'young', birthDate: '2015-01-01' } }) // prettier-ignore
})
afterAll(() => server.close())

const senior = (id: string, more: object = {}) => ({
  ...plan(id, [
    {
      trigger: [onHook('patient-view')],
      title: 'A senior',
      input: [patientInput],
      condition: [condition('%patient.birthDate <= today() - 65 years')],
    },
  ]),
  id,
  ...more,
})
const store = (rule: { id: string }, of = server) => of.ask('PUT', `/fhir/PlanDefinition/${rule.id}`, { body: rule })

describe('the rules of a tenant', () => {
  test('are listed with what they act on, whether they act, and how often they have', async () => {
    expect((await store(senior('listed'))).status).toBe(201)
    const { body } = await manage(server, 'GET', 'rules')
    expect(body.rules).toContainEqual(
      expect.objectContaining({
        id: 'listed',
        state: 'live',
        actions: [{ kind: 'card', triggers: ['patient-view'], title: 'A senior' }],
        statistics: expect.objectContaining({ runs: 0 }),
      }),
    )
    const id = (await server.ask('GET', '/cds-services')).body.services.find(
      ({ title, description }: { title: string; description: string }) => `${title}${description}`.includes('listed'),
    )?.id as string
    await call(server, id ?? 'listed', view('old', { fhirServer: server.fhir }))
    expect((await manage(server, 'GET', 'rules/listed')).body.statistics).toMatchObject({ runs: 1, fired: 1 })
  })

  test('are switched off and on again, at once', async () => {
    await store(senior('switched'))
    const live = async () => JSON.stringify((await server.ask('GET', '/cds-services')).body).includes('switched')
    expect(await live()).toBe(true)
    expect((await manage(server, 'POST', 'rules/switched/disable')).body.state).toBe('switched off')
    expect(await live()).toBe(false)
    expect((await manage(server, 'POST', 'rules/switched/enable')).body.state).toBe('live')
    expect(await live()).toBe(true)
  })

  test('act in a secure server only in the version that was approved', async () => {
    const smart = await serve({ DHP_AUTH: 'smart', DHP_CDS_CLIENTS: 'optional' })
    const added = await manage(smart, 'POST', 'cds-services', { rule: senior('approved') })
    expect(added.status, added.text).toBe(201)
    const state = async () => (await manage(smart, 'GET', 'rules/approved')).body.state as string
    expect(await state()).toBe('live')
    expect((await manage(smart, 'POST', 'rules/approved/withdraw')).body.state).toBe('not approved')
    expect(JSON.stringify((await smart.ask('GET', '/cds-services')).body)).not.toContain('approved')
    expect((await manage(smart, 'POST', 'rules/approved/approve')).body.state).toBe('live')
    await smart.close()
  })

  test('that are not there, and ways that are not there, answer 404 and 405', async () => {
    expect((await manage(server, 'GET', 'rules/nothing')).status).toBe(404)
    expect((await manage(server, 'POST', 'rules/nothing/approve')).status).toBe(404)
    expect((await manage(server, 'DELETE', 'rules')).status).toBe(405)
    expect((await server.ask('GET', '/admin/rules')).status).toBe(401)
  })
})

describe('$try', () => {
  const attempt = (body: object) => manage(server, 'POST', 'rules/$try', body)

  test('runs a rule that is not stored on data that is given: each condition with its value, what fired, how long it took', async () => {
    const patient = { resourceType: 'Patient', id: 'x', birthDate: '1930-01-01' }
    const { status, body } = await attempt({
      rule: senior('trial'),
      hook: 'patient-view',
      context: { patientId: 'x' },
      prefetch: { patient },
    })
    expect(status).toBe(200)
    expect(body.response.cards[0].summary).toBe('A senior')
    expect(JSON.stringify(body.trace)).toContain('%patient.birthDate <= today() - 65 years')
    expect(JSON.stringify(body.trace)).toMatch(/true/)
    expect((await manage(server, 'GET', 'rules')).body.rules.some(({ id }: { id: string }) => id === 'trial')).toBe(
      false,
    )
  })

  test('runs it on a stored patient, whose data it reads by the inputs of the rule', async () => {
    const on = async (patientId: string) =>
      (await attempt({ rule: senior('trial'), hook: 'patient-view', patientId })).body.response.cards.length as number
    expect(await on('old')).toBe(1)
    expect(await on('young')).toBe(0)
    expect(await on('nobody')).toBe(0)
  })

  test('runs a stored rule by its canonical, at another time', async () => {
    const rule = senior('canonical')
    await store(rule)
    const at = async (now: string) =>
      (
        await attempt({
          rule: 'https://example.org/PlanDefinition/canonical',
          hook: 'patient-view',
          patientId: 'young',
          now,
        })
      ).body.response.cards.length as number
    expect(await at('2026-11-29T00:00:00Z')).toBe(0)
    expect(await at('2081-01-01T00:00:00Z')).toBe(1)
  })

  test('runs a rule over the API on a resource that would be written', async () => {
    const deny = plan('deny', [
      {
        trigger: [onData('data-added', 'MedicationRequest')],
        code: code('deny'),
        title: 'No indication',
        condition: [condition('%resource.reasonCode.empty()')],
      },
    ])
    const without = (
      await attempt({ rule: deny, event: 'data-added', resource: { resourceType: 'MedicationRequest' } })
    ).body
    expect(JSON.stringify(without.outcome)).toContain('No indication')
    const resource = { resourceType: 'MedicationRequest', reasonCode: [{ text: 'x' }] }
    expect(JSON.stringify((await attempt({ rule: deny, event: 'data-added', resource })).body.outcome)).not.toContain(
      'No indication',
    )
  })

  test.each<[string, object, number, string]>([
    [
      'a broken expression',
      {
        rule: senior('x', {
          action: [{ trigger: [onHook('patient-view')], title: 'x', condition: [condition('%patient.birthDate <=')] }],
        }),
        hook: 'patient-view',
      },
      422,
      'PlanDefinition.action[0].condition[0].expression',
    ],
    ['a rule that nobody stored', { rule: 'https://nowhere.example/rule', hook: 'patient-view' }, 400, 'no rule'],
    ['something that is no rule', { rule: { resourceType: 'Patient' }, hook: 'patient-view' }, 400, 'PlanDefinition'],
    ['no data at all', { rule: senior('x') }, 400, 'hook'],
    ['a patient id that is a path', { rule: senior('x'), hook: 'patient-view', patientId: '../x' }, 400, 'patientId'],
    ['a time that is none', { rule: senior('x'), hook: 'patient-view', now: 'soon' }, 400, 'now'],
  ])('refuses %s, saying where', async (_, body, status, text) => {
    const answer = await attempt(body)
    expect(answer.status, answer.text).toBe(status)
    expect(answer.text).toContain(text)
  })

  test('an endless expression ends soon, and is told of', async () => {
    const endless = senior('x', {
      action: [
        {
          trigger: [onHook('patient-view')],
          title: 'x',
          input: [patientInput],
          condition: [condition("('a').repeat($this + 'a').exists()")],
        },
      ],
    })
    const { status, body } = await attempt({ rule: endless, hook: 'patient-view', patientId: 'old' })
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toMatch(/steps|characters|long/)
    expect((await server.ask('GET', '/fhir/metadata')).status).toBe(200)
  })
})

test('the rule library is installed by one Bundle, listed, exported, and each of its rules acts', async () => {
  const bundle = readFileSync(join(import.meta.dirname, '../../examples/rules/bundle.json'), 'utf8')
  const installed = await server.ask('POST', '/fhir', { body: bundle })
  expect(installed.status, installed.text.slice(0, 500)).toBe(200)
  const { body } = await manage(server, 'GET', 'rules')
  const rules = body.rules as { state: string; id: string; actions: { triggers: string[] }[] }[]
  expect(rules.length).toBeGreaterThanOrEqual(15)
  expect(rules.filter(({ state }) => state !== 'live')).toEqual([])
  const order = { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: 'Patient/old' }, medicationCodeableConcept: { text: 'x' } } // prettier-ignore
  const refused = await server.ask('POST', '/fhir/MedicationRequest', { body: order })
  expect(refused.status, refused.text).toBe(422)
  expect(refused.text).toContain('medication-request-needs-indication')
  const told = await server.ask('POST', '/fhir/MedicationRequest', { body: { ...order, reasonCode: [{ text: 'y' }] } })
  expect(told.status, told.text).toBe(201)
  const minor = await server.ask('POST', '/fhir/Patient', {
    body: { resourceType: 'Patient', birthDate: '2020-01-01' },
  })
  expect(minor.body.meta.tag ?? minor.body.meta.security, minor.text).toHaveLength(1)
  const exported = (await manage(server, 'GET', 'cds-services/$export')).body
  expect(exported.entry.length).toBeGreaterThan(15)
})
