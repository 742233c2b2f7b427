/**
 * The one style sheet of the pages: readable on a phone, by light and by dark.
 * https://www.w3.org/TR/css-color-adjust-1/
 */
import type { PlainResponse } from '../words.ts'

const css = `:root { color-scheme: light dark; --ink: #1b2428; --paper: #fff; --soft: #f1f5f6; --line: #8a989e; --key: #00646f; --on-key: #fff; --bad: #a3161c; --good: #1b6e36 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edef; --paper: #12191c; --soft: #1d282c; --line: #74868d; --key: #6cd0da; --on-key: #04262a; --bad: #ff9d9d; --good: #8fdca6 } }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.55 system-ui, "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif; color: var(--ink); background: var(--paper) }
header { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 1rem; background: var(--soft); border-bottom: 1px solid var(--line) }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.15rem; margin-top: 1.6rem }
a { color: var(--key) }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible, summary:focus-visible { outline: 3px solid var(--key); outline-offset: 2px }
label { display: block; font-weight: 600; margin-top: .8rem } label.plain { font-weight: 400; margin: 0 }
.choice { display: flex; gap: .6rem; align-items: flex-start; font-weight: 400; margin: .5rem 0 }
.choice input { margin-top: .3rem; inline-size: 1.2rem; block-size: 1.2rem; flex: none }
.inner { margin-inline-start: 1.8rem }
input:not([type=checkbox]):not([type=radio]), select, textarea { font: inherit; width: 100%; min-height: 2.75rem; padding: .4rem .6rem; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: .4rem 1rem 1rem } legend { font-weight: 600; padding: 0 .4rem }
button, .button { display: inline-block; font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.1rem; margin: .8rem .5rem 0 0; color: var(--on-key); background: var(--key); border: 1px solid var(--key); border-radius: .4rem; text-decoration: none; cursor: pointer }
button.quiet, .button.quiet { color: var(--key); background: transparent }
button.person { display: block; width: 100%; margin: .4rem 0; text-align: start; color: var(--ink); background: var(--soft); border-color: var(--line) }
button.person small { font-weight: 400 }
.alert { padding: .6rem 1rem; border-inline-start: .4rem solid var(--bad); background: var(--soft); color: var(--bad); font-weight: 600 }
.note { color: inherit; opacity: .85 } .good { color: var(--good) } .bad { color: var(--bad) }
.app { border: 1px solid var(--line); border-radius: .5rem; padding: .2rem 1rem 1rem; margin: 1rem 0 }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .2rem 1rem } dt { font-weight: 600 } dd { margin: 0 }
pre { overflow-x: auto; padding: .6rem; background: var(--soft); border-radius: .4rem; font-size: .85rem; white-space: pre-wrap }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none } [aria-current] { font-weight: 700 }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .5rem } main button { width: 100% } }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
`

/** `{base}/auth/pages.css` */
export const styleSheet: PlainResponse = {
  status: 200,
  headers: {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': 'public, max-age=3600',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  },
  body: css,
}
