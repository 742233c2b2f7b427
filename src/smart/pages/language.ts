/**
 * The language of a page: as its address says, as chosen before, as the app asks, as the browser prefers.
 * https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest (ui_locales)
 */
import { languageOf, type Language } from '../../rest/language.ts'
import type { PlainRequest } from '../words.ts'

export type { Language }

/** Of two texts, the one in the reader's language. */
export type Say = (en: string, zh: string) => string

export const sayIn = (language: Language): Say => (language === 'zh' ? (_, zh) => zh : en => en)

const COOKIE = 'dhp-lang'

const known = (text: string | null | undefined): Language | undefined =>
  text === 'en' || text === 'zh' ? text : undefined

/** `asked`: the app's `ui_locales`, space separated. */
export function languageFor(request: PlainRequest, asked?: string): Language {
  return (
    known(request.query.get('lang')) ??
    known(request.cookies.get(COOKIE)) ??
    (asked ? languageOf(asked.split(' ').join(',')) : languageOf(request.headers['accept-language']))
  )
}

/** The cookie that remembers a language chosen by a link; undefined when none was. `path`: where it holds. */
export function languageCookie(request: PlainRequest, path: string): string | undefined {
  const chosen = known(request.query.get('lang'))
  return chosen && `${COOKIE}=${chosen}; Path=${path}; Max-Age=31536000; HttpOnly; SameSite=Lax`
}
