/**
 * Trials that are recruiting, matched against the record by the characteristics of their groups.
 * https://hl7.org/fhir/R4/researchstudy-definitions.html#ResearchStudy.enrollment
 */
import { card, said, type Said } from '../card.ts'
import { cancerCodes } from '../knowledge/cancer-observations.ts'
import { genomicCodes } from '../knowledge/marker-tests.ts'
import { label, list, object, referenceKey, text, type Values } from '../oncology/json.ts'
import { ofType } from '../oncology/resources.ts'
import { brief, item, lines, paragraphs, quoted, same } from '../oncology/say.ts'
import { type Judged, judge, type State } from '../trials/criteria.ts'
import { type PatientRecord, recordOf } from '../trials/record.ts'
import { isDeceased } from '../oncology/person.ts'
import type { Call, Card, CdsService, Coding, Evidence, Link } from '../words.ts'

const ENROLLMENT: Evidence = {
  label: 'FHIR R4: ResearchStudy.enrollment and Group.characteristic',
  url: 'https://hl7.org/fhir/R4/researchstudy-definitions.html#ResearchStudy.enrollment',
}
const topic: Coding = { system: 'http://snomed.info/sct', code: '110465008', display: 'Clinical trial' }

const MOST_STUDIES = 1000
const MOST_CARDS = 10
const MOST_CRITERIA = 100

/** Codes that stages are matched by; everything in the laboratory category comes as well. */
const codes = [...cancerCodes, ...genomicCodes, '21908-9', '21902-2', '399537006', '399588009']

export const trialMatching: CdsService = {
  id: 'trial-matching',
  hook: 'patient-view',
  title: 'Trial matching',
  description:
    'Matches the patient against the eligibility groups of active ResearchStudy resources: age, sex, diagnosis, stage, performance status, biomarkers, medicines and any other Observation. Per trial the criteria met, not met and unknown; what the record does not say is unknown and never counts as met. A trial with a criterion that is not met is only mentioned.',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    conditions: 'Condition?patient={{context.patientId}}',
    observations: `Observation?patient={{context.patientId}}&code=${codes.join(',')}&_sort=-date`,
    laboratory: 'Observation?patient={{context.patientId}}&category=laboratory&_sort=-date',
    medications: 'MedicationRequest?patient={{context.patientId}}',
    studies: 'ResearchStudy?status=active',
    groups: 'Group?type=person&actual=false',
  },
  optional: ['laboratory', 'medications'],
  evidence: [ENROLLMENT],
  answer(call) {
    const { prefetch, language } = call
    const studies = ofType(prefetch.studies, 'ResearchStudy')
      .filter(study => isRecruiting(study, call.now))
      .slice(0, MOST_STUDIES)
    const [patient = {}] = ofType(prefetch.patient, 'Patient')
    if (studies.length === 0 || isDeceased(patient)) return { cards: [] }
    const record = recordOf(call)
    const groups = new Map(ofType(prefetch.groups, 'Group').map(group => [`Group/${String(group.id)}`, group]))
    const urls = urlsOf(prefetch.studies, call)
    const matches = studies.flatMap(study => best(study, groups, record) ?? [])
    const possible = matches.filter(({ criteria }) => isPossible(criteria))
    const unfit = matches.filter(({ criteria }) => isForThisDisease(criteria) && !isPossible(criteria))
    return {
      cards: [
        ...possible
          .sort((a, b) => count(b, 'met') - count(a, 'met'))
          .slice(0, MOST_CARDS)
          .map(match => say(match, urls, language)),
        ...(unfit.length > 0 ? [sayUnfit(unfit, urls, language)] : []),
      ],
    }
  },
}

interface Match {
  readonly study: Values
  readonly criteria: readonly Judged[]
}

/** Active, and its period is not over. */
function isRecruiting({ status, period }: Values, now: number): boolean {
  const end = text(object(period).end)
  const today = new Date(now).toISOString().slice(0, 10)
  return status === 'active' && (end === undefined || end.slice(0, 10) >= today.slice(0, Math.min(10, end.length)))
}

/** The group of the study that fits best: fewest criteria not met, then most met. Undefined without criteria. */
function best(study: Values, groups: ReadonlyMap<string, Values>, record: PatientRecord): Match | undefined {
  const contained = new Map(
    list(study.contained)
      .map(object)
      .map(each => [`#${String(each.id)}`, each]),
  )
  const judged = list(study.enrollment)
    .slice(0, 20)
    .flatMap(each => {
      const { reference } = object(each)
      const group = contained.get(String(reference)) ?? groups.get(referenceKey(each) ?? '')
      const criteria = list(group?.characteristic)
        .slice(0, MOST_CRITERIA)
        .map(characteristic => judge(object(characteristic), record))
      return criteria.length > 0 ? [{ study, criteria }] : []
    })
  return judged.sort((a, b) => count(a, 'not met') - count(b, 'not met') || count(b, 'met') - count(a, 'met'))[0]
}

const count = ({ criteria }: Match, state: State): number => criteria.filter(each => each.state === state).length

/** Nothing speaks against it, and something clinical speaks for it, unless only the person counts. */
function isPossible(criteria: readonly Judged[]): boolean {
  if (criteria.some(({ state }) => state === 'not met')) return false
  const clinical = criteria.filter(each => each.clinical)
  const asks = clinical.length > 0 ? clinical.filter(({ excluding }) => !excluding) : criteria
  return asks.some(({ state }) => state === 'met')
}

