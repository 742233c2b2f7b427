/**
 * The staging check as an EHR meets it.
 * https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tnm-stage-group.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cancer,
  type Clinic,
  hostilePrefetches,
  metastasis,
  observation,
  openClinic,
  patient,
  staged,
} from './oncology.ts'

let clinic: Clinic
beforeAll(async () => void (clinic = await openClinic()))
afterAll(() => clinic.close())

const check = (record: Parameters<Clinic['made']>[1], language?: string) =>
  clinic.made('staging-check', [patient(), ...record], language ? { language } : {})

describe('speaks', () => {
  test('when a solid tumour has no stage at all', async () => {
    const [card, ...others] = await check([cancer('C18.2', 'Cancer of the ascending colon')])
    expect(others).toEqual([])
    expect(card).toMatchObject({
      indicator: 'warning',
      summary: 'Cancer of the ascending colon: no TNM stage on record',
    })
    expect(card!.source.url).toMatch(/^https:\/\/hl7\.org/)
    expect(card!.suggestions).toBeUndefined()
  })

  test('in Chinese to those who read it', async () => {
    const [card] = await check([cancer('C18.2', '升結腸癌')], 'zh-TW')
    expect(card!.summary).toBe('升結腸癌：沒有 TNM 分期紀錄')
    expect(card!.detail).toContain('非醫療器材')
  })

  test('when one category is missing, and names it', async () => {
    const [card] = await check([cancer('C34.11', 'Lung cancer'), ...staged('cT2a', '', 'cM0', 'IB')])
    expect(card).toMatchObject({ indicator: 'info', summary: 'Lung cancer: N not on record' })
    expect(card!.detail).toContain('cT2a')
  })

  test('when there are T, N and M, but no stage group', async () => {
    const [card] = await check([cancer('C34.11', 'Lung cancer'), ...staged('cT2a', 'cN0', 'cM0', '')])
    expect(card!.summary).toBe('Lung cancer: no stage group on record')
  })

  test.each([
    ['C34.11', 'cT2a', 'cN2', 'cM0', 'IIB', 'IIIA'],
    ['C34.11', 'cT1c', 'cN0', 'cM0', 'IA2', 'IA3'],
    ['C34.11', 'cT1a', 'cN0', 'cM1c', 'IVA', 'IVB'],
    ['C34.11', 'cT4', 'cN1', 'cM0', 'IIIB', 'IIIA'],
    ['C34.11', 'cT4', 'cN3', 'cM0', 'IIIB', 'IIIC'],
    ['C18.2', 'cT3', 'cN0', 'cM0', 'IIB', 'IIA'],
    ['C20', 'cT4a', 'cN2a', 'cM0', 'IIIB', 'IIIC'],
    ['C20', 'cT2', 'cN2a', 'cM0', 'IIIA', 'IIIB'],
    ['C18.2', 'cT3', 'cN1b', 'cM1c', 'IVB', 'IVC'],
    ['C50.412', 'cT2', 'cN1', 'cM1', 'IIB', 'IV'],
    ['C25.0', 'cT4', 'cN1', 'cM1', 'III', 'IV'],
  ])('for %s when %s %s %s is called stage %s: it is %s', async (code, t, n, m, group, right) => {
    const [card, ...others] = await check([cancer(code, 'Cancer'), ...staged(t, n, m, group)])
    expect(others).toEqual([])
    expect(card).toMatchObject({ indicator: 'warning' })
    expect(card!.summary).toBe(`Cancer: stage ${group} does not fit ${t} ${n} ${m} (${right})`)
    expect(card!.overrideReasons!.every(({ display }) => display)).toBe(true)
  })

  test('when the stage IV of a lung cancer has M0', async () => {
    const [card] = await check([cancer('C34.11', 'Cancer'), ...staged('cT2a', 'cN0', 'cM0', 'IVA')])
    expect(card!.summary).toContain('does not fit')
  })

  test('of a breast cancer in full only when the stage is said to be anatomic', async () => {
    const breast = cancer('C50.412', 'Breast cancer')
    expect(await check([breast, ...staged('cT2', 'cN1', 'cM0', 'IB')])).toEqual([])
    const anatomic = {
      code: { coding: [{ code: '21908-9' }, { code: 'C139445', display: 'Breast Cancer Anatomic Stage' }] },
    }
    const [t, n, m] = staged('cT2', 'cN1', 'cM0', '')
    const [group] = staged('', '', '', 'IB', anatomic)
    expect((await check([breast, t!, n!, m!, group!]))[0]!.summary).toContain('(IIB)')
  })

  test('when M0 stands although a distant metastasis was known, and not when it came later', async () => {
    const record = [cancer('C34.11', 'Lung cancer'), ...staged('cT2a', 'cN2', 'cM0', 'IIIA')]
    const [card, ...others] = await check([...record, metastasis('C79.51', '2026-02-01')])
    expect(others).toEqual([])
    expect(card!.summary).toBe('Lung cancer: cM0 although a distant metastasis is on record')
    expect(await check([...record, metastasis('C79.51', '2026-02-02')])).toEqual([])
    expect(await check([...record, metastasis('C77.1', '2026-01-02')])).toEqual([])
  })

  test('to each of two primary cancers only of what is said about it', async () => {
    const focus = { focus: [{ reference: 'Condition/cancer' }] }
    const cards = await check([
      cancer('C34.11', 'Lung cancer'),
      cancer('C18.2', 'Colon cancer', { id: 'second' }),
      ...staged('cT2a', 'cN0', 'cM0', 'IB', focus),
    ])
    expect(cards.map(({ summary }) => summary)).toEqual(['Colon cancer: no TNM stage on record'])
  })

  test('of categories written in words, as other hospitals write them', async () => {
    const [t, n, m, group] = [
      ['399504009', 'American Joint Committee on Cancer cT3 (qualifier value)'],
      ['399534004', 'American Joint Committee on Cancer cN0 (qualifier value)'],
      ['399387003', 'American Joint Committee on Cancer cM0 (qualifier value)'],
      ['399537006', 'American Joint Committee on Cancer stage IIIA (qualifier value)'],
    ].map(([code, display]) =>
      observation(
        code!,
        { valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '1', display }] } },
        { method: { text: 'AJCC Cancer Staging Manual, 8th edition' } },
      ),
    )
    const [card] = await check([cancer('C18.2', 'Colon cancer'), t!, n!, m!, group!])
    expect(card!.summary).toContain('(IIA)')
  })
})

describe('is silent', () => {
  test.each([
    'pat-cancer-lung',
    'pat-cancer-breast',
    'pat-cancer-liver',
    'pat-cancer-colon',
    'pat-cancer-rectum',
    'pat-cancer-npc',
    'pat-cancer-oral',
    'pat-cancer-pancreas',
    'pat-cancer-prostate',
    'pat-lin-meiling',
  ])('on %s, whose stages are whole or who has no cancer', async id => {
    expect(await clinic.seeded('staging-check', id)).toEqual([])
  })

  test.each([
    ['C91.0', 'acute lymphoblastic leukaemia'],
    ['C83.3', 'large B-cell lymphoma'],
    ['C90.0', 'myeloma'],
    ['C71.9', 'brain tumour'],
    ['C80.1', 'unknown primary'],
    ['C44.311', 'basal cell carcinoma'],
    ['D05.12', 'carcinoma in situ'],
    ['E11.9', 'diabetes'],
  ])('on %s, %s', async (code, name) => {
    expect(await check([cancer(code, name)])).toEqual([])
  })

  test('where another system gave the stage', async () => {
    const bclc = observation('C115134', { valueCodeableConcept: { text: 'BCLC B' } })
    expect(await check([cancer('C22.0', 'HCC'), bclc])).toEqual([])
  })

  test('on those who have died, and on children', async () => {
    const colon = cancer('C18.2', 'Colon cancer')
    const ask = (more: object) => clinic.made('staging-check', [patient(more), colon])
    expect(await ask({ deceasedDateTime: '2026-03-01' })).toEqual([])
    expect(await ask({ birthDate: '2008-01-11' })).toEqual([])
    expect(await ask({ birthDate: '2008-01-10' })).toHaveLength(1)
  })

  test('about a group that is right, less exact than the table, of another edition or of none', async () => {
    const lung = cancer('C34.11', 'Lung cancer')
    for (const group of ['IA2', 'IA', 'I'])
      expect(await check([lung, ...staged('cT1b', 'cN0', 'cM0', group)])).toEqual([])
    const ninth = { method: { coding: [{ system: 'http://snomed.info/sct', code: '1269566009' }] } }
    expect(await check([lung, ...staged('cT1b', 'cN1', 'cM0', 'IIA', ninth)])).toEqual([])
    expect(await check([lung, ...staged('cT1b', 'cN1', 'cM0', 'IIA', { method: undefined })])).toEqual([])
  })

  // T and N of M0 by group, as the manual's tables list them
  const lungGroups: Record<string, string> = {
    IA1: '1mi-0 1a-0',
    IA2: '1b-0',
    IA3: '1c-0',
    IB: '2a-0',
    IIA: '2b-0',
    IIB: '1a-1 1b-1 1c-1 2a-1 2b-1 3-0',
    IIIA: '1a-2 1b-2 1c-2 2a-2 2b-2 3-1 4-0 4-1',
    IIIB: '1a-3 1b-3 1c-3 2a-3 2b-3 3-2 4-2',
    IIIC: '3-3 4-3',
  }
  const colonGroups: Record<string, string> = {
    I: '1-0 2-0',
    IIA: '3-0',
    IIB: '4a-0',
    IIC: '4b-0',
    IIIA: '1-1a 1-1b 1-1c 2-1 1-2a',
    IIIB: '3-1 3-1c 4a-1a 2-2a 3-2a 1-2b 2-2b',
    IIIC: '4a-2a 3-2b 4a-2b 4b-1 4b-2',
  }
  test.each([
    ['C34.11', lungGroups],
    ['C18.2', colonGroups],
  ])('about every right combination of %s, and speaks when it stands in another group', async (code, groups) => {
    const names = Object.keys(groups)
    for (const [at, group] of names.entries())
      for (const [t, n] of groups[group]!.split(' ').map(each => each.split('-'))) {
        const record = (stage: string) => [cancer(code, 'Cancer'), ...staged(`cT${t}`, `cN${n}`, 'cM0', stage)]
        expect(await check(record(group)), `T${t} N${n} ${group}`).toEqual([])
        const [card] = await check(record(names[(at + 1) % names.length]!))
        expect(card?.summary, `T${t} N${n}`).toContain(`(${group})`)
      }
  })

  test('about combinations with X, and about head and neck IVA without distant metastasis', async () => {
    expect(await check([cancer('C34.11', 'Lung'), ...staged('cTX', 'cN0', 'cM0', 'IIB')])).toEqual([])
    expect(await check([cancer('C06.0', 'Mouth'), ...staged('cT4a', 'cN0', 'cM0', 'IVA')])).toEqual([])
  })

  test('about diagnoses that were refuted, and stages that were entered in error', async () => {
    const refuted = { verificationStatus: { coding: [{ code: 'refuted' }] } }
    expect(await check([cancer('C18.2', 'Colon', refuted)])).toEqual([])
    const wrong = staged('cT2a', 'cN2', 'cM0', 'IIB', { status: 'entered-in-error' })
    const [card] = await check([cancer('C34.11', 'Lung'), ...wrong])
    expect(card!.summary).toBe('Lung: no TNM stage on record')
  })
})

test('data that are not what they should be are answered with cards or none, never with an error', async () => {
  for (const prefetch of hostilePrefetches('staging-check'))
    expect((await clinic.prefetched('staging-check', prefetch)).status).toBe(200)
})

test('as many observations as one call may have are answered', async () => {
  const stages = Array.from({ length: 2_900 }, (_, i) => ({
    resource: { resourceType: 'Observation', id: `n${i}`, status: 'final', code: { coding: [{ code: '21905-5' }] } },
  }))
  const { status, body } = await clinic.prefetched('staging-check', {
    patient: patient(),
    conditions: cancer('C18.2', 'Colon cancer'),
    stages: { resourceType: 'Bundle', entry: stages },
  })
  expect(status).toBe(200)
  expect(body.cards).toHaveLength(1)
})
