/**
 * Whether the caller may do this at all; which resources, the store as the caller sees it knows.
 * https://hl7.org/fhir/R4/security.html#http
 */
import { nobody, type Action, type Caller } from '../access/caller.ts'
import { FhirError, forbidden, unauthorized } from '../fhir/outcome.ts'

/** Throws 401 when nobody is asking, 403 when who asks may not: with the scope that would do, for a token. */
export function permit(caller: Caller, type: string, action: Action): void {
  if (caller.permits(type, action)) return
  knownCaller(caller)
  throw insufficientScope(caller, type, action)
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
function insufficientScope(caller: Caller, type: string, action: Action): FhirError {
  const text = `You may not ${action} ${type} resources here.`
  if (!caller.scopeFor) return forbidden(`${text} Ask for a scope that allows it.`)
  const scope = caller.scopeFor(type, action)
  return new FhirError(
    403,
    [{ severity: 'error', code: 'forbidden', diagnostics: `${text} The scope ${scope} would allow it.` }],
    { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  )
}

/** Throws 401 when nobody is asking. */
export function knownCaller(caller: Caller): void {
  if (caller.id === nobody.id) throw unauthorized('Who is asking? Send an access token: Authorization: Bearer [token].')
}
