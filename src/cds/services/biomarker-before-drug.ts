/**
 * A targeted drug is ordered, and the biomarker it needs was not tested or not found.
 * https://cds-hooks.hl7.org/hooks/order-sign/
 */
import { card, creating, said, type Said } from '../card.ts'
import type { Resource } from '../../fhir/types.ts'
import { type Biomarker, biomarkerNames } from '../knowledge/alterations.ts'
import { NGS_SOURCE, NHI_ORDER, type OrderableTest, type Requirement } from '../knowledge/biomarker-requirements.ts'
import { genomicCodes } from '../knowledge/marker-tests.ts'
import { type DrugName, labelOf } from '../knowledge/targeted-drugs.ts'
import { type Cancer, cancersOf } from '../oncology/cancers.ts'
import { concerns } from '../oncology/concerns.ts'
import { givenIn, medicationOf, targetedDrug } from '../oncology/drug.ts'
import { type Finding, findingsIn } from '../oncology/findings.ts'
import { codings, label, list, object, referenceKey, type Values } from '../oncology/json.ts'
import { type Lack, lackFor } from '../oncology/requirement.ts'
import { observationsIn, ofType } from '../oncology/resources.ts'
import { brief, dated, item, lines, named, paragraphs, quoted, same } from '../oncology/say.ts'
import type { Call, Card, CdsResponse, CdsService, Coding, Suggestion } from '../words.ts'

const topic: Coding = { system: 'http://loinc.org', code: '69548-6', display: 'Genetic variant assessment' }
const MOST_ORDERS = 200

const both = {
  id: 'biomarker-before-drug',
  title: 'Biomarker before a targeted drug',
  description:
    'When a targeted drug is ordered (by ATC, RxNorm or NHI code, or by its generic name), looks for the biomarker its label asks for in the tumour it is for. Not tested: offers to order the test. Tested and not found: says so. Silent where the drug is also given without the biomarker.',
  prefetch: {
    conditions: 'Condition?patient={{context.patientId}}',
    results: `Observation?patient={{context.patientId}}&code=${genomicCodes.join(',')}&_sort=-date`,
    orders: 'ServiceRequest?patient={{context.patientId}}&status=active',
    medications: 'MedicationRequest?patient={{context.patientId}}&status=active',
  },
  optional: ['orders', 'medications'],
  evidence: [NGS_SOURCE],
  answer,
} satisfies Omit<CdsService, 'hook'>

/** One id for the two hooks at which an order can still be changed. */
export const biomarkerBeforeDrug: readonly CdsService[] = [
  { ...both, hook: 'order-select' },
  { ...both, hook: 'order-sign' },
]

function answer({ prefetch, context, request, language }: Call): CdsResponse {
  const drafts = ofType(context.draftOrders, 'MedicationRequest').slice(0, MOST_ORDERS)
  const chosen = request.hook === 'order-select' ? selected(drafts, context.selections) : drafts
  if (chosen.length === 0) return { cards: [] }
  const medications = new Map(
    ofType(context.draftOrders, 'Medication').map(each => [`Medication/${String(each.id)}`, each]),
  )
  const drugOf = (order: Values) => targetedDrug(medicationOf(order, medications))
  const cancers = cancersOf(prefetch.conditions)
  const findings = findingsIn(observationsIn(prefetch.results))
  const ordered = [...ofType(context.draftOrders, 'ServiceRequest'), ...ofType(prefetch.orders, 'ServiceRequest')]
  const together = new Set([
    ...drafts.map(drugOf),
    ...givenIn(ofType(prefetch.medications, 'MedicationRequest')).map(({ drug }) => drug),
  ])
  const seen = new Set<DrugName>()
  return {
    cards: chosen.flatMap(order => {
      const drug = drugOf(order)
      if (drug === undefined || seen.has(drug)) return []
      seen.add(drug)
      const reasons = list(order.reasonReference).flatMap(each => referenceKey(each) ?? [])
      const lack = lackFor(drug, reasons, cancers, findings, cancer =>
        findings.filter(({ about }) => concerns(about, cancer, cancers.length === 1)),
      )
      if (!lack || isPartOfCombination(drug, lack, together)) return []
      return [say({ drug, order, lack, ordered, request, patientId: context.patientId, language })]
    }),
  }
}

const selected = (drafts: readonly Values[], selections: unknown): readonly Values[] => {
  const keys = new Set(list(selections).flatMap(each => referenceKey(each) ?? []))
  return drafts.filter(({ id }) => typeof id === 'string' && keys.has(`MedicationRequest/${id}`))
}

/** An antibody against EGFR is given in spite of KRAS G12C when its inhibitor is given with it. */
function isPartOfCombination(drug: DrugName, { standing }: Lack, together: ReadonlySet<DrugName | undefined>): boolean {
  const inhibitor = drug === 'panitumumab' ? 'sotorasib' : drug === 'cetuximab' ? 'adagrasib' : undefined
  return (
    inhibitor !== undefined &&
    together.has(inhibitor) &&
    standing.is === 'negative' &&
    standing.results.every(({ biomarkers }) => biomarkers.includes('kras-g12c'))
  )
}

interface Saying {
  readonly drug: DrugName
  readonly order: Values
  readonly lack: Lack
  readonly ordered: readonly Values[]
  readonly request: Call['request']
  readonly patientId: unknown
  readonly language: Call['language']
}

