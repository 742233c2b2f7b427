/**
 * The token endpoint: the client is authenticated, then the grant is looked at.
 * https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
import { once } from './checks.ts'
import { claimedClient } from './client-assertion.ts'
import type { Authenticate } from './client-authentication.ts'
import { familyOf } from './families.ts'
import type { GrantParts, GrantType } from './grant-words.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { json, OAuthError } from './oauth-error.ts'
import type { PlainRequest, PlainResponse } from './words.ts'

export const grantTypes: readonly GrantType[] = [authorizationCode, refreshToken, clientCredentials]

/** The fields of a form that was POSTed; nothing of it may stand in the URL, where logs keep it. */
export function formOf({ method, query, form }: PlainRequest): URLSearchParams {
  if (method !== 'POST') throw new OAuthError('invalid_request', 'Use POST here.', 405, { Allow: 'POST' })
  if (query.size > 0) throw new OAuthError('invalid_request', 'Parameters go into the body, not into the URL.')
  if (!form) throw new OAuthError('invalid_request', 'Send a form: Content-Type: application/x-www-form-urlencoded.')
  for (const name of form.keys()) once(form, name)
  return form
}

/** Answers a request to the token endpoint. Rejects with an OAuthError. */
export const makeToken =
  (authenticate: Authenticate, parts: GrantParts) =>
  async (request: PlainRequest, base: string): Promise<PlainResponse> => {
    const { audit, trace } = parts.smart
    let follow: string | undefined
    try {
      const form = formOf(request)
      follow = await followed(form, parts)
      const name = once(form, 'grant_type')
      if (name === undefined) throw new OAuthError('invalid_request', 'grant_type is missing.')
      const type = grantTypes.find(each => each.name === name)
      if (!type)
        throw new OAuthError(
          'unsupported_grant_type',
          `grant_type is one of ${grantTypes.map(each => each.name).join(', ')}.`,
        )
      const client = await authenticate(await named(request, form, parts), base)
      if (!client.grantTypes.includes(type.name))
        throw new OAuthError('unauthorized_client', `This client is not registered for ${type.name}.`)
      const granted = await type.grant(client, form, base, parts)
      audit?.({ ...granted.happened, from: request.from })
      // an emergency is on record before anybody gets access by it
      if (granted.happened.what === 'break-glass') await parts.smart.log?.flush()
      parts.keysPlay.begin(request.from, granted.simulate)
      await trace?.note(granted.trace, {
        what: 'token',
        request: shown(form),
        answer: granted.answer,
        checks: [{ name: type.name, ok: true }],
      })
      return json(granted.answer)
    } catch (error) {
      if (error instanceof OAuthError) {
        const client = request.form?.get('client_id')
        await trace?.note(follow, {
          what: 'token',
          request: shown(request.form ?? new URLSearchParams()),
          answer: { error: error.code, error_description: error.message },
          checks: [{ name: request.form?.get('grant_type') ?? 'grant_type', ok: false, why: error.message }],
        })
        audit?.({ what: 'refused', outcome: '4', why: error.message, from: request.from, ...(client ? { client: client.slice(0, 128) } : {}) }) // prettier-ignore
      }
      throw error
    }
  }

/** The trace in which a developer follows this request, whether it succeeds or not. */
async function followed(form: URLSearchParams, { smart, families, launches }: GrantParts): Promise<string | undefined> {
  if (!smart.trace) return undefined
  const family = familyOf(once(form, 'code') ?? once(form, 'refresh_token') ?? '')
  if (family !== undefined) return (await families.get(family))?.trace
  const assertion = once(form, 'client_assertion')
  const client = assertion === undefined ? undefined : claimedClient(assertion)
  return client === undefined || client.length > 128 ? undefined : (await launches.lookNext(client))?.trace
}

/**
 * A public client may refresh without saying who it is: the token belongs to it, and fhirclient says no more. Its name is filled
 * in from the family, and that a confidential client must authenticate stays as it is.
 */
async function named(request: PlainRequest, form: URLSearchParams, { families }: GrantParts): Promise<PlainRequest> {
  const says = ['client_id', 'client_secret', 'client_assertion'].some(name => form.has(name))
  if (says || request.headers['authorization'] !== undefined) return request
  const id = familyOf(once(form, 'refresh_token') ?? '')
  const family = id === undefined ? undefined : await families.get(id)
  if (!family) return request
  return { ...request, form: new URLSearchParams([...form, ['client_id', family.client]]) }
}

/** Without what proves who the client is. */
const shown = (form: URLSearchParams): Record<string, string> =>
  Object.fromEntries([...form].map(([name, value]) => [name, name === 'client_secret' ? '…' : value]))
