/**
 * What is known of the molecules of a patient's tumours: every biomarker that was found, and every test that found none.
 * https://hl7.org/fhir/us/mcode/group-genomics.html
 */
import { alterationsOf, type Biomarker, groupOfGene, type TestGroup } from '../knowledge/alterations.ts'
import { type MarkerTest, testByCode } from '../knowledge/marker-tests.ts'
import { codings, label, text, type Values, words } from './json.ts'
import { aboutOf, isCoded, quantityLabel, valueLabel, whenOf } from './resources.ts'
import {
  componentsOf,
  genesOf,
  implications,
  notes,
  proteinChange,
  REGION_STUDIED,
  type Variant,
  VARIANT,
  variantOf,
} from './variant.ts'
import { against, type Verdict, verdictOf } from './verdict.ts'

export interface Finding {
  readonly groups: readonly TestGroup[]
  readonly verdict: Verdict
  /** What was found; empty for a variant that our table does not know. */
  readonly biomarkers: readonly Biomarker[]
  /** As it is read aloud: `EGFR L858R`, `MSI-H`. */
  readonly what: string
  readonly when: string | undefined
  /** `Condition/1` of the cancers it is said to be about; empty when it does not say. */
  readonly about: readonly string[]
  readonly germline: boolean
}

/** All findings in observations that stand, in their order (newest first). */
export function findingsIn(observations: readonly Values[]): readonly Finding[] {
  const meanings = implications(observations)
  return observations.flatMap(observation => {
    if (isCoded(observation, VARIANT)) return variantFinding(observation, meanings)
    if (isCoded(observation, REGION_STUDIED)) return studied(observation)
    const own = testFinding(observation, observation)
    // a panel holds its markers as components
    return [...own, ...componentsOf(observation).flatMap(component => testFinding(component, observation))]
  })
}

const groupsOf = (genes: readonly string[]): readonly TestGroup[] => [
  ...new Set(genes.flatMap(gene => groupOfGene[gene] ?? [])),
]

function variantFinding(observation: Values, meanings: ReadonlyMap<string, Variant['significance']>): Finding[] {
  const variant = variantOf(observation)
  const groups = groupsOf(variant.genes)
  if (variant.genes.length === 0) return []
  const verdict = verdictOf({
    valueCodeableConcept: observation.valueCodeableConcept,
    valueBoolean: observation.valueBoolean,
  })
  const significance =
    variant.significance ??
    (typeof observation.id === 'string' ? meanings.get(`Observation/${observation.id}`) : undefined)
  const biomarkers = verdict === 'found' ? alterationsOf(variant.genes, { ...variant, significance }) : []
  return [
    {
      groups,
      verdict,
      biomarkers,
      what: variantLabel(variant),
      when: whenOf(observation),
      about: aboutOf(observation),
      germline: variant.germline,
    },
  ]
}

/** `EGFR L858R`, `EML4-ALK fusion`, `MET copy number 9`. */
function variantLabel({ genes, proteins, codingChanges, fusion, copyNumber }: Variant): string {
  const gene = genes.slice(0, 3).join('-')
  const change = proteins[0] ?? codingChanges[0]
  if (fusion) return `${gene} fusion`
  if (change !== undefined) return `${gene} ${change.slice(0, 60)}`
  return copyNumber === undefined ? gene : `${gene} copy number ${copyNumber}`
}

const studied = (observation: Values): Finding[] => {
  const genes = genesOf(observation)
  const groups = groupsOf(genes)
  return groups.length === 0
    ? []
    : [
        {
          groups,
          // looked at: what was found stands in variants of its own
          verdict: 'not found',
          biomarkers: [],
          what: `${genes.slice(0, 3).join(', ')}: sequenced`,
          when: whenOf(observation),
          about: aboutOf(observation),
          germline: false,
        },
      ]
}

