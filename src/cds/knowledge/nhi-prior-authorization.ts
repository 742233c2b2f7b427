/**
 * Cancer drugs that Taiwan's National Health Insurance pays for only after prior authorization (事前審查), and what an application names.
 * A small sandbox table of the payment rules, chapter 9 (藥品給付規定第九節), read in announcements of 2023 to 2025; whether an indication is paid is not judged.
 * Fields of the application: TWPAS, https://nhicore.nhi.gov.tw/pas
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'

export const TWPAS: Evidence = {
  label: 'TWPAS 癌藥事前審查實作指引（衛生福利部中央健康保險署）',
  url: 'https://nhicore.nhi.gov.tw/pas',
}

const LOINC = 'http://loinc.org|'
const ORDER = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw'

export interface Biomarker {
  readonly id: string
  readonly name: Said
  /** Tests that are known by their own code, `system|code`. */
  readonly tokens: readonly string[]
  /** HGNC ids, or symbols, of the genes that a variant or a region studied may name; all of them are needed. */
  readonly genes: readonly (readonly [id: string, symbol: string])[]
  /** NHI order code of the test, to order it by. */
  readonly order?: string
}

export const ORDER_SYSTEM = ORDER

const biomarkers = {
  egfr: {
    id: 'egfr',
    name: said('EGFR mutation test', 'EGFR 基因突變檢測'),
    tokens: [`${ORDER}|30101B`, `${ORDER}|30102B`],
    genes: [['HGNC:3236', 'EGFR']],
    order: '30101B',
  },
  alk: {
    id: 'alk',
    name: said('ALK test', 'ALK 檢測'),
    tokens: [`${ORDER}|30105B`, `${LOINC}78205-2`],
    genes: [['HGNC:427', 'ALK']],
    order: '30105B',
  },
  her2: {
    id: 'her2',
    name: said('HER2 (IHC or in situ hybridization)', 'HER2（IHC 或原位雜交）'),
    tokens: [`${LOINC}85319-2`, `${LOINC}49683-6`],
    genes: [['HGNC:3430', 'ERBB2']],
  },
  ras: {
    id: 'ras',
    name: said('All-RAS mutation test', 'All-RAS 基因突變檢測'),
    tokens: [`${ORDER}|30104B`, `${LOINC}81420-2`],
    genes: [
      ['HGNC:6407', 'KRAS'],
      ['HGNC:7989', 'NRAS'],
    ],
    order: '30104B',
  },
  pdl1: {
    id: 'pdl1',
    name: said('PD-L1 (where the indication asks for it)', 'PD-L1（依適應症）'),
    tokens: [`${ORDER}|30103B`, 'https://fhir.dhp.tw.example/CodeSystem/tumor-marker|pd-l1-tps'],
    genes: [],
    order: '30103B',
  },
} as const satisfies Record<string, Biomarker>

export interface LabTest {
  readonly name: Said
  /** LOINC codes, any of which is enough. */
  readonly codes: readonly string[]
}

const liverAndKidney: readonly LabTest[] = [
  { name: said('AST (GOT)', 'GOT（AST）'), codes: ['1920-8'] },
  { name: said('ALT (GPT)', 'GPT（ALT）'), codes: ['1742-6'] },
  { name: said('total bilirubin', '總膽紅素'), codes: ['1975-2'] },
  {
    name: said('creatinine or eGFR', '肌酸酐或 eGFR'),
    codes: ['2160-0', '14682-9', '98979-8', '62238-1', '33914-3', '48642-3'],
  },
]

export interface PriorAuthorization {
  readonly drugs: readonly string[]
  /** Of the payment rules; left out where no announcement that names it was read. */
  readonly section?: string
  readonly biomarkers: readonly Biomarker[]
  readonly laboratory: readonly LabTest[]
  /** How long an approval lasts, and what the rule asks beside the fields. */
  readonly says: Said
  readonly evidence: Evidence
}

