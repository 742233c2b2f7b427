/**
 * Whether the caller may do this at all; which resources, the store as the caller sees it knows.
 * https://hl7.org/fhir/R4/security.html#http
 */
import { nobody, type Action, type Caller } from '../access/caller.ts'
import { forbidden, unauthorized } from '../fhir/outcome.ts'

/** Throws 401 when nobody is asking, 403 when who asks may not. */
export function permit(caller: Caller, type: string, action: Action): void {
  if (caller.permits(type, action)) return
  knownCaller(caller)
  throw forbidden(`You may not ${action} ${type} resources here. Ask for a scope that allows it.`)
}

/** Throws 401 when nobody is asking. */
export function knownCaller(caller: Caller): void {
  if (caller.id === nobody.id) throw unauthorized('Who is asking? Send an access token: Authorization: Bearer [token].')
}
