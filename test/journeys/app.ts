/**
 * An app and a person at its browser, without a browser: registers, asks for authorization, follows redirects, fills in the forms.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { createHash, randomBytes } from 'node:crypto'

export type Json = Record<string, unknown>

export interface Registered {
  readonly id: string
  readonly secret?: string
  readonly redirectUri: string
  readonly answer: Json
}

/** What an app may say about itself when it registers; redirect URI and PKCE as the tests need them. */
export async function register(configuration: Json, about: Json = {}): Promise<Registered> {
  const redirectUri = 'http://127.0.0.1:9/callback'
  const answer = await fetch(configuration['registration_endpoint'] as string, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Test app',
      redirect_uris: [redirectUri],
      initiate_login_uri: 'http://127.0.0.1:9/launch',
      launch_uri: 'http://127.0.0.1:9/launch',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope:
        'launch launch/patient launch/encounter openid fhirUser offline_access online_access patient/*.cruds user/*.cruds',
      ...about,
    }),
  })
  const body = (await answer.json()) as Json
  if (answer.status !== 201) throw new Error(`Registration answered ${answer.status}: ${JSON.stringify(body)}`)
  const secret = body['client_secret'] as string | undefined
  return {
    id: body['client_id'] as string,
    ...(secret === undefined ? {} : { secret }),
    redirectUri: (about['redirect_uris'] as string[] | undefined)?.[0] ?? redirectUri,
    answer: body,
  }
}

export const discover = async (base: string): Promise<Json> =>
  (await fetch(`${base}/.well-known/smart-configuration`)).json() as Promise<Json>

/** A code verifier and its S256 challenge. https://www.rfc-editor.org/rfc/rfc7636 */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(48).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Who sits there, and what they choose. */
export interface Person {
  /** `Practitioner/1` or `Patient/1` */
  readonly user: string
  /** Id of the patient to choose, when asked. */
  readonly patient?: string
  readonly encounter?: string
  readonly deny?: boolean
  /** Only these of the scopes that are shown; all when absent. */
  readonly scopes?: readonly string[]
}

/** Where the authorization server sent the browser in the end, and the pages on the way. */
export interface Returned {
  readonly url: URL
  readonly params: URLSearchParams
  readonly pages: readonly string[]
}

/** Goes to `url` as a browser without script would, answers every page, and stops at the app's redirect URI. */
export async function sitAt(
  url: string,
  person: Person,
  redirectUri: string,
  first: RequestInit = {},
): Promise<Returned> {
  const cookies = new Map<string, string>()
  const pages: string[] = []
  let next: { url: string; init: RequestInit } = { url, init: first }
  for (let i = 0; i < 20; i++) {
    const answer = await fetch(next.url, {
      ...next.init,
      redirect: 'manual',
      headers: {
        ...(next.init.headers as Record<string, string> | undefined),
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        origin: new URL(url).origin,
      },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';', 1)[0]!.split(/=(.*)/s)
      cookies.set(name!, value!)
    }
    const location = answer.headers.get('location')
    if (location) {
      const to = new URL(location, next.url)
      if (to.href.startsWith(redirectUri)) return { url: to, params: to.searchParams, pages }
      next = { url: to.href, init: {} }
      await answer.arrayBuffer()
      continue
    }
    const page = await answer.text()
    pages.push(page)
    next = filledIn(page, next.url, person)
  }
  throw new Error(`Too many pages: ${pages.at(-1)?.slice(0, 2000)}`)
}

