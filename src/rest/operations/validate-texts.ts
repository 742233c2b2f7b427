/**
 * What $validate says beside the findings, in both languages.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
import type { Said } from '../../fhir/code-check.ts'
import type { Issue, IssueCode } from '../../fhir/outcome.ts'
import type { Language } from '../language.ts'
import { quoted } from '../outcome-text.ts'

const issue = (
  language: Language,
  severity: Issue['severity'],
  code: IssueCode,
  said: Said,
  expression?: string,
): Issue => ({
  severity,
  code,
  diagnostics: said[language],
  ...(expression === undefined ? {} : { expression: [expression] }),
})

export const allWell = (language: Language) =>
  issue(language, 'information', 'informational', {
    en: 'Nothing is wrong with this resource.',
    zh: '此資源驗證通過，沒有發現問題。',
  })

export const canBeDeleted = (language: Language) =>
  issue(language, 'information', 'informational', {
    en: 'The resource can be deleted.',
    zh: '此資源可以刪除。',
  })

export const mayNotDelete = (language: Language, type: string) =>
  issue(language, 'error', 'forbidden', {
    en: `You may not delete ${type} resources here.`,
    zh: `您在此無權刪除 ${type} 資源。`,
  })

export const otherType = (language: Language, sent: string, named: string) =>
  issue(
    language,
    'error',
    'invalid',
    {
      en: `The resource is of type ${quoted(sent)}, but the URL names ${named}. Send it to ${quoted(sent)}, or correct it.`,
      zh: `資源的類型是 ${quoted(sent)}，但網址寫的是 ${named}。請改送至正確的網址，或更正資源。`,
    },
    'resourceType',
  )

export const noId = (language: Language, type: string) =>
  issue(
    language,
    'error',
    'required',
    { en: 'An update needs the id in the resource.', zh: '更新（update）時，資源必須有 id。' },
    `${type}.id`,
  )

export const otherId = (language: Language, type: string, sent: string, named: string) =>
  issue(
    language,
    'error',
    'value',
    {
      en: `The resource has the id ${sent}, but the URL names ${named}; they must be the same.`,
      zh: `資源的 id 是 ${sent}，但網址寫的是 ${named}；兩者必須相同。`,
    },
    `${type}.id`,
  )
