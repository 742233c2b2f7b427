/**
 * Where a canonical or a type is described: in this guide, or at its publisher.
 * https://hl7.org/fhir/R4/references.html#canonical
 */
import { type CanonicalResource, splitCanonical } from '../fhir/conformance.ts'
import { pageOf, titleOf } from './artifacts.ts'
import { html, type Html } from '../page/html.ts'

export interface Links {
  /** A canonical as a link, by its title where it is ours. */
  canonical(canonical: string): Html
  /** A FHIR type as a link to the specification. */
  type(code: string): Html
}

const R4 = 'https://hl7.org/fhir/R4/'

export function makeLinks(definitions: readonly CanonicalResource[], isResourceType: (code: string) => boolean): Links {
  const own = new Map(definitions.map(each => [each.url, each]))
  return {
    canonical(canonical) {
      const { url, version } = splitCanonical(canonical)
      const known = own.get(url)
      if (known) return html`<a href="${pageOf(known)}">${titleOf(known)}</a>`
      const there = published(url)
      const text = url.slice(url.lastIndexOf('/') + 1) + (version ? ` (${version})` : '')
      return there ? html`<a href="${there}" title="${canonical}">${text}</a>` : html`<code>${canonical}</code>`
    },
    type(code) {
      if (code.startsWith('http://hl7.org/fhirpath/'))
        return html`${code.slice(code.lastIndexOf('.') + 1).toLowerCase()}`
      const page = isResourceType(code)
        ? `${code.toLowerCase()}.html`
        : code === 'Reference'
          ? 'references.html'
          : code === 'Extension'
            ? 'extensibility.html'
            : `datatypes.html#${code}`
      return html`<a href="${R4}${page}">${code}</a>`
    },
  }
}

/** The address of a published artifact's page, as far as its publisher's habit is known. */
function published(url: string): string | undefined {
  const [, kind, id] = /\/(StructureDefinition|ValueSet|CodeSystem|ConceptMap)\/([^/]+)$/.exec(url) ?? []
  if (url.startsWith('http://hl7.org/fhir/us/mcode/')) return `https://hl7.org/fhir/us/mcode/STU4/${kind}-${id}.html`
  if (url.startsWith('http://terminology.hl7.org/'))
    return `https://terminology.hl7.org/${kind ?? 'CodeSystem'}-${id}.html`
  if (url.startsWith('http://hl7.org/fhir/uv/genomics-reporting/'))
    return `https://hl7.org/fhir/uv/genomics-reporting/${kind}-${id}.html`
  if (/^http:\/\/hl7\.org\/fhir\/(StructureDefinition|ValueSet)\//.test(url))
    return kind === 'ValueSet' ? `${R4}valueset-${id}.html` : `${R4}${id!.toLowerCase()}.html`
  return undefined
}
