/**
 * Reads request files in the format of the REST client of VS Code and checks the expectations written in their comments.
 * https://github.com/Huachao/vscode-restclient#usage
 *
 * ```
 * @base = http://127.0.0.1:8080/fhir
 *
 * ### A title
 * # @name created
 * # expect 201
 * # expect header ETag = W/"1"
 * # expect body.name[0].family = 林
 * POST {{base}}/Patient
 * Content-Type: application/fhir+json
 *
 * { "resourceType": "Patient" }
 * ```
 *
 * Later requests may say `{{created.response.body.$.id}}` and `{{created.response.headers.ETag}}`.
 */
import { isDeepStrictEqual } from 'node:util'

export interface HttpRequest {
  readonly title: string
  /** The name later requests know it by (`# @name`); '' when it has none. */
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly expectations: readonly Expectation[]
}

/** `# expect body.total >= 1` has the subject `body.total`, the verb `>=` and the value `1`; `# expect 200` is `status = 200`. */
export interface Expectation {
  readonly subject: string
  readonly verb: Verb
  readonly value: string
}

export interface HttpFile {
  /** What `@name = value` says, by name, unresolved. */
  readonly variables: ReadonlyMap<string, string>
  readonly requests: readonly HttpRequest[]
}

/** What came back. `body` is parsed when it is JSON, else undefined. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: unknown
}

const verbs = ['>=', '<=', '!=', '=', '>', '<', 'contains', 'lacks', 'matches', 'exists', 'absent'] as const
type Verb = (typeof verbs)[number]

/** A request file's variables and requests. Throws, naming the line, when a line means nothing. */
export function parseHttpFile(text: string): HttpFile {
  const variables = new Map<string, string>()
  const requests: HttpRequest[] = []
  const lines = text.split(/\r?\n/)
  let start = 0
  for (let i = 0; i <= lines.length; i++) {
    if (i < lines.length && !lines[i]!.startsWith('###')) continue
    const request = parseRequest(lines.slice(start, i), start, variables)
    if (request) requests.push(request)
    start = i
  }
  return { variables, requests }
}

