/**
 * A browser without script: cookies, forms and links over real HTTP, and a tenant with people in it.
 */
import { sandboxUser } from '../../../src/access/caller.ts'
import type { Client } from '../../../src/smart/words.ts'
import { serve, type Served } from '../../http/serving.ts'

export interface PageAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of the request. */
  readonly url: string
  /** Location, absolute; '' when there is none. */
  readonly location: string
}

export class Browser {
  readonly cookies = new Map<string, string>()
  readonly headers: Record<string, string>
  constructor(headers: Record<string, string> = {}) {
    this.headers = headers
  }

  async ask(url: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<PageAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: { ...this.headers, ...(cookie ? { cookie } : {}), ...init.headers },
    })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!
      if (/Max-Age=0/.test(set)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    const location = response.headers.get('location')
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      url,
      location: location === null ? '' : new URL(location, url).href,
    }
  }

  get(url: string): Promise<PageAnswer> {
    return this.ask(url)
  }

  /** Follows redirects that stay at this server. */
  async open(url: string): Promise<PageAnswer> {
    let answer = await this.get(url)
    while (answer.location.startsWith(new URL(url).origin)) answer = await this.get(answer.location)
    return answer
  }

  /** Sends the page's form that has this step, with its hidden fields and these values; follows redirects at this server. */
  async send(
    page: PageAnswer,
    step: string,
    values: Record<string, string | readonly string[]>,
    headers: Record<string, string> = {},
  ): Promise<PageAnswer> {
    const answer = await this.post(page, step, values, headers)
    return answer.location.startsWith(new URL(page.url).origin) ? this.open(answer.location) : answer
  }

  /** The same, without following. */
  post(
    page: PageAnswer,
    step: string,
    values: Record<string, string | readonly string[]>,
    headers: Record<string, string> = {},
  ): Promise<PageAnswer> {
    const body = new URLSearchParams({ step, csrf: tokenOf(page, step) })
    for (const [name, value] of Object.entries(values))
      for (const each of typeof value === 'string' ? [value] : value) body.append(name, each)
    return this.ask(page.url, { method: 'POST', body, headers })
  }
}

/** The token of the form of this step; '' when the page has none. */
export const tokenOf = ({ text }: PageAnswer, step: string): string =>
  new RegExp(`name="step" value="${step}" />\\s*<input type="hidden" name="csrf" value="([^"]+)"`).exec(text)?.[1] ?? ''

export const titleOf = ({ text }: PageAnswer): string => /<title>([^<]*)<\/title>/.exec(text)?.[1] ?? ''

/** The values of the page's inputs or buttons of this name. */
export const valuesOf = ({ text }: PageAnswer, name: string): string[] =>
  [...text.matchAll(new RegExp(`<(?:input|button)[^>]*name="${name}"[^>]*value="([^"]*)"`, 'g'))].map(([, value]) =>
    value!.replaceAll('&amp;', '&').replaceAll('&#39;', "'"),
  )

const people = [
  { resourceType: 'Practitioner', id: 'lin', active: true, name: [{ text: '林醫師' }, { text: 'Lin' }] },
  { resourceType: 'Practitioner', id: 'ho', active: true, name: [{ text: 'Ho <b>"&' }] },
  { resourceType: 'Practitioner', id: 'gone', active: false, name: [{ text: 'Gone' }] },
  { resourceType: 'Patient', id: 'amy', name: [{ family: 'Chen', given: ['Amy'] }], birthDate: '1980-02-03' },
  { resourceType: 'Patient', id: 'bob', name: [{ family: 'Wu', given: ['Bob'] }] },
  { resourceType: 'RelatedPerson', id: 'mum', patient: { reference: 'Patient/bob' }, name: [{ text: 'Mum Wu' }] },
  ...['v1', 'v2'].map((id, i) => ({
    resourceType: 'Encounter',
    id,
    status: 'finished',
    class: { code: 'AMB', display: 'ambulatory' },
    subject: { reference: 'Patient/amy' },
    period: { start: `2024-0${i + 1}-01` },
  })),
]

