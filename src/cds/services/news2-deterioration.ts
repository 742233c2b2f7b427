/**
 * news2-deterioration: NEWS2 of the newest vital signs of a day, for people who are cared for at home as in hospital.
 * https://www.rcp.ac.uk/improving-care/resources/national-early-warning-score-news-2/
 */
import type { CodeableConcept, Goal } from 'fhir/r4'
import { card, plainText, said } from '../card.ts'
import { codesOf, isOneOf, objectsIn, resourcesOf, tokensOf } from '../data.ts'
import {
  most,
  RCP,
  SCORE_OF_NOT_ALERT,
  SCORE_OF_OXYGEN,
  scoreOf,
  scoreOfSaturation,
  vitalNames,
  vitals,
  type Vital,
} from '../knowledge/news2.ts'
import { ageAt, anyOf, isUsable, loinc, readings, timeOf } from '../observations.ts'
import type { Call, CdsService } from '../words.ts'

const CODES = {
  respiration: loinc('9279-1'),
  saturation: loinc('59408-5', '2708-6'),
  flow: loinc('3151-8'),
  fraction: loinc('3150-6'),
  systolic: loinc('8480-6'),
  pulse: loinc('8867-4'),
  temperature: loinc('8310-5', '8331-1', '8328-7'),
  // AVPU; and ACVPU of SNOMED CT
  consciousness: new Set([...loinc('67775-7', '80288-4'), 'http://snomed.info/sct|1104441000000107']),
}
const PANELS = loinc('85354-9', '55284-4')
const PREGNANCY = loinc('82810-3')

export const news2Deterioration: CdsService = {
  id: 'news2-deterioration',
  hook: 'patient-view',
  title: 'NEWS2 early warning 病情惡化預警（NEWS2）',
  description:
    'Scores the newest vital signs of the last 24 hours by NEWS2 (hospital at home), says what is missing, and warns from 5 points, from a single 3, and again from 7. 以最近 24 小時生命徵象計算 NEWS2（在宅醫療），列出缺項，並於總分 5 分、單項 3 分及 7 分以上提示。',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    vitals: `Observation?patient={{context.patientId}}&code=${anyOf(...Object.values(CODES), PANELS)}&_sort=-date&_count=200`,
    goals: 'Goal?patient={{context.patientId}}&lifecycle-status=active&_count=50',
    pregnancy: `Observation?patient={{context.patientId}}&code=${anyOf(PREGNANCY)}&_sort=-date&_count=1`,
  },
  optional: ['goals', 'pregnancy'],
  evidence: [RCP],
  answer(call) {
    const { prefetch, now, language } = call
    const [patient] = resourcesOf(prefetch['patient'], 'Patient')
    const age = ageAt(patient?.birthDate, now)
    if (age === undefined || age < 16 || patient?.deceasedBoolean === true || patient?.deceasedDateTime !== undefined)
      return { cards: [] }
    if (isPregnant(call)) return { cards: [] }
    const scale = hasLowTarget(call) ? 2 : 1
    const signs = signsOf(call)
    const current = scored(signs, 0, scale, now)
    if (current.size === 0) return { cards: [] }
    const total = sum(current)
    const three = [...current].filter(([, { score }]) => score === 3).map(([vital]) => vital)
    if (total < 5 && three.length === 0) return { cards: [] }
    const missing = vitals.filter(vital => !current.has(vital))
    const highest = total + missing.reduce((points, vital) => points + most[vital], 0)
    const previous = scored(signs, 1, scale, now)
    const compared = [...previous.keys()].filter(vital => current.has(vital))
    const before = compared.reduce((points, vital) => points + previous.get(vital)!.score, 0)
    const after = compared.reduce((points, vital) => points + current.get(vital)!.score, 0)
    const isEmergency = total >= 7
    const atLeast = missing.length > 0
    const text = (en: boolean) => {
      const key = en ? 'en' : 'zh-TW'
      const rows = [...current].map(
        ([vital, { score, shown, day, time }]) =>
          `| ${vitalNames[vital][key]} | ${plainText(shown)} | ${score} | ${plainText(day)} ${time} |`,
      )
      const trend =
        compared.length === 0
          ? en
            ? 'No earlier set to compare with.'
            : '無先前紀錄可比較。'
          : en
            ? `Trend over ${compared.length} signs that were measured before too: ${before} → ${after}.`
            : `與前次比較（${compared.length} 項）：${before} → ${after}。`
      const lacking = missing.map(vital => vitalNames[vital][key]).join(en ? ', ' : '、')
      return [
        `| ${en ? 'Sign' : '項目'} | ${en ? 'Value' : '數值'} | ${en ? 'Points' : '分數'} | ${en ? 'When' : '時間'} |\n|---|---|---|---|\n${rows.join('\n')}`,
        en ? `SpO₂ scale ${scale}.` : `SpO₂ 採量表 ${scale}。`,
        ...(atLeast
          ? [
              en
                ? `Missing within 24 hours: ${lacking}. The score is between ${total} and ${highest}.`
                : `24 小時內缺少：${lacking}。總分介於 ${total} 至 ${highest}。`,
            ]
          : []),
        trend,
        isEmergency
          ? en
            ? 'Emergency assessment by a team with critical care competencies; monitor continuously; think of sepsis and of transfer to hospital.'
            : '應立即由具重症照護能力之團隊評估，持續監測；考慮敗血症及轉送醫院。'
          : en
            ? 'Urgent assessment by a clinician who is competent in acute illness; measure at least every hour.'
            : '應由具急重症能力之臨床人員儘速評估；至少每小時測量一次。',
      ].join('\n\n')
    }
    const single = three.map(vital => vitalNames[vital].en).join(', ')
    const singleZh = three.map(vital => vitalNames[vital]['zh-TW']).join('、')
    return {
      cards: [
        card(
          {
            summary: said(
              `NEWS2 ${atLeast ? 'at least ' : ''}${total}: ${isEmergency ? 'emergency response' : 'urgent response'}${three.length > 0 ? ` (3 for ${single})` : ''}`,
              `NEWS2 ${atLeast ? '至少 ' : ''}${total} 分：${isEmergency ? '緊急處置' : '儘速評估'}${three.length > 0 ? `（${singleZh} 3 分）` : ''}`,
            ),
            indicator: isEmergency ? 'critical' : 'warning',
            detail: said(text(true), text(false)),
            evidence: [RCP],
          },
          language,
        ),
      ],
    }
  },
}

