/**
 * The launcher: starts an app on the data of this sandbox, as an EHR would, and shows what happened.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { createHash } from 'node:crypto'
import { html, type Html } from '../../page/html.ts'
import type { Traces } from '../launcher-trace.ts'
import { readOrder, type Order } from '../launcher.ts'
import { isOwnOrigin } from '../sessions.ts'
import { simulations } from '../simulations.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { forbidden } from './form.ts'
import { alert, lookOf, page, seeOther, type Look } from './layout.ts'
import type { StepParts } from './step.ts'
import { recentTraces, tracePage } from './trace.ts'

/** Below `{origin}/launch`; undefined when there is no such page. Only called in open mode. */
export async function launcher(
  parts: StepParts,
  request: PlainRequest,
  base: string,
): Promise<PlainResponse | undefined> {
  // the app is where the form leads, wherever it is; the page itself has no secrets
  const look: Look = { ...lookOf(request, base), leadsTo: ['http:', 'https:'] }
  const home = `${base.replace(/\/fhir$/, '')}/launch`
  const traces = parts.trace
  if (!traces) return undefined
  const [, second, third, ...more] = request.path.replace(/\/$/, '').split('/')
  if (second === 'trace' && third !== undefined && more.length === 0 && request.method === 'GET')
    return tracePage(traces, look, third, home)
  if (second !== undefined) return undefined
  if (request.method === 'GET') return chooser(parts, look, traces, home, request.query)
  // nothing here is done in anybody's name, so there is no token; but other sites are not to start launches
  if (!isOwnOrigin(request, base)) return forbidden(look)
  const form = request.form ?? new URLSearchParams()
  const order = await readOrder(form, await parts.clients(base), parts.people)
  if ('fault' in order) return chooser(parts, look, traces, home, form, look.say(...order.fault))
  return start(parts, look, order)
}

async function start(parts: StepParts, look: Look, order: Order): Promise<PlainResponse> {
  const { kind, client, launchUrl, context } = order
  const titles = { ehr: 'EHR', 'patient-standalone': 'Standalone', 'provider-standalone': 'Standalone', backend: 'Backend' } // prettier-ignore
  if (kind !== 'ehr' && !client) return kind === 'backend' ? backend(look, order) : standalone(parts, look, order)
  const trace = await parts.trace?.begin(`${titles[kind]} · ${client?.name ?? launchUrl ?? ''}`)
  if (kind !== 'ehr') {
    await parts.arm(client!.id, { ...context, ...(trace === undefined ? {} : { trace }) })
    await parts.trace?.note(trace, { what: 'launch', request: { context } })
    return kind === 'backend' ? backend(look, order, trace) : standalone(parts, look, order, trace)
  }
  const launch = await parts.launch({ ...context, ...(trace === undefined ? {} : { trace }) })
  parts.audit?.({
    what: 'launch',
    outcome: '0',
    ...(client ? { client: client.id } : {}),
    ...(context.user ? { user: context.user } : {}),
    ...(context.patient ? { patient: context.patient } : {}),
  })
  const to = new URL(launchUrl!)
  to.searchParams.set('iss', look.base)
  to.searchParams.set('launch', launch)
  await parts.trace?.note(trace, { what: 'launch', request: { url: to.href, context } })
  return seeOther(look, to.href)
}

/** A standalone launch begins in the app: what it is to be told, and an authorization request to try by hand. */
function standalone(parts: StepParts, look: Look, { kind, client, launchUrl }: Order, trace?: string): PlainResponse {
  const { say, base } = look
  const verifier = parts.random(32).toString('base64url')
  const redirect = client?.redirectUris[0]
  const authorize = new URL(`${base}/auth/authorize`)
  if (client && redirect !== undefined) {
    const scope = client.scope
      .split(' ')
      .filter(each => each !== 'launch' && !each.startsWith('system/'))
      .join(' ')
    const query = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirect,
      scope,
      state: parts.random(16).toString('base64url'),
      aud: base,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(query)) authorize.searchParams.set(name, value)
  }
  const app = (launchUrl !== undefined && /^https?:/.test(launchUrl) && URL.parse(launchUrl)) || undefined
  app?.searchParams.set('iss', base)
  const who =
    kind === 'patient-standalone'
      ? say('Sign in as a patient: the app gets that patient.', '請以病人身分登入：應用程式將取得該病人。')
      : say('Sign in as a practitioner, then choose a patient.', '請以醫事人員身分登入，再選擇病人。')
  return page(
    look,
    200,
    say('Standalone launch', '獨立啟動'),
    html`<p>
        ${say(
          'The app begins by itself: give it this FHIR address (iss).',
          '由應用程式自行開始：請提供以下 FHIR 位址（iss）。',
        )}
      </p>
      <pre>${base}</pre>
      <p>${who}</p>
      ${app &&
      html`<p><a class="button" href="${app.href}" rel="noopener">${say('Open the app', '開啟應用程式')}</a></p>`}
      ${redirect !== undefined &&
      html`<h2>${say('Authorization request, to try by hand', '手動測試用授權請求')}</h2>
        <p><a href="${authorize.href}">${say('Open this request', '開啟此請求')}</a></p>
        <pre>${authorize.href}</pre>
        <p>${say('Its code is redeemed with this code_verifier:', '兌換授權碼時所用的 code_verifier：')}</p>
        <pre>${verifier}</pre>`}
      ${followed(look, trace)}`,
  )
}

