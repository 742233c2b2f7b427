/**
 * nhi-prior-authorization: what of an application for a cancer drug (TWPAS) is on record for the patient, and what is missing.
 * https://nhicore.nhi.gov.tw/pas
 */
import type { Condition, Observation } from 'fhir/r4'
import { MOST_CARDS } from '../alerts.ts'
import { card, creating, plainText, said, type Said } from '../card.ts'
import { codesOf, objectsIn, resourcesOf, tokensOf } from '../data.ts'
import {
  ORDER_SYSTEM,
  priorAuthorizations,
  TWPAS,
  type Biomarker,
  type LabTest,
  type PriorAuthorization,
} from '../knowledge/nhi-prior-authorization.ts'
import { medicineOf } from '../medicine.ts'
import { daysSince, isUsable, loinc, readings, timeOf } from '../observations.ts'
import { drafts, type Order } from '../orders.ts'
import type { Call, Card, CdsService, Suggestion } from '../words.ts'

const WEIGHT = loinc('29463-7')
const HEIGHT = loinc('8302-2')
/** Stage groups by LOINC and SNOMED CT, and BCLC and FIGO by their own. */
const STAGE = new Set([
  ...loinc('21908-9', '21902-2', '21914-7'),
  'http://snomed.info/sct|399537006',
  'http://snomed.info/sct|399588009',
  'http://snomed.info/sct|385388004',
  'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl|C115134',
])
const PERFORMANCE = loinc('89247-1', '89243-0')
const DISEASE_STATUS = loinc('97509-4')
const VARIANT = loinc('69548-6', '53041-0')
const GENE = 'http://loinc.org|48018-6'
const IMAGING = new Set(['RAD', 'NMR', 'NMS', 'CT', 'RUS', 'CUS', 'VUS', 'OUS', 'XRC', 'RX', 'IMG', 'LP29684-5'])
const PATHOLOGY = new Set(['SP', 'PAT', 'CP', 'CY', 'LP7839-6', '11526-1', '60567-5'])

export const nhiPriorAuthorization: CdsService = {
  id: 'nhi-prior-authorization',
  hook: 'order-sign',
  title: 'NHI prior authorization of cancer drugs 健保癌藥事前審查',
  description:
    'For cancer drugs that the NHI pays for only after prior authorization, lists which data of a TWPAS application are on record for the patient and which are missing. 對須經健保事前審查之癌藥，列出 TWPAS 申請所需資料中病歷已有與缺少者。',
  prefetch: {
    conditions: 'Condition?patient={{context.patientId}}&_count=200',
    observations: 'Observation?patient={{context.patientId}}&_sort=-date&_count=500',
    reports: 'DiagnosticReport?patient={{context.patientId}}&_sort=-date&_count=100',
    medications: 'MedicationRequest?patient={{context.patientId}}&_count=200',
  },
  evidence: [TWPAS],
  answer(call) {
    const wanted = drafts(call).flatMap(order => {
      const rule = order.medicine.drugs.map(({ name }) => rules.get(name)).find(each => each !== undefined)
      return rule ? [{ order, rule }] : []
    })
    if (wanted.length === 0) return { cards: [] }
    const record = recordOf(call)
    return { cards: wanted.slice(0, MOST_CARDS).map(({ order, rule }) => cardOf(order, rule, call, record)) }
  },
}

const rules = new Map<string, PriorAuthorization>()
for (const rule of priorAuthorizations) for (const drug of rule.drugs) rules.set(drug, rule)

/** One field of the application. */
interface Field {
  readonly name: Said
  /** What is on record, with its day; nothing when it is missing. */
  readonly shown?: string
  /** `Observation/1`. */
  readonly reference?: string
  /** To order what is missing. */
  readonly suggestion?: Suggestion
}

