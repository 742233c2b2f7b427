/**
 * The elements of a profile as a table: what it says (differential) or all that holds (snapshot).
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { ElementDefinition } from 'fhir/r4'
import { html, type Html } from '../page/html.ts'
import type { Links } from './links.ts'

/** One row for each element, indented by its depth. */
export function elementTable(elements: readonly ElementDefinition[], links: Links): Html {
  return html`<div class="scroll">
    <table class="elements">
      <thead>
        <tr>
          <th>Element</th>
          <th>Flags</th>
          <th>Card.</th>
          <th>Type</th>
          <th>Description and constraints</th>
        </tr>
      </thead>
      <tbody>
        ${elements.map(element => row(element, links))}
      </tbody>
    </table>
  </div>`
}

function row(element: ElementDefinition, links: Links): Html {
  const id = element.id ?? element.path
  const last = id.slice(id.lastIndexOf('.') + 1)
  const depth = id.split('.').length - 1
  return html`<tr>
    <td class="d${Math.min(depth, 8)}" title="${id}">${last}</td>
    <td>
      ${element.mustSupport && html`<abbr title="must be supported">S</abbr> `}${element.isModifier &&
      html`<abbr title="is a modifier">?!</abbr>`}
    </td>
    <td>${cardinality(element)}</td>
    <td>${types(element, links)}</td>
    <td>${details(element, links)}</td>
  </tr> `
}

const cardinality = ({ min, max }: ElementDefinition) =>
  min === undefined && max === undefined ? '' : `${min ?? ''}..${max ?? ''}`

function types({ type, contentReference }: ElementDefinition, links: Links): Html {
  if (contentReference) return html`see ${contentReference.replace(/^.*#/, '')}`
  return html`${(type ?? []).map((each, i) => {
    const targets = [...(each.profile ?? []), ...(each.targetProfile ?? [])]
    return html`${i > 0 && ' | '}${links.type(each.code)}${targets.length > 0 &&
    html` (${targets.map((target, n) => html`${n > 0 && ' | '}${links.canonical(target)}`)})`}`
  })}`
}

function details(element: ElementDefinition, links: Links): Html {
  const lines: Html[] = []
  if (element.sliceName) lines.push(html`<b>Slice ${element.sliceName}</b>`)
  if (element.short) lines.push(html`${element.short}`)
  if (element.slicing) {
    const by = (element.slicing.discriminator ?? []).map(each => `${each.type}:${each.path}`).join(', ')
    lines.push(html`Sliced (${element.slicing.rules}${by && ` by ${by}`})`)
  }
  for (const [name, value] of Object.entries(element)) {
    if (/^fixed[A-Z]/.test(name)) lines.push(html`Fixed: <code>${shown(value)}</code>`)
    if (/^pattern[A-Z]/.test(name)) lines.push(html`Pattern: <code>${shown(value)}</code>`)
    if (/^(min|max)Value[A-Z]/.test(name)) lines.push(html`${name.slice(0, 3)}imum: <code>${shown(value)}</code>`)
  }
  if (element.maxLength) lines.push(html`At most ${element.maxLength} characters`)
  const { binding } = element
  if (binding?.valueSet) lines.push(html`Codes: ${links.canonical(binding.valueSet)} (${binding.strength})`)
  for (const { key, human, severity } of element.constraint ?? [])
    if (!BASE.test(key)) lines.push(html`<b>${key}</b>${severity === 'warning' && ' (warning)'}: ${human}`)
  return html`${lines.map((line, i) => html`${i > 0 && html`<br />`}${line}`)}`
}

/** Invariants that every element or resource has. */
const BASE = /^(ele|ext|dom)-\d/

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
