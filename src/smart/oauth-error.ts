/**
 * A refusal in OAuth's words, with what the developer can do about it.
 * https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
import type { PlainResponse } from './words.ts'

export type OAuthCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_token'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'insufficient_scope'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'server_error'
  | 'temporarily_unavailable'

export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(code: OAuthCode, text: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(text)
    this.code = code
    this.status = status
    this.headers = headers
  }
}

/** The access token does not count; the text says why, and is harmless to send back. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken'
}

/** On every answer that has, or could have had, a secret in it. */
export const unkept = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

/** A JSON answer. */
export const json = (body: object, status = 200, headers: PlainResponse['headers'] = {}): PlainResponse => ({
  status,
  headers: { 'Content-Type': 'application/json', ...unkept, ...headers },
  body,
})

export const errorAnswer = ({ code, message, status, headers }: OAuthError): PlainResponse =>
  json({ error: code, error_description: plain(message) }, status, headers)

/** error_description has neither quotes, backslashes nor anything outside of ASCII. */
export const plain = (text: string): string =>
  text
    .replace(/["\\]/g, "'")
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 500)
