/**
 * JSON judged by a schema, and what is wrong with it in words that name the place.
 * https://json-schema.org/draft-07
 */
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'

const ajv = new Ajv({ allErrors: false, logger: false, strict: false })
const compiled = new WeakMap<object, ValidateFunction>()

/** What is wrong first, such as `context.patientId must match …`; undefined when nothing is. `root`: what the value is called. */
export function wrong(schema: object, value: unknown, root = 'The body'): string | undefined {
  let validate = compiled.get(schema)
  if (!validate) compiled.set(schema, (validate = ajv.compile(schema)))
  if (validate(value)) return undefined
  // the deepest says most: of alternatives, the one that came furthest
  const errors = validate.errors ?? []
  const [first] = [...errors].sort((a, b) => b.instancePath.length - a.instancePath.length)
  return first ? `${placeOf(first.instancePath) || root} ${saidOf(first)}.` : `${root} is not as it should be.`
}

const placeOf = (pointer: string) =>
  pointer
    .slice(1)
    .split('/')
    .map(step => step.replace(/~1/g, '/').replace(/~0/g, '~').slice(0, 60))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`), '')

function saidOf({ keyword, params, message }: ErrorObject): string {
  const values = params as Readonly<Record<string, unknown>>
  switch (keyword) {
    case 'required':
      return `needs ${String(values['missingProperty'])}`
    case 'dependencies':
      return `has ${String(values['property'])}, so it needs ${String(values['deps'])}`
    case 'enum':
      return `must be one of ${(values['allowedValues'] as unknown[]).map(String).join(', ')}`
    case 'const':
      return `must be ${String(values['allowedValue'])}`
    case 'minLength':
      return 'must not be empty'
    case 'maxLength':
      return `must have at most ${String(values['limit'])} characters`
    case 'minItems':
      return 'must not be empty: leave it out instead'
    case 'additionalProperties':
      return `has ${String(values['additionalProperty']).slice(0, 60)}, which is nothing it can have`
    case 'false schema':
      return 'must not be there'
    default:
      return (message ?? 'is not as it should be').slice(0, 300)
  }
}
