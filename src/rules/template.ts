/**
 * What an action that fired says and makes: texts in the language of the client, resources of templates.
 * https://hl7.org/fhir/R4/plandefinition-operation-apply.html
 */
import type { Resource } from '../fhir/types.ts'
import { forWhom } from './activity.ts'
import { MisfitError, putIn } from './dynamic.ts'
import type { ActionRun, RuleData, RuleTemplate, RuleText } from './words.ts'

/** The resource of a template, with its values. Throws what `isRuleError` knows. */
export function makeResource(template: RuleTemplate, run: ActionRun, data: RuleData): Resource {
  const resource = structuredClone(template.resource)
  for (const dynamic of template.dynamic)
    if (dynamic.expression) putIn(resource, dynamic, run.values(dynamic.expression))
  if (template.activity) forWhom(resource, factsOf(data))
  return resource
}

function factsOf(data: RuleData) {
  const now = new Date(data.now).toISOString()
  if (data.is === 'data') return { now }
  const { patientId, encounterId, userId } = data.context
  return {
    now,
    ...(typeof patientId === 'string' ? { patient: patientId } : {}),
    ...(typeof encounterId === 'string' ? { encounter: encounterId } : {}),
    ...(typeof userId === 'string' ? { user: userId } : {}),
  }
}

/** The text in this language; one that an expression makes is in whatever language that chose (`%language`). */
export function said({ text, chinese, expression }: RuleText, run: ActionRun, language: 'en' | 'zh-TW' = 'en'): string {
  if (!expression) return language === 'zh-TW' ? (chinese ?? text) : text
  const values = run.values(expression)
  if (values.some(value => typeof value === 'object'))
    throw new MisfitError('A text is made of values, and the expression gave an object: choose an element of it')
  // what comes of data is no HTML
  return values
    .map(value => String(value))
    .join(', ')
    .replaceAll('<', '&lt;')
}

/** The references of what is removed. Throws a MisfitError for what is none. */
export function removed(values: readonly unknown[]): readonly string[] {
  return values.map(value => {
    if (typeof value === 'string' && /^[A-Z][A-Za-z]{1,60}\/[A-Za-z0-9\-.]{1,64}$/.test(value)) return value
    throw new MisfitError('resourceId takes references such as MedicationRequest/1')
  })
}
