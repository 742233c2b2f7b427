/**
 * The cancer summary as an EHR meets it.
 * https://hl7.org/fhir/us/mcode/
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cancer,
  type Clinic,
  hostilePrefetches,
  type Made,
  marker,
  metastasis,
  observation,
  openClinic,
  staged,
  variant,
} from './oncology.ts'

let clinic: Clinic
beforeAll(async () => void (clinic = await openClinic()))
afterAll(() => clinic.close())

const lung = cancer('C34.11', 'Lung cancer')
const ask = (record: readonly Made[], language = 'en') => clinic.made('cancer-summary', record, { language })
const missing = async (...record: Made[]) =>
  /\*\*Missing\*\*: (.*?)\. Record/.exec((await ask(record))[0]!.detail!)?.[1]?.split('; ') ?? []

describe('a seeded patient', () => {
  test('with lung cancer is summed up with stage, markers, variants, treatments, status and performance', async () => {
    const [card, ...others] = await clinic.seeded('cancer-summary', 'pat-cancer-lung')
    expect(others).toEqual([])
    expect(card).toMatchObject({ indicator: 'info', summary: '右上肺葉肺腺癌: stage IVA; ECOG 1; 疾病穩定' })
    for (const part of [
      '8140/3 Adenocarcinoma, NOS',
      'IVA [cT2a cN2 cM1b] (2024-03-18)',
      '骨續發性惡性腫瘤 (2024-03-14)',
      'EGFR L858R (2025-07-04)',
      'TP53 R175H (2024-03-29)',
      '奧希替尼 80 毫克錠 (2024-04-01, stopped, 疾病惡化)',
      '放射治療療程 (2024-04-10 – 2024-04-23, completed)',
      '疾病穩定 (2025-10-13)',
      'ECOG 1 (2025-10-13)',
    ])
      expect(card!.detail).toContain(part)
    expect(card!.detail).toContain('No mCODE element')
    expect(card!.detail).not.toContain('未檢出')
  })

  test('with two primary cancers gets a card for each, with what belongs to it', async () => {
    const cards = await clinic.seeded('cancer-summary', 'pat-cancer-oral')
    const [mouth, gullet] = ['頰黏膜', '食道'].map(name => cards.find(({ summary }) => summary.includes(name))!)
    expect(cards).toHaveLength(2)
    expect(mouth!.detail).toContain('右頰腫瘤廣泛切除')
    expect(mouth!.detail).not.toContain('紫杉醇')
    expect(gullet!.detail).toContain('紫杉醇')
    expect(gullet!.detail).toContain('III [cT3 cN1 cM0]')
  })

  test('is summed up in Chinese to those who read it', async () => {
    const [card] = await clinic.seeded('cancer-summary', 'pat-cancer-liver', { language: 'zh-TW' })
    expect(card!.summary).toMatch(/^肝細胞癌：期別 IIIA；ECOG/)
    expect(card!.detail).toContain('**期別**：IIIA')
    expect(card!.detail).toContain('BCLC B（中期）')
    expect(card!.detail).toContain('非醫療器材')
  })

  test.each(['pat-lin-meiling', 'pat-zhang-wenxiong', 'pat-hsu-chiahao'])(
    '%s, without cancer, gets no card',
    async id => {
      expect(await clinic.seeded('cancer-summary', id)).toEqual([])
    },
  )
})

describe('what is missing', () => {
  test('is named, all of it, when only the diagnosis is there', async () => {
    expect(await missing(lung)).toEqual([
      'body site',
      'histology',
      'stage',
      'performance status (ECOG or Karnofsky)',
      'disease status',
      'comorbidities',
    ])
    const [card] = await ask([lung])
    expect(card!.summary).toBe('Lung cancer: 6 mCODE elements missing')
  })

  test('of a stage are its categories, when only the group is there', async () => {
    expect(await missing(lung, ...staged('cT2a', '', '', 'IB'))).toContain('TNM category N, M')
    expect(await missing(lung, ...staged('cT2a', 'cN0', 'cM0', 'IB'))).not.toContain('stage')
  })

  test('of a breast cancer are the receptors that were not tested', async () => {
    const receptors = (all: readonly string[]) => all.filter(each => /^(?:ER|PR|HER2)$/.test(each))
    const breast = cancer('C50.412', 'Breast cancer')
    expect(receptors(await missing(breast))).toEqual(['ER', 'PR', 'HER2'])
    expect(receptors(await missing(breast, marker('85337-4', 'Positive'), marker('48676-1', '1+')))).toEqual(['PR'])
    expect(receptors(await missing(lung))).toEqual([])
  })

  test('is the stage also of a lymphoma, but not its T, N and M or its body site', async () => {
    const lymphoma = cancer('C83.3', 'Lymphoma')
    expect(await missing(lymphoma)).toContain('stage')
    const lugano = observation('385388004', { valueCodeableConcept: { text: 'Lugano III' } })
    const left = await missing(lymphoma, lugano)
    expect(left.filter(each => /stage|TNM|body site/.test(each))).toEqual([])
  })

  test('is not the performance status when it is a Karnofsky, 0 of ECOG included', async () => {
    const name = 'performance status (ECOG or Karnofsky)'
    for (const code of ['89247-1', '89243-0'])
      expect(await missing(lung, observation(code, { valueInteger: 0 }))).not.toContain(name)
  })
})

describe('shows', () => {
  test('of each test the newest that stands', async () => {
    const cea = (value: number, effectiveDateTime: string, status = 'final') =>
      observation('2039-6', { valueQuantity: { value, unit: 'ng/mL' } }, { effectiveDateTime, status })
    const [card] = await ask([
      lung,
      cea(5, '2026-01-05'),
      cea(9, '2026-03-05'),
      cea(99, '2026-04-05', 'entered-in-error'),
    ])
    expect(card!.detail).toContain('9 ng/mL (2026-03-05)')
    expect(card!.detail).not.toMatch(/99 ng|5 ng/)
  })

  test('variants that were found, not those that were looked for', async () => {
    const [card] = await ask([lung, variant('KRAS', { protein: 'p.(Gly12Asp)' }), variant('ALK', { present: false })])
    expect(card!.detail).toContain('**Genomic findings**: KRAS G12D')
    expect(card!.detail).not.toContain('ALK')
  })

  test('metastases with the cancer they come from', async () => {
    const [card] = await ask([lung, metastasis('C79.51', '2026-02-02')])
    expect(card!.detail).toContain('**Metastases**: metastasis (2026-02-02)')
  })

  test('medicines against the cancer, not those against pain or nausea', async () => {
    const order = (code: string, text: string): Made => ({
      resourceType: 'MedicationRequest',
      id: code,
      status: 'active',
      authoredOn: '2026-02-10',
      medicationCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code }], text },
      reasonReference: [{ reference: 'Condition/cancer' }],
    })
    const [card] = await ask([lung, order('L01XA02', 'carboplatin'), order('A04AA01', 'ondansetron')])
    expect(card!.detail).toContain('carboplatin (2026-02-10, active)')
    expect(card!.detail).not.toContain('ondansetron')
  })

  test('a cancer that is coded in SNOMED CT only, as Synthea writes it', async () => {
    const code = {
      coding: [
        { system: 'http://snomed.info/sct', code: '254637007', display: 'Non-small cell lung cancer (disorder)' },
      ],
    }
    const condition = cancer('', '', { category: [{ coding: [{ code: 'encounter-diagnosis' }] }], code })
    expect((await ask([condition]))[0]!.summary).toMatch(/^Non-small cell lung cancer/)
    const suspected = {
      coding: [{ system: 'http://snomed.info/sct', code: '162573006', display: 'Suspected lung cancer (situation)' }],
    }
    expect(await ask([{ ...condition, code: suspected }])).toEqual([])
  })
})

test('nothing is said of treatment when it could not be read', async () => {
  const bundle = (...all: Made[]) => ({ resourceType: 'Bundle', entry: all.map(resource => ({ resource })) })
  const { status, body } = await clinic.prefetched('cancer-summary', {
    conditions: bundle(lung),
    stages: bundle(),
    results: bundle(),
  })
  expect(status).toBe(200)
  expect(body.cards[0]!.detail).not.toContain('Treatment')
})

test('is silent on refuted diagnoses, on metastases alone and on other diseases', async () => {
  expect(await ask([{ ...lung, verificationStatus: { coding: [{ code: 'entered-in-error' }] } }])).toEqual([])
  expect(await ask([metastasis('C79.51', '2026-02-02')])).toEqual([])
  expect(await ask([cancer('Z85.118', 'History of lung cancer', { category: [] })])).toEqual([])
})

test('conditions that refer to each other in a circle are answered', async () => {
  const to = (id: string) => [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/condition-related',
      valueReference: { reference: `Condition/${id}` },
    },
  ]
  const record = [
    metastasis('C79.51', '2026-02-02', { id: 'a', extension: to('b') }),
    metastasis('C78.7', '2026-02-02', { id: 'b', extension: to('a') }),
    { ...lung, extension: to('cancer') },
  ]
  expect(await ask(record)).toHaveLength(1)
})

test('data that are not what they should be are answered with cards or none, never with an error', async () => {
  for (const prefetch of hostilePrefetches('cancer-summary'))
    expect((await clinic.prefetched('cancer-summary', prefetch)).status).toBe(200)
})

test('as many results as one call may have are answered', async () => {
  const results = Array.from({ length: 2_900 }, (_, i) => ({
    resource: {
      resourceType: 'Observation',
      id: `n${i}`,
      status: 'final',
      code: { coding: [{ code: '2039-6' }] },
      valueInteger: i,
    },
  }))
  const { status, body } = await clinic.prefetched('cancer-summary', {
    conditions: lung,
    stages: null,
    results: { resourceType: 'Bundle', entry: results },
  })
  expect(status).toBe(200)
  expect(body.cards).toHaveLength(1)
})
