/**
 * The seeded server called as an EHR calls it, and made-up records of patients with cancer.
 */
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { wrong } from '../../../src/cds/check-json.ts'
import { responseSchema } from '../../../src/cds/schemas.ts'
import { services } from '../../../src/cds/services.ts'
import type { Card } from '../../../src/cds/words.ts'
import { serve, type Served } from '../../http/serving.ts'

export type Made = Record<string, unknown> & { resourceType: string }

export interface Clinic {
  readonly server: Served
  /** Cards for a seeded patient: the service reads what it needs from the server. */
  seeded(service: string, patient: string, asking?: Asking): Promise<readonly Card[]>
  /** Cards for a made-up record, given as prefetch: all of it under every key but reads, which get their own type. */
  made(service: string, record: readonly Made[], asking?: Asking): Promise<readonly Card[]>
  /** What is answered to a prefetch as it is. */
  prefetched(service: string, prefetch: object, asking?: Asking): Promise<{ status: number; body: { cards: Card[] } }>
  close(): Promise<void>
}

export interface Asking {
  readonly language?: string
  readonly hook?: string
  readonly context?: object
}

export async function openClinic(): Promise<Clinic> {
  const server = await serve({ DHP_SEED: 'examples' })
  const call = async (service: string, patientId: string, more: object, asking: Asking) => {
    const { hook = 'patient-view', language = 'en', context = {} } = asking
    const answer = await server.ask('POST', `/cds-services/${service}`, {
      body: {
        hook,
        hookInstance: randomUUID(),
        context: { userId: 'Practitioner/doc', patientId, ...context },
        ...more,
      },
      headers: { 'content-type': 'application/json', 'accept-language': language },
    })
    if (answer.status === 200) expect(wrong(responseSchema, answer.body)).toBeUndefined()
    return answer as { status: number; body: { cards: Card[] } }
  }
  const cards = ({ status, body }: { status: number; body: { cards: Card[] } }) => {
    expect(status, JSON.stringify(body)).toBe(200)
    for (const card of body.cards) {
      expect(card.summary.length).toBeLessThan(140)
      expect(card.detail).toMatch(/not a medical device|非醫療器材/)
    }
    return body.cards
  }
  return {
    server,
    seeded: async (service, patient, asking = {}) =>
      cards(await call(service, patient, { fhirServer: server.fhir }, asking)),
    made: async (service, record, asking = {}) =>
      cards(await call(service, 'made-up', { prefetch: prefetchOf(service, record, asking.hook) }, asking)),
    prefetched: (service, prefetch, asking = {}) => call(service, 'made-up', { prefetch }, asking),
    close: () => server.close(),
  }
}

function prefetchOf(id: string, record: readonly Made[], hook = 'patient-view'): object {
  const service = services.find(each => each.id === id && each.hook === hook)!
  const bundle = { resourceType: 'Bundle', type: 'searchset', entry: record.map(resource => ({ resource })) }
  return Object.fromEntries(
    Object.entries(service.prefetch ?? {}).map(([key, template]) => [
      key,
      template.includes('?') ? bundle : (record.find(each => template.startsWith(`${each.resourceType}/`)) ?? null),
    ]),
  )
}

export const patient = (more: object = {}): Made => ({
  resourceType: 'Patient',
  id: 'made-up',
  gender: 'female',
  birthDate: '1960-05-01',
  ...more,
})

const status = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code }],
})

/** A primary cancer by its ICD-10-CM code. */
export const cancer = (code: string, name: string, more: object = {}): Made => ({
  resourceType: 'Condition',
  id: 'cancer',
  clinicalStatus: status('active'),
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '372087000' }] }],
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }], text: name },
  onsetDateTime: '2026-01-10',
  subject: { reference: 'Patient/made-up' },
  ...more,
})

export const metastasis = (code: string, when: string, more: object = {}): Made =>
  cancer(code, 'metastasis', {
    id: `metastasis-${code}`,
    category: [{ coding: [{ system: 'http://snomed.info/sct', code: '128462008' }] }],
    onsetDateTime: when,
    ...more,
  })

