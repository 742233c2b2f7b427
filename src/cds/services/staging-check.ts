/**
 * A stage that is missing, or that T, N and M do not lead to.
 * https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tnm-stage-group.html
 */
import { card, said, type Said } from '../card.ts'
import { AJCC8, groupsOf, tableFor } from '../knowledge/stage-groups.ts'
import { type Kind, stageCodes } from '../knowledge/stage-codes.ts'
import { stagedByTnm, type TumourType } from '../knowledge/tumour-types.ts'
import { type Cancer, cancersOf } from '../oncology/cancers.ts'
import { day, type Values } from '../oncology/json.ts'
import { isDeceased } from '../oncology/person.ts'
import { observationsIn, ofType } from '../oncology/resources.ts'
import { brief, dated, named, paragraphs, quoted, same } from '../oncology/say.ts'
import {
  categoriesOf,
  groupsIn,
  isBefore,
  type Recorded,
  sameGroup,
  type Set3,
  type Staging,
  stagingOf,
} from '../oncology/stage.ts'
import type { Call, Card, CdsService, Coding, Evidence } from '../words.ts'

const MCODE: Evidence = {
  label: 'mCODE 4.0.0: TNM stage group and categories',
  url: 'https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tnm-stage-group.html',
}

const topic: Coding = { system: 'http://snomed.info/sct', code: '385356007', display: 'Tumor stage finding' }

export const stagingCheck: CdsService = {
  id: 'staging-check',
  hook: 'patient-view',
  title: 'Cancer staging check',
  description:
    'Tells when a solid tumour has no TNM stage, and when the stage group is not the one that T, N and M lead to (AJCC 8: lung, colon and rectum, breast; other tumours only distant metastasis). Silent on leukaemia, lymphoma, myeloma and brain tumours, which have other systems, on children, and where another stage such as BCLC or FIGO is recorded.',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    conditions: 'Condition?patient={{context.patientId}}',
    stages: `Observation?patient={{context.patientId}}&code=${stageCodes.join(',')}&_sort=-date`,
  },
  evidence: [MCODE, AJCC8],
  answer({ prefetch, language, now }) {
    const [patient = {}] = ofType(prefetch.patient, 'Patient')
    if (isDeceased(patient)) return { cards: [] }
    const cancers = cancersOf(prefetch.conditions)
    const observations = observationsIn(prefetch.stages)
    return {
      cards: cancers
        .filter(cancer => stagedByTnm.has(cancer.type) && !cancer.inSitu && !wasChild(cancer, patient, now))
        .flatMap(cancer => {
          const staging = stagingOf(cancer, observations, cancers.length === 1)
          return [missing(cancer, staging, language), ...contradictions(cancer, staging, language)].filter(
            each => each !== undefined,
          )
        }),
    }
  },
}

/** Tumours of children have staging systems of their own. */
function wasChild({ since }: Cancer, { birthDate }: Values, now: number): boolean {
  const born = day(birthDate)
  if (born === undefined) return false
  const then = since ?? new Date(now).toISOString().slice(0, 10)
  return isBefore(then, `${String(Number(born.slice(0, 4)) + 18).padStart(4, '0')}${born.slice(4)}`)
}

function missing(cancer: Cancer, staging: Staging, language: Call['language']): Card | undefined {
  const { tnm, others, summary } = staging
  // staged in another system: that is its stage
  if (tnm.length === 0 && others.length > 0) return undefined
  const lacking = (['T', 'N', 'M'] as const).filter(part => !tnm.some(each => each.part === part))
  const group = groupsIn(staging)[0]
  const staged = group?.written ?? summary
  if (lacking.length === 0 && staged !== undefined) return undefined
  const nothing = lacking.length === 3 && staged === undefined
  const what = nothing
    ? said('no TNM stage on record', '沒有 TNM 分期紀錄')
    : lacking.length > 0
      ? said(`${lacking.join(', ')} not on record`, `缺少 ${lacking.join('、')} 分類`)
      : said('no stage group on record', '沒有期別（stage group）紀錄')
  const name = named(cancer.name)
  return card(
    {
      summary: said(`${brief(name.en)}: ${what.en}`, `${brief(name['zh-TW'])}：${what['zh-TW']}`),
      indicator: nothing ? 'warning' : 'info',
      topic,
      evidence: [MCODE, AJCC8],
      detail: paragraphs([
        made(cancer, tnm, staged),
        said(
          'mCODE records a stage as Observations: T, N, M and the stage group, each with the condition as focus and the edition of the AJCC manual as method. If the tumour was staged, record it; if it cannot be, say so with TX, NX or a reason.',
          'mCODE 以 Observation 記錄分期：T、N、M 與期別，各以該診斷為 focus，並以 AJCC 版次為 method。若已分期請補登；若無法分期，請以 TX、NX 或原因註明。',
        ),
      ]),
    },
    language,
  )
}

