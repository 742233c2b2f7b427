/**
 * Reads the FHIRPath that search parameters are written in; whatever else FHIRPath can say is left to fhirpath.js.
 * https://hl7.org/fhirpath/N1/#grammar
 */

export type Expression =
  | { readonly is: 'this' }
  | { readonly is: 'resource' }
  | { readonly is: 'literal'; readonly value: string | boolean | number }
  | { readonly is: 'member'; readonly of: Expression | undefined; readonly name: string }
  | {
      readonly is: 'call'
      readonly of: Expression | undefined
      readonly name: string
      readonly args: readonly Expression[]
    }
  | { readonly is: 'index'; readonly of: Expression; readonly at: number }
  | { readonly is: 'type'; readonly by: 'as' | 'is'; readonly of: Expression; readonly type: string }
  | { readonly is: 'union'; readonly parts: readonly Expression[] }
  | {
      readonly is: 'test'
      readonly by: '=' | '!=' | 'and' | 'or'
      readonly left: Expression
      readonly right: Expression
    }

const TOKEN = /\s*(?:('(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?)|(%?[A-Za-z_][A-Za-z0-9_]*|\$this)|(!=|[()[\].,|=]))/y

/** Parentheses and brackets inside one another. */
const DEEPEST = 20

class Unsupported extends Error {}

/** The expression, or undefined when it says something beyond this grammar. */
export function readExpression(text: string): Expression | undefined {
  try {
    const tokens = cut(text)
    const reader = { tokens, at: 0, depth: 0 }
    const read = readTest(reader)
    return reader.at === tokens.length ? read : undefined
  } catch (error) {
    if (error instanceof Unsupported) return undefined
    throw error
  }
}

interface Reader {
  readonly tokens: readonly string[]
  at: number
  depth: number
}

function cut(text: string): string[] {
  const tokens: string[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text)
    if (!match) throw new Unsupported()
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4]!)
  }
  return tokens
}

function take(reader: Reader, token: string): boolean {
  if (reader.tokens[reader.at] !== token) return false
  reader.at++
  return true
}

function expect(reader: Reader, token: string): void {
  if (!take(reader, token)) throw new Unsupported()
}

/** `or` binds less than `and`, that less than `=`, that less than `|`, that less than `as`. */
function readTest(reader: Reader): Expression {
  if (++reader.depth > DEEPEST) throw new Unsupported()
  let left = readAnd(reader)
  while (take(reader, 'or')) left = { is: 'test', by: 'or', left, right: readAnd(reader) }
  reader.depth--
  return left
}

function readAnd(reader: Reader): Expression {
  let left = readComparison(reader)
  while (take(reader, 'and')) left = { is: 'test', by: 'and', left, right: readComparison(reader) }
  return left
}

function readComparison(reader: Reader): Expression {
  const left = readUnion(reader)
  if (take(reader, '=')) return { is: 'test', by: '=', left, right: readUnion(reader) }
  if (take(reader, '!=')) return { is: 'test', by: '!=', left, right: readUnion(reader) }
  return left
}

function readUnion(reader: Reader): Expression {
  const parts = [readTyped(reader)]
  while (take(reader, '|')) parts.push(readTyped(reader))
  return parts.length === 1 ? parts[0]! : { is: 'union', parts }
}

function readTyped(reader: Reader): Expression {
  const of = readPath(reader)
  if (take(reader, 'as')) return { is: 'type', by: 'as', of, type: readTypeName(reader) }
  if (take(reader, 'is')) return { is: 'type', by: 'is', of, type: readTypeName(reader) }
  return of
}

function readTypeName(reader: Reader): string {
  const name = readName(reader)
  // a namespace tells nothing new: FHIR.Patient
  return take(reader, '.') ? readName(reader) : name
}

function readName(reader: Reader): string {
  const token = reader.tokens[reader.at++]
  if (token === undefined || !/^[A-Za-z_]/.test(token)) throw new Unsupported()
  return token
}

function readPath(reader: Reader): Expression {
  let path = readStart(reader)
  for (;;) {
    if (take(reader, '.')) path = readStep(reader, path)
    else if (take(reader, '[')) {
      const at = Number(reader.tokens[reader.at++])
      if (!Number.isInteger(at)) throw new Unsupported()
      expect(reader, ']')
      path = { is: 'index', of: path, at }
    } else return path
  }
}

function readStart(reader: Reader): Expression {
  const token = reader.tokens[reader.at]
  if (token === '(') {
    reader.at++
    const inner = readTest(reader)
    expect(reader, ')')
    return inner
  }
  if (token === undefined) throw new Unsupported()
  if (token.startsWith("'")) {
    reader.at++
    if (token.includes('\\')) throw new Unsupported()
    return { is: 'literal', value: token.slice(1, -1) }
  }
  if (/^\d/.test(token)) {
    reader.at++
    return { is: 'literal', value: Number(token) }
  }
  if (take(reader, '$this')) return { is: 'this' }
  if (take(reader, '%resource')) return { is: 'resource' }
  if (take(reader, 'true')) return { is: 'literal', value: true }
  if (take(reader, 'false')) return { is: 'literal', value: false }
  return readStep(reader, undefined)
}

function readStep(reader: Reader, of: Expression | undefined): Expression {
  const name = readName(reader)
  if (!take(reader, '(')) return { is: 'member', of, name }
  if (name === 'as' || name === 'is' || name === 'ofType') {
    const type = readTypeName(reader)
    expect(reader, ')')
    return { is: 'type', by: name === 'is' ? 'is' : 'as', of: of ?? { is: 'this' }, type }
  }
  const args: Expression[] = []
  if (!take(reader, ')')) {
    do args.push(readTest(reader))
    while (take(reader, ','))
    expect(reader, ')')
  }
  return { is: 'call', of, name, args }
}