/** The one form of the page that the person would use, filled in. */
function filledIn(page: string, at: string, person: Person): { url: string; init: RequestInit } {
  const forms = [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, attributes, inside]) => ({
    attributes: attributesOf(attributes!),
    buttons: tags(inside!, 'button'),
    inputs: tags(inside!, 'input'),
  }))
  const wanted: [string, string][] = [
    ['user', person.user],
    ...(person.patient ? [['patient', person.patient] as [string, string]] : []),
    ...(person.encounter ? [['encounter', person.encounter] as [string, string]] : []),
    ['decision', person.deny ? 'deny' : 'approve'],
  ]
  for (const [name, value] of wanted) {
    for (const form of forms) {
      if (!form.buttons.some(button => button['name'] === name && button['value'] === value)) continue
      const body = new URLSearchParams()
      for (const input of form.inputs) {
        if (!input['name'] || input['type'] === 'search') continue
        const box = input['type'] === 'checkbox'
        if (box && input['name'] === 'scope' && person.scopes && !person.scopes.includes(input['value']!)) continue
        if (box && !('checked' in input)) continue
        body.append(input['name'], input['value'] ?? '')
      }
      body.append(name, value)
      return { url: new URL(form.attributes['action'] ?? '', at).href, init: { method: 'POST', body } }
    }
  }
  // the lists are cut: the other kinds of users, and those whom a search finds
  const kind = person.user.split('/')[0]!
  const link = [...page.matchAll(/href="([^"]*[?&;]who=([A-Za-z]+)[^"]*)"/g)].find(found => found[2] === kind)
  const there = new URL(at).searchParams.get('who') === kind
  if (link && !there) return { url: new URL(unescaped(link[1]!), at).href, init: {} }
  throw new Error(`There is nothing here for ${JSON.stringify(person)} at ${at}: ${page.slice(0, 3000)}`)
}

const tags = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(match => attributesOf(match[1]!))

const attributesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(match => [match[1]!, unescaped(match[2] ?? '')]),
  )

const unescaped = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** Fills in the launcher's form, as the EHR; gives the address that it opens the app with. */
export async function ehrLaunch(origin: string, fields: Record<string, string>): Promise<URLSearchParams> {
  const shown = await fetch(`${origin}/launch`)
  const form = [...(await shown.text()).matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].find(([form]) =>
    /method="post"/.test(form),
  )
  if (!form) throw new Error('The launcher has no form.')
  const body = new URLSearchParams()
  for (const input of tags(form[2]!, 'input'))
    if (input['name'] && input['type'] === 'hidden') body.append(input['name'], input['value'] ?? '')
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  const answer = await fetch(new URL(attributesOf(form[1]!)['action'] ?? '', shown.url), {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: {
      origin,
      cookie: shown.headers
        .getSetCookie()
        .map(cookie => cookie.split(';', 1)[0]!)
        .join('; '),
    },
  })
  const location = answer.headers.get('location')
  if (!location) throw new Error(`The launcher answered ${answer.status}: ${(await answer.text()).slice(0, 2000)}`)
  return new URL(location, origin).searchParams
}

export interface Launch {
  readonly answer: Json
  readonly returned: Returned
  readonly headers: Headers
  readonly verifier: string
}

/** The whole of a launch, up to the token answer. `extra` is added to the authorization request. */
export async function launch(
  configuration: Json,
  base: string,
  app: Registered,
  person: Person,
  scope: string,
  extra: Record<string, string> = {},
  post = false,
): Promise<Launch> {
  const { verifier, challenge } = pkce()
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: app.id,
    redirect_uri: app.redirectUri,
    scope,
    state: randomBytes(16).toString('base64url'),
    aud: base,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...extra,
  })
  const endpoint = configuration['authorization_endpoint'] as string
  const returned = post
    ? await sitAt(endpoint, person, app.redirectUri, { method: 'POST', body: asked })
    : await sitAt(`${endpoint}?${asked}`, person, app.redirectUri)
  const code = returned.params.get('code')
  if (!code) throw new Error(`No code came back: ${returned.url.href}`)
  if (returned.params.get('state') !== asked.get('state')) throw new Error('Another state came back.')
  const { answer, headers } = await token(configuration, app, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  })
  return { answer, returned, headers, verifier }
}

/** Asks the token endpoint. */
export async function token(
  configuration: Json,
  app: Registered,
  fields: Record<string, string>,
): Promise<{ status: number; answer: Json; headers: Headers }> {
  const basic =
    app.secret === undefined
      ? undefined
      : Buffer.from(`${encodeURIComponent(app.id)}:${encodeURIComponent(app.secret)}`)
  const answer = await fetch(configuration['token_endpoint'] as string, {
    method: 'POST',
    headers: basic ? { authorization: `Basic ${basic.toString('base64')}` } : {},
    body: new URLSearchParams(basic ? fields : { ...fields, client_id: app.id }),
  })
  return { status: answer.status, answer: (await answer.json()) as Json, headers: answer.headers }
}
