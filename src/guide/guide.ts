/**
 * The implementation guide: written pages (implementation-guide/input/pagecontent) and one page for each profile, value set,
 * code system, search parameter and example, made when they are asked for.
 * https://hl7.org/fhir/R4/implementationguide.html
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CapabilityStatement, CodeSystem, ConceptMap, ElementDefinition, SearchParameter, ValueSet } from 'fhir/r4'
import type { CanonicalResource, Conformance } from '../fhir/conformance.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { isSnapshot, makeSnapshot } from '../validation/snapshot.ts'
import { type Artifacts, pageOf, readArtifacts, textOf, titleOf } from './artifacts.ts'
import { html, type Html } from '../page/html.ts'
import { type Entry, layout } from './layout.ts'
import { makeLinks } from './links.ts'
import { markdownPage } from './markdown.ts'
import { capabilityPage, examplePage, otherPage, searchParameterPage } from './other-page.ts'
import { structurePage, type StructureParts } from './structure-page.ts'
import { codeSystemPage, conceptMapPage, valueSetPage } from './terminology-page.ts'

export interface GuideParts {
  /** The compiled profiles. */
  readonly package: string
  /** Folder with `style.css` and `input/pagecontent/*.md`. */
  readonly folder: string
  readonly conformance: () => Conformance
  readonly definitions: Definitions
}

export interface Guide {
  /** Names of all files, `index.html` first. */
  files(): readonly string[]
  /** The content of one; undefined when there is none of the name. */
  file(name: string): { readonly type: string; readonly text: string } | undefined
}

/** What comes first in the head line; other written pages follow by name. */
const ORDER = ['index', 'search', 'write', 'validation', 'terminology', 'launch', 'cds']

export function makeGuide(parts: GuideParts): Guide {
  const pages = join(parts.folder, 'input/pagecontent')
  const names = readdirSync(pages)
    .filter(file => file.endsWith('.md'))
    .map(file => file.slice(0, -3))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
  let made: Made | undefined
  const all = () => (made ??= make(parts, names, pages))
  return {
    files: () => [...all().files.keys()],
    file(name) {
      const found = all().files.get(name)
      if (!found) return undefined
      const text = found()
      return {
        type: name.endsWith('.css') ? 'text/css' : name.endsWith('.json') ? 'application/fhir+json' : 'text/html',
        text,
      }
    },
  }
}

const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)

interface Made {
  readonly files: ReadonlyMap<string, () => string>
}

function make(parts: GuideParts, names: readonly string[], pages: string): Made {
  const artifacts = readArtifacts(parts.package)
  const written = names.map(name => ({
    file: `${name}.html`,
    ...markdownPage(readFileSync(join(pages, `${name}.md`), 'utf8')),
  }))
  const nav: Entry[] = written.map(({ file, title }) => ({ file, title })).filter(({ file }) => file !== 'index.html')
  const page = (title: string, body: Html) => layout(title, body, nav, artifacts.version)
  const render = renderer(parts, artifacts)
  const files = new Map<string, () => string>()
  for (const { file, title, body } of written) files.set(file, () => page(title, body))
  files.set('artifacts.html', () => page('Profiles and codes', artifactList(artifacts)))
  files.set('style.css', () => readFileSync(join(parts.folder, 'style.css'), 'utf8'))
  for (const resource of artifacts.definitions) {
    const raw = pageOf(resource).replace(/\.html$/, '.json')
    files.set(raw, () => JSON.stringify(resource, undefined, 2) + '\n')
    files.set(pageOf(resource), () =>
      page(
        titleOf(resource),
        html`${render(resource)}
          <p><a href="${raw}">The ${resource.resourceType} as JSON</a></p>`,
      ),
    )
  }
  const { links } = structureParts(parts, artifacts)
  for (const example of artifacts.examples)
    files.set(pageOf(example), () =>
      page(`${example.resourceType} ${textOf(example, 'id')}`, examplePage(example, links)),
    )
  return { files }
}

function structureParts({ conformance, definitions }: GuideParts, artifacts: Artifacts): StructureParts {
  const profilesOf = (example: CanonicalResource) =>
    ((example['meta'] as { profile?: string[] } | undefined)?.profile ?? []) as readonly string[]
  return {
    links: makeLinks(artifacts.definitions, code => definitions.isResourceType(code)),
    snapshot(structure) {
      const made = makeSnapshot(structure, conformance(), `${artifacts.name}#${artifacts.version}`)
      return isSnapshot(made) ? (made.elements as readonly ElementDefinition[]) : undefined
    },
    examplesOf(url) {
      const those = artifacts.examples.filter(example => profilesOf(example).includes(url))
      const isBad = (example: CanonicalResource) => textOf(example, 'id').startsWith('bad-')
      return { good: those.filter(each => !isBad(each)), bad: those.filter(isBad) }
    },
    derivedOf: url => artifacts.definitions.filter(each => each['baseDefinition'] === url),
  }
}

function renderer(parts: GuideParts, artifacts: Artifacts): (resource: CanonicalResource) => Html {
  const structures = structureParts(parts, artifacts)
  const { links } = structures
  return resource => {
    switch (resource.resourceType) {
      case 'StructureDefinition':
        return structurePage(resource, structures)
      case 'ValueSet':
        return valueSetPage(resource as unknown as ValueSet, links)
      case 'CodeSystem':
        return codeSystemPage(resource as unknown as CodeSystem)
      case 'ConceptMap':
        return conceptMapPage(resource as unknown as ConceptMap, links)
      case 'SearchParameter':
        return searchParameterPage(resource as unknown as SearchParameter)
      case 'CapabilityStatement':
        return capabilityPage(resource as unknown as CapabilityStatement, links)
      default:
        return otherPage(resource)
    }
  }
}

const KINDS: readonly [title: string, holds: (resource: CanonicalResource) => boolean][] = [
  ['Profiles', ({ resourceType, type }) => resourceType === 'StructureDefinition' && type !== 'Extension'],
  ['Extensions', ({ resourceType, type }) => resourceType === 'StructureDefinition' && type === 'Extension'],
  ['Value sets', ({ resourceType }) => resourceType === 'ValueSet'],
  ['Code systems', ({ resourceType }) => resourceType === 'CodeSystem'],
  ['Search parameters', ({ resourceType }) => resourceType === 'SearchParameter'],
  ['Concept maps', ({ resourceType }) => resourceType === 'ConceptMap'],
  [
    'Other',
    ({ resourceType }) =>
      !['StructureDefinition', 'ValueSet', 'CodeSystem', 'SearchParameter', 'ConceptMap'].includes(resourceType),
  ],
]

function artifactList({ definitions, examples }: Artifacts): Html {
  return html`${KINDS.map(([title, holds]) => {
      const those = definitions.filter(holds)
      return (
        those.length > 0 &&
        html`<h2 id="${title.toLowerCase().replace(' ', '-')}">${title}</h2>
          <table>
            <tbody>
              ${those.map(
                each =>
                  html`<tr>
                    <td><a href="${pageOf(each)}">${titleOf(each)}</a></td>
                    <td>${textOf(each, 'description')}</td>
                  </tr> `,
              )}
            </tbody>
          </table>`
      )
    })}
    <h2 id="examples">Examples</h2>
    <p>
      ${examples.map(each => html`<a href="${pageOf(each)}">${each.resourceType} ${textOf(each, 'id')}</a><br />`)}
    </p>`
}
