/**
 * What follows from a rule, in which order, and what is told of why.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { describe, expect, test } from 'vitest'
import { judge, RULE_STEPS } from '../../src/rules/run-rule.ts'
import type { RuleTrace } from '../../src/rules/words.ts'
import {
  allOf,
  bundle,
  code,
  condition,
  conditionsInput,
  hookData,
  NOW,
  onData,
  patientInput,
  plan,
  ruleOf,
  variable,
} from '../help/rules.ts'

const patient = { resourceType: 'Patient', id: 'p', birthDate: '1950-05-01', gender: 'female' }
const cancer = {
  resourceType: 'Condition',
  id: 'c',
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'C50.911' }] },
}

/** Whether a rule with this condition fires over a patient and two conditions. */
function holds(
  expression: string,
  prefetch: Record<string, unknown> = { patient, conditions: bundle(cancer, { resourceType: 'Condition', id: 'd' }) },
) {
  const rule = ruleOf(plan('Holds', [{ input: [patientInput, conditionsInput], condition: [condition(expression)] }]))
  const { fired, failed } = judge([allOf(rule)], hookData(prefetch))
  return failed.length > 0 ? failed[0]!.why : fired.length === 1
}

describe('an expression of a hook', () => {
  test('names what was read by its key', () => {
    expect(holds("%patient.gender = 'female'")).toBe(true)
    expect(holds('%patient.birthDate <= today() - 75 years')).toBe(true)
    expect(holds('%patient.birthDate <= today() - 77 years')).toBe(false)
  })
  test('names the resources that were found by the key of the search, and the searchset by %prefetch', () => {
    expect(holds("%conditions.code.coding.where(code.startsWith('C50')).exists()")).toBe(true)
    expect(holds('%conditions.count() = 2')).toBe(true)
    expect(holds("%prefetch.conditions.type = 'searchset' and %prefetch.conditions.entry.count() = 2")).toBe(true)
    expect(holds('%conditions.is(Condition)', { conditions: cancer })).toBe(true)
  })
  test('starts from all resources that were given', () => {
    expect(holds('Patient.gender = %patient.gender and Condition.count() = 2')).toBe(true)
  })
  test('finds nothing under a key that has no data', () => {
    expect(holds('%conditions.empty() and %patient.empty()', { patient: null })).toBe(true)
    expect(
      holds('%conditions.empty()', {
        conditions: { resourceType: 'Bundle', entry: [{ resource: { resourceType: 'OperationOutcome' } }] },
      }),
    ).toBe(true)
  })
  test('names the context, the user, the language and the time', () => {
    expect(holds("%context.patientId = 'p' and %user = 'Practitioner/1' and %language = 'en'")).toBe(true)
    expect(holds("now() = @2026-11-29T00:00:00.000Z and %now = '2026-11-29T00:00:00.000Z'")).toBe(true)
  })
  test('is true or false: anything else is a failure that says what to do', () => {
    expect(holds('%patient')).toMatch(/gives an? (?:object|Patient).*exists\(\)/)
    expect(holds('%conditions')).toMatch(/exists\(\)/)
    expect(holds('{}')).toBe(false)
  })
})

describe('variables', () => {
  test('keep their types, and may use those before them', () => {
    const rule = ruleOf(
      plan(
        'Variables',
        [
          {
            input: [patientInput],
            extension: [variable('old', '%born < today() - 65 years')],
            condition: [condition('%old')],
          },
        ],
        {
          extension: [variable('born', '%patient.birthDate')],
        },
      ),
    )
    expect(judge([allOf(rule)], hookData({ patient })).fired).toHaveLength(1)
    expect(judge([allOf(rule)], hookData({ patient: { ...patient, birthDate: '1990' } })).fired).toHaveLength(0)
  })

  test('are evaluated when they are first used, and once, for all actions of the rule', () => {
    const traces: RuleTrace[] = []
    const actions = [
      { condition: [condition('%used.exists()'), condition('%used = 1')] },
      { condition: [condition('%used = 1')] },
    ]
    const rule = ruleOf(
      plan('Once', actions, { extension: [variable('unused', "'a'.toInteger() + today()"), variable('used', '1')] }),
    )
    expect(judge([allOf(rule)], hookData(), { trace: trace => traces.push(trace) }).fired).toHaveLength(2)
    expect(traces[0]!.actions.flatMap(({ variables }) => variables.map(({ name }) => name))).toEqual(['used'])
  })
})

