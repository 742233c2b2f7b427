/**
 * What FHIR adds to the functions of FHIRPath.
 * https://hl7.org/fhir/R4/fhirpath.html#functions
 */
import { type Call, type FunctionDefinition, truthCode } from '../code.ts'
import { fail, type Place } from '../error.ts'
import { isObject, type Item, Node, nothing, type Truth } from '../items.ts'
import { members } from '../navigate.ts'
import type { Run } from '../run.ts'
import { single, singleText, toJson, valueOf } from '../values.ts'

/** A code as it is asked about: a Coding or CodeableConcept as it stands, or a code. */
export type Coded = string | Readonly<Record<string, unknown>>

/** Answered by whoever evaluates; undefined where it cannot be told. */
export interface Terminology {
  /** `code`: JSON of a Coding or CodeableConcept, or a code without system. */
  readonly memberOf?: (code: Coded, valueSet: string) => boolean | undefined
  readonly subsumes?: (general: Coded, special: Coded) => boolean | undefined
}

const extension: FunctionDefinition = {
  takes: [1, 1],
  build: ({ of, arguments: [url], place, places }) => ({
    step(run) {
      const items = of.step(run)
      if (items.length === 0) return nothing
      const wanted = singleText(url!.step(run), 'The url of extension()', places[0]!)
      if (wanted === undefined) return nothing
      return members(items, 'extension', run, place).filter(
        item => item instanceof Node && (item.value as { url?: unknown } | undefined)?.url === wanted,
      )
    },
  }),
}

const resolve: FunctionDefinition = {
  takes: [0, 0],
  build: ({ of, place }) => ({
    step(run) {
      const found: Item[] = []
      for (const item of of.step(run)) {
        run.spend(10, place)
        const target = resolved(item, run, place)
        if (target !== undefined) found.push(target)
      }
      return found
    },
  }),
}

/** What is contained is found where the reference stands; everything else by those who know the other resources. */
function resolved(item: Item, run: Run, place: Place): Item | undefined {
  const value = valueOf(item)
  const reference = value instanceof Node && isObject(value.value) ? value.value['reference'] : value
  if (typeof reference !== 'string') return undefined
  if (!reference.startsWith('#')) {
    const target = run.options.resolve?.(reference)
    return isObject(target) ? run.itemOf(target) : undefined
  }
  const root = item instanceof Node ? (item.root ?? item) : undefined
  if (reference === '#') return root
  const contained = isObject(root?.value) ? root.value['contained'] : undefined
  if (!Array.isArray(contained)) return undefined
  run.spend(contained.length, place)
  const target = (contained as unknown[]).find(each => isObject(each) && each['id'] === reference.slice(1))
  if (target === undefined || !isObject(root?.value)) return undefined
  const property = root.shape.members.get('contained')?.properties[0]
  return new Node(target, run.shapes.ofObject(target), root, root.value, property)
}

/** What is asked about codes, with the function that answers. */
export function terminologyFunctions({
  memberOf,
  subsumes,
}: Terminology): Readonly<Record<string, FunctionDefinition>> {
  return {
    ...(memberOf
      ? { memberOf: { takes: [1, 1], build: call => truthCode(run => isMember(call, run, memberOf)) } }
      : {}),
    ...(subsumes
      ? {
          subsumes: { takes: [1, 1], build: call => truthCode(run => doesSubsume(call, run, subsumes)) },
          subsumedBy: {
            takes: [1, 1],
            build: call => truthCode(run => doesSubsume(call, run, (special, general) => subsumes(general, special))),
          },
        }
      : {}),
  }
}

/** Asking costs more than looking. */
const ASKING = 100

function isMember(call: Call, run: Run, memberOf: NonNullable<Terminology['memberOf']>): Truth {
  const item = single(call.of.step(run), 'What memberOf() is called on', call.place)
  const valueSet = singleText(call.arguments[0]!.step(run), 'The value set of memberOf()', call.places[0]!)
  if (item === undefined || valueSet === undefined) return undefined
  run.spend(ASKING, call.place)
  const code = codedOf(item, call.name, call.place)
  return code === undefined ? undefined : memberOf(code, valueSet)
}

function doesSubsume(call: Call, run: Run, answer: (own: Coded, other: Coded) => boolean | undefined): Truth {
  const own = single(call.of.step(run), `What ${call.name}() is called on`, call.place)
  const other = single(call.arguments[0]!.step(run), `The argument of ${call.name}()`, call.places[0]!)
  if (own === undefined || other === undefined) return undefined
  run.spend(ASKING, call.place)
  const [one, two] = [codedOf(own, call.name, call.place), codedOf(other, call.name, call.places[0]!)]
  return one === undefined || two === undefined ? undefined : answer(one, two)
}

function codedOf(item: Item, name: string, place: Place): Coded | undefined {
  const value = toJson(item)
  if (value === undefined || typeof value === 'string') return value
  if (isObject(value)) return value
  return fail(place, `${name}() takes a code, Coding or CodeableConcept`)
}

export const fhir: Readonly<Record<string, FunctionDefinition>> = { extension, resolve }
