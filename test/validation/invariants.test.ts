import { afterAll, describe, expect, test } from 'vitest'
import { type CanonicalResource, makeConformance } from '../../src/fhir/conformance.ts'
import type { Definitions } from '../../src/fhir/definitions.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { evaluateInvariant } from '../../src/validation/invariant-evaluate.ts'
import { closeInvariantThread } from '../../src/validation/invariant-foreign.ts'
import { mend, nativeInvariant } from '../../src/validation/invariant-native.ts'
import { compilePlain, isSimplePattern } from '../../src/validation/invariant-plain.ts'
import { invariants } from '../../src/validation/invariants.ts'
import { childrenOf, type Node, rootNode } from '../../src/validation/node.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import type { Run } from '../../src/validation/words.ts'
import { holding } from '../help/cost.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const validator = makeValidator(
  {
    conformance: () => conformance,
    definitions: () => definitions,
    checkCode: ({ code }) =>
      code === 'in'
        ? { result: 'yes' }
        : { result: 'no', why: 'value-set', said: { en: 'not in the set', zh: '不在值集中' } },
  },
  { element: [invariants], type: [], resource: [] },
)

/** What is said of invariants, without the advice that every resource have a narrative. */
const findings = async (resource: unknown, supporting: readonly unknown[] = [], more: { budget?: number } = {}) =>
  (await validator.validate(resource, { supporting, ...more }))
    .filter(({ origin }) => !origin?.endsWith('#dom-6'))
    .filter(({ code, origin }) => code === 'invariant' || origin?.includes('#'))

interface Snapshot {
  readonly element: readonly { readonly id: string; readonly constraint?: readonly object[] }[]
}

/** Patient's own snapshot with one invariant more at its root. */
function snapshotWith(constraint: object): Snapshot {
  const { snapshot } = conformance.find('StructureDefinition', 'http://hl7.org/fhir/StructureDefinition/Patient') as {
    snapshot?: Snapshot
  }
  const [root, ...rest] = snapshot!.element
  return { element: [{ ...root!, constraint: [...(root!.constraint ?? []), constraint] }, ...rest] }
}

/** A profile of Patient from elsewhere, with one invariant at its root. */
const foreign = (expression: string, key = 'own-1'): CanonicalResource => ({
  resourceType: 'StructureDefinition',
  url: `http://example.org/StructureDefinition/${key}`,
  name: 'Own',
  status: 'active',
  fhirVersion: '4.0.1',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  snapshot: snapshotWith({ key, severity: 'error', human: 'must be so', expression }),
})
const patient = (profile: string, more: object = {}) => ({
  resourceType: 'Patient',
  meta: { profile: [`http://example.org/StructureDefinition/${profile}`] },
  ...more,
})

afterAll(closeInvariantThread)

