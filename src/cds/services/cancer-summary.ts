/**
 * Every primary cancer of a patient on one card: what mCODE knows of it, and what it does not.
 * https://hl7.org/fhir/us/mcode/
 */
import { card, said, type Said } from '../card.ts'
import {
  cancerCodes,
  COMORBIDITIES,
  DISEASE_STATUS,
  ER,
  GRADE,
  HER2,
  HISTOLOGY,
  markerCodes,
  PERFORMANCE,
  PR,
} from '../knowledge/cancer-observations.ts'
import { genomicCodes, testByCode } from '../knowledge/marker-tests.ts'
import { stageCodes } from '../knowledge/stage-codes.ts'
import { bloodCancers, stagedByTnm } from '../knowledge/tumour-types.ts'
import { type Cancer, cancersOf, histologyLabel } from '../oncology/cancers.ts'
import { concerns } from '../oncology/concerns.ts'
import { findingsIn } from '../oncology/findings.ts'
import { codings, label, type Values } from '../oncology/json.ts'
import { isAbout, isCoded, observationsIn, ofType, valueLabel, whenOf } from '../oncology/resources.ts'
import { brief, dated, item, lines, named, paragraphs, quoted, same } from '../oncology/say.ts'
import { categoriesOf, groupsIn, type Recorded, type Staging, stagingOf } from '../oncology/stage.ts'
import { type Treatment, treatmentsOf } from '../oncology/treatments.ts'
import { VARIANT } from '../oncology/variant.ts'
import type { Call, Card, CdsService, Coding, Evidence } from '../words.ts'

const MCODE: Evidence = { label: 'mCODE 4.0.0 (HL7)', url: 'https://hl7.org/fhir/us/mcode/' }
const topic: Coding = { system: 'http://snomed.info/sct', code: '372087000', display: 'Primary malignant neoplasm' }

export const cancerSummary: CdsService = {
  id: 'cancer-summary',
  hook: 'patient-view',
  title: 'Cancer summary',
  description:
    'For every primary cancer: stage, histology, markers and genomic findings, treatments, disease status and performance status, each with its date, and the mCODE elements that are missing. Silent on patients without cancer.',
  prefetch: {
    conditions: 'Condition?patient={{context.patientId}}',
    stages: `Observation?patient={{context.patientId}}&code=${stageCodes.join(',')}&_sort=-date`,
    results: `Observation?patient={{context.patientId}}&code=${[...cancerCodes, ...genomicCodes].join(',')}&_sort=-date`,
    medications: 'MedicationRequest?patient={{context.patientId}}',
    procedures: 'Procedure?patient={{context.patientId}}',
  },
  optional: ['medications', 'procedures'],
  evidence: [MCODE],
  answer({ prefetch, language }) {
    const cancers = cancersOf(prefetch.conditions)
    const observations = observationsIn(prefetch.stages, prefetch.results)
    const orders = ofType(prefetch.medications, 'MedicationRequest')
    const procedures = ofType(prefetch.procedures, 'Procedure')
    const alone = cancers.length === 1
    return {
      cards: cancers.slice(0, MOST_CARDS).map(cancer => {
        const known: Known = {
          ...readKnown(cancer, observations, alone),
          // without the data nothing can be said about treatment
          treatments:
            prefetch.medications || prefetch.procedures ? treatmentsOf(cancer, orders, procedures, alone) : undefined,
        }
        return say(cancer, known, language)
      }),
    }
  },
}

const MOST_CARDS = 10

interface Dated {
  readonly text: string
  readonly when: string | undefined
}

interface Known {
  readonly staging: Staging
  readonly performance: readonly Dated[]
  readonly status: Dated | undefined
  readonly histology: Dated | undefined
  readonly grade: Dated | undefined
  readonly markers: readonly Dated[]
  readonly genomic: readonly Dated[]
  readonly comorbidities: boolean
  readonly receptors: Readonly<Record<'ER' | 'PR' | 'HER2', boolean>>
  readonly treatments: readonly Treatment[] | undefined
}

const markers = new Set([...markerCodes, ...testByCode.keys()])