function cardOf(order: Order, rule: PriorAuthorization, call: Call, record: PatientRecord): Card {
  const { language, request } = call
  const fields = fieldsOf(order, rule, call, record)
  const missing = fields.filter(({ shown }) => shown === undefined)
  const base =
    typeof request.fhirServer === 'string' && /^https?:\/\/[^\s()<>]+$/.test(request.fhirServer)
      ? request.fhirServer.replace(/\/+$/, '')
      : undefined
  const link = (reference: string | undefined) =>
    reference === undefined
      ? ''
      : base
        ? ` ([${plainText(reference)}](${base}/${reference}))`
        : ` (${plainText(reference)})`
  const lines = (key: 'en' | 'zh-TW') => {
    const present = fields.flatMap(({ name, shown, reference }) =>
      shown === undefined ? [] : [`- ${name[key]}: ${plainText(shown)}${link(reference)}`],
    )
    const lacking = missing.map(({ name }) => `- ${name[key]}`)
    return { present: present.join('\n'), lacking: lacking.join('\n') }
  }
  const [en, zh] = [lines('en'), lines('zh-TW')]
  const { label } = order.medicine
  return card(
    {
      summary: said(
        `${label}: NHI prior authorization${rule.section ? ` (rule ${rule.section})` : ''}, ${missing.length === 0 ? 'all data on record' : `${missing.length} of ${fields.length} data missing`}`,
        `${label}：須健保事前審查${rule.section ? `（給付規定 ${rule.section}）` : ''}，${missing.length === 0 ? '所需資料皆有紀錄' : `缺 ${missing.length}／${fields.length} 項資料`}`,
      ),
      indicator: missing.length === 0 ? 'info' : 'warning',
      detail: said(
        `${missing.length > 0 ? `**Missing**\n\n${en.lacking}\n\n` : ''}**On record**\n\n${en.present || '- nothing'}\n\n${rule.says.en}\n\nWhether the indication is paid for is not judged here.`,
        `${missing.length > 0 ? `**缺少**\n\n${zh.lacking}\n\n` : ''}**已有紀錄**\n\n${zh.present || '- 無'}\n\n${rule.says['zh-TW']}\n\n本服務不判斷是否符合給付適應症。`,
      ),
      evidence: [rule.evidence, TWPAS],
      suggestions: missing.flatMap(({ suggestion }) => suggestion ?? []),
      links: [{ label: TWPAS.label, url: TWPAS.url, type: 'absolute' }],
    },
    language,
  )
}

/** What every application names of the patient, read once whatever the number of orders. */
interface PatientRecord {
  readonly fields: readonly Field[]
  readonly biomarker: (wanted: Biomarker) => Field
  readonly laboratory: (wanted: LabTest) => Field
  /** The day a drug was first ordered, by its name. */
  readonly firstOrdered: (order: Order) => string | undefined
}

function recordOf(call: Call): PatientRecord {
  const { prefetch, now } = call
  const measured = (name: Said, codes: ReadonlySet<string>, unit: RegExp): Field => {
    const reading = readings(prefetch['observations'], codes, now).find(each => unit.test(each.unit))
    return reading
      ? { name, shown: `${reading.value} ${reading.unit}, ${reading.day}`, ...referenceTo(reading.observation) }
      : { name }
  }
  const earlier = earlierOrders(call)
  return {
    fields: [
      measured(said('weight', '體重'), WEIGHT, /^(?:kg|公斤)$/i),
      measured(said('height', '身高'), HEIGHT, /^(?:cm|公分)$/i),
      diagnosis(call),
      observed(said('stage', '癌症分期'), STAGE, call),
      reported(said('pathology report', '病理報告'), PATHOLOGY, call),
      reported(said('imaging report', '影像報告'), IMAGING, call),
      observed(said('performance status (ECOG or Karnofsky)', '體能狀態（ECOG 或 Karnofsky）'), PERFORMANCE, call),
    ],
    biomarker: once(
      ({ id }) => id,
      wanted => biomarker(wanted, call),
    ),
    laboratory: once(
      ({ name }) => name.en,
      ({ name, codes }) => measured(name, loinc(...codes), /\S/),
    ),
    firstOrdered: order =>
      earlier.find(
        ({ reference, drugs }) =>
          reference !== order.reference && drugs.some(drug => order.medicine.drugs.includes(drug)),
      )?.day,
  }
}

/** Remembers what was made for a key. */
function once<Given, Made>(key: (given: Given) => string, make: (given: Given) => Made): (given: Given) => Made {
  const made = new Map<string, Made>()
  return given => {
    const name = key(given)
    if (!made.has(name)) made.set(name, make(given))
    return made.get(name)!
  }
}

