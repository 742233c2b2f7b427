/**
 * What the check of a resource says, in both languages.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { Said } from '../fhir/code-check.ts'
import { nearest } from '../search/suggest.ts'
import { quoted } from './outcome-text.ts'

export const tooDeep = (most: number): Said => ({
  en: `Nested more than ${most} levels deep.`,
  zh: `巢狀超過 ${most} 層。`,
})

export const tooMany = (most: number): Said => ({
  en: `The resource has more than ${most} values. Split it.`,
  zh: `此資源的值超過 ${most} 個，請拆分。`,
})

export const emptyObject: Said = {
  en: 'An object is empty; leave the element out.',
  zh: '物件是空的；請移除此資料元素。',
}

export const notMany = (name: string): Said => ({
  en: `${quoted(name)} is an array; it has one value at most, without brackets.`,
  zh: `${quoted(name)} 是陣列；此資料元素最多一個值，不加方括號。`,
})

export const notArray = (name: string, value: unknown): Said => ({
  en: `${quoted(name)} is ${kindOf(value)}; it may repeat, so it is an array.`,
  zh: `${quoted(name)} 是${kindZh(value)}；此資料元素可重複，必須寫成陣列。`,
})

export const emptyArray = (name: string): Said => ({
  en: `${quoted(name)} is an empty array; leave the element out.`,
  zh: `${quoted(name)} 是空的陣列；請移除此資料元素。`,
})

export const emptyString: Said = {
  en: 'A string is empty; leave the element out.',
  zh: '字串是空的；請移除此資料元素。',
}

export const controlCharacter: Said = {
  en: 'A string holds a control character; of these only tab, CR and LF are allowed.',
  zh: '字串含有控制字元；只允許 tab、CR 與 LF。',
}

const shoulds = {
  string: (type: string): Said => ({ en: `a string (${type})`, zh: `字串（${type}）` }),
  number: (type: string): Said => ({ en: `a number (${type}), without quotes`, zh: `數字（${type}），不加引號` }),
  boolean: (type: string): Said => ({
    en: `a boolean (${type}), without quotes`,
    zh: `true 或 false（${type}），不加引號`,
  }),
  object: (type: string): Said => ({ en: `an object (${type})`, zh: `物件（${type}）` }),
  resource: (): Said => ({ en: 'a resource', zh: '資源' }),
}

export function wrongKind(value: unknown, kind: keyof typeof shoulds, type: string): Said {
  const should = shoulds[kind](type)
  return value === null
    ? {
        en: `The value is null; it should be ${should.en}, or be left out.`,
        zh: `值是 null；應為${should.zh}，或移除此資料元素。`,
      }
    : {
        en: `The value is ${kindOf(value)}; it should be ${should.en}.`,
        zh: `值是${kindZh(value)}；應為${should.zh}。`,
      }
}

export const noType: Said = {
  en: 'A resource has no "resourceType".',
  zh: '資源沒有 "resourceType"。',
}

export const unknownType = (type: string, known: Iterable<string>): Said =>
  withHint(
    { en: `${quoted(type)} is not a resource type of FHIR R4.`, zh: `${quoted(type)} 不是 FHIR R4 的資源類型。` },
    type,
    known,
  )

export const containedTwice: Said = {
  en: 'A contained resource cannot contain others; put them beside it.',
  zh: '內含（contained）的資源不可再內含其他資源；請放在同一層。',
}

export const noElement = (name: string, known: Iterable<string>): Said =>
  name === 'resourceType'
    ? {
        en: 'There is no element "resourceType" here. Only resources have it.',
        zh: '此處沒有資料元素 "resourceType"，只有資源才有。',
      }
    : withHint(
        { en: `There is no element ${quoted(name)} here.`, zh: `此處沒有資料元素 ${quoted(name)}。` },
        name,
        known,
      )

export const wrongBeside = (name: string, value: unknown, many: boolean): Said => ({
  en: `${quoted(name)} is ${kindOf(value)}; beside ${quoted(name.slice(1))} it is ${many ? 'an array' : 'an object'}.`,
  zh: `${quoted(name)} 是${kindZh(value)}；在 ${quoted(name.slice(1))} 旁應為${many ? '陣列' : '物件'}。`,
})

export const missing = (name: string, type: string): Said => ({
  en: `${type} needs ${quoted(name)}, and it is missing. Add it.`,
  zh: `${type} 缺少必填的資料元素 ${quoted(name)}，請補上。`,
})

export const twoOfChoice = (name: string): Said => ({
  en: `${quoted(name)} is given in two types; keep one.`,
  zh: `${quoted(name)} 以兩種型別重複給值；請只保留一個。`,
})

export function unknownCode(code: string, codes: ReadonlySet<string>): Said {
  const all = [...codes]
  const some = all.slice(0, 12).join(', ') + (all.length > 12 ? ', …' : '')
  return withHint(
    {
      en: `${quoted(code)} is not one of the codes allowed here: ${some}.`,
      zh: `${quoted(code)} 不是此處允許的代碼：${some}。`,
    },
    code,
    codes,
  )
}

function withHint({ en, zh }: Said, name: string, known: Iterable<string>): Said {
  const names = nearest(name, known).map(each => `"${each}"`)
  if (names.length === 0) return { en, zh }
  return { en: `${en} Did you mean ${names.join(' or ')}?`, zh: `${zh}您是否要寫 ${names.join(' 或 ')}？` }
}

export const kindOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : Buffer.isBuffer(value)
        ? 'not JSON'
        : typeof value === 'object'
          ? 'an object'
          : `a ${typeof value}`

const kinds: Readonly<Record<string, string>> = {
  null: ' null',
  'an array': '陣列',
  'an object': '物件',
  'a string': '字串',
  'a number': '數字',
  'a boolean': '布林值',
}
const kindZh = (value: unknown) => kinds[kindOf(value)] ?? ''
