/**
 * The alterations that targeted drugs are given for, or fail against, and how they are told from a variant's description.
 * A small sandbox table. Left out: copy number thresholds of ERBB2 (its protein and its ratio are judged instead), rare
 * activating mutations, and what only a molecular tumour board can judge. Exon boundaries of EGFR (NM_005228): 19 is
 * residues 729-761, 20 is 762-823.
 * Sources: HGVS nomenclature (https://hgvs-nomenclature.org); NCCN/ESMO names of alterations as in the labels that
 * targeted-therapies.ts cites; MET copy number at least 5: INSIGHT 2, doi:10.1016/S1470-2045(24)00270-5. Read 2026-11.
 */
import type { Variant } from '../oncology/variant.ts'

/** What is tested together: one test answers for all of a group. */
export type TestGroup =
  | 'EGFR'
  | 'ALK'
  | 'ROS1'
  | 'RET'
  | 'NTRK'
  | 'MET'
  | 'MET copies'
  | 'BRAF'
  | 'KRAS'
  | 'NRAS'
  | 'HER2'
  | 'BRCA'
  | 'MSI'
  | 'TMB'

export type Biomarker =
  | 'egfr-l858r'
  | 'egfr-exon-19-deletion'
  | 'egfr-t790m'
  | 'egfr-c797s'
  | 'egfr-exon-20-insertion'
  | 'egfr-uncommon'
  | 'alk-fusion'
  | 'alk-g1202r'
  | 'ros1-fusion'
  | 'ros1-g2032r'
  | 'ret-fusion'
  | 'ret-mutation'
  | 'ntrk-fusion'
  | 'ntrk-solvent-front'
  | 'met-exon-14'
  | 'met-amplification'
  | 'braf-v600e'
  | 'braf-v600k'
  | 'kras-g12c'
  | 'ras-mutation'
  | 'her2-positive'
  | 'erbb2-mutation'
  | 'brca-pathogenic'
  | 'brca-unexplained'
  | 'msi-high'
  | 'tmb-high'

/** How people call them. */
export const biomarkerNames: Readonly<Record<Biomarker, string>> = {
  'egfr-l858r': 'EGFR L858R',
  'egfr-exon-19-deletion': 'EGFR exon 19 deletion',
  'egfr-t790m': 'EGFR T790M',
  'egfr-c797s': 'EGFR C797S',
  'egfr-exon-20-insertion': 'EGFR exon 20 insertion',
  'egfr-uncommon': 'EGFR G719X / S768I / L861Q',
  'alk-fusion': 'ALK fusion',
  'alk-g1202r': 'ALK G1202R',
  'ros1-fusion': 'ROS1 fusion',
  'ros1-g2032r': 'ROS1 G2032R',
  'ret-fusion': 'RET fusion',
  'ret-mutation': 'RET mutation',
  'ntrk-fusion': 'NTRK fusion',
  'ntrk-solvent-front': 'NTRK solvent-front mutation',
  'met-exon-14': 'MET exon 14 skipping',
  'met-amplification': 'MET amplification',
  'braf-v600e': 'BRAF V600E',
  'braf-v600k': 'BRAF V600K',
  'kras-g12c': 'KRAS G12C',
  'ras-mutation': 'RAS mutation',
  'her2-positive': 'HER2 positive',
  'erbb2-mutation': 'ERBB2 (HER2) mutation',
  'brca-pathogenic': 'BRCA1/2 pathogenic variant',
  'brca-unexplained': 'BRCA1/2 truncating variant, significance not stated',
  'msi-high': 'MSI-H / dMMR',
  'tmb-high': 'TMB-H (at least 10 mutations per megabase)',
}

/** Which tests look at a gene. */
export const groupOfGene: Readonly<Record<string, TestGroup>> = {
  EGFR: 'EGFR',
  ALK: 'ALK',
  ROS1: 'ROS1',
  RET: 'RET',
  NTRK1: 'NTRK',
  NTRK2: 'NTRK',
  NTRK3: 'NTRK',
  MET: 'MET',
  BRAF: 'BRAF',
  KRAS: 'KRAS',
  NRAS: 'NRAS',
  ERBB2: 'HER2',
  BRCA1: 'BRCA',
  BRCA2: 'BRCA',
}

type Told = Pick<Variant, 'proteins' | 'codingChanges' | 'fusion' | 'copyNumber' | 'significance' | 'said'>
type Rule = (variant: Told) => boolean

const protein = (...changes: readonly string[]): Rule => {
  const inWords = new RegExp(`(?<![A-Z0-9])(?:${changes.join('|')})(?![A-Z0-9])`)
  return ({ proteins, said }) =>
    proteins.some(each => changes.includes(each)) ||
    // in words only where no HGVS is given
    (proteins.length === 0 && inWords.test(said))
}

const coding =
  (...changes: readonly string[]): Rule =>
  ({ codingChanges }) =>
    codingChanges.some(each => changes.includes(each))

const either =
  (...rules: readonly Rule[]): Rule =>
  variant =>
    rules.some(rule => rule(variant))

