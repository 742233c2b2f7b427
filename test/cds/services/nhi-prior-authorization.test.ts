/**
 * nhi-prior-authorization: which data of an application are on record, and which are missing.
 */
import { expect, test } from 'vitest'
import { drugNamed } from '../../../src/cds/knowledge/drugs.ts'
import { priorAuthorizations } from '../../../src/cds/knowledge/nhi-prior-authorization.ts'
import { nhiPriorAuthorization } from '../../../src/cds/services/nhi-prior-authorization.ts'
import { active, cardsOf, draft, draftOrders, endure, type Asked } from '../../help/cds-call.ts'

const ORDER = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw'
const observation = (code: string, value: object, more: object = {}) => ({
  resourceType: 'Observation',
  id: `o-${code}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveDateTime: '2026-02-10',
  ...value,
  ...more,
})
const quantity = (value: number, unit: string) => ({ valueQuantity: { value, unit, code: unit } })
const report = (category: string) => ({
  resourceType: 'DiagnosticReport',
  id: `r-${category}`,
  status: 'final',
  category: [{ coding: [{ code: category }] }],
  code: { text: category },
  effectiveDateTime: '2026-02-01',
})
const egfr = observation(
  '69548-6',
  { valueCodeableConcept: { text: 'Present' } },
  {
    component: [
      {
        code: { coding: [{ system: 'http://loinc.org', code: '48018-6' }] },
        valueCodeableConcept: { coding: [{ system: 'http://www.genenames.org', code: 'HGNC:3236' }] },
      },
    ],
  },
)
const lung = {
  resourceType: 'Condition',
  id: 'c1',
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'C34.11' }] },
  recordedDate: '2026-01-05',
}
const complete = {
  conditions: [lung],
  observations: [
    observation('29463-7', quantity(60, 'kg')),
    observation('8302-2', quantity(160, 'cm')),
    observation('21908-9', { valueCodeableConcept: { text: 'IVA' } }),
    observation('89247-1', { valueInteger: 1 }),
    egfr,
  ],
  reports: [report('SP'), report('RAD')],
  medications: null,
}
const order = (name: string, more: object = {}) =>
  draft('d', drugNamed(name).atc[0]!, {
    extension: [{ url: 'https://fhir.dhp.tw.example/StructureDefinition/dhp-line-of-therapy', valuePositiveInt: 1 }],
    dosageInstruction: [
      { text: '80 mg daily', route: { text: 'oral' }, timing: {}, doseAndRate: [{ doseQuantity: { value: 80 } }] },
    ],
    ...more,
  })
const ask = (drug: object, prefetch: object = complete, more: Asked = {}) =>
  cardsOf(nhiPriorAuthorization, { context: draftOrders(drug), prefetch: { ...prefetch }, ...more })

test('when all is on record it says so, with values, days and references', async () => {
  const [card, ...more] = await ask(order('osimertinib'))
  expect(more).toEqual([])
  expect(card).toMatchObject({ indicator: 'info' })
  expect(card!.summary).toContain('NHI prior authorization, all data on record')
  expect(card!.detail).toContain('C34')
  expect(card!.detail).toContain('Condition/c1')
  expect(card!.links).toContainEqual(
    expect.objectContaining({ type: 'absolute', url: 'https://nhicore.nhi.gov.tw/pas' }),
  )
})

test.each([
  ['weight', '29463-7'],
  ['height', '8302-2'],
  ['stage', '21908-9'],
  ['performance status (ECOG or Karnofsky)', '89247-1'],
  ['EGFR mutation test', '69548-6'],
])('%s that is not on record is missing', async (name, code) => {
  const observations = complete.observations.filter(each => each.id !== `o-${code}`)
  const [card] = await ask(order('osimertinib'), { ...complete, observations })
  expect(card).toMatchObject({ indicator: 'warning' })
  expect(card!.summary).toContain('1 of 10 data missing')
  expect(card!.detail!.split('**On record**')[0]).toContain(`- ${name}`)
})

test('reports, diagnosis, line of therapy and dosage that are not there are missing', async () => {
  const bare = draft('d', drugNamed('osimertinib').atc[0]!)
  const [card] = await ask(bare, { ...complete, reports: null, conditions: null })
  expect(card!.summary).toContain('5 of 10 data missing')
  for (const name of [
    'pathology report',
    'imaging report',
    'diagnosis',
    'line of therapy',
    'dose, route and frequency',
  ])
    expect(card!.detail!.split('**On record**')[0]).toContain(name)
})

test('a biomarker that is missing can be ordered by its NHI order code', async () => {
  const observations = complete.observations.filter(each => each !== egfr)
  const [card] = await ask(order('osimertinib'), { ...complete, observations })
  expect(card!.suggestions![0]!.actions![0]).toMatchObject({
    type: 'create',
    resource: {
      resourceType: 'ServiceRequest',
      status: 'draft',
      code: { coding: [{ system: ORDER, code: '30101B' }] },
    },
  })
})

test('a biomarker counts by its order code and by its gene; of RAS both genes are needed', async () => {
  const gene = (code: string) => ({
    ...egfr,
    component: [
      {
        code: { coding: [{ system: 'http://loinc.org', code: '48018-6' }] },
        valueCodeableConcept: { coding: [{ code }] },
      },
    ],
  })
  const missing = async (...tests: object[]) => {
    const observations = [...complete.observations.filter(each => each !== egfr), ...tests]
    return (await ask(order('cetuximab'), { ...complete, observations }))[0]!.summary
  }
  expect(await missing(gene('HGNC:6407'))).toContain('1 of 10 data missing')
  expect(await missing(gene('HGNC:6407'), gene('HGNC:7989'))).toContain('all data on record')
  expect(await missing({ ...egfr, code: { coding: [{ system: ORDER, code: '30104B' }] } })).toContain(
    'all data on record',
  )
})

test('who goes on needs an assessment of the tumour since the first order', async () => {
  const medications = [active('m', drugNamed('osimertinib').atc[0]!, { authoredOn: '2025-11-01' })]
  const [missing] = await ask(order('osimertinib'), { ...complete, medications })
  expect(missing!.detail).toContain('assessment of the tumour since 2025-11-01')
  expect(missing!.summary).toContain('1 of 11 data missing')
  const status = observation('97509-4', { valueCodeableConcept: { text: 'stable' } })
  const asked = (day: string) =>
    ask(order('osimertinib'), {
      ...complete,
      medications,
      observations: [...complete.observations, { ...status, effectiveDateTime: day }],
    })
  expect((await asked('2026-02-01'))[0]!.summary).toContain('all data on record')
  expect((await asked('2025-10-01'))[0]!.summary).toContain('1 of 11 data missing')
})

test('immune checkpoint inhibitors need liver and kidney values too', async () => {
  const [card] = await ask(order('pembrolizumab'))
  expect(card!.summary).toContain('(rule 9.69)')
  for (const name of ['AST', 'ALT', 'total bilirubin', 'creatinine or eGFR', 'PD-L1'])
    expect(card!.detail!.split('**On record**')[0]).toContain(name)
})

test('drugs that are not in the table, and no drafts, raise nothing', async () => {
  expect(await ask(order('paclitaxel'))).toEqual([])
  expect(await ask(order('metformin'))).toEqual([])
})

test('the day of an observation of the future, or one entered in error, does not count', async () => {
  const without = complete.observations.filter(each => each.id !== 'o-89247-1')
  for (const more of [{ status: 'entered-in-error' }, { effectiveDateTime: '2027-01-01' }]) {
    const observations = [...without, observation('89247-1', { valueInteger: 1 }, more)]
    expect((await ask(order('osimertinib'), { ...complete, observations }))[0]!.summary).toContain('1 of 10')
  }
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask(order('osimertinib'), { ...complete, reports: null }, { language: 'zh-TW' })
  expect(card!.summary).toContain('須健保事前審查')
  expect(card!.detail).toContain('影像報告')
})

test('every row names drugs of the table', () => {
  for (const { drugs } of priorAuthorizations) for (const name of drugs) expect(drugNamed(name).name).toBe(name)
})

test('no data of a wrong form makes it fail', async () => {
  await endure(nhiPriorAuthorization, { context: draftOrders(order('cetuximab')), prefetch: complete })
})