describe('the rules of one occasion', () => {
  const two = [
    ruleOf(plan('First', [{ condition: [condition('true')] }, { condition: [condition('false')] }, {}])),
    ruleOf(plan('Second', [{}])),
  ]
  test('all act that hold, in the order given, each action as it stands', () => {
    const { fired } = judge(two.map(allOf), hookData())
    expect(fired.map(({ rule, action }) => `${rule.name} ${action.index}`)).toEqual(['First 0', 'First 2', 'Second 0'])
  })
  test('are judged one by one: one that fails does not keep others', () => {
    const broken = ruleOf(plan('Broken', [{ condition: [condition("('a' | 'b').toInteger() = 1")] }, {}]))
    const { fired, failed } = judge([allOf(broken), allOf(two[1]!)], hookData())
    expect(fired.map(({ rule, action }) => `${rule.name} ${action.index}`)).toEqual(['Broken 1', 'Second 0'])
    expect(failed).toMatchObject([
      { place: 'action[0].condition[0]', why: expect.stringMatching(/line 1 column/) as string },
    ])
  })
})

describe('of the API', () => {
  test('an expression starts from the resource, and names what was there before, the request and the caller', () => {
    const expression =
      "status = 'active' and %resource.status = 'active' and %previous.status = 'draft' and %request.interaction = 'update' and %caller.scopes.exists($this = 'user/*.cruds')"
    const rule = ruleOf(
      plan('Api', [
        {
          trigger: [onData('data-modified', 'MedicationRequest')],
          code: code('deny'),
          condition: [condition(expression)],
        },
      ]),
    )
    const { fired } = judge([allOf(rule)], {
      is: 'data',
      event: 'data-modified',
      type: 'MedicationRequest',
      resource: { resourceType: 'MedicationRequest', status: 'active' },
      previous: { resourceType: 'MedicationRequest', status: 'draft' },
      request: { interaction: 'update' },
      caller: { scopes: ['openid', 'user/*.cruds'] },
      now: NOW,
    })
    expect(fired).toHaveLength(1)
  })
})

describe('a trace', () => {
  test('shows each condition with its value up to the first that fails, what fired, and the variables used', () => {
    const traces: RuleTrace[] = []
    const rule = ruleOf(
      plan(
        'Traced',
        [
          { input: [patientInput], condition: [condition('%age > 1'), condition('false'), condition('true')] },
          { input: [patientInput], condition: [condition('%patient.exists()')] },
        ],
        { extension: [variable('age', '10'), variable('who', '%patient.name')] },
      ),
    )
    judge([allOf(rule)], hookData({ patient }), { trace: trace => traces.push(trace) })
    expect(traces).toMatchObject([
      {
        url: rule.url,
        actions: [
          {
            place: 'action[0]',
            fired: false,
            conditions: [
              { place: 'action[0].condition[0]', text: '%age > 1', holds: true },
              { place: 'action[0].condition[1]', holds: false },
            ],
            variables: [{ name: 'age', value: { count: 1, json: '[10]' } }],
          },
          { place: 'action[1]', fired: true },
        ],
      },
    ])
    expect(traces[0]!.microseconds).toBeGreaterThan(0)
    expect(traces[0]!.steps).toBeGreaterThan(0)
  })

  test('is small, however large the values are', () => {
    const traces: RuleTrace[] = []
    const many = Array.from({ length: 5_000 }, (_, i) => ({
      ...cancer,
      id: `c${i}`,
      note: [{ text: 'x'.repeat(10_000) }],
    }))
    const rule = ruleOf(
      plan('Large', [{ input: [conditionsInput], condition: [condition('%all.exists()')] }], {
        extension: [variable('all', '%conditions')],
      }),
    )
    judge([allOf(rule)], hookData({ conditions: bundle(...many) }), { trace: trace => traces.push(trace) })
    expect(traces[0]!.actions[0]!.variables[0]!.value!.count).toBe(5_000)
    expect(JSON.stringify(traces[0]).length).toBeLessThan(3_000)
  })
})

