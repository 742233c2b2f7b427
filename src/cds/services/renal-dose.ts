/**
 * renal-dose: medicines about to be signed against the newest kidney function, reported or reckoned from creatinine.
 * https://kdigo.org/guidelines/ckd-evaluation-and-management/
 */
import type { Patient } from 'fhir/r4'
import { MOST_CARDS, overrideReasons, takingBack } from '../alerts.ts'
import { card, creating, plainText, said, type Said } from '../card.ts'
import { resourcesOf } from '../data.ts'
import { CKD_EPI_2021, ckdEpi2021, renalLimits, type RenalLimit } from '../knowledge/renal.ts'
import { ageAt, anyOf, daysSince, loinc, readings, type Reading } from '../observations.ts'
import { drafts, type Order } from '../orders.ts'
import type { Call, Card, CdsService, Language } from '../words.ts'

/** Estimates without a factor for race: CKD-EPI 2021, CKD-EPI 2009 and MDRD as reported for those who are not Black. */
const EGFR = loinc('98979-8', '62238-1', '33914-3', '48642-3', '77147-7', '88294-4', '69405-9')
/** In serum or plasma, by mass and by amount. */
const CREATININE = loinc('2160-0', '14682-9')

export const renalDose: CdsService = {
  id: 'renal-dose',
  hook: 'order-sign',
  title: 'Renal dosing 腎功能用藥檢核',
  description:
    'Compares medicines that are about to be signed with the newest eGFR of an adult, as reported or reckoned from creatinine by CKD-EPI 2021. 依成人最近一次 eGFR（報告值，或以 CKD-EPI 2021 由肌酸酐計算）檢核待簽署藥囑。',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    kidney: `Observation?patient={{context.patientId}}&code=${anyOf(EGFR, CREATININE)}&_sort=-date&_count=20`,
  },
  evidence: [CKD_EPI_2021],
  answer(call) {
    const [patient] = resourcesOf(call.prefetch['patient'], 'Patient')
    const age = ageAt(patient?.birthDate, call.now)
    if (age !== undefined && age < 18) return { cards: [] }
    const found = drafts(call)
      .filter(({ medicine }) => !medicine.local)
      .flatMap(order => limitsOf(order).map(limits => ({ order, limits })))
    if (found.length === 0) return { cards: [] }
    const kidney = kidneyFunction(call, patient)
    if (!kidney) return { cards: [] }
    const passed = found.flatMap(({ order, limits }) => {
      const limit = limits.find(each => kidney.egfr < each.below)
      return limit ? [{ order, limit }] : []
    })
    passed.sort((one, other) => Number(other.limit.level === 'stop') - Number(one.limit.level === 'stop'))
    return {
      cards: passed.slice(0, MOST_CARDS).map(({ order, limit }) => cardOf(order, limit, kidney, call)),
    }
  },
}

/** The borders of each drug of the table, the lowest first. */
const limitsByDrug = new Map<string, readonly RenalLimit[]>()
for (const limit of renalLimits)
  for (const drug of limit.drugs)
    limitsByDrug.set(
      drug,
      [...(limitsByDrug.get(drug) ?? []), limit].sort((one, other) => one.below - other.below),
    )

/** For an order one list of borders for each of its drugs; a combination whose drugs share one list gives it once. */
function limitsOf({ medicine }: Order): readonly (readonly RenalLimit[])[] {
  const lists = medicine.drugs.flatMap(({ name }) => {
    const limits = limitsByDrug.get(name)
    return limits ? [limits] : []
  })
  return lists.filter((list, n) => lists.findIndex(each => each[0] === list[0]) === n)
}

interface Kidney {
  /** mL/min/1.73 m². */
  readonly egfr: number
  readonly reading: Reading
  readonly how: Said
}

const EGFR_UNIT = /^ml\/min(?:\/(?:\{1\.73_m2\}|1\.73\s*\.?\s*(?:m2|m\^2|m²)))?$/i
/** Creatinine in mg/dL is so many µmol/L. */
const MICROMOLES = 88.4

