/**
 * Invariants of other people's profiles, evaluated in a thread of their own: one that loops or explodes is given up, and
 * the server goes on. All of one validation are sent at once.
 * https://hl7.org/fhir/R4/fhirpath.html
 */
import { Worker } from 'node:worker_threads'
import type { CodeQuestion } from '../fhir/code-check.ts'
import { answerOf, surroundings, type Verdict } from './invariant-evaluate.ts'
import type { Node } from './node.ts'
import type { Run } from './words.ts'

/** One step from a resource down to a value. */
export interface Place {
  readonly property: string
  readonly index: number
  readonly type: string
}

export interface Question {
  readonly expression: string
  /** From the root of the resource sent. */
  readonly places: readonly Place[]
  /** What the terminology has said of codes, by `keyOf`. */
  readonly answers?: ReadonlyMap<string, boolean>
  /** How many of the places lead to %resource and %rootResource. */
  readonly resource: number
  readonly rootResource: number
}

export interface Batch {
  readonly id: number
  readonly root: unknown
  readonly rootType: string
  readonly questions: readonly Question[]
}

/** `asks`: it hangs on codes that the thread cannot look up. */
export type ThreadVerdict =
  | Verdict
  | { readonly holds: undefined; readonly why: 'asks'; readonly asks: readonly CodeQuestion[] }

/** Each answer is sent as soon as it is there. */
export type Message = { readonly answered: number; readonly verdict: ThreadVerdict } | 'ready'

export const keyOf = ({ code, system, valueSet }: CodeQuestion): string => `${valueSet}\n${system ?? ''}\n${code}`

/** Milliseconds for one expression on one value. */
const LIMIT = 1000
/** The same for invariants that came with the server, over large resources. */
const OWN_LIMIT = 5000
/** Milliseconds for which an expression that took too long is not tried again. */
const SHUNNED = 60_000
const MOST_SHUNNED = 1000
/** Batches that wait; more are refused, since they would wait longer than a client does. */
const MOST_WAITING = 100

/** Of a batch, so many expressions may take too long; the rest of it is then left. */
const MOST_SLOW = 5

interface Asked {
  readonly question: Question
  /** In milliseconds. */
  readonly limit: number
  then(verdict: ThreadVerdict): void
}

/** The questions of a validation until its walk is over, by the outermost resource. */
const gathering = new WeakMap<Node, Asked[]>()

/** An invariant at a value. `own`: from a package that came with the server, and given more time. */
export interface Asking {
  readonly node: Node
  readonly expression: string
  readonly isElement: boolean
  readonly own: boolean
}

/** Asks; `then` is called before the validation ends. */
export function askThread(asking: Asking, run: Run, then: (verdict: Verdict) => void): void {
  const question = questionOf(asking.node, asking.expression, asking.isElement, run)
  const limit = asking.own ? OWN_LIMIT : LIMIT
  gather(
    {
      question,
      limit,
      then(verdict) {
        if (verdict.why !== 'asks') return then(verdict)
        // once more, with what the terminology says; what it does not know is unknown
        run.defer(
          lookUp(verdict.asks, run).then(answers =>
            gather(
              {
                question: { ...question, answers },
                limit,
                then: again => then(again.why === 'asks' ? outside : again),
              },
              run,
            ),
          ),
        )
      },
    },
    run,
  )
}

const outside: Verdict = { holds: undefined, why: 'outside' }
const MOST_CODES = 1000

async function lookUp(asks: readonly CodeQuestion[], run: Run): Promise<ReadonlyMap<string, boolean>> {
  const answers = new Map<string, boolean>()
  const look = (question: CodeQuestion) =>
    new Promise<void>(done =>
      run.checkCode(question, verdict => {
        const answer = answerOf(verdict)
        if (answer !== undefined) answers.set(keyOf(question), answer)
        done()
      }),
    )
  await Promise.all(asks.slice(0, MOST_CODES).map(look))
  return answers
}

function gather(one: Asked, run: Run): void {
  const together = gathering.get(run.root)
  if (together) return void together.push(one)
  const asked: Asked[] = [one]
  gathering.set(run.root, asked)
  run.defer(
    (async () => {
      // when the walk is over nothing is left to gather
      await Promise.resolve()
      await run.walked?.()
      gathering.delete(run.root)
      await thread.answer(run.root, asked, () => run.left())
    })(),
  )
}