describe('an endless expression is stopped, and the rule fails alone', () => {
  const list = (length: number) => `(${Array.from({ length }, (_, i) => i).join(' | ')})`
  test.each([
    'repeat($this | $this.toString()).exists()',
    `${list(100)}.select(${list(100)}).select(${list(20)}).aggregate($total + 1, 0) > 0`,
    '%conditions.descendants().descendants().descendants().count() > 0',
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')",
    '%conditions.repeat(code | code.coding | %conditions).count() < 0',
    `${list(200)}.where(%conditions.where(id = 'z').exists()).exists()`,
  ])('%s', expression => {
    const rule = ruleOf(plan('Endless', [{ input: [conditionsInput], condition: [condition(expression)] }]))
    const fine = ruleOf(plan('Fine', [{}]))
    const many = bundle(...Array.from({ length: 2_000 }, (_, i) => ({ ...cancer, id: `c${i}` })))
    const { fired, failed } = judge([allOf(rule), allOf(fine)], hookData({ conditions: many }))
    expect(fired.map(each => each.rule.name)).toContain('Fine')
    for (const { why } of failed) expect(why).toMatch(/more than \d+ steps|too deep|grew longer|pattern/i)
  })

  test('whatever it is divided into: the steps are of the whole rule', () => {
    const part = `${list(60)}.select(${list(60)}).count() > 0`
    const actions = Array.from({ length: 30 }, () => ({ condition: Array.from({ length: 1 }, () => condition(part)) }))
    const rule = ruleOf(plan('Parts', actions))
    let steps = 0
    const { failed } = judge([allOf(rule)], hookData(), { trace: trace => (steps = trace.steps) })
    expect(failed.length).toBeGreaterThan(0)
    expect(steps).toBeLessThanOrEqual(RULE_STEPS)
  })

  test('and however many rules there are: the steps are of all', () => {
    const part = `${list(60)}.select(${list(60)}).count() > 0`
    const heavy = allOf(ruleOf(plan('Heavy', [{ condition: Array.from({ length: 4 }, () => condition(part)) }])))
    const alone = { left: 100_000 }
    expect(judge([heavy], hookData(), { fuel: alone })).toMatchObject({ fired: [{}], failed: [] })
    const one = 100_000 - alone.left
    const { failed, fired } = judge(Array(10).fill(heavy), hookData(), { fuel: { left: one * 5 } })
    expect([fired.length, failed.length]).toEqual([5, 5])
  })
})

test('data that is not what it should be makes no rule throw', () => {
  const rule = ruleOf(
    plan('Hostile', [
      {
        input: [patientInput, conditionsInput],
        condition: [
          condition(
            "%patient.name.given.first() = 'x' or %conditions.code.coding.code contains 'y' or %patient.birthDate < today()",
          ),
        ],
      },
    ]),
  )
  for (const value of [
    null,
    1,
    'x',
    [],
    [[]],
    {},
    { resourceType: 1 },
    { resourceType: 'Nothing' },
    { resourceType: 'Bundle', entry: [null, 1, { resource: 'x' }, { resource: null }] },
    { resourceType: 'Patient', name: 'x', birthDate: {} },
  ])
    expect(() => judge([allOf(rule)], hookData({ patient: value, conditions: value, __proto__: value }))).not.toThrow()
})
