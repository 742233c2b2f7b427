/**
 * Which biomarker a targeted drug needs, by tumour, and the test to order. Where a drug also has an indication without the
 * biomarker, only the tumours are named in which it needs it; of others nothing is said.
 * A small sandbox table. Left out: checkpoint inhibitors and niraparib, which have indications with and without; PARP inhibitors
 * in ovarian and prostate cancer; PD-L1; blood cancers. NHI orders 30301B-30303B are paid since 2024-05-01 in 19 cancers, once
 * for each cancer. Sources: the drugs' labels (Drugs@FDA), ASCO/CAP 2018 for HER2, NHI's payment items. Read 2026-11.
 */
import type { Evidence } from '../words.ts'
import type { Biomarker, TestGroup } from './alterations.ts'
import type { DrugName } from './targeted-drugs.ts'
import type { TumourType } from './tumour-types.ts'

export interface Requirement {
  readonly drugs: readonly DrugName[]
  /** `always`: whatever the tumour. */
  readonly tumours: readonly TumourType[] | 'always'
  /** One of these must have been found. */
  readonly any?: readonly Biomarker[]
  /** None of these may have been found. */
  readonly none?: readonly Biomarker[]
  /** The tests that answer: one of them for `any`, all of them for `none`. */
  readonly groups: readonly TestGroup[]
  /** A negative result is fine as well; only that it was tested matters. */
  readonly onlyTested?: true
  /** Histologies (ICD-O-3) in which the drug is also given without it. */
  readonly unless?: RegExp
  readonly test: OrderableTest
}

export interface OrderableTest {
  readonly text: { readonly en: string; readonly 'zh-TW': string }
  readonly loinc?: readonly [code: string, display: string]
  readonly nhi?: readonly [code: string, display: string]
}

export const NHI_ORDER = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw'

export const NGS_SOURCE: Evidence = {
  label: '健保給付次世代基因定序（NGS），113 年 5 月 1 日起（中央社）',
  url: 'https://www.cna.com.tw/news/ahel/202402060290.aspx',
}

const small: OrderableTest['nhi'] = ['30302B', '實體腫瘤次世代基因定序－小套組(≦100個基因)']

const sequencing = (genes: string): OrderableTest => ({
  text: { en: `${genes} by next-generation sequencing`, 'zh-TW': `${genes} 次世代基因定序` },
  nhi: small,
})

const egfr: OrderableTest = {
  text: { en: 'EGFR mutation analysis', 'zh-TW': 'EGFR 基因突變檢測' },
  loinc: ['21665-5', 'EGFR gene mutations found [Identifier] in Blood or Tissue by Molecular genetics method Nominal'],
}
const her2: OrderableTest = {
  text: {
    en: 'HER2 by immunohistochemistry (in situ hybridization if 2+)',
    'zh-TW': 'HER2 免疫組織化學染色（2+ 時加做原位雜交）',
  },
  loinc: ['85319-2', 'HER2 [Presence] in Breast cancer specimen by Immune stain'],
}
const her2Tissue: OrderableTest = {
  text: her2.text,
  loinc: ['72383-3', 'HER2 [Presence] in Tissue by Immunoassay'],
}
const brca: OrderableTest = {
  text: { en: 'BRCA1 and BRCA2 sequencing', 'zh-TW': 'BRCA1、BRCA2 基因定序' },
}