describe('an invariant of FHIR', () => {
  test('that is broken is an error at the value, with the rule it is from', async () => {
    const observation = {
      resourceType: 'Observation',
      valueString: 'x',
      dataAbsentReason: { text: 'unknown' },
      referenceRange: [{ text: 'normal' }, { appliesTo: [] }],
    }
    const found = await findings(observation)
    expect(found.map(({ severity, code, expression, origin }) => ({ severity, code, expression, origin }))).toEqual([
      {
        severity: 'error',
        code: 'invariant',
        expression: 'Observation',
        origin: 'http://hl7.org/fhir/StructureDefinition/Observation|4.0.1#obs-6',
      },
      expect.objectContaining({ expression: 'Observation.referenceRange[1]' }) as unknown,
      expect.objectContaining({ expression: 'Observation.referenceRange[1]' }) as unknown,
    ])
    expect(found[0]!.said.en).toMatch(/^The rule obs-6 is broken: dataAbsentReason SHALL only be present if/)
    expect(found[0]!.said.zh).toMatch(/^不符合規則 obs-6:/)
    expect(found.map(({ origin }) => origin!.split('#')[1])).toEqual(['obs-6', 'ele-1', 'obs-3'])
  })

  test('of a data type is judged wherever the type is used', async () => {
    const resource = {
      resourceType: 'Encounter',
      period: { start: '2024-05-02', end: '2024-05-01' },
      length: { value: 5, code: 'min' },
      participant: [{ period: { start: '2024-05-02T10:00:00+08:00', end: '2024-05-02T01:59:59Z' } }],
    }
    const found = await findings(resource)
    expect(found.map(({ expression, origin }) => [expression, origin!.split('#')[1]])).toEqual([
      ['Encounter.period', 'per-1'],
      ['Encounter.length', 'drt-1'],
      ['Encounter.length', 'qty-3'],
      ['Encounter.participant[0].period', 'per-1'],
    ])
  })

  test('compares moments by time and not by text', async () => {
    const period = (start: string, end: string) => findings({ resourceType: 'Encounter', period: { start, end } })
    expect(await period('2024-05-02T10:00:00+08:00', '2024-05-02T03:00:00Z')).toEqual([])
    expect(await period('2024-05-02T10:00:00+08:00', '2024-05-02T01:00:00Z')).toHaveLength(1)
    expect(await period('2024', '2024')).toEqual([])
  })

  test('takes a day and a moment of that day as possibly in order, whichever is first', async () => {
    const broken = async (resource: object) => (await findings(resource)).map(({ origin }) => origin!.split('#')[1])
    const encounter = (start: string, end: string) => ({ resourceType: 'Encounter', period: { start, end } })
    expect(await broken(encounter('2024-05-02T10:00:00+08:00', '2024-05-02'))).toEqual([])
    expect(await broken(encounter('2024-05', '2024-05-02'))).toEqual([])
    expect(await broken(encounter('2024-06', '2024-05-02'))).toEqual(['per-1'])
    const task = (authoredOn: string, lastModified: string) => ({ resourceType: 'Task', authoredOn, lastModified })
    expect(await broken(task('2024-05-02', '2024-05-02T10:00:00+08:00'))).toEqual([])
    expect(await broken(task('2024-05-02', '2024-05-01T10:00:00+08:00'))).toEqual(['inv-1'])
    const dispense = (whenPrepared: string, whenHandedOver: string) => ({
      resourceType: 'MedicationDispense',
      whenPrepared,
      whenHandedOver,
    })
    expect(await broken(dispense('2024-05-02T10:00:00+08:00', '2024-05-02'))).toEqual([])
    expect(await broken(dispense('2024-05-03', '2024-05-02'))).toEqual(['mdd-1'])
  })

  test('asks of a vital sign taken over a period no day, and of one taken at a moment the day', async () => {
    const broken = async (effective: object) => {
      const meta = { profile: ['http://hl7.org/fhir/StructureDefinition/vitalsigns'] }
      const vital = { resourceType: 'Observation', meta, code: { text: '心跳' }, valueInteger: 70, ...effective }
      return (await findings(vital)).map(({ origin }) => origin!.split('#')[1])
    }
    expect(await broken({ effectivePeriod: { start: '2024-05-02', end: '2024-05-03' } })).not.toContain('vs-1')
    expect(await broken({ effectiveDateTime: '2024-05-02' })).not.toContain('vs-1')
    expect(await broken({ effectiveDateTime: '2024-05' })).toContain('vs-1')
  })

  test('lets a questionnaire ask whether a question was answered', async () => {
    const asked = async (answer: object) => {
      const enableWhen = [{ question: '1', operator: 'exists', ...answer }]
      const item = [
        { linkId: '1', type: 'string' },
        { linkId: '2', type: 'string', enableWhen },
      ]
      return (await findings({ resourceType: 'Questionnaire', item })).map(({ origin }) => origin!.split('#')[1])
    }
    expect(await asked({ answerBoolean: true })).not.toContain('que-7')
    expect(await asked({ answerString: 'yes' })).toContain('que-7')
  })

  test('compares the ends of a range in whatever unit they have', async () => {
    const UCUM = 'http://unitsofmeasure.org'
    const range = async (low: object, high: object) => {
      const found = await findings({ resourceType: 'Observation', valueRange: { low, high } })
      return found.map(({ origin }) => origin!.split('#')[1])
    }
    const inUnit = (value: number, code: string) => ({ value, system: UCUM, code })
    expect(await range({ value: 2 }, { value: 10 })).toEqual([])
    expect(await range({ value: 10 }, { value: 2 })).toEqual(['rng-2'])
    expect(await range({ value: 3, unit: '顆' }, { value: 2, unit: '顆' })).toEqual(['rng-2'])
    expect(await range(inUnit(500, 'mg'), inUnit(1, 'g'))).toEqual([])
    expect(await range(inUnit(2, 'g'), inUnit(500, 'mg'))).toEqual(['rng-2'])
    expect(await range(inUnit(1, 'mg'), inUnit(2, 'mL'))).toEqual(['rng-2'])
    expect(await range(inUnit(1, 'mg'), { value: 2 })).toEqual([])
    expect(await range({ unit: 'mg' }, { value: 2 })).toEqual([])
  })

  test('takes an element that has only an id for empty', async () => {
    const found = await findings({ resourceType: 'Patient', name: [{ id: 'a' }, { id: 'b', text: 'x' }] })
    expect(found.map(({ expression, origin }) => [expression, origin!.split('#')[1]])).toEqual([
      ['Patient.name[0]', 'ele-1'],
    ])
  })

  test('allows one fullUrl for several versions, and in a history', async () => {
    const bundle = (type: string, ...versions: (string | undefined)[]) => ({
      resourceType: 'Bundle',
      type,
      entry: versions.map(versionId => ({
        fullUrl: 'http://x.org/Patient/1',
        resource: { resourceType: 'Patient', id: '1', ...(versionId ? { meta: { versionId } } : {}) },
        ...(type === 'history' ? { request: { method: 'GET', url: 'x' }, response: { status: '200' } } : {}),
      })),
    })
    expect(await findings(bundle('collection', '1', '2'))).toEqual([])
    expect(await findings(bundle('history', '1', '1'))).toEqual([])
    const found = await findings(bundle('collection', undefined, undefined))
    expect(found.map(({ origin }) => origin!.split('#')[1])).toEqual(['bdl-7'])
  })

  test('that is advice is a warning', async () => {
    const advised = {
      ...foreign('name.exists()'),
      snapshot: snapshotWith({
        key: 'own-1',
        severity: 'error',
        human: 'should be so',
        expression: 'name.exists()',
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice',
            valueBoolean: true,
          },
        ],
      }),
    }
    expect(await findings(patient('own-1'), [advised])).toMatchObject([{ severity: 'warning' }])
    const all = await validator.validate({ resourceType: 'Patient', contained: [{ resourceType: 'Patient', id: 'p' }] })
    expect(all.map(({ severity, expression }) => `${severity} ${expression}`)).toEqual(['warning Patient'])
  })

  test('of a reference allows one that only says its display, and the container by #', async () => {
    const right = {
      resourceType: 'Observation',
      subject: { display: '王小明(合成病人)' },
      contained: [{ resourceType: 'Condition', id: 'c', subject: { reference: '#' } }],
      focus: [{ reference: '#c' }, { reference: 'Patient/1' }],
    }
    expect(await findings(right)).toEqual([])
    const found = await findings({ ...right, focus: [{ reference: '#d' }] })
    expect(found.map(({ expression }) => expression)).toEqual(['Observation.focus[0]'])
  })

  test('is judged within the entry of a Bundle, not over the Bundle', async () => {
    const entry = (more: object) => ({ fullUrl: 'urn:uuid:x', resource: { resourceType: 'Observation', ...more } })
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        entry({ contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } }),
        { ...entry({ subject: { reference: '#p' } }), fullUrl: 'urn:uuid:y' },
      ],
    }
    const found = await findings(bundle)
    expect(found.map(({ expression }) => expression)).toEqual(['Bundle.entry[1].resource.subject'])
  })
})

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}

