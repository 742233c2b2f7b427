/**
 * The thread of invariant-foreign.ts: evaluates what it is sent, one expression after another.
 * https://nodejs.org/api/worker_threads.html
 */
import { parentPort } from 'node:worker_threads'
import { evaluateAt, type PathFocus, preparePath } from '../fhir/path.ts'
import type { CodeQuestion } from '../fhir/code-check.ts'
import { isMember, isTrue, reasonOf, standIn } from './invariant-evaluate.ts'
import { type Batch, keyOf, type Message, type Question, type ThreadVerdict } from './invariant-foreign.ts'
import { isObject, rootNode } from './node.ts'

const say = (message: Message) => parentPort!.postMessage(message)

preparePath()
say('ready')
parentPort!.on('message', ({ root, rootType, questions }: Batch) => {
  const whole = rootNode(root, rootType)
  const known = new Map<string, PathFocus>([['', whole]])
  questions.forEach((question, i) => {
    say({ answered: i, verdict: answer(question, whole, known) })
  })
})

function answer(question: Question, whole: PathFocus, known: Map<string, PathFocus>): ThreadVerdict {
  let outside = false
  const asks: CodeQuestion[] = []
  const missing = () => {
    outside = true
    return undefined
  }
  const ask = (code: CodeQuestion) => {
    const known = question.answers?.get(keyOf(code))
    if (known === undefined) asks.push(code)
    return known
  }
  try {
    const chain = focuses(question, whole, known)
    const [focus, resource, rootResource] = [chain.at(-1)!, chain[question.resource]!, chain[question.rootResource]!]
    const holds = isTrue(
      evaluateAt(
        question.expression,
        focus,
        { resource, rootResource, context: focus },
        {
          resolve: reference => resolve(reference, rootResource, whole) ?? standIn(reference, missing),
          memberOf: (value, type, valueSet) => isMember(value, type, valueSet, ask) ?? missing(),
          conformsTo: missing,
        },
      ),
    )
    if (holds || !outside) return { holds }
    return asks.length > 0 ? { holds: undefined, why: 'asks', asks } : { holds: undefined, why: 'outside' }
  } catch (error) {
    return { holds: undefined, why: 'broken', reason: reasonOf(error) }
  }
}

/** The values from the root down to the one asked about. */
function focuses({ places }: Question, whole: PathFocus, known: Map<string, PathFocus>): PathFocus[] {
  const chain = [whole]
  let name = ''
  for (const { property, index, type } of places) {
    name += `.${property}[${index}]`
    const parent = chain.at(-1)!
    let focus = known.get(name)
    if (!focus) {
      const holder = /^[a-z]/.test(parent.type) ? parent.beside : parent.value
      const pick = (of: unknown) => (index >= 0 && Array.isArray(of) ? (of[index] as unknown) : of)
      const own = isObject(holder) ? holder : {}
      const value = pick(own[property]) ?? undefined
      focus = { value, beside: pick(own[`_${property}`]), type, property, index, parent }
      known.set(name, focus)
    }
    chain.push(focus)
  }
  return chain
}

/** A contained resource, or an entry of the Bundle by its fullUrl. */
function resolve(reference: string, container: PathFocus, whole: PathFocus): PathFocus | undefined {
  const found = reference.startsWith('#') ? contained(reference.slice(1), container) : entry(reference, whole)
  return isObject(found) && typeof found['resourceType'] === 'string'
    ? rootNode(found, found['resourceType'])
    : undefined
}

function contained(id: string, { value }: PathFocus): unknown {
  const list = isObject(value) ? value['contained'] : undefined
  if (id === '') return value
  return Array.isArray(list) ? (list as unknown[]).find(each => isObject(each) && each['id'] === id) : undefined
}

function entry(reference: string, { value }: PathFocus): unknown {
  const list = isObject(value) && value['resourceType'] === 'Bundle' ? value['entry'] : undefined
  if (!Array.isArray(list)) return undefined
  const right = (list as unknown[]).filter(isObject).find(({ fullUrl, resource }) => {
    if (fullUrl === reference) return true
    const { resourceType, id } = isObject(resource) ? resource : {}
    return typeof resourceType === 'string' && reference === `${resourceType}/${String(id)}`
  })
  return right?.['resource']
}