export const requirements: readonly Requirement[] = [
  {
    drugs: ['osimertinib', 'gefitinib', 'erlotinib', 'dacomitinib'],
    tumours: ['lung'],
    any: ['egfr-l858r', 'egfr-exon-19-deletion', 'egfr-t790m', 'egfr-uncommon'],
    groups: ['EGFR'],
    test: egfr,
  },
  {
    drugs: ['afatinib'],
    tumours: ['lung'],
    any: ['egfr-l858r', 'egfr-exon-19-deletion', 'egfr-uncommon'],
    groups: ['EGFR'],
    // squamous carcinoma after platinum needs no mutation
    unless: /^80[78]/,
    test: egfr,
  },
  {
    drugs: ['amivantamab'],
    tumours: ['lung'],
    any: ['egfr-exon-20-insertion', 'egfr-l858r', 'egfr-exon-19-deletion'],
    groups: ['EGFR'],
    test: egfr,
  },
  {
    drugs: ['alectinib', 'brigatinib', 'lorlatinib', 'ceritinib'],
    tumours: ['lung'],
    any: ['alk-fusion'],
    groups: ['ALK'],
    test: {
      text: { en: 'ALK rearrangement', 'zh-TW': 'ALK 基因重組檢測' },
      loinc: ['78205-2', 'ALK gene rearrangements [Presence] in Blood or Tissue by FISH'],
    },
  },
  {
    drugs: ['crizotinib'],
    tumours: ['lung'],
    any: ['alk-fusion', 'ros1-fusion'],
    groups: ['ALK', 'ROS1'],
    test: sequencing('ALK, ROS1'),
  },
  {
    drugs: ['entrectinib', 'repotrectinib'],
    tumours: 'always',
    any: ['ros1-fusion', 'ntrk-fusion'],
    groups: ['ROS1', 'NTRK'],
    test: sequencing('ROS1, NTRK1-3'),
  },
  {
    drugs: ['larotrectinib'],
    tumours: 'always',
    any: ['ntrk-fusion'],
    groups: ['NTRK'],
    test: sequencing('NTRK1-3'),
  },
  {
    drugs: ['selpercatinib', 'pralsetinib'],
    tumours: 'always',
    any: ['ret-fusion', 'ret-mutation'],
    groups: ['RET'],
    test: sequencing('RET'),
  },
  {
    drugs: ['capmatinib', 'tepotinib'],
    tumours: ['lung'],
    any: ['met-exon-14'],
    groups: ['MET'],
    test: sequencing('MET exon 14'),
  },
  {
    drugs: ['dabrafenib', 'encorafenib', 'vemurafenib'],
    tumours: 'always',
    any: ['braf-v600e', 'braf-v600k'],
    groups: ['BRAF'],
    test: {
      text: { en: 'BRAF V600 mutation', 'zh-TW': 'BRAF V600 突變檢測' },
      loinc: ['85299-6', 'BRAF V600E mutant protein [Presence] in Cancer specimen by Immune stain'],
    },
  },
  {
    drugs: ['trametinib', 'binimetinib', 'cobimetinib'],
    tumours: ['melanoma', 'lung'],
    any: ['braf-v600e', 'braf-v600k'],
    groups: ['BRAF'],
    test: {
      text: { en: 'BRAF V600 mutation', 'zh-TW': 'BRAF V600 突變檢測' },
      loinc: ['85299-6', 'BRAF V600E mutant protein [Presence] in Cancer specimen by Immune stain'],
    },
  },
  {
    drugs: ['sotorasib', 'adagrasib'],
    tumours: 'always',
    any: ['kras-g12c'],
    groups: ['KRAS'],
    test: {
      text: { en: 'KRAS mutation analysis', 'zh-TW': 'KRAS 基因突變檢測' },
      loinc: [
        '21702-6',
        'KRAS gene mutations found [Identifier] in Blood or Tissue by Molecular genetics method Nominal',
      ],
    },
  },
  {
    drugs: ['trastuzumab', 'pertuzumab', 'trastuzumab emtansine', 'tucatinib', 'neratinib', 'lapatinib'],
    tumours: ['breast'],
    any: ['her2-positive'],
    groups: ['HER2'],
    test: her2,
  },
  {
    drugs: ['trastuzumab'],
    tumours: ['stomach'],
    any: ['her2-positive'],
    groups: ['HER2'],
    test: her2Tissue,
  },
  {
    drugs: ['tucatinib'],
    tumours: ['colorectal'],
    any: ['her2-positive'],
    groups: ['HER2'],
    test: her2Tissue,
  },
  {
    // also for HER2-low breast cancer, so a negative result does not speak against it
    drugs: ['trastuzumab deruxtecan'],
    tumours: ['breast'],
    any: ['her2-positive'],
    groups: ['HER2'],
    onlyTested: true,
    test: her2,
  },
  {
    drugs: ['trastuzumab deruxtecan'],
    tumours: ['stomach'],
    any: ['her2-positive'],
    groups: ['HER2'],
    test: her2Tissue,
  },
  {
    drugs: ['olaparib', 'talazoparib'],
    tumours: ['breast'],
    any: ['brca-pathogenic'],
    groups: ['BRCA'],
    test: brca,
  },
  {
    drugs: ['olaparib'],
    tumours: ['pancreas'],
    any: ['brca-pathogenic'],
    groups: ['BRCA'],
    test: brca,
  },
  {
    drugs: ['cetuximab', 'panitumumab'],
    tumours: ['colorectal'],
    none: ['ras-mutation'],
    groups: ['KRAS', 'NRAS'],
    test: {
      text: { en: 'RAS (KRAS and NRAS) mutation analysis', 'zh-TW': 'All-RAS 基因突變分析' },
      loinc: [
        '81420-2',
        'KRAS and NRAS gene mutations found [Identifier] in Blood or Tissue by Molecular genetics method Nominal',
      ],
      nhi: ['30104B', 'All-RAS基因突變分析'],
    },
  },
]
