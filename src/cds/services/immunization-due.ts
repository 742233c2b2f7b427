/**
 * immunization-due: vaccines that the record does not show although they are offered at this age.
 * https://hl7.org/fhir/R4/immunizationrecommendation.html
 */
import type { CodeableConcept } from 'fhir/r4'
import { card, creating, plainText, said, type Said } from '../card.ts'
import { codesOf, objectsIn, resourcesOf, tokensOf } from '../data.ts'
import {
  ATC,
  CHILDHOOD_ENDS,
  childhood,
  CHILDREN,
  conjugate20,
  CONTRAINDICATIONS,
  CVX,
  INFLUENZA_AND_COVID,
  OLD_AGE,
  PNEUMOCOCCAL,
  polysaccharide,
  vaccines,
  type Vaccine,
} from '../knowledge/vaccines.ts'
import { ageAt } from '../observations.ts'
import type { Call, CdsService, Evidence } from '../words.ts'

export const immunizationDue: CdsService = {
  id: 'immunization-due',
  hook: 'patient-view',
  title: 'Vaccines due 應接種疫苗',
  description:
    'Compares recorded immunizations with what Taiwan offers to all children before school and to all from 65 years, heeds severe allergies, and offers an ImmunizationRecommendation. 將接種紀錄與我國學齡前兒童及 65 歲以上之公費疫苗時程比對，考量嚴重過敏，並可建立 ImmunizationRecommendation。',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    immunizations: 'Immunization?patient={{context.patientId}}&_count=200',
    allergies: 'AllergyIntolerance?patient={{context.patientId}}&_count=100',
  },
  optional: ['allergies'],
  evidence: [CHILDREN, INFLUENZA_AND_COVID, PNEUMOCOCCAL, CONTRAINDICATIONS],
  answer(call) {
    const { prefetch, now, language, context } = call
    const [patient] = resourcesOf(prefetch['patient'], 'Patient')
    const birth = patient?.birthDate
    const age = ageAt(birth, now)
    if (!patient || age === undefined || typeof birth !== 'string') return { cards: [] }
    if (patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined) return { cards: [] }
    const given = dosesOf(call)
    const due = [
      ...(age < CHILDHOOD_ENDS ? childhoodDue(birth, given, now) : []),
      ...seasonalDue(birth, age, given, now),
      ...(age >= OLD_AGE ? pneumococcalDue(given, now) : []),
    ]
    if (due.length === 0) return { cards: [] }
    const allergies = severeAllergies(call)
    const forbidden = new Map(
      due.flatMap(({ vaccine }) => {
        const text = allergies.find(each => vaccine.forbidden.test(each))
        return text === undefined ? [] : [[vaccine.id, text] as const]
      }),
    )
    const wanted = due.filter(({ vaccine }) => !forbidden.has(vaccine.id))
    const line = (key: 'en' | 'zh-TW') => (each: Due) => {
      const text = forbidden.get(each.vaccine.id)
      const stop =
        text === undefined
          ? ''
          : key === 'en'
            ? ` — **severe allergy on record (${plainText(text)}): clarify first**`
            : `——**有嚴重過敏紀錄（${plainText(text)}），請先釐清**`
      return `- ${each.vaccine.name[key]}: ${each.why[key]}${stop}`
    }
    const names = (key: 'en' | 'zh-TW') => (wanted.length > 0 ? wanted : due).map(({ vaccine }) => vaccine.name[key])
    const en = names('en')
    const zh = names('zh-TW')
    const label = said('Keep as an ImmunizationRecommendation', '存為 ImmunizationRecommendation')[language]
    return {
      cards: [
        card(
          {
            summary: said(
              `${due.length === 1 ? 'A vaccine is' : `${due.length} vaccines are`} due by the record: ${en.join('; ')}`,
              `依紀錄有 ${due.length} 項疫苗應接種：${zh.join('、')}`,
            ),
            indicator: forbidden.size > 0 ? 'warning' : 'info',
            detail: said(
              `${due.map(line('en')).join('\n')}\n\nMade from ${given.length} recorded doses. Doses given elsewhere may not be on record: ask, and look into the vaccination booklet. Feverish illness, pregnancy and immunosuppression are not judged here.`,
              `${due.map(line('zh-TW')).join('\n')}\n\n依 ${given.length} 筆接種紀錄判斷；於他處接種者可能未登錄，請詢問並查閱接種紀錄卡。發燒、懷孕及免疫抑制不在此判斷。`,
            ),
            evidence: evidenceOf(due, forbidden.size > 0),
            suggestions:
              wanted.length > 0
                ? [
                    creating(label, [
                      {
                        resourceType: 'ImmunizationRecommendation',
                        patient: { reference: `Patient/${String(context['patientId'])}` },
                        date: new Date(now).toISOString(),
                        recommendation: wanted.map(recommended),
                      },
                    ]),
                  ]
                : [],
          },
          language,
        ),
      ],
    }
  },
}

