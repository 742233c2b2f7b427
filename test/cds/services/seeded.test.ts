/**
 * The services in the box over the seeded patients, as a CDS client calls them: over HTTP, the data left to the service.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wrong } from '../../../src/cds/check-json.ts'
import { drugNamed } from '../../../src/cds/knowledge/drugs.ts'
import { responseSchema } from '../../../src/cds/schemas.ts'
import { services } from '../../../src/cds/services.ts'
import type { Card } from '../../../src/cds/words.ts'
import { draft, draftOrders } from '../../help/cds-call.ts'
import { serve, type Served } from '../../http/serving.ts'

let server: Served
beforeAll(async () => {
  server = await serve({ DHP_SEED: 'examples' })
  // the first request waits for the seed
  await server.ask('GET', '/fhir/Patient?_summary=count')
}, 120_000)
afterAll(() => server.close())

async function cards(id: string, hook: string, patientId: string, more: object = {}, language = 'en') {
  const body = {
    hook,
    hookInstance: randomUUID(),
    fhirServer: server.fhir,
    context: { userId: 'Practitioner/zhou-minhui', patientId, ...more },
  }
  const headers = { 'content-type': 'application/json', 'accept-language': language }
  const answer = await server.ask('POST', `/cds-services/${id}`, { body, headers })
  expect(answer.status, answer.text).toBe(200)
  expect(wrong(responseSchema, answer.body)).toBeUndefined()
  return (answer.body as { cards: Card[] }).cards
}
const sign = (id: string, patientId: string, drug: string, language?: string) =>
  cards(id, 'order-sign', patientId, draftOrders(draft('new-order', drugNamed(drug).atc[0]!)), language)
const view = (id: string, patientId: string, language?: string) => cards(id, 'patient-view', patientId, {}, language)

/** What our own validator has against a resource that a suggestion would create. */
async function problemsOf(card: Card): Promise<string[]> {
  const resources = (card.suggestions ?? []).flatMap(({ actions = [] }) =>
    actions.flatMap(({ resource }) => resource ?? []),
  )
  expect(resources.length).toBeGreaterThan(0)
  const found: string[] = []
  for (const resource of resources) {
    const { body } = await server.ask('POST', `/fhir/${resource.resourceType}/$validate`, { body: resource })
    for (const issue of (body as { issue: { severity: string; diagnostics: string }[] }).issue)
      if (issue.severity === 'error' || issue.severity === 'fatal') found.push(issue.diagnostics)
    const created = await server.ask('POST', `/fhir/${resource.resourceType}`, { body: resource })
    if (created.status !== 201) found.push(created.text)
  }
  return found
}

test('discovery lists them all', async () => {
  const { body } = await server.ask('GET', '/cds-services')
  const ids = (body as { services: { id: string }[] }).services.map(({ id }) => id)
  for (const { id } of services) expect(ids).toContain(id)
})

describe('when orders are signed', () => {
  test('amoxicillin for 蔡宜君, who had anaphylaxis after penicillin, is critical, in both languages', async () => {
    const [card, ...more] = await sign('drug-allergy', 'pat-tsai-yijun', 'amoxicillin')
    expect(more).toEqual([])
    expect(card).toMatchObject({ indicator: 'critical' })
    expect(card!.detail).toContain('過敏性休克')
    const [chinese] = await sign('drug-allergy', 'pat-tsai-yijun', 'amoxicillin', 'zh-TW')
    expect(chinese!.summary).toContain('過敏紀錄')
  })

  test('allopurinol for 卡照．法拉漢 is critical, febuxostat is not', async () => {
    expect((await sign('drug-allergy', 'pat-kacaw-falahan', 'allopurinol'))[0]).toMatchObject({ indicator: 'critical' })
    expect(await sign('drug-allergy', 'pat-kacaw-falahan', 'febuxostat')).toEqual([])
  })

  test('nothing is said of 林美玲, who has no known allergy', async () => {
    expect(await sign('drug-allergy', 'pat-lin-meiling', 'amoxicillin')).toEqual([])
  })

  test('metformin, which 林美玲 takes already, is a duplicate', async () => {
    expect((await sign('duplicate-therapy', 'pat-lin-meiling', 'metformin'))[0]).toMatchObject({ indicator: 'warning' })
    expect(await sign('duplicate-therapy', 'pat-lin-meiling', 'amoxicillin')).toEqual([])
  })

  test('ibuprofen meets the apixaban of 郭陳阿英, paroxetine the tamoxifen of 李佩珊', async () => {
    expect((await sign('drug-interaction', 'pat-guo-aying', 'ibuprofen'))[0]!.summary).toContain('ibuprofen + apixaban')
    expect((await sign('drug-interaction', 'pat-cancer-breast', 'paroxetine'))[0]!.summary).toContain('tamoxifen')
    expect(await sign('drug-interaction', 'pat-lin-meiling', 'amoxicillin')).toEqual([])
  })

  test('metformin is contraindicated by the eGFR of 25 of 張文雄, whose value is old and can be measured again', async () => {
    const [card] = await sign('renal-dose', 'pat-zhang-wenxiong', 'metformin')
    expect(card).toMatchObject({ indicator: 'critical' })
    expect(card!.summary).toContain('eGFR 25 (2024-12-02)')
    expect(await problemsOf(card!)).toEqual([])
    expect(await sign('renal-dose', 'pat-zhang-wenxiong', 'paracetamol')).toEqual([])
  })

  test('osimertinib for 張文惠 lists her EGFR test, stage and ECOG as on record', async () => {
    const [card] = await sign('nhi-prior-authorization', 'pat-cancer-lung', 'osimertinib')
    const [missing, present] = card!.detail!.split('**On record**')
    for (const name of [
      'EGFR mutation test',
      'stage',
      'performance status',
      'pathology report',
      'imaging report',
      'weight',
    ])
      expect(present).toContain(name)
    expect(missing).toContain('line of therapy')
    expect(missing).not.toContain('EGFR')
    const [chinese] = await sign('nhi-prior-authorization', 'pat-cancer-lung', 'osimertinib', 'zh-TW')
    expect(chinese!.summary).toContain('須健保事前審查')
  })

  test('cetuximab for 張文惠 lacks the RAS test, which can be ordered', async () => {
    const [card] = await sign('nhi-prior-authorization', 'pat-cancer-lung', 'cetuximab')
    expect(card!.detail!.split('**On record**')[0]).toContain('All-RAS mutation test')
    expect(await problemsOf(card!)).toEqual([])
  })
})