/** A value of a type, made of what the catalogue says of it. */
function make(type: string, next: () => number, depth: number): unknown {
  const pick = <T>(...from: T[]): T => from[Math.floor(next() * from.length)]!
  switch (type) {
    case 'boolean':
      return next() < 0.5
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
    case 'decimal':
      return pick(0, 1, 3, 101)
    case 'date':
      return pick('2020', '2020-05', '2020-05-04', '2021-01-01')
    case 'dateTime':
    case 'instant':
      return pick('2020', '2020-05-04', '2020-05-04T10:00:00Z', '2020-05-04T10:00:00+08:00', '2021-01-01T00:00:00.123Z')
    case 'time':
      return pick('10:00:00', '11:30:00')
    case 'uri':
    case 'url':
    case 'canonical':
    case 'oid':
    case 'uuid':
      return pick('http://unitsofmeasure.org', 'urn:iso:std:iso:4217', 'http://x.org/_history/1', '#a', 'Patient/1')
  }
  if (/^[a-z]/.test(type))
    return pick('a', '1', 'completed', 'C', 'search', 'Abc', 'entered-in-error', 'document', '#a', '#', '*', 'group')
  const made: Record<string, unknown> = {}
  if (definitions.isResourceType(type)) made['resourceType'] = type
  if (depth <= 0) return made
  const choices = new Set<string>()
  for (const info of definitions.elements(type)?.values() ?? []) {
    const isSeldom = info.name === 'extension' || info.name === 'modifierExtension' || info.type === 'Resource'
    if (next() > (isSeldom ? 0.1 : depth > 1 ? 0.45 : 0.3)) continue
    if (info.choice !== undefined && choices.has(info.choice)) continue
    choices.add(info.choice ?? info.name)
    const of = info.type === 'Resource' ? pick('Patient', 'Observation', 'Composition') : info.type
    const one = () => make(of, next, depth - 1)
    made[info.name] = info.many ? (next() < 0.6 ? [one()] : [one(), one()]) : one()
  }
  return made
}

