/**
 * Targeted therapy for genomic findings, as an EHR meets it.
 * https://hl7.org/fhir/us/mcode/group-genomics.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { biomarkerNames } from '../../../src/cds/knowledge/alterations.ts'
import { therapies } from '../../../src/cds/knowledge/targeted-therapies.ts'
import {
  cancer,
  type Clinic,
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

const lung = cancer('C34.11', 'Lung cancer')
const colon = cancer('C18.2', 'Colon cancer')
const breast = cancer('C50.412', 'Breast cancer')
const ask = (record: readonly Made[], language = 'en') => clinic.made('targeted-therapy', record, { language })
const summaries = async (...record: Made[]) => (await ask(record)).map(({ summary }) => summary)

describe('a seeded patient', () => {
  test('with EGFR L858R is told of osimertinib, that it was given, and of the resistance found since', async () => {
    const [card, ...others] = await clinic.seeded('targeted-therapy', 'pat-cancer-lung')
    expect(others).toEqual([])
    expect(card!.indicator).toBe('warning')
    expect(card!.summary).toMatch(/^EGFR L858R: osimertinib.*resistance: MET amplification \(右上肺葉肺腺癌\)$/)
    expect(card!.detail).toContain('EGFR L858R (2024-03-29)')
    expect(card!.detail).toContain('MET copy number 9 (2025-07-04)')
    expect(card!.detail).toContain('osimertinib (2024-04-01), stopped')
    expect(card!.detail).toContain('ApplNo=208065')
    expect(card!.suggestions).toBeUndefined()
  })

  test('with MSI-H is told of pembrolizumab and what the NHI pays for, in Chinese to those who read it', async () => {
    const [card] = await clinic.seeded('targeted-therapy', 'pat-cancer-colon', { language: 'zh-TW' })
    expect(card!.summary).toMatch(/^MSI-H \/ dMMR：pembrolizumab, nivolumab/)
    expect(card!.detail).toContain('健保自 114 年 6 月 1 日起給付 pembrolizumab')
  })

  test('with HER2 positive breast cancer is told of HER2 therapy', async () => {
    const [card] = await clinic.seeded('targeted-therapy', 'pat-cancer-breast')
    expect(card).toMatchObject({ indicator: 'info', summary: expect.stringMatching(/^HER2 positive: trastuzumab/) })
  })

  test('with a RAS mutated rectal cancer is told what not to give', async () => {
    const [card] = await clinic.seeded('targeted-therapy', 'pat-cancer-rectum')
    expect(card!.summary).toBe('RAS mutation: not cetuximab or panitumumab (直腸腺癌)')
  })

  test.each(['pat-cancer-pancreas', 'pat-cancer-npc', 'pat-cancer-prostate', 'pat-cancer-liver', 'pat-lin-meiling'])(
    '%s, without such a finding, gets no card',
    async id => expect(await clinic.seeded('targeted-therapy', id)).toEqual([]),
  )
})

describe('a variant is recognized', () => {
  test.each([
    ['EGFR', 'NP_005219.2:p.(Leu858Arg)', 'EGFR L858R', 'osimertinib'],
    ['HGNC:3236', 'p.L858R', 'EGFR L858R', 'osimertinib'],
    ['EGFR', 'NP_005219.2:p.(Glu746_Ala750del)', 'EGFR exon 19 deletion', 'osimertinib'],
    ['EGFR', 'p.(Leu747_Pro753delinsSer)', 'EGFR exon 19 deletion', 'osimertinib'],
    ['EGFR', 'p.(Thr790Met)', 'EGFR T790M', 'osimertinib'],
    ['EGFR', 'p.(Ala767_Val769dup)', 'EGFR exon 20 insertion', 'amivantamab'],
    ['EGFR', 'p.(Gly719Ser)', 'EGFR G719X / S768I / L861Q', 'afatinib'],
    ['KRAS', 'p.(Gly12Cys)', 'KRAS G12C', 'sotorasib'],
    ['BRAF', 'p.(Val600Glu)', 'BRAF V600E', 'dabrafenib + trametinib'],
    ['ERBB2', 'p.(Tyr772_Ala775dup)', 'ERBB2 (HER2) mutation', 'trastuzumab deruxtecan'],
  ])('%s %s as %s', async (gene, protein, name, drug) => {
    const [summary, ...others] = await summaries(lung, variant(gene, { protein }))
    expect(others).toEqual([])
    expect(summary!.startsWith(`${name}: ${drug}`), summary).toBe(true)
  })

  test('by its coding change alone', async () => {
    expect(await summaries(lung, variant('EGFR', { coding: 'NM_005228.5:c.2573T>G' }))).toHaveLength(1)
    expect(await summaries(lung, variant('MET', { coding: 'NM_000245.4:c.3028+1G>A' }))).toHaveLength(1)
  })

  test.each(['ALK', 'ROS1', 'RET', 'NTRK1', 'NTRK3'])('of %s as a fusion, and not as a mutation', async gene => {
    const [summary] = await summaries(lung, variant(gene, { components: [said('48019-4', 'gene fusion')] }))
    expect(summary).toMatch(/fusion/)
    expect(await summaries(lung, variant(gene, { protein: 'p.(Phe1174Leu)' }))).toEqual([])
  })

  test('a fusion written as two genes', async () => {
    const partner = {
      code: { coding: [{ code: '48018-6' }] },
      valueCodeableConcept: { coding: [{ code: 'HGNC:1316', display: 'EML4' }] },
    }
    const [summary] = await summaries(lung, variant('ALK', { components: [partner] }))
    expect(summary).toMatch(/^ALK fusion: alectinib/)
  })

  test('of BRCA only when it is pathogenic: said in the variant or in an implication drawn from it', async () => {
    const stated = (code: string) => ({
      code: { coding: [{ code: '53037-8' }] },
      valueCodeableConcept: { coding: [{ code }] },
    })
    const pathogenic = variant('BRCA1', { protein: 'p.(Cys61Gly)', components: [stated('LA6668-3')] })
    expect((await summaries(breast, pathogenic))[0]).toMatch(/^BRCA1\/2 pathogenic variant: olaparib/)
    for (const other of ['LA26333-7', 'LA6675-8'])
      expect(
        await summaries(breast, variant('BRCA1', { protein: 'p.(Cys61Gly)', components: [stated(other)] })),
      ).toEqual([])
    // the label asks for HER2-negative disease
    const her2 = marker('85319-2', '3+')
    expect((await summaries(breast, pathogenic, her2)).filter(each => each.includes('olaparib'))).toEqual([])
    const bare = variant('BRCA2', { protein: 'p.(Cys61Gly)' })
    expect(await summaries(breast, bare)).toEqual([])
    const implication = {
      ...observation('diagnostic-implication', {}),
      derivedFrom: [{ reference: `Observation/${String(bare.id)}` }],
      component: [stated('LA26332-9')],
    }
    expect(await summaries(breast, bare, implication)).toHaveLength(1)
  })
})

describe('a test of one marker is read', () => {
  test.each([
    ['21665-5', 'Exon 19 deletion detected', lung, 'EGFR exon 19 deletion'],
    ['21665-5', 'L858R 突變', lung, 'EGFR L858R'],
    ['78205-2', 'Positive', lung, 'ALK fusion'],
    ['21702-6', 'KRAS p.G12C', colon, 'KRAS G12C'],
    ['85319-2', '3+', breast, 'HER2 positive'],
    ['81695-9', 'MSI-H', colon, 'MSI-H / dMMR'],
    ['81695-9', '高度不穩定', colon, 'MSI-H / dMMR'],
  ])('%s: %s', async (code, value, disease, name) => {
    const found = await summaries(disease, marker(code, value))
    expect(
      found.some(summary => summary.startsWith(`${name}:`)),
      found.join(),
    ).toBe(true)
  })

  test.each([
    ['21665-5', 'Not detected', lung],
    ['21665-5', 'Wild type', lung],
    ['78205-2', '陰性', lung],
    ['21702-6', 'No mutation', colon],
    ['85319-2', '2+', breast],
    ['85319-2', '1+', breast],
    ['85319-2', '0', breast],
    ['85319-2', 'Equivocal', breast],
    ['81695-9', 'MSS', colon],
    ['81695-9', '微衛星穩定', colon],
  ])('%s: %s says nothing', async (code, value, disease) => {
    expect(await summaries(disease, marker(code, value))).toEqual([])
  })

  test('the HER2 ratio from 2.0 on, and the tumour mutational burden from 10 on', async () => {
    const value = (code: string, value: number, comparator?: string) =>
      observation(code, { valueQuantity: { value, ...(comparator ? { comparator } : {}) } })
    expect(await summaries(breast, value('49683-6', 2))).toHaveLength(1)
    expect(await summaries(breast, value('49683-6', 1.99))).toEqual([])
    expect(await summaries(breast, value('49683-6', 2, '<'))).toEqual([])
    expect(await summaries(colon, value('94076-7', 10))).toHaveLength(1)
    expect(await summaries(colon, value('94076-7', 9.9))).toEqual([])
    expect(await summaries(colon, value('94076-7', 8, '>'))).toEqual([])
  })

  test('also within a panel', async () => {
    const panel = observation(
      '85000-0',
      {},
      { component: [{ ...marker('81695-9', 'MSI-H'), resourceType: undefined }] },
    )
    expect(await summaries(colon, panel)).toHaveLength(1)
  })
})

describe('is silent', () => {
  test('on what was looked for and not found, withdrawn or not final', async () => {
    const protein = 'p.(Leu858Arg)'
    expect(await summaries(lung, variant('EGFR', { protein, present: false }))).toEqual([])
    for (const status of ['entered-in-error', 'preliminary', 'cancelled'])
      expect(await summaries(lung, variant('EGFR', { protein, more: { status } }))).toEqual([])
    expect(await summaries(lung, variant('EGFR', { protein, more: { valueCodeableConcept: undefined } }))).toEqual([])
  })

  test('without a cancer, in another tumour, and in leukaemia', async () => {
    const found = variant('EGFR', { protein: 'p.(Leu858Arg)' })
    expect(await summaries(found)).toEqual([])
    expect(await summaries(colon, found)).toEqual([])
    expect(await summaries(cancer('C34.11', 'SCLC small cell lung cancer'), found)).toEqual([])
    expect(
      await summaries(cancer('C92.0', 'AML'), variant('NTRK1', { components: [said('48019-4', 'fusion')] })),
    ).toEqual([])
  })

  test('on a finding of which nobody says to which of two cancers it belongs', async () => {
    const second = cancer('C18.2', 'Colon cancer', { id: 'second' })
    const protein = 'p.(Leu858Arg)'
    expect(await summaries(lung, second, variant('EGFR', { protein }))).toEqual([])
    const related = {
      url: 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition',
      valueReference: { reference: 'Condition/cancer' },
    }
    expect(await summaries(lung, second, variant('EGFR', { protein, more: { extension: [related] } }))).toHaveLength(1)
  })
})

test('what others wrote is no markup in a card', async () => {
  const [card] = await ask([
    cancer('C34.11', '<b>[x](http://evil.example)'),
    variant('EGFR', { protein: 'p.(Leu858Arg)' }),
  ])
  expect(card!.detail).not.toContain('[x](http://evil.example)')
  expect(card!.detail).not.toContain('<b>')
})

test('data that are not what they should be are answered with cards or none, never with an error', async () => {
  for (const prefetch of hostilePrefetches('targeted-therapy'))
    expect((await clinic.prefetched('targeted-therapy', prefetch)).status).toBe(200)
})

test('every row of the table says where it is from, in both languages, and names biomarkers that are known', () => {
  for (const { biomarkers, regimens, not = [], setting } of therapies) {
    expect(biomarkers.every(each => biomarkerNames[each])).toBe(true)
    expect(regimens.length + not.length).toBeGreaterThan(0)
    expect(setting.en && setting['zh-TW']).toBeTruthy()
  }
})
