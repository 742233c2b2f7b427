/**
 * What is wrong with a rule is said with its place, in the PlanDefinition and in the expression.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { describe, expect, test } from 'vitest'
import {
  code,
  condition,
  conditionsInput,
  dynamic,
  faultsOf,
  fhirpath,
  onData,
  onHook,
  patientInput,
  plan,
  ruleOf,
  variable,
} from '../help/rules.ts'

const saidOf = (resource: unknown) =>
  faultsOf(resource).map(({ expression, diagnostics }) => `${expression}: ${diagnostics}`)

describe('a rule is read', () => {
  test('with its order, evidence, triggers, inputs and conditions', () => {
    const rule = ruleOf(
      plan(
        'Whole',
        [
          {
            trigger: [onHook('order-sign'), onHook('order-select')],
            input: [patientInput, conditionsInput],
            condition: [condition('%conditions.exists()')],
            documentation: [{ type: 'citation', display: 'A guideline', url: 'https://example.org/guideline' }],
          },
        ],
        {
          extension: [{ url: 'https://fhir.dhp.tw.example/StructureDefinition/rule-order', valueInteger: 7 }],
          relatedArtifact: [{ type: 'documentation', display: 'A source', url: 'https://example.org/source' }],
        },
      ),
    )
    expect(rule.order).toBe(7)
    expect(rule.evidence).toEqual([{ label: 'A source', url: 'https://example.org/source' }])
    expect(rule.keys).toEqual(['patient', 'conditions'])
    expect(rule.actions[0]).toMatchObject({
      kind: 'card',
      triggers: [
        { is: 'hook', hook: 'order-sign' },
        { is: 'hook', hook: 'order-select' },
      ],
      evidence: [{ label: 'A guideline', url: 'https://example.org/guideline' }],
    })
  })

  test('with 100 as its order when it says none', () => {
    expect(ruleOf(plan('Plain', [{}])).order).toBe(100)
  })
})

describe('a broken rule', () => {
  test('is told where its expression goes wrong, by line and column', () => {
    expect(
      saidOf(plan('Broken', [{ condition: [condition('true'), condition('%context\n  .patientId.frobnicate()')] }])),
    ).toEqual([
      expect.stringMatching(
        /^PlanDefinition\.action\[0\]\.condition\[1\]\.expression: Unknown function "frobnicate" at line 2 column 14/,
      ),
    ])
  })

  test('has all its faults told, not only the first', () => {
    const said = saidOf(plan('Broken', [{ condition: [condition('(1')] }, { condition: [condition('1 +')] }]))
    expect(said.map(text => text.split(': ')[0])).toEqual([
      'PlanDefinition.action[0].condition[0].expression',
      'PlanDefinition.action[1].condition[0].expression',
    ])
  })

  test('may not name variables that are not there', () => {
    expect(
      saidOf(plan('Broken', [{ input: [conditionsInput], condition: [condition('%condition.exists()')] }]))[0],
    ).toMatch(
      /condition\[0\]\.expression: Unknown variable "%condition" at line 1 column 1: did you mean "%conditions"\?/,
    )
  })

  test('has no variables that go in a circle', () => {
    const said = saidOf(plan('Circle', [{}], { extension: [variable('a', '%b + 1'), variable('b', '%a + 1')] }))
    expect(said[0]).toMatch(/^PlanDefinition\.extension\[0\]\.value: .*"%b".*only those before it/)
    expect(saidOf(plan('Itself', [{}], { extension: [variable('a', '%a')] }))[0]).toMatch(/only those before it/)
  })

  test('has no two variables of one name, and none of a name that is taken', () => {
    expect(saidOf(plan('Twice', [{}], { extension: [variable('a', '1'), variable('a', '2')] }))).toEqual([
      'PlanDefinition.extension[1].value.name: There is a %a already; give it another name.',
    ])
    expect(saidOf(plan('Taken', [{}], { extension: [variable('context', '1')] }))[0]).toMatch(
      /There is a %context already/,
    )
  })

  test.each([
    ['no action', { action: undefined }, 'PlanDefinition: A rule needs an action'],
    ['no url', { url: undefined }, 'PlanDefinition.url: A rule needs a url'],
    ['no version', { version: undefined }, 'PlanDefinition.version: A rule needs a version'],
    ['another type', { type: { text: 'protocol' } }, 'PlanDefinition.type: The type of a rule is eca-rule'],
  ])('is refused with %s', (_, more, said) => {
    expect(saidOf(plan('Broken', [{}], more))[0]).toContain(said)
  })

  test.each([
    ['no trigger', { trigger: [] }, 'action[0]: It needs a trigger'],
    [
      'a trigger that nothing pulls',
      { trigger: [{ type: 'periodic' }] },
      'action[0].trigger[0].type: Triggers of rules are',
    ],
    [
      'a resource type that is none',
      { trigger: [onData('data-added', 'Patients')], code: code('deny') },
      'action[0].trigger[0].data[0].type: ',
    ],
    [
      'both kinds of triggers',
      { trigger: [onHook(), onData('data-added')] },
      'action[0].trigger: CDS hooks and interactions',
    ],
    ['no code for the API', { trigger: [onData('data-added')] }, 'action[0]: It needs a code'],
    [
      'a card for the API',
      { trigger: [onData('data-added')], code: code('card') },
      'action[0].code: card cannot follow from data-added',
    ],
    ['a denial for a hook', { code: code('deny') }, 'action[0].code: deny cannot follow from a CDS hook'],
    [
      'a mask when writing',
      { trigger: [onData('data-added', 'Patient')], code: code('mask'), dynamicValue: [{ path: 'name' }] },
      'mask cannot follow',
    ],
    [
      'another language',
      { condition: [{ kind: 'applicability', expression: { language: 'text/cql', expression: '1' } }] },
      'action[0].condition[0].expression.language: Rules are written in FHIRPath',
    ],
    [
      'another kind of condition',
      { condition: [{ kind: 'start', expression: fhirpath('true') }] },
      'action[0].condition[0].kind: ',
    ],
    [
      'an input without query',
      { input: [{ id: 'patient', type: 'Patient' }] },
      'action[0].input[0]: It needs the extension',
    ],
    [
      'an input named like a variable',
      { input: [{ ...patientInput, id: 'context' }] },
      'action[0].input[0]: It needs an id',
    ],
    [
      'a template that is not there',
      { code: code('system-action'), definitionUri: '#nothing' },
      'action[0].definition: Nothing contained has the id nothing',
    ],
    [
      'a template elsewhere',
      { code: code('system-action'), definitionCanonical: 'https://example.org/a' },
      'action[0].definition: Put the template',
    ],
    ['a system action without one', { code: code('system-action') }, 'action[0]: It needs a definitionUri'],
    [
      'a route to nowhere',
      { trigger: [onData('data-added')], code: code('route') },
      'action[0].definition: To route needs',
    ],
    [
      'a mask of what is not there',
      { trigger: [onData('data-accessed', 'Patient')], code: code('mask'), dynamicValue: [{ path: 'nam' }] },
      'Patient has no element nam. Did you mean name?',
    ],
    [
      'a tag that is none',
      { trigger: [onData('data-added', 'Patient')], code: code('tag'), dynamicValue: [dynamic('gender', "'male'")] },
      'action[0].dynamicValue[0].path: To tag, the path is',
    ],
    ['a summary that is too long', { title: 'x'.repeat(140) }, 'action[0].title: '],
  ])('is refused with %s', (_, action, said) => {
    expect(saidOf(plan('Broken', [action])).join('\n')).toContain(said)
  })

  test('has a template with paths that its resource has', () => {
    const contained = [
      { resourceType: 'ServiceRequest', id: 'order', status: 'draft', intent: 'proposal', subject: {} },
    ]
    const paths = (...values: object[]) =>
      saidOf(
        plan('Paths', [{ code: code('system-action'), definitionUri: '#order', dynamicValue: values }], { contained }),
      )
    expect(
      paths(dynamic('subject.reference', "'Patient/1'"), dynamic('note[0].text', "'x'"), dynamic('reasonCode', '{}')),
    ).toEqual([])
    expect(paths(dynamic('subjekt.reference', '1'))[0]).toContain(
      'ServiceRequest has no element subjekt. Did you mean subject?',
    )
    expect(paths(dynamic('note.text', '1'))[0]).toContain('ServiceRequest.note repeats: say which, such as note[0].')
    expect(paths(dynamic('subject[1].reference', '1'))[0]).toContain('does not repeat')
    expect(paths(dynamic('__proto__.polluted', '1'))[0]).toContain('is no path')
    expect(paths(dynamic('constructor', '1'))[0]).toContain('has no element constructor')
  })
})

describe('a hostile rule is refused, quickly', () => {
  const quickly = (resource: unknown) => {
    const faults = faultsOf(resource)
    expect(faults.length).toBeGreaterThan(0)
    expect(faults.length).toBeLessThanOrEqual(20)
    return faults
  }
  test('with ten thousand conditions', () => {
    const many = Array.from({ length: 10_000 }, () => condition('%context.exists()'))
    expect(quickly(plan('Many', [{ condition: many }]))[0]!.diagnostics).toBe('An action has at most 100 conditions.')
  })
  test('with ten thousand actions', () => {
    expect(
      quickly(
        plan(
          'Many',
          Array.from({ length: 10_000 }, () => ({})),
        ),
      )[0]!.diagnostics,
    ).toContain('at most 50 actions')
  })
  test('with an expression of a megabyte, or many that are long together', () => {
    expect(quickly(plan('Long', [{ condition: [condition(`'${'x'.repeat(1_000_000)}'`)] }]))[0]!.diagnostics).toContain(
      'at most 5000 characters',
    )
    const long = Array.from({ length: 100 }, () => condition(`'${'x'.repeat(4_000)}' = ''`))
    expect(quickly(plan('Long', [{ condition: long }]))[0]!.diagnostics).toContain('20000 characters together')
  })
  test('with brackets in brackets', () => {
    quickly(plan('Deep', [{ condition: [condition('('.repeat(2_400) + '1' + ')'.repeat(2_400))] }]))
  })
  test('with a thousand faults: the first twenty are told', () => {
    const bad = Array.from({ length: 90 }, () => condition('('))
    expect(quickly(plan('Bad', [{ condition: bad }, { condition: bad }]))).toHaveLength(20)
  })
  test.each([
    null,
    1,
    'x',
    [],
    {},
    {
      resourceType: 'PlanDefinition',
      action: [
        null,
        1,
        [],
        { trigger: [null], condition: [null], input: [null], action: [null], dynamicValue: [null] },
      ],
    },
  ])('with JSON that is nothing of the kind: %j', value => void quickly(value))
})
