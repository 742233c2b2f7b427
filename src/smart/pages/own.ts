/**
 * A page of one's own: whoever is not signed in does that first, and its forms count from this session only.
 * https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */
import { html, type Html } from '../../page/html.ts'
import type { Session } from '../sessions.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { forbidden, hidden } from './form.ts'
import { lookOf, seeOther, type Look } from './layout.ts'
import { signIn, signInPage } from './sign-in.ts'
import type { StepParts } from './step.ts'

/** Whose page it is, and what to make it of. */
export interface Own {
  readonly look: Look
  /** `Patient/1` */
  readonly user: string
  /** The hidden fields of a form of this step. */
  fields(step: string): Html
  /** The form that signs out. */
  readonly signOut: Html
}

export interface OwnPage {
  /** Below the FHIR base; also what its forms are for. */
  readonly path: string
  show(own: Own): Promise<PlainResponse>
  /** A form of the page came back; undefined when it has none of this step. */
  received?(own: Own, step: string): Promise<PlainResponse | undefined>
}

/** Answers GET and POST. */
export async function ownPage(
  parts: StepParts,
  request: PlainRequest,
  base: string,
  { path, show, received }: OwnPage,
): Promise<PlainResponse> {
  const { sessions } = parts
  let look = lookOf(request, base)
  let session = await sessions.current(request)
  const step = request.method === 'POST' ? (request.form?.get('step') ?? '') : undefined
  if (step !== undefined && (!session || !sessions.accepts(request, base, session, `${path} ${step}`)))
    return forbidden(look)
  if (!session) {
    const opened = await sessions.open(request, base)
    session = opened.session
    look = { ...look, cookies: [...look.cookies, opened.cookie] }
  }
  const back = `${base}/${path}`
  if (step === 'sign-in') return signedIn(parts, request, look, session, path)
  const { user } = session
  if (step === 'sign-out' && user !== undefined) {
    const cookie = await sessions.close(request, base)
    parts.audit?.({ what: 'sign-out', outcome: '0', user })
    return seeOther({ cookies: [...look.cookies, cookie] }, back)
  }
  if (user === undefined || !(await parts.isActive(user)))
    return step === undefined
      ? signInPage(parts, look, hidden(sessions, session, path, 'sign-in'), undefined)
      : forbidden(look)
  const own = ownOf(parts, look, session, user, path)
  return step === undefined ? show(own) : ((await received?.(own, step)) ?? forbidden(look))
}

async function signedIn(
  parts: StepParts,
  request: PlainRequest,
  look: Look,
  session: Session,
  path: string,
): Promise<PlainResponse> {
  const outcome = await signIn(parts, request, look.say)
  if ('why' in outcome) {
    parts.audit?.({ what: 'sign-in', outcome: '4', from: request.from })
    return signInPage(parts, look, hidden(parts.sessions, session, path, 'sign-in'), undefined, outcome)
  }
  parts.audit?.({ what: 'sign-in', outcome: '0', user: outcome.person.ref, from: request.from })
  const { cookie } = await parts.sessions.open(request, look.base, outcome.person.ref)
  return seeOther({ cookies: [...look.cookies, cookie] }, `${look.base}/${path}`)
}

function ownOf({ sessions }: StepParts, look: Look, session: Session, user: string, path: string): Own {
  const fields = (step: string) => hidden(sessions, session, path, step)
  const signOut = html`<form method="post">
    ${fields('sign-out')}
    <button class="quiet">${look.say('Sign out', '登出')}</button>
  </form>`
  return { look, user, fields, signOut }
}
