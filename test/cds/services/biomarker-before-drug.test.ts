/**
 * A targeted drug is ordered: is the biomarker there? As an EHR meets it, at both hooks.
 * https://cds-hooks.hl7.org/hooks/order-sign/
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { targetedDrugs } from '../../../src/cds/knowledge/targeted-drugs.ts'
import { requirements } from '../../../src/cds/knowledge/biomarker-requirements.ts'
import type { Card } from '../../../src/cds/words.ts'
import {
  cancer,
  type Clinic,
  hostile,
  hostilePrefetches,
  type Made,
  marker,
  observation,
  openClinic,
  said,
  variant,
} from './oncology.ts'

let clinic: Clinic
beforeAll(async () => void (clinic = await openClinic()))
afterAll(() => clinic.close())

const SERVICE = 'biomarker-before-drug'
const lung = cancer('C34.11', 'Lung cancer')
const colon = cancer('C18.2', 'Colon cancer')
const breast = cancer('C50.412', 'Breast cancer')

const order = (medication: object, more: object = {}): Made => ({
  resourceType: 'MedicationRequest',
  id: 'draft-1',
  status: 'draft',
  intent: 'order',
  subject: { reference: 'Patient/made-up' },
  medicationCodeableConcept: medication,
  ...more,
})
const named = (text: string, more: object = {}) => order({ text }, more)
const bundle = (...resources: readonly unknown[]) => ({
  resourceType: 'Bundle',
  entry: resources.map(resource => ({ resource })),
})

interface Ordering {
  readonly hook?: string
  readonly language?: string
  readonly selections?: readonly string[]
  readonly drafts?: readonly unknown[]
}

async function sign(drug: Made | string, record: readonly Made[], ordering: Ordering = {}): Promise<readonly Card[]> {
  const { hook = 'order-sign', language = 'en', selections = ['MedicationRequest/draft-1'], drafts = [] } = ordering
  const draft = typeof drug === 'string' ? named(drug) : drug
  const context = {
    draftOrders: bundle(draft, ...drafts),
    ...(hook === 'order-select' ? { selections } : {}),
  }
  return clinic.made(SERVICE, record, { hook, language, context })
}

describe('speaks', () => {
  test('when the biomarker was never tested, and offers to order the test and to take the drug off', async () => {
    const [card, ...others] = await sign('osimertinib 80 mg tablet', [lung])
    expect(others).toEqual([])
    expect(card!.indicator).toBe('warning')
    expect(card!.summary).toMatch(/^osimertinib needs EGFR L858R or EGFR exon 19 deletion.*: no result on record$/)
    const [test, off] = card!.suggestions!
    expect(test).toMatchObject({ label: 'Order: EGFR mutation analysis', isRecommended: true })
    expect(test!.actions).toMatchObject([
      {
        type: 'create',
        resource: {
          resourceType: 'ServiceRequest',
          status: 'draft',
          intent: 'order',
          subject: { reference: 'Patient/made-up' },
          reasonReference: [{ reference: 'Condition/cancer' }],
          code: { coding: [{ system: 'http://loinc.org', code: '21665-5' }] },
        },
      },
    ])
    expect(off!.actions).toMatchObject([{ type: 'delete', resourceId: 'MedicationRequest/draft-1' }])
    expect(card!.overrideReasons!.map(({ code }) => code)).toContain('tested-elsewhere')
  })

  test('in Chinese to those who read it', async () => {
    const [card] = await sign('奧希替尼 80 毫克錠', [lung], { language: 'zh-TW' })
    expect(card!.summary).toMatch(/^osimertinib 需要 EGFR L858R或.*：查無檢測結果$/)
    expect(card!.suggestions![0]!.label).toBe('開立：EGFR 基因突變檢測')
  })

  test('the offered order is one that this server takes', async () => {
    for (const { drugs, tumours, test } of requirements) {
      const code = {
        lung: 'C34.1',
        melanoma: 'C43.5',
        breast: 'C50.4',
        stomach: 'C16.3',
        colorectal: 'C18.2',
        pancreas: 'C25.0',
      }
      const icd = tumours === 'always' ? 'C34.1' : code[tumours[0] as keyof typeof code]
      const [card] = await sign(drugs[0]!, [cancer(icd, 'Cancer')])
      const action = card?.suggestions?.[0]?.actions?.[0]
      expect(action?.type, `${drugs[0]} ${test.text.en}`).toBe('create')
      const answer = await clinic.server.ask('POST', '/fhir/ServiceRequest/$validate', {
        body: action!.resource as object,
      })
      const errors = (answer.body.issue as { severity: string; diagnostics: string }[]).filter(
        ({ severity }) => severity === 'error',
      )
      expect(
        errors.filter(({ diagnostics }) => !diagnostics.includes('made-up')),
        drugs[0],
      ).toEqual([])
    }
  })

  test('when the biomarker was tested and not found: critical, and offers no second test', async () => {
    const [card] = await sign('osimertinib', [lung, variant('EGFR', { present: false })])
    expect(card).toMatchObject({ indicator: 'critical', summary: expect.stringContaining('say otherwise') })
    expect(card!.suggestions!.map(({ label }) => label)).toEqual(['Take osimertinib off this order'])
  })

  test('when another variant of the gene was found, and shows it', async () => {
    const [card] = await sign('sotorasib', [lung, variant('KRAS', { protein: 'p.(Gly12Asp)' })])
    expect(card!.detail).toContain('KRAS G12D')
    expect(card!.indicator).toBe('critical')
  })

  test('when a mutation was found of which nobody says which: that is no answer', async () => {
    const [card] = await sign('osimertinib', [lung, marker('21665-5', 'Positive')])
    expect(card).toMatchObject({ indicator: 'warning' })
  })

  test('when HER2 is 2+ without in situ hybridization', async () => {
    const [card] = await sign('trastuzumab', [breast, marker('85319-2', '2+')])
    expect(card).toMatchObject({
      indicator: 'warning',
      summary: 'trastuzumab needs HER2 positive: no result on record',
    })
  })

  test('of cetuximab when RAS is mutated, and when only half of RAS was tested', async () => {
    const mutated = observation('81420-2', {
      valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '10828004' }], text: 'NRAS Q61K' },
    })
    expect((await sign('cetuximab', [colon, mutated]))[0]).toMatchObject({ indicator: 'critical' })
    expect((await sign('cetuximab', [colon, marker('21702-6', 'Not detected')]))[0]).toMatchObject({
      indicator: 'warning',
    })
    expect(await sign('cetuximab', [colon, marker('81420-2', 'Not detected')])).toEqual([])
  })

  test('when the patient has no cancer on record', async () => {
    const [card] = await sign('osimertinib', [])
    expect(card!.detail).toContain('No cancer is on record')
  })

  test('without offering the test when it is ordered already, alone or within a panel', async () => {
    const test = (coding: object): Made => ({
      resourceType: 'ServiceRequest',
      id: 's',
      status: 'active',
      code: { coding: [coding], text: 'x' },
    })
    for (const code of ['21665-5', '30302B', '30303B']) {
      const [card] = await sign('osimertinib', [lung, test({ code })])
      expect(card!.suggestions!.map(({ label }) => label)).toEqual(['Take osimertinib off this order'])
    }
    const [drafted] = await sign('osimertinib', [lung], { drafts: [{ ...test({ code: '21665-5' }), status: 'draft' }] })
    expect(drafted!.suggestions).toHaveLength(1)
    const [other] = await sign('osimertinib', [lung, { ...test({ code: '21665-5' }), status: 'revoked' }])
    expect(other!.suggestions).toHaveLength(2)
  })
})

describe('recognizes the drug', () => {
  test.each([
    ['ATC', { coding: [{ system: 'http://www.whocc.no/atc', code: 'L01EB04' }] }],
    ['the ATC code of before 2021', { coding: [{ system: 'http://www.whocc.no/atc', code: 'L01XE35' }] }],
    ['RxNorm', { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '1721560' }] }],
    [
      'the display of a clinical drug',
      {
        coding: [
          {
            system: 'http://www.nlm.nih.gov/research/umls/rxnorm',
            code: '1721567',
            display: 'osimertinib 80 MG Oral Tablet',
          },
        ],
      },
    ],
    ['its generic name', { text: 'Osimertinib (TAGRISSO) 80mg' }],
  ])('by %s', async (_, medication) => {
    expect(await sign(order(medication), [lung])).toHaveLength(1)
  })

  test('by the NHI code', async () => {
    const medication = {
      coding: [{ system: 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-nhi-tw', code: 'KC00949255' }],
    }
    expect((await sign(order(medication), [breast]))[0]!.summary).toMatch(/^trastuzumab emtansine/)
  })

  test('in a contained Medication, in one of the draft orders, and by the display of a reference', async () => {
    const medicationCodeableConcept = undefined
    const medication = { resourceType: 'Medication', id: 'm', code: { text: 'osimertinib' } }
    const referring = (reference: object, more = {}) =>
      order({}, { medicationCodeableConcept, medicationReference: reference, ...more })
    expect(await sign(referring({ reference: '#m' }, { contained: [medication] }), [lung])).toHaveLength(1)
    expect(await sign(referring({ reference: 'Medication/m' }), [lung], { drafts: [medication] })).toHaveLength(1)
    expect(await sign(referring({ reference: 'Medication/9', display: 'osimertinib' }), [lung])).toHaveLength(1)
  })

  test('trastuzumab deruxtecan is not trastuzumab, and a longer word is no drug', async () => {
    expect((await sign('trastuzumab-deruxtecan', [breast]))[0]!.summary).toMatch(/^trastuzumab deruxtecan/)
    expect(await sign('nosimertinibum', [lung])).toEqual([])
  })

  test('no code means two drugs', () => {
    const codes = Object.values(targetedDrugs).flatMap(({ atc, nhi = [], rxnorm }) => [
      ...atc,
      ...nhi,
      ...(rxnorm ? [rxnorm] : []),
    ])
    expect(codes.length).toBe(new Set(codes).size)
  })
})

describe('is silent', () => {
  test('when the biomarker was found', async () => {
    expect(await sign('osimertinib', [lung, variant('EGFR', { protein: 'p.(Leu858Arg)' })])).toEqual([])
    expect(await sign('alectinib', [lung, marker('78205-2', 'Positive')])).toEqual([])
    expect(await sign('trastuzumab', [breast, marker('85319-2', '3+')])).toEqual([])
    expect(await sign('larotrectinib', [colon, variant('NTRK3', { components: [said('48019-4', 'fusion')] })])).toEqual(
      [],
    )
  })

  test('when it was found once and not in a later test', async () => {
    const early = variant('EGFR', { protein: 'p.(Leu858Arg)', more: { effectiveDateTime: '2024-01-01' } })
    expect(await sign('osimertinib', [lung, early, variant('EGFR', { present: false })])).toEqual([])
  })

  test.each([
    ['trastuzumab deruxtecan', breast, [marker('85319-2', '1+')]],
    ['cetuximab', cancer('C09.9', 'Cancer of the tonsil'), []],
    ['olaparib', cancer('C56.1', 'Ovarian cancer'), []],
    ['pembrolizumab', lung, []],
    ['osimertinib', cancer('C34.11', 'Small cell lung cancer'), []],
    ['metformin', lung, []],
  ])('on %s for what it is also given for without', async (drug, disease, results) => {
    expect(await sign(drug, [disease, ...results])).toEqual([])
  })

  test('on afatinib for squamous lung cancer', async () => {
    const squamous = {
      extension: [
        {
          url: 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior',
          valueCodeableConcept: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/icd-o-3', code: '8070/3' }],
          },
        },
      ],
    }
    expect(await sign('afatinib', [cancer('C34.11', 'Lung cancer', squamous)])).toEqual([])
    expect(await sign('afatinib', [lung])).toHaveLength(1)
  })

  test('on panitumumab with KRAS G12C when sotorasib is ordered with it', async () => {
    const g12c = marker('81420-2', 'KRAS G12C')
    expect(await sign('panitumumab', [colon, g12c])).toHaveLength(1)
    const cards = await sign('panitumumab', [colon, g12c], { drafts: [named('sotorasib', { id: 'draft-2' })] })
    expect(cards).toEqual([])
  })

  test('on a seeded patient whose results are there', async () => {
    const context = { draftOrders: bundle(named('osimertinib')) }
    expect(await clinic.seeded(SERVICE, 'pat-cancer-lung', { hook: 'order-sign', context })).toEqual([])
    const other = { draftOrders: bundle(named('alectinib')) }
    const [card] = await clinic.seeded(SERVICE, 'pat-cancer-lung', { hook: 'order-sign', context: other })
    expect(card).toMatchObject({ indicator: 'critical', summary: expect.stringMatching(/^alectinib needs ALK fusion/) })
  })
})

describe('of several', () => {
  test('orders each drug has one card', async () => {
    const drafts = [named('osimertinib', { id: 'again' }), named('alectinib', { id: 'draft-2' })]
    const cards = await sign('osimertinib', [lung], { drafts })
    expect(cards.map(({ summary }) => summary.split(' ')[0])).toEqual(['osimertinib', 'alectinib'])
  })

  test('cancers the one the order is for counts', async () => {
    const record = [lung, cancer('C18.2', 'Colon cancer', { id: 'second' })]
    const reason = { reasonReference: [{ reference: 'Condition/second' }] }
    expect(await sign(named('osimertinib', reason), record)).toEqual([])
    expect(await sign('osimertinib', record)).toHaveLength(1)
  })
})

describe('while orders are being chosen', () => {
  const choosing = { hook: 'order-select' }
  test('only what is selected is looked at, and nothing is to be taken off yet', async () => {
    const [card] = await sign('osimertinib', [lung], choosing)
    expect(card!.suggestions!.map(({ label }) => label)).toEqual(['Order: EGFR mutation analysis'])
    expect(await sign('osimertinib', [lung], { ...choosing, selections: ['MedicationRequest/other'] })).toEqual([])
  })

  test('both hooks are in the discovery under one id', async () => {
    const { body } = await clinic.server.ask('GET', '/cds-services')
    const hooks = body.services
      .filter(({ id }: { id: string }) => id === SERVICE)
      .map(({ hook }: { hook: string }) => hook)
    expect(hooks).toEqual(['order-select', 'order-sign'])
  })
})

test('data that are not what they should be are answered with cards or none, never with an error', async () => {
  const context = {
    draftOrders: bundle(named('osimertinib'), ...hostile('MedicationRequest'), ...hostile('Medication')),
  }
  for (const prefetch of hostilePrefetches(SERVICE, 'order-sign')) {
    const { status } = await clinic.prefetched(SERVICE, prefetch, { hook: 'order-sign', context })
    expect(status).toBe(200)
  }
})
