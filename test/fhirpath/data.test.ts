/** What expressions are evaluated on: resources and their types, Bundles, lists, plain JSON. https://hl7.org/fhir/R4/fhirpath.html */
import { describe, expect, test } from 'vitest'
import { compile, isTrue } from '../../src/fhirpath/expression.ts'
import { resolverOf } from '../../src/fhirpath/resolver.ts'
import { observation, patient } from './expressions.ts'
import { options, path, refusal } from './path.ts'

const bundle = {
  resourceType: 'Bundle',
  type: 'searchset',
  entry: [{ fullUrl: 'http://example.org/Patient/p1', resource: patient }, { resource: observation }],
}

describe('choices', () => {
  test.each([
    ['value', [observation.valueQuantity]],
    ['value.value', [5.5]],
    ['value.ofType(Quantity).code', ['mg']],
    ['(value as Quantity).code', ['mg']],
    ['value as string', []],
    ['value is Quantity', [true]],
    ['valueQuantity.code', ['mg']],
    ['component.value.ofType(string)', ['fine']],
    ['component.value.ofType(String)', ['fine']],
    ['component.where(value is Quantity).code.text', ['systolic', 'diastolic']],
    ["value > 0.001 'g'", [true]],
  ])('%s', (text, values) => {
    expect(path(text, observation)).toEqual(values)
  })
})

test('of two variants of a choice, which no resource may have, always the same is taken', () => {
  const both = { ...observation, valueString: 'five' }
  expect(path('value', both)).toEqual([observation.valueQuantity])
  expect(path('value', { ...observation, valueQuantity: undefined, valueString: 'five' })).toEqual(['five'])
  expect(path('value', both)).toEqual([observation.valueQuantity])
})

describe('types', () => {
  test.each([
    ['$this is Patient and $this is DomainResource and $this is Resource', [true]],
    ['$this is FHIR.Patient', [true]],
    ['$this is Observation', [false]],
    ['gender is code and gender is string', [true]],
    ['gender is uri', [false]],
    ['gender is System.String', [false]],
    ["'a' is String and ('a' is string).not()", [true]],
    ['birthDate is date', [true]],
    ['extension.first().value is Quantity', [true]],
    ['contact is BackboneElement', []],
    ['Patient.id', ['p1']],
    ['Resource.id', ['p1']],
    ['Observation.id', []],
    ['type()', [{ namespace: 'FHIR', name: 'Patient' }]],
    ['1.type().name', ['Integer']],
  ])('%s', (text, values) => {
    expect(path(text, patient)).toEqual(values)
  })

  test('backbone elements have their own elements, and are BackboneElements', () => {
    expect(path('component.first() is BackboneElement', observation)).toEqual([true])
    const questionnaire = {
      resourceType: 'Questionnaire',
      item: [{ linkId: '1', item: [{ linkId: '2', item: [{ linkId: '3' }] }] }],
    }
    expect(path('repeat(item).linkId', questionnaire)).toEqual(['1', '2', '3'])
    expect(path('item.item.item is BackboneElement', questionnaire)).toEqual([true])
  })

  test('a subtype of Quantity is a Quantity', () => {
    const condition = {
      resourceType: 'Condition',
      onsetAge: { value: 40, system: 'http://unitsofmeasure.org', code: 'a' },
    }
    expect(path('onset.ofType(Quantity).value', condition)).toEqual([40])
    expect(path('onset is Age and onset > 39 years', condition)).toEqual([true])
  })
})

describe('primitives with extensions', () => {
  test.each([
    ["birthDate.extension('http://example.org/time').value", ['1974-12-25T14:35:45+08:00']],
    ['birthDate.id', ['b1']],
    ["name.where(family = 'Lin').given.extension.value", ['masked']],
    ["name.where(family = 'Lin').given", []],
    ["name.where(family = 'Lin').given.exists()", [true]],
    ["name.where(family = 'Lin').given = 'x'", [false]],
    ["name.where(family = 'Lin').given.first().startsWith('x')", []],
  ])('%s', (text, values) => {
    expect(path(text, patient)).toEqual(values)
  })
})

