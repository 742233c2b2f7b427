/**
 * Code systems whose codes follow a published grammar or list that every server knows: units, languages, MIME types, currencies,
 * countries, addresses, time zones; and those whose codes can be seen to be mistyped by their check digit.
 * https://hl7.org/fhir/R4/terminologies-systems.html
 */
import { canonical, UCUM } from '../search/ucum.ts'
import { countries } from './countries.ts'

export interface Grammar {
  readonly title: string
  /** Undefined: it cannot be told here. */
  has(code: string): boolean | undefined
  /** `language`: BCP 47, English when not given. */
  display?(code: string, language?: string): string | undefined
  /** All codes, where they are few. */
  readonly codes?: () => readonly string[]
}

const names = new Map<string, Intl.DisplayNames>()

/** The name that Unicode's tables give, undefined when they have none. */
function nameOf(type: 'language' | 'region' | 'currency', code: string, language = 'en'): string | undefined {
  const key = `${type} ${language}`
  let known = names.get(key)
  try {
    if (!known) {
      if (names.size > 50) names.clear()
      names.set(key, (known = new Intl.DisplayNames([language, 'en'], { type, fallback: 'none' })))
    }
    return known.of(code)
  } catch {
    return undefined
  }
}

const unit: Grammar = {
  title: 'Unified Code for Units of Measure (UCUM)',
  has: code => canonical(code) !== undefined,
}

/** Structure by RFC 5646; languages of two letters and regions are all known here, those of three letters are not. */
const language: Grammar = {
  title: 'Tags for identifying languages (BCP 47)',
  has(code) {
    if (code.length > 100 || !/^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(code)) return false
    if (/^[xi]-/i.test(code)) return true
    let locale: Intl.Locale
    try {
      locale = new Intl.Locale(code)
    } catch {
      // registered long ago, or extended language subtags, which Intl does not read
      return /^(?:sgn|art|cel|no|zh|[a-z]{2,3}-[a-z]{3})-/i.test(code) ? undefined : false
    }
    if (locale.region && /^[A-Z]{2}$/.test(locale.region) && nameOf('region', locale.region) === undefined) return false
    // what Intl turns into another tag has its subtags as they came
    const primary = locale.language ?? code.split('-', 1)[0]!
    if (nameOf('language', primary) !== undefined) return true
    // longer ones can be registered, and none is
    return primary.length === 3 ? undefined : false
  },
  display: (code, inLanguage) => nameOf('language', code, inLanguage),
}

/** FHIR's own short names stand beside them where a format is meant. */
const shortFormats = new Set(['json', 'xml', 'ttl'])
const mime: Grammar = {
  title: 'Media types (BCP 13)',
  has: code =>
    shortFormats.has(code) ||
    (code.length <= 1_000 &&
      /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/.test(
        code.split(';', 1)[0]!.trim(),
      ) &&
      code
        .split(';')
        .slice(1)
        .every(part => /^\s*[A-Za-z0-9!#$&^_.+-]+=(?:[^\s";,]+|"[^"]*")\s*$/.test(part))),
}

const currency: Grammar = {
  title: 'Currencies (ISO 4217)',
  has: code => /^[A-Z]{3}$/.test(code) && nameOf('currency', code) !== undefined,
  display: (code, inLanguage) => nameOf('currency', code, inLanguage),
  codes: () => Intl.supportedValuesOf('currency'),
}

const country: Grammar = {
  title: 'Countries (ISO 3166-1)',
  has: code => countries.has(code),
  display: (code, inLanguage) => nameOf('region', countries.get(code)!, inLanguage),
  codes: () => [...countries.keys()],
}

const subdivision: Grammar = {
  title: 'Subdivisions of countries (ISO 3166-2)',
  has: code => (/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code) && countries.has(code.slice(0, 2)) ? undefined : false),
}

const address: Grammar = {
  title: 'Uniform Resource Identifiers (RFC 3986)',
  // a reference without a scheme, as an OID without urn:oid:, may have been meant
  has: code => (/^[^\s<>"{}|\\^`]+$/.test(code) ? /^[A-Za-z][A-Za-z0-9+.-]*:/.test(code) || undefined : false),
}

const timeZone: Grammar = {
  title: 'Time zones (IANA)',
  has(code) {
    if (!/^[A-Za-z]/.test(code)) return false
    try {
      new Intl.DateTimeFormat('en', { timeZone: code })
      return true
    } catch {
      return false
    }
  },
  codes: () => Intl.supportedValuesOf('timeZone'),
}

const grammars: ReadonlyMap<string, Grammar> = new Map([
  [UCUM, unit],
  ['urn:ietf:bcp:47', language],
  ['urn:ietf:bcp:13', mime],
  ['http://terminology.hl7.org/CodeSystem/v3-mediatypes', mime],
  ['urn:iso:std:iso:4217', currency],
  ['urn:iso:std:iso:3166', country],
  ['urn:iso:std:iso:3166:-2', subdivision],
  ['urn:ietf:rfc:3986', address],
  ['https://www.iana.org/time-zones', timeZone],
])

export const grammarOf = (system: string): Grammar | undefined => grammars.get(system)
export const grammarSystems = (): readonly string[] => [...grammars.keys()]

/** Why a code cannot belong to a system, as far as its form tells; undefined when it can. */
export function misformed(system: string, code: string): 'form' | 'check digit' | undefined {
  if (system === SNOMED) {
    // an expression of several codes is not looked into
    if (!/^\d+$/.test(code)) return /[:+,()<|=]/.test(code) ? undefined : 'form'
    if (code.length < 6 || code.length > 18) return 'form'
    return verhoeff(code) ? undefined : 'check digit'
  }
  if (system === LOINC) {
    const found = /^(\d{1,7})-(\d)$/.exec(code)
    if (!found) return /^[A-Z]/.test(code) ? undefined : 'form'
    return luhn(found[1]!) === Number(found[2]) ? undefined : 'check digit'
  }
  return undefined
}

export const SNOMED = 'http://snomed.info/sct'
export const LOINC = 'http://loinc.org'

/** Products of the symmetries of a pentagon. https://en.wikipedia.org/wiki/Verhoeff_algorithm */
const product = (a: number, b: number) =>
  a < 5 ? (b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)) : b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

/** Whether the last digit of an SCTID is its check digit. */
function verhoeff(digits: string): boolean {
  let check = 0
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i])
    for (let times = i % 8; times > 0; times--) digit = permutation[digit]!
    check = product(check, digit)
  }
  return check === 0
}

/** The check digit of a LOINC number. https://loinc.org/kb/users-guide/calculating-mod-10-check-digits/ */
function luhn(digits: string): number {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 2 : 1)
    sum += digit > 9 ? digit - 9 : digit
  }
  return (10 - (sum % 10)) % 10
}
