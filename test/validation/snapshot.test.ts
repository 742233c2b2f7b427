import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readdirSync, readFileSync } from 'node:fs'
import type { ElementDefinition } from 'fhir/r4'
import { describe, expect, test } from 'vitest'
import { type CanonicalResource, entryOf, type LoadedPackage } from '../../src/fhir/conformance.ts'
import { isSnapshot, makeSnapshot } from '../../src/validation/snapshot.ts'
import { cost } from '../help/cost.ts'
import { against, conformance, observation, profile, validator } from './checked.ts'

interface Published extends CanonicalResource {
  readonly id: string
  readonly snapshot?: { readonly element: readonly ElementDefinition[] }
  readonly differential?: unknown
  readonly derivation?: string
}

/** What validation reads of an element. */
function rules(element: ElementDefinition): string {
  const values = Object.entries(element).filter(([name]) => /^(?:fixed|pattern)/.test(name))
  const types = (element.type ?? []).map(({ code, profile, targetProfile }) => [code, profile, targetProfile])
  const { min, max, binding, mustSupport = false } = element
  const keys = (element.constraint ?? []).map(({ key }) => key).sort()
  return JSON.stringify([min, max, types, values, binding && [binding.strength, binding.valueSet], keys, mustSupport])
}

/** How many elements of the published snapshots come out the same when they are generated from the differentials. */
function agreement(all: readonly Published[], around = conformance) {
  let [same, total] = [0, 0]
  const unmade: string[] = []
  for (const { snapshot, ...rest } of all) {
    if (
      rest.resourceType !== 'StructureDefinition' ||
      rest.derivation !== 'constraint' ||
      !rest.differential ||
      !snapshot
    )
      continue
    const made = makeSnapshot(rest, around, '')
    if (!isSnapshot(made)) {
      unmade.push(made.problem)
      continue
    }
    const generated = new Map(made.elements.map(element => [element.id, rules(element)]))
    for (const element of snapshot.element) {
      total++
      if (generated.get(element.id) === rules(element)) same++
      generated.delete(element.id)
    }
    total += generated.size
  }
  return { rate: same / total, unmade, total }
}

const read = (text: string) => JSON.parse(text) as Published

