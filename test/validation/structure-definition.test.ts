/** Definitions: profiles, extensions, search parameters, capabilities. https://hl7.org/fhir/R4/structuredefinition.html */
import { describe, expect, it } from 'vitest'
import { cost } from '../help/cost.ts'
import { div, saidAt, wrong } from './validator.ts'

const text = { status: 'generated', div: div('text') }
const R4 = 'http://hl7.org/fhir/StructureDefinition/'

const profile = (element: readonly object[], more: object = {}) => ({
  resourceType: 'StructureDefinition',
  text,
  url: 'http://example.org/StructureDefinition/own',
  name: 'Own',
  status: 'active',
  fhirVersion: '4.0.1',
  kind: 'resource',
  abstract: false,
  type: 'Observation',
  baseDefinition: `${R4}Observation`,
  derivation: 'constraint',
  differential: { element: [{ id: 'Observation', path: 'Observation' }, ...element] },
  ...more,
})
const one = (path: string, more: object = {}) => profile([{ id: path, path, ...more }])
const AT = 'StructureDefinition.differential.element[1]'

describe('a profile', () => {
  it.each([
    ['Observation.value[x]', {}],
    ['Observation.valueQuantity', {}],
    ['Observation.component.code.coding.system', {}],
    ['Observation.subject', { type: [{ code: 'Reference', targetProfile: [`${R4}Patient`] }] }],
    ['Observation.value[x]', { type: [{ code: 'Quantity' }, { code: 'string' }] }],
    ['Observation.status', { fixedCode: 'final' }],
    ['Observation.code', { patternCodeableConcept: { text: 'x' }, binding: { strength: 'example' } }],
    ['Observation.category', { slicing: { discriminator: [{ type: 'pattern', path: '$this' }], rules: 'open' } }],
    [
      'Observation.component',
      { slicing: { discriminator: [{ type: 'value', path: 'code.coding.code' }], rules: 'open' } },
    ],
    ['Observation.hasMember', { slicing: { discriminator: [{ type: 'profile', path: 'resolve()' }], rules: 'open' } }],
    ['Observation.extension', { slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' } }],
    ['Observation.effective[x]', { slicing: { discriminator: [{ type: 'type', path: '$this' }], rules: 'open' } }],
  ])('that says of %s %j is fine', async (path, more) => {
    expect(await wrong(one(path, more))).toEqual([])
  })

  it.each<[string, string, object, string]>([
    ['an element that does not exist', 'Observation.valueBla', {}, ''],
    ['an element of another type', 'Patient.name', {}, ''],
    ['a type the element cannot have', 'Observation.value[x]', { type: [{ code: 'Attachment' }] }, ''],
    [
      'a binding on a date',
      'Observation.issued',
      {
        type: [{ code: 'instant' }],
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      },
      '',
    ],
    ['a length of a Quantity', 'Observation.value[x]', { type: [{ code: 'Quantity' }], maxLength: 5 }, ''],
    [
      'targets of a string',
      'Observation.value[x]',
      { type: [{ code: 'CodeableConcept', targetProfile: [`${R4}Patient`] }] },
      '',
    ],
    [
      'a profile of another type',
      'Observation.value[x]',
      { type: [{ code: 'CodeableConcept', profile: [`${R4}Patient`] }] },
      '.type[0]',
    ],
    [
      'a target that is no resource',
      'Observation.subject',
      { type: [{ code: 'Reference', targetProfile: [`${R4}Quantity`] }] },
      '.type[0]',
    ],
    ['a fixed value of another type', 'Observation.status', { fixedString: 'final' }, '.fixed.ofType(string)'],
    [
      'slices of what is single',
      'Observation.subject',
      { slicing: { discriminator: [{ type: 'value', path: 'type' }], rules: 'open' } },
      '.slicing',
    ],
    [
      'a discriminator that leads nowhere',
      'Observation.extension',
      { slicing: { discriminator: [{ type: 'value', path: 'type' }], rules: 'open' } },
      '.slicing.discriminator[0]',
    ],
    [
      'an invariant that is no FHIRPath',
      'Observation.code',
      { constraint: [{ key: 'a-1', severity: 'error', human: 'x', expression: 'coding.exists( and' }] },
      '.constraint[0].expression',
    ],
  ])('with %s is refused there', async (_, path, more, below) => {
    expect(await wrong(one(path, more))).toContain(AT + below)
  })

  it('whose invariant would run for hours is read, and not run', async () => {
    const expression = (text: string) =>
      one('Observation.code', { constraint: [{ key: 'a-1', severity: 'error', human: 'x', expression: text }] })
    const slow = `'${'a'.repeat(40)}!'.matches('(a+)+$')`
    const taken = await cost(async () => {
      expect(await wrong(expression(slow))).toEqual([])
      expect(await wrong(expression(`true) or ${slow} or (true`))).toContain(`${AT}.constraint[0].expression`)
      expect(await wrong(expression(`true /* ) */ or ${slow}`))).toEqual([])
    })
    expect(taken).toBeLessThan(5_000)
  })

  it('that slices its root is refused', async () => {
    const root = {
      id: 'Observation',
      path: 'Observation',
      slicing: { discriminator: [{ type: 'value', path: 'status' }], rules: 'open' },
    }
    expect(await wrong({ ...profile([]), differential: { element: [root] } })).toContain(
      'StructureDefinition.differential.element[0]',
    )
  })

  it('says how it is derived, and is of the kind of its base', async () => {
    const said = async (more: object) =>
      (await saidAt('StructureDefinition', profile([], more))).map(each => each.said.en).join('\n')
    const { derivation: _, ...silent } = profile([])
    expect((await saidAt('StructureDefinition', silent)).map(each => each.said.en).join('\n')).toContain(
      'how it is derived',
    )
    expect(await said({ derivation: 'specialization' })).toContain('a name of its own')
    expect(await said({ kind: 'complex-type' })).toContain('The kind is')
    expect(await said({})).not.toMatch(/derived|kind/)
  })

  it('that is no extension has no context', async () => {
    const context = [{ type: 'element', expression: 'Patient' }]
    expect(await wrong(profile([], { context }))).toContain('StructureDefinition.context[0]')
  })

  it('whose elements come in another order than those of the type is refused', async () => {
    const element = (path: string) => ({ id: path, path })
    expect(await wrong(profile([element('Observation.status'), element('Observation.code')]))).toEqual([])
    expect(await wrong(profile([element('Observation.code'), element('Observation.status')]))).toEqual([AT])
  })

  it('of another type than its base is refused; one whose base is not here gets a warning', async () => {
    expect(await wrong(profile([], { baseDefinition: `${R4}Patient` }))).toEqual(['StructureDefinition'])
    const lost = profile([], { baseDefinition: 'http://nowhere.org/StructureDefinition/x' })
    expect(await wrong(lost)).toEqual([])
    expect(await wrong(lost, {}, 'warning')).toContain('StructureDefinition')
  })

  it('says in both languages that an element does not exist, and which may be meant', async () => {
    const [finding] = await saidAt(AT, one('Observation.valueBla'))
    expect(finding?.said.en).toContain('Observation.value[x]')
    expect(finding?.said.zh).toContain('沒有資料元素')
  })
})

describe('an extension', () => {
  const URL = 'http://example.org/StructureDefinition/ext'
  const extension = (more: object = {}, fixedUri = URL) => ({
    ...profile([], {
      url: URL,
      kind: 'complex-type',
      type: 'Extension',
      baseDefinition: `${R4}Extension`,
      context: [{ type: 'element', expression: 'Patient.name' }],
      differential: {
        element: [
          { id: 'Extension', path: 'Extension' },
          { id: 'Extension.url', path: 'Extension.url', fixedUri },
        ],
      },
      ...more,
    }),
  })
  it('fixes its own url', async () => {
    expect(await wrong(extension())).toEqual([])
    expect(await wrong(extension({}, 'http://example.org/other'))).toContain('StructureDefinition')
  })

  it('that does not fix its url is refused', async () => {
    const loose = extension({ differential: { element: [{ id: 'Extension', path: 'Extension' }] } })
    const findings = await saidAt('StructureDefinition', loose)
    expect(findings.map(({ said }) => said.en).join()).toContain('does not fix its url')
  })

  it('is for elements that exist', async () => {
    const context = (expression: string) => extension({ context: [{ type: 'element', expression }] })
    expect(await wrong(context('Observation.value'))).toEqual([])
    expect(await wrong(context('Patient.names'))).toEqual(['StructureDefinition.context[0]'])
    expect(await wrong(context('Element'), {}, 'warning')).toContain('StructureDefinition.context[0]')
  })

  it('derived from another cannot fix another url', async () => {
    const derived = extension(
      { url: 'http://example.org/StructureDefinition/more', baseDefinition: URL },
      'http://example.org/StructureDefinition/more',
    )
    expect(await wrong(derived, { supporting: [extension()] })).toContain(`${AT}.fixed.ofType(uri)`)
  })
})

describe('a search parameter', () => {
  const parameter = (more: object) => ({
    resourceType: 'SearchParameter',
    text,
    url: 'http://example.org/SearchParameter/own',
    name: 'Own',
    status: 'active',
    description: 'x',
    code: 'own',
    base: ['Patient'],
    type: 'string',
    expression: 'Patient.name',
    ...more,
  })
  it('speaks of its bases in FHIRPath', async () => {
    expect(await wrong(parameter({}))).toEqual([])
    expect(await wrong(parameter({ expression: 'Patient.nme' }))).toEqual(['SearchParameter.expression'])
    expect(
      await wrong(parameter({ expression: "(Patient.name.where(use='usual') | Patient.deceased as boolean)" })),
    ).toEqual([])
    expect(await wrong(parameter({ expression: 'Patient.name | Person.name' }))).toEqual(['SearchParameter.expression'])
    expect(await wrong(parameter({ expression: 'Patient.name.where(' }))).toEqual(['SearchParameter.expression'])
    expect(
      await wrong(parameter({ expression: "Patient.name.where(text = 'Organization.name | Person.name')" })),
    ).toEqual([])
  })

  it('that is composite has two components', async () => {
    expect(await wrong(parameter({ type: 'composite' }))).toContain('SearchParameter')
  })

  it('keeps the type and bases of what it is derived from', async () => {
    const derivedFrom = 'http://hl7.org/fhir/SearchParameter/Patient-name'
    expect(await wrong(parameter({ derivedFrom }))).toEqual([])
    expect(await wrong(parameter({ derivedFrom, type: 'token' }))).toEqual(['SearchParameter'])
    expect(await wrong(parameter({ derivedFrom, base: ['Person'], expression: 'Person.name' }))).toEqual([
      'SearchParameter',
    ])
  })
})

it('a capability statement names search parameters by their type', async () => {
  const statement = (type: string) => ({
    resourceType: 'CapabilityStatement',
    text,
    status: 'active',
    date: '2024',
    kind: 'requirements',
    description: 'x',
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [
      {
        mode: 'server',
        resource: [
          {
            type: 'Patient',
            searchParam: [
              { name: 'birthdate', definition: 'http://hl7.org/fhir/SearchParameter/individual-birthdate', type },
            ],
          },
        ],
      },
    ],
  })
  expect(await wrong(statement('date'))).toEqual([])
  expect(await wrong(statement('string'))).toEqual(['CapabilityStatement.rest[0].resource[0].searchParam[0]'])
})

it('an operation and the profile of its parameters say the same', async () => {
  const parameters = profile([], {
    type: 'Parameters',
    baseDefinition: `${R4}Parameters`,
    differential: {
      element: [
        { id: 'Parameters', path: 'Parameters' },
        {
          id: 'Parameters.parameter',
          path: 'Parameters.parameter',
          slicing: { discriminator: [{ type: 'value', path: 'name' }], rules: 'open' },
        },
        { id: 'Parameters.parameter:a', path: 'Parameters.parameter', sliceName: 'a', min: 1, max: '1' },
        { id: 'Parameters.parameter:a.name', path: 'Parameters.parameter.name', fixedString: 'a' },
        {
          id: 'Parameters.parameter:a.value[x]',
          path: 'Parameters.parameter.value[x]',
          min: 1,
          type: [{ code: 'string' }],
        },
      ],
    },
  })
  const operation = (parameter: object) => ({
    resourceType: 'OperationDefinition',
    text,
    name: 'Own',
    status: 'active',
    kind: 'operation',
    code: 'own',
    system: true,
    type: false,
    instance: false,
    inputProfile: parameters.url,
    parameter: [{ name: 'a', use: 'in', min: 1, max: '1', type: 'string', ...parameter }],
  })
  const supporting = [parameters]
  expect(await wrong(operation({}), { supporting })).toEqual([])
  expect(await wrong(operation({ min: 0 }), { supporting })).toEqual(['OperationDefinition.parameter[0]'])
  expect(await wrong(operation({ type: 'code' }), { supporting })).toEqual(['OperationDefinition.parameter[0]'])
})
