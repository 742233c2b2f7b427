/**
 * The Authorization header, as a Caller.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import { nobody, sandboxUser, type Caller } from '../access/caller.ts'
import { FhirError } from '../fhir/outcome.ts'

/**
 * Who asks. `tenant` is where; `path` is what is asked for, below the base.
 * Throws a FhirError (401) that says how to get in.
 */
export type Authenticate = (authorization: string | undefined, tenant: string, path: string) => Caller | Promise<Caller>

const refused = (text: string, challenge: string) =>
  new FhirError(401, [{ severity: 'error', code: 'login', diagnostics: text }], { 'WWW-Authenticate': challenge })

/** What everybody may ask, so that a client can find out how to sign in. */
const isPublic = (path: string) => path === 'metadata'

/**
 * Without a token: the sandbox's own user when `open`; nobody when `smart`, who may read /metadata only.
 * A token is refused in both: a client that believes to be someone must not silently act as someone else.
 */
export function authenticateBy(mode: 'open' | 'smart'): Authenticate {
  return (authorization, _tenant, path) => {
    if (authorization !== undefined) {
      throw refused(
        `This token was not issued by this server, or is no longer valid.${mode === 'open' ? ' Leave the Authorization header out: the sandbox is open.' : ''}`,
        'Bearer realm="fhir", error="invalid_token"',
      )
    }
    if (mode === 'open') return sandboxUser
    if (isPublic(path)) return nobody
    throw refused('Send an access token: Authorization: Bearer <token>.', 'Bearer realm="fhir"')
  }
}