function testFinding(of: Values, observation: Values): Finding[] {
  const test = codings(of.code)
    .map(({ code }) => testByCode.get(code))
    .find(Boolean)
  if (!test) return []
  const [verdict, biomarkers] = readTest(test, of)
  const value = valueLabel(of)
  return [
    {
      groups: test.groups,
      verdict,
      biomarkers,
      what: [label(of.code) ?? test.groups.join('/'), value].filter(Boolean).join(': ').slice(0, 200),
      when: whenOf(observation),
      about: aboutOf(observation),
      germline: false,
    },
  ]
}

function readTest(test: MarkerTest, of: Values): readonly [Verdict, readonly Biomarker[]] {
  const said = `${words(of.valueCodeableConcept)} ${text(of.valueString) ?? ''} ${notes(of).join(' ')}`
  switch (test.reads) {
    case 'HER2 stain':
      return found(readStain(of, said), 'her2-positive')
    case 'HER2 ratio':
      return found(atLeast(of, 2), 'her2-positive')
    case 'TMB':
      return found(atLeast(of, 10), 'tmb-high')
    case 'MSI':
      return found(readInstability(of, said), 'msi-high')
    case 'MMR':
      return found(readRepair(of, said), 'msi-high')
    default:
      return readMutation(test, of, said)
  }
}

const found = (verdict: Verdict, biomarker: Biomarker): readonly [Verdict, readonly Biomarker[]] => [
  verdict,
  verdict === 'found' ? [biomarker] : [],
]

function readMutation(test: MarkerTest, of: Values, said: string): readonly [Verdict, readonly Biomarker[]] {
  const proteins = said
    .split(/[\s,;，、；]+/)
    .slice(0, 200)
    .flatMap(word => proteinChange(word) ?? [])
    .filter(change => /^[A-Z]\d+(?:[A-Z*]$|_|del|dup|ins)/.test(change))
  const told = { proteins, codingChanges: [], fusion: false, copyNumber: undefined, significance: undefined, said }
  const verdict = verdictOf(of)
  const named = test.genes && verdict !== 'not found' ? alterationsOf(test.genes, told) : []
  if (named.length > 0) return ['found', named]
  // a mutation that nobody names may be any
  if (verdict === 'found') return test.means ? ['found', [test.means]] : ['unclear', []]
  return [verdict, []]
}

function atLeast({ valueQuantity, valueInteger }: Values, threshold: number): Verdict {
  const side = against(valueQuantity ?? { value: valueInteger }, threshold)
  return side === undefined ? 'unclear' : side === 'at least' ? 'found' : 'not found'
}

/** ASCO/CAP: 3+ is positive, 0 and 1+ are negative, 2+ is decided by in situ hybridization. */
function readStain(of: Values, said: string): Verdict {
  const score = /(?<![\d.])([0-3])\s*\+/.exec(said)?.[1] ?? /^\s*(?:score\s*)?([0-3])\s*$/i.exec(said)?.[1]
  const number =
    score ?? (typeof of.valueInteger === 'number' ? String(of.valueInteger) : quantityLabel(of.valueQuantity))
  if (number === '3') return 'found'
  if (number === '2') return 'unclear'
  if (number === '0' || number === '1') return 'not found'
  return verdictOf(of)
}

function readInstability(of: Values, said: string): Verdict {
  if (/LA26203-2|MSI-?H\b|MSI[- ]high|instability[- ]high|高度(?:微衛星)?不穩定/i.test(said)) return 'found'
  if (/\bMSS\b|MSI-?L\b|MSI[- ]low|microsatellite stable|(?:^|[^不])穩定|低度不穩定/i.test(said)) return 'not found'
  return verdictOf(of)
}

/** A lost protein means deficient repair. */
function readRepair(of: Values, said: string): Verdict {
  const abnormal = codings({ coding: (Array.isArray(of.interpretation) ? of.interpretation : []).flatMap(codings) })
  if (/pMMR|proficient|no loss|not lost|無缺失|未缺失/i.test(said)) return 'not found'
  if (/dMMR|deficient|\bloss\b|\blost\b|缺失/i.test(said)) return 'found'
  if (abnormal.some(({ code }) => code === 'A' || code === 'AA')) return 'found'
  if (abnormal.some(({ code }) => code === 'N')) return 'not found'
  return /intact|retained|正常/i.test(said) ? 'not found' : 'unclear'
}
