/**
 * Whether a value set, or a code system, has a code: yes, no, or that it cannot be told here.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 */
import type { CodeQuestion, CodeVerdict, Said } from '../fhir/code-check.ts'
import { FhirError } from '../fhir/outcome.ts'
import { fold } from '../search/words.ts'
import { textOf } from './code-system.ts'
import type { Answer } from './selection.ts'
import type { Known, KnownCodes } from './known-codes.ts'
import type { ValueSet, ValueSets } from './value-set.ts'

/** Answers kept for each value set, and for questions without one. */
const MOST_KEPT = 5_000

export interface CodeChecker {
  check(question: CodeQuestion): CodeVerdict
  checkAgainst(valueSet: ValueSet, question: CodeQuestion): CodeVerdict
}

export function makeCodeChecker(codes: KnownCodes, valueSets: ValueSets): CodeChecker {
  const bySystem = new Map<string, CodeVerdict>()

  function check(question: CodeQuestion): CodeVerdict {
    if (question.valueSet === undefined) return remembered(bySystem, question, () => systemVerdict(question))
    const { valueSet: canonical, from } = question
    const { valueSet, problem } = foundBy(() => valueSets.find(canonical, from))
    if (problem !== undefined)
      return { result: 'unknown', why: 'filter', said: { en: problem, zh: '值集過於複雜，本伺服器無法計算。' } }
    if (!valueSet) return { result: 'unknown', why: 'value-set', said: noSuchSet(canonical) }
    return checkAgainst(valueSet, question)
  }

  const checkAgainst = (valueSet: ValueSet, question: CodeQuestion) =>
    remembered(valueSet.verdicts, question, () =>
      question.system !== undefined
        ? inSet(valueSet, question, question.system)
        : question.inferSystem
          ? inferred(valueSet, question)
          : notOf(valueSet, question, 'system'),
    )

  function systemVerdict(question: CodeQuestion): CodeVerdict {
    const { system, code, version, language } = question
    if (system === undefined)
      return {
        result: 'unknown',
        why: 'system',
        said: {
          en: `The code "${short(code)}" has no system, so it cannot be checked.`,
          zh: `代碼「${short(code)}」沒有系統（system），無法檢查。`,
        },
      }
    return verdictOf(codes.find(system, code, version, language), system, question)
  }

  /** What is known of a code that the value set has, or need not have. */
  function verdictOf(known: Known, system: string, question: CodeQuestion): CodeVerdict {
    if (known.is === 'no') return { result: 'no', why: 'code', said: noSuchCode(system, question.code, known.why) }
    if (known.is === 'unknown') return { result: 'unknown', why: 'system', said: notHere(system, question, known.why) }
    return yes(known, system)
  }

  function inSet(valueSet: ValueSet, question: CodeQuestion, system: string): CodeVerdict {
    const { code, version, language } = question
    const taken = answerOf(() => valueSet.has(system, code))
    if (taken === true) {
      const known = codes.find(system, code, version, language)
      // what a value set enumerates it vouches for
      return known.is === 'yes' ? yes(known, system) : { result: 'yes', system }
    }
    const known = codes.find(system, code, version)
    if (known.is === 'no') return verdictOf(known, system, question)
    if (taken === false) {
      if (known.is === 'unknown' && known.why === 'version') return verdictOf(known, system, question)
      return notOf(valueSet, question, valueSet.systems().has(system) ? 'value-set' : 'system')
    }
    return { result: 'unknown', why: taken.why, said: cannotTell(valueSet, question, taken.said) }
  }

  function inferred(valueSet: ValueSet, question: CodeQuestion): CodeVerdict {
    let unsure: Exclude<Answer, boolean> | undefined = valueSet.gone[0]
    for (const system of valueSet.systems()) {
      const taken = answerOf(() => valueSet.has(system, question.code))
      if (taken === true) return inSet(valueSet, question, system)
      if (taken !== false && codes.find(system, question.code).is !== 'no') unsure ??= taken
    }
    if (!unsure && valueSet.systems().size === 0) {
      const taken = answerOf(() => valueSet.has('', question.code))
      if (typeof taken !== 'boolean') unsure = taken
    }
    if (unsure) return { result: 'unknown', why: unsure.why, said: cannotTell(valueSet, question, unsure.said) }
    return notOf(valueSet, question, 'value-set')
  }

  return { check, checkAgainst }
}

/** Answers that were given before are given again; a display is compared each time. */
function remembered(kept: Map<string, CodeVerdict>, question: CodeQuestion, find: () => CodeVerdict): CodeVerdict {
  const { system, code, version, language, inferSystem, display } = question
  let key = `${system ?? (inferSystem ? '?' : '')}\n${code}`
  if (version !== undefined || language !== undefined) key += `\n${version ?? ''}\n${language ?? ''}`
  let verdict = kept.get(key)
  if (!verdict) {
    verdict = find()
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, verdict)
  }
  return verdict.result === 'yes' ? compared(verdict, display) : verdict
}

const MOST_DISPLAYS = 5

/** Case, width, accents and spaces make no difference to a display. `displays` are told only when the one given is none of them. */
function compared(verdict: CodeVerdict & { result: 'yes' }, display: string | undefined): CodeVerdict {
  if (!verdict.displays) return verdict
  const { displays, ...rest } = verdict
  if (display === undefined) return rest
  if (displays.includes(display)) return rest
  const given = fold(display)
  return displays.some(each => fold(each) === given) ? rest : { ...rest, displays: displays.slice(0, MOST_DISPLAYS) }
}

