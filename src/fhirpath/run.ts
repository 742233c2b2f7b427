/**
 * One evaluation: what the expression may look at, and how many steps it may still take.
 * https://hl7.org/fhirpath/N1/#environment-variables
 */
import { fail, type Place } from './error.ts'
import { type Item, type Items, Node, nothing, WholeDecimal } from './items.ts'
import { Quantity, type Units } from './quantity.ts'
import { plain, type Shapes } from './shapes.ts'
import { dateTimeAt, Temporal } from './temporal.ts'

/** Texts that are put together grow no longer than this. */
export const LONGEST_TEXT = 100_000

/** No UCUM code has anything else. */
const printable = /^[!-~]{1,64}$/
/** What it costs to look at a unit for the first time. */
const NEW_UNIT = 500

export interface RunOptions {
  /** The expression. */
  readonly text: string
  readonly shapes: Shapes
  readonly steps: number
  readonly now: () => Date
  /** Minutes east of UTC; undefined: the process's own. */
  readonly offset: number | undefined
  readonly units: Units | undefined
  readonly resolve: ((reference: string) => unknown) | undefined
  readonly trace: ((name: string, values: unknown[]) => void) | undefined
}

/** Has the life of one evaluation; `self`, `index` and `total` change as it goes into criteria and comes out. */
export class Run {
  self: Items
  index = 0
  total: Items = nothing
  /** Steps left. */
  fuel: number
  readonly options: RunOptions
  readonly shapes: Shapes
  readonly #env: Readonly<Record<string, unknown>>
  readonly #input: Items
  readonly #once: Items[] = []
  #units: Units | undefined
  #now: { date: Date; offset: number } | undefined

  constructor(input: unknown, env: Readonly<Record<string, unknown>>, options: RunOptions) {
    this.options = options
    this.shapes = options.shapes
    this.fuel = options.steps
    this.#env = env
    this.#input = this.itemsOf(input)
    this.self = this.#input
  }

  /** Takes steps; throws when there are none left. */
  spend(steps: number, place: Place): void {
    if ((this.fuel -= steps) < 0) this.exhausted(place)
  }

  exhausted(place: Place): never {
    return fail(
      place,
      `The evaluation took more than ${this.options.steps} steps`,
      'make the expression simpler, or look at fewer data',
    )
  }

  /** A text that was put together; its characters are steps. */
  text(text: string, place: Place): string {
    if (text.length > LONGEST_TEXT) fail(place, `A text grew longer than ${LONGEST_TEXT} characters`)
    this.spend(1 + (text.length >> 4), place)
    return text
  }

  /** JSON as items: an array's members, a resource with its type, anything else as it is. */
  itemsOf(value: unknown): Items {
    if (value === undefined || value === null) return nothing
    if (!Array.isArray(value)) return [this.itemOf(value)]
    this.spend(value.length, { text: this.options.text, at: 0 })
    return (value as unknown[]).filter(each => each !== undefined && each !== null).map(each => this.itemOf(each))
  }

  itemOf(value: unknown): Item {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    if (isItem(value)) return value
    return new Node(value, Array.isArray(value) ? plain : this.shapes.ofObject(value))
  }

  /** Of `%name`; undefined when it is not there. */
  variable(name: string): Items | undefined {
    if (Object.hasOwn(this.#env, name)) return this.itemsOf(this.#env[name])
    return name === 'context' || name === 'resource' || name === 'rootResource' ? this.#input : undefined
  }

  variableNames(): string[] {
    return ['context', 'resource', 'rootResource', 'ucum', 'sct', 'loinc', ...Object.keys(this.#env)]
  }

  /** What does not change in a run; `slot`: its number in the expression. */
  once(slot: number, step: (run: Run) => Items): Items {
    return (this.#once[slot] ??= step(this))
  }

  /** How units convert. A strange one takes as long as a thousand others: whoever sends many of them pays. */
  get units(): Units | undefined {
    const { units, text } = this.options
    if (!units || this.#units) return this.#units
    const known = new Map<string, ReturnType<Units>>()
    return (this.#units = code => {
      if (known.has(code)) return known.get(code)
      this.spend(NEW_UNIT, { text, at: 0 })
      const found = printable.test(code) ? units(code) : undefined
      known.set(code, found)
      return found
    })
  }

  /** The same moment throughout the evaluation. */
  now(): Temporal {
    const { date, offset } = this.#clock()
    return dateTimeAt(date, offset)
  }

  /** Minutes east of UTC, for times that do not say theirs. */
  get offset(): number {
    return this.options.offset ?? this.#clock().offset
  }

  #clock(): { date: Date; offset: number } {
    if (this.#now) return this.#now
    const date = this.options.now()
    return (this.#now = { date, offset: this.options.offset ?? -date.getTimezoneOffset() })
  }
}

/** What an evaluation gave, on its way into another. */
const isItem = (value: unknown): value is Item =>
  value instanceof Node || value instanceof Temporal || value instanceof Quantity || value instanceof WholeDecimal
