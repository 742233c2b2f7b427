/**
 * Which tumour a diagnosis is: ICD-10-CM categories and a few SNOMED CT concepts, to the groups that staging and targeted
 * therapy speak of. A small table: what is not here is `other`, and a service that needs to know the tumour is then silent.
 * Left out: benign and uncertain neoplasms, and SNOMED CT's hierarchy.
 * https://www.cdc.gov/nchs/icd/icd-10-cm/ (chapter 2, C00-D49; read 2026-11)
 */

export type TumourType =
  | 'head and neck'
  | 'nasopharynx'
  | 'oesophagus'
  | 'stomach'
  | 'small intestine'
  | 'colorectal'
  | 'anus'
  | 'liver'
  | 'bile duct'
  | 'pancreas'
  | 'lung'
  | 'small-cell lung'
  | 'mesothelioma'
  | 'melanoma'
  | 'soft tissue'
  | 'breast'
  | 'cervix'
  | 'endometrium'
  | 'ovary'
  | 'prostate'
  | 'testis'
  | 'kidney'
  | 'bladder'
  | 'thyroid'
  | 'brain'
  | 'lymphoma'
  | 'myeloma'
  | 'leukaemia'
  | 'unknown primary'
  | 'other'

/** By ICD-10-CM code without its dot; the longest prefix that fits decides. */
export const byIcd10: Readonly<Record<string, TumourType>> = {
  ...Object.fromEntries(
    ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '12', '13', '14', '30', '31', '32'].map(code => [
      `C${code}`,
      'head and neck' as const,
    ]),
  ),
  C11: 'nasopharynx',
  C15: 'oesophagus',
  C16: 'stomach',
  C17: 'small intestine',
  C18: 'colorectal',
  C19: 'colorectal',
  C20: 'colorectal',
  C21: 'anus',
  C220: 'liver',
  C221: 'bile duct',
  C22: 'other',
  C23: 'bile duct',
  C24: 'bile duct',
  C25: 'pancreas',
  C34: 'lung',
  C45: 'mesothelioma',
  C43: 'melanoma',
  C49: 'soft tissue',
  C50: 'breast',
  C53: 'cervix',
  C54: 'endometrium',
  C55: 'other',
  C56: 'ovary',
  C570: 'ovary',
  C61: 'prostate',
  C62: 'testis',
  C64: 'kidney',
  C67: 'bladder',
  C70: 'brain',
  C71: 'brain',
  C72: 'brain',
  C73: 'thyroid',
  C80: 'unknown primary',
  C81: 'lymphoma',
  C82: 'lymphoma',
  C83: 'lymphoma',
  C84: 'lymphoma',
  C85: 'lymphoma',
  C86: 'lymphoma',
  C88: 'lymphoma',
  C90: 'myeloma',
  C901: 'leukaemia',
  C91: 'leukaemia',
  C92: 'leukaemia',
  C93: 'leukaemia',
  C94: 'leukaemia',
  C95: 'leukaemia',
  C96: 'other',
}

/** By SNOMED CT code, for records without ICD-10-CM. */
export const bySnomed: Readonly<Record<string, TumourType>> = {
  '254637007': 'lung', // Non-small cell lung cancer
  '424132000': 'lung', // Non-small cell carcinoma of lung, TNM stage 1
  '254626006': 'lung', // Adenocarcinoma of lung
  '254632001': 'small-cell lung', // Small cell carcinoma of lung
  '67811000119102': 'small-cell lung', // Primary small cell malignant neoplasm of lung, TNM stage 1
  '254837009': 'breast', // Malignant neoplasm of breast
  '408643008': 'breast', // Infiltrating duct carcinoma of breast
  '363406005': 'colorectal', // Malignant tumor of colon
  '93761005': 'colorectal', // Primary malignant neoplasm of colon
  '109838007': 'colorectal', // Overlapping malignant neoplasm of colon
  '363351006': 'colorectal', // Malignant tumor of rectum
  '363349007': 'stomach', // Malignant tumor of stomach
  '363418001': 'pancreas', // Malignant tumor of pancreas
  '363419009': 'pancreas', // Malignant tumor of head of pancreas
  '109841003': 'liver', // Liver cell carcinoma
  '399068003': 'prostate', // Malignant tumor of prostate
  '363443007': 'ovary', // Malignant tumor of ovary
  '276804009': 'oesophagus', // Squamous cell carcinoma of esophagus
  '307502000': 'head and neck', // Squamous cell carcinoma of mouth
  '372244006': 'melanoma', // Malignant melanoma
  '363478007': 'thyroid', // Malignant tumor of thyroid gland
  '109989006': 'myeloma', // Multiple myeloma
  '118600007': 'lymphoma', // Malignant lymphoma
  '93143009': 'leukaemia', // Leukemia
}

/** Those that the TNM system of the AJCC manual stages. Brain tumours and blood cancers have other systems; the rest is not known to us. */
export const stagedByTnm: ReadonlySet<TumourType> = new Set<TumourType>([
  'head and neck',
  'nasopharynx',
  'oesophagus',
  'stomach',
  'small intestine',
  'colorectal',
  'anus',
  'liver',
  'bile duct',
  'pancreas',
  'lung',
  'small-cell lung',
  'melanoma',
  'breast',
  'cervix',
  'endometrium',
  'ovary',
  'prostate',
  'testis',
  'kidney',
  'bladder',
  'thyroid',
])

export const bloodCancers: ReadonlySet<TumourType> = new Set<TumourType>(['lymphoma', 'myeloma', 'leukaemia'])