interface Dose {
  readonly tokens: readonly string[]
  /** Milliseconds since 1970; undefined when the day is not known. */
  readonly at: number | undefined
}

interface Due {
  readonly vaccine: Vaccine
  /** `2026-01-31`. */
  readonly since: string
  readonly dose?: number
  readonly isOverdue: boolean
  readonly why: Said
  readonly evidence: Evidence
}

function dosesOf({ prefetch, now }: Call): readonly Dose[] {
  return resourcesOf(prefetch['immunizations'], 'Immunization').flatMap(
    ({ status, vaccineCode, occurrenceDateTime, isSubpotent }) => {
      if (status !== 'completed' || isSubpotent === true) return []
      const at = typeof occurrenceDateTime === 'string' ? Date.parse(occurrenceDateTime) : NaN
      if (at > now) return []
      return [{ tokens: tokensOf(vaccineCode), at: Number.isNaN(at) ? undefined : at }]
    },
  )
}

/** Those of one vaccine, one a day: a combination that is recorded twice is one dose. */
function dosesGiven(vaccine: Vaccine, given: readonly Dose[]): readonly Dose[] {
  const codes = new Set([...vaccine.cvx.map(code => `${CVX}|${code}`), ...vaccine.atc.map(code => `${ATC}|${code}`)])
  const days = new Set<string>()
  return given.filter(({ tokens, at }) => {
    if (!tokens.some(token => codes.has(token))) return false
    if (at === undefined) return true
    const day = new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
    return !days.has(day) && (days.add(day), true)
  })
}

const DAY = 86_400_000
const last = (doses: readonly Dose[]) => Math.max(0, ...doses.map(({ at }) => at ?? 0))
const dayOf = (at: number) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)

/** The day on which so many months are full. */
function afterMonths(birth: string, months: number): string {
  const [year, month, day] = birth.split('-').map(Number) as [number, number, number]
  const index = year * 12 + month - 1 + months
  const lastDay = new Date(Date.UTC(Math.floor(index / 12), (index % 12) + 1, 0)).getUTCDate()
  return new Date(Date.UTC(Math.floor(index / 12), index % 12, Math.min(day, lastDay))).toISOString().slice(0, 10)
}

function childhoodDue(birth: string, given: readonly Dose[], now: number): readonly Due[] {
  const today = dayOf(now)
  return childhood.flatMap(({ vaccine, months, apart }) => {
    const doses = dosesGiven(vaccine, given)
    const at = months[doses.length]
    if (at === undefined) return []
    const age = afterMonths(birth, at)
    const spaced = doses.length > 0 ? dayOf(last(doses) + (apart[doses.length] ?? 0) * DAY) : age
    const since = spaced > age ? spaced : age
    if (since > today) return []
    const dose = doses.length + 1
    return [
      {
        vaccine,
        since,
        dose,
        isOverdue: Date.parse(today) - Date.parse(since) > 60 * DAY,
        why: said(
          `dose ${dose} of ${months.length} since ${since}${doses.length > 0 && last(doses) > 0 ? `, last on ${dayOf(last(doses))}` : ', none on record'}`,
          `第 ${dose} 劑（共 ${months.length} 劑），應自 ${since} 起接種${doses.length > 0 && last(doses) > 0 ? `，前次 ${dayOf(last(doses))}` : '，無紀錄'}`,
        ),
        evidence: CHILDREN,
      },
    ]
  })
}

