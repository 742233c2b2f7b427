/**
 * Every hook of the library: its context taken when it is whole, and refused, naming the field, when it is not.
 * https://cds-hooks.hl7.org/hooks/
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hooks } from '../../src/cds/hooks.ts'
import type { Call, CdsService } from '../../src/cds/words.ts'
import { serve, type Served } from '../http/serving.ts'
import { call, manage, why } from './help.ts'

const bundle = (resource: object) => ({ resourceType: 'Bundle', entry: [{ resource }] })
const person = { userId: 'PractitionerRole/1', patientId: 'p.1-A' }
const order = { resourceType: 'MedicationRequest', id: 'm1', status: 'draft', intent: 'order' }

/** Whole contexts, and the fields that each needs. */
const contexts: Readonly<Record<string, { context: Record<string, unknown>; needs: readonly string[] }>> = {
  'patient-view': { context: person, needs: ['userId', 'patientId'] },
  'order-select': {
    context: { ...person, encounterId: 'e1', selections: ['MedicationRequest/m1'], draftOrders: bundle(order) },
    needs: ['userId', 'patientId', 'selections', 'draftOrders'],
  },
  'order-sign': { context: { ...person, draftOrders: bundle(order) }, needs: ['userId', 'patientId', 'draftOrders'] },
  'order-dispatch': {
    context: {
      patientId: 'p1',
      order: 'ServiceRequest/1',
      performer: 'Organization/1',
      task: { resourceType: 'Task' },
    },
    needs: ['patientId', 'performer', 'order'],
  },
  'appointment-book': {
    context: { ...person, appointments: bundle({ resourceType: 'Appointment' }) },
    needs: ['userId', 'patientId', 'appointments'],
  },
  'encounter-start': { context: { ...person, encounterId: 'e1' }, needs: ['userId', 'patientId', 'encounterId'] },
  'encounter-discharge': { context: { ...person, encounterId: 'e1' }, needs: ['userId', 'patientId', 'encounterId'] },
  'allergyintolerance-create': {
    context: { ...person, allergyIntolerance: { resourceType: 'AllergyIntolerance' } },
    needs: ['userId', 'patientId', 'allergyIntolerance'],
  },
  'problem-list-item-create': {
    context: { ...person, conditions: bundle({ resourceType: 'Condition' }) },
    needs: ['userId', 'patientId', 'conditions'],
  },
  'medication-refill': {
    context: { patientId: 'p1', medications: bundle(order) },
    needs: ['patientId', 'medications'],
  },
}

const seen: Call[] = []
const services = hooks.map(
  ({ name, title }): CdsService => ({
    id: 'all-hooks',
    hook: name,
    title,
    description: 'Keeps what it was given.',
    answer: call => (seen.push(call), { cards: [] }),
  }),
)

let server: Served
beforeAll(async () => {
  server = await serve({}, { services })
})
afterAll(() => server.close())

const fire = (hook: string, context: object) => call(server, 'all-hooks', { hook, hookInstance: randomUUID(), context })

test('the tests know every hook that the server knows', () => {
  expect(Object.keys(contexts).sort()).toEqual(hooks.map(({ name }) => name).sort())
})

describe.each(Object.entries(contexts))('%s', (hook, { context, needs }) => {
  test('is answered with the context whole, and the service is given it as it was sent', async () => {
    const answer = await fire(hook, context)
    expect(answer.status, answer.text).toBe(200)
    expect(seen.at(-1)!.context).toEqual(context)
  })

  test.each(needs)('is refused without %s', async name => {
    const { [name]: _, ...rest } = context
    const answer = await fire(hook, rest)
    expect(answer.status).toBe(400)
    expect(why(answer)).toContain(name === 'order' ? 'order' : name)
  })

  test.each(Object.keys(context))('is refused when %s is null, empty or something else', async name => {
    for (const value of [null, '', {}, [], 7]) {
      const answer = await fire(hook, { ...context, [name]: value })
      expect(answer.status, `${name}: ${JSON.stringify(value)}`).toBe(400)
    }
  })
})

test('order-dispatch is taken in the form of version 1.1 of the hook, too', async () => {
  const context = { patientId: 'p1', performer: 'Organization/1', dispatchedOrders: ['ServiceRequest/1'] }
  expect((await fire('order-dispatch', context)).status).toBe(200)
})

test('fields that a hook does not have are passed on: hooks grow', async () => {
  expect((await fire('patient-view', { ...person, more: 'x' })).status).toBe(200)
})

test('a tenant with every service off answers discovery with an empty list', async () => {
  const { body } = await manage(server, 'GET', 'cds-services')
  for (const { id } of body.services) await manage(server, 'POST', `cds-services/${id}/disable`)
  expect((await server.ask('GET', '/cds-services')).body).toEqual({ services: [] })
})