const yes = (known: Known & { is: 'yes' }, system: string): CodeVerdict => ({
  result: 'yes',
  system,
  ...(known.display === undefined ? {} : { display: known.display }),
  ...(known.displays === undefined ? {} : { displays: known.displays }),
  ...(known.inactive ? { inactive: true } : {}),
  ...(known.abstract ? { abstract: true } : {}),
})

/** A value set that is too large to be compiled is not computed. */
function foundBy(find: () => ValueSet | undefined): { valueSet?: ValueSet | undefined; problem?: string } {
  try {
    return { valueSet: find() }
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return { problem: error.message }
  }
}

/** A regex that takes too long, or a ring deeper than the stack, is an answer too. */
function answerOf(ask: () => Answer): Answer {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof FhirError) && !(error instanceof RangeError)) throw error
    const reason = error instanceof FhirError ? error.message : 'Its imports are nested too deeply.'
    return {
      why: 'filter',
      what: reason,
      said: { en: reason, zh: '值集的篩選條件過於複雜，本伺服器無法計算。' },
    }
  }
}

const short = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

/** `Title (url)`. */
function named({ resource }: ValueSet): string {
  const title = textOf(resource['title']) ?? textOf(resource['name'])
  const { url } = resource
  return title === undefined ? (url ?? 'that was sent') : url === undefined ? title : `${title} (${url})`
}
const written = ({ system, code }: CodeQuestion) =>
  system === undefined ? `"${short(code)}"` : `"${short(code)}" (${short(system)})`
const writtenZh = ({ system, code }: CodeQuestion) =>
  system === undefined ? `「${short(code)}」` : `「${short(code)}」（${short(system)}）`

function notOf(valueSet: ValueSet, question: CodeQuestion, why: 'system' | 'value-set'): CodeVerdict {
  const set = named(valueSet)
  if (why === 'value-set' || question.system === undefined)
    return {
      result: 'no',
      why,
      said: {
        en:
          question.system === undefined && why === 'system'
            ? `The code ${written(question)} has no system, so the value set ${set} does not have it. Say which system it is from.`
            : `The code ${written(question)} is not in the value set ${set}. Take one of its codes.`,
        zh:
          question.system === undefined && why === 'system'
            ? `代碼${writtenZh(question)}沒有系統（system），因此不屬於值集 ${set}。請填寫代碼所屬的系統。`
            : `代碼${writtenZh(question)}不在值集 ${set} 內，請改用值集內的代碼。`,
      },
    }
  const systems = [...valueSet.systems()]
  const some = systems.slice(0, 3).join(', ') + (systems.length > 3 ? ', …' : '')
  return {
    result: 'no',
    why,
    said: {
      en: `The value set ${set} takes no codes from ${short(question.system)}. It takes them from ${some || 'no system'}.`,
      zh: `值集 ${set} 不收錄 ${short(question.system)} 的代碼；可用的系統：${some || '無'}。`,
    },
  }
}

const noSuchSet = (canonical: string): Said => ({
  en: `The value set ${short(canonical)} is not on this server, so the code cannot be checked.`,
  zh: `本伺服器沒有值集 ${short(canonical)}，無法檢查代碼。`,
})

const cannotTell = (valueSet: ValueSet, question: CodeQuestion, why: Said): Said => ({
  en: `Whether the code ${written(question)} is in the value set ${named(valueSet)} cannot be checked here. ${why.en}`,
  zh: `無法在本伺服器檢查代碼${writtenZh(question)}是否屬於值集 ${named(valueSet)}。${why.zh}`,
})

function noSuchCode(system: string, code: string, why: 'content' | 'grammar' | 'form' | 'check digit'): Said {
  const [en, zh] = {
    content: [`has no code "${short(code)}"`, `沒有代碼「${short(code)}」`],
    grammar: [`has no code "${short(code)}"`, `沒有代碼「${short(code)}」`],
    form: [`has no codes of the form "${short(code)}"`, `沒有「${short(code)}」這種形式的代碼`],
    'check digit': [
      `cannot have the code "${short(code)}": its check digit is wrong, a digit may be mistyped`,
      `不可能有代碼「${short(code)}」：檢查碼不符，可能有數字打錯`,
    ],
  }[why] as [string, string]
  return { en: `The system ${short(system)} ${en}.`, zh: `系統 ${short(system)} ${zh}。` }
}

function notHere(system: string, question: CodeQuestion, why: 'system' | 'part' | 'version'): Said {
  const code = short(question.code)
  if (why === 'version')
    return {
      en: `Version ${question.version} of ${short(system)} is not on this server, and the code "${code}" is in no version that is.`,
      zh: `本伺服器沒有 ${short(system)} 的 ${question.version} 版，其他版本也沒有代碼「${code}」，因此無法檢查。`,
    }
  const [en, zh] =
    why === 'part'
      ? ['Only a part of the code system', '本伺服器只有部分代碼系統']
      : ['The code system', '本伺服器沒有代碼系統']
  return why === 'part'
    ? {
        en: `${en} ${short(system)} is on this server, so the code "${code}" cannot be checked here.`,
        zh: `${zh} ${short(system)} 的內容，無法檢查代碼「${code}」。`,
      }
    : {
        en: `${en} ${short(system)} is not on this server, so the code "${code}" cannot be checked here.`,
        zh: `${zh} ${short(system)} 的內容，無法檢查代碼「${code}」。`,
      }
}
