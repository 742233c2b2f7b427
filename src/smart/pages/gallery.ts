/**
 * The app gallery (AI SMART 市集): approved apps as JSON for everybody and as pages, each with what it may see.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-symmetric.html
 */
import { readScopes } from '../../access/scope.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { html, type Html } from '../../page/html.ts'
import { isListed, LISTING_FIELDS, MODEL_FIELDS, statusOf, submitted, type ListingField } from '../gallery.ts'
import { isSecret } from '../secret.ts'
import type { Client, PlainRequest, PlainResponse } from '../words.ts'
import { lookOf, page, type Look } from './layout.ts'
import { otherText, scopeText } from './scope-text.ts'
import type { StepParts } from './step.ts'

/** `marketplace`, `marketplace/apps`, `marketplace/apps/{client_id}`; undefined for any other. */
export async function gallery(
  parts: StepParts,
  request: PlainRequest,
  base: string,
): Promise<PlainResponse | undefined> {
  const [, second, third, ...more] = request.path.replace(/\/$/, '').split('/')
  if (more.length > 0 || (second !== undefined && second !== 'apps')) return undefined
  if (request.method === 'POST')
    return second === 'apps' && third === undefined ? submit(parts, request, base) : undefined
  const look = lookOf(request, base)
  const listed = (await parts.clients(base)).filter(isListed)
  if (second === undefined) return listPage(look, listed)
  if (third === undefined) return json(200, { apps: listed.map(client => shown(parts, client, look)) })
  const client = listed.find(({ id }) => id === decoded(third))
  return client && appPage(parts, look, client)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const json = (status: number, body: object, more: Readonly<Record<string, string>> = {}): PlainResponse => ({
  status,
  headers: {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': 'no-cache',
    ...more,
  },
  body,
})

/** The developer tells of a registered app, with the token got at its registration. */
async function submit(parts: StepParts, request: PlainRequest, base: string): Promise<PlainResponse> {
  const { client_id: id, ...listing } = Object(request.json ?? {}) as Record<string, unknown>
  const key = `${request.from} listing`
  const wait = parts.throttle.tooMany(key)
  if (wait > 0)
    return json(
      429,
      { error: 'slow_down', error_description: `Wait ${wait} seconds.` },
      { 'Retry-After': String(wait) },
    )
  const token = /^Bearer +(\S{1,500})$/i.exec(request.headers['authorization'] ?? '')?.[1]
  const client = typeof id === 'string' ? await parts.client(id, base) : undefined
  if (token === undefined || !client?.registration || !isSecret(token, client.registration)) {
    parts.throttle.failed(key)
    return json(
      401,
      {
        error: 'invalid_token',
        error_description: 'Send client_id, and the registration_access_token of this client as Bearer token.',
      },
      { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    )
  }
  try {
    const changed = submitted(client, listing, parts.now())
    await parts.saveClient(changed)
    return json(201, { client_id: client.id, status: statusOf(changed) })
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return json(error.status, { error: 'invalid_request', error_description: error.issues[0]?.diagnostics })
  }
}

const texts = (fields: readonly ListingField[], from: unknown): Record<string, string> =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const value = (from as Record<string, unknown> | undefined)?.[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )

function scopesOf({ definitions }: StepParts, { scope }: Client): { scope: string; en: string; zh: string }[] {
  const { resources, others } = readScopes(scope, definitions)
  return [
    ...resources.map(each => ({ scope: each.text, en: scopeText(each, 'en'), zh: scopeText(each, 'zh') })),
    ...others.map(each => ({ scope: each, en: otherText(each, 'en').text, zh: otherText(each, 'zh').text })),
  ]
}

const placeOf = ({ base }: Look) => base.replace(/\/fhir$/, '')

function shown(parts: StepParts, client: Client, look: Look): object {
  const { listing = {} } = client
  return {
    client_id: client.id,
    name: client.name,
    ...texts(LISTING_FIELDS, listing),
    ...(client.launchUri === undefined ? {} : { launch_url: client.launchUri }),
    ...(client.clientUri === undefined ? {} : { client_uri: client.clientUri }),
    ...(client.logoUri === undefined ? {} : { logo_uri: client.logoUri }),
    iss: look.base,
    page: `${placeOf(look)}/marketplace/apps/${encodeURIComponent(client.id)}`,
    scopes: scopesOf(parts, client),
    ...(listing['ai'] === undefined ? {} : { ai: texts(MODEL_FIELDS, listing['ai']) }),
  }
}

const isAi = ({ listing }: Client) => listing?.['ai'] !== undefined

function listPage(look: Look, clients: readonly Client[]): PlainResponse {
  const { say } = look
  return page(
    look,
    200,
    say('SMART apps', 'AI SMART 市集'),
    html`${clients.length === 0 && html`<p>${say('No app has been approved yet.', '目前沒有已核准的應用程式。')}</p>`}
      ${clients.map(
        client =>
          html`<section class="app" aria-label="${client.name}">
            <h2>
              <a href="${placeOf(look)}/marketplace/apps/${encodeURIComponent(client.id)}">${client.name}</a> ${isAi(
                client,
              ) && html`<small>AI</small>`}
            </h2>
            <p>${texts(LISTING_FIELDS, client.listing)['intendedUse']}</p>
            <p class="note">${texts(LISTING_FIELDS, client.listing)['publisher']}</p>
          </section>`,
      )}
      <p><a href="${placeOf(look)}/marketplace/apps">JSON</a></p>`,
  )
}

function appPage(parts: StepParts, look: Look, client: Client): PlainResponse {
  const { say, language } = look
  const rows = (fields: readonly ListingField[], from: unknown): Html => {
    const values = texts(fields, from)
    return html`<dl>
      ${fields.map(
        field =>
          values[field.name] !== undefined &&
          html`<dt>${language === 'zh' ? field.zh : field.en}</dt>
            <dd>${values[field.name]}</dd>`,
      )}
    </dl>`
  }
  return page(
    look,
    200,
    client.name,
    html`${rows(LISTING_FIELDS, client.listing)}
      <h2>${say('It asks to', '要求的權限')}</h2>
      <ul>
        ${scopesOf(parts, client).map(each => html`<li>${language === 'zh' ? each.zh : each.en}</li>`)}
      </ul>
      ${isAi(client) &&
      html`<h2>${say('Model card', '模型卡')}</h2>
        ${rows(MODEL_FIELDS, client.listing?.['ai'])}`}
      ${launchLink(parts, look, client)}`,
  )
}

/** In the sandbox by way of the launcher; elsewhere the app is opened, and told where the data are. */
function launchLink({ mode }: StepParts, look: Look, { id, launchUri }: Client): Html {
  const { say } = look
  if (mode === 'open')
    return html`<p>
      <a class="button" href="${placeOf(look)}/launch?client=${encodeURIComponent(id)}">${say('Launch', '啟動')}</a>
    </p>`
  const url = launchUri === undefined ? null : URL.parse(launchUri)
  if (!url || !/^https?:$/.test(url.protocol)) return html``
  url.searchParams.set('iss', look.base)
  return html`<p><a class="button" href="${url.href}" rel="noopener">${say('Open', '開啟')}</a></p>`
}
