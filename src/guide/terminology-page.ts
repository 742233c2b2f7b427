/**
 * The pages of value sets, code systems and concept maps.
 * https://hl7.org/fhir/R4/terminology-module.html
 */
import type { CodeSystem, CodeSystemConcept, ConceptMap, ValueSet, ValueSetComposeInclude } from 'fhir/r4'
import { html, type Html } from '../page/html.ts'
import type { Links } from './links.ts'

export function valueSetPage(valueSet: ValueSet, links: Links): Html {
  const { include = [], exclude = [] } = valueSet.compose ?? {}
  return html`${head(valueSet)}
    <h2>Codes</h2>
    ${include.map(each => part(each, links))}
    ${exclude.length > 0 &&
    html`<h2>Left out</h2>
      ${exclude.map(each => part(each, links))}`}`
}

export function codeSystemPage(system: CodeSystem): Html {
  return html`${head(system)}
    <dl>
      <dt>Content</dt>
      <dd>${system.content}</dd>
    </dl>
    <h2>Concepts</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Code</th>
            <th>Display</th>
            <th>Definition</th>
          </tr>
        </thead>
        <tbody>
          ${rows(system.concept ?? [], 0)}
        </tbody>
      </table>
    </div>`
}

export function conceptMapPage(map: ConceptMap, links: Links): Html {
  return html`${head(map)}${(map.group ?? []).map(
    group =>
      html`<h2>
          ${group.source ? links.canonical(group.source) : 'any'} to
          ${group.target ? links.canonical(group.target) : 'any'}
        </h2>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>From</th>
                <th>To</th>
                <th>Equivalence</th>
              </tr>
            </thead>
            <tbody>
              ${group.element.map(
                element =>
                  html`${(element.target ?? []).map(
                    target =>
                      html`<tr>
                        <td><code>${element.code}</code> ${element.display}</td>
                        <td><code>${target.code}</code> ${target.display}</td>
                        <td>${target.equivalence}</td>
                      </tr>`,
                  )}`,
              )}
            </tbody>
          </table>
        </div>`,
  )}`
}

const head = ({ url, description }: { url?: string | undefined; description?: string | undefined }) =>
  html`<p>${description}</p>
    <dl>
      <dt>Canonical</dt>
      <dd><code>${url}</code></dd>
    </dl>`

const DEEPEST = 20

function rows(concepts: readonly CodeSystemConcept[], depth: number): Html {
  if (depth > DEEPEST) return html``
  return html`${concepts.map(
    ({ code, display, definition, designation = [], concept = [] }) =>
      html`<tr>
          <td class="d${Math.min(depth, 8)}"><code>${code}</code></td>
          <td>${[display ?? '', ...designation.map(each => each.value)].filter(Boolean).join(' · ')}</td>
          <td>${definition}</td>
        </tr>
        ${rows(concept, depth + 1)}`,
  )}`
}

function part({ system, version, concept, filter, valueSet = [] }: ValueSetComposeInclude, links: Links): Html {
  const from = html`${system && links.canonical(version ? `${system}|${version}` : system)}`
  return html`<div>
    ${system && html`<h3>${from}</h3>`} ${valueSet.map(each => html`<p>All of ${links.canonical(each)}</p>`)}
    ${(filter ?? []).map(
      each => html`<p>Those whose <code>${each.property}</code> ${each.op} <code>${each.value}</code></p>`,
    )}
    ${!concept && !filter && system && html`<p>All of its codes</p>`}
    ${concept &&
    html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Code</th>
            <th>Display</th>
          </tr>
        </thead>
        <tbody>
          ${concept.map(
            each =>
              html`<tr>
                <td><code>${each.code}</code></td>
                <td>
                  ${[each.display ?? '', ...(each.designation ?? []).map(one => one.value)].filter(Boolean).join(' · ')}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`}
  </div>`
}
