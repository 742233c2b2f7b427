/**
 * diabetes-risk: FINDRISC from what is recorded, as a range when something is missing.
 * https://doi.org/10.2337/diacare.26.3.725
 */
import type { Resource } from '../../fhir/types.ts'
import { card, creating, plainText, said, type Said } from '../card.ts'
import { resourcesOf } from '../data.ts'
import { found, hasDiabetes, measured, type Found } from '../findrisc-items.ts'
import { ADA, ANSWERS, items, LINDSTROM, pointsOfAge, riskOf, WHO_ASIAN_BMI, type Item } from '../knowledge/findrisc.ts'
import { ageAt, anyOf } from '../observations.ts'
import type { Call, Card, CdsService } from '../words.ts'

const METHOD = 'FINDRISC'

export const diabetesRisk: CdsService = {
  id: 'diabetes-risk',
  hook: 'patient-view',
  title: 'Risk of type 2 diabetes (FINDRISC) 第二型糖尿病風險',
  description:
    'Reckons FINDRISC for adults without known diabetes from what is recorded, as a range when items are missing, and offers to keep it as a RiskAssessment when complete. 以現有紀錄為未患糖尿病之成人計算 FINDRISC；缺項時提供可能範圍，完整時可建立 RiskAssessment。',
  usageRequirements: `What no public code system has is read from Observations with codes of ${ANSWERS}: daily-activity, daily-fruit-vegetables, blood-pressure-medication-ever and high-glucose-ever (valueBoolean), and family-history (valueCodeableConcept with the code none, second-degree or first-degree of the same system).`,
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    measures: `Observation?patient={{context.patientId}}&code=${anyOf(...measured)}&_sort=-date&_count=200`,
    conditions: 'Condition?patient={{context.patientId}}&_count=200',
    medications: 'MedicationRequest?patient={{context.patientId}}&_count=200',
    family: 'FamilyMemberHistory?patient={{context.patientId}}&_count=100',
    assessments: 'RiskAssessment?patient={{context.patientId}}&_count=50',
  },
  optional: ['family', 'assessments'],
  evidence: [LINDSTROM, WHO_ASIAN_BMI, ADA],
  answer(call) {
    const { prefetch, now } = call
    const [patient] = resourcesOf(prefetch['patient'], 'Patient')
    const age = ageAt(patient?.birthDate, now)
    if (!patient || age === undefined || age < 18) return { cards: [] }
    if (patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined) return { cards: [] }
    if (hasDiabetes(call)) return { cards: [] }
    const score = scoreOf([
      { item: 'age', points: pointsOfAge(age), shown: said(`${age} years`, `${age} 歲`) },
      ...found(call, patient),
    ])
    // too little to say anything, or nothing to worry about whatever is missing
    if (!score.isComplete && (score.known.length < 3 || score.high < 12)) return { cards: [] }
    return { cards: [cardOf(score, call)] }
  },
}

interface Score {
  readonly known: readonly Found[]
  readonly missing: readonly Item[]
  readonly low: number
  readonly high: number
  readonly isComplete: boolean
}

function scoreOf(known: readonly Found[]): Score {
  const has = new Set(known.map(({ item }) => item))
  const missing = (Object.keys(items) as Item[]).filter(item => !has.has(item))
  const low = known.reduce((sum, { points }) => sum + points, 0)
  const open = known.reduce((sum, { more = 0 }) => sum + more, 0)
  const high = low + open + missing.reduce((sum, item) => sum + items[item].most, 0)
  return { known, missing, low, high, isComplete: missing.length === 0 && open === 0 }
}

