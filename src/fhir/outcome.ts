/**
 * A refusal that a client can act on: an HTTP status with the issues of an OperationOutcome.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4'
import type { Ref } from './types.ts'

/** One thing that is wrong (or worth saying). `diagnostics` tells what the client can do about it. */
export type Issue = Pick<
  OperationOutcomeIssue,
  'severity' | 'code' | 'diagnostics' | 'expression' | 'details' | 'location'
>
export type IssueCode = OperationOutcomeIssue['code']

/** Thrown to refuse a request. Caught in one place (`http/problems.ts`), or per entry by batch. */
export class FhirError extends Error {
  override readonly name = 'FhirError'
  readonly status: number
  readonly issues: readonly Issue[]
  /** Extra response headers, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, issues: readonly Issue[], headers: Readonly<Record<string, string>> = {}) {
    super(issues.map(issue => issue.diagnostics ?? issue.code).join('; '))
    this.status = status
    this.issues = issues
    this.headers = headers
  }
}

const one = (status: number, code: IssueCode, diagnostics: string, expression?: string) =>
  new FhirError(status, [{ severity: 'error', code, diagnostics, ...(expression ? { expression: [expression] } : {}) }])

/** 400: the request cannot be understood. */
export const badRequest = (text: string, code: IssueCode = 'invalid', expression?: string) =>
  one(400, code, text, expression)
/** 401: who is asking? */
export const unauthorized = (text: string) => one(401, 'login', text)
/** 403: known, and not allowed. */
export const forbidden = (text: string) => one(403, 'forbidden', text)
/** 404: nothing of that name (or nothing the caller may see). */
export const notFound = (what: Ref | string) =>
  one(404, 'not-found', typeof what === 'string' ? what : `There is no ${what.type}/${what.id} on this server.`)
/** 410: it was here and was deleted. */
export const gone = (ref: Ref) =>
  one(
    410,
    'deleted',
    `${ref.type}/${ref.id} was deleted. Its earlier versions are under ${ref.type}/${ref.id}/_history.`,
  )
export const methodNotAllowed = (text: string, allow: string) =>
  new FhirError(405, [{ severity: 'error', code: 'not-supported', diagnostics: text }], { Allow: allow })
export const notAcceptable = (text: string) => one(406, 'not-supported', text)
/** 409: the request conflicts with what is stored. */
export const conflict = (text: string) => one(409, 'conflict', text)
/** 412: a condition of the request does not hold. */
export const preconditionFailed = (text: string, code: IssueCode = 'conflict') => one(412, code, text)
/** 413: more than the server reads; the limit is in the text. */
export const tooLarge = (text: string) => one(413, 'too-long', text)
export const unsupportedMediaType = (text: string) => one(415, 'not-supported', text)
/** 422: understood, but breaks a rule of FHIR. */
export const unprocessable = (text: string, expression?: string, code: IssueCode = 'invariant') =>
  one(422, code, text, expression)
/** 422: would cost more than the server allows one request. */
export const tooCostly = (text: string) => one(422, 'too-costly', text)
/** 501: FHIR has it, this server does not. */
export const notSupported = (text: string) => one(501, 'not-supported', text)
/** 503: not now; ask again after so many seconds. */
export const unavailable = (text: string, seconds = 1) =>
  new FhirError(503, [{ severity: 'error', code: 'transient', diagnostics: text }], { 'Retry-After': String(seconds) })

/** The issues as the resource a client reads. */
export function outcome(issues: readonly Issue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: issues.map(issue => ({ ...issue })) }
}
