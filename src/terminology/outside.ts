/**
 * Another terminology server, asked for what is not known here. Its answers are kept for a while; when it is down, nobody waits for it.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import type { CodeQuestion, CodeVerdict } from '../fhir/code-check.ts'

/** `guardedFetch` of src/net, or one like it. Rejects when nothing came back. */
export type Fetch = (
  url: string,
  options: {
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly timeout: number
    readonly maxBytes: number
  },
) => Promise<{ readonly status: number; readonly body: Uint8Array }>

export interface OutsideSettings {
  /** FHIR base, such as `https://tx.example.org/r4`. */
  readonly url: string
  readonly fetch: Fetch
  /** Milliseconds for one question; 3,000 when not given. */
  readonly timeout?: number
  /** Milliseconds that an answer is good for; an hour when not given. */
  readonly keep?: number
  /** Milliseconds without asking, after it did not answer; 30,000 when not given. */
  readonly rest?: number
  /** Answers kept; 10,000 when not given. */
  readonly most?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export interface Outside {
  /** Undefined when it does not know, or does not answer. Never rejects. */
  check(question: CodeQuestion): Promise<CodeVerdict | undefined>
  /** All codes of a value set; undefined when it cannot give them. Never rejects. */
  codes(valueSet: string): Promise<readonly { system: string; code: string }[] | undefined>
}

/** The server at the URL that is set now, '' for none; another one begins without answers. */
export function followOutside(url: () => string, fetch: Fetch): () => Outside | undefined {
  let current: { readonly url: string; readonly outside: Outside } | undefined
  return () => {
    const now = url()
    if (now === '') return (current = undefined)
    if (current?.url !== now) current = { url: now, outside: makeOutside({ url: now, fetch }) }
    return current.outside
  }
}

/** Questions under way at once; more are not asked. */
const MOST_AT_ONCE = 16

type Json = Readonly<Record<string, unknown>>

export function makeOutside(settings: OutsideSettings): Outside {
  const { fetch, timeout = 3_000, keep = 3_600_000, rest = 30_000, most = 10_000, now = Date.now } = settings
  const base = settings.url.replace(/\/+$/, '')
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<unknown> }>()
  let asking = 0
  let silentUntil = 0

  /** The resource it answers with; undefined for anything else. */
  async function ask(path: string, body: Json, maxBytes: number): Promise<Json | undefined> {
    if (asking >= MOST_AT_ONCE || now() < silentUntil) return undefined
    asking++
    try {
      const { status, body: bytes } = await fetch(`${base}/${path}`, {
        method: 'POST',
        headers: { accept: 'application/fhir+json', 'content-type': 'application/fhir+json' },
        body: JSON.stringify(body),
        timeout,
        maxBytes,
      })
      if (status >= 500 || status === 429) silentUntil = now() + rest
      if (status !== 200) return undefined
      const resource: unknown = JSON.parse(Buffer.from(bytes).toString())
      return typeof resource === 'object' && resource !== null ? (resource as Json) : undefined
    } catch {
      silentUntil = now() + rest
      return undefined
    } finally {
      asking--
    }
  }

  /** Asks once for all who want to know; what was not answered is not kept. */
  function once<T>(key: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = kept.get(key)
    if (known && known.until > now()) return known.answer as Promise<T | undefined>
    const answer = find()
    const [oldest] = kept.size >= most ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    kept.delete(key)
    kept.set(key, { until: now() + keep, answer })
    void answer.then(found => found === undefined && kept.delete(key))
    return answer
  }

  return {
    check: question =>
      once(JSON.stringify(['check', ...questionKey(question)]), async () => {
        const { valueSet, system, code, version, display, inferSystem, language } = question
        if (system === undefined && !inferSystem) return undefined
        const path = valueSet === undefined ? 'CodeSystem/$validate-code' : 'ValueSet/$validate-code'
        const answer = await ask(
          path,
          parametersOf({
            'valueUri url': valueSet ?? system,
            ...(valueSet === undefined ? {} : { 'valueUri system': system }),
            'valueCode code': code,
            'valueString version': valueSet === undefined ? version : undefined,
            'valueString systemVersion': valueSet === undefined ? undefined : version,
            'valueString display': display,
            'valueBoolean inferSystem': inferSystem ? true : undefined,
            'valueCode displayLanguage': language,
          }),
          1_000_000,
        )
        return answer && verdictOf(answer, question)
      }),
    codes: valueSet =>
      once(JSON.stringify(['codes', valueSet]), async () => {
        const path = 'ValueSet/$expand'
        const answer = await ask(path, parametersOf({ 'valueUri url': valueSet, 'valueInteger count': 10_001 }), 20_000_000)
        return answer && codesIn(answer)
      }),
  } // prettier-ignore
}

const questionKey = ({ valueSet, system, code, version, display, inferSystem, language }: CodeQuestion) => [
  valueSet,
  system,
  code,
  version,
  display,
  inferSystem,
  language,
]

/** By `type name`; what is undefined is left out. */
const parametersOf = (values: Readonly<Record<string, unknown>>): Json => ({
  resourceType: 'Parameters',
  parameter: Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const [type = '', name = ''] = key.split(' ')
      return { name, [type]: value }
    }),
})

function verdictOf(answer: Json, question: CodeQuestion): CodeVerdict | undefined {
  const values = new Map<unknown, Json>()
  if (!Array.isArray(answer['parameter'])) return undefined
  for (const each of answer['parameter'] as Json[]) values.set(each['name'], each)
  const text = (name: string) => {
    const given = values.get(name)
    const value = given?.['valueString'] ?? given?.['valueUri'] ?? given?.['valueCode']
    return typeof value === 'string' ? value.slice(0, 1_000) : undefined
  }
  const result = values.get('result')?.['valueBoolean']
  // it says no, too, of systems and value sets that it does not have
  if (result === false && /unknown|not found|could not be|not supported|unable/i.test(text('message') ?? '') && !text('code'))
    return undefined // prettier-ignore
  if (result === true) {
    const system = question.system ?? text('system')
    const display = text('display')
    return { result: 'yes', ...(system ? { system } : {}), ...(display ? { display } : {}) }
  }
  if (result !== false) return undefined
  const message = text('message') ?? `The code "${question.code.slice(0, 200)}" is not valid.`
  return {
    result: 'no',
    why: question.valueSet === undefined ? 'code' : 'value-set',
    said: { en: `The terminology server says: ${message}`, zh: `術語伺服器回覆：${message}` },
  }
}

/** Undefined when there are more than it gave. */
function codesIn(answer: Json): { system: string; code: string }[] | undefined {
  const expansion = answer['expansion'] as { contains?: unknown; total?: unknown } | undefined
  if (typeof expansion !== 'object' || expansion === null) return undefined
  const found: { system: string; code: string }[] = []
  const open: unknown[] = [expansion.contains]
  while (open.length > 0 && found.length <= 20_000) {
    const next = open.pop()
    if (!Array.isArray(next)) continue
    for (const each of next as Json[]) {
      const { system, code, contains, abstract } = each
      if (typeof system === 'string' && typeof code === 'string' && abstract !== true) found.push({ system, code })
      open.push(contains)
    }
  }
  return typeof expansion.total === 'number' && expansion.total > found.length ? undefined : found
}