function fieldsOf(order: Order, rule: PriorAuthorization, call: Call, record: PatientRecord): readonly Field[] {
  const before = record.firstOrdered(order)
  return [
    ...record.fields,
    ...rule.biomarkers.map(record.biomarker),
    ...rule.laboratory.map(record.laboratory),
    lineOfTherapy(order),
    dosage(order),
    ...(before === undefined
      ? []
      : [
          observed(
            said(`assessment of the tumour since ${before}`, `${before} 後之治療反應評估`),
            DISEASE_STATUS,
            call,
            before,
          ),
        ]),
  ]
}

const referenceTo = ({ resourceType, id }: { resourceType: string; id?: unknown }) =>
  typeof id === 'string' && /^[A-Za-z0-9\-.]{1,64}$/.test(id) ? { reference: `${resourceType}/${id}` } : {}

/** The newest observation under one of these codes, from a day on. */
function observed(name: Said, codes: ReadonlySet<string>, { prefetch, now }: Call, since = ''): Field {
  const found = newest(
    resourcesOf(prefetch['observations'], 'Observation').filter(
      each => isUsable(each) && tokensOf(each.code).some(token => codes.has(token)) && valueOf(each) !== '',
    ),
    now,
  )
  if (!found || found.day < since) return { name }
  return { name, shown: `${valueOf(found.each)}, ${found.day}`, ...referenceTo(found.each) }
}

function newest(observations: readonly Observation[], now: number) {
  let held: { readonly each: Observation; readonly at: number; readonly day: string } | undefined
  for (const each of observations) {
    const time = timeOf(each)
    if (time && time.at <= now && (!held || time.at > held.at)) held = { each, ...time }
  }
  return held
}

function valueOf({ valueCodeableConcept, valueInteger, valueQuantity, valueString }: Observation): string {
  if (typeof valueInteger === 'number') return String(valueInteger)
  if (typeof valueString === 'string') return valueString.slice(0, 100)
  if (typeof valueQuantity === 'object' && valueQuantity !== null && typeof valueQuantity.value === 'number')
    return `${valueQuantity.value} ${typeof valueQuantity.unit === 'string' ? valueQuantity.unit : ''}`.trim()
  if (valueCodeableConcept === undefined) return ''
  const { label } = medicineOf(valueCodeableConcept)
  return label === '?' ? '' : label
}

/** A cancer by ICD-10-CM, of Taiwan's system or HL7's, with the day it was found. */
function diagnosis({ prefetch }: Call): Field {
  const name = said('diagnosis (ICD-10-CM) with its date', '診斷（ICD-10-CM）及診斷日期')
  for (const condition of resourcesOf(prefetch['conditions'], 'Condition')) {
    if (codesOf(condition.verificationStatus).some(code => code === 'refuted' || code === 'entered-in-error')) continue
    const code = codesOf(condition.code).find(each => /^(?:C\d[\dA-Z](?:\..*)?|D0\d(?:\..*)?)$/.test(each))
    const day = dayOfDiagnosis(condition)
    if (code !== undefined && day !== undefined) return { name, shown: `${code}, ${day}`, ...referenceTo(condition) }
  }
  return { name }
}

function dayOfDiagnosis({ onsetDateTime, recordedDate, extension }: Condition): string | undefined {
  const asserted = objectsIn(extension).find(
    ({ url }) => url === 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate',
  )
  const day = [asserted?.['valueDateTime'], onsetDateTime, recordedDate].find(
    (each): each is string => typeof each === 'string',
  )
  return day?.slice(0, 10)
}

/** The newest report of one of these categories or codes, with its age. */
function reported(name: Said, codes: ReadonlySet<string>, { prefetch, now }: Call): Field {
  let held: { readonly at: number; readonly field: Field } | undefined
  for (const report of resourcesOf(prefetch['reports'], 'DiagnosticReport')) {
    if (!['final', 'amended', 'corrected', 'appended', 'preliminary'].includes(report.status)) continue
    const all = [...objectsIn(report.category).flatMap(each => codesOf(each)), ...codesOf(report.code)]
    const day = [report.effectiveDateTime, report.issued].find((each): each is string => typeof each === 'string')
    const at = Date.parse(day ?? '')
    if (!all.some(code => codes.has(code)) || Number.isNaN(at) || at > now || (held && held.at >= at)) continue
    const { label } = medicineOf(report.code)
    const shown = `${label === '?' ? '' : `${label}, `}${day!.slice(0, 10)} (${daysSince(at, now)} d)`
    held = { at, field: { name, shown, ...referenceTo(report) } }
  }
  return held?.field ?? { name }
}

