/**
 * Finding profiles, value sets and code systems by canonical: versions, several packages, a tenant's own.
 * https://hl7.org/fhir/R4/references.html#canonical
 */
import { describe, expect, test } from 'vitest'
import {
  type CanonicalResource,
  compareVersions,
  entryOf,
  idOf,
  type LoadedPackage,
  makeConformance,
} from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { cost } from '../help/cost.ts'

const url = 'http://example.org/ValueSet/x'
/** A package whose value sets say which one they are. */
function made(
  id: string,
  versions: readonly (string | undefined)[],
  dependencies: Record<string, string> = {},
): LoadedPackage {
  const [name, version] = id.split('#') as [string, string]
  const resources = versions.map(
    each =>
      ({
        resourceType: 'ValueSet',
        url,
        ...(each ? { version: each } : {}),
        title: `${id} ${each ?? '-'}`,
      }) as CanonicalResource,
  )
  const info = { name, version, dependencies }
  return { info, entries: resources.map(each => entryOf(each, idOf(info))!), read: position => resources[position]! }
}
const finding = (packages: readonly LoadedPackage[]) => {
  const conformance = makeConformance(packages)
  return (canonical: string, from?: string) => {
    const found = conformance.find('ValueSet', canonical, from)
    expect(conformance.entry('ValueSet', canonical, from)?.title).toBe(found?.['title'])
    return found?.['title']
  }
}

describe('a canonical', () => {
  const find = finding([made('a#1.0.0', ['1.2.0', '1.2.10', '1.2.9', '1.3.0', '2.0.0', undefined])])

  test.each([
    ['1.2.9', 'a#1.0.0 1.2.9'],
    ['1.2', 'a#1.0.0 1.2.10'],
    ['1.2.x', 'a#1.0.0 1.2.10'],
    ['1', 'a#1.0.0 1.3.0'],
    ['2.0.0', 'a#1.0.0 2.0.0'],
    ['3.0.0', undefined],
    ['1.2.1', undefined],
    ['1.', undefined],
    ['0.2.9', undefined],
  ])('with the version %s finds %s', (version, title) => expect(find(`${url}|${version}`)).toBe(title))

  test('that is a version itself finds that one, not what it could stand for', () => {
    expect(finding([made('a#1', ['1.2.5', '1.2'])])(`${url}|1.2`)).toBe('a#1 1.2')
  })

  test('of labels and dates finds them as they are', () => {
    const find = finding([made('a#1', ['2018-08-12', '1.0.0-ballot', 'current'])])
    for (const version of ['2018-08-12', '1.0.0-ballot', 'current'])
      expect(find(`${url}|${version}`)).toBe(`a#1 ${version}`)
    expect(find(`${url}|1.0.0`)).toBeUndefined()
    expect(find(`${url}|2018`)).toBeUndefined()
  })

  test('may have a fragment, which is passed over, and an empty version, which asks for none', () => {
    expect(find(`${url}|1.2.9#part`)).toBe('a#1.0.0 1.2.9')
    expect(find(`${url}#part`)).toBe(find(url))
    expect(find(`${url}|`)).toBe(find(url))
  })

  test('that is unknown, or of another type, or nonsense, finds nothing', () => {
    const conformance = makeConformance([made('a#1.0.0', ['1'])])
    for (const canonical of ['http://example.org/other', '', '|', '#', '||', `${url}/`, '__proto__', 'constructor'])
      expect(conformance.find('ValueSet', canonical)).toBeUndefined()
    expect(conformance.find('CodeSystem', url)).toBeUndefined()
  })
})

describe('of several packages', () => {
  const base = made('base#1.0.0', ['1.0.0'])
  const base2 = made('base#2.0.0', ['2.0.0'])
  const middle = made('middle#1.0.0', [], { base: '1.0.0' })
  const guide = made('guide#1.0.0', [], { middle: '1.0.0' })
  const other = made('other#1.0.0', ['7.0.0'])

  test('the one loaded last is meant', () => {
    expect(finding([base, other])(url)).toBe('other#1.0.0 7.0.0')
    expect(finding([other, base])(url)).toBe('base#1.0.0 1.0.0')
  })

  test('of versions of one package the newest is meant, in whatever order they were loaded', () => {
    for (const packages of [[base, base2], [base2, base]]) expect(finding(packages)(url)).toBe('base#2.0.0 2.0.0') // prettier-ignore
    expect(finding([made('base#10.0.0', ['10.0.0']), made('base#9.0.0', ['9.0.0'])])(url)).toBe('base#10.0.0 10.0.0')
  })

  test('who asks from a package gets what is in it, or in what it depends on, however far', () => {
    const find = finding([base, base2, middle, guide, other])
    expect(find(url)).toBe('other#1.0.0 7.0.0')
    expect(find(url, 'base#1.0.0')).toBe('base#1.0.0 1.0.0')
    expect(find(url, 'base#2.0.0')).toBe('base#2.0.0 2.0.0')
    expect(find(url, 'middle#1.0.0')).toBe('base#1.0.0 1.0.0')
    expect(find(url, 'guide#1.0.0')).toBe('base#1.0.0 1.0.0')
    expect(find(url, 'nowhere#1.0.0')).toBe('other#1.0.0 7.0.0')
    expect(find(`${url}|7.0.0`, 'guide#1.0.0')).toBe('other#1.0.0 7.0.0')
  })

  test('a dependency in a version that is not here is met by the newest of that package', () => {
    const find = finding([base, base2, made('guide#1', [], { base: '0.9.0' }), other])
    expect(find(url, 'guide#1')).toBe('base#2.0.0 2.0.0')
    const open = finding([base, base2, made('guide#1', [], { base: '1.0.x' }), other])
    expect(open(url, 'guide#1')).toBe('base#1.0.0 1.0.0')
  })

  test('packages that depend on one another in a circle do no harm', () => {
    const find = finding([made('a#1', [], { b: '1' }), made('b#1', ['1'], { a: '1' }), other])
    expect(find(url, 'a#1')).toBe('b#1 1')
  })

  test('all of a type are listed in the order of the packages', () => {
    const titles = makeConformance([base, other]).with([own('mine')]).entries('ValueSet').map(({ title }) => title) // prettier-ignore
    expect(titles).toEqual(['base#1.0.0 1.0.0', 'other#1.0.0 7.0.0', 'mine'])
    expect(makeConformance([base]).entries('CodeSystem')).toEqual([])
  })
})

