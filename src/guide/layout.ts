/**
 * What all pages of the guide have in common. No scripts, nothing from elsewhere.
 * https://html.spec.whatwg.org/multipage/semantics.html
 */
import { html, type Html } from '../page/html.ts'

export interface Entry {
  readonly file: string
  readonly title: string
}

/** A whole page. `written`: the pages in the head line. */
export function layout(title: string, body: Html, written: readonly Entry[], version: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · DHP FHIR guide</title>
        <link rel="stylesheet" href="style.css" />
      </head>
      <body>
        <header>
          <a class="home" href="index.html">DHP FHIR guide</a>
          <nav>
            ${written.map(({ file, title: name }) => html`<a href="${file}">${name}</a> `)}<a href="artifacts.html"
              >Profiles and codes</a
            >
          </nav>
        </header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>Version ${version}. All patients are synthetic. 所有病人資料皆為虛構。</footer>
      </body>
    </html> `.html
}