function made({ name, since, status }: Cancer, tnm: readonly Recorded[], staged: string | undefined): Said {
  const known = tnm.map(({ written, when }) => `${quoted(written)}${dated(when)}`).slice(0, 12)
  const status2 = status === '' ? '' : `, ${quoted(status)}`
  return said(
    `Looked at: ${quoted(name) || 'the diagnosis'}${dated(since)}${status2}; stage records: ${known.join(', ') || quoted(staged) || 'none'}.`,
    `資料：${quoted(name) || '診斷'}${dated(since)}${status2}；分期紀錄：${known.join('、') || quoted(staged) || '無'}。`,
  )
}

function contradictions(cancer: Cancer, staging: Staging, language: Call['language']): (Card | undefined)[] {
  const kinds = new Set<Kind>()
  // of each kind the newest stands
  const groups = groupsIn(staging).filter(({ kind }) => (kinds.has(kind) ? false : (kinds.add(kind), true)))
  return [
    ...groups.map(group => contradiction(cancer, group, categoriesOf(group, staging.tnm), language)),
    metastasisBefore(cancer, staging, language),
  ]
}

function contradiction(
  cancer: Cancer,
  group: Recorded,
  { T, N, M }: Set3,
  language: Call['language'],
): Card | undefined {
  if (group.read === undefined || group.edition !== 8) return undefined
  const table = tableFor(cancer.type, group.anatomic)
  const m = M?.read
  if (!table || m === undefined || !M) return undefined
  const right =
    groupsOf(table, T?.read ?? 'X', N?.read ?? 'X', m) ??
    // the rule holds the other way round too: what has not spread is not stage IV
    (m === '0' && neverIVWithoutSpread.has(cancer.type) && group.read.startsWith('IV')
      ? ['0', 'I', 'II', 'III']
      : undefined)
  if (!right || right.some(each => sameGroup(each, group.read!))) return undefined
  const written = [T, N, M].flatMap(each => each?.written ?? []).join(' ')
  const groups = right.join(', ')
  const name = named(cancer.name)
  return card(
    {
      summary: said(
        `${brief(name.en, 40)}: stage ${brief(group.written, 12)} does not fit ${brief(written, 24)} (${groups})`,
        `${brief(name['zh-TW'], 40)}：期別 ${brief(group.written, 12)} 與 ${brief(written, 24)} 不符（應為 ${groups}）`,
      ),
      indicator: 'warning',
      topic,
      evidence: [table.evidence, AJCC8],
      detail: paragraphs([
        same(
          [T, N, M, group].flatMap(each => (each ? [`- ${quoted(each.written)}${dated(each.when)}`] : [])).join('\n'),
        ),
        said(
          `By the 8th edition of the AJCC manual these categories are stage ${groups}, not ${quoted(group.written)}. Correct the group, or the category that is wrong.`,
          `依 AJCC 第 8 版，此組 TNM 為第 ${groups} 期，而非 ${quoted(group.written)}。請更正期別或有誤的分類。`,
        ),
      ]),
      overrideReasons: REASONS[language],
    },
    language,
  )
}

/** Among the tumours of the table those in which M0 excludes stage IV; in others, as of the head and neck, IVA may be M0. */
const neverIVWithoutSpread: ReadonlySet<TumourType> = new Set<TumourType>([
  'lung',
  'small-cell lung',
  'colorectal',
  'breast',
  'pancreas',
])

/** M0 although a distant metastasis was already on record. */
function metastasisBefore(cancer: Cancer, { tnm }: Staging, language: Call['language']): Card | undefined {
  if (!distantIsM1.has(cancer.type)) return undefined
  const m = tnm.find(({ part, kind }) => part === 'M' && kind === 'clinical')
  if (m?.read !== '0' || m.prefix !== '' || m.when?.length !== 10) return undefined
  const spread = cancer.metastases.find(
    ({ icd10, active, since }) => active && /^C7[89]/.test(icd10) && since?.length === 10 && !isBefore(m.when!, since),
  )
  if (!spread) return undefined
  const name = named(cancer.name)
  return card(
    {
      summary: said(
        `${brief(name.en)}: ${brief(m.written, 12)} although a distant metastasis is on record`,
        `${brief(name['zh-TW'])}：記為 ${brief(m.written, 12)}，但已有遠端轉移診斷`,
      ),
      indicator: 'warning',
      topic,
      evidence: [AJCC8],
      detail: paragraphs([
        same(`- ${quoted(m.written)}${dated(m.when)}\n- ${quoted(spread.name)}${dated(spread.since)}`),
        said(
          'The metastasis was diagnosed on or before the day of the M category. Check whether the category or the diagnosis has to be corrected.',
          '轉移之診斷日期不晚於 M 分類日期。請確認應更正 M 分類或轉移診斷。',
        ),
      ]),
      overrideReasons: REASONS[language],
    },
    language,
  )
}

const distantIsM1: ReadonlySet<TumourType> = new Set<TumourType>(['lung', 'small-cell lung', 'colorectal', 'breast'])

const REASONS: Readonly<Record<Call['language'], readonly Coding[]>> = {
  en: [
    { code: 'staged-elsewhere', display: 'Staged by another edition or system' },
    { code: 'board-decision', display: 'Decided so by the tumour board' },
  ],
  'zh-TW': [
    { code: 'staged-elsewhere', display: '依其他版次或分期系統' },
    { code: 'board-decision', display: '依多專科團隊會議決議' },
  ],
}
