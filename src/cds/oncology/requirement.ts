/**
 * Whether the record has the biomarker that a drug needs.
 * https://www.fda.gov/medical-devices/in-vitro-diagnostics/list-cleared-or-approved-companion-diagnostic-devices-in-vitro-and-imaging-tools
 */
import { type Requirement, requirements } from '../knowledge/biomarker-requirements.ts'
import type { DrugName } from '../knowledge/targeted-drugs.ts'
import { bloodCancers } from '../knowledge/tumour-types.ts'
import type { Cancer } from './cancers.ts'
import type { Finding } from './findings.ts'

export type Standing =
  | { readonly is: 'met' }
  | { readonly is: 'negative' | 'absent'; readonly results: readonly Finding[] }

/** What the results say to a requirement. */
export function standing({ any, none, groups, onlyTested }: Requirement, findings: readonly Finding[]): Standing {
  const results = findings.filter(finding => finding.groups.some(group => groups.includes(group)))
  const has = (biomarkers: readonly string[]) =>
    results.filter(({ verdict, biomarkers: own }) => verdict === 'found' && own.some(each => biomarkers.includes(each)))
  const clear = results.filter(({ verdict }) => verdict !== 'unclear')
  if (none) {
    const forbidden = has(none)
    if (forbidden.length > 0) return { is: 'negative', results: forbidden }
    const tested = groups.every(group => clear.some(finding => finding.groups.includes(group)))
    return tested ? { is: 'met' } : { is: 'absent', results }
  }
  if (has(any ?? []).length > 0) return { is: 'met' }
  // a test of one gene says nothing of the other that would do as well
  const tested = groups.every(group => clear.some(finding => finding.groups.includes(group)))
  if (!tested) return { is: 'absent', results }
  return onlyTested ? { is: 'met' } : { is: 'negative', results: clear }
}

export interface Lack {
  readonly requirement: Requirement
  readonly standing: Exclude<Standing, { is: 'met' }>
  /** Undefined when the record has no cancer. */
  readonly cancer: Cancer | undefined
}

/**
 * What the record lacks for a drug; undefined when nothing, or when the drug is for something we have no requirement for.
 * `reasons`: `Condition/1` of what the order is for, when it says so. `about`: the findings of a cancer.
 */
export function lackFor(
  drug: DrugName,
  reasons: readonly string[],
  cancers: readonly Cancer[],
  findings: readonly Finding[],
  about: (cancer: Cancer) => readonly Finding[],
): Lack | undefined {
  const rows = requirements.filter(({ drugs }) => drugs.includes(drug))
  const named = cancers.filter(({ key }) => key !== undefined && reasons.includes(key))
  const meant = (named.length > 0 ? named : cancers).filter(({ type, inSitu }) => !bloodCancers.has(type) && !inSitu)
  const pairs: readonly (readonly [Requirement, Cancer | undefined])[] =
    cancers.length === 0
      ? rows.map(row => [row, undefined] as const)
      : meant.flatMap(cancer =>
          rows
            .filter(
              ({ tumours, unless }) =>
                (tumours === 'always' || tumours.includes(cancer.type)) && !unless?.test(cancer.histology ?? ''),
            )
            .map(row => [row, cancer] as const),
        )
  let lack: Lack | undefined
  for (const [requirement, cancer] of pairs) {
    const stands = standing(requirement, cancer ? about(cancer) : findings)
    if (stands.is === 'met') return undefined
    // a clear no says more than nothing
    if (!lack || (lack.standing.is === 'absent' && stands.is === 'negative'))
      lack = { requirement, standing: stands, cancer }
  }
  return lack
}