describe('inputs', () => {
  test('a Bundle leads to its resources', () => {
    expect(path('entry.resource.ofType(Patient).name.family', bundle)).toEqual(['Chen', 'Lin'])
    expect(path('Bundle.entry.resource.select(id)', bundle)).toEqual(['p1', 'o2'])
  })

  test('a list of resources is a collection', () => {
    expect(path('id', [patient, observation])).toEqual(['p1', 'o2'])
    expect(path('ofType(Observation).status', [patient, observation])).toEqual(['final'])
    expect(path('$this.count()', [])).toEqual([0])
  })

  test('plain JSON is read by its names', () => {
    const context = {
      userId: 'Practitioner/1',
      selections: ['a', 'b'],
      draftOrders: bundle,
      count: 3,
      on: true,
      none: null,
    }
    const env = { context }
    expect(path('%context.userId', undefined, env)).toEqual(['Practitioner/1'])
    expect(path("%context.selections.where($this = 'b')", undefined, env)).toEqual(['b'])
    expect(path('%context.draftOrders.entry.resource.ofType(Observation).value.value', undefined, env)).toEqual([5.5])
    expect(path('%context.count + 1 = 4 and %context.on', undefined, env)).toEqual([true])
    expect(path('%context.none', undefined, env)).toEqual([])
    expect(path('%context.`constructor` | %context.toString | %context.__proto__', undefined, env)).toEqual([])
  })

  test('nothing is the empty collection', () => {
    expect(path('name.exists()', undefined)).toEqual([false])
    expect(path('%patient.name.exists()', undefined, { patient: undefined })).toEqual([false])
  })

  test('what a type does not define is found by its name all the same', () => {
    const later = { resourceType: 'Patient', later: [{ a: 1 }, { a: 2 }], resourceTyp: 'x' }
    expect(path('later.a', later)).toEqual([1, 2])
    expect(path('resourceType', later)).toEqual([])
  })

  test('data of a wrong form are passed over, not stumbled on', () => {
    const odd = {
      resourceType: 'Patient',
      name: 'Chen',
      birthDate: 5,
      contact: [null, 3, [1]],
      active: 'yes',
      gender: { a: 1 },
    }
    expect(path('name.family | contact.name.family | gender.a', odd)).toEqual([])
    expect(path('descendants().count() >= 0', odd)).toEqual([true])
    expect(path('active and true', odd)).toEqual([])
    expect(refusal('birthDate < today()', odd).message).toContain('cannot be compared')
  })

  test("objects are the resource's own", () => {
    expect(path('name.first()', patient)[0]).toBe(patient.name[0])
    expect(path('value', observation)[0]).toBe(observation.valueQuantity)
  })
})

describe('variables', () => {
  test('the input is %context, %resource and %rootResource', () => {
    expect(path('name.select(%context.id & %resource.id & %rootResource.id).first()', patient)).toEqual(['p1p1p1'])
  })

  test('%ucum, %sct, %loinc, %vs- and %ext- are urls', () => {
    expect(path("%ucum | %sct | %loinc | %`vs-a-b` | %'ext-c'")).toEqual([
      'http://unitsofmeasure.org',
      'http://snomed.info/sct',
      'http://loinc.org',
      'http://hl7.org/fhir/ValueSet/a-b',
      'http://hl7.org/fhir/StructureDefinition/c',
    ])
  })

  test('when the variables are known beforehand, others are refused when compiling', () => {
    const known = { ...options, variables: ['patient'] }
    expect(compile('%patient.id', known).evaluate(undefined, { patient })).toEqual(['p1'])
    expect(() => compile('name.where(%patent.id = id)', known)).toThrow(
      'Unknown variable "%patent" at line 1 column 12: did you mean "%patient"?',
    )
  })

  test('an expression says which it asks for', () => {
    expect([...compile('%a.first() = %`b c` or %ucum = %a', options).variables]).toEqual(['a', 'b c'])
  })
})

