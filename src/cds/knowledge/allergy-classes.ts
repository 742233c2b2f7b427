/**
 * Which drugs an allergy speaks of: by class, by SNOMED CT code of substance or finding, and by name.
 * A small sandbox table; it leaves out food, dyes and excipients, vaccines, contrast media, and all classes that are not named.
 * ATC classes: https://atcddd.fhi.no/atc_ddd_index/
 */
import type { Evidence } from '../words.ts'
import { said, type Said } from '../card.ts'

export interface AllergyClass {
  readonly id: string
  readonly name: Said
  /** Beginnings of ATC codes that belong to it. */
  readonly atc: readonly string[]
  /** Drugs of it by generic name, where ATC puts them elsewhere. */
  readonly drugs?: readonly string[]
  /** SNOMED CT: the class as a substance, or the allergy to it. */
  readonly snomed: readonly string[]
  /** Words that name the class in a text; regular expressions without flags, matched without regard to case. */
  readonly words: RegExp
}

export const allergyClasses: readonly AllergyClass[] = [
  {
    id: 'penicillins',
    name: said('penicillins', '青黴素類'),
    atc: ['J01CA', 'J01CE', 'J01CF', 'J01CR'],
    snomed: ['764146007', '373270004', '91936005'],
    words: /\bpenicillins?\b|盤尼西林|青黴素/i,
  },
  {
    id: 'cephalosporins',
    name: said('cephalosporins', '頭孢菌素類'),
    atc: ['J01DB', 'J01DC', 'J01DD', 'J01DE'],
    snomed: ['764147003', '294532003'],
    words: /\b(?:cephalosporins?|cefalosporins?)\b|頭孢菌素|頭孢子菌素/i,
  },
  {
    id: 'carbapenems',
    name: said('carbapenems', '碳青黴烯類'),
    atc: ['J01DH'],
    snomed: ['396345004'],
    words: /\bcarbapenems?\b|碳青黴烯/i,
  },
  {
    id: 'sulfonamides',
    name: said('sulfonamide antibiotics', '磺胺類抗生素'),
    atc: ['J01EB', 'J01EC', 'J01ED', 'J01EE'],
    drugs: ['sulfasalazine'],
    snomed: ['387406002', '91939003'],
    words: /\b(?:sulfa(?: drugs?)?|sulpha|sulfonamides?|sulphonamides?)\b|磺胺/i,
  },
  {
    id: 'nsaids',
    name: said('non-steroidal anti-inflammatory drugs', '非類固醇消炎止痛藥'),
    atc: ['M01A'],
    drugs: ['aspirin'],
    snomed: ['372665008'],
    words: /\b(?:nsaids?|non-?steroidal anti-?inflammator(?:y|ies))\b|非類固醇/i,
  },
  {
    id: 'macrolides',
    name: said('macrolides', '巨環類抗生素'),
    atc: ['J01FA'],
    snomed: [],
    words: /\bmacrolides?\b|巨環類/i,
  },
  {
    id: 'fluoroquinolones',
    name: said('fluoroquinolones', '氟喹諾酮類'),
    atc: ['J01MA'],
    snomed: [],
    words: /\b(?:fluoro)?quinolones?\b|喹諾酮/i,
  },
  {
    id: 'platinum',
    name: said('platinum compounds', '鉑類'),
    atc: ['L01XA'],
    snomed: [],
    words: /\bplatinum(?: compounds?| agents?)\b|鉑類/i,
  },
  {
    id: 'taxanes',
    name: said('taxanes', '紫杉烷類'),
    atc: ['L01CD'],
    snomed: [],
    words: /\btaxanes?\b|紫杉烷/i,
  },
]

/** SNOMED CT codes of single drugs, as substance or as allergy. */
export const allergyDrugs: ReadonlyMap<string, string> = new Map([
  ['372687004', 'amoxicillin'],
  ['294505008', 'amoxicillin'],
  ['387458008', 'aspirin'],
  ['293586001', 'aspirin'],
  ['293585002', 'aspirin'],
  ['387207008', 'ibuprofen'],
  ['387135004', 'allopurinol'],
  ['373529000', 'morphine'],
  ['372735009', 'vancomycin'],
  ['372602008', 'metronidazole'],
])

/** Who reacts to one class may react to another. */
export interface CrossReaction {
  /** Class the patient is allergic to, and the one that is ordered. */
  readonly from: string
  readonly to: string
  /** Only these drugs of `to`; all when not given. */
  readonly drugs?: readonly string[]
  readonly says: Said
  /** So seldom that it is told for information only, however severe the allergy. */
  readonly isRare?: true
  readonly evidence: Evidence
}

const ROMANO: Evidence = {
  label: 'Romano et al., J Asthma Allergy 2021;14:31-46 (β-lactam allergy and cross-reactivity)',
  url: 'https://doi.org/10.2147/JAA.S242061',
}

export const crossReactions: readonly CrossReaction[] = [
  {
    from: 'penicillins',
    to: 'cephalosporins',
    drugs: ['cefalexin', 'cefaclor'],
    says: said(
      'Amoxicillin and ampicillin share a side chain with this cephalosporin; in allergy to aminopenicillins more than 30% may react to it.',
      '此頭孢菌素與 amoxicillin、ampicillin 有相同或相似側鏈；對胺基青黴素過敏者，交叉反應可能超過 30%。',
    ),
    evidence: ROMANO,
  },
  {
    from: 'penicillins',
    to: 'cephalosporins',
    says: said(
      'Cross-reaction follows the side chain and is rare with cephalosporins whose side chain differs. Ask what happened and how severe it was.',
      '交叉反應取決於側鏈；側鏈不同之頭孢菌素少見交叉反應。請詢問當時反應與嚴重程度。',
    ),
    evidence: ROMANO,
  },
  {
    from: 'cephalosporins',
    to: 'penicillins',
    says: said(
      'Cross-reaction follows the side chain. Ask which cephalosporin it was, and what happened.',
      '交叉反應取決於側鏈。請詢問當時是哪一種頭孢菌素及其反應。',
    ),
    evidence: ROMANO,
  },
  {
    from: 'penicillins',
    to: 'carbapenems',
    isRare: true,
    says: said(
      'In prospective studies fewer than 1% of those allergic to penicillins reacted to carbapenems.',
      '前瞻性研究中，青黴素過敏者對碳青黴烯類發生反應者不到 1%。',
    ),
    evidence: ROMANO,
  },
]