/** The disease of the trial is there: worth saying why it does not fit. */
const isForThisDisease = (criteria: readonly Judged[]): boolean =>
  criteria.some(({ state, diagnosis, excluding }) => state === 'met' && diagnosis && !excluding)

/** Where each study is found, by id. */
function urlsOf(studies: unknown, { request }: Call): ReadonlyMap<string, string> {
  const base = request.fhirServer?.replace(/\/+$/, '')
  return new Map(
    list(object(studies).entry).flatMap(each => {
      const { fullUrl, resource } = object(each)
      const { resourceType, id } = object(resource)
      if (resourceType !== 'ResearchStudy' || typeof id !== 'string') return []
      const url = isWeb(fullUrl) ? fullUrl : base === undefined ? undefined : `${base}/ResearchStudy/${id}`
      return url === undefined ? [] : [[id, url] as const]
    }),
  )
}

const isWeb = (url: unknown): url is string =>
  typeof url === 'string' && url.length < 2000 && /^https?:\/\/[^\s<>"()]+$/.test(url)

const titleOf = ({ title, id }: Values): string => text(title) ?? (typeof id === 'string' ? `ResearchStudy/${id}` : '?')

function linksOf(study: Values, urls: ReadonlyMap<string, string>): readonly Link[] {
  const own = typeof study.id === 'string' ? urls.get(study.id) : undefined
  const registry = list(study.identifier)
    .map(each => /^NCT\d{8}$/.exec(String(object(each).value))?.[0])
    .find(Boolean)
  return [
    ...(own ? [{ label: brief(titleOf(study), 80), url: own, type: 'absolute' as const }] : []),
    ...(registry
      ? [{ label: registry, url: `https://clinicaltrials.gov/study/${registry}`, type: 'absolute' as const }]
      : []),
  ]
}

const states: Readonly<Record<State, Said>> = {
  met: said('Met', '符合'),
  'not met': said('Not met', '不符合'),
  unknown: said('Unknown', '未知'),
}

/** `- Met: ECOG: 0 – 1 [1 (2025-10-13)]`. */
function criteriaSaid(criteria: readonly Judged[]): readonly Said[] {
  return (['met', 'not met', 'unknown'] as const).flatMap(state =>
    criteria
      .filter(each => each.state === state)
      .map(({ criterion, excluding, because }) => {
        const reason = because === undefined ? '' : ` [${quoted(because)}]`
        return item(
          states[state],
          said(
            `${excluding ? 'not ' : ''}${quoted(criterion)}${reason}`,
            `${excluding ? '排除 ' : ''}${quoted(criterion)}${reason}`,
          ),
        )
      }),
  )
}

function say(match: Match, urls: ReadonlyMap<string, string>, language: Call['language']): Card {
  const { study, criteria } = match
  const [met, unknown] = [count(match, 'met'), count(match, 'unknown')]
  const title = titleOf(study)
  const about = [label(study.phase), text(object(study.sponsor).display)].flatMap(each => quoted(each) || [])
  const links = linksOf(study, urls)
  return card(
    {
      summary: said(
        `Trial: ${brief(title, 70)}: ${met} of ${criteria.length} criteria met${unknown > 0 ? `, ${unknown} unknown` : ''}`,
        `臨床試驗：${brief(title, 70)}：${criteria.length} 項條件符合 ${met} 項${unknown > 0 ? `，${unknown} 項未知` : ''}`,
      ),
      indicator: 'info',
      topic,
      evidence: [ENROLLMENT, ...links.map(({ label, url }) => ({ label: quoted(label), url }))],
      detail: paragraphs([
        same([`**${quoted(title)}**`, ...about].join(' · ')),
        lines(criteriaSaid(criteria)),
        said(
          unknown > 0
            ? 'Find out what is unknown before speaking of the trial; the trial decides who may take part.'
            : 'By the record every criterion listed here is met; the trial decides who may take part.',
          unknown > 0
            ? '與病人討論前請先釐清未知條件；能否收案由試驗單位決定。'
            : '依病歷資料，所列條件均符合；能否收案由試驗單位決定。',
        ),
      ]),
      links,
    },
    language,
  )
}

function sayUnfit(unfit: readonly Match[], urls: ReadonlyMap<string, string>, language: Call['language']): Card {
  const shown = unfit.slice(0, MOST_CARDS)
  const number = unfit.length
  return card(
    {
      summary: said(
        `${number} more ${number === 1 ? 'trial' : 'trials'} for a diagnosis on record, but not every criterion is met`,
        `另有 ${number} 項相同診斷之臨床試驗，但有條件不符`,
      ),
      indicator: 'info',
      topic,
      evidence: [ENROLLMENT],
      detail: paragraphs(
        shown.map(({ study, criteria }) =>
          lines([
            same(`**${quoted(titleOf(study))}**`),
            ...criteriaSaid(criteria.filter(({ state }) => state === 'not met')),
          ]),
        ),
      ),
      links: shown.flatMap(({ study }) => linksOf(study, urls)).slice(0, MOST_CARDS),
    },
    language,
  )
}