function biomarker({ name, tokens, genes, order }: Biomarker, call: Call): Field {
  const { prefetch, language, context } = call
  const wanted = new Set(tokens)
  const usable = resourcesOf(prefetch['observations'], 'Observation').filter(isUsable)
  const named = usable.find(each => tokensOf(each.code).some(token => wanted.has(token)))
  const tested = genes.map(([id, symbol]) =>
    usable.find(
      each =>
        tokensOf(each.code).some(token => VARIANT.has(token)) &&
        genesOf(each).some(gene => gene === id || gene === symbol),
    ),
  )
  const found = named ?? (tested.length > 0 && tested.every(each => each !== undefined) ? tested[0] : undefined)
  if (found) {
    const day = timeOf(found)?.day
    return { name, shown: [valueOf(found), day].filter(Boolean).join(', ') || '✓', ...referenceTo(found) }
  }
  if (order === undefined) return { name }
  const label = said(`Order ${name.en} (${order})`, `開立${name['zh-TW']}（${order}）`)[language]
  return {
    name,
    suggestion: creating(label, [
      {
        resourceType: 'ServiceRequest',
        status: 'draft',
        intent: 'order',
        code: { coding: [{ system: ORDER_SYSTEM, code: order }], text: name[language] },
        subject: { reference: `Patient/${String(context['patientId'])}` },
      },
    ]),
  }
}

/** Ids and symbols of the genes that an observation names. */
const genesOf = ({ component }: Observation): readonly string[] =>
  objectsIn(component).flatMap(part => {
    const { code, valueCodeableConcept } = part as unknown as Pick<Observation, 'code' | 'valueCodeableConcept'>
    if (!tokensOf(code).includes(GENE)) return []
    return [
      ...codesOf(valueCodeableConcept),
      ...objectsIn(valueCodeableConcept?.coding).flatMap(({ display }) =>
        typeof display === 'string' ? [display] : [],
      ),
    ]
  })

/** As the draft says it, in an extension that is called so. */
function lineOfTherapy({ resource }: Order): Field {
  const name = said('line of therapy', '用藥線別')
  const extension = objectsIn(resource.extension).find(
    ({ url }) => typeof url === 'string' && /line-of-therapy$/.test(url),
  )
  const value =
    extension?.['valuePositiveInt'] ??
    extension?.['valueInteger'] ??
    codesOf(extension?.['valueCodeableConcept'] as never)[0]
  return typeof value === 'number' || typeof value === 'string' ? { name, shown: String(value) } : { name }
}

/** Dose, route and frequency in the draft. */
function dosage({ resource }: Order): Field {
  const name = said('dose, route and frequency in the order', '醫囑之劑量、途徑及頻率')
  const [first] = objectsIn(resource.dosageInstruction)
  const dose = objectsIn(first?.['doseAndRate']).some(
    ({ doseQuantity, doseRange }) => doseQuantity !== undefined || doseRange !== undefined,
  )
  const whole = dose && first?.['route'] !== undefined && first['timing'] !== undefined
  const text = first?.['text']
  return whole ? { name, shown: typeof text === 'string' ? text.slice(0, 100) : '✓' } : { name }
}

/** Orders on record, the earliest first: where one is of the same drug, the application is one to go on. */
function earlierOrders({ prefetch }: Call) {
  return resourcesOf(prefetch['medications'], 'MedicationRequest')
    .flatMap(({ id, status, authoredOn, medicationCodeableConcept }) =>
      ['active', 'completed', 'stopped', 'on-hold'].includes(status) && typeof authoredOn === 'string'
        ? [
            {
              reference: `MedicationRequest/${typeof id === 'string' ? id : ''}`,
              drugs: medicineOf(medicationCodeableConcept).drugs,
              day: authoredOn.slice(0, 10),
            },
          ]
        : [],
    )
    .sort((one, other) => (one.day < other.day ? -1 : 1))
}