const own = (title: string, version?: string): CanonicalResource => ({
  resourceType: 'ValueSet',
  url,
  title,
  ...(version ? { version } : {}),
})

describe('resources laid over packages', () => {
  const packages = makeConformance([made('a#1.0.0', ['1.0.0', '2.0.0'])])

  test('come before those of packages, whoever asks', () => {
    const over = packages.with([own('mine', '0.1.0')])
    expect(over.find('ValueSet', url)?.['title']).toBe('mine')
    expect(over.find('ValueSet', url, 'a#1.0.0')?.['title']).toBe('mine')
    expect(over.find('ValueSet', `${url}|2.0.0`)?.['title']).toBe('a#1.0.0 2.0.0')
    expect(over.entry('ValueSet', url)?.package).toBe('')
  })

  test('leave what they are laid over as it was, and are no package', () => {
    expect(packages.with([own('mine')]).packages.map(({ name }) => name)).toEqual(['a'])
    expect(packages.find('ValueSet', url)?.['title']).not.toBe('mine')
  })

  test('can be laid over each other: the last ones count', () => {
    const twice = packages.with([own('first')]).with([own('second')])
    expect(twice.find('ValueSet', url)?.['title']).toBe('second')
    expect(packages.with([own('first'), own('second')]).find('ValueSet', url)?.['title']).toBe('second')
  })

  test('that have no url, or are no conformance resources, are passed over', () => {
    const odd = [{ resourceType: 'ValueSet' }, { resourceType: 'Patient', url }, { resourceType: 'ValueSet', url: 7 }]
    expect(packages.with(odd as unknown as CanonicalResource[]).entries('ValueSet')).toHaveLength(2)
  })

  test('cost next to nothing beside nine thousand of packages', async () => {
    const shipped = makeConformance(loadNpmPackages())
    const taken = await cost(() => {
      for (let i = 0; i < 100; i++) expect(shipped.with([own('mine')]).find('ValueSet', url)?.['title']).toBe('mine')
    })
    expect(taken / 100).toBeLessThan(2)
  })
})

test('a NamingSystem, which has no url in R4, is found by the url of its extension', () => {
  const system = {
    resourceType: 'NamingSystem',
    extension: [
      { url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-NamingSystem.url', valueUri: 'http://x' },
    ],
  }
  expect(makeConformance([]).with([system]).find('NamingSystem', 'http://x')).toBe(system)
  expect(entryOf({ resourceType: 'NamingSystem', extension: [null] }, '')).toBeUndefined()
})

test('versions are ordered by their numbers, a label before the release it leads to', () => {
  const sorted = ['', '1.0.0-ballot', '1.0.0', '1.0.1', '1.2', '1.2.0', '1.10.0', '2.0.0-snapshot1', '2.0.0', '10.0.0']
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted)
  expect(compareVersions('1.0', '1.0')).toBe(0)
})

describe('what comes with the server', () => {
  const conformance = makeConformance(loadNpmPackages())
  test.each([
    ['StructureDefinition', 'http://hl7.org/fhir/StructureDefinition/Patient|4.0.1'],
    ['StructureDefinition', 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-patient'],
    ['StructureDefinition', 'http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/variant'],
    ['StructureDefinition', 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'],
    ['CodeSystem', 'http://terminology.hl7.org/CodeSystem/v3-ActCode'],
    ['ValueSet', 'http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1'],
    ['SearchParameter', 'http://hl7.org/fhir/SearchParameter/individual-birthdate'],
  ] as const)('%s %s is there', (type, canonical) => {
    expect(conformance.find(type, canonical)?.url).toBe(canonical.split('|')[0])
  })

  test('a resource is the same object while somebody holds it', () => {
    const canonical = 'http://hl7.org/fhir/StructureDefinition/Observation'
    expect(conformance.find('StructureDefinition', canonical)).toBe(conformance.find('StructureDefinition', canonical))
  })

  test('a profile without its narrative, and R4 alone: no types of later versions', () => {
    expect(
      conformance.find('StructureDefinition', 'http://hl7.org/fhir/StructureDefinition/Patient'),
    ).not.toHaveProperty('text')
    expect(
      conformance.entry('StructureDefinition', 'http://hl7.org/fhir/StructureDefinition/ActorDefinition'),
    ).toBeUndefined()
  })
})
