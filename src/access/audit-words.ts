/**
 * The words of the audit log: something that happened, before it is made an AuditEvent.
 * https://hl7.org/fhir/R4/auditevent.html
 */
import type { Caller } from './caller.ts'
import type { Shown } from './shown.ts'

/** What of FHIR is recorded: the codes of http://hl7.org/fhir/restful-interaction. */
export const INTERACTIONS = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'history-system',
  'create',
  'search-type',
  'search-system',
  'transaction',
  'batch',
  'operation',
] as const
export type AuditedInteraction = (typeof INTERACTIONS)[number]

/** What else is recorded: people and apps on their way in and out. */
export const ACCESS_EVENTS = [
  'launch',
  'sign-in',
  'sign-out',
  'consent',
  'token-issued',
  'token-refreshed',
  'token-revoked',
  'registration',
  /** A token or a launch that was not given. */
  'refused',
  'break-glass',
  'export-start',
  'export-file',
  'export-cancel',
  /** A CDS service was called. */
  'cds-call',
  /** An operator changed what the tenant offers or whom it trusts. */
  'configured',
  /** A request that was turned away before it was known what it is (401). */
  'unauthenticated',
] as const
export type AccessEvent = (typeof ACCESS_EVENTS)[number]

/** Who did it. References and ids only, never a name. */
export interface Who {
  /** `client_id`. */
  readonly client?: string
  /** `Practitioner/1`; absent for backend services and the sandbox. */
  readonly user?: string
  /** The caller's id, when there is neither. */
  readonly caller?: string
  /** `jti` of the token. */
  readonly token?: string
  /** Emergency access: the reason given. */
  readonly breakGlass?: string
}

/** Something that happened. Kept as it is until it is made an AuditEvent, so that recording costs little. JSON. */
export interface Happening {
  readonly what: AuditedInteraction | AccessEvent
  /** HTTP status of the answer, or what stands for it: 200 done, 401 or 403 refused. */
  readonly status: number
  readonly who?: Who
  /** Address of the other side. */
  readonly from?: string
  /** What was asked for. */
  readonly type?: string
  readonly id?: string
  readonly version?: string
  /** Of an operation, without the `$`. */
  readonly operation?: string
  /** Searches: method, path and parameters as they were asked. */
  readonly query?: string
  /** What the answer held, at most `MOST_SHOWN`. */
  readonly shown?: Shown
  /** How many more it held. */
  readonly more?: number
  /** `Patient/1`: whose it is, where it is known already. */
  readonly patient?: string
  /** X-Request-Id. */
  readonly request?: string
  /** X-Purpose-Of-Use: what for, as the client says; nothing vouches for it. */
  readonly claimed?: string
  /** In a code or a few words, without personal data: why it was refused. */
  readonly why?: string
}

/** A happening with the time and the id of its AuditEvent. */
export interface Recorded extends Happening {
  /** Id of the AuditEvent. */
  readonly event: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What is recorded. `auto`: everything that is done with a token, and all that happens at sign-in. */
export const AUDIT_LEVELS = ['auto', 'off', 'writes', 'all'] as const
export type AuditLevel = (typeof AUDIT_LEVELS)[number]

const known = new WeakMap<Caller, Who>()

/** A caller as the log knows it. */
export function whoOf(caller: Caller): Who {
  let who = known.get(caller)
  if (!who) known.set(caller, (who = read(caller)))
  return who
}

function read({ id, grant }: Caller): Who {
  if (!grant) return { caller: id }
  const { client, user, breakGlass } = grant
  return { client, ...(user ? { user } : {}), token: grant.id, ...(breakGlass ? { breakGlass } : {}) }
}

/** What the authorization server tells: something that happened on the way in. */
export interface AccessHappening {
  readonly what: AccessEvent
  /** AuditEvent.outcome: '0' done, '4' refused, '8' failed, '12' gravely. */
  readonly outcome: '0' | '4' | '8' | '12'
  readonly client?: string
  readonly user?: string
  /** An id, or `Patient/1`. */
  readonly patient?: string
  readonly scope?: string
  /** Emergency access: the reason given. */
  readonly reason?: string
  /** In a code or a few words, without personal data. */
  readonly why?: string
  readonly from?: string
}

const statuses = { '0': 200, '4': 403, '8': 500, '12': 500 } as const

/** The same as the log keeps it. */
export function happeningOf({ what, outcome, client, user, patient, reason, why, from }: AccessHappening): Happening {
  return {
    what,
    status: statuses[outcome],
    who: {
      ...(client ? { client } : {}),
      ...(user ? { user } : {}),
      ...(reason ? { breakGlass: reason } : {}),
      ...(client || user ? {} : { caller: 'unknown' }),
    },
    ...(patient ? { patient: patient.includes('/') ? patient : `Patient/${patient}` } : {}),
    ...(why ? { why } : {}),
    ...(from ? { from } : {}),
  }
}
