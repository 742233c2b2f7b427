/**
 * Whom an access token stands for in a tenant: asked wherever a token comes in.
 * https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
import { behindGlass } from './access/break-glass.ts'
import type { Caller } from './access/caller.ts'
import type { Grant } from './access/grant.ts'
import { callerOf } from './access/token-caller.ts'
import type { Config } from './config.ts'
import type { Definitions } from './fhir/definitions.ts'
import type { Standing } from './http/authenticate.ts'
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

type Makings = Pick<Config, 'breakGlass'>

/** Throws, or rejects with, an error named `InvalidToken`. `base`: the tenant's FHIR base as the client sees it. */
export const callerOfToken = (
  config: Makings,
  tenant: TokenTenant,
  token: string,
  base: string,
): Caller | Promise<Caller> =>
  soon(tenant.smart.verify(token, base), grant => callerOfGrant(config, tenant, grant, base))

/** The same, to be remembered as long as it counts and the tenant `isThere` as it is now. */
export function standingOf(
  config: Makings,
  tenant: TokenTenant,
  token: string,
  base: string,
  isThere: () => boolean,
): Standing | Promise<Standing> {
  const { smart, definitions } = tenant
  return soon(smart.verify(token, base), grant =>
    soon(callerOfGrant(config, tenant, grant, base), caller => ({
      caller,
      counts: () => smart.counts(grant) && isThere() && tenant.definitions === definitions,
    })),
  )
}

const callerOfGrant = (
  { breakGlass }: Makings,
  { smart, engine, definitions }: TokenTenant,
  grant: Grant,
  base: string,
): Caller | Promise<Caller> =>
  callerOf(grant, {
    definitions,
    store: engine,
    base,
    ...(breakGlass === 'allow' ? { withheld: behindGlass } : {}),
    stateOrigins: client => smart.stateOrigins(client, base),
  })