const DAY = 86_400_000

interface Sign {
  readonly at: number
  readonly day: string
  readonly shown: string
  /** A number, or for oxygen and consciousness whether it is given, whether alert. */
  readonly value: number | boolean
}

type Signs = Readonly<Record<Vital, readonly Sign[]>>

interface Score {
  readonly score: number
  readonly shown: string
  readonly day: string
  readonly time: string
}

/** What each sign scores: the newest (`back` 0) within a day of now, or the one before (1) within a day of it. */
function scored(signs: Signs, back: 0 | 1, scale: 1 | 2, now: number): ReadonlyMap<Vital, Score> {
  const chosen = (vital: Vital): Sign | undefined => {
    const [newest, before] = signs[vital]
    if (!newest || now - newest.at > DAY) return undefined
    if (back === 0) return newest
    return before && newest.at - before.at <= DAY ? before : undefined
  }
  const oxygen = chosen('oxygen')?.value
  const found = new Map<Vital, Score>()
  for (const vital of vitals) {
    const sign = chosen(vital)
    if (!sign) continue
    const { value, shown, day, at } = sign
    const time = new Date(at + 8 * 3_600_000).toISOString().slice(11, 16)
    found.set(vital, { score: points(vital, value, scale, oxygen === true), shown, day, time })
  }
  return found
}

function points(vital: Vital, value: number | boolean, scale: 1 | 2, onOxygen: boolean): number {
  switch (vital) {
    case 'oxygen':
      return value === true ? SCORE_OF_OXYGEN : 0
    case 'consciousness':
      return value === true ? 0 : SCORE_OF_NOT_ALERT
    case 'saturation':
      return scoreOfSaturation(Number(value), scale, onOxygen)
    default:
      return scoreOf(vital, Number(value))
  }
}

const sum = (scores: ReadonlyMap<Vital, Score>) => [...scores.values()].reduce((total, { score }) => total + score, 0)

const PER_MINUTE = /^(?:\{?(?:beats?|breaths?)\}?\/min|\/min|bpm|次\/分|1\/min)$/i
const MILLIMETRES = /^mm\[?hg\]?$/i

