/**
 * Which vaccines Taiwan offers at which age, and by which codes they are recorded.
 * A small sandbox table of what is offered to all of an age; groups by disease, work, pregnancy and origin are left out, and so are catch-up schedules.
 * Schedule of children as of May 2019 with what changed since; adults as of January 2026 (Taiwan Centers for Disease Control).
 * CVX: https://www2.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx ATC: https://atcddd.fhi.no/atc_ddd_index/?code=J07
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'

export const CHILDREN: Evidence = {
  label: '我國現行兒童預防接種時程（衛生福利部疾病管制署；新北市八里區衛生所刊載）',
  url: 'https://bali.health.ntpc.gov.tw/content/index.php?parent_id=10073&type_id=10073',
}
export const INFLUENZA_AND_COVID: Evidence = {
  label: '114 年秋冬公費流感及新冠疫苗接種對象（臺中市政府衛生局，2025-09-22）',
  url: 'https://cdn.www.taichung.gov.tw/1403738/post',
}
export const PNEUMOCOCCAL: Evidence = {
  label: '成人公費肺炎鏈球菌疫苗 115 年 1 月 15 日起改為一劑 PCV20（疾病管制署，聯合報 2026-01-13）',
  url: 'https://udn.com/news/story/7266/9262865',
}
export const CONTRAINDICATIONS: Evidence = {
  label: 'ACIP General Best Practices: contraindications and precautions (US CDC)',
  url: 'https://www.cdc.gov/vaccines/hcp/imz-best-practices/contraindications-precautions.html',
}

export interface Vaccine {
  readonly id: string
  readonly name: Said
  /** The code a recommendation names. */
  readonly code: { readonly system: string; readonly code: string; readonly display: string }
  readonly cvx: readonly string[]
  readonly atc: readonly string[]
  /** Allergies that forbid it when they were severe: words of the vaccine or of what is in it. */
  readonly forbidden: RegExp
}

export const CVX = 'http://hl7.org/fhir/sid/cvx'
export const ATC = 'http://www.whocc.no/atc'
const cvx = (code: string, display: string) => ({ system: CVX, code, display })

