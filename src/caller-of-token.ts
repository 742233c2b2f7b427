/**
 * Whom an access token stands for in a tenant: asked wherever a token comes in.
 * https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
import { behindGlass } from './access/break-glass.ts'
import type { Caller } from './access/caller.ts'
import { callerOf } from './access/token-caller.ts'
import type { Config } from './config.ts'
import type { Definitions } from './fhir/definitions.ts'
import type { SmartServer } from './smart/words.ts'
import type { Store } from './store/store.ts'

/** A tenant, as far as tokens need it. */
export interface TokenTenant {
  readonly smart: SmartServer
  /** The whole store. */
  readonly engine: Store
  readonly definitions: Definitions
}

/** What comes of a value: at once, unless the value has to be waited for. Every request passes here. */
export const soon = <T, U>(value: T | Promise<T>, then: (value: T) => U | Promise<U>): U | Promise<U> =>
  value instanceof Promise ? value.then(then) : then(value)

/** Throws, or rejects with, an error named `InvalidToken`. `base`: the tenant's FHIR base as the client sees it. */
export function callerOfToken(
  { breakGlass }: Config,
  { smart, engine, definitions }: TokenTenant,
  token: string,
  base: string,
): Caller | Promise<Caller> {
  return soon(smart.verify(token, base), grant =>
    callerOf(grant, {
      definitions,
      store: engine,
      base,
      ...(breakGlass === 'allow' ? { withheld: behindGlass } : {}),
      stateOrigins: client => smart.stateOrigins(client, base),
    }),
  )
}