/** The newest value that has a unit we know. */
function kidneyFunction({ prefetch, now }: Call, patient: Patient | undefined): Kidney | undefined {
  for (const reading of readings(prefetch['kidney'], new Set([...EGFR, ...CREATININE]), now)) {
    const { value, unit, token } = reading
    if (EGFR.has(token)) {
      if (!EGFR_UNIT.test(unit) || value < 0 || value > 300) continue
      return { egfr: value, reading, how: said('eGFR as reported', 'eGFR 報告值') }
    }
    const mass = massOf(value, unit)
    // at the time it was measured
    const age = ageAt(patient?.birthDate, reading.at)
    const sex = patient?.gender
    if (mass === undefined || age === undefined || age < 18 || (sex !== 'female' && sex !== 'male')) continue
    const egfr = ckdEpi2021(mass, age, sex)
    const written = `${value} ${plainText(unit)}`
    return {
      egfr,
      reading,
      how: said(
        `reckoned by CKD-EPI 2021 from creatinine ${written}, ${age} years, ${sex}`,
        `以 CKD-EPI 2021 計算：肌酸酐 ${written}，${age} 歲，${sex === 'female' ? '女' : '男'}`,
      ),
    }
  }
  return undefined
}

/** Creatinine in mg/dL; undefined when the unit is missing or unknown, or the value cannot be. */
function massOf(value: number, unit: string): number | undefined {
  const mass = /^mg\/dl$/i.test(unit) ? value : /^[uµμ]mol\/l$/i.test(unit) ? value / MICROMOLES : undefined
  return mass !== undefined && mass >= 0.1 && mass <= 40 ? mass : undefined
}

/** A value older than this ought to be measured again before it decides. */
const STALE_DAYS = 90

function cardOf(order: Order, limit: RenalLimit, { egfr, reading, how }: Kidney, call: Call): Card {
  const { language, now } = call
  const days = daysSince(reading.at, now)
  const isStale = days > STALE_DAYS
  // not rounded up to a border it is below of
  const shown = Math.floor(egfr * 10) / 10
  const { label } = order.medicine
  const stale = said(
    `\n\nThe value is ${days} days old: measure creatinine again before it decides.`,
    `\n\n此數值已 ${days} 日，請先重新檢驗肌酸酐。`,
  )
  return card(
    {
      summary: said(
        `${label}: eGFR ${shown} (${reading.day}), below ${limit.below}: ${limit.level === 'stop' ? 'contraindicated or not recommended' : 'adjust the dose'}`,
        `${label}：eGFR ${shown}（${reading.day}）低於 ${limit.below}，${limit.level === 'stop' ? '禁用或不建議' : '需調整劑量'}`,
      ),
      indicator: limit.level === 'stop' ? 'critical' : 'warning',
      detail: said(
        `- Order: ${plainText(label)}\n- Kidney function: ${shown} mL/min/1.73 m², ${how.en}, ${plainText(reading.day)} (${days} days ago)\n- ${limit.says.en}\n\nLabels mostly speak of creatinine clearance; at a border reckon it with the weight.${isStale ? stale.en : ''}`,
        `- 醫囑：${plainText(label)}\n- 腎功能：${shown} mL/min/1.73 m²，${how['zh-TW']}，${plainText(reading.day)}（${days} 日前）\n- ${limit.says['zh-TW']}\n\n仿單多以肌酸酐清除率為準，接近界限時請以體重計算。${isStale ? stale['zh-TW'] : ''}`,
      ),
      evidence: [limit.evidence, CKD_EPI_2021],
      suggestions: [...takingBack(order, language), ...(isStale ? [measuringAgain(call, language)] : [])],
      overrideReasons: overrideReasons(language),
    },
    language,
  )
}

const measuringAgain = ({ context }: Call, language: Language) =>
  creating(said('Order creatinine', '開立肌酸酐檢驗')[language], [
    {
      resourceType: 'ServiceRequest',
      status: 'draft',
      intent: 'order',
      code: {
        coding: [
          { system: 'http://loinc.org', code: '2160-0', display: 'Creatinine [Mass/volume] in Serum or Plasma' },
        ],
      },
      subject: { reference: `Patient/${String(context['patientId'])}` },
    },
  ])