function questionOf(node: Node, expression: string, isElement: boolean, run: Run): Question {
  const depth = (of: Node) => {
    let count = 0
    for (let at = of; at.parent; at = at.parent) count++
    return count
  }
  const places: Place[] = []
  for (let at = node; at.parent; at = at.parent)
    places.unshift({ property: at.property, index: at.index, type: at.type })
  const { resource, rootResource } = surroundings(node, isElement, run)
  return { expression, places, resource: depth(resource), rootResource: depth(rootResource) }
}

const tooSlow: Verdict = { holds: undefined, why: 'slow' }

/** The thread: started when first needed, replaced when it had to be stopped. */
class InvariantThread {
  #worker: Worker | undefined
  #ready: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #id = 0
  readonly #shunned = new Map<string, number>()

  /** Puts the questions one batch after another. */
  async answer(root: Node, asked: readonly Asked[], left: () => number): Promise<void> {
    if (this.#waiting >= MOST_WAITING) return asked.forEach(({ then }) => then(tooSlow))
    this.#waiting++
    const before = this.#last
    const mine = before.then(() => this.#put(root, asked, left)).finally(() => this.#waiting--)
    this.#last = mine.catch(() => {})
    await mine
  }

  async #put(root: Node, asked: readonly Asked[], left: () => number): Promise<void> {
    let open = this.#withoutShunned(asked)
    for (let slow = 0; open.length > 0; slow++) {
      if (left() <= 0 || slow === MOST_SLOW) return open.forEach(({ then }) => then(tooSlow))
      const done = await this.#send(root, open, left)
      open = this.#withoutShunned(open.slice(done))
    }
  }

  #withoutShunned(asked: readonly Asked[]): readonly Asked[] {
    return asked.filter(({ question, then }) => {
      const shunned = this.#isShunned(question.expression)
      if (shunned) then(tooSlow)
      return !shunned
    })
  }

  /** How many were answered, or given up, before the thread had to be stopped. */
  async #send(root: Node, asked: readonly Asked[], left: () => number): Promise<number> {
    const worker = this.#start()
    await this.#ready
    return new Promise(resolve => {
      let at = 0
      let timer: NodeJS.Timeout | undefined
      const end = (count: number, stop: boolean) => {
        clearTimeout(timer)
        worker.off('message', hear)
        worker.off('error', lost)
        worker.off('exit', lost)
        worker.unref()
        if (stop) this.#stop(worker)
        resolve(count)
      }
      const giveUp = () => {
        this.#shun(asked[at]!.question.expression)
        asked[at]!.then(tooSlow)
        end(at + 1, true)
      }
      const lost = giveUp
      const watch = () => {
        clearTimeout(timer)
        timer = setTimeout(giveUp, Math.max(1, Math.min(asked[at]!.limit, left())))
      }
      const hear = (message: Message) => {
        if (message === 'ready') return
        asked[message.answered]!.then(message.verdict)
        at = message.answered + 1
        if (at === asked.length) end(at, false)
        else watch()
      }
      worker.on('message', hear)
      worker.on('error', lost)
      worker.on('exit', lost)
      worker.ref()
      watch()
      const questions = asked.map(({ question }) => question)
      worker.postMessage({ id: ++this.#id, root: root.value, rootType: root.type, questions } satisfies Batch)
    })
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./invariant-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32 },
    })
    this.#ready = new Promise(resolve => {
      worker.once('message', () => resolve())
      worker.once('error', () => resolve())
    })
    // an error is heard by whoever asked; without a question it only means that the next one starts another
    worker.on('error', () => this.#stop(worker))
    return (this.#worker = worker)
  }

  #stop(worker: Worker): void {
    if (worker === this.#worker) this.#worker = undefined
    void worker.terminate()
  }

  #shun(expression: string): void {
    if (this.#shunned.size >= MOST_SHUNNED) this.#shunned.clear()
    this.#shunned.set(expression, Date.now() + SHUNNED)
  }

  #isShunned(expression: string): boolean {
    const until = this.#shunned.get(expression)
    if (until === undefined) return false
    if (Date.now() < until) return true
    this.#shunned.delete(expression)
    return false
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}

const thread = new InvariantThread()

/** Ends the thread; a later question starts another. */
export const closeInvariantThread = (): Promise<void> => thread.close()