describe('a name that the type does not have is refused when compiling, where the type is known', () => {
  const known = { ...options, variables: { patient: 'Patient', conditions: 'Bundle', context: undefined } }
  test.each([
    ['Patient.brithDate', 'Patient has no element "brithDate" at line 1 column 9: did you mean "birthDate"?'],
    ['%patient.name.familly.exists()', 'HumanName has no element "familly"'],
    ['%patient.birthDate.value > today()', 'date has no element "value" at line 1 column 20: it is a value itself'],
    ["%patient.name.where(given.exists() and uses = 'official')", 'did you mean "use"?'],
    ['%conditions.entry.resources', 'did you mean "resource"?'],
    [
      '%conditions.entry.resource.ofType(Condition).where(code.codings.exists())',
      'CodeableConcept has no element "codings"',
    ],
    [
      '(%conditions.entry.resource as Condition).onset.coding',
      'None of dateTime, Age, Period, Range, string has an element "coding"',
    ],
    ['%patient.name.select(given | famly)', 'did you mean "family"?'],
    ["%patient.extension('http://example.org').valeu", 'Extension has no element "valeu"'],
    ['Observation.component.valueQuantiti', 'did you mean "valueQuantity"?'],
  ])('%s', (text, words) => {
    expect(() => compile(text, known)).toThrow(words)
  })

  test.each([
    '%patient.birthDate.extension.value.ofType(Quantity).value',
    '%conditions.entry.resource.code.coding.display',
    '%conditions.entry.resource.ofType(Condition).onset.ofType(Age).value',
    '%context.anything.at.all',
    '%patient.contained.name',
    '%patient.descendants().whatever',
    '(%patient.name | %patient.telecom).select(family | system)',
    'Questionnaire.repeat(item | answerOption).linkId',
    'Observation.valueQuantity.value',
    'whatever.there.is',
  ])('%s is not', text => {
    expect(() => compile(text, known)).not.toThrow()
  })

  test('the type of the input can be given', () => {
    expect(() => compile('name.familly', { ...options, inputType: 'Patient' })).toThrow('did you mean "family"?')
    expect(() => compile('%resource.namme', { ...options, inputType: 'Patient' })).toThrow('did you mean "name"?')
  })
})

describe('resolve()', () => {
  const resolve = (reference: string) => (reference === 'Patient/p1' ? patient : undefined)

  test('finds what is given', () => {
    expect(path('subject.resolve().name.first().family', observation, {}, { resolve })).toEqual(['Chen'])
    expect(path('subject.where(resolve() is Patient).exists()', observation, {}, { resolve })).toEqual([true])
    expect(path("'Patient/2'.resolve()", observation, {}, { resolve })).toEqual([])
    expect(path('subject.resolve()', observation)).toEqual([])
  })

  test('can be given anew with each evaluation', () => {
    const expression = compile('subject.resolve().id', options)
    expect(expression.evaluate(observation)).toEqual([])
    expect(expression.evaluate(observation, {}, { resolve })).toEqual(['p1'])
  })

  test('finds what is contained, in the resource where the reference stands', () => {
    expect(path('managingOrganization.resolve().name', patient)).toEqual(['Inside'])
    expect(path('entry.resource.managingOrganization.resolve().name', bundle)).toEqual(['Inside'])
    const inside = {
      ...patient,
      contained: [
        { resourceType: 'Organization', id: 'o1', name: 'A', partOf: { reference: '#o2' } },
        { resourceType: 'Organization', id: 'o2', name: 'B' },
      ],
    }
    expect(path('managingOrganization.resolve().partOf.resolve().name', inside)).toEqual(['B'])
    expect(path("contained.partOf.resolve().name | '#'.resolve()", inside)).toEqual(['B'])
    expect(path("contained.partOf.select('#o2').resolve()", inside)).toEqual([])
  })
})

describe('resolve() among given resources', () => {
  const organization = { resourceType: 'Organization', id: 'o', meta: { versionId: '3' } }
  const prefetched = [
    {
      resourceType: 'Bundle',
      id: 'b',
      entry: [{ fullUrl: 'urn:uuid:1', resource: patient }, { resource: null }, 5, { resource: organization }],
    },
    [observation, null],
    null,
    'text',
  ]
  const resolve = resolverOf(prefetched)

  test.each([
    ['Patient/p1', patient],
    ['urn:uuid:1', patient],
    ['Observation/o2', observation],
    ['Bundle/b', prefetched[0]],
    ['Organization/o/_history/3', organization],
    ['Organization/o/_history/2', undefined],
    ['Organization/p1', undefined],
    ['http://example.org/Patient/p1', undefined],
    ['nonsense', undefined],
  ])('%s', (reference, resource) => {
    expect(resolve(reference)).toBe(resource)
  })

  test('in an expression', () => {
    expect(path('%observation.subject.resolve().birthDate', undefined, { observation }, { resolve })).toEqual([
      '1974-12-25',
    ])
  })
})