describe('when a record is opened', () => {
  test('the vaccines that 楊欣怡 lacks are due, and can be kept as an ImmunizationRecommendation', async () => {
    const [card] = await view('immunization-due', 'pat-yang-xinyi')
    expect(card!.detail).toContain('Japanese encephalitis: dose 1 of 2 since 2025-07-18')
    expect(card!.detail).toContain('dose 4 of 5 since 2025-10-18')
    expect(await problemsOf(card!)).toEqual([])
  })

  test('郭陳阿英, 1938, is due a pneumococcal vaccine or has had it; 王雅婷, 1992, is due nothing', async () => {
    expect((await view('immunization-due', 'pat-guo-aying', 'zh-TW'))[0]!.summary).toContain('疫苗')
    expect(await view('immunization-due', 'pat-wang-yating')).toEqual([])
  })

  test('FINDRISC of 李佩珊 counts her prediabetes and names what is missing; 林美玲, who has diabetes, gets none', async () => {
    const [card] = await view('diabetes-risk', 'pat-cancer-breast')
    expect(card!.summary).toContain('FINDRISC')
    expect(card!.detail).toContain('waist circumference')
    expect(await view('diabetes-risk', 'pat-lin-meiling')).toEqual([])
  })

  test('FINDRISC that became complete can be kept as a RiskAssessment that is valid', async () => {
    const answers = 'https://fhir.dhp.tw.example/CodeSystem/findrisc-answer'
    const subject = { reference: 'Patient/pat-cancer-breast' }
    const put = (code: object, value: object) =>
      server.ask('POST', '/fhir/Observation', {
        body: {
          resourceType: 'Observation',
          status: 'final',
          code: { coding: [code] },
          subject,
          effectiveDateTime: '2026-01-05',
          ...value,
        },
      })
    await put(
      { system: 'http://loinc.org', code: '8280-0' },
      { valueQuantity: { value: 90, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' } },
    )
    for (const code of ['daily-activity', 'daily-fruit-vegetables', 'blood-pressure-medication-ever'])
      await put({ system: answers, code }, { valueBoolean: false })
    await put(
      { system: answers, code: 'family-history' },
      { valueCodeableConcept: { coding: [{ system: answers, code: 'none' }] } },
    )
    const [card] = await view('diabetes-risk', 'pat-cancer-breast')
    expect(card!.summary).not.toContain('missing')
    expect(await problemsOf(card!)).toEqual([])
    // kept, it is not offered again
    expect((await view('diabetes-risk', 'pat-cancer-breast'))[0]).not.toHaveProperty('suggestions')
  })

  test('vital signs that come from the home of 劉金發 now raise NEWS2; before there was nothing to say', async () => {
    expect(await view('news2-deterioration', 'pat-liu-jinfa')).toEqual([])
    const sign = (code: string, value: number, unit: string) =>
      server.ask('POST', '/fhir/Observation', {
        body: {
          resourceType: 'Observation',
          status: 'final',
          code: { coding: [{ system: 'http://loinc.org', code }] },
          subject: { reference: 'Patient/pat-liu-jinfa' },
          effectiveDateTime: new Date(Date.now() - 60_000).toISOString(),
          valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
        },
      })
    for (const [code, value, unit] of [['9279-1', 26, '/min'], ['59408-5', 90, '%'], ['8867-4', 118, '/min']] as const) // prettier-ignore
      expect((await sign(code, value, unit)).status).toBe(201)
    const [card] = await view('news2-deterioration', 'pat-liu-jinfa')
    expect(card).toMatchObject({ indicator: 'critical' })
    expect(card!.summary).toContain('NEWS2 at least 8: emergency response (3 for respiration rate, oxygen saturation)')
    expect((await view('news2-deterioration', 'pat-liu-jinfa', 'zh-TW'))[0]!.summary).toContain('緊急處置')
  })
})
