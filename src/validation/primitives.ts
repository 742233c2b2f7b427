/**
 * The formats of R4's primitive types.
 * https://hl7.org/fhir/R4/datatypes.html#primitive
 */
import type { Said } from '../fhir/code-check.ts'
import { dateTimeFault, isDate, isInstant, isTime } from './calendar.ts'
import { quoted } from './quoted.ts'
import type { TypeRule } from './words.ts'

/** So many characters a string may have (FHIR: 1 MB). */
export const LONGEST_STRING = 1_048_576

/**
 * What is wrong with the format of a primitive value; undefined when nothing is, for types that are no primitives, and for
 * values of the wrong JSON kind (a number where there should be a string), which others report. Linear in the length.
 */
export function primitiveProblem(type: string, value: unknown): Said | undefined {
  if (typeof value === 'string') return formats[type]?.(value)
  if (typeof value === 'number') return ranges[type]?.(value)
  return undefined
}

const anyText = (text: string): Said | undefined => {
  if (text.length > LONGEST_STRING)
    return {
      en: `The text has ${text.length} characters; at most ${LONGEST_STRING} are allowed. Shorten it, or send it as an Attachment or a Binary.`,
      zh: `文字長達 ${text.length} 個字元，上限為 ${LONGEST_STRING}。請縮短，或改用 Attachment 或 Binary 傳送。`,
    }
  return isBlank(text)
    ? { en: 'The text is empty; leave the element out.', zh: '文字是空的；請移除此資料元素。' }
    : undefined
}

const formats: Readonly<Record<string, (text: string) => Said | undefined>> = {
  __proto__: null as never,
  string: anyText,
  markdown: anyText,
  date: text =>
    isDate(text)
      ? undefined
      : said(
          text,
          'is not a date',
          'Write YYYY, YYYY-MM or YYYY-MM-DD, a day that exists',
          '不是日期',
          '請寫成 YYYY、YYYY-MM 或 YYYY-MM-DD，且該日必須存在',
        ),
  dateTime: text => {
    const fault = dateTimeFault(text)
    if (!fault) return undefined
    return fault === 'no-zone'
      ? said(
          text,
          'has a time without a time zone',
          'Add Z or an offset, as in +08:00',
          '有時間但沒有時區',
          '請加上 Z 或時差，例如 +08:00',
        )
      : said(
          text,
          'is not a date with or without time',
          'Write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz, a day and time that exist',
          '不是日期或日期時間',
          '請寫成 YYYY、YYYY-MM、YYYY-MM-DD 或 YYYY-MM-DDThh:mm:ss+zz:zz，且必須存在',
        )
  },
  instant: text =>
    isInstant(text)
      ? undefined
      : said(
          text,
          'is not an instant',
          'Write YYYY-MM-DDThh:mm:ss+zz:zz, to the second at least and with a time zone',
          '不是 instant',
          '請寫成 YYYY-MM-DDThh:mm:ss+zz:zz，至少到秒且須有時區',
        ),
  time: text =>
    isTime(text)
      ? undefined
      : said(
          text,
          'is not a time of day',
          'Write hh:mm:ss, without a time zone',
          '不是時間',
          '請寫成 hh:mm:ss，不含時區',
        ),
  id: text =>
    isId(text)
      ? undefined
      : said(
          text,
          'is not an id',
          'Use 1 to 64 letters, digits, "-" and "."',
          '不是有效的 id',
          '請用 1 至 64 個英文字母、數字、「-」或「.」',
        ),
  oid: text =>
    isOid(text)
      ? undefined
      : said(
          text,
          'is not an OID',
          'Write urn:oid: and numbers with points between, as in urn:oid:1.2.3',
          '不是 OID',
          '請寫成 urn:oid: 加上以點分隔的數字，例如 urn:oid:1.2.3',
        ),
  uuid: text =>
    isUuid(text)
      ? undefined
      : said(
          text,
          'is not a UUID',
          'Write urn:uuid: and 32 hexadecimal digits in lower case as 8-4-4-4-12',
          '不是 UUID',
          '請寫成 urn:uuid: 加上小寫十六進位數字（8-4-4-4-12）',
        ),
  uri: uriFault,
  url: uriFault,
  canonical: text =>
    uriFault(text) ??
    (text.startsWith('#') || hasScheme(text)
      ? undefined
      : said(
          text,
          'is not an absolute URL',
          'Write the canonical in full, as in http://example.org/x|1.0, or #id for a contained resource',
          '不是絕對網址',
          '請寫出完整的 canonical，例如 http://example.org/x|1.0；內含資源則寫 #id',
        )),
  code: text =>
    isCode(text)
      ? undefined
      : said(
          text,
          'is not a code',
          'Remove spaces at the beginning and the end, and all but single spaces within',
          '不是有效的代碼',
          '請移除開頭與結尾的空白，中間只能有單一空格',
        ),
  base64Binary: text =>
    isBase64(text)
      ? undefined
      : said(
          text,
          'is not base64',
          'Encode the bytes with A-Z, a-z, 0-9, "+" and "/", padded with "=" to a multiple of four',
          '不是 base64',
          '請以 A-Z、a-z、0-9、「+」、「/」編碼，並以「=」補足為四的倍數',
        ),
}

