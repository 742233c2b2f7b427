/**
 * One's own grants: which apps have access, to what, when they last used it; and how to take it back.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/best-practices.html
 */
import { readScopes } from '../../access/scope.ts'
import { html, type Html } from '../../page/html.ts'
import type { Family } from '../people.ts'
import type { Session } from '../sessions.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import type { ConsentRecord } from './consents.ts'
import { forbidden, hidden } from './form.ts'
import { lookOf, page, seeOther, type Look } from './layout.ts'
import { otherText, scopeText } from './scope-text.ts'
import { signIn, signInPage } from './sign-in.ts'
import type { StepParts } from './step.ts'

const ABOUT = 'grants'

/** `auth/grants`, `auth/sign-in` and `auth/sign-out`. */
export async function grants(parts: StepParts, request: PlainRequest, base: string): Promise<PlainResponse> {
  const { sessions } = parts
  let look = lookOf(request, base)
  let session = await sessions.current(request)
  if (request.method === 'POST') return received(parts, request, look, session)
  if (!session) {
    const opened = await sessions.open(request, base)
    session = opened.session
    look = { ...look, cookies: [...look.cookies, opened.cookie] }
  }
  const user = session.user !== undefined && (await parts.isActive(session.user)) ? session.user : undefined
  if (user === undefined) return signInPage(parts, look, hidden(sessions, session, ABOUT, 'sign-in'), undefined)
  return list(parts, look, session, user)
}

async function received(
  parts: StepParts,
  request: PlainRequest,
  look: Look,
  session: Session | undefined,
): Promise<PlainResponse> {
  const { sessions } = parts
  const step = request.form?.get('step') ?? ''
  if (!session || !sessions.accepts(request, look.base, session, `${ABOUT} ${step}`)) return forbidden(look)
  const back = `${look.base}/auth/grants`
  if (step === 'sign-in') {
    const outcome = await signIn(parts, request, look.say)
    if ('why' in outcome) {
      parts.audit?.({ what: 'sign-in', outcome: '4', from: request.from })
      return signInPage(parts, look, hidden(sessions, session, ABOUT, step), undefined, outcome)
    }
    parts.audit?.({ what: 'sign-in', outcome: '0', user: outcome.person.ref, from: request.from })
    const { cookie } = await sessions.open(request, look.base, outcome.person.ref)
    return seeOther({ cookies: [...look.cookies, cookie] }, back)
  }
  const { user } = session
  if (user === undefined) return forbidden(look)
  if (step === 'sign-out') {
    const cookie = await sessions.close(request, look.base)
    parts.audit?.({ what: 'sign-out', outcome: '0', user })
    return seeOther({ cookies: [...look.cookies, cookie] }, back)
  }
  if (step === 'revoke') {
    const client = request.form?.get('client') ?? ''
    await withdraw(parts, user, client)
    return seeOther(look, back)
  }
  return forbidden(look)
}

/** Takes back what the user allowed the app: the consent, and all tokens that came of it. */
export async function withdraw(parts: StepParts, user: string, client: string): Promise<void> {
  await parts.consents.withdraw(user, client)
  for (const family of await parts.families(user)) if (family.client === client) await parts.endFamily(family.id)
  parts.audit?.({ what: 'consent', outcome: '0', user, client, why: 'withdrawn' })
}

async function list(parts: StepParts, look: Look, session: Session, user: string): Promise<PlainResponse> {
  const { say } = look
  const person = await parts.people.person(user)
  const families = await parts.families(user)
  const consents = await parts.consents.of(user)
  const ids = [...new Set([...families, ...consents].map(({ client }) => client))]
  const apps: Html[] = []
  for (const id of ids) {
    const client = await parts.client(id, look.base)
    apps.push(
      app(
        look,
        { id, name: client?.name ?? id },
        families.filter(each => each.client === id),
        consents.find(each => each.client === id),
        parts,
        hidden(parts.sessions, session, ABOUT, 'revoke'),
      ),
    )
  }
  return page(
    look,
    200,
    say('Apps with access', '已授權的應用程式'),
    html`<p>${person?.name ?? user}</p>
      ${apps.length ? apps : alertNone(look)}
      <form method="post">
        ${hidden(parts.sessions, session, ABOUT, 'sign-out')}
        <button class="quiet">${say('Sign out', '登出')}</button>
      </form>`,
  )
}

const alertNone = ({ say }: Look) => html`<p>${say('No app has access.', '目前沒有已授權的應用程式。')}</p>`

function app(
  look: Look,
  { id, name }: { readonly id: string; readonly name: string },
  families: readonly Family[],
  consent: ConsentRecord | undefined,
  { definitions }: StepParts,
  fields: Html,
): Html {
  const { say, language } = look
  const granted = new Set(
    [...families.flatMap(each => each.scope.split(' ')), ...(consent?.granted ?? [])].filter(Boolean),
  )
  const scopes = readScopes([...granted].join(' '), definitions)
  const last = Math.max(0, ...families.map(each => each.lastUsed))
  const time = (ms: number) => {
    const iso = new Date(ms).toISOString()
    return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`
  }
  const texts = [
    ...scopes.resources.map(scope => scopeText(scope, language)),
    ...scopes.others.map(scope => otherText(scope, language).text),
  ]
  return html`<section class="app" aria-label="${name}">
    <h2>${name}</h2>
    <ul>
      ${texts.map(text => html`<li>${text}</li>`)}
    </ul>
    <dl>
      ${consent &&
      html`<dt>${say('Allowed', '授權時間')}</dt>
        <dd>${time(consent.given)}</dd>`}
      <dt>${say('Last used', '最近使用')}</dt>
      <dd>${last > 0 ? time(last) : say('not yet, or its access has ended', '尚未使用或已到期')}</dd>
      <dt>${say('Not asked again', '不再詢問')}</dt>
      <dd>${consent?.remembered ? say('yes', '是') : say('no', '否')}</dd>
    </dl>
    <form method="post">
      ${fields}<input type="hidden" name="client" value="${id}" />
      <button>${say(`Withdraw access of ${name}`, `撤回「${name}」的授權`)}</button>
    </form>
  </section>`
}
