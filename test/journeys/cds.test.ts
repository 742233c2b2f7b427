/**
 * An EHR and the CDS services of a real server, over the seeded cancer patients: discovery, the data of each template fetched and sent,
 * or left out, cards, what became of them. Every request and answer is checked against the schemas of CDS Hooks.
 * https://cds-hooks.hl7.org/2.0/
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bundle } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wrong } from '../../src/cds/check-json.ts'
import {
  contextSchemas,
  discoverySchema,
  feedbackSchema,
  requestSchema,
  responseSchema,
} from '../../src/cds/schemas.ts'
import type { Card, CdsRequest } from '../../src/cds/words.ts'
import type { Json } from '../../src/fhir/types.ts'
import { startServer, type ServerProcess } from '../help/process.ts'

interface Described {
  readonly id: string
  readonly hook: string
  readonly prefetch?: Readonly<Record<string, string>>
}

const examples = join(import.meta.dirname, '../../examples/data')
const patients = readdirSync(examples)
  .filter(name => name.startsWith('patient-cancer-'))
  .map(name => {
    const { entry = [] } = JSON.parse(readFileSync(join(examples, name), 'utf8')) as Bundle
    return entry.find(({ resource }) => resource?.resourceType === 'Patient')!.resource!.id!
  })

const folder = mkdtempSync(join(tmpdir(), 'dhp-cds-journey-'))
let server: ServerProcess
let origin = ''
let described: readonly Described[] = []

beforeAll(async () => {
  server = await startServer(folder, { DHP_SEED: 'examples' })
  origin = new URL(server.base).origin
  const body = await json(`${origin}/cds-services`)
  expect(wrong(discoverySchema, body)).toBeUndefined()
  described = (body as { services: Described[] }).services
}, 120_000)
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const json = async (url: string): Promise<unknown> => (await fetch(url)).json()

const post = (path: string, body: object) =>
  fetch(`${origin}/cds-services/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

/** All pages, as one. */
async function whole(bundle: Bundle, template: string): Promise<Bundle> {
  const next = template.includes('_count=') ? undefined : bundle.link?.find(({ relation }) => relation === 'next')?.url
  const link = bundle.link?.filter(({ relation }) => relation !== 'next') ?? []
  if (next === undefined) return { ...bundle, link }
  const more = await whole((await json(next)) as Bundle, template)
  return { ...bundle, link, entry: [...bundle.entry!, ...more.entry!] }
}

/** As an EHR fills the templates it honours: null where there is nothing. */
async function prefetched(
  service: Described,
  context: Readonly<Record<string, string>>,
): Promise<Record<string, Json>> {
  const filled = Object.entries(service.prefetch ?? {}).map(async ([key, template]) => {
    let lacks = false
    const url = template.replace(/\{\{(?:context\.)?(\w+)\}\}/g, (_, name: string) => {
      const value = name === 'userPractitionerId' ? context['userId']!.split('/')[1] : context[name]
      lacks ||= value === undefined
      return value ?? ''
    })
    if (lacks) return undefined
    const answer = await fetch(`${server.base}/${url}`)
    if (answer.status === 404) return [key, null] as const
    expect(answer.status, url).toBe(200)
    const resource = (await answer.json()) as Bundle
    if (resource.resourceType !== 'Bundle') return [key, resource] as const
    return [key, resource.entry ? await whole(resource, template) : null] as const
  })
  const some = (await Promise.all(filled)).filter(each => each !== undefined)
  return Object.fromEntries(some) as unknown as Record<string, Json>
}

async function answered(service: Described, more: Partial<CdsRequest>, context: object): Promise<Card[]> {
  const request = { hook: service.hook, hookInstance: randomUUID(), context, ...more }
  expect(wrong(requestSchema, request)).toBeUndefined()
  expect(wrong(contextSchemas[service.hook]!, request.context)).toBeUndefined()
  const answer = await post(service.id, request)
  const body: unknown = await answer.json()
  expect(answer.status, `${service.id}: ${JSON.stringify(body)}`).toBe(200)
  expect(wrong(responseSchema, body), service.id).toBeUndefined()
  return (body as { cards: Card[] }).cards
}

/** Without what is made anew for each answer: ids of cards, the moment. */
const same = (cards: readonly Card[]) =>
  JSON.parse(
    JSON.stringify(cards, (name, value: unknown) => (name === 'uuid' || name === 'date' ? undefined : value)),
  ) as object

describe.each(patients)('%s', patientId => {
  const context = { userId: 'Practitioner/zhou-minhui', patientId }

  test('patient-view: every service says the same whether the EHR sends the data or leaves it to the service', async () => {
    let said = 0
    for (const service of described.filter(({ hook }) => hook === 'patient-view')) {
      const prefetch = await prefetched(service, context)
      const sent = await answered(service, { fhirServer: server.base, prefetch }, context)
      const left = await answered(service, { fhirServer: server.base }, context)
      expect(same(left), service.id).toEqual(same(sent))
      said += sent.length
    }
    expect(said, 'a cancer patient has something to be told of').toBeGreaterThan(0)
  })

  test('order-sign: the same, for a drug that is being ordered', async () => {
    const draft = {
      resourceType: 'MedicationRequest',
      id: 'draft',
      status: 'draft',
      intent: 'order',
      subject: { reference: `Patient/${patientId}` },
      medicationCodeableConcept: {
        coding: [{ system: 'http://www.whocc.no/atc', code: 'L01EB04', display: 'osimertinib' }],
      },
    }
    const signing = { ...context, draftOrders: { resourceType: 'Bundle', entry: [{ resource: draft }] } }
    for (const service of described.filter(({ hook }) => hook === 'order-sign')) {
      const prefetch = await prefetched(service, context)
      const sent = await answered(service, { fhirServer: server.base, prefetch }, signing)
      const left = await answered(service, { fhirServer: server.base }, signing)
      expect(same(left), service.id).toEqual(same(sent))
    }
  })
})

test('what a user accepts is stored, and what became of the cards is heard', async () => {
  const service = described.find(({ id }) => id === 'biomarker-before-drug')!
  const drug = { coding: [{ system: 'http://www.whocc.no/atc', code: 'L01EX12', display: 'larotrectinib' }] }
  const order = { resourceType: 'MedicationRequest', id: 'draft', status: 'draft', intent: 'order', medicationCodeableConcept: drug } // prettier-ignore
  const context = {
    userId: 'Practitioner/zhou-minhui',
    patientId: 'pat-cancer-pancreas',
    draftOrders: { resourceType: 'Bundle', entry: [{ resource: order }] },
    ...(service.hook === 'order-select' ? { selections: ['MedicationRequest/draft'] } : {}),
  }
  const [card] = await answered(service, { fhirServer: server.base }, context)
  const suggestion = card!.suggestions!.find(({ actions = [] }) => actions.some(({ type }) => type === 'create'))!
  for (const { type, resource } of suggestion.actions!) {
    if (type !== 'create') continue
    const made = await fetch(`${server.base}/${resource!.resourceType}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    })
    expect(made.status).toBe(201)
  }
  const feedback = {
    feedback: [
      {
        card: card!.uuid,
        outcome: 'accepted',
        acceptedSuggestions: [{ id: suggestion.uuid }],
        outcomeTimestamp: new Date().toISOString(),
      },
    ],
  }
  expect(wrong(feedbackSchema, feedback)).toBeUndefined()
  expect((await post(`${service.id}/feedback`, feedback)).status).toBe(200)
})