/** First and last residue of a change: [746, 750] of E746_A750del. */
function residues(change: string): [number, number] | undefined {
  const found = /^[A-Z](\d{1,5})(?:_[A-Z](\d{1,5}))?/.exec(change)
  return found ? [Number(found[1]), Number(found[2] ?? found[1])] : undefined
}

const inExon =
  (first: number, last: number, kind: RegExp): Rule =>
  ({ proteins }) =>
    proteins.some(change => {
      const range = residues(change)
      return range !== undefined && range[0] >= first && range[1] <= last && kind.test(change)
    })

const words =
  (pattern: RegExp): Rule =>
  ({ said, proteins }) =>
    proteins.length === 0 && pattern.test(said)

const truncating: Rule = ({ proteins }) => proteins.some(each => /^[A-Z]\d+(?:\*|[A-Z]?fs)/.test(each))
const fusion: Rule = variant => variant.fusion

/** By gene; a variant may be several. The order does not matter. */
export const alterations: readonly (readonly [biomarker: Biomarker, genes: readonly string[], rule: Rule])[] = [
  ['egfr-l858r', ['EGFR'], either(protein('L858R'), coding('c.2573T>G', 'c.2573_2574delinsGT'))],
  [
    'egfr-exon-19-deletion',
    ['EGFR'],
    either(inExon(729, 761, /del/), words(/exon\s*19\s*del|19\s*外顯子缺失|外顯子\s*19\s*缺失|\bex(?:on)?19del/i)),
  ],
  ['egfr-t790m', ['EGFR'], either(protein('T790M'), coding('c.2369C>T'))],
  ['egfr-c797s', ['EGFR'], protein('C797S')],
  [
    'egfr-exon-20-insertion',
    ['EGFR'],
    either(inExon(761, 823, /ins(?!.*del)|dup/), words(/exon\s*20\s*ins|20\s*外顯子插入|外顯子\s*20\s*插入/i)),
  ],
  ['egfr-uncommon', ['EGFR'], protein('S768I', 'L861Q', 'G719A', 'G719C', 'G719S', 'G719D')],
  ['alk-fusion', ['ALK'], fusion],
  ['alk-g1202r', ['ALK'], protein('G1202R')],
  ['ros1-fusion', ['ROS1'], fusion],
  ['ros1-g2032r', ['ROS1'], protein('G2032R')],
  ['ret-fusion', ['RET'], fusion],
  ['ret-mutation', ['RET'], protein('M918T', 'C634R', 'C634Y', 'C634W', 'C634F', 'C634G', 'C634S', 'A883F')],
  ['ntrk-fusion', ['NTRK1', 'NTRK2', 'NTRK3'], fusion],
  ['ntrk-solvent-front', ['NTRK1', 'NTRK3'], protein('G595R', 'G623R')],
  [
    'met-exon-14',
    ['MET'],
    either(
      ({ said }) =>
        /exon\s*14\s*(?:skip|del)|外顯子\s*14\s*(?:跳躍|缺失)|第\s*14\s*外顯子(?:跳躍|缺失)|METex14/i.test(said),
      ({ codingChanges }) => codingChanges.some(each => /^c\.(?:3028|3082)\+[123](?!\d)/.test(each)),
    ),
  ],
  [
    'met-amplification',
    ['MET'],
    ({ copyNumber, said }) => (copyNumber !== undefined ? copyNumber >= 5 : /amplif|擴增/i.test(said)),
  ],
  ['braf-v600e', ['BRAF'], either(protein('V600E'), coding('c.1799T>A', 'c.1799_1800delinsAA'))],
  ['braf-v600k', ['BRAF'], either(protein('V600K'), coding('c.1798_1799delinsAA'))],
  ['kras-g12c', ['KRAS'], either(protein('G12C'), coding('c.34G>T'))],
  [
    'ras-mutation',
    ['KRAS', 'NRAS'],
    either(
      ({ proteins }) => proteins.some(each => /^(?:G12|G13|A59|Q61|K117|A146)[A-Z]$/.test(each)),
      words(/\b(?:G12|G13|A59|Q61|K117|A146)[A-Z]\b/),
    ),
  ],
  [
    'erbb2-mutation',
    ['ERBB2'],
    either(
      inExon(769, 784, /ins(?!.*del)|dup/),
      protein('S310F', 'S310Y', 'L755S', 'L755P', 'V777L', 'V842I', 'G776C', 'R678Q'),
    ),
  ],
  ['her2-positive', ['ERBB2'], ({ said, proteins }) => proteins.length === 0 && /amplif|擴增/i.test(said)],
  ['brca-pathogenic', ['BRCA1', 'BRCA2'], ({ significance }) => significance === 'pathogenic'],
  ['brca-unexplained', ['BRCA1', 'BRCA2'], variant => variant.significance === undefined && truncating(variant)],
]

/** What a variant of a gene is. */
export const alterationsOf = (genes: readonly string[], variant: Told): readonly Biomarker[] =>
  alterations.filter(([, of, rule]) => of.some(gene => genes.includes(gene)) && rule(variant)).map(([name]) => name)
