/**
 * Whether what is sent as an element's definition has the form of one, so that everything after may rely on it.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import { isObject } from './node.ts'

type Test = (value: unknown) => boolean

const text: Test = value => typeof value === 'string'
const flag: Test = value => typeof value === 'boolean'
const list =
  (of: Test): Test =>
  value =>
    Array.isArray(value) && value.every(of)
/** An object with these properties of these forms; `needed` ones have to be there. */
const object =
  (forms: Readonly<Record<string, Test>>, ...needed: string[]): Test =>
  value =>
    isObject(value) &&
    needed.every(name => value[name] !== undefined) &&
    Object.entries(forms).every(([name, test]) => value[name] === undefined || test(value[name]))

const extensions = list(object({ url: text }, 'url'))

const element: Readonly<Record<string, Test>> = {
  id: text,
  path: text,
  sliceName: text,
  contentReference: text,
  max: text,
  min: value => Number.isInteger(value) && Number(value) >= 0,
  mustSupport: flag,
  isModifier: flag,
  condition: list(text),
  extension: extensions,
  base: object({ path: text, max: text }, 'path'),
  type: list(object({ code: text, profile: list(text), targetProfile: list(text), extension: extensions }, 'code')),
  constraint: list(
    object({ key: text, severity: text, human: text, expression: text, source: text, extension: extensions }, 'key'),
  ),
  binding: object({ strength: text, valueSet: text, extension: extensions }, 'strength'),
  slicing: object({
    rules: text,
    ordered: flag,
    discriminator: list(object({ type: text, path: text }, 'type', 'path')),
  }),
}

/** The name of the first property that is not as it has to be; '' for what is no definition at all; undefined: all is right. */
export function wrongProperty(definition: unknown): string | undefined {
  if (!isObject(definition) || typeof definition['path'] !== 'string') return ''
  for (const name in element) {
    const value = definition[name]
    if (value !== undefined && !element[name]!(value)) return name
  }
  return undefined
}
