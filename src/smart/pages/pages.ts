/**
 * All pages for people, by address.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { html } from '../../page/html.ts'
import { makeAccounts, type Accounts } from '../people-accounts.ts'
import { makePeople } from '../people-directory.ts'
import type { Pages, PagesParts } from '../people.ts'
import { makeSessions, type Sessions } from '../sessions.ts'
import { makeThrottle } from '../throttle.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { makeConsents } from './consents.ts'
import { access } from './access.ts'
import { forbidden } from './form.ts'
import { gallery } from './gallery.ts'
import { grants } from './grants.ts'
import { launcher } from './launcher.ts'
import { alert, lookOf, page } from './layout.ts'
import { takeStep, type StepParts } from './step.ts'
import { styleSheet } from './style.ts'

/** Who may sign in with a password; also asked by the admin API. */
export const accountsOf = ({ records, random }: Pick<PagesParts, 'records' | 'random'>): Accounts =>
  makeAccounts(records('smart-users'), records('smart-users-disabled'), random)

export const sessionsOf = ({ records, now, random }: Pick<PagesParts, 'records' | 'now' | 'random'>): Sessions =>
  makeSessions(records('smart-sessions'), now, random)

export function makePages(given: PagesParts & { readonly breakGlass?: boolean }): Pages {
  const people = makePeople(given.store)
  const accounts = accountsOf(given)
  const isActive = async (user: string) =>
    !(await accounts.isDisabled(user)) && (await people.person(user)) !== undefined
  const parts: StepParts = {
    ...given,
    people,
    accounts,
    isActive,
    sessions: sessionsOf(given),
    consents: makeConsents(given.records('smart-consents')),
    addresses: makeThrottle({ now: given.now, most: 60, within: 60_000 }),
  }
  return {
    step: (asking, request, base) => takeStep(parts, asking, request, base),
    isActive,
    isAlive: session => parts.sessions.isAlive(session),
    refusal: ({ status, text, error }, request, base) => refusal(request, base, status, text, error),
    async answer(request, base) {
      const [first = '', second = ''] = request.path.split('/')
      if (request.method !== 'GET' && request.method !== 'POST') return undefined
      if (first === 'launch') return parts.mode === 'open' ? launcher(parts, request, base) : undefined
      if (first === 'marketplace') return gallery(parts, request, base)
      if (first !== 'auth') return undefined
      if (second === 'pages.css' && request.method === 'GET') return styleSheet
      if (second === 'grants' || second === 'sign-in') return grants(parts, request, base)
      if (second === 'access') return access(parts, request, base)
      return undefined
    },
  }
}

/** An authorization request that cannot go on, and must not go back to an address nobody vouches for. */
function refusal(request: PlainRequest, base: string, status: number, text: string, error: string): PlainResponse {
  const look = lookOf(request, base)
  if (status === 403) return forbidden(look)
  const { say } = look
  return page(
    look,
    status,
    say('This app cannot be let in', '無法允許此應用程式'),
    html`${alert(text)}
      <p>
        ${say(
          'The app sent a request that this server does not accept. Tell its developer: ',
          '應用程式送出的請求不被接受，請告知開發者：',
        )}<code>${error}</code>
      </p>`,
  )
}