function signsOf({ prefetch, now }: Call): Signs {
  const from = prefetch['vitals']
  const numbers = (codes: ReadonlySet<string>, unit: RegExp, low: number, high: number): readonly Sign[] =>
    oncePerMoment(
      readings(from, codes, now)
        .filter(each => unit.test(each.unit) && each.value >= low && each.value <= high)
        .map(({ value, unit: written, at, day }) => ({ value, shown: `${value} ${written}`, at, day })),
    )
  const flow = numbers(CODES.flow, /^l\/min$/i, 0, 100).map(each => ({ ...each, value: Number(each.value) > 0 }))
  // room air is 21%
  const fraction = numbers(CODES.fraction, /^%$/, 20, 100).map(each => ({ ...each, value: Number(each.value) > 21 }))
  return {
    respiration: numbers(CODES.respiration, PER_MINUTE, 1, 120),
    saturation: numbers(CODES.saturation, /^%$/, 30, 100),
    oxygen: oncePerMoment([...flow, ...fraction].sort((one, other) => other.at - one.at)),
    systolic: numbers(CODES.systolic, MILLIMETRES, 30, 320),
    pulse: numbers(CODES.pulse, PER_MINUTE, 10, 320),
    consciousness: oncePerMoment(consciousness(from, now)),
    temperature: oncePerMoment(
      readings(from, CODES.temperature, now).flatMap(({ value, unit, at, day }) => {
        const celsius = /^(?:cel|°?c|℃)$/i.test(unit)
          ? value
          : /^(?:\[degf\]|°?f)$/i.test(unit)
            ? ((value - 32) * 5) / 9
            : NaN
        return celsius >= 24 && celsius <= 45 ? [{ value: celsius, shown: `${value} ${unit}`, at, day }] : []
      }),
    ),
  }
}

const oncePerMoment = (signs: readonly Sign[]): readonly Sign[] =>
  signs.filter((sign, n) => n === 0 || sign.at !== signs[n - 1]!.at)

const ALERT = new Set(['http://snomed.info/sct|248234008'])
const NOT_ALERT = new Set([
  // responds to voice, to pain; unresponsive; acute confusion
  'http://snomed.info/sct|300202002',
  'http://snomed.info/sct|450847001',
  'http://snomed.info/sct|422768004',
  'http://snomed.info/sct|130987000',
])

/** Alert or not, by code, or by what is written; what is neither is not known. */
function consciousness(from: Call['prefetch'][string] | undefined, now: number): readonly Sign[] {
  return resourcesOf(from, 'Observation')
    .flatMap(observation => {
      const time = timeOf(observation)
      if (!time || time.at > now || !isUsable(observation) || !isOneOf(observation.code, CODES.consciousness)) return []
      const { valueCodeableConcept: concept, valueString } = observation
      const texts = [valueString, concept?.text, ...objectsIn(concept?.coding).map(({ display }) => display)]
      const shown = texts.find((each): each is string => typeof each === 'string' && each !== '')
      const value = isAlert(concept, shown)
      return value === undefined ? [] : [{ value, shown: shown ?? tokensOf(concept)[0] ?? '', ...time }]
    })
    .sort((one, other) => other.at - one.at)
}

function isAlert(concept: CodeableConcept | undefined, text: string | undefined): boolean | undefined {
  if (isOneOf(concept, NOT_ALERT)) return false
  if (isOneOf(concept, ALERT)) return true
  if (text === undefined) return undefined
  const plain = text.trim()
  if (
    /^[CVPU]$/i.test(plain) ||
    /confus|voice|verbal|pain|unresponsive|not alert|混亂|譫妄|對聲音|對痛|無反應|嗜睡|昏迷/i.test(plain)
  )
    return false
  return /^(?:a|alert\b.*|清醒.*)$/i.test(plain) ? true : undefined
}

/** Whether a goal that is in force sets 88 to 92% for oxygen saturation: only then scale 2 is right. */
function hasLowTarget({ prefetch }: Call): boolean {
  return resourcesOf(prefetch['goals'], 'Goal').some(
    goal =>
      (ACTIVE as readonly unknown[]).includes(goal.lifecycleStatus) &&
      objectsIn(goal.target).some(target => {
        const { measure, detailRange } = target as NonNullable<Goal['target']>[number]
        return isOneOf(measure, CODES.saturation) && detailRange?.low?.value === 88 && detailRange.high?.value === 92
      }),
  )
}

const ACTIVE = ['active', 'accepted', 'planned'] as const

/** By the newest pregnancy status. */
function isPregnant({ prefetch }: Call): boolean {
  const [newest] = resourcesOf(prefetch['pregnancy'], 'Observation').filter(isUsable)
  return codesOf(newest?.valueCodeableConcept).includes('77386006')
}
