/**
 * Stage groups of the AJCC manual, 8th edition, from T, N and M: lung, colon and rectum, and the anatomic stage of the breast.
 * A small sandbox table. Left out: all other tumours but for "distant metastasis is stage IV"; breast prognostic stages, which
 * need grade and receptors; and every combination with X or an unusual category, of which nothing is then said.
 * Sources (read 2026-11): Amin et al., CA Cancer J Clin 2017, doi:10.3322/caac.21388; Goldstraw et al., J Thorac Oncol 2016,
 * doi:10.1016/j.jtho.2015.09.009; PDQ colon and breast cancer treatment (National Cancer Institute).
 */
import type { Evidence } from '../words.ts'
import type { TumourType } from './tumour-types.ts'

export const AJCC8: Evidence = {
  label: 'AJCC Cancer Staging Manual, 8th edition (Amin et al., CA Cancer J Clin 2017)',
  url: 'https://doi.org/10.3322/caac.21388',
}
const LUNG: Evidence = {
  label: 'IASLC stage groups for TNM 8 of lung cancer (Goldstraw et al., J Thorac Oncol 2016)',
  url: 'https://doi.org/10.1016/j.jtho.2015.09.009',
}
const COLON: Evidence = {
  label: 'PDQ Colon Cancer Treatment: stage information (NCI)',
  url: 'https://www.cancer.gov/types/colorectal/hp/colon-treatment-pdq',
}
const BREAST: Evidence = {
  label: 'PDQ Breast Cancer Treatment: stage information (NCI)',
  url: 'https://www.cancer.gov/types/breast/hp/breast-treatment-pdq',
}

/** Groups by patterns of T and N with M0, and by M1. A pattern fits a category that it begins: `1` fits 1a, 1b. The first that fits is right. */
export interface GroupTable {
  readonly m0: readonly (readonly [t: readonly string[], n: readonly string[], groups: readonly string[]])[]
  /** By what follows M1; the first that fits. */
  readonly m1: readonly (readonly [m: string, groups: readonly string[]])[]
  readonly evidence: Evidence
}

const lung: GroupTable = {
  evidence: LUNG,
  m0: [
    [['is'], ['0'], ['0']],
    [['1mi', '1a'], ['0'], ['IA1']],
    [['1b'], ['0'], ['IA2']],
    [['1c'], ['0'], ['IA3']],
    [['1'], ['0'], ['IA1', 'IA2', 'IA3']],
    [['2a'], ['0'], ['IB']],
    [['2b'], ['0'], ['IIA']],
    [['2'], ['0'], ['IB', 'IIA']],
    [['3'], ['0'], ['IIB']],
    [['1', '2'], ['1'], ['IIB']],
    [['4'], ['0', '1'], ['IIIA']],
    [['3'], ['1'], ['IIIA']],
    [['1', '2'], ['2'], ['IIIA']],
    [['3', '4'], ['2'], ['IIIB']],
    [['1', '2'], ['3'], ['IIIB']],
    [['3', '4'], ['3'], ['IIIC']],
  ],
  m1: [
    ['1a', ['IVA']],
    ['1b', ['IVA']],
    ['1c', ['IVB']],
    ['1', ['IVA', 'IVB']],
  ],
}

const colorectal: GroupTable = {
  evidence: COLON,
  m0: [
    [['is'], ['0'], ['0']],
    [['1', '2'], ['0'], ['I']],
    [['3'], ['0'], ['IIA']],
    [['4a'], ['0'], ['IIB']],
    [['4b'], ['0'], ['IIC']],
    [['4'], ['0'], ['IIB', 'IIC']],
    [['1', '2'], ['1'], ['IIIA']],
    [['1'], ['2a'], ['IIIA']],
    [['3', '4a'], ['1'], ['IIIB']],
    [['2', '3'], ['2a'], ['IIIB']],
    [['1', '2'], ['2b'], ['IIIB']],
    [['4a'], ['2'], ['IIIC']],
    [['3'], ['2b'], ['IIIC']],
    [['4b'], ['1', '2'], ['IIIC']],
    [['1'], ['2'], ['IIIA', 'IIIB']],
    [['2'], ['2'], ['IIIB']],
    [['3'], ['2'], ['IIIB', 'IIIC']],
    [['4'], ['1'], ['IIIB', 'IIIC']],
    [['4'], ['2'], ['IIIC']],
  ],
  m1: [
    ['1a', ['IVA']],
    ['1b', ['IVB']],
    ['1c', ['IVC']],
    ['1', ['IVA', 'IVB', 'IVC']],
  ],
}

const breastAnatomic: GroupTable = {
  evidence: BREAST,
  m0: [
    [['is'], ['0'], ['0']],
    [['1'], ['0'], ['IA']],
    [['0', '1'], ['1mi'], ['IB']],
    [['0', '1'], ['1'], ['IIA']],
    [['2'], ['0'], ['IIA']],
    [['2'], ['1'], ['IIB']],
    [['3'], ['0'], ['IIB']],
    [['0', '1', '2'], ['2'], ['IIIA']],
    [['3'], ['1', '2'], ['IIIA']],
    [['4'], ['0', '1', '2'], ['IIIB']],
    [['0', '1', '2', '3', '4'], ['3'], ['IIIC']],
  ],
  m1: [['1', ['IV']]],
}

/** Of a stage that may be prognostic only what both ways have in common. */
const breastEither: GroupTable = {
  evidence: BREAST,
  m0: [
    [['is'], ['0'], ['0']],
    [
      ['1', '2', '3', '4'],
      ['0', '1', '2', '3'],
      ['I', 'II', 'III'],
    ],
  ],
  m1: [['1', ['IV']]],
}

/** Where distant metastasis always is stage IV. Not so of thyroid and testis. */
const metastaticIsIV: GroupTable = { evidence: AJCC8, m0: [], m1: [['1', ['IV']]] }

const MORE: readonly TumourType[] = [
  'head and neck',
  'nasopharynx',
  'oesophagus',
  'stomach',
  'small intestine',
  'liver',
  'bile duct',
  'pancreas',
  'melanoma',
  'ovary',
  'cervix',
  'endometrium',
  'prostate',
  'kidney',
  'bladder',
]

const tables: Readonly<Partial<Record<TumourType, GroupTable>>> = {
  ...Object.fromEntries(MORE.map(type => [type, metastaticIsIV])),
  lung,
  'small-cell lung': lung,
  colorectal,
  breast: breastEither,
}

/** The table for a tumour. `anatomic`: the stage of a breast cancer is said to be the anatomic one. */
export const tableFor = (type: TumourType, anatomic: boolean): GroupTable | undefined =>
  type === 'breast' && anatomic ? breastAnatomic : tables[type]

/** The groups that T, N and M lead to, each what follows the letter (`2a`, `is`, `1mi`); undefined when the table does not say. */
export function groupsOf(table: GroupTable, t: string, n: string, m: string): readonly string[] | undefined {
  if (m.startsWith('1')) return table.m1.find(([pattern]) => m.startsWith(pattern))?.[1]
  if (m !== '0') return undefined
  const fits = (patterns: readonly string[], category: string) => patterns.some(each => category.startsWith(each))
  return table.m0.find(([ts, ns]) => fits(ts, t) && fits(ns, n))?.[2]
}
