/**
 * JSON Patch: a list of changes, each at a JSON Pointer. All of them happen, or none.
 * https://www.rfc-editor.org/rfc/rfc6902 and https://hl7.org/fhir/R4/http.html#patch
 */
import { bindDigits, freeDigits, isRawNumber, MAX_DEPTH } from './json.ts'
import { badRequest, tooCostly, unprocessable } from './outcome.ts'
import type { Resource } from './types.ts'

/** How many operations one patch may have. */
export const MAX_OPERATIONS = 1000
/** How much all operations of one patch may write together: a value counts one, and 160 characters of text one. */
const MAX_WRITTEN = 100_000

type Node = Record<string, unknown> | unknown[]

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: unknown
  /** How errors call it: `Operation 2 (replace /name/0)`. */
  readonly label: string
}

/** The document while it is patched. */
interface Draft {
  root: unknown
  written: number
  /** Arrays that lost an element: FHIR has no empty arrays, so those still empty at the end go. */
  readonly shrunk: Set<unknown>
}

/**
 * The resource with the patch applied; `resource` itself does not change. Numbers keep their digits.
 * Errors: 400 for what is not a JSON Patch, 422 for a failed `test`, a path that is not there, or a result too large.
 */
export function applyJsonPatch(resource: Resource, patch: unknown): Resource {
  if (!Array.isArray(patch)) throw badRequest('A JSON Patch is an array of operations.', 'structure')
  if (patch.length > MAX_OPERATIONS) throw tooCostly(`A patch may have at most ${MAX_OPERATIONS} operations.`)
  const operations = (freeDigits(patch) as unknown[]).map(readOperation)
  const draft: Draft = { root: freeDigits(resource), written: 0, shrunk: new Set() }
  for (const operation of operations) perform(draft, operation)
  if (draft.shrunk.size > 0) dropEmptied(draft.root, draft.shrunk)
  return bindDigits(draft.root) as Resource
}

const operators = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

function readOperation(raw: unknown, index: number): Operation {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
    throw badRequest(`Operation ${index} is not an object.`, 'structure')
  }
  const { op, path, from, value } = raw as Record<string, unknown>
  if (typeof op !== 'string' || !operators.has(op)) {
    const said = typeof op === 'string' ? `"${op.slice(0, 50)}"` : 'missing'
    throw badRequest(`The op of operation ${index} is ${said}. It must be one of: ${[...operators].join(', ')}.`)
  }
  if (typeof path !== 'string') throw badRequest(`Operation ${index} (${op}) needs a path, a JSON Pointer.`)
  const label = `Operation ${index} (${op} ${path.slice(0, 200)})`
  const moves = op === 'move' || op === 'copy'
  if (moves && typeof from !== 'string') throw badRequest(`${label} needs a from, a JSON Pointer.`)
  if (!moves && op !== 'remove' && value === undefined) throw badRequest(`${label} needs a value.`)
  return { op, path, from: moves ? (from as string) : '', value, label }
}

function perform(draft: Draft, operation: Operation): void {
  const { op, label, value } = operation
  const path = readPointer(operation.path, label)
  if (op === 'add' || op === 'replace') return put(draft, path, value, operation)
  if (op === 'remove') return void take(draft, path, operation)
  if (op === 'test') {
    if (equal(find(draft, path, operation), value)) return
    throw unprocessable(`${label} failed: the value there is another one. Read the resource again, and patch that.`)
  }
  const from = readPointer(operation.from, label)
  const source = { ...operation, path: operation.from }
  if (op === 'copy') return put(draft, path, find(draft, from, source), operation)
  if (path.length > from.length && from.every((step, depth) => step === path[depth])) {
    throw unprocessable(`${label} would move ${operation.from} into itself.`)
  }
  put(draft, path, take(draft, from, source), operation)
}