function readKnown(cancer: Cancer, observations: readonly Values[], alone: boolean): Omit<Known, 'treatments'> {
  const own = observations.filter(each => isAbout(each, cancer.key, alone))
  const has = (codes: ReadonlySet<string>) => own.some(each => isCoded(each, codes))
  // stands for the patient, not for one of the cancers
  const performance = Object.entries(PERFORMANCE).flatMap(([code, scale]) => {
    const latest = observations.find(each => isCoded(each, new Set([code])))
    const value = latest && valueLabel(latest)
    return latest && value !== undefined ? [{ text: `${scale} ${value}`, when: whenOf(latest) }] : []
  })
  const latest = (codes: ReadonlySet<string>): Dated | undefined => {
    const found = own.find(each => isCoded(each, codes) && valueLabel(each) !== undefined)
    return found && { text: valueLabel(found)!, when: whenOf(found) }
  }
  const shown = own.find(each => isCoded(each, HISTOLOGY))
  const histology = histologyLabel(shown?.valueCodeableConcept) ?? cancer.histology
  const variants = own.filter(each => isCoded(each, VARIANT) || each.derivedFrom !== undefined)
  return {
    staging: stagingOf(cancer, observations, alone),
    performance,
    status: latest(DISEASE_STATUS),
    histology: histology === undefined ? undefined : { text: histology, when: shown && whenOf(shown) },
    grade: latest(GRADE),
    markers: latestOfEach(own.filter(each => isCoded(each, markers))),
    genomic: distinct(
      findingsIn(variants)
        .filter(({ verdict, about }) => verdict === 'found' && concerns(about, cancer, alone))
        .map(({ what, when }) => ({ text: what, when })),
    ),
    comorbidities: has(COMORBIDITIES),
    receptors: { ER: has(ER), PR: has(PR), HER2: has(HER2) },
  }
}

/** The newest of each test, up to so many. */
function latestOfEach(observations: readonly Values[]): readonly Dated[] {
  const seen = new Set<string>()
  return observations
    .flatMap(observation => {
      const key = codings(observation.code)[0]?.code ?? ''
      const value = valueLabel(observation)
      if (seen.has(key) || value === undefined) return []
      seen.add(key)
      return [{ text: `${label(observation.code) ?? key} ${value}`, when: whenOf(observation) }]
    })
    .slice(0, 15)
}

function distinct(all: readonly Dated[]): readonly Dated[] {
  const seen = new Set<string>()
  return all.filter(({ text }) => !seen.has(text) && (seen.add(text), true)).slice(0, 15)
}

/** The mCODE elements that this cancer should have and has not. */
function missing({ type, since, bodySite, inSitu }: Cancer, known: Known): readonly Said[] {
  const { staging, performance, status, histology, comorbidities, receptors } = known
  const { tnm, others, summary } = staging
  const staged = tnm.some(({ part }) => part === 'group') || others.length > 0 || summary !== undefined
  const categories =
    stagedByTnm.has(type) && others.length === 0 && !inSitu && staged
      ? (['T', 'N', 'M'] as const).filter(part => !tnm.some(each => each.part === part))
      : []
  const lacking: readonly (readonly [boolean, Said])[] = [
    [since === undefined, said('date of diagnosis', '診斷日期')],
    [bodySite === undefined && !bloodCancers.has(type), said('body site', '部位')],
    [histology === undefined, said('histology', '組織型態')],
    [!staged && (stagedByTnm.has(type) || bloodCancers.has(type)), said('stage', '期別')],
    [categories.length > 0, said(`TNM category ${categories.join(', ')}`, `TNM 分類 ${categories.join('、')}`)],
    [performance.length === 0, said('performance status (ECOG or Karnofsky)', '體能狀態（ECOG 或 Karnofsky）')],
    [status === undefined, said('disease status', '疾病狀態')],
    [!comorbidities, said('comorbidities', '共病')],
    ...(type === 'breast' && !inSitu
      ? (['ER', 'PR', 'HER2'] as const).map(receptor => [!receptors[receptor], same(receptor)] as const)
      : []),
  ]
  return lacking.filter(([is]) => is).map(([, element]) => element)
}

const stageSaid = (staging: Staging): string | undefined =>
  groupsIn(staging)[0]?.written ?? staging.others[0]?.written ?? staging.summary

