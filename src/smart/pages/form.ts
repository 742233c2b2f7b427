/**
 * Forms that only this server's own pages can send.
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { html, type Html } from '../../page/html.ts'
import type { Session, Sessions } from '../sessions.ts'
import type { PlainResponse } from '../words.ts'
import { alert, page, type Look } from './layout.ts'

/** The hidden fields of a form: what it is for, and the token of this session for just that. */
export const hidden = (sessions: Sessions, session: Session, about: string, step: string): Html => html`
  <input type="hidden" name="step" value="${step}" />
  <input type="hidden" name="csrf" value="${sessions.token(session, `${about} ${step}`)}" />
`

/** The answer to a form that this browser was not given, was given before signing in, or has sent already. */
export function forbidden(look: Look): PlainResponse {
  const { say } = look
  return page(
    look,
    403,
    say('This form does not count any more', '此表單已失效'),
    html`${alert(
        say(
          'It was sent twice, is too old, came from another site, or your browser does not keep cookies of this site. Nothing was changed.',
          '表單可能重複送出、已逾時、來自其他網站，或瀏覽器未保存本站 Cookie。未做任何變更。',
        ),
      )}
      <p>${say('Go back to the app and start again.', '請回到應用程式重新開始。')}</p>`,
  )
}
