/**
 * authorization_code: a code, by the app that it was made for and that knows the verifier, for tokens.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-access-token
 */
import { createHash } from 'node:crypto'
import { once } from '../checks.ts'
import { familyOf } from '../families.ts'
import type { GrantParts, GrantType } from '../grant-words.ts'
import { OAuthError } from '../oauth-error.ts'
import { equal } from '../secret.ts'
import { play } from '../simulations.ts'
import type { Client } from '../words.ts'

const invalid = (text: string) => new OAuthError('invalid_grant', text)

export const authorizationCode: GrantType = {
  name: 'authorization_code',
  async grant(client, form, base, parts) {
    const { codes, families, refreshTokens, issue } = parts
    const code = once(form, 'code')
    const redirectUri = once(form, 'redirect_uri')
    const verifier = once(form, 'code_verifier')
    if (code === undefined) throw new OAuthError('invalid_request', 'code is missing.')
    if (verifier === undefined) throw new OAuthError('invalid_request', 'code_verifier is missing: PKCE is required.')
    if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier))
      throw new OAuthError('invalid_request', 'code_verifier has 43 to 128 of A-Z a-z 0-9 - . _ ~')
    const kept = await codes.take(code)
    if (!kept) {
      await endReused(code, client, parts)
      throw invalid('This code is not known, has expired, or was used already.')
    }
    // a code in wrong hands is worth nothing any more, also to its owner
    if (kept.client !== client.id) throw invalid('This code was made for another app.')
    if (kept.redirectUri !== redirectUri) throw invalid('redirect_uri is not the one the code was asked for with.')
    if (kept.base !== base) throw invalid('This code was asked for at another address of this server.')
    if (!equal(createHash('sha256').update(verifier).digest('base64url'), kept.challenge))
      throw invalid('code_verifier does not fit the code_challenge.')
    const family = await families.get(kept.family)
    if (!family) throw invalid('The consent has ended.')
    play(family.simulate, 'token')
    const refreshToken = await refreshTokens.next(family)
    const answer = {
      ...(await issue.forFamily(family, family.scope, base)),
      ...(family.identity ? { id_token: await issue.idToken(family, base, kept.nonce) } : {}),
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    }
    const { user, patient, scope, breakGlass, trace, simulate } = family
    return {
      answer,
      ...(simulate === undefined ? {} : { simulate }),
      ...(trace === undefined ? {} : { trace }),
      happened: {
        what: breakGlass === undefined ? 'token-issued' : 'break-glass',
        outcome: '0',
        client: client.id,
        user,
        scope,
        ...(patient === undefined ? {} : { patient }),
        ...(breakGlass === undefined ? {} : { reason: breakGlass }),
      },
    }
  },
}

/** Who uses a code a second time has stolen it, or was stolen from: what the first use gave ends. */
async function endReused(code: string, client: Client, { families, smart }: GrantParts): Promise<void> {
  const id = familyOf(code)
  const family = id === undefined ? undefined : await families.get(id)
  if (!family || family.client !== client.id) return
  await families.end(family.id)
  smart.audit?.({
    what: 'token-revoked',
    outcome: '4',
    client: client.id,
    user: family.user,
    why: 'a code was used twice',
  })
}