function say({ drug, order, lack, ordered, request, patientId, language }: Saying): Card {
  const { requirement, standing, cancer } = lack
  const name = named(cancer?.name ?? '')
  const needed = neededFor(requirement)
  const open = ordered.find(each => isForTest(each, requirement.test))
  const absent = standing.is === 'absent'
  const suggestions: Suggestion[] = [
    ...(absent && !open && typeof patientId === 'string'
      ? [
          creating(
            language === 'en' ? `Order: ${requirement.test.text.en}` : `開立：${requirement.test.text['zh-TW']}`,
            [testOrder(requirement.test, patientId, cancer, language)],
            true,
          ),
        ]
      : []),
    ...(request.hook === 'order-sign' && typeof order.id === 'string' ? [takingOff(drug, order.id, language)] : []),
  ]
  return card(
    {
      summary: absent
        ? said(
            `${drug} needs ${brief(needed.en, 60)}: no result on record`,
            `${drug} 需要 ${brief(needed['zh-TW'], 60)}：查無檢測結果`,
          )
        : said(
            `${drug} needs ${brief(needed.en, 60)}: the results on record say otherwise`,
            `${drug} 需要 ${brief(needed['zh-TW'], 60)}：現有結果不符`,
          ),
      indicator: absent ? 'warning' : 'critical',
      topic,
      evidence: [labelOf(drug), ...(requirement.test.nhi ? [NGS_SOURCE] : [])],
      detail: paragraphs([
        cancer
          ? said(
              `The order is for ${quoted(name.en)}${dated(cancer.since)}.`,
              `本次開立對象診斷：${quoted(name['zh-TW'])}${dated(cancer.since)}。`,
            )
          : said('No cancer is on record for this patient.', '本病人沒有癌症診斷紀錄。'),
        lines([
          item(said('Needed by the label', '仿單要求'), needed),
          item(said('Results on record', '現有結果'), resultsSaid(standing.results)),
          ...(open ? [item(said('Already ordered', '已開立檢測'), same(quoted(label(open.code) ?? '')))] : []),
        ]),
        absent
          ? said('Test first, or record the result that is known from elsewhere.', '請先檢測，或補登他處已有之結果。')
          : said(
              'Check the result and the indication; another drug may be right.',
              '請確認檢測結果與適應症，或改用其他藥物。',
            ),
      ]),
      suggestions,
      overrideReasons: REASONS[language],
    },
    language,
  )
}

const namesOf = (biomarkers: readonly Biomarker[], and: string) =>
  biomarkers.map(each => biomarkerNames[each]).join(and)

const neededFor = ({ any, none }: Requirement): Said =>
  none
    ? said(`a tumour without ${namesOf(none, ', ')}`, `無 ${namesOf(none, '、')} 之腫瘤`)
    : said(namesOf(any ?? [], ' or '), namesOf(any ?? [], '或'))

const resultsSaid = (results: readonly Finding[]): Said =>
  results.length === 0
    ? said('none', '無')
    : same(
        results
          .slice(0, 6)
          .map(({ what, verdict, when }) => `${quoted(what)}, ${verdict}${dated(when)}`)
          .join('; '),
      )

/** Codes under which the test, or a panel that holds it, may have been ordered. */
const PANELS = ['30301B', '30302B', '30303B']

function isForTest(order: Values, { loinc, nhi, text }: OrderableTest): boolean {
  if (!['active', 'draft', 'on-hold'].includes(order.status as string)) return false
  const codes = new Set([...(loinc ? [loinc[0]] : []), ...(nhi ? [nhi[0]] : []), ...PANELS])
  const written = object(order.code).text
  return codings(order.code).some(({ code }) => codes.has(code)) || written === text.en || written === text['zh-TW']
}

function testOrder(
  { text, loinc, nhi }: OrderableTest,
  patientId: string,
  cancer: Cancer | undefined,
  language: Call['language'],
): Resource {
  const coding = [
    ...(loinc ? [{ system: 'http://loinc.org', code: loinc[0], display: loinc[1] }] : []),
    ...(nhi ? [{ system: NHI_ORDER, code: nhi[0], display: nhi[1] }] : []),
  ]
  return {
    resourceType: 'ServiceRequest',
    status: 'draft',
    intent: 'order',
    category: [
      {
        coding: [{ system: 'http://snomed.info/sct', code: '108252007', display: 'Laboratory procedure (procedure)' }],
      },
    ],
    code: { ...(coding.length > 0 ? { coding } : {}), text: text[language] },
    subject: { reference: `Patient/${patientId.replace(/^Patient\//, '')}` },
    ...(cancer?.key ? { reasonReference: [{ reference: cancer.key }] } : {}),
  }
}

function takingOff(drug: DrugName, id: string, language: Call['language']): Suggestion {
  const description = language === 'en' ? `Take ${drug} off this order` : `移除 ${drug} 處方`
  return { label: description, actions: [{ type: 'delete', description, resourceId: `MedicationRequest/${id}` }] }
}

const REASONS: Readonly<Record<Call['language'], readonly Coding[]>> = {
  en: [
    { code: 'tested-elsewhere', display: 'Tested elsewhere: the result is known' },
    { code: 'board-decision', display: 'Decided by the tumour board' },
    { code: 'trial', display: 'Within a clinical trial' },
  ],
  'zh-TW': [
    { code: 'tested-elsewhere', display: '已於他處檢測，結果已知' },
    { code: 'board-decision', display: '多專科團隊會議決議' },
    { code: 'trial', display: '臨床試驗用藥' },
  ],
}
