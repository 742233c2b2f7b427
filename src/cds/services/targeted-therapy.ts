/**
 * Genomic findings for which there is a targeted therapy in this tumour.
 * https://hl7.org/fhir/us/mcode/group-genomics.html
 */
import { card, said, type Said } from '../card.ts'
import { type Biomarker, biomarkerNames } from '../knowledge/alterations.ts'
import { genomicCodes } from '../knowledge/marker-tests.ts'
import { labelOf } from '../knowledge/targeted-drugs.ts'
import { type Level, therapies, therapiesFor, type Therapy } from '../knowledge/targeted-therapies.ts'
import { bloodCancers } from '../knowledge/tumour-types.ts'
import { type Cancer, cancersOf } from '../oncology/cancers.ts'
import { concerns } from '../oncology/concerns.ts'
import { type Given, givenIn } from '../oncology/drug.ts'
import { type Finding, findingsIn } from '../oncology/findings.ts'
import { observationsIn, ofType } from '../oncology/resources.ts'
import { brief, dated, item, lines, named, paragraphs, quoted, same } from '../oncology/say.ts'
import type { Call, Card, CdsService, Coding, Evidence } from '../words.ts'

const topic: Coding = {
  system: 'http://loinc.org',
  code: '69548-6',
  display: 'Genetic variant assessment',
}

/** Rows of one table may be many; a card of the rest would not be read. */
const MOST_CARDS = 20

export const targetedTherapy: CdsService = {
  id: 'targeted-therapy',
  hook: 'patient-view',
  title: 'Targeted therapy for a genomic finding',
  description:
    'For each biomarker found (mCODE genomic variants, single-marker tests, panels): the therapies that labels name for this tumour, level of evidence, resistance found in the record, drugs already given, and NHI coverage where it has a source. EGFR, ALK, ROS1, RET, MET, BRAF, KRAS G12C, HER2, BRCA1/2, MSI-H, TMB-H, NTRK; a small table of solid tumours.',
  prefetch: {
    conditions: 'Condition?patient={{context.patientId}}',
    results: `Observation?patient={{context.patientId}}&code=${genomicCodes.join(',')}&_sort=-date`,
    medications: 'MedicationRequest?patient={{context.patientId}}',
  },
  optional: ['medications'],
  evidence: therapies.flatMap(({ evidence = [] }) => evidence),
  answer({ prefetch, language }) {
    const cancers = cancersOf(prefetch.conditions).filter(({ type, inSitu }) => !bloodCancers.has(type) && !inSitu)
    const findings = findingsIn(observationsIn(prefetch.results))
    const given = givenIn(ofType(prefetch.medications, 'MedicationRequest'))
    return {
      cards: cancers
        .flatMap(cancer => {
          const own = findings.filter(({ about }) => concerns(about, cancer, cancers.length === 1))
          return matches(cancer, own).map(match => say(cancer, match, own, given, language))
        })
        .slice(0, MOST_CARDS),
    }
  },
}

interface Match {
  readonly therapy: Therapy
  readonly biomarkers: readonly Biomarker[]
  /** Newest first. */
  readonly found: readonly Finding[]
}

/** The rows of the table that a finding leads to, each once, in the order of the table. */
function matches({ type }: Cancer, findings: readonly Finding[]): readonly Match[] {
  const rows = new Map<Therapy, { biomarkers: Set<Biomarker>; found: Finding[] }>()
  for (const finding of findings.filter(({ verdict }) => verdict === 'found'))
    for (const biomarker of finding.biomarkers)
      for (const therapy of therapiesFor(biomarker, type)) {
        const row = rows.get(therapy) ?? { biomarkers: new Set(), found: [] }
        row.biomarkers.add(biomarker)
        if (!row.found.includes(finding)) row.found.push(finding)
        rows.set(therapy, row)
      }
  const present = new Set(findings.flatMap(({ verdict, biomarkers }) => (verdict === 'found' ? biomarkers : [])))
  return therapies.flatMap(therapy => {
    const row = rows.get(therapy)
    return row && !therapy.unless?.some(each => present.has(each))
      ? [{ therapy, biomarkers: [...row.biomarkers], found: row.found }]
      : []
  })
}

const levels: Readonly<Record<Level, Said>> = {
  approved: said('approved (FDA label)', '核准適應症（FDA 仿單）'),
  accelerated: said('accelerated approval (FDA label)', '加速核准（FDA 仿單）'),
}

