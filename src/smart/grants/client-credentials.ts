/**
 * client_credentials: a backend service, for system scopes it is registered for. Five minutes, no refresh.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
 */
import { narrower } from '../../access/scope-narrower.ts'
import { printScopes, readScopes, type Scopes } from '../../access/scope.ts'
import { once } from '../checks.ts'
import type { GrantType } from '../grant-words.ts'
import { OAuthError } from '../oauth-error.ts'
import { cut, play } from '../simulations.ts'

export const clientCredentials: GrantType = {
  name: 'client_credentials',
  async grant(client, form, base, { definitions, issue, smart, launches }) {
    if (client.authentication !== 'private_key_jwt')
      throw new OAuthError(
        'unauthorized_client',
        'client_credentials needs a client that authenticates with private_key_jwt.',
      )
    if (smart.mode === 'smart' && !client.approved)
      throw new OAuthError('unauthorized_client', 'This client has not been approved here yet.')
    const text = once(form, 'scope')
    if (text === undefined) throw new OAuthError('invalid_scope', 'scope is missing, such as system/*.rs')
    const asked = readScopes(text, definitions())
    const within = narrower(asked, readScopes(client.scope, definitions()))
    const granted: Scopes = {
      resources: within.resources.filter(({ level }) => level === 'system'),
      others: [],
      unknown: [],
    }
    if (granted.resources.length === 0)
      throw new OAuthError(
        'invalid_scope',
        asked.unknown[0]?.why ??
          'Nothing of this scope can be granted: a backend service has system/ scopes it is registered for.',
      )
    const { simulate, trace } = (smart.mode === 'open' ? await launches.takeNext(client.id) : undefined) ?? {}
    play(simulate, 'token')
    const scope = printScopes(simulate === 'scope_cut' ? cut(granted) : granted)
    return {
      answer: await issue.forBackend(client.id, scope, base, { simulate, trace }),
      ...(trace === undefined ? {} : { trace }),
      happened: { what: 'token-issued', outcome: '0', client: client.id, scope },
    }
  },
}
