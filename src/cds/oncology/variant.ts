/**
 * Genomic variants as mCODE and the genomics reporting guide record them: gene, HGVS, kind, and what it means.
 * https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-genomic-variant.html
 */
import { codings, hasCode, list, object, text, type Values, words } from './json.ts'

export interface Variant {
  /** HGNC symbols: two of a fusion. */
  readonly genes: readonly string[]
  /** Protein changes in one-letter form, without reference: `L858R`, `E746_A750del`. */
  readonly proteins: readonly string[]
  /** Coding changes without reference: `c.2573T>G`. */
  readonly codingChanges: readonly string[]
  readonly fusion: boolean
  readonly copyNumber: number | undefined
  /** pathogenic (also likely), benign (also likely), uncertain; undefined when it is not said. */
  readonly significance: Significance | undefined
  readonly germline: boolean
  /** All that is written of it, for what is only said in words. */
  readonly said: string
}

export type Significance = 'pathogenic' | 'benign' | 'uncertain'

export const VARIANT = new Set(['69548-6'])
export const REGION_STUDIED = new Set(['53041-0'])
const GENE = new Set(['48018-6'])
const CODING = new Set(['48004-6'])
const PROTEIN = new Set(['48005-3'])
const COPIES = new Set(['82155-3'])
const SIGNIFICANCE = new Set(['53037-8'])
const SOURCE = new Set(['48002-0'])

/** HGNC ids of the genes that our tables name. https://www.genenames.org */
const hgnc: Readonly<Record<string, string>> = {
  'HGNC:3236': 'EGFR',
  'HGNC:427': 'ALK',
  'HGNC:10261': 'ROS1',
  'HGNC:9967': 'RET',
  'HGNC:8031': 'NTRK1',
  'HGNC:8032': 'NTRK2',
  'HGNC:8033': 'NTRK3',
  'HGNC:7029': 'MET',
  'HGNC:1097': 'BRAF',
  'HGNC:6407': 'KRAS',
  'HGNC:7989': 'NRAS',
  'HGNC:3430': 'ERBB2',
  'HGNC:1100': 'BRCA1',
  'HGNC:1101': 'BRCA2',
}

/** The components of an observation, at most so many. */
export const componentsOf = ({ component }: Values): readonly Values[] => list(component).slice(0, 100).map(object)

/** The gene of a gene-studied value, as HGNC's symbol. */
export function geneOf({ valueCodeableConcept, valueString }: Values): string | undefined {
  const known = codings(valueCodeableConcept).map(({ code }) => hgnc[code.startsWith('HGNC:') ? code : `HGNC:${code}`])
  const symbol = known.find(Boolean) ?? symbolIn(words(valueCodeableConcept)) ?? symbolIn(text(valueString) ?? '')
  return symbol === 'HER2' ? 'ERBB2' : symbol
}

const symbolIn = (written: string): string | undefined =>
  written.split(/[^A-Za-z0-9-]+/).find(word => /^[A-Z][A-Z0-9-]{1,14}$/.test(word) && !word.startsWith('HGNC'))

/** The genes of an observation's components. */
export const genesOf = (observation: Values): readonly string[] => [
  ...new Set(
    componentsOf(observation)
      .filter(({ code }) => hasCode(code, GENE))
      .flatMap(component => geneOf(component) ?? []),
  ),
]