function say(
  cancer: Cancer,
  { therapy, biomarkers, found }: Match,
  findings: readonly Finding[],
  given: readonly Given[],
  language: Call['language'],
): Card {
  const names = biomarkers.map(biomarker => biomarkerNames[biomarker]).join(', ')
  const regimens = therapy.regimens.map(({ drugs, text }) => text ?? drugs.join(' + '))
  const resistant = (therapy.fails ?? []).flatMap(biomarker => {
    const finding = findings.find(each => each.verdict === 'found' && each.biomarkers.includes(biomarker))
    return finding && !biomarkers.includes(biomarker) ? [{ biomarker, finding }] : []
  })
  const name = named(cancer.name)
  const resisting = resistant.map(({ biomarker }) => biomarkerNames[biomarker]).join(', ')
  const shortened = brief(regimens.join(', '), resisting ? 30 : 52)
  const short = therapy.not
    ? said(`not ${therapy.not.join(' or ')}`, `不宜使用 ${therapy.not.join('、')}`)
    : same(shortened)
  const status = cancer.status === '' ? '' : quoted(cancer.status)
  return card(
    {
      summary: said(
        `${names}: ${short.en}${resisting ? `; resistance: ${resisting}` : ''} (${brief(name.en, 24)})`,
        `${names}：${short['zh-TW']}${resisting ? `；抗藥：${resisting}` : ''}（${brief(name['zh-TW'], 24)}）`,
      ),
      indicator: resistant.length > 0 ? 'warning' : 'info',
      topic,
      evidence: evidenceOf(therapy),
      detail: paragraphs([
        said(
          `For ${quoted(name.en)}${status ? ` (${status})` : ''}, from these results:`,
          `${quoted(name['zh-TW'])}${status ? `（${status}）` : ''}，依下列結果：`,
        ),
        lines(
          found
            .slice(0, 10)
            .map(({ what, when, germline }) =>
              said(
                `- ${quoted(what)}${dated(when)}${germline ? ', germline' : ''}`,
                `- ${quoted(what)}${dated(when)}${germline ? '，遺傳性' : ''}`,
              ),
            ),
        ),
        lines([
          ...therapy.regimens.map(({ drugs, text, level }) => item(same(text ?? drugs.join(' + ')), levels[level])),
          ...(therapy.not ? [item(said('Not', '不宜使用'), same(therapy.not.join(', ')))] : []),
          item(said('Setting', '適用情境'), therapy.setting),
          ...(therapy.resistance ? [item(said('Resistance', '抗藥性'), therapy.resistance)] : []),
          ...resistant.map(({ biomarker, finding }) =>
            item(
              said('Resistance in this record', '本病歷中的抗藥變異'),
              same(`${biomarkerNames[biomarker]}: ${quoted(finding.what)}${dated(finding.when)}`),
            ),
          ),
          ...before(therapy, given),
          ...(therapy.taiwan ? [item(said('Taiwan', '台灣'), therapy.taiwan.text)] : []),
        ]),
        said(
          'Check stage, line of therapy, performance status and the current label before deciding; a molecular tumour board may help.',
          '決定前請確認期別、治療線別、體能狀態與現行仿單；必要時提分子腫瘤討論會。',
        ),
      ]),
    },
    language,
  )
}

/** Drugs of the row that were ordered already, and how that ended. */
function before({ regimens, not = [] }: Therapy, given: readonly Given[]): readonly Said[] {
  const drugs = new Set([...regimens.flatMap(({ drugs }) => drugs), ...not])
  return given
    .filter(({ drug }) => drug !== undefined && drugs.has(drug))
    .slice(0, 10)
    .map(({ drug, since, status, why }) => {
      const more = [quoted(status), quoted(why)].filter(Boolean).join(': ')
      return item(said('Already ordered', '已開立'), same(`${drug!}${dated(since)}${more ? `, ${more}` : ''}`))
    })
}

function evidenceOf({ regimens, not = [], evidence = [], taiwan }: Therapy): readonly Evidence[] {
  const drugs = [...new Set([...regimens.flatMap(({ drugs }) => drugs), ...not])]
  return [...drugs.map(labelOf), ...evidence, ...(taiwan ? [taiwan.source] : [])]
}