function backend(look: Look, { client }: Order, trace?: string): PlainResponse {
  const { say, base } = look
  const fits = client?.grantTypes.includes('client_credentials')
  return page(
    look,
    200,
    say('Backend service', '後端服務'),
    html`${client &&
      !fits &&
      alert(say('This app is not registered for client_credentials.', '此應用程式未登錄 client_credentials。'))}
      <p>
        ${say(
          'No person is asked: the service signs an assertion (RS384 or ES384, aud = the token endpoint, at most 5 minutes) and gets a token.',
          '無需人員操作：服務以 RS384 或 ES384 簽署 assertion（aud 為 token 端點，效期至多 5 分鐘）以取得權杖。',
        )}
      </p>
      <pre>
POST ${base}/auth/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials
scope=${client?.scope ?? 'system/*.rs'}
client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
client_assertion={JWT: iss = sub = ${client?.id ?? 'client_id'}, aud = ${base}/auth/token, exp, jti}</pre
      >
      ${followed(look, trace)}`,
  )
}

/** Where to see what comes of it. */
const followed = ({ say, base }: Look, trace: string | undefined): Html =>
  html`${trace !== undefined &&
  html`<p>
    ${say(
      'What you chose counts for the next request of this app, within five minutes.',
      '所選內容用於此應用程式五分鐘內的下一個請求。',
    )}
    <a href="${base.replace(/\/fhir$/, '')}/launch/trace/${trace}">${say('What happens then', '其過程')}</a>
  </p>`}`

/** The form, filled with what was chosen before. */
async function chooser(
  parts: StepParts,
  look: Look,
  traces: Traces,
  home: string,
  chosen: URLSearchParams,
  fault?: string,
): Promise<PlainResponse> {
  const { say, base } = look
  const value = (name: string) => chosen.get(name) ?? ''
  const clients = await parts.clients(base)
  const patients = await parts.people.find('Patient', value('q'), 100)
  const users = [
    ...(await parts.people.find('Practitioner', '', 100)),
    ...patients,
    ...(await parts.people.find('RelatedPerson', '', 50)),
  ]
  const visits = value('patient') ? await parts.people.visits(value('patient'), 50) : []
  const select = (
    name: string,
    label: string,
    options: readonly (readonly [value: string, text: string])[],
    none?: string,
  ) => html`
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${none !== undefined && html`<option value="">${none}</option>`}
      ${options.map(
        ([each, text]) =>
          html`<option value="${each}" ${each === value(name) ? html`selected` : html``}>${text}</option>`,
      )}
    </select>
  `
  const input = (name: string, label: string, type = 'text') => html`
    <label for="${name}">${label}</label
    ><input id="${name}" name="${name}" type="${type}" value="${value(name)}" maxlength="2000" />
  `
  const tick = (name: string, label: string): Html => html`
    <div class="choice">
      <input type="checkbox" id="${name}" name="${name}" value="yes" ${value(name) ? html`checked` : html``} />
      <label class="plain" for="${name}">${label}</label>
    </div>
  `
  const nobody = say('(nobody)', '（不指定）')
  return page(
    look,
    fault === undefined ? 200 : 400,
    say('Launch an app', '啟動應用程式'),
    html`${alert(fault)}
      <form method="post" action="${home}">
        <fieldset>
          <legend>${say('App', '應用程式')}</legend>
          ${select(
            'client',
            say('Registered app', '已登錄的應用程式'),
            clients.map(({ id, name }) => [id, `${name} (${id})`] as const),
            say('(by its launch URL)', '（以啟動網址）'),
          )}
          ${input('launch_url', say('Launch URL, if not the registered one', '啟動網址（若不同於登錄）'), 'url')}
          ${select('kind', say('Kind of launch', '啟動方式'), [
            ['ehr', say('From the EHR', '由 EHR 啟動')],
            ['patient-standalone', say('Standalone, by a patient', '獨立啟動（病人）')],
            ['provider-standalone', say('Standalone, by a practitioner', '獨立啟動（醫事人員）')],
            ['backend', say('Backend service', '後端服務')],
          ])}
        </fieldset>
        <fieldset>
          <legend>${say('Context', '情境')}</legend>
          ${select(
            'user',
            say('User', '使用者'),
            users.map(person => [person.ref, `${person.name} · ${person.ref}`] as const),
            nobody,
          )}
          ${select(
            'patient',
            say('Patient', '病人'),
            patients.map(({ id, name, about }) => [id, `${name} · ${about}`] as const),
            nobody,
          )}
          ${input(
            'q',
            say('Find patients by name (then “Show visits”)', '以姓名尋找病人（再按「顯示就醫紀錄」）'),
            'search',
          )}
          ${select(
            'encounter',
            say('Visit', '就醫紀錄'),
            visits.map(({ id, about }) => [id, about] as const),
            nobody,
          )}
          <button class="quiet" formmethod="get" formnovalidate>${say('Show visits', '顯示就醫紀錄')}</button>
          ${input('intent', 'intent')} ${input('fhir_context', 'fhirContext (JSON)')}
          ${tick('need_patient_banner', say('The app has to show who the patient is', '應用程式須顯示病人資訊'))}
        </fieldset>
        <fieldset>
          <legend>${say('For tests', '測試用')}</legend>
          ${tick('skip_login', say('Skip sign-in (needs a user)', '略過登入（須指定使用者）'))}
          ${tick('skip_consent', say('Skip consent', '略過同意畫面'))}
          ${select(
            'simulate',
            say('Play an error', '模擬錯誤'),
            simulations.map(each => [each, each.replaceAll('_', ' ')] as const),
            say('(none)', '（無）'),
          )}
        </fieldset>
        <button>${say('Launch', '啟動')}</button>
      </form>
      ${await recentTraces(traces, look, home)}`,
  )
}