/** Influenza and COVID-19: each autumn from the first of October, until the end of June. */
function seasonalDue(birth: string, age: number, given: readonly Dose[], now: number): readonly Due[] {
  const today = dayOf(now)
  const month = Number(today.slice(5, 7))
  if (month > 6 && month < 10) return []
  const start = `${Number(today.slice(0, 4)) - (month <= 6 ? 1 : 0)}-10-01`
  const isInfant = afterMonths(birth, 6) > today
  const offered = [
    ...(!isInfant && (age < CHILDHOOD_ENDS || age >= OLD_AGE) ? [vaccines.influenza] : []),
    ...(!isInfant && (age < 6 || age >= OLD_AGE) ? [vaccines.covid19] : []),
  ]
  return offered.flatMap(vaccine => {
    const doses = dosesGiven(vaccine, given)
    if (doses.some(({ at }) => at !== undefined && dayOf(at) >= start)) return []
    const before = last(doses)
    return [
      {
        vaccine,
        since: start,
        isOverdue: false,
        why: said(
          `none in the season that began on ${start}${before > 0 ? `, last on ${dayOf(before)}` : ''}`,
          `${start} 起之本季尚無紀錄${before > 0 ? `，前次 ${dayOf(before)}` : ''}`,
        ),
        evidence: INFLUENZA_AND_COVID,
      },
    ]
  })
}

const YEAR = 365 * DAY

/** From 65 years, by what was given before. Codes that do not say the number of types count as 13 or 15. */
function pneumococcalDue(given: readonly Dose[], now: number): readonly Due[] {
  const vaccine = vaccines.pneumococcalAdult
  const doses = dosesGiven(vaccine, given)
  const has = (codes: ReadonlySet<string>) => doses.filter(({ tokens }) => tokens.some(token => codes.has(token)))
  if (has(conjugate20).length > 0) return []
  const sugar = has(polysaccharide)
  const conjugate = doses.filter(dose => !sugar.includes(dose))
  if (sugar.length > 0 && conjugate.length > 0) return []
  const before = last(doses)
  const due = (since: number, why: Said): readonly Due[] => [
    { vaccine, since: dayOf(since), isOverdue: false, why, evidence: PNEUMOCOCCAL },
  ]
  if (doses.length === 0) return due(now, said('none on record: one dose of PCV20', '無紀錄：接種一劑 PCV20'))
  if (before > 0 && now - before < YEAR) return []
  const when = before > 0 ? dayOf(before) : '?'
  return sugar.length > 0
    ? due(
        before + YEAR,
        said(
          `PPV23 on ${when}, a year ago or more: one dose of PCV20`,
          `${when} 曾接種 PPV23 且滿一年：接種一劑 PCV20`,
        ),
      )
    : due(
        before + YEAR,
        said(
          `a conjugate vaccine on ${when}, a year ago or more: PPV23 (PCV20 when that is used up), unless it was PCV20 or PCV21`,
          `${when} 曾接種結合型疫苗且滿一年：接種 PPV23（用罄後改 PCV20）；若前次即為 PCV20 或 PCV21 則免`,
        ),
      )
}

/** Texts of allergies in force that are of high criticality, or were severe or anaphylactic. */
function severeAllergies({ prefetch }: Call): readonly string[] {
  return resourcesOf(prefetch['allergies'], 'AllergyIntolerance').flatMap(
    ({ code, clinicalStatus, verificationStatus, criticality, reaction }) => {
      if (codesOf(verificationStatus).some(each => each === 'refuted' || each === 'entered-in-error')) return []
      if (codesOf(clinicalStatus).some(each => each === 'inactive' || each === 'resolved')) return []
      const grave =
        criticality === 'high' ||
        objectsIn(reaction).some(
          ({ severity, manifestation }) =>
            severity === 'severe' ||
            objectsIn(manifestation).some(each => codesOf(each as unknown as CodeableConcept).includes('39579001')),
        )
      if (!grave) return []
      const texts = [code?.text, ...objectsIn(code?.coding).map(({ display }) => display)]
      const text = texts.filter((each): each is string => typeof each === 'string').join(' / ')
      return text === '' ? [] : [text.slice(0, 200)]
    },
  )
}

const evidenceOf = (due: readonly Due[], forbidden: boolean): readonly Evidence[] => [
  ...new Set([...due.map(({ evidence }) => evidence), ...(forbidden ? [CONTRAINDICATIONS] : [])]),
]

const recommended = ({ vaccine, since, dose, isOverdue }: Due) => ({
  vaccineCode: [{ coding: [{ ...vaccine.code }] }],
  forecastStatus: {
    coding: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/immunization-recommendation-status',
        code: isOverdue ? 'overdue' : 'due',
      },
    ],
  },
  dateCriterion: [
    { code: { coding: [{ system: 'http://loinc.org', code: '30980-7', display: 'Date vaccine due' }] }, value: since },
  ],
  ...(dose === undefined ? {} : { doseNumberPositiveInt: dose }),
})