const title = /^###\s*(.*)$/
const variable = /^@([\w-]+)\s*=\s*(.*)$/
const comment = /^(?:#|\/\/)\s?(.*)$/
const requestLine = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +(\S.*?)(?: +HTTP\/[\d.]+)?$/

function parseRequest(
  lines: readonly string[],
  first: number,
  variables: Map<string, string>,
): HttpRequest | undefined {
  let name = ''
  let heading = ''
  const expectations: Expectation[] = []
  let at = 0
  for (; at < lines.length; at++) {
    const line = lines[at]!
    const said = comment.exec(line)?.[1]
    const set = variable.exec(line)
    if (title.test(line)) heading = title.exec(line)![1]!.trim()
    else if (said?.startsWith('@name ')) name = said.slice(6).trim()
    else if (said?.startsWith('expect ')) expectations.push(parseExpectation(said.slice(7).trim(), first + at + 1))
    else if (set) variables.set(set[1]!, set[2]!.trim())
    else if (said === undefined && line.trim() !== '') break
  }
  if (at === lines.length) {
    if (expectations.length) throw new Error(`Line ${first + 1}: expectations of "${heading}", but no request.`)
    return undefined
  }
  const asked = requestLine.exec(lines[at]!.trim())
  if (!asked) throw new Error(`Line ${first + at + 1}: expected "METHOD url", found "${lines[at]}".`)
  let url = asked[2]!
  for (at++; /^\s*[?&]/.test(lines[at] ?? ''); at++) url += lines[at]!.trim()
  const headers: Record<string, string> = {}
  for (; (lines[at] ?? '').trim() !== ''; at++) {
    const colon = lines[at]!.indexOf(':')
    if (colon < 1) throw new Error(`Line ${first + at + 1}: expected "Header: value", found "${lines[at]}".`)
    headers[lines[at]!.slice(0, colon).trim()] = lines[at]!.slice(colon + 1).trim()
  }
  const body = lines.slice(at).join('\n').trim()
  return { title: heading, name, method: asked[1]!, url, headers, ...(body ? { body } : {}), expectations }
}

function parseExpectation(text: string, line: number): Expectation {
  if (/^\d{3}$/.test(text)) return { subject: 'status', verb: '=', value: text }
  const found = /^(header [\w-]+|\S+)(?: (\S+)(?: (.*))?)?$/.exec(text)
  const verb = verbs.find(each => each === (found?.[2] ?? 'exists'))
  if (!found || !verb)
    throw new Error(
      `Line ${line}: "expect ${text}" is not "expect subject verb value"; the verbs are ${verbs.join(' ')}.`,
    )
  return { subject: found[1]!, verb, value: found[3] ?? '' }
}

const earlier = /^([\w-]+)\.response\.(?:headers\.([\w-]+)|body\.\$\.(.+))$/

/** The text with each `{{name}}` replaced by its value; variables may use others. Throws for a name that has no value. */
export function fill(
  text: string,
  variables: ReadonlyMap<string, string>,
  answers: ReadonlyMap<string, HttpAnswer>,
  depth = 0,
): string {
  return text.replace(/\{\{([^{}]+)\}\}/g, (_, inner: string) => {
    const name = inner.trim()
    const value = variables.get(name)
    if (value !== undefined && depth < 5) return fill(value, variables, answers, depth + 1)
    const [, request = '', header, path] = earlier.exec(name) ?? []
    const answer = answers.get(request)
    const said = header ? answer?.headers.get(header) : path ? valuesAt(answer?.body, path)[0] : undefined
    if (typeof said !== 'string' && typeof said !== 'number') throw new Error(`{{${name}}} has no value.`)
    return String(said)
  })
}

/** The values a path such as `entry[0].resource.id`, `entry[*].resource.id` or `entry.length` leads to. */
export function valuesAt(root: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [root]
  for (const [, name, index] of path.matchAll(/([\w$-]+)|\[(\d+|\*)\]/g)) {
    found = found.flatMap(value => {
      if (index === '*') return Array.isArray(value) ? (value as unknown[]) : []
      if (typeof value !== 'object' || value === null) return []
      const step: unknown = (value as Record<string, unknown>)[name ?? index!]
      return step === undefined ? [] : [step]
    })
  }
  return found
}

/** What the answer does not keep of the expectations, one sentence each. */
export function broken(answer: HttpAnswer, expectations: readonly Expectation[]): string[] {
  return expectations.flatMap(({ subject, verb, value }) => {
    const found = valuesOf(answer, subject)
    if (holds(found, verb, value)) return []
    const shown = found.length ? found.map(each => JSON.stringify(each)).join(', ') : 'nothing'
    return [`expected ${subject} ${verb} ${value}`.trimEnd() + `, found ${shown.slice(0, 300)}`]
  })
}

function valuesOf(answer: HttpAnswer, subject: string): readonly unknown[] {
  if (subject === 'status') return [answer.status]
  if (subject === 'text') return [answer.text]
  if (subject === 'body') return answer.body === undefined ? [] : [answer.body]
  const header = /^header (.+)$/.exec(subject)?.[1]
  if (header !== undefined) {
    const value = answer.headers.get(header)
    return value === null ? [] : [value]
  }
  if (!subject.startsWith('body.'))
    throw new Error(`An expectation is about the status, a header, the text or the body, not "${subject}".`)
  return valuesAt(answer.body, subject.slice('body.'.length))
}

function holds(found: readonly unknown[], verb: Verb, value: string): boolean {
  const wanted = literal(value)
  const every = (test: (each: unknown) => boolean) => found.length > 0 && found.every(test)
  const number = (test: (each: number) => boolean) => every(each => typeof each === 'number' && test(each))
  switch (verb) {
    case 'exists':
      return found.length > 0
    case 'absent':
      return found.length === 0
    case '=':
      return every(each => isDeepStrictEqual(each, wanted) || (typeof each === 'string' && each === value))
    case '!=':
      return every(each => !isDeepStrictEqual(each, wanted) && each !== value)
    case '>=':
      return number(each => each >= Number(value))
    case '<=':
      return number(each => each <= Number(value))
    case '>':
      return number(each => each > Number(value))
    case '<':
      return number(each => each < Number(value))
    case 'contains':
      return found.some(each => has(each, wanted, value))
    case 'lacks':
      return !found.some(each => has(each, wanted, value))
    case 'matches':
      return every(each => typeof each === 'string' && new RegExp(value, 'u').test(each))
  }
}

/** Whether it is the value, or a text or list with it inside. */
const has = (each: unknown, wanted: unknown, value: string) =>
  Array.isArray(each)
    ? each.some(item => item === wanted || item === value)
    : typeof each === 'string'
      ? each.includes(value)
      : each === wanted

function literal(value: string): unknown {
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}
