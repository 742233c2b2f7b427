/**
 * A scope in plain words, and narrowed to reading.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Permission, Scope } from '../../access/scope.ts'
import { sayIn, type Language } from './language.ts'
import { typeName } from './type-names.ts'

const permissions: Readonly<Record<Permission, readonly [en: string, zh: string]>> = {
  r: ['read', '讀取'],
  s: ['search', '搜尋'],
  c: ['add', '新增'],
  u: ['change', '修改'],
  d: ['delete', '刪除'],
}

const parameters: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  category: ['the category', '類別'],
  code: ['the code', '代碼'],
  status: ['the status', '狀態'],
  'clinical-status': ['the clinical status', '臨床狀態'],
  date: ['the date', '日期'],
  _tag: ['the tag', '標籤'],
  _security: ['the security label', '安全標籤'],
  _profile: ['the profile', 'Profile'],
  type: ['the type', '類型'],
}

const pick = (pair: readonly [string, string], language: Language) => pair[language === 'zh' ? 1 : 0]

/** `Read, search: diagnoses and health problems (Condition) of the chosen patient` */
export function scopeText(scope: Scope, language: Language): string {
  const say = sayIn(language)
  const may = (Object.keys(permissions) as Permission[])
    .filter(each => scope.permissions.has(each))
    .map(each => pick(permissions[each], language))
    .join(say(', ', '、'))
  const what = typeName(scope.type, language)
  const whose = {
    patient: say('of the chosen patient', '所選病人的'),
    user: say('that you may see', '您有權查看的'),
    system: say('of all patients', '全部病人的'),
  }[scope.level]
  const only = queryText(scope.query, language)
  const text = language === 'zh' ? `${may}：${whose}${what}${only}` : `${may}: ${what} ${whose}${only}`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `category=http://…|laboratory`: `, only where the category is laboratory` */
function queryText(query: string, language: Language): string {
  if (query === '') return ''
  const conditions = [...new URLSearchParams(query)].map(([name, value]) => {
    const param = Object.hasOwn(parameters, name) ? pick(parameters[name]!, language) : name
    const values = value.split(',').map(each => each.slice(each.lastIndexOf('|') + 1) || each)
    return language === 'zh' ? `${param}為「${values.join('」或「')}」` : `${param} is “${values.join('” or “')}”`
  })
  return language === 'zh' ? `，僅限${conditions.join('、且')}` : `, only where ${conditions.join(' and ')}`
}

/** Whether it lets the app both see and write. */
export const readsAndWrites = ({ permissions: may }: Scope): boolean =>
  (may.has('r') || may.has('s')) && (may.has('c') || may.has('u') || may.has('d'))

/** The scope without adding, changing and deleting, as text. */
export function readingOnly({ text }: Scope): string {
  const mark = text.indexOf('?')
  const [head, query] = mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark)]
  const dot = head.lastIndexOf('.')
  const suffix = head.slice(dot + 1)
  return `${head.slice(0, dot)}.${suffix === '*' ? 'read' : suffix.replace(/[cud]/g, '')}${query}`
}

/** What a scope that is not about resources means, and whether the app cannot work without it. */
export function otherText(scope: string, language: Language): { text: string; needed: boolean } {
  const say = sayIn(language)
  // `launch/patient?role=x` is a kind of `launch/patient`
  switch (scope.startsWith('launch/') ? scope.replace(/\?.*$/, '') : scope) {
    case 'openid':
      return { needed: true, text: say('Know that it is you (sign-in)', '確認您的身分（登入）') }
    case 'fhirUser':
    case 'profile':
      return { needed: true, text: say('Know your name and role', '得知您的姓名與角色') }
    case 'launch':
      return { needed: true, text: say('Know what was open when it was started', '得知啟動時開啟的內容') }
    case 'launch/patient':
      return { needed: true, text: say('Know which patient was chosen', '得知所選的病人') }
    case 'launch/encounter':
      return { needed: true, text: say('Know which visit was chosen', '得知所選的就醫紀錄') }
    case 'offline_access':
      return {
        needed: false,
        text: say('Keep this access when you are not there, until you withdraw it', '在您離開後仍可存取，直到您撤回'),
      }
    case 'online_access':
      return { needed: false, text: say('Keep this access while you are signed in', '在您登入期間持續存取') }
    default:
      return { needed: false, text: scope }
  }
}
