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

/** The caller that an access token stands for. Throws, or rejects with, an error named `InvalidToken`. */
export type CallerOfToken = (token: string, tenant: string, base: string) => Caller | Promise<Caller>

const refused = (text: string, challenge: string) =>
  new FhirError(401, [{ severity: 'error', code: 'login', diagnostics: text }], { 'WWW-Authenticate': challenge })

/** What everybody may ask, so that a client can find out how to sign in. */
const isPublic = (path: string) => path === 'metadata'

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** Headers remembered with the token in each. */
const MOST_KEPT = 1_000

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

  /** Of those whose token counted once: they come again. Whether it counts now is asked each time. */
  const tokens = new Map<string, string>()

  function keep(authorization: string, token: string): void {
    if (tokens.size >= MOST_KEPT) tokens.delete(tokens.keys().next().value!)
    tokens.set(authorization, token)
  }

  return (authorization, tenant, path, base) => {
    if (authorization !== undefined) {
      const known = tokens.get(authorization)
      const token = known ?? bearer.exec(authorization)?.[1]
      if (token === undefined)
        throw refused(
          `Send an access token: Authorization: Bearer <token>.${hint}`,
          'Bearer realm="fhir", error="invalid_token"',
        )
      try {
        const caller = callerOf(token, tenant, base)
        if (caller instanceof Promise) return caller.catch(invalid)
        if (known === undefined) keep(authorization, token)
        return caller
      } catch (error) {
        return invalid(error)
      }
    }
    if (mode === 'open') return sandboxUser
    if (isPublic(path)) return nobody
    throw refused('Send an access token: Authorization: Bearer <token>.', 'Bearer realm="fhir"')
  }
}
