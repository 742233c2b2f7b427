/**
 * refresh_token: the current refresh token of a family, for new tokens of the same scope or a narrower one.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#refresh-access-token
 */
import { covers } from '../../access/scope-narrower.ts'
import { readScopes } from '../../access/scope.ts'
import type { Definitions } from '../../fhir/definitions.ts'
import { once } from '../checks.ts'
import { familyOf, type KeptFamily } from '../families.ts'
import type { GrantParts, GrantType } from '../grant-words.ts'
import { OAuthError } from '../oauth-error.ts'
import { kindOf } from '../refresh-tokens.ts'
import { play } from '../simulations.ts'

const invalid = (text: string) => new OAuthError('invalid_grant', text)

export const refreshToken: GrantType = {
  name: 'refresh_token',
  async grant(client, form, base, parts) {
    const { families, refreshTokens, issue } = parts
    const token = once(form, 'refresh_token')
    if (token === undefined) throw new OAuthError('invalid_request', 'refresh_token is missing.')
    const claimed = familyOf(token)
    const family = claimed === undefined ? undefined : await families.get(claimed)
    if (!family) throw invalid('This refresh token is not known, or has ended.')
    // looked at before it is taken: another app must not be able to use it up
    if (family.client !== client.id) throw invalid('This refresh token belongs to another app.')
    play(family.simulate, 'refresh')
    const scope = narrowed(once(form, 'scope'), family.scope, parts.definitions())
    if ((await refreshTokens.take(token)) !== family.id) {
      await families.end(family.id)
      parts.smart.audit?.({ what: 'token-revoked', outcome: '4', client: client.id, user: family.user, why: 'a refresh token was used twice' }) // prettier-ignore
      throw invalid('This refresh token was used before. All tokens of this consent have ended.')
    }
    await stillHolds(family, parts)
    const next = await refreshTokens.next(family)
    if (families.hasEnded(family.id)) throw invalid('The consent has ended.')
    const { user, patient, trace } = family
    return {
      answer: {
        ...(await issue.forFamily(family, scope, base)),
        ...(next === undefined ? {} : { refresh_token: next }),
      },
      ...(trace === undefined ? {} : { trace }),
      happened: {
        what: 'token-refreshed',
        outcome: '0',
        client: client.id,
        user,
        scope,
        ...(patient === undefined ? {} : { patient }),
      },
    }
  },
}

/** What is asked, when all of it was granted; all that was granted when nothing is asked. */
function narrowed(asked: string | undefined, granted: string, definitions: Definitions): string {
  if (asked === undefined) return granted
  const [wanted, had] = [readScopes(asked, definitions), readScopes(granted, definitions)]
  const wider =
    wanted.unknown[0]?.text ??
    wanted.others.find(other => !had.others.includes(other)) ??
    wanted.resources.find(scope => !had.resources.some(each => covers(each, scope)))?.text
  if (wider !== undefined)
    throw new OAuthError(
      'invalid_scope',
      `${wider.slice(0, 100)} is more than was granted. Leave scope out, or narrow it.`,
    )
  return asked.split(/\s+/).filter(Boolean).join(' ')
}

/** The user and the patient are still there; an online session still lives. Else the family ends. */
async function stillHolds(family: KeptFamily, { smart, pages, families }: GrantParts): Promise<void> {
  const isThere = async (type: string, id: string) => (await smart.store.read({ type, id }))?.text !== undefined
  const [type = '', id = ''] = family.user.split('/')
  const why = !(await isThere(type, id))
    ? 'The user is no longer there.'
    : !(await pages().isActive(family.user))
      ? 'The user may not sign in any more.'
      : family.patient !== undefined && !(await isThere('Patient', family.patient))
        ? 'The patient is no longer there.'
        : kindOf(family) === 'online' && family.session !== undefined && !(await pages().isAlive(family.session))
          ? 'The user has signed out.'
          : undefined
  if (why === undefined) return
  await families.end(family.id)
  throw invalid(why)
}
