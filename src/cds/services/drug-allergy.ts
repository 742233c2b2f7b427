/**
 * drug-allergy: medicines about to be signed against what the patient is allergic to, by drug, by class, and by classes that cross-react.
 * https://hl7.org/fhir/R4/allergyintolerance.html
 */
import type { AllergyIntolerance, CodeableConcept } from 'fhir/r4'
import { MOST_CARDS, overrideReasons, takingBack } from '../alerts.ts'
import { card, plainText, said, type Said } from '../card.ts'
import { codesOf, objectsIn, resourcesOf, tokensOf } from '../data.ts'
import { allergyClasses, allergyDrugs, crossReactions, type AllergyClass } from '../knowledge/allergy-classes.ts'
import { drugNamed, type Drug } from '../knowledge/drugs.ts'
import { medicineOf, type Medicine } from '../medicine.ts'
import { drafts, type Order } from '../orders.ts'
import type { Card, CdsService, Evidence, Language } from '../words.ts'

const FHIR: Evidence = {
  label: 'HL7 FHIR R4 AllergyIntolerance',
  url: 'https://hl7.org/fhir/R4/allergyintolerance.html',
}
const ATC: Evidence = { label: 'WHO ATC/DDD Index', url: 'https://atcddd.fhi.no/atc_ddd_index/' }

export const drugAllergy: CdsService = {
  id: 'drug-allergy',
  hook: 'order-sign',
  title: 'Drug allergies 藥物過敏檢核',
  description:
    'Compares medicines that are about to be signed with the patient’s active allergies: the same drug, the same class, and classes that may cross-react. 將待簽署藥囑與病人過敏紀錄比對：同藥、同類，以及可能交叉反應之類別。',
  prefetch: { allergies: 'AllergyIntolerance?patient={{context.patientId}}&_count=200' },
  evidence: [FHIR, ATC],
  answer(call) {
    const orders = drafts(call)
    if (orders.length === 0) return { cards: [] }
    const allergies = indexed(
      resourcesOf(call.prefetch['allergies'], 'AllergyIntolerance').filter(counts).map(knownAllergy),
    )
    const found = orders.flatMap(order => {
      const match = worst(matchesOf(order.medicine, allergies))
      return match ? [{ order, ...match }] : []
    })
    found.sort((one, other) => rank(other) - rank(one))
    return { cards: found.slice(0, MOST_CARDS).map(each => cardOf(each, call.language)) }
  },
}

/** Whether an allergy is in force: not refuted, entered in error, inactive or resolved. */
function counts({ clinicalStatus, verificationStatus }: AllergyIntolerance): boolean {
  const clinical = codesOf(clinicalStatus)
  const verification = codesOf(verificationStatus)
  if (verification.some(code => code === 'refuted' || code === 'entered-in-error')) return false
  return !clinical.some(code => code === 'inactive' || code === 'resolved')
}

interface KnownAllergy {
  readonly allergy: AllergyIntolerance
  readonly label: string
  readonly drugs: readonly Drug[]
  readonly classes: readonly AllergyClass[]
  /** Of high criticality, or with a severe reaction. */
  readonly grave: boolean
}

/** What an allergy is to: its code, and the substances its reactions name. */
function knownAllergy(allergy: AllergyIntolerance): KnownAllergy {
  const concepts = [allergy.code, ...objectsIn(allergy.reaction).map(({ substance }) => substance as CodeableConcept)]
  const drugs = new Set<Drug>()
  const classes = new Set<AllergyClass>()
  for (const concept of concepts) {
    const codes = tokensOf(concept).flatMap(token => (token.startsWith(SNOMED) ? [token.slice(SNOMED.length)] : []))
    for (const code of codes) {
      const name = allergyDrugs.get(code)
      if (name) drugs.add(drugNamed(name))
      for (const each of allergyClasses) if (each.snomed.includes(code)) classes.add(each)
    }
    const medicine = medicineOf(concept)
    if (!medicine.byName) for (const drug of medicine.drugs) drugs.add(drug)
    // an ATC group, as J01C
    for (const code of medicine.atc) for (const each of allergyClasses) if (each.atc.includes(code)) classes.add(each)
  }
  const [concept] = concepts
  const label = medicineOf(concept).label
  if (drugs.size === 0 && classes.size === 0)
    for (const text of textsOf(concept).filter(says => !DENIES.test(says))) {
      for (const drug of medicineOf(text).drugs) drugs.add(drug)
      for (const each of allergyClasses) if (each.words.test(text)) classes.add(each)
    }
  const grave =
    allergy.criticality === 'high' || objectsIn(allergy.reaction).some(({ severity }) => severity === 'severe')
  return { allergy, label, drugs: [...drugs], classes: [...classes], grave }
}