/** The steps of a JSON Pointer; refuses those that would reach what JavaScript objects inherit. */
function readPointer(text: string, label: string): readonly string[] {
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) {
    throw badRequest(`${label}: "${text.slice(0, 200)}" is not a JSON Pointer. Write it like /name/0/family.`)
  }
  const steps = text.slice(1).split('/')
  return steps.map(step => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (name !== '__proto__' && name !== 'constructor' && name !== 'prototype') return name
    throw badRequest(`${label}: no element of FHIR is called "${name}".`)
  })
}

const missing = ({ label, path }: Operation) =>
  unprocessable(`${label}: there is nothing at ${path.slice(0, 200) || 'the root'}.`)

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !isRawNumber(value)

function child(node: unknown, step: string): unknown {
  if (Array.isArray(node)) return /^(0|[1-9]\d*)$/.test(step) ? (node[Number(step)] as unknown) : undefined
  return isNode(node) && Object.hasOwn(node, step) ? (node as Record<string, unknown>)[step] : undefined
}

function find(draft: Draft, path: readonly string[], operation: Operation): unknown {
  let at = draft.root
  for (const step of path) {
    at = child(at, step)
    if (at === undefined) throw missing(operation)
  }
  return at
}

function put(draft: Draft, path: readonly string[], given: unknown, operation: Operation): void {
  draft.written += measure(given, MAX_DEPTH - path.length, operation)
  if (draft.written > MAX_WRITTEN) throw tooCostly(`${operation.label}: the patch writes more than this server allows.`)
  const value = operation.op === 'copy' ? freeDigits(given) : given
  const replace = operation.op === 'replace'
  const last = path.at(-1)
  if (last === undefined) return void (draft.root = value)
  const holder = find(draft, path.slice(0, -1), operation)
  if (!isNode(holder) || (replace && child(holder, last) === undefined)) throw missing(operation)
  if (!Array.isArray(holder)) holder[last] = value
  else if (replace) holder[Number(last)] = value
  else holder.splice(position(holder, last, operation), 0, value)
}

function position(list: readonly unknown[], step: string, { label }: Operation): number {
  if (step === '-') return list.length
  const index = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : NaN
  if (index <= list.length) return index
  throw unprocessable(
    `${label}: the list has ${list.length} elements; add at 0 to ${list.length}, or at "-" for its end.`,
  )
}

function take(draft: Draft, path: readonly string[], operation: Operation): unknown {
  const last = path.at(-1)
  if (last === undefined) throw unprocessable(`${operation.label}: the resource as a whole cannot be taken away.`)
  const holder = find(draft, path.slice(0, -1), operation)
  const value = child(holder, last)
  if (value === undefined) throw missing(operation)
  if (Array.isArray(holder)) {
    holder.splice(Number(last), 1)
    draft.shrunk.add(holder)
  } else delete (holder as Record<string, unknown>)[last]
  return value
}

/** How much a value is, as `MAX_WRITTEN` counts. Refuses what would be too deep. */
function measure(value: unknown, depth: number, operation: Operation): number {
  if (typeof value === 'string') return 1 + value.length / 160
  if (!isNode(value)) return 1
  if (depth <= 0) throw unprocessable(`${operation.label}: the result would be more than ${MAX_DEPTH} levels deep.`)
  let size = 1
  for (const part of Object.values(value)) size += measure(part, depth - 1, operation)
  return size
}

/** Equality as RFC 6902 section 4.6 has it: objects whatever their order, numbers by value. */
function equal(one: unknown, other: unknown): boolean {
  if (isRawNumber(one)) return equal(Number(one.rawJSON), other)
  if (isRawNumber(other)) return equal(one, Number(other.rawJSON))
  if (!isNode(one) || !isNode(other)) return one === other
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every(name => Object.hasOwn(other, name) && equal(child(one, name), child(other, name)))
}

function dropEmptied(value: unknown, shrunk: ReadonlySet<unknown>): void {
  if (!isNode(value)) return
  for (const [name, part] of Object.entries(value)) {
    if (Array.isArray(part) && part.length === 0 && shrunk.has(part) && !Array.isArray(value)) delete value[name]
    else dropEmptied(part, shrunk)
  }
}
