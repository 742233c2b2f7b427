/**
 * What all pages for people have in common: plain HTML that works without script, and headers that let nobody frame,
 * keep or extend it.
 * https://www.w3.org/TR/CSP3/
 */
import { html, type Html } from '../../page/html.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { languageCookie, languageFor, sayIn, type Language, type Say } from './language.ts'

/** The page asked for, and how its reader wants it. */
export interface Look {
  readonly language: Language
  readonly say: Say
  /** The FHIR base of the tenant: `https://example.org/fhir`. */
  readonly base: string
  readonly request: PlainRequest
  /** Where forms may lead besides this server: sources as CSP writes them. */
  readonly leadsTo: readonly string[]
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[]
}

/** `path`: where the language cookie holds; that of the tenant. `locales`: the app's `ui_locales`. */
export function lookOf(request: PlainRequest, base: string, locales?: string): Look {
  const language = languageFor(request, locales)
  const cookie = languageCookie(request, new URL(base).pathname)
  return { language, say: sayIn(language), base, request, leadsTo: [], cookies: cookie ? [cookie] : [] }
}

/** The headers of every page. */
const headersOf = ({ leadsTo, cookies }: Pick<Look, 'leadsTo' | 'cookies'>) => ({
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'self'; base-uri 'none'; form-action ${["'self'", ...leadsTo].join(' ')}; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
  Vary: 'Accept-Language, Cookie',
  ...(cookies.length ? { 'Set-Cookie': cookies } : {}),
})

/** What a redirect URI or launch URL is in a Content-Security-Policy: its origin, or the scheme of an app's own. */
export function sourceOf(uri: string): string[] {
  const url = URL.parse(uri)
  if (!url) return []
  // what follows an origin in the policy could only be a directive of somebody else's
  if (url.protocol === 'https:' || url.protocol === 'http:')
    return /^[\w.:/[\]-]+$/.test(url.origin) ? [url.origin] : []
  return [url.protocol]
}

/** A whole page. */
export function page(look: Look, status: number, title: string, body: Html): PlainResponse {
  const { language, say, base, request } = look
  const other = new URLSearchParams(request.query)
  other.set('lang', language === 'en' ? 'zh' : 'en')
  const text = html`<!doctype html>
    <html lang="${language === 'en' ? 'en' : 'zh-Hant-TW'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="${base}/auth/pages.css" />
      </head>
      <body>
        <header>
          <span>${say('Health data sandbox', '健康資料服務')}</span>
          <a
            href="?${other.toString()}"
            hreflang="${language === 'en' ? 'zh-Hant-TW' : 'en'}"
            lang="${language === 'en' ? 'zh-Hant-TW' : 'en'}"
            >${language === 'en' ? '繁體中文' : 'English'}</a
          >
        </header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.html
  return { status, headers: headersOf(look), body: text }
}

/** Another page, fetched with GET. `to`: a whole URL. */
export const seeOther = (look: Pick<Look, 'cookies'>, to: string): PlainResponse => ({
  status: 303,
  headers: {
    Location: to,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    ...(look.cookies.length ? { 'Set-Cookie': look.cookies } : {}),
  },
})

/** What went wrong, as a page of its own or above a form. */
export const alert = (text: string | undefined): Html =>
  text === undefined ? html`` : html`<p class="alert" role="alert">${text}</p>`

/** To what a patient is told of who looked at the record. */
export const accessLink = ({ say, base }: Look): Html =>
  html`<a href="${base}/auth/access">${say('Who looked at my record', '誰看過我的病歷')}</a>`
