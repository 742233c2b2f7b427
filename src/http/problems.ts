/**
 * Anything thrown, as the one answer a client gets: an OperationOutcome that tells what to do, and nothing of our insides.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import { FhirError, outcome } from '../fhir/outcome.ts'
import type { FhirResponse, Resource } from '../rest/exchange.ts'

/** Where what the client must not see goes. */
export interface ProblemLog {
  error(fields: object, text: string): void
  debug(fields: object, text: string): void
}

/** The client went away before its request was whole; nobody reads the answer. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
}

/**
 * The answer to an error. `reference` is the request's id: an unexpected error says nothing but it, and the log has the rest.
 */
export function problem(error: unknown, reference: string, log: ProblemLog): FhirResponse {
  if (error instanceof FhirError) {
    return { status: error.status, resource: outcome(error.issues) as unknown as Resource, headers: error.headers }
  }
  if (error instanceof Aborted) return { status: 499, empty: true }
  report(error, reference, log)
  const full = isFull(error)
  return say(
    full ? 507 : 500,
    full ? 'no-store' : 'exception',
    full
      ? `The server's disk is full; nothing was written. Reading still works. Tell the operator; reference ${reference}.`
      : `Something went wrong on the server, and nothing was half done. Tell the operator this reference: ${reference}.`,
    full ? { 'Retry-After': '30' } : {},
  )
}

/** An answer with one issue. */
export function say(
  status: number,
  code: string,
  diagnostics: string,
  headers: Readonly<Record<string, string>> = {},
): FhirResponse {
  return {
    status,
    resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] },
    headers,
  }
}

/** SQLITE_FULL is 13 in every SQLite. https://sqlite.org/rescode.html */
function isFull(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT' || (typeof errcode === 'number' && (errcode & 0xff) === 13)
}

/** The message may hold a patient's data (a parser quotes its input), so only `debug` prints it. */
function report(error: unknown, reference: string, log: ProblemLog): void {
  const { name, message, stack, code }: Error & { code?: unknown } =
    error instanceof Error ? error : new Error(String(error))
  const frames = stack
    ?.split('\n')
    .filter(line => /^\s+at /.test(line))
    .slice(0, 20)
    .map(line => line.trim())
  log.error({ id: reference, error: name, code, frames }, 'unexpected error')
  log.debug({ id: reference, message }, 'unexpected error message')
}
