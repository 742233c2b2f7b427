/**
 * The words of the grants of the token endpoint.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Codes } from './codes.ts'
import type { Families } from './families.ts'
import type { Issue, TokenAnswer } from './issue.ts'
import type { Launches } from './launch-context.ts'
import type { Pages } from './people.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import type { KeysPlay } from './simulations.ts'
import type { Client, SmartHappening, SmartParts } from './words.ts'

export interface GrantParts {
  readonly smart: SmartParts
  readonly definitions: () => Definitions
  readonly codes: Codes
  readonly families: Families
  readonly refreshTokens: RefreshTokens
  readonly issue: Issue
  readonly pages: () => Pages
  readonly launches: Launches
  readonly keysPlay: KeysPlay
}

export interface Granted {
  readonly answer: TokenAnswer
  readonly trace?: string
  /** The error that the launcher plays. */
  readonly simulate?: string
  readonly happened: Omit<SmartHappening, 'from'>
}

/** Example: grants/client-credentials.ts */
export interface GrantType {
  readonly name: Client['grantTypes'][number]
  /** For a client that has authenticated and is registered for it. Rejects with an OAuthError. */
  grant(client: Client, form: URLSearchParams, base: string, parts: GrantParts): Promise<Granted>
}
