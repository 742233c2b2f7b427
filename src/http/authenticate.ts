/**
 * The Authorization header, as a Caller.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import { nobody, sandboxUser, type Caller } from '../access/caller.ts'
import { FhirError } from '../fhir/outcome.ts'

/**
 * Who asks. `tenant` is where; `path` is what is asked for, below `base`, the FHIR base as this client sees it.
 * Throws a FhirError (401) that says how to get in.
 */
export type Authenticate = (
  authorization: string | undefined,
  tenant: string,
  path: string,
  base: string,
) => Caller | Promise<Caller>

/** Whom an access token stands for. */
export interface Standing {
  readonly caller: Caller
  /** Whether it still does: asked each time it comes again. */
  counts(): boolean
}

/** At once for a token that came before. Throws, or rejects with, an error named `InvalidToken`. */
export type CallerOfToken = (token: string, tenant: string, base: string) => Standing | Promise<Standing>

const refused = (text: string, challenge: string) =>
  new FhirError(401, [{ severity: 'error', code: 'login', diagnostics: text }], { 'WWW-Authenticate': challenge })

/** What everybody may ask, so that a client can find out how to sign in. */
const isPublic = (path: string) => path === 'metadata'

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** Headers remembered with whom each speaks for. */
const MOST_KEPT = 1_000
/** Headers that come new between two looks for those that count no longer: each holds on to its tenant. */
const SWEEP = 100

/**
 * Without a token: the sandbox's own user when `open`; nobody when `smart`, who may read /metadata only.
 * With one, in both: whom the token stands for. A client that believes to be someone must not silently act as someone else.
 */
export function authenticateBy(mode: 'open' | 'smart', callerOf: CallerOfToken): Authenticate {
  const hint = mode === 'open' ? ' Leave the Authorization header out: the sandbox is open.' : ''

  function invalid(error: unknown): never {
    if (!(error instanceof Error) || error.name !== 'InvalidToken') throw error
    throw refused(`${error.message}${hint}`, 'Bearer realm="fhir", error="invalid_token"')
  }

  /** By the header, in one tenant and by one name of the server: they come again. */
  const known = new Map<string, Standing & { readonly tenant: string; readonly base: string }>()

  let news = 0

  function keep(authorization: string, standing: Standing, tenant: string, base: string): void {
    if (++news % SWEEP === 0) for (const [header, last] of known) if (!last.counts()) known.delete(header)
    if (known.size >= MOST_KEPT) known.delete(known.keys().next().value!)
    known.set(authorization, { caller: standing.caller, counts: standing.counts, tenant, base })
  }

  function callerBy(authorization: string, tenant: string, base: string): Caller | Promise<Caller> {
    const token = bearer.exec(authorization)?.[1]
    if (token === undefined)
      throw refused(
        `Send an access token: Authorization: Bearer <token>.${hint}`,
        'Bearer realm="fhir", error="invalid_token"',
      )
    known.delete(authorization)
    try {
      const standing = callerOf(token, tenant, base)
      if (standing instanceof Promise) return standing.then(({ caller }) => caller, invalid)
      keep(authorization, standing, tenant, base)
      return standing.caller
    } catch (error) {
      return invalid(error)
    }
  }

  return (authorization, tenant, path, base) => {
    if (authorization !== undefined) {
      const last = known.get(authorization)
      return last && last.tenant === tenant && last.base === base && last.counts()
        ? last.caller
        : callerBy(authorization, tenant, base)
    }
    if (mode === 'open') return sandboxUser
    if (isPublic(path)) return nobody
    throw refused('Send an access token: Authorization: Bearer <token>.', 'Bearer realm="fhir"')
  }
}