const run = { definitions, resolveInside: () => undefined } as unknown as Run

function* nodesOf(node: Node, catalogue: Definitions): Generator<Node> {
  yield node
  for (const child of childrenOf(node, catalogue)) yield* nodesOf(child, catalogue)
}

/** The invariants of FHIR's own types by the type or backbone path they are about. */
function invariantsByType(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { url, package: from, derivation } of conformance.entries('StructureDefinition')) {
    if (from !== 'hl7.fhir.r4.core#4.0.1' || derivation === 'constraint') continue
    const { snapshot } = conformance.find('StructureDefinition', url, from) as {
      snapshot?: { element: { path: string; constraint?: { expression?: string }[] }[] }
    }
    for (const { path, constraint = [] } of snapshot?.element ?? [])
      for (const { expression } of constraint) {
        if (!expression) continue
        const of = found.get(path) ?? new Set()
        found.set(path, of.add(expression))
      }
  }
  return found
}

test('invariants that take the square of a large resource do not hold up the server', async () => {
  const element = Array.from({ length: 3000 }, (_, i) => ({
    id: `Patient.e${i}`,
    path: i === 0 ? 'Patient' : `Patient.e${i}`,
    definition: 'x',
    min: 0,
    max: '1',
  }))
  const definition = { ...foreign('true'), snapshot: { element }, differential: { element } }
  const started = performance.now()
  const { result: found, longest } = await holding(() => validator.validate(definition, { budget: 3_000 }))
  expect(performance.now() - started).toBeLessThan(30_000)
  expect(longest).toBeLessThan(1_000)
  expect(found.length).toBeGreaterThan(0)
}, 60_000)

