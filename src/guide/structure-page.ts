/**
 * The page of a profile or extension.
 * https://hl7.org/fhir/R4/structuredefinition.html
 */
import type { ElementDefinition } from 'fhir/r4'
import { type CanonicalResource } from '../fhir/conformance.ts'
import { pageOf, textOf, titleOf } from './artifacts.ts'
import { elementTable } from './element-table.ts'
import { html, type Html } from '../page/html.ts'
import type { Links } from './links.ts'

export interface StructureParts {
  readonly links: Links
  /** The elements of the snapshot; undefined when it cannot be made. */
  snapshot(structure: CanonicalResource): readonly ElementDefinition[] | undefined
  /** Those that declare the profile: what conforms, and what is wrong on purpose. */
  examplesOf(url: string): { readonly good: readonly CanonicalResource[]; readonly bad: readonly CanonicalResource[] }
  /** Profiles derived from this one. */
  derivedOf(url: string): readonly CanonicalResource[]
}

export function structurePage(structure: CanonicalResource, parts: StructureParts): Html {
  const { links } = parts
  const differential = ((structure['differential'] as { element?: ElementDefinition[] } | undefined)?.element ??
    []) as readonly ElementDefinition[]
  const snapshot = parts.snapshot(structure)
  const { good, bad } = parts.examplesOf(structure.url!)
  const derived = parts.derivedOf(structure.url!)
  return html`<p>${textOf(structure, 'description')}</p>
    <dl>
      <dt>Canonical</dt>
      <dd><code>${structure.url!}</code></dd>
      <dt>Type</dt>
      <dd>${links.type(textOf(structure, 'type'))}</dd>
      <dt>Derived from</dt>
      <dd>${links.canonical(textOf(structure, 'baseDefinition'))}</dd>
      ${derived.length > 0 &&
      html`<dt>Derived profiles</dt>
        <dd>${list(derived)}</dd>`}
      ${contexts(structure)}
    </dl>
    <h2 id="differential">What this profile says</h2>
    ${elementTable(differential, links)}
    <h2 id="snapshot">All that holds</h2>
    ${snapshot
      ? html`<details>
          <summary>${snapshot.length} elements</summary>
          ${elementTable(snapshot, links)}
        </details>`
      : html`<p>The base of this profile is not loaded, so its snapshot cannot be shown.</p>`}
    <h2 id="examples">Examples</h2>
    ${good.length > 0 ? html`<p>${list(good)}</p>` : html`<p>There is none.</p>`}
    ${bad.length > 0 && html`<p>Wrong on purpose, and refused by validation: ${list(bad)}</p>`}`
}

const list = (resources: readonly CanonicalResource[]) =>
  html`${resources.map((each, i) => html`${i > 0 && ', '}<a href="${pageOf(each)}">${titleOf(each)}</a>`)}`

function contexts(structure: CanonicalResource): Html | false {
  const context = structure['context'] as { type?: string; expression?: string }[] | undefined
  if (!Array.isArray(context) || structure['type'] !== 'Extension') return false
  return html`<dt>May stand on</dt>
    <dd>${context.map(({ expression }) => expression ?? '').join(', ')}</dd>`
}