const SNOMED = 'http://snomed.info/sct|'

/** A text that says there is none names no allergy; one that says what is not borne (無法耐受) does. */
const DENIES = /\b(?:no|none|denies|denied|negative|without|tolerates|tolerated well)\b|無(?!法)|沒有|否認/i

const textsOf = (concept: CodeableConcept | undefined): readonly string[] =>
  [concept?.text, ...objectsIn(concept?.coding).map(({ display }) => display)].flatMap(text =>
    typeof text === 'string' ? [text.slice(0, 300)] : [],
  )

interface Match {
  readonly allergy: KnownAllergy
  /** `cross` and `rare`: another class that may cross-react, or seldom does. */
  readonly kind: 'drug' | 'class' | 'cross' | 'rare'
  /** What the two have in common. */
  readonly common: Said
  readonly says?: Said
  readonly evidence: readonly Evidence[]
}

type Found = Match & { readonly order: Order }

/** The gravest allergy to each drug and each class, so that the work grows with orders and allergies and not with their product. */
interface Allergies {
  readonly toDrug: ReadonlyMap<Drug, KnownAllergy>
  readonly toClass: ReadonlyMap<string, KnownAllergy>
}

function indexed(allergies: readonly KnownAllergy[]): Allergies {
  const toDrug = new Map<Drug, KnownAllergy>()
  const toClass = new Map<string, KnownAllergy>()
  const keep = <Key>(map: Map<Key, KnownAllergy>, key: Key, allergy: KnownAllergy) => {
    const held = map.get(key)
    if (!held || (allergy.grave && !held.grave)) map.set(key, allergy)
  }
  for (const allergy of allergies) {
    for (const drug of allergy.drugs) keep(toDrug, drug, allergy)
    for (const each of allergyClasses)
      if (allergy.classes.includes(each) || allergy.drugs.some(drug => hasDrug(each, drug)))
        keep(toClass, each.id, allergy)
  }
  return { toDrug, toClass }
}

function matchesOf(medicine: Medicine, { toDrug, toClass }: Allergies): readonly Match[] {
  const matches: Match[] = []
  for (const drug of medicine.drugs) {
    const allergy = toDrug.get(drug)
    if (allergy)
      matches.push({ allergy, kind: 'drug', common: said(drug.name, `${drug.name}（${drug.zh}）`), evidence: [FHIR] })
  }
  const ordered = allergyClasses.filter(each => isOf(medicine, each))
  for (const { id, name } of ordered) {
    const allergy = toClass.get(id)
    if (allergy) matches.push({ allergy, kind: 'class', common: name, evidence: [ATC, FHIR] })
  }
  for (const { from, to, drugs, says, evidence, isRare = false } of crossReactions) {
    const allergy = toClass.get(from)
    const origin = allergyClasses.find(each => each.id === from)
    const target = ordered.find(each => each.id === to)
    if (!allergy || !origin || !target) continue
    if (drugs && !medicine.drugs.some(drug => drugs.includes(drug.name))) continue
    const common = said(`${origin.name.en} and ${target.name.en}`, `${origin.name['zh-TW']}與${target.name['zh-TW']}`)
    matches.push({ allergy, kind: isRare ? 'rare' : 'cross', common, says, evidence: [evidence, FHIR] })
  }
  return matches
}

