/**
 * Where in a JSON text the value of a FHIRPath stands: one pass over the text, made when first asked.
 * https://hl7.org/fhir/R4/json.html
 */

/** Both from 1; columns in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The place of an expression such as `Observation.value.ofType(Quantity).unit`, or of the nearest above it that is there. */
export type Locate = (expression: string) => Position | undefined

/** A value in the text. A member of an object stands where its name does. */
interface Place {
  readonly at: number
  readonly members: Map<string, Place> | undefined
  readonly items: Place[] | undefined
}

/**
 * Looks places up in the text. `within`: where in it the resource stands (FHIRPath), as in `Parameters.parameter[0].resource`.
 * Of a text that is no JSON, what comes before the fault can be found.
 */
export function locateIn(text: string, within?: string): Locate {
  let made: { root: Place | undefined; starts: readonly number[] } | undefined
  const start = within === undefined ? [] : stepsOf(within)
  return expression => {
    made ??= { root: readPlaces(text), starts: lineStarts(text) }
    if (!made.root) return undefined
    return positionAt(find(made.root, [...start, ...stepsOf(expression)]).at, made.starts)
  }
}

interface Step {
  readonly name: string
  readonly index: number | undefined
}

const LONGEST = 4096

/** The steps below the type that an expression begins with. */
function stepsOf(expression: string): Step[] {
  const found = expression
    .slice(0, LONGEST)
    .matchAll(/([\w$-]+)(?:\.ofType\((\w+)\))?(?:\[(\d+)\])?(?:\[x\])?(?:\.|$)/g)
  return [...found].slice(1).map(([, name = '', type, index]) => ({
    name: type === undefined ? name : name + type.charAt(0).toUpperCase() + type.slice(1),
    index: index === undefined ? undefined : Number(index),
  }))
}

function find(root: Place, steps: readonly Step[]): Place {
  let at = root
  /** Beside a primitive: its id and extensions. */
  let beside: Place | undefined
  for (const { name, index } of steps) {
    const holder: Place | undefined = at.members?.has(name) || at.members?.has(`_${name}`) ? at : beside
    const pick = (place: Place | undefined) => (index === undefined || !place?.items ? place : place.items[index])
    const own = holder?.members?.get(name)
    const next = holder?.members?.get(`_${name}`)
    const value = pick(own)
    beside = pick(next)
    // an item that is not there is missed in its list
    const found = value ?? beside ?? own ?? next
    if (!found) return at
    at = found
  }
  return at
}

/** The tree of places. Without recursion, so that no depth is too much for it. */
function readPlaces(text: string): Place | undefined {
  const open: Place[] = []
  let root: Place | undefined
  /** The name read last, and where, until its value comes. */
  let name: string | undefined
  let nameAt = 0
  const put = (place: Place) => {
    const holder = open.at(-1)
    if (!holder) root ??= place
    else if (holder.items) holder.items.push(place)
    else if (name !== undefined) holder.members?.set(name, place)
    name = undefined
  }
  const startOf = (i: number) => (name === undefined ? i : nameAt)
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      const end = endOfText(text, i)
      if (name === undefined && open.at(-1)?.members) {
        name = nameOf(text.slice(i + 1, end))
        nameAt = i
      } else put({ at: startOf(i), members: undefined, items: undefined })
      i = end
    } else if (char === 0x7b || char === 0x5b) {
      const isList = char === 0x5b
      const place = {
        at: startOf(i),
        members: isList ? undefined : new Map<string, Place>(),
        items: isList ? [] : undefined,
      }
      put(place)
      open.push(place)
    } else if (char === 0x7d || char === 0x5d) {
      open.pop()
      name = undefined
    } else if (isScalar(char)) {
      put({ at: startOf(i), members: undefined, items: undefined })
      while (i + 1 < text.length && isScalar(text.charCodeAt(i + 1))) i++
    }
  }
  return root
}

const QUOTE = 0x22

function endOfText(text: string, start: number): number {
  let i = start + 1
  for (; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x5c) i++
    else if (char === QUOTE) break
  }
  return i
}

/** Names of FHIR have no escapes; one that has is taken as it stands. */
const nameOf = (text: string) => (text.length > 200 ? text.slice(0, 200) : text)

/** What numbers, true, false and null are written with. */
const isScalar = (char: number) =>
  (char >= 0x30 && char <= 0x39) ||
  (char >= 0x61 && char <= 0x7a) ||
  char === 0x2d ||
  char === 0x2b ||
  char === 0x2e ||
  char === 0x45

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return starts
}

function positionAt(at: number, starts: readonly number[]): Position {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: at - starts[low]! + 1 }
}