function cardOf(score: Score, call: Call): Card {
  const { missing, low, high } = score
  const { language } = call
  const [least, worst] = [riskOf(low), riskOf(high)]
  const range = low === high ? `${low}` : `${low}–${high}`
  const risk =
    least === worst
      ? said(
          `${least.name.en} (${least.outOf.en} within ten years)`,
          `${least.name['zh-TW']}（十年內${least.outOf['zh-TW']}）`,
        )
      : said(`${least.name.en} to ${worst.name.en}`, `${least.name['zh-TW']}至${worst.name['zh-TW']}`)
  const label = said(`Keep FINDRISC ${low} as a RiskAssessment`, `將 FINDRISC ${low} 分存為 RiskAssessment`)[language]
  return card(
    {
      summary: said(
        `FINDRISC ${range} of 26: ${risk.en} risk of type 2 diabetes${missing.length > 0 ? `, ${missing.length} items missing` : ''}`,
        `FINDRISC ${range}／26 分：第二型糖尿病風險${risk['zh-TW']}${missing.length > 0 ? `，缺 ${missing.length} 項` : ''}`,
      ),
      indicator: low >= 15 ? 'warning' : 'info',
      detail: detailOf(score),
      evidence: [LINDSTROM, WHO_ASIAN_BMI, ADA],
      suggestions: score.isComplete && !isKept(call) ? [creating(label, [riskAssessment(score, call)])] : [],
    },
    language,
  )
}

function detailOf({ known, missing, low }: Score): Said {
  const table = (key: keyof Said) =>
    known
      .map(
        ({ item, points, more, shown }) =>
          `| ${items[item].name[key]} | ${plainText(shown[key])} | ${points}${more ? `–${points + more}` : ''} |`,
      )
      .join('\n')
  const lacking = said(
    missing.map(item => items[item].name.en).join(', '),
    missing.map(item => items[item].name['zh-TW']).join('、'),
  )
  const advice =
    low >= 12
      ? said(
          'Measure fasting glucose or HbA1c; speak about weight, food and activity.',
          '建議檢驗空腹血糖或糖化血色素，並討論體重、飲食與活動。',
        )
      : said('Speak about weight, food and activity.', '建議討論體重、飲食與活動。')
  return said(
    `| Item | Recorded | Points |\n|---|---|---|\n${table('en')}\n\n${missing.length > 0 ? `Missing: ${lacking.en}.\n\n` : ''}${advice.en}\n\nThe score keeps its published borders (BMI 25 and 30). WHO names 23 and 27.5 kg/m² as points for action in Asian populations.`,
    `| 項目 | 紀錄 | 分數 |\n|---|---|---|\n${table('zh-TW')}\n\n${missing.length > 0 ? `缺少：${lacking['zh-TW']}。\n\n` : ''}${advice['zh-TW']}\n\n本分數採原發表之界限（BMI 25、30）。世界衛生組織對亞洲族群建議之行動界限為 23 及 27.5 kg/m²。`,
  )
}

const YEAR = 365 * 86_400_000

/** Whether a score was kept within a year. */
const isKept = ({ prefetch, now }: Call): boolean =>
  resourcesOf(prefetch['assessments'], 'RiskAssessment').some(
    ({ method, occurrenceDateTime, status }) =>
      method?.text === METHOD &&
      status === 'final' &&
      typeof occurrenceDateTime === 'string' &&
      now - Date.parse(occurrenceDateTime) < YEAR,
  )

function riskAssessment({ known, low }: Score, { context, now, language }: Call): Resource {
  const risk = riskOf(low)
  const basis = [...new Set(known.flatMap(({ basis: reference }) => reference ?? []))]
  const years = (value: number) => ({ value, unit: 'a', system: 'http://unitsofmeasure.org', code: 'a' })
  return {
    resourceType: 'RiskAssessment',
    status: 'final',
    subject: { reference: `Patient/${String(context['patientId'])}` },
    occurrenceDateTime: new Date(now).toISOString(),
    method: { text: METHOD },
    ...(basis.length > 0 ? { basis: basis.map(reference => ({ reference })) } : {}),
    prediction: [
      {
        outcome: {
          coding: [
            {
              system: 'http://snomed.info/sct',
              code: '44054006',
              display: 'Diabetes mellitus type 2 (disorder)',
            },
          ],
        },
        probabilityDecimal: risk.probability,
        qualitativeRisk: { text: `${risk.name[language]} (${low}/26)` },
        whenRange: { low: years(0), high: years(10) },
      },
    ],
  }
}