const integer = (least: number) => (value: number) => {
  if (Number.isInteger(value) && value >= least && value <= 2_147_483_647) return undefined
  return {
    en: `${value} is not allowed here. Send a whole number from ${least} to 2147483647.`,
    zh: `此處不可為 ${value}。請填 ${least} 至 2147483647 的整數。`,
  }
}

const ranges: Readonly<Record<string, (value: number) => Said | undefined>> = {
  __proto__: null as never,
  integer: integer(-2_147_483_648),
  unsignedInt: integer(0),
  positiveInt: integer(1),
  decimal: value =>
    Number.isFinite(value)
      ? undefined
      : { en: 'The number is too large. Send one below 1e308.', zh: '數字過大，請小於 1e308。' },
}

/** `1 to 64 letters, digits, - and .` */
export function isId(text: string): boolean {
  if (text.length < 1 || text.length > 64) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const letter = code | 32
    if (!((letter >= 97 && letter <= 122) || isDigit(code) || code === 45 || code === 46)) return false
  }
  return true
}

export const isOid = (text: string): boolean => /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/.test(text)

export const isUuid = (text: string): boolean =>
  /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)

/** No white space but single spaces within. */
export function isCode(text: string): boolean {
  if (text.length === 0) return false
  let space = true
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 32) {
      if (space) return false
      space = true
    } else if (isSpace(code)) return false
    else space = false
  }
  return !space
}

/** Base64 with or without white space between. */
export function isBase64(text: string): boolean {
  let count = 0
  let padding = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isSpace(code)) continue
    count++
    if (code === 61) padding++
    else if (padding > 0) return false
    else {
      const letter = code | 32
      if (!((letter >= 97 && letter <= 122) || isDigit(code) || code === 43 || code === 47)) return false
    }
  }
  return count > 0 && count % 4 === 0 && padding <= 2
}

function uriFault(text: string): Said | undefined {
  if (text.length === 0) return anyText(text)
  for (let i = 0; i < text.length; i++)
    if (isSpace(text.charCodeAt(i)))
      return said(
        text,
        'has white space in it, which a URI must not',
        'Remove it, or write %20',
        '含有空白，URI 不可有空白',
        '請移除，或寫成 %20',
      )
  if (text.startsWith('oid:') || text.startsWith('uuid:'))
    return said(
      text,
      'is not a URI',
      `Write urn:${text.slice(0, text.indexOf(':'))}: before the value`,
      '不是 URI',
      `請在值前加上 urn:${text.slice(0, text.indexOf(':'))}:`,
    )
  if (text.startsWith('urn:oid:')) return formats['oid']!(text)
  return text.startsWith('urn:uuid:') ? formats['uuid']!(text) : undefined
}

/** Whether a text begins like an absolute URI: `http:`, `urn:`. */
export const hasScheme = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)

const isDigit = (code: number) => code >= 48 && code <= 57
export const isSpace = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x2028 || code === 0x2029 || code === 0x3000

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isSpace(text.charCodeAt(i))) return false
  return true
}

const said = (text: string, en: string, todo: string, zh: string, todoZh: string): Said => ({
  en: `${quoted(text)} ${en}. ${todo}.`,
  zh: `「${quoted(text, '')}」${zh}。${todoZh}。`,
})

/** Every primitive value has the format of its type. */
export const primitives: TypeRule = {
  types: [...Object.keys(formats), ...Object.keys(ranges)],
  check(node, run) {
    const { type, value } = node
    const problem = primitiveProblem(type, value)
    if (problem) return run.report(node, { code: 'invalid', said: problem })
    if (typeof value !== 'string') return
    if (type === 'string') {
      if (isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(value.length - 1)))
        run.report(node, {
          severity: 'warning',
          code: 'invalid',
          said: {
            en: `The text ${quoted(value)} begins or ends with white space. Remove it.`,
            zh: `文字「${quoted(value, '')}」的開頭或結尾有空白，請移除。`,
          },
        })
    } else if (type === 'base64Binary' && /\s/.test(value)) {
      run.report(node, {
        severity: 'warning',
        code: 'invalid',
        said: {
          en: 'There is white space within the base64 data. Remove it: not every reader passes over it.',
          zh: 'base64 資料中有空白，請移除：並非所有系統都會略過。',
        },
      })
    } else if ((type === 'date' || type === 'dateTime' || type === 'instant') && isOddYear(value)) {
      run.report(node, {
        severity: 'warning',
        code: 'value',
        said: {
          en: `The year of ${quoted(value)} is before 1800 or after 2100. Check that it was typed right.`,
          zh: `「${quoted(value, '')}」的年份早於 1800 或晚於 2100，請確認是否輸入錯誤。`,
        },
      })
    }
  },
}

function isOddYear(text: string): boolean {
  const year = Number(text.slice(0, 4))
  return year < 1800 || year > 2100
}
