/**
 * Tests of one marker: by which codes they are known, and how their result is read.
 * LOINC codes are those of mCODE's list of tumour marker tests and a few for single genes; orders are NHI's. Left out: PD-L1,
 * which no row of ours turns on, hormone receptors, and codes whose meaning we could not check.
 * Sources: https://hl7.org/fhir/us/mcode/ValueSet-mcode-tumor-marker-test-vs.html (mCODE 4.0.0); HER2: ASCO/CAP 2018,
 * doi:10.1200/JCO.2018.77.8738; NHI orders: 全民健康保險醫療服務給付項目及支付標準 第二部第二章. Read 2026-11.
 */
import type { Biomarker, TestGroup } from './alterations.ts'

export interface MarkerTest {
  readonly groups: readonly TestGroup[]
  /** What a positive result without more words means; undefined when the words have to tell which mutation it is. */
  readonly means?: Biomarker
  /** The genes whose mutations the words may name. */
  readonly genes?: readonly string[]
  /** How the result is read when not as found or not found. */
  readonly reads?: 'HER2 stain' | 'HER2 ratio' | 'MSI' | 'MMR' | 'TMB'
  readonly codes: readonly string[]
}

export const markerTests: readonly MarkerTest[] = [
  { groups: ['EGFR'], genes: ['EGFR'], codes: ['21665-5', 'egfr-mutation', '30101B', '30102B'] },
  { groups: ['ALK'], means: 'alk-fusion', codes: ['78205-2', '78210-2', '79206-9', '30105B'] },
  { groups: ['RET'], means: 'ret-fusion', codes: ['90927-5'] },
  { groups: ['MET copies'], means: 'met-amplification', codes: ['90926-7'] },
  { groups: ['BRAF'], means: 'braf-v600e', codes: ['85299-6'] },
  { groups: ['BRAF'], genes: ['BRAF'], codes: ['braf-mutation'] },
  { groups: ['KRAS'], genes: ['KRAS'], codes: ['21702-6', '75974-6', '82535-6', '85509-8', '83059-6'] },
  { groups: ['KRAS', 'NRAS'], genes: ['KRAS', 'NRAS'], means: 'ras-mutation', codes: ['81420-2', '30104B'] },
  { groups: ['HER2'], reads: 'HER2 stain', codes: ['85319-2', '48676-1', '72383-3'] },
  { groups: ['HER2'], means: 'her2-positive', codes: ['85318-4', '31150-6', '96893-3'] },
  { groups: ['HER2'], reads: 'HER2 ratio', codes: ['49683-6'] },
  { groups: ['BRCA'], genes: ['BRCA1'], codes: ['21636-6'] },
  { groups: ['BRCA'], genes: ['BRCA2'], codes: ['38530-2'] },
  { groups: ['MSI'], reads: 'MSI', codes: ['81695-9', '43368-0', '62862-8'] },
  { groups: ['MSI'], reads: 'MMR', codes: ['mmr-ihc'] },
  { groups: ['TMB'], reads: 'TMB', codes: ['94076-7'] },
]

export const testByCode: ReadonlyMap<string, MarkerTest> = new Map(
  markerTests.flatMap(test => test.codes.map(code => [code, test] as const)),
)

/** For a prefetch template: tests of one marker, variants, what was studied, and what variants mean. */
export const genomicCodes: readonly string[] = ['69548-6', '53041-0', 'diagnostic-implication', ...testByCode.keys()]
