/**
 * The pages of examples, search parameters and other definitions.
 * https://hl7.org/fhir/R4/resourcelist.html
 */
import type { CapabilityStatement, SearchParameter } from 'fhir/r4'
import type { CanonicalResource } from '../fhir/conformance.ts'
import { textOf } from './artifacts.ts'
import { html, type Html } from '../page/html.ts'
import type { Links } from './links.ts'

const json = (resource: object) => html`<pre><code>${JSON.stringify(resource, undefined, 2)}</code></pre>`

export function examplePage(example: CanonicalResource, links: Links): Html {
  const meta = example['meta'] as
    | { profile?: string[]; tag?: { system?: string; code?: string; display?: string }[] }
    | undefined
  const wrong = (meta?.tag ?? []).filter(tag => tag.system?.endsWith('/expected-error'))
  return html`${wrong.length > 0 &&
    html`<p class="wrong">Wrong on purpose: ${wrong.map(tag => html`${tag.display} (<code>${tag.code}</code>)`)}</p>`}
    <p>
      Synthetic. Declares
      ${(meta?.profile ?? []).map((profile, i) => html`${i > 0 && ', '}${links.canonical(profile)}`)}
    </p>
    ${json(example)}`
}

export function searchParameterPage(parameter: SearchParameter): Html {
  return html`<p>${parameter.description}</p>
    <dl>
      <dt>Canonical</dt>
      <dd><code>${parameter.url}</code></dd>
      <dt>Search</dt>
      <dd><code>GET [base]/${parameter.base[0]}?${parameter.code}=…</code></dd>
      <dt>Types</dt>
      <dd>${parameter.base.join(', ')}</dd>
      <dt>Kind</dt>
      <dd>${parameter.type}</dd>
      <dt>Expression</dt>
      <dd><code>${parameter.expression}</code></dd>
    </dl>`
}

export function capabilityPage(statement: CapabilityStatement, links: Links): Html {
  return html`<p>${statement.description}</p>
    ${(statement.rest ?? []).map(
      rest =>
        html`<div class="scroll">
          <table>
            <thead>
              <tr>
                <th>Type</th>
                <th>Profiles</th>
                <th>Interactions</th>
                <th>Search</th>
              </tr>
            </thead>
            <tbody>
              ${(rest.resource ?? []).map(
                each =>
                  html`<tr>
                    <td>${links.type(each.type)}</td>
                    <td>
                      ${(each.supportedProfile ?? []).map(
                        (profile, i) => html`${i > 0 && html`<br />`}${links.canonical(profile)}`,
                      )}
                    </td>
                    <td>${(each.interaction ?? []).map(({ code }) => code).join(', ')}</td>
                    <td>${(each.searchParam ?? []).map(({ name }) => name).join(', ')}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`,
    )}`
}

export const otherPage = (resource: CanonicalResource): Html =>
  html`<p>${textOf(resource, 'description')}</p>
    ${json(resource)}`
