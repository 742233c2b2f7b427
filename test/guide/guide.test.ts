/**
 * The guide: served, and without a dead link.
 * https://hl7.org/fhir/R4/implementationguide.html
 */
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages, OWN_PROFILES } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { type Guide, makeGuide } from '../../src/guide/guide.ts'
import { html } from '../../src/page/html.ts'

let guide: Guide
beforeAll(() => {
  const conformance = makeConformance(loadNpmPackages())
  guide = makeGuide({
    package: OWN_PROFILES,
    folder: fileURLToPath(new URL('../../implementation-guide', import.meta.url)),
    conformance: () => conformance,
    definitions: loadDefinitions(),
  })
})

describe('the guide', () => {
  test('has no link to a page or place that is not there', () => {
    const ids = new Map(
      guide
        .files()
        .map(name => [name, new Set([...guide.file(name)!.text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
    )
    const dead: string[] = []
    for (const name of guide.files().filter(each => each.endsWith('.html')))
      for (const [, link] of guide.file(name)!.text.matchAll(/(?:href|src)="([^"]*)"/g)) {
        if (/^https:\/\//.test(link!)) continue
        const [file, place] = link!.split('#') as [string, string | undefined]
        const there = ids.get(file === '' ? name : file)
        if (!there || (place && !there.has(place))) dead.push(`${name}: ${link}`)
      }
    expect(dead).toEqual([])
  })

  test('has a page for each profile, value set, code system and example, with snapshot and differential', () => {
    const patient = guide.file('StructureDefinition-dhp-patient.html')!.text
    expect(patient).toContain('What this profile says')
    expect(patient).toMatch(/<summary>\d{2,3} elements<\/summary>/)
    expect(patient).toContain('Patient.identifier')
    const withoutSnapshot = guide
      .files()
      .filter(name => /^StructureDefinition-.*\.html$/.test(name))
      .filter(name => guide.file(name)!.text.includes('snapshot cannot be shown'))
    expect(withoutSnapshot).toEqual([])
  })

  test('loads nothing from elsewhere', () => {
    const loading = guide
      .files()
      .filter(name => /<(?:script|img|iframe)|<link[^>]+href="http|@import|url\(/.test(guide.file(name)!.text))
    expect(loading).toEqual([])
  })
})

test('what is put into a page is escaped', () => {
  expect(html`<p>${'<b>&"'}${html`<i>${"'"}</i>`}${[1, '<']}${undefined}</p>`.html).toBe(
    '<p>&lt;b&gt;&amp;&quot;<i>&#39;</i>1&lt;</p>',
  )
})