/** An app nobody opens here: its redirect is looked at, not followed. */
export const app: Client = {
  id: 'app-1',
  name: 'Growth <i>chart</i>',
  authentication: 'none',
  redirectUris: ['https://app.example/cb'],
  launchUri: 'https://app.example/launch?x=1',
  grantTypes: ['authorization_code', 'refresh_token'],
  scope:
    'launch launch/patient launch/encounter openid fhirUser offline_access patient/*.cruds user/*.cruds patient/Observation.rs?category=laboratory',
  registered: 0,
  approved: true,
}

export interface Clinic extends Served {
  /** Where an app sends the browser. */
  authorize(scope: string, more?: Record<string, string>): string
  /** What the app gets for the code it was sent back with. */
  redeem(returned: PageAnswer): Promise<{ status: number; body: Record<string, unknown> }>
  /** The status, and the text, of a read with an access token. */
  read(path: string, token: unknown): Promise<{ status: number; text: string }>
}

/** The verifier of RFC 7636's example, whose challenge `authorize` sends. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

/** A server with people and an app. */
export async function clinic(settings: Record<string, string> = {}): Promise<Clinic> {
  const served = await serve(settings)
  const room = await served.app.tenants.room('default')
  for (const { resourceType, id, ...rest } of people)
    await room.door.handle(
      {
        method: 'PUT',
        path: `${resourceType}/${id}`,
        query: '',
        headers: {},
        base: served.fhir,
        body: { resourceType, id, ...rest },
      },
      sandboxUser,
    )
  await room.engine.records('smart-clients').put(app.id, app)
  return {
    ...served,
    async redeem({ location }) {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(location).searchParams.get('code') ?? '',
        redirect_uri: app.redirectUris[0]!,
        client_id: app.id,
        code_verifier: VERIFIER,
      })
      const answer = await fetch(`${served.fhir}/auth/token`, { method: 'POST', body })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    },
    async read(path, token) {
      const { status, text } = await served.ask('GET', `/fhir/${path}`, {
        headers: { authorization: `Bearer ${String(token)}` },
      })
      return { status, text }
    },
    authorize(scope, more = {}) {
      const query = {
        response_type: 'code',
        client_id: app.id,
        redirect_uri: app.redirectUris[0]!,
        scope,
        state: 'state-of-the-app-123456',
        aud: served.fhir,
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        ...more,
      }
      return `${served.fhir}/auth/authorize?${new URLSearchParams(query).toString()}`
    },
  }
}

const empty = new Set(['meta', 'link', 'input', 'br', 'hr', 'img', '!doctype'])

/** What is wrong with a page, in words; empty when nothing is. */
export function faults({ text, headers }: PageAnswer): string[] {
  const found: string[] = []
  const open: string[] = []
  for (const [, slash, name = '', rest = ''] of text.matchAll(/<(\/?)([!a-z][a-z0-9]*)([^>]*)>/gi)) {
    const tag = name.toLowerCase()
    if (slash) {
      if (open.pop() !== tag) found.push(`</${tag}> closes what is not open`)
      continue
    }
    if (!empty.has(tag) && !rest.endsWith('/')) open.push(tag)
    if (tag === 'script' || /\son[a-z]+=|style=|(?:href|src|action)="\s*(?!https?:|[?/"])/i.test(rest))
      found.push(`script or style in <${tag}${rest}>`)
    if (['input', 'select', 'textarea'].includes(tag) && !/type="hidden"/.test(rest)) {
      const id = /\sid="([^"]+)"/.exec(rest)?.[1]
      if (id === undefined || !text.includes(`for="${id}"`)) found.push(`<${tag}${rest}> has no label`)
    }
  }
  if (open.length) found.push(`not closed: ${open.join(' ')}`)
  const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!)
  if (new Set(ids).size !== ids.length) found.push('an id stands twice')
  if (!/<title>[^<]+<\/title>/.test(text)) found.push('no title')
  if (!/<html lang="(en|zh-Hant-TW)">/.test(text)) found.push('no language')
  const policy = headers.get('content-security-policy') ?? ''
  for (const part of ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", 'form-action'])
    if (!policy.includes(part)) found.push(`the policy has no ${part}`)
  if (headers.get('cache-control') !== 'no-store') found.push('may be kept')
  if (headers.get('referrer-policy') !== 'no-referrer') found.push('has a referrer')
  return found
}
