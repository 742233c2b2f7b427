/**
 * What is in a medicine: its drugs by ATC and RxNorm codes, and by its name only when no code is known here.
 * https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.medication_x_
 */
import type { CodeableConcept } from 'fhir/r4'
import { drugs, type Drug } from './knowledge/drugs.ts'

export interface Medicine {
  /** As it is called in the data, for people; never empty. */
  readonly label: string
  readonly drugs: readonly Drug[]
  /** ATC codes that stand in the data, and those of the drugs when none does. */
  readonly atc: readonly string[]
  /** Found by its name, not by a code. */
  readonly byName: boolean
  /** For skin, eye, ear, nose or mouth, where little reaches the blood. */
  readonly local: boolean
}

const ATC = 'http://www.whocc.no/atc'
/** As TW Core writes it. */
const ATC_OF_TAIWAN = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medcation-atc-tw'
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'

const byCode = new Map<string, Drug[]>()
for (const drug of drugs) {
  for (const code of drug.atc) list(byCode, `${ATC}|${code}`).push(drug)
  if (drug.rxnorm) list(byCode, `${RXNORM}|${drug.rxnorm}`).push(drug)
}

/** What `concept` (or a mere text) is made of. Anything that is not of the expected form counts as not there. */
export function medicineOf(concept: unknown): Medicine {
  const { coding, text } = (typeof concept === 'object' && concept !== null ? concept : {}) as CodeableConcept
  const codings = (Array.isArray(coding) ? coding : []).filter(each => typeof each === 'object' && each !== null)
  const texts = [typeof concept === 'string' ? concept : text, ...codings.map(each => each.display)].filter(isText)
  const tokens = codings.flatMap(({ system, code }) =>
    isText(code) ? [`${system === ATC_OF_TAIWAN ? ATC : isText(system) ? system : ''}|${code}`] : [],
  )
  const coded = unique(tokens.flatMap(token => byCode.get(token) ?? []))
  const found = coded.length > 0 ? coded : unique(texts.flatMap(drugsNamedIn))
  const written = tokens.filter(token => token.startsWith(`${ATC}|`)).map(token => token.slice(ATC.length + 1))
  return {
    label: texts[0]?.trim().slice(0, 120) || tokens[0] || '?',
    drugs: found,
    atc: written.length > 0 ? unique(written) : unique(found.flatMap(drug => drug.atc.slice(0, 1))),
    byName: coded.length === 0,
    local: written.length > 0 ? written.every(isLocal) : texts.some(saysLocal),
  }
}

/** Groups of ATC for the skin, the mouth, the eye, the ear, the nose and for rubbing in. */
const isLocal = (code: string) => /^(?:D0|D1|S0|A01|R01|M02)/.test(code)

const saysLocal = (text: string) =>
  /\b(?:topical|cream|ointment|gel|ophthalmic|otic|nasal|eye|ear|lotion|shampoo)\b|眼藥|點眼|耳滴|鼻噴|乳膏|軟膏|凝膠|外用/i.test(
    text,
  )

const LONGEST_TEXT = 400
const HAN = /\p{Script=Han}/u

/** The drugs a text names, as whole words; of names within names the longest. */
export function drugsNamedIn(text: string): readonly Drug[] {
  const plain = text.slice(0, LONGEST_TEXT).normalize('NFKC').toLowerCase()
  const words = plain.match(/[a-z0-9]+/g) ?? []
  const found: Drug[] = []
  for (let at = 0; at < words.length; at++) {
    const name = byFirstWord.get(words[at]!)?.find(({ key }) => key.every((word, n) => words[at + n] === word))
    if (!name) continue
    found.push(...name.drugs)
    at += name.key.length - 1
  }
  if (!HAN.test(plain)) return unique(found)
  for (let at = 0; at < plain.length; at++) {
    const name = byFirstTwo.get(plain.slice(at, at + 2))?.find(({ key }) => plain.startsWith(key, at))
    if (!name) continue
    found.push(...name.drugs)
    at += name.key.length - 1
  }
  return unique(found)
}

interface Name<Key> {
  readonly key: Key
  readonly drugs: Drug[]
}

/** Names in Latin letters by their first word, and in Chinese by their first two characters; the longest first. */
const byFirstWord = new Map<string, Name<readonly string[]>[]>()
const byFirstTwo = new Map<string, Name<string>[]>()
for (const drug of drugs)
  for (const name of [drug.name, drug.zh, ...drug.also]) {
    const plain = name.normalize('NFKC').toLowerCase()
    const words = plain.match(/[a-z0-9]+/g) ?? []
    if (HAN.test(plain)) add(list(byFirstTwo, plain.slice(0, 2)), plain, drug)
    else add(list(byFirstWord, words[0]!), words, drug)
  }
for (const names of [...byFirstWord.values(), ...byFirstTwo.values()])
  names.sort((one, other) => other.key.length - one.key.length)

function add<Key extends string | readonly string[]>(names: Name<Key>[], key: Key, drug: Drug): void {
  const same = names.find(name => String(name.key) === String(key))
  if (same) same.drugs.push(drug)
  else names.push({ key, drugs: [drug] })
}

function list<Member>(map: Map<string, Member[]>, key: string): Member[] {
  const held = map.get(key)
  if (held) return held
  const made: Member[] = []
  map.set(key, made)
  return made
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const unique = <Member>(members: readonly Member[]): readonly Member[] => [...new Set(members)]