export const priorAuthorizations: readonly PriorAuthorization[] = [
  {
    drugs: ['osimertinib'],
    biomarkers: [biomarkers.egfr],
    laboratory: [],
    says: said(
      'Approved for three months at a time. Pathology or cytology and the EGFR report; in second line also the earlier EGFR inhibitor and imaging that shows progression.',
      '每次以三個月為限。須附病理或細胞檢查報告及 EGFR 檢測報告；第二線另附曾用 EGFR 標靶藥物證明及疾病惡化之影像。',
    ),
    evidence: {
      label: '健保給付規定：osimertinib（台灣癌症防治網整理）',
      url: 'https://cancerinfotw.org/index.php/introduce/2015-09-13-14-48-18/2540-osimertinib-tagrisso',
    },
  },
  {
    drugs: ['lorlatinib'],
    section: '9.81',
    biomarkers: [biomarkers.alk],
    laboratory: [],
    says: said(
      'Approved for three months at a time; imaging four weeks after the start and every three months.',
      '每次以三個月為限；給藥四週後及每三個月須追蹤影像。',
    ),
    evidence: {
      label: '健保署公告：lorlatinib 給付規定（112-11-01）',
      url: 'http://www.tsim.org.tw/helth/hel384_m883.html',
    },
  },
  {
    drugs: ['trastuzumab', 'pertuzumab'],
    section: '9.18、9.70',
    biomarkers: [biomarkers.her2],
    laboratory: [],
    says: said(
      'HER2 overexpressed (IHC 3+ or FISH+). Trastuzumab: again every 24 weeks in early and every 18 weeks in advanced breast cancer, with the response.',
      '須 HER2 過度表現（IHC 3+ 或 FISH+）。trastuzumab 早期乳癌每 24 週、晚期乳癌每 18 週須附療效評估再次申請。',
    ),
    evidence: {
      label: '健保署公告：trastuzumab、pertuzumab 給付規定（114-05-01）',
      url: 'https://www.tsim.org.tw/ehc-tsim/s/w/AHnews/article/a5e71380b8f845f387f2d2058b4cbc22',
    },
  },
  {
    drugs: ['bevacizumab'],
    section: '9.37',
    biomarkers: [],
    laboratory: [],
    says: said(
      'First line of metastatic colorectal cancer: approved for 18 weeks at a time, again only with imaging that shows no progression.',
      '轉移性大腸直腸癌第一線：每次以 18 週為限，再次申請須附影像證實無惡化。',
    ),
    evidence: {
      label: '健保署公告：bevacizumab 給付規定（108-03-01）',
      url: 'http://tsim.org.tw/helth/hel328_m710.html',
    },
  },
  {
    drugs: ['cetuximab'],
    biomarkers: [biomarkers.ras],
    laboratory: [],
    says: said(
      'Metastatic colorectal cancer without RAS mutation: the All-RAS report; again only with imaging that shows no progression. Head and neck cancer has rules of its own.',
      '轉移性大腸直腸癌須 RAS 無突變並附 All-RAS 報告；再次申請須附影像證實無惡化。頭頸癌另有規定。',
    ),
    evidence: {
      label: '健保給付規定：cetuximab（癌友有嘻望整理）',
      url: 'https://mycancerfree.com/category/cancer-2-5',
    },
  },
  {
    drugs: ['sorafenib'],
    section: '9.34',
    biomarkers: [],
    laboratory: [],
    says: said(
      'Advanced hepatocellular carcinoma, Child-Pugh A: first for three months, then assessed every three months with imaging.',
      '晚期肝細胞癌（Child-Pugh A）：初次以三個月為限，之後每三個月評估，須檢送影像資料。',
    ),
    evidence: {
      label: '健保署公告：sorafenib、lenvatinib 給付規定（114-06-01）',
      url: 'http://220.228.163.138/ehc-tsim/s/w/AHnews/article/9002a258bfb2457b8058653bf3314b4d',
    },
  },
  {
    drugs: ['lenvatinib'],
    biomarkers: [],
    laboratory: [],
    says: said(
      'Advanced hepatocellular carcinoma, Child-Pugh A: first for three months, then assessed every three months with imaging.',
      '晚期肝細胞癌（Child-Pugh A）：初次以三個月為限，之後每三個月評估，須檢送影像資料。',
    ),
    evidence: {
      label: '健保署公告：sorafenib、lenvatinib 給付規定（114-06-01）',
      url: 'http://220.228.163.138/ehc-tsim/s/w/AHnews/article/9002a258bfb2457b8058653bf3314b4d',
    },
  },
  {
    drugs: ['regorafenib'],
    section: '9.51',
    biomarkers: [],
    laboratory: [],
    says: said(
      'Hepatocellular carcinoma after sorafenib: first for 12 weeks, then every 8 weeks with imaging.',
      '肝細胞癌（sorafenib 失敗後）：初次以 12 週為限，之後每 8 週評估，須檢送影像資料。',
    ),
    evidence: {
      label: '健保署公告：regorafenib 給付規定（110-05-01）',
      url: 'http://tsim.org.tw/helth/hel354_m805.html',
    },
  },
  {
    drugs: ['atezolizumab', 'nivolumab', 'pembrolizumab', 'avelumab', 'ipilimumab', 'durvalumab', 'tremelimumab'],
    section: '9.69',
    biomarkers: [biomarkers.pdl1],
    laboratory: liverAndKidney,
    says: said(
      'ECOG 0 or 1, NYHA class I or II, liver and kidney within limits (by cancer), and the biomarker that the indication names by its own test kit.',
      '須 ECOG ≤ 1、NYHA I 或 II、肝腎功能符合規定（依癌別），並依適應症附對應試劑之生物標記報告。',
    ),
    evidence: {
      label: '健保署公告：免疫檢查點抑制劑給付規定（109-04-01，台灣癌症防治網整理）',
      url: 'https://cancerinfotw.org/index.php/introduce/2015-09-13-14-48-18/1814-pd-1-pd-l1-109-4-1',
    },
  },
]