describe('a snapshot that is generated', () => {
  test('agrees with the published ones of mCODE, but for what another version of its dependencies has changed', () => {
    const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.us.mcode/package.json'))
    const files = readdirSync(folder).filter(file => file.startsWith('StructureDefinition-'))
    const all = files.map(file => read(readFileSync(join(folder, file), 'utf8')))
    // derived from genomics profiles that later versions changed
    const own = all.filter(({ id }) => !id.startsWith('mcode-genom'))
    const { rate, unmade, total } = agreement(own)
    expect(total).toBeGreaterThan(1_000)
    expect(rate).toBeGreaterThan(0.98)
    expect(unmade.every(problem => problem === 'base')).toBe(true)
  })

  const archive = join(import.meta.dirname, '../../../shared/data/packages/hl7.fhir.us.core-6.1.0.tgz')
  test.skipIf(!existsSync(archive))('agrees with every published one of US Core 6.1.0', () => {
    const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' }).split('\n')
    const wanted = names.filter(name => /^package\/StructureDefinition-.*\.json$/.test(name))
    const texts = execFileSync('tar', ['xzOf', archive, ...wanted], { encoding: 'utf8', maxBuffer: 200_000_000 })
    const all = texts.split(/(?<=\})\s*(?=\{\s*"resourceType")/).map(read)
    expect(all).toHaveLength(wanted.length)
    const entries = all.flatMap(each => entryOf(each, 'us#1') ?? [])
    const us: LoadedPackage = { info: { name: 'us', version: '1', dependencies: {} }, entries, read: at => all[at]! }
    const { rate, unmade } = agreement(all, conformance.withPackages([us]))
    // one is derived from a questionnaire profile of another package
    expect({ rate, unmade }).toEqual({ rate: 1, unmade: ['base'] })
  })

  test('has what the base says, where the profile says nothing', async () => {
    const first = profile('Patient', [{ id: 'Patient.birthDate', min: 1 }], { id: 'first' })
    const second = profile('Patient', [{ id: 'Patient.name', min: 1 }], { id: 'second', baseDefinition: first.url })
    expect(await against({ resourceType: 'Patient', active: true }, second, [first])).toEqual([
      'Patient: name is missing; it is required.',
      'Patient: birthDate is missing; it is required.',
    ])
  })

  test('goes into data types, and slices what is in them', async () => {
    const own = profile('Observation', [
      { id: 'Observation.code.coding', slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' } },
      { id: 'Observation.code.coding:loinc', min: 1 },
      { id: 'Observation.code.coding:loinc.system', min: 1, fixedUri: 'http://loinc.org' },
      { id: 'Observation.code.coding:loinc.display', min: 1 },
    ])
    expect(await against(observation, own)).toEqual(['Observation.code.coding[0]: display is missing; it is required.'])
  })

  test('goes into what an element refers to for its content', async () => {
    const own = profile('Questionnaire', [{ id: 'Questionnaire.item.item.text', min: 1 }])
    const item = [{ linkId: '1', type: 'group', item: [{ linkId: '1.1', type: 'string' }] }]
    expect(await against({ resourceType: 'Questionnaire', status: 'draft', item }, own)).toEqual([
      'Questionnaire.item[0].item[0]: text is missing; it is required.',
    ])
  })

  test('names what of the differential has no place, and so does validation', async () => {
    const own = profile('Patient', [{ id: 'Patient.colour', min: 1 }])
    expect(makeSnapshot(own, conformance, '')).toMatchObject({ unplaced: ['Patient.colour'] })
    expect(await against({ resourceType: 'Patient', active: true }, own)).toEqual([
      `(warning) Patient: The profile ${own.url} speaks of elements that do not exist: Patient.colour. That part is not checked; correct the profile.`,
    ])
  })
})

describe('a profile that cannot be used', () => {
  const said = async (own: { readonly url: string }, ...others: unknown[]) => {
    const findings = await validator.validate(observation, { supporting: [own, ...others], profiles: [own.url] })
    return findings.map(({ severity, said: { en } }) => `${severity}: ${en}`)
  }

  test('because it is derived from itself', async () => {
    const a = profile('Observation', [{ id: 'Observation.code', min: 1 }], {
      id: 'a',
      baseDefinition: 'http://example.org/StructureDefinition/b',
    })
    const b = profile('Observation', [{ id: 'Observation.code', min: 1 }], {
      id: 'b',
      baseDefinition: 'http://example.org/StructureDefinition/a',
    })
    expect(await said(a, b)).toEqual([
      expect.stringMatching(/^error: The profile .*\/a is derived from itself/) as string,
    ])
  })

  test('because its base is not here', async () => {
    const own = profile('Observation', [{ id: 'Observation.code', min: 1 }], {
      baseDefinition: 'http://example.org/none',
    })
    expect(await said(own)).toEqual([
      'error: The profile http://example.org/StructureDefinition/own is derived from http://example.org/none, which is not known here. Load the package that defines it.',
    ])
  })

  test('because it says nothing', async () => {
    expect(await said({ ...profile('Observation', []), differential: undefined } as never)).toHaveLength(1)
  })

  test.each([
    ['elements that are no objects', { element: [null, 7, 'x', []] }],
    [
      'a type that is no list',
      { element: [{ id: 'Observation', path: 'Observation', type: 'x', constraint: 7, slicing: 'x' }] },
    ],
    [
      'types without codes',
      {
        element: [
          { id: 'Observation', path: 'Observation' },
          { id: 'Observation.code', path: 'Observation.code', type: [{}, null] },
        ],
      },
    ],
    ['a path of 10,000 steps', { element: [{ path: `Observation${'.x'.repeat(10_000)}` }] }],
    ['no list of elements', { element: 'x' }],
  ])('because it has %s: that is said, and nothing breaks', async (_, differential) => {
    const own = { ...profile('Observation', []), differential }
    for (const broken of [own, { ...own, differential: undefined, snapshot: differential }]) {
      const findings = await validator.validate(observation, { supporting: [broken], profiles: [own.url] })
      expect(findings[0]?.said.en).toMatch(/^The profile http:\/\/example\.org\/StructureDefinition\/own /)
    }
  })

  test('a profile whose slices lead back to itself ends', async () => {
    const own = profile('Bundle', [
      { id: 'Bundle.entry', slicing: { discriminator: [{ type: 'profile', path: 'resource' }], rules: 'open' } },
      { id: 'Bundle.entry:inner', min: 1 },
      {
        id: 'Bundle.entry:inner.resource',
        type: [{ code: 'Bundle', profile: ['http://example.org/StructureDefinition/own'] }],
      },
    ])
    let bundle: object = { resourceType: 'Bundle', type: 'collection' }
    for (let i = 0; i < 20; i++) bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: bundle }] }
    const asked = { supporting: [own], profiles: [own.url] }
    expect(await cost(() => validator.validate(bundle, asked))).toBeLessThan(2_000)
  })
})