let count = 0
export const observation = (code: string, value: object, more: object = {}): Made => ({
  resourceType: 'Observation',
  id: `o${++count}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  subject: { reference: 'Patient/made-up' },
  effectiveDateTime: '2026-02-01',
  ...value,
  ...more,
})

const AJCC = { system: 'http://cancerstaging.org' }
const EIGHTH = { coding: [{ system: 'http://snomed.info/sct', code: '897275008' }] }

/** T, N, M and stage group as recorded clinically; a part of '' is left out. */
export function staged(t: string, n: string, m: string, group: string, more: object = {}): Made[] {
  const codes = { '21905-5': t, '21906-3': n, '21907-1': m, '21908-9': group }
  return Object.entries(codes)
    .filter(([, value]) => value !== '')
    .map(([code, value]) =>
      observation(code, { valueCodeableConcept: { coding: [{ ...AJCC, code: value }] } }, { method: EIGHTH, ...more }),
    )
}

/** A value that no type of FHIR has where it stands, in every place of a resource. */
export const hostile = (resourceType: string): Made[] =>
  [
    null,
    7,
    'x',
    [],
    [null],
    [[]],
    {},
    { coding: [null, 7, { code: 7 }, { code: 'constructor' }, { code: '__proto__' }] },
    { coding: { code: 'x' } },
    true,
  ].flatMap(wrongly => {
    const fields = Object.fromEntries(
      [
        'id code category status clinicalStatus verificationStatus extension bodySite stage focus method component',
        'valueCodeableConcept valueQuantity valueString interpretation hasMember derivedFrom note characteristic',
        'enrollment code medicationCodeableConcept medicationReference reasonReference performedPeriod identifier',
        'effectiveDateTime onsetDateTime authoredOn contained gender birthDate title period phase relatedArtifact',
      ]
        .join(' ')
        .split(' ')
        .map(name => [name, wrongly]),
    )
    return [
      { ...fields, resourceType },
      { ...fields, resourceType, status: 'final', code: cancer('C34.1', 'x').code },
      { ...fields, resourceType, status: 'final', code: { coding: [{ code: '69548-6' }] } },
      { ...fields, resourceType, status: 'active', code: { coding: [{ code: '21908-9' }] }, id: 'h' },
    ]
  })

/** Every prefetch key of a service filled with what nobody asked for. */
export function hostilePrefetches(id: string, hook = 'patient-view'): object[] {
  const service = services.find(each => each.id === id && each.hook === hook)!
  const types = [
    'Condition',
    'Observation',
    'MedicationRequest',
    'Procedure',
    'ResearchStudy',
    'Group',
    'ServiceRequest',
  ]
  const bundles = [
    { resourceType: 'Bundle' },
    { resourceType: 'Bundle', entry: 7 },
    { resourceType: 'Bundle', entry: [null, 7, {}, { resource: null }, { resource: [] }, { resource: 'x' }] },
    { resourceType: 'Basic' },
    { resourceType: 'Bundle', entry: types.flatMap(hostile).map(resource => ({ resource })) },
    {
      resourceType: 'Bundle',
      entry: types.flatMap(type => [...hostile(type), cancer('C34.1', 'x')]).map(resource => ({ resource })),
    },
  ]
  return bundles.map(bundle =>
    Object.fromEntries(
      Object.entries(service.prefetch ?? {}).map(([key, template]) => [
        key,
        template.includes('?') ? bundle : { resourceType: template.split('/')[0], birthDate: 7, deceasedBoolean: 'x' },
      ]),
    ),
  )
}

const component = (code: string, value: object) => ({
  code: { coding: [{ system: 'http://loinc.org', code }] },
  ...value,
})

/** A genomic variant as mCODE has it. */
export function variant(
  gene: string,
  {
    protein,
    coding,
    present = true,
    components = [],
    more = {},
  }: { protein?: string; coding?: string; present?: boolean; components?: object[]; more?: object } = {},
): Made {
  const answer = present ? { code: 'LA9633-4', display: 'Present' } : { code: 'LA9634-2', display: 'Absent' }
  const hgvs = (code: string, value: string) =>
    component(code, { valueCodeableConcept: { coding: [{ system: 'http://varnomen.hgvs.org', code: value }] } })
  return observation(
    '69548-6',
    { valueCodeableConcept: { coding: [{ system: 'http://loinc.org', ...answer }] } },
    {
      component: [
        component('48018-6', {
          valueCodeableConcept: { coding: [{ system: 'http://www.genenames.org', code: gene, display: gene }] },
        }),
        ...(protein ? [hgvs('48005-3', protein)] : []),
        ...(coding ? [hgvs('48004-6', coding)] : []),
        ...components,
      ],
      ...more,
    },
  )
}

export const said = (code: string, display: string) =>
  component(code, { valueCodeableConcept: { coding: [{ code: 'x', display }] } })

/** A test of one marker with a result in words. */
export const marker = (code: string, value: string, more: object = {}): Made =>
  observation(code, { valueCodeableConcept: { text: value } }, more)