export function variantOf(observation: Values): Variant {
  const components = componentsOf(observation)
  const valuesOf = (codes: ReadonlySet<string>) => components.filter(({ code }) => hasCode(code, codes))
  const written = (codes: ReadonlySet<string>) =>
    valuesOf(codes).flatMap(({ valueCodeableConcept, valueString }) => [
      ...codings(valueCodeableConcept).map(({ code }) => code),
      text(object(valueCodeableConcept).text) ?? '',
      text(valueString) ?? '',
    ])
  const proteins = written(PROTEIN).flatMap(each => proteinChange(each) ?? [])
  const genes = genesOf(observation)
  const said = [
    words(observation.valueCodeableConcept),
    text(observation.valueString) ?? '',
    ...components.map(
      ({ valueCodeableConcept, valueString }) => `${words(valueCodeableConcept)} ${text(valueString) ?? ''}`,
    ),
    ...notes(observation),
  ].join(' ')
  const [copies] = valuesOf(COPIES).map(({ valueQuantity }) => object(valueQuantity).value)
  const codingChanges = [...new Set(written(CODING).flatMap(each => /[cn]\.[^\s)]+$/.exec(each)?.[0] ?? []))]
  const small = proteins.length > 0 || codingChanges.length > 0 || copies !== undefined
  return {
    genes,
    proteins: [...new Set(proteins)],
    codingChanges,
    fusion: FUSION.test(said) || (genes.length > 1 && !small),
    copyNumber: typeof copies === 'number' ? copies : undefined,
    significance: significanceIn(valuesOf(SIGNIFICANCE)),
    germline: written(SOURCE).some(each => each === 'LA6683-2' || /germline|生殖系/i.test(each)),
    said,
  }
}

/** A fusion in words, in HGVS (`::`), in ISCN (`t(`, `inv(`) or as a term of the Sequence Ontology. */
const FUSION = /fusion|rearrang|融合|重組|重排|::|\bt\(\d|\binv\(\d|SO:0001565/i

export const notes = ({ note }: Values): readonly string[] =>
  list(note)
    .slice(0, 20)
    .flatMap(each => text(object(each).text) ?? [])

/** What ClinVar's terms say in LOINC answers or in words. */
export function significanceIn(components: readonly Values[]): Significance | undefined {
  const said = components.map(({ valueCodeableConcept }) => words(valueCodeableConcept)).join(' ')
  if (said.trim() === '') return undefined
  if (/LA26333-7|uncertain|conflicting|VUS|意義不明/i.test(said)) return 'uncertain'
  if (/LA6675-8|LA26334-5|benign|良性/i.test(said)) return 'benign'
  return /LA6668-3|LA26332-9|pathogenic|致病/i.test(said) ? 'pathogenic' : undefined
}

/** Of observations that give a meaning to others (genomics reporting): `Observation/1` → its significance. */
export function implications(observations: readonly Values[]): ReadonlyMap<string, Significance> {
  const found = new Map<string, Significance>()
  for (const observation of observations) {
    if (!Array.isArray(observation.derivedFrom)) continue
    const meant = significanceIn(componentsOf(observation).filter(({ code }) => hasCode(code, SIGNIFICANCE)))
    if (!meant) continue
    for (const each of list(observation.derivedFrom).slice(0, 20)) {
      const { reference } = object(each)
      const key = typeof reference === 'string' ? /Observation\/[A-Za-z0-9\-.]{1,64}/.exec(reference)?.[0] : undefined
      if (key) found.set(key, meant)
    }
  }
  return found
}

const LETTERS: Readonly<Record<string, string>> = {
  Ala: 'A',
  Arg: 'R',
  Asn: 'N',
  Asp: 'D',
  Cys: 'C',
  Gln: 'Q',
  Glu: 'E',
  Gly: 'G',
  His: 'H',
  Ile: 'I',
  Leu: 'L',
  Lys: 'K',
  Met: 'M',
  Phe: 'F',
  Pro: 'P',
  Ser: 'S',
  Thr: 'T',
  Trp: 'W',
  Tyr: 'Y',
  Val: 'V',
  Ter: '*',
}
const RESIDUE = new RegExp(Object.keys(LETTERS).join('|'), 'g')

/** `NP_005219.2:p.(Leu858Arg)` as `L858R`; undefined for what is no protein change. */
export function proteinChange(written: string): string | undefined {
  const bare = written
    .slice(0, 300)
    .replace(/^.*:(?=p\.)/, '')
    .replace(/^p\./, '')
    .replace(/[()[\]]/g, '')
  const short = bare.replace(RESIDUE, residue => LETTERS[residue]!).replace(/X$/, '*')
  return /^[A-Z]\d+/.test(short) ? short : undefined
}