const isOf = (medicine: Medicine, { atc, drugs = [] }: AllergyClass): boolean =>
  medicine.atc.some(code => atc.some(group => code.startsWith(group))) ||
  medicine.drugs.some(drug => drugs.includes(drug.name) || atc.some(group => drug.atc[0]!.startsWith(group)))

const hasDrug = ({ atc, drugs = [] }: AllergyClass, drug: Drug): boolean =>
  drugs.includes(drug.name) || atc.some(group => drug.atc[0]!.startsWith(group))

const worst = (matches: readonly Match[]): Match | undefined =>
  matches.reduce<Match | undefined>((held, each) => (held && rank(held) >= rank(each) ? held : each), undefined)

const INDICATORS = ['info', 'warning', 'critical'] as const

/** Of a match: 0 to 2. The same drug or class is a warning, and critical where criticality is high or a reaction was severe. */
function rank({ kind, allergy: { grave } }: Match): 0 | 1 | 2 {
  if (kind === 'rare') return 0
  if (kind === 'cross') return grave ? 1 : 0
  return grave ? 2 : 1
}

function cardOf(found: Found, language: Language): Card {
  const { order, allergy, kind, common, says, evidence } = found
  const { medicine } = order
  const reactions = objectsIn(allergy.allergy.reaction).flatMap(({ manifestation, severity }) => {
    const shown = objectsIn(manifestation).map(each => medicineOf(each).label)
    return shown.length > 0 ? [`${shown.join(', ')}${typeof severity === 'string' ? ` (${severity})` : ''}`] : []
  })
  const { criticality, recordedDate } = allergy.allergy
  const why = {
    drug: said(`the allergy is to this drug: ${common.en}`, `過敏紀錄即為此藥：${common['zh-TW']}`),
    class: said(`both are ${common.en}`, `兩者同屬${common['zh-TW']}`),
    cross: said(`${common.en} may cross-react`, `${common['zh-TW']}可能有交叉反應`),
  }[kind === 'rare' ? 'cross' : kind]
  const summary = {
    drug: said(
      `${medicine.label}: allergy to ${allergy.label} on record`,
      `${medicine.label}：病人有「${allergy.label}」過敏紀錄`,
    ),
    class: said(
      `${medicine.label}: allergy to ${allergy.label} on record, same class`,
      `${medicine.label}：病人有「${allergy.label}」過敏紀錄（同類藥）`,
    ),
    cross: said(
      `${medicine.label}: may cross-react with the recorded allergy to ${allergy.label}`,
      `${medicine.label}：與「${allergy.label}」過敏可能交叉反應`,
    ),
  }[kind === 'rare' ? 'cross' : kind]
  const date = typeof recordedDate === 'string' ? recordedDate.slice(0, 10) : undefined
  const lines = (words: { order: string; allergy: string; why: string; reaction: string; unknown: string }) =>
    [
      `- ${words.order}: ${plainText(medicine.label)}`,
      `- ${words.allergy}: ${plainText(allergy.label)}${date ? ` (${plainText(date)})` : ''}; criticality: ${typeof criticality === 'string' ? plainText(criticality) : words.unknown}`,
      `- ${words.why}: ${why[language]}${says ? `. ${says[language]}` : ''}`,
      `- ${words.reaction}: ${reactions.length > 0 ? plainText(reactions.join('; ')) : words.unknown}`,
    ].join('\n')
  return card(
    {
      summary,
      indicator: INDICATORS[rank(found)],
      detail: said(
        `${lines({ order: 'Order', allergy: 'Allergy', why: 'Why', reaction: 'Reaction', unknown: 'not recorded' })}\n\nCheck the history of the reaction; choose another drug, or say why this one is right.`,
        `${lines({ order: '醫囑', allergy: '過敏紀錄', why: '原因', reaction: '反應', unknown: '未記錄' })}\n\n請確認過敏史；改用其他藥品，或說明仍需使用之理由。`,
      ),
      evidence,
      suggestions: takingBack(order, language),
      overrideReasons: overrideReasons(language),
    },
    language,
  )
}
