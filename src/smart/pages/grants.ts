/**
 * One's own grants: which apps have access, to what, when they last used it; and how to take it back.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/best-practices.html
 */
import { readScopes } from '../../access/scope.ts'
import { html, type Html } from '../../page/html.ts'
import type { Family } from '../people.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import type { ConsentRecord } from './consents.ts'
import { accessLink, page, seeOther, type Look } from './layout.ts'
import { ownPage, type Own } from './own.ts'
import { otherText, scopeText } from './scope-text.ts'
import type { StepParts } from './step.ts'

/** `auth/grants` and `auth/sign-in`. */
export const grants = (parts: StepParts, request: PlainRequest, base: string): Promise<PlainResponse> =>
  ownPage(parts, request, base, {
    path: 'auth/grants',
    show: own => list(parts, own),
    async received({ look, user }, step) {
      if (step !== 'revoke') return undefined
      await withdraw(parts, user, request.form?.get('client') ?? '')
      return seeOther(look, `${look.base}/auth/grants`)
    },
  })

/** Takes back what the user allowed the app: the consent, and all tokens that came of it. */
export async function withdraw(parts: StepParts, user: string, client: string): Promise<void> {
  await parts.consents.withdraw(user, client)
  for (const family of await parts.families(user)) if (family.client === client) await parts.endFamily(family.id)
  parts.audit?.({ what: 'consent', outcome: '0', user, client, why: 'withdrawn' })
}

async function list(parts: StepParts, { look, user, fields, signOut }: Own): Promise<PlainResponse> {
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
        fields('revoke'),
      ),
    )
  }
  return page(
    look,
    200,
    say('Apps with access', '已授權的應用程式'),
    html`<p>${person?.name ?? user}</p>
      ${apps.length ? apps : alertNone(look)} ${person?.type !== 'Practitioner' && html`<p>${accessLink(look)}</p>`}
      ${signOut}`,
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