function say(cancer: Cancer, known: Known, language: Call['language']): Card {
  const absent = missing(cancer, known)
  const name = named(cancer.name)
  const stage = stageSaid(known.staging)
  const [performance] = known.performance
  const parts = [
    ...(stage === undefined ? [] : [said(`stage ${brief(stage, 20)}`, `期別 ${brief(stage, 20)}`)]),
    ...(performance ? [same(brief(performance.text, 16))] : []),
    ...(known.status ? [same(brief(known.status.text, 28))] : []),
    ...(absent.length > 0
      ? [
          said(
            `${absent.length} mCODE element${absent.length === 1 ? '' : 's'} missing`,
            `缺 ${absent.length} 項 mCODE 資料`,
          ),
        ]
      : []),
  ]
  return card(
    {
      summary: said(
        `${brief(name.en, 40)}: ${parts.map(({ en }) => en).join('; ')}`,
        `${brief(name['zh-TW'], 40)}：${parts.map(part => part['zh-TW']).join('；')}`,
      ),
      indicator: 'info',
      topic,
      evidence: [MCODE],
      detail: paragraphs([
        lines(rows(cancer, known)),
        absent.length === 0
          ? said('No mCODE element that this summary looks for is missing.', '本摘要檢視之 mCODE 資料皆已具備。')
          : said(
              `**Missing**: ${absent.map(({ en }) => en).join('; ')}. Record them with the condition as focus.`,
              `**缺少**：${absent.map(each => each['zh-TW']).join('、')}。請以該診斷為 focus 補登。`,
            ),
      ]),
    },
    language,
  )
}

const list = (all: readonly Dated[]): Said =>
  all.length === 0
    ? said('none on record', '無紀錄')
    : same(all.map(({ text, when }) => `${quoted(text)}${dated(when)}`).join('; '))

function rows(cancer: Cancer, known: Known): readonly Said[] {
  const { name, since, status, bodySite, metastases } = cancer
  const { staging, performance, histology, grade, markers, genomic, treatments } = known
  const one = (value: Dated | undefined) => list(value ? [value] : [])
  return [
    item(
      said('Diagnosis', '診斷'),
      same(`${[name, status, bodySite].flatMap(each => quoted(each) || []).join(', ')}${dated(since)}`),
    ),
    item(said('Histology', '組織型態'), list([histology, grade].flatMap(each => each ?? []))),
    item(said('Stage', '期別'), stageRow(staging)),
    ...(metastases.length > 0
      ? [
          item(
            said('Metastases', '轉移'),
            list(metastases.slice(0, 10).map(each => ({ text: each.name, when: each.since }))),
          ),
        ]
      : []),
    item(said('Markers', '腫瘤標記'), list(markers)),
    item(said('Genomic findings', '基因變異'), list(genomic)),
    ...(treatments === undefined ? [] : [item(said('Treatment', '治療'), treatmentRow(treatments))]),
    item(said('Disease status', '疾病狀態'), one(known.status)),
    item(said('Performance status', '體能狀態'), list(performance)),
  ]
}

function stageRow(staging: Staging): Said {
  const groups = groupsIn(staging).slice(0, 6)
  const with3 = (group: Recorded): string => {
    const { T, N, M } = categoriesOf(group, staging.tnm)
    const categories = [T, N, M].flatMap(each => each?.written ?? []).join(' ')
    return `${quoted(group.written)}${categories ? ` [${quoted(categories)}]` : ''}${dated(group.when)}`
  }
  const all = [
    ...groups.map(with3),
    ...staging.others.slice(0, 4).map(({ written, when }) => `${quoted(written)}${dated(when)}`),
  ]
  if (all.length > 0) return same(all.join('; '))
  const categories = staging.tnm.slice(0, 6).map(({ written, when }) => `${quoted(written)}${dated(when)}`)
  if (categories.length > 0) return same(categories.join('; '))
  return staging.summary === undefined ? said('none on record', '無紀錄') : same(quoted(staging.summary))
}

function treatmentRow(treatments: readonly Treatment[]): Said {
  if (treatments.length === 0) return said('none on record', '無紀錄')
  return same(
    treatments
      .map(({ name, since, until, status, why }) => {
        const time = since === undefined ? '' : until === undefined || until === since ? since : `${since} – ${until}`
        const more = [time, quoted(status), quoted(why)].filter(Boolean).join(', ')
        return `${quoted(name)}${more ? ` (${more})` : ''}`
      })
      .join('; '),
  )
}