describe('terminology', () => {
  const memberOf = (code: unknown, valueSet: string) =>
    valueSet === 'http://example.org/vs' ? JSON.stringify(code).includes('85354-9') : undefined

  test('memberOf asks who knows', () => {
    expect(path("code.memberOf('http://example.org/vs')", observation, {}, { memberOf })).toEqual([true])
    expect(path("status.memberOf('http://example.org/vs')", observation, {}, { memberOf })).toEqual([false])
    expect(path("code.memberOf('http://example.org/other')", observation, {}, { memberOf })).toEqual([])
    expect(
      path("component.where(code.memberOf('http://example.org/vs')).exists()", observation, {}, { memberOf }),
    ).toEqual([false])
  })

  test('subsumes and subsumedBy ask in their direction', () => {
    const subsumes = (general: unknown, special: unknown) => String(special).startsWith(String(general))
    expect(path("'C34'.subsumes('C34.1')", undefined, {}, { subsumes })).toEqual([true])
    expect(path("'C34'.subsumedBy('C34.1')", undefined, {}, { subsumes })).toEqual([false])
  })
})

describe('quantities that cannot be computed', () => {
  const said = (quantity: object) => ({ ...observation, valueQuantity: quantity })
  const ucum = { system: 'http://unitsofmeasure.org' }
  test.each([
    ['without UCUM', { value: 5, unit: 'mg' }],
    ['with a comparator', { value: 5, comparator: '>', code: 'mg', ...ucum }],
    ['in a unit that is none', { value: 5, code: 'mgg', ...ucum }],
    ['without a value', { code: 'mg', ...ucum }],
  ])('%s are neither more nor less', (_, quantity) => {
    expect(path("value > 3 'mg'", said(quantity))).toEqual([])
    expect(path("value <= 3 'mg'", said(quantity))).toEqual([])
  })

  test('without a table of units, the same unit still compares', () => {
    expect(path("value > 3 'mg'", observation, {}, { units: undefined as never })).toEqual([true])
    expect(path("value > 3 'g'", observation, {}, { units: undefined as never })).toEqual([])
    expect(path('1 year > 11 months and 1 day = 24 hours', observation, {}, { units: undefined as never })).toEqual([
      true,
    ])
  })
})

describe('a condition', () => {
  const holds = (text: string) => compile(text, options).holds(patient)

  test('holds for a single true alone', () => {
    expect(holds('active')).toBe(true)
    expect(holds('deceased')).toBe(false)
    expect(holds('{}')).toBe(false)
    expect(holds('photo.exists()')).toBe(false)
    expect(isTrue([true])).toBe(true)
    expect(isTrue([])).toBe(false)
  })

  test.each([
    ['name', 'The condition gives 3 values where true or false is wanted at line 1 column 1: '],
    ['name.first()', 'The condition gives a HumanName'],
    ['gender', 'The condition gives a code'],
    ['1', 'The condition gives an Integer'],
    ['(true).combine(true)', 'The condition gives 2 values'],
  ])('that gives %s is refused, so that its author hears of it', (text, words) => {
    expect(() => holds(text)).toThrow(words)
    expect(() => isTrue(path(text, patient))).toThrow('where true or false is wanted')
  })
})

test('trace tells what it sees and changes nothing', () => {
  const told: unknown[] = []
  const trace = (name: string, values: unknown[]) => told.push([name, values])
  expect(path("name.given.trace('given').count().trace('n', $this + 1)", patient, {}, { trace })).toEqual([4])
  expect(told).toEqual([
    ['given', ['Mei', 'Ling', 'May', undefined]],
    ['n', [5]],
  ])
})
