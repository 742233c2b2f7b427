/**
 * Signing in: by picking a user in the sandbox, with a user name and password elsewhere.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code
 */
import { html, type Html } from '../../page/html.ts'
import type { Accounts } from '../people-accounts.ts'
import { PERSON_TYPES, type People, type Person, type PersonType } from '../people-directory.ts'
import type { Throttle } from '../throttle.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { alert, page, type Look } from './layout.ts'
import type { Say } from './language.ts'

export interface SignInParts {
  readonly mode: 'open' | 'smart'
  readonly people: People
  readonly accounts: Accounts
  /** Of an account and an address: five a minute. */
  readonly throttle: Throttle
  /** Of an address alone. */
  readonly addresses: Throttle
}

/** Who it turned out to be, or why nobody. */
export type SignedIn =
  | { readonly person: Person }
  | { readonly status: number; readonly why: string; readonly wait?: number }

/** Most guesses looked at together: each takes 64 MiB while it is. */
const MOST_AT_ONCE = 8
let atOnce = 0

/** Judges a sign-in form. `only`: the one user who may. */
export async function signIn(parts: SignInParts, request: PlainRequest, say: Say, only?: string): Promise<SignedIn> {
  const form = request.form ?? new URLSearchParams()
  const user = parts.mode === 'open' ? (form.get('user') ?? '') : await byPassword(parts, request, form, say)
  if (typeof user !== 'string') return user
  const disabled = await parts.accounts.isDisabled(user)
  const person = disabled ? undefined : await parts.people.person(user)
  if (!person) return { status: 400, why: say('There is no such user here.', '此處沒有這位使用者。') }
  if (only !== undefined && person.ref !== only)
    return { status: 400, why: say('The app was opened by another user.', '此應用程式是由另一位使用者開啟的。') }
  return { person }
}

async function byPassword(
  { accounts, throttle, addresses }: SignInParts,
  { from }: PlainRequest,
  form: URLSearchParams,
  say: Say,
): Promise<string | Exclude<SignedIn, { person: Person }>> {
  const name = (form.get('username') ?? '').normalize('NFKC').trim().toLowerCase().slice(0, 200)
  const key = `${from} ${name}`
  const wait = Math.max(throttle.tooMany(key), addresses.tooMany(from), atOnce >= MOST_AT_ONCE ? 1 : 0)
  if (wait > 0)
    return {
      status: 429,
      wait,
      why: say(`Too many tries. Wait ${wait} seconds.`, `嘗試次數過多，請等候 ${wait} 秒。`),
    }
  // counted before it is looked at, so that guesses sent together are counted, too
  throttle.failed(key)
  addresses.failed(from)
  atOnce++
  try {
    const user = await accounts.check(name, form.get('password') ?? '')
    if (user === undefined)
      return { status: 401, why: say('The user name or the password is wrong.', '使用者名稱或密碼錯誤。') }
    throttle.cleared(key)
    return user
  } finally {
    atOnce--
  }
}

/** The page. `fields`: the hidden ones of its form; `only`: the one user who may. */
export async function signInPage(
  parts: SignInParts,
  look: Look,
  fields: Html,
  appName: string | undefined,
  fault?: Exclude<SignedIn, { person: Person }>,
  only?: Person,
): Promise<PlainResponse> {
  const { say } = look
  const intro =
    appName === undefined ? html`` : html`<p>${say(`to continue to ${appName}`, `以繼續使用「${appName}」`)}</p>`
  const body = parts.mode === 'open' ? await picker(parts, look, fields, only) : passwords(look, fields)
  const answer = page(look, fault?.status ?? 200, say('Sign in', '登入'), html`${intro}${alert(fault?.why)}${body}`)
  return fault?.wait ? { ...answer, headers: { ...answer.headers, 'Retry-After': String(fault.wait) } } : answer
}

const passwords = ({ say, request }: Look, fields: Html) => html`
  <form method="post">
    ${fields}
    <label for="username">${say('User name', '使用者名稱')}</label>
    <input
      id="username"
      name="username"
      autocomplete="username"
      required
      maxlength="100"
      autocapitalize="none"
      value="${request.form?.get('username')?.slice(0, 100) ?? ''}"
    />
    <label for="password">${say('Password', '密碼')}</label>
    <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200" />
    <button name="do" value="sign-in">${say('Sign in', '登入')}</button>
  </form>
`

async function picker({ people, accounts }: SignInParts, look: Look, fields: Html, only?: Person): Promise<Html> {
  const { say, request } = look
  const whoNames: Readonly<Record<PersonType, string>> = {
    Practitioner: say('Practitioners', '醫事人員'),
    Patient: say('Patients', '病人'),
    RelatedPerson: say('Related persons', '親屬與照顧者'),
  }
  const who = PERSON_TYPES.find(each => each === request.query.get('who')) ?? 'Practitioner'
  const q = request.query.get('q')?.slice(0, 100) ?? ''
  const found = only ? [only] : await people.find(who, q, 25)
  const shown: Person[] = []
  for (const person of found) if (!(await accounts.isDisabled(person.ref))) shown.push(person)
  const note = html`<p class="note">
    ${say(
      'This is a sandbox with made-up people: choose who you want to be.',
      '這是測試環境，人物皆為虛構：請選擇您要扮演的使用者。',
    )}
  </p>`
  const list = html`<form method="post">
    ${fields} ${personButtons(shown, 'user', person => person.ref)}
    ${shown.length === 0 && html`<p>${say('Nobody found.', '查無使用者。')}</p>`}
  </form>`
  if (only) return html`${note}${list}`
  return html`${note}
    <nav aria-label="${say('Kind of user', '使用者類別')}">
      <ul>
        ${PERSON_TYPES.map(
          type =>
            html`<li>
              <a href="?who=${type}" ${type === who ? html`aria-current="page"` : html``}>${whoNames[type]}</a>
            </li> `,
        )}
      </ul>
    </nav>
    ${searchForm(look, q, { who })} ${list}`
}

/** A field to find people by name. */
export const searchForm = ({ say }: Look, q: string, keep: Readonly<Record<string, string>>): Html => html`
  <form method="get" role="search">
    ${Object.entries(keep).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <label for="q">${say('Name', '姓名')}</label>
    <input id="q" name="q" type="search" value="${q}" maxlength="100" />
    <button class="quiet">${say('Search', '搜尋')}</button>
  </form>
`

/** A button for each person; `value`: what it sends under `name`. */
export const personButtons = (people: readonly Person[], name: string, value: (person: Person) => string): Html =>
  html`${people.map(
    person =>
      html`<button class="person" name="${name}" value="${value(person)}">
        ${person.name}<br /><small>${person.about}</small>
      </button>`,
  )}`