describe('invariants without fhirpath.js', () => {
  const byType = invariantsByType()
  /** Differ from fhirpath.js by intent, and are tested above or in contained.test.ts. */
  const intended = ['contained.where(', 'text.`div`', "reference.startsWith('#').not()", '(low <= high)']

  test('give what fhirpath.js gives, over random resources of every type', () => {
    const next = random(20240501)
    const compared = new Map<string, number>()
    const differing: string[] = []
    for (const type of definitions.resourceTypes)
      for (let i = 0; i < 6; i++) {
        const root = rootNode(make(type, next, 4), type)
        let count = 0
        for (const node of nodesOf(root, definitions)) {
          if (++count > 150) break
          for (const expression of byType.get(node.type) ?? []) {
            if (intended.some(part => expression.includes(part)) || node.type === 'xhtml') continue
            const seen = compared.get(expression) ?? 0
            if (seen > 60) continue
            const plain = (nativeInvariant(expression) ?? compilePlain(mend(expression)))?.(node, definitions)
            if (plain === undefined) continue
            compared.set(expression, seen + 1)
            const { holds } = evaluateInvariant(mend(expression), node, run)
            if (holds !== plain)
              differing.push(`${expression} on ${JSON.stringify(node.value)}: ${plain}, not ${holds}`)
          }
        }
      }
    expect(differing).toEqual([])
    expect(compared.size).toBeGreaterThan(100)
  }, 60_000)

  test('are those that matter: three of four expressions of FHIR', () => {
    const all = new Set([...byType.values()].flatMap(each => [...each]))
    const quick = [...all].filter(expression => nativeInvariant(expression) ?? compilePlain(mend(expression)))
    expect(quick.length / all.size).toBeGreaterThan(0.75)
  })

  test('are none that would look through the whole resource for each of its values', () => {
    expect(compilePlain("entry.all(%resource.type = 'batch')")).toBeUndefined()
    expect(compilePlain("%resource.type = 'batch'")).toBeDefined()
    expect(compilePlain('entry.where(descendants().exists()).exists()')).toBeUndefined()
  })

  test('never take more than one open repetition in a pattern', () => {
    for (const simple of ['^[A-Z][0-9]{9}$', '^[0-9]{2}D[0-9]{7}$', 'a+b', '\\d*'])
      expect(isSimplePattern(simple), simple).toBe(true)
    for (const risky of ['(a+)+$', 'a*a*', '(a|b)c', 'a{1,9}b{1,9}', '[a-z]*[a-z]*', 'a{5000}'])
      expect(isSimplePattern(risky), risky).toBe(false)
  })
})