export const vaccines = {
  hepatitisB: {
    id: 'hepatitisB',
    name: said('hepatitis B', 'B 型肝炎疫苗'),
    code: cvx('08', 'Hep B, adolescent or pediatric'),
    cvx: ['08', '42', '43', '44', '45', '51', '104', '110', '146', '189', '220'],
    atc: ['J07BC01', 'J07BC20', 'J07CA09', 'J07CA12'],
    forbidden: /hep(?:atitis)? ?b|B ?型肝炎|yeast|酵母/i,
  },
  bcg: {
    id: 'bcg',
    name: said('BCG', '卡介苗'),
    code: cvx('19', 'BCG'),
    cvx: ['19'],
    atc: ['J07AN01'],
    forbidden: /\bbcg\b|卡介苗/i,
  },
  dtap: {
    id: 'dtap',
    name: said(
      'diphtheria, tetanus, pertussis, polio (and Hib)',
      '五合一或四合一疫苗（白喉、破傷風、百日咳、小兒麻痺）',
    ),
    code: cvx('120', 'DTaP-Hib-IPV'),
    cvx: ['20', '50', '106', '107', '110', '120', '130', '146', '170'],
    atc: ['J07AJ52', 'J07CA02', 'J07CA06', 'J07CA09'],
    forbidden: /pertussis|百日咳|diphtheria|白喉|tetanus|破傷風/i,
  },
  pneumococcalChild: {
    id: 'pneumococcalChild',
    name: said('pneumococcal conjugate', '結合型肺炎鏈球菌疫苗'),
    code: cvx('133', 'Pneumococcal conjugate PCV 13'),
    cvx: ['100', '133', '152', '177', '215', '216'],
    atc: ['J07AL02'],
    forbidden: /pneumococc|肺炎鏈球菌|diphtheria|白喉/i,
  },
  varicella: {
    id: 'varicella',
    name: said('varicella', '水痘疫苗'),
    code: cvx('21', 'varicella'),
    cvx: ['21', '94'],
    atc: ['J07BK01', 'J07BD54'],
    forbidden: /varicella|水痘|neomycin|新黴素|gelatin|明膠/i,
  },
  mmr: {
    id: 'mmr',
    name: said('measles, mumps, rubella', '麻疹腮腺炎德國麻疹混合疫苗'),
    code: cvx('03', 'MMR'),
    cvx: ['03', '94'],
    atc: ['J07BD52', 'J07BD54'],
    forbidden: /\bmmr\b|measles|麻疹|neomycin|新黴素|gelatin|明膠/i,
  },
  japaneseEncephalitis: {
    id: 'japaneseEncephalitis',
    name: said('Japanese encephalitis', '日本腦炎疫苗'),
    code: { system: ATC, code: 'J07BA03', display: 'encephalitis, Japanese, live attenuated' },
    cvx: ['39', '129', '134'],
    atc: ['J07BA02', 'J07BA03'],
    forbidden: /japanese encephalitis|日本腦炎/i,
  },
  hepatitisA: {
    id: 'hepatitisA',
    name: said('hepatitis A', 'A 型肝炎疫苗'),
    code: cvx('83', 'Hep A, ped/adol, 2 dose'),
    cvx: ['31', '52', '83', '84', '85', '104', '169'],
    atc: ['J07BC02', 'J07BC20'],
    forbidden: /hep(?:atitis)? ?a\b|A ?型肝炎|neomycin|新黴素/i,
  },
  influenza: {
    id: 'influenza',
    name: said('seasonal influenza', '季節性流感疫苗'),
    code: cvx('88', 'influenza, unspecified formulation'),
    cvx: '15 16 88 111 135 140 141 144 149 150 151 153 155 158 161 166 168 171 185 186 197 205'.split(' '),
    atc: ['J07BB01', 'J07BB02', 'J07BB03'],
    forbidden: /influenza|\bflu (?:vaccine|shot)|流感/i,
  },
  covid19: {
    id: 'covid19',
    name: said('COVID-19', '新冠疫苗'),
    code: cvx('213', 'SARS-COV-2 (COVID-19) vaccine, UNSPECIFIED'),
    cvx: '207 208 210 211 212 213 217 218 219 221 228 229 230 300 301 302 308 309 310 311 312 313'.split(' '),
    atc: ['J07BX03', 'J07BN01', 'J07BN02', 'J07BN03', 'J07BN04'],
    forbidden: /covid|sars-?cov|新冠|polyethylene glycol|聚乙二醇/i,
  },
  pneumococcalAdult: {
    id: 'pneumococcalAdult',
    name: said('pneumococcal (PCV20)', '肺炎鏈球菌疫苗（PCV20）'),
    code: cvx('216', 'Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF'),
    cvx: ['33', '100', '109', '133', '152', '177', '215', '216', '327'],
    atc: ['J07AL01', 'J07AL02', 'J07AL52'],
    forbidden: /pneumococc|肺炎鏈球菌|diphtheria|白喉/i,
  },
} as const satisfies Record<string, Vaccine>

/** For adults: what of the pneumococcal vaccines a code stands for. Of ATC J07AL02 the number of types is not known. */
export const polysaccharide = new Set([`${CVX}|33`, `${ATC}|J07AL01`])
export const conjugate20 = new Set([`${CVX}|216`, `${CVX}|327`])

/** Doses of childhood by age in months, until an age at which catching up is a matter of its own. */
export interface Series {
  readonly vaccine: Vaccine
  readonly months: readonly number[]
  /** Days between a dose and the one before it at the least, by dose. */
  readonly apart: readonly number[]
}

export const childhood: readonly Series[] = [
  { vaccine: vaccines.hepatitisB, months: [0, 1, 6], apart: [0, 28, 56] },
  { vaccine: vaccines.bcg, months: [5], apart: [0] },
  { vaccine: vaccines.dtap, months: [2, 4, 6, 18, 60], apart: [0, 28, 28, 180, 180] },
  { vaccine: vaccines.pneumococcalChild, months: [2, 4, 12], apart: [0, 56, 56] },
  { vaccine: vaccines.varicella, months: [12], apart: [0] },
  { vaccine: vaccines.mmr, months: [12, 60], apart: [0, 28] },
  { vaccine: vaccines.japaneseEncephalitis, months: [15, 27], apart: [0, 365] },
  { vaccine: vaccines.hepatitisA, months: [12, 18], apart: [0, 180] },
]

/** Years: children until they go to school. */
export const CHILDHOOD_ENDS = 7
export const OLD_AGE = 65
