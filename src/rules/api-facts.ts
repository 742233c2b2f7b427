/**
 * `%request` and `%caller`: what expressions are told of an exchange.
 * https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html
 */
import type { CallerFacts, RequestFacts } from './words.ts'

/** An exchange as the door tells it; '' where there is nothing. */
export interface AskedOf {
  readonly interaction: string
  readonly type: string
  readonly id: string
  readonly operation: string
  /** The type searched in a compartment. */
  readonly searched: string
  readonly method: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly language: 'en' | 'zh'
}

/** Who asks, and what the token says, when there is one. */
export interface CallerOf {
  readonly id: string
  readonly grant?: {
    readonly client: string
    readonly user?: string
    readonly patient?: string
    /** Space separated. */
    readonly scope: string
    /** Emergency access: the reason given. */
    readonly breakGlass?: string
  }
}

/** Emergency access; what a token says was granted, what a header says is only claimed. */
const EMERGENCY = 'BTG'
const PURPOSE = 'x-purpose-of-use'
const PASSED = 'x-routed-by'

/** `purpose` is the token's own; without one, what the client claims (X-Purpose-Of-Use). */
export function requestFacts(asked: AskedOf, { grant }: CallerOf): RequestFacts {
  const { interaction, operation, type, id, method, query } = asked
  const claimed = /^[A-Za-z0-9._-]{1,64}$/.exec(asked.headers[PURPOSE] ?? '')?.[0]
  const purpose = grant?.breakGlass === undefined ? claimed : EMERGENCY
  const headers = Object.entries(asked.headers).filter((each): each is [string, string] => each[1] !== undefined)
  return {
    interaction,
    ...(operation ? { operation } : {}),
    ...(type ? { type } : {}),
    ...(id ? { id } : {}),
    method,
    query: queryOf(query),
    ...(purpose ? { purpose } : {}),
    headers: Object.fromEntries(headers),
  }
}

function queryOf(text: string): Record<string, string[]> {
  const query: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  if (text === '') return query
  for (const [name, value] of new URLSearchParams(text)) (query[name] ??= []).push(value)
  return query
}

/** `purpose` only as the token says it. */
export function callerFacts({ id, grant }: CallerOf): CallerFacts {
  if (!grant) return { id }
  const { client, user, patient, scope, breakGlass } = grant
  return {
    id,
    client,
    ...(user === undefined ? {} : { user }),
    ...(patient === undefined ? {} : { patient }),
    scopes: scope.split(' ').filter(each => each !== ''),
    ...(breakGlass === undefined ? {} : { purpose: EMERGENCY }),
  }
}

/** Canonicals of the rules by which this was sent here: none of them sends it on again, so that it does not go in a circle. */
export const rulesPassed = ({ headers }: AskedOf): readonly string[] =>
  (headers[PASSED] ?? '').split(' ', 50).filter(each => each !== '')
