/**
 * Rules to test with: PlanDefinitions put together from the parts that matter.
 */
import { definitions } from './server.ts'
import { readRule } from '../../src/rules/read-rule.ts'
import type { HookData, Rule, RuleFault } from '../../src/rules/words.ts'

type Plain = Record<string, unknown>

export const fhirpath = (expression: string) => ({ language: 'text/fhirpath', expression })
export const condition = (expression: string) => ({ kind: 'applicability', expression: fhirpath(expression) })
export const variable = (name: string, expression: string) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/variable',
  valueExpression: { name, ...fhirpath(expression) },
})
export const dynamic = (path: string, expression: string) => ({ path, expression: fhirpath(expression) })
export const onHook = (name = 'patient-view') => ({ type: 'named-event', name })
export const onData = (type: string, ...types: string[]) => ({ type, data: types.map(each => ({ type: each })) })
export const code = (kind: string) => [
  { coding: [{ system: 'https://fhir.dhp.tw.example/CodeSystem/rule-action', code: kind }] },
]
export const input = (id: string, type: string, template: string) => ({
  id,
  type,
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern', valueString: template }],
})
export const patientInput = input('patient', 'Patient', 'Patient/{{context.patientId}}')
export const conditionsInput = input('conditions', 'Condition', 'Condition?patient={{context.patientId}}')

/** A rule with these actions; each has a trigger on `patient-view` and a title unless it says otherwise. */
export const plan = (name: string, actions: readonly Plain[], more: Plain = {}): Plain & { resourceType: string } => ({
  resourceType: 'PlanDefinition',
  meta: { profile: ['https://fhir.dhp.tw.example/StructureDefinition/dhp-rule'] },
  url: `https://example.org/PlanDefinition/${name}`,
  version: '1.0.0',
  name,
  title: `The rule ${name}`,
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }] },
  status: 'active',
  action: actions.map(action => ({ title: 'Something is so', trigger: [onHook()], ...action })),
  ...more,
})

export const faultsOf = (resource: unknown): readonly RuleFault[] => {
  const read = readRule(resource, { definitions })
  return 'faults' in read ? read.faults : []
}

export function ruleOf(resource: unknown): Rule {
  const read = readRule(resource, { definitions })
  if ('faults' in read) throw new Error(JSON.stringify(read.faults, null, 1))
  return read.rule
}

/** All actions of a rule, to be judged. */
export const allOf = (rule: Rule) => ({ rule, actions: rule.actions })

export const NOW = Date.UTC(2026, 10, 29)

export const hookData = (prefetch: Plain = {}, context: Plain = {}): HookData => ({
  is: 'hook',
  hook: 'patient-view',
  context: { patientId: 'p', userId: 'Practitioner/1', ...context } as HookData['context'],
  prefetch,
  language: 'en',
  now: NOW,
})

export const bundle = (...resources: Plain[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: resources.map(resource => ({ resource })),
})