describe("an invariant of other people's profiles", () => {
  test('on an element that holds a resource has the resource around it as %resource', async () => {
    const bundleProfile = (expression: string) => ({
      ...foreign(expression),
      type: 'Bundle',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Bundle',
      snapshot: undefined,
      differential: {
        element: [
          { id: 'Bundle', path: 'Bundle' },
          {
            id: 'Bundle.entry.resource',
            path: 'Bundle.entry.resource',
            constraint: [{ key: 'own-1', severity: 'error', human: 'must be so', expression }],
          },
        ],
      },
    })
    const bundle = {
      resourceType: 'Bundle',
      meta: { profile: ['http://example.org/StructureDefinition/own-1'] },
      type: 'collection',
      entry: [{ fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient' } }],
    }
    for (const right of ["%resource.type = 'collection' and gender.empty()", "%resource.type().name = 'Bundle'"])
      expect(await findings(bundle, [bundleProfile(right)]), right).toEqual([])
    expect(await findings(bundle, [bundleProfile("%resource.type().name = 'Patient'")])).toHaveLength(1)
  })

  test('is judged', async () => {
    const family = foreign("name.family.matches('^(a|b)+$') and name.family.length() > 1")
    expect(await findings(patient('own-1', { name: [{ family: 'abba' }] }), [family])).toEqual([])
    const [found] = await findings(patient('own-1', { name: [{ family: 'abc' }] }), [family])
    expect(found).toMatchObject({
      severity: 'error',
      code: 'invariant',
      expression: 'Patient',
      origin: 'http://example.org/StructureDefinition/own-1#own-1',
      said: { en: 'The rule own-1 is broken: must be so' },
    })
  })

  test('sees contained resources and entries of the Bundle it is in', async () => {
    const profile = foreign('managingOrganization.resolve().name.length() > 3')
    const within = (name: string) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        {
          fullUrl: 'urn:uuid:1',
          resource: patient('own-1', { managingOrganization: { reference: 'urn:uuid:2' } }),
        },
        { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Organization', name } },
      ],
    })
    expect(await findings(within('long'), [profile])).toEqual([])
    expect((await findings(within('abc'), [profile])).map(({ expression }) => expression)).toEqual([
      'Bundle.entry[0].resource',
    ])
  })

  test('may ask the terminology, also one that answers late', async () => {
    const late = makeValidator(
      {
        conformance: () => conformance,
        definitions: () => definitions,
        checkCode: async ({ code }) => {
          await new Promise(resolve => setTimeout(resolve, 5))
          if (code === 'nobody-knows') return { result: 'unknown', why: 'value-set', said: { en: '?', zh: '?' } }
          return code === 'in' ? { result: 'yes' } : { result: 'no', why: 'value-set', said: { en: 'no', zh: '否' } }
        },
      },
      { element: [invariants], type: [], resource: [] },
    )
    const judge = async (code: string) =>
      (
        await late.validate(patient('own-1', { maritalStatus: { coding: [{ system: 's', code }] } }), {
          supporting: [foreign("maritalStatus.memberOf('http://x.org/vs')")],
        })
      )
        .filter(({ origin }) => origin?.endsWith('#own-1'))
        .map(({ severity }) => severity)
    expect(await judge('in')).toEqual([])
    expect(await judge('out')).toEqual(['error'])
    expect(await judge('nobody-knows')).toEqual(['information'])
  })

  test('that loops does not keep many validations from ending', async () => {
    const loop = foreign('name.given.repeat($this & $this.length().toString()).count() > 1', 'own-again')
    const looping = patient('own-again', { name: [{ given: ['x'] }] })
    const started = performance.now()
    // in each of them the loop would be given a second
    const all = await Promise.all(
      Array.from({ length: 90 }, () => findings({ ...looping }, [loop], { budget: 120_000 })),
    )
    expect(performance.now() - started).toBeLessThan(45_000)
    expect(all.map(found => found.map(({ code }) => code))).toEqual(all.map(() => ['too-costly']))
  }, 120_000)

  test('that needs what is elsewhere is said to be unchecked, and is no error', async () => {
    const profile = foreign('managingOrganization.resolve().name.length() > 3')
    const [found, ...more] = await findings(
      patient('own-1', { managingOrganization: { reference: 'Organization/9' } }),
      [profile],
    )
    expect(more).toEqual([])
    expect(found).toMatchObject({ severity: 'information', code: 'incomplete' })
  })

  test('that cannot be evaluated is a warning that names the rule', async () => {
    for (const expression of ['name.nothing(', "1 + 'a' > 2", 'notAFunction()']) {
      const [found, ...more] = await findings(patient('own-1'), [foreign(expression)])
      expect(more).toEqual([])
      expect(found, expression).toMatchObject({ severity: 'warning', code: 'processing' })
      expect(found!.said.en).toMatch(/^The rule own-1 was not checked: its FHIRPath cannot be evaluated/)
    }
  })

  test('that loops, explodes or fills the memory is given up, and the others are judged', async () => {
    const explosive = {
      'own-loop': 'name.given.repeat($this & $this.length().toString()).count() > 0',
      'own-regex': "name.family.matches('^(a+)+$')",
      'own-cross': `${'%context.descendants().select('.repeat(12)}$this${')'.repeat(12)}.count() > 0`,
    }
    for (const [key, expression] of Object.entries(explosive)) {
      const resource = {
        ...patient(key, { name: [{ family: `${'a'.repeat(40)}!`, given: ['x'] }] }),
        meta: {
          profile: [key, 'own-other'].map(each => `http://example.org/StructureDefinition/${each}`),
        },
      }
      const other = foreign('name.family.length() < 3 and iif(true, true)', 'own-other')
      const { result: found, longest } = await holding(() => findings(resource, [foreign(expression, key), other]))
      expect(longest, key).toBeLessThan(1_000)
      expect(found.map(({ severity, origin }) => [severity, origin!.split('#')[1]]).sort(), key).toEqual([
        ['error', 'own-other'],
        ['warning', key],
      ])
    }
  }, 60_000)
})

test('the form that an element’s regex extension asks for is checked, and one that explodes is given up', async () => {
  const profile = (regex: string) => ({
    ...foreign('true'),
    snapshot: undefined,
    differential: {
      element: [
        { id: 'Patient', path: 'Patient' },
        {
          id: 'Patient.name.family',
          path: 'Patient.name.family',
          extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/regex', valueString: regex }],
        },
      ],
    },
  })
  const judged = async (family: string, regex: string) =>
    (await validator.validate(patient('own-1', { name: [{ family }] }), { supporting: [profile(regex)] }))
      .filter(({ expression }) => expression === 'Patient.name[0].family')
      .map(({ severity, code }) => `${severity} ${code}`)
  expect(await judged('ABC', '[A-Z]{3}')).toEqual([])
  expect(await judged('ABCD', '[A-Z]{3}')).toEqual(['error value'])
  expect(await judged(`${'a'.repeat(40)}!`, '(a+)+')).toEqual(['warning processing'])
})

describe('the functions that FHIR adds to FHIRPath', () => {
  const trusted = makeValidator(
    {
      conformance: () => conformance,
      definitions: () => definitions,
      trusted: () => true,
      checkCode: ({ code }) =>
        code === 'in' ? { result: 'yes' } : { result: 'no', why: 'value-set', said: { en: 'no', zh: '否' } },
    },
    { element: [invariants], type: [], resource: [] },
  )
  const judge = async (expression: string, more: object) =>
    (await trusted.validate(patient('own-1', more), { supporting: [foreign(expression)] }))
      .filter(({ origin }) => origin?.endsWith('#own-1'))
      .map(({ severity }) => severity)

  test('ask the terminology, the profiles and the resource', async () => {
    const marital = (code: string) => ({ maritalStatus: { coding: [{ system: 's', code }] } })
    expect(await judge("maritalStatus.memberOf('http://x.org/vs')", marital('in'))).toEqual([])
    expect(await judge("maritalStatus.coding.memberOf('http://x.org/vs')", marital('out'))).toEqual(['error'])
    const quantity = 'http://hl7.org/fhir/StructureDefinition/Patient'
    expect(await judge(`conformsTo('${quantity}')`, {})).toEqual([])
    expect(await judge("conformsTo('http://x.org/unknown')", {})).toEqual(['information'])
    expect(await judge("%ucum = 'http://unitsofmeasure.org' and %resource is Patient", {})).toEqual([])
    expect(await judge("%`vs-administrative-gender`.endsWith('ValueSet/administrative-gender')", {})).toEqual([])
    const contained = { contained: [{ resourceType: 'Organization', id: 'o', name: 'abc' }] }
    const to = { ...contained, managingOrganization: { reference: '#o' } }
    expect(await judge("managingOrganization.resolve().name.upper() = 'ABC'", to)).toEqual([])
    expect(await judge('managingOrganization.resolve() is Practitioner', to)).toEqual(['error'])
  })

  test('see the extensions beside a primitive', async () => {
    const more = { _birthDate: { extension: [{ url: 'http://x.org/e', valueBoolean: true }] } }
    expect(await judge("birthDate.extension.where(url = 'http://x.org/e').value.single() = true", more)).toEqual([])
  })
})
