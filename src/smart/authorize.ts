/**
 * The authorization endpoint: a request is checked, a person decides, and the app gets a code, or learns why not.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code
 */
import { decideBreakGlass, emergencyClaim } from '../access/break-glass.ts'
import { narrower } from '../access/scope-narrower.ts'
import { printScopes, readScopes } from '../access/scope.ts'
import type { Records } from '../store/store.ts'
import { afterRedirect, beforeRedirect, once, type Checked, type CheckParts } from './checks.ts'
import type { Codes } from './codes.ts'
import { contextOf } from './context.ts'
import type { Families } from './families.ts'
import { OAuthError, plain, unkept, type OAuthCode } from './oauth-error.ts'
import type { Asking, Decision, Pages, Refusal } from './people.ts'
import { secretOf } from './secret.ts'
import { cut, play } from './simulations.ts'
import type { LaunchContext, PlainRequest, PlainResponse, SmartParts } from './words.ts'

export interface AuthorizeParts extends CheckParts {
  readonly smart: SmartParts
  readonly askings: Records
  readonly families: Families
  readonly codes: Codes
  readonly pages: () => Pages
}

const TEN_MINUTES = 10 * 60_000

export interface Authorize {
  /** `auth/authorize` */
  authorize(request: PlainRequest, base: string): Promise<PlainResponse>
  /** `auth/interaction/{id}` */
  interaction(request: PlainRequest, base: string): Promise<PlainResponse>
}

export function makeAuthorize(parts: AuthorizeParts): Authorize {
  const { smart, askings, families, codes, pages, launches } = parts
  const refuse = async (refusal: Refusal, request: PlainRequest, base: string) =>
    (await pages().refusal?.(refusal, request, base)) ?? plainPage(refusal)

  async function authorize(request: PlainRequest, base: string): Promise<PlainResponse> {
    const params = request.method === 'POST' ? (request.form ?? new URLSearchParams()) : request.query
    const checked: Checked = {}
    const verdicts: Verdict[] = []
    const known = await followed(params)
    const trace = async () => known?.trace ?? (await begun(checked, params))
    try {
      await run(beforeRedirect, verdicts, check => check.run(params, checked, base, parts))
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      await note(await trace(), params, verdicts, error)
      smart.audit?.({ what: 'refused', outcome: '4', why: error.message, from: request.from })
      return refuse({ error: error.code, text: error.message, status: 400 }, request, base)
    }
    const follow = await trace()
    try {
      await run(afterRedirect, verdicts, check => check.run(params, checked, base, parts))
      const next = known?.standalone ? await launches.takeNext(checked.client!.id) : undefined
      if (next) checked.launch = next
      await run([simulation], verdicts, () => play(played(checked), 'authorization'))
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      await note(follow, params, verdicts, error)
      if (shownOnPage(error)) return refuse({ error: error.code, text: error.message, status: 400 }, request, base)
      smart.audit?.({
        what: 'refused',
        outcome: '4',
        client: checked.client!.id,
        why: error.message,
        from: request.from,
      })
      const state = params.getAll('state').length === 1 ? params.get('state')! : undefined
      return answered(checked.redirectUri!, base, state, { error: error.code, error_description: plain(error.message) })
    }
    const id = secretOf(smart.random)
    const asking = askingOf(id, checked, params, smart.now(), follow)
    await askings.put(id, asking, smart.now() + TEN_MINUTES)
    await note(follow, params, verdicts)
    return { status: 303, headers: { Location: `${base}/auth/interaction/${id}`, ...unkept } }
  }

  const played = ({ launch }: Checked) => (smart.mode === 'open' ? launch?.simulate : undefined)

  /** The launch that the launcher knows of: the developer follows it, whatever is wrong with the request. Only in a sandbox. */
  async function followed(params: URLSearchParams): Promise<LaunchContext | undefined> {
    if (smart.mode !== 'open') return undefined
    const launch = params.get('launch')
    if (launch !== null) return launch.length <= 200 ? launches.look(launch) : undefined
    const client = params.get('client_id') ?? ''
    return client.length <= 128 ? launches.lookNext(client) : undefined
  }

  const begun = async ({ client }: Checked, params: URLSearchParams): Promise<string | undefined> =>
    smart.trace?.begin(client?.name ?? `client_id ${(params.get('client_id') ?? '(none)').slice(0, 100)}`)

  const note = async (
    trace: string | undefined,
    params: URLSearchParams,
    checks: readonly Verdict[],
    error?: OAuthError,
  ) =>
    smart.trace?.note(trace, {
      what: 'authorize',
      request: Object.fromEntries(params),
      ...(error ? { answer: { error: error.code, error_description: error.message } } : {}),
      checks,
    })

  async function interaction(request: PlainRequest, base: string): Promise<PlainResponse> {
    const id = request.path.split('/')[2] ?? ''
    const asking = (await askings.get(id)) as Asking | undefined
    if (!asking) return refuse(gone, request, base)
    const step = await pages().step(asking, request, base)
    if ('show' in step) return step.show
    // decided once: whoever comes second finds nothing
    if ((await askings.take(id)) === undefined) return refuse(gone, request, base)
    const headers = step.headers ?? {}
    try {
      if ('denied' in step)
        throw new OAuthError((step.error ?? 'access_denied') as OAuthCode, 'The person did not agree.')
      const code = await decided(asking, step.decided, base)
      smart.audit?.({ what: 'consent', outcome: '0', client: asking.client, user: step.decided.user, scope: step.decided.scope, from: request.from, ...(step.decided.patient ? { patient: step.decided.patient } : {}) }) // prettier-ignore
      const simulate = asking.launch?.simulate
      const state = simulate === 'wrong_state' ? secretOf(smart.random) : asking.state
      const iss = simulate === 'wrong_iss' ? 'https://another-server.example/fhir' : base
      return answered(asking.redirectUri, iss, state, { code }, headers)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      smart.audit?.({ what: 'consent', outcome: '4', client: asking.client, why: error.message, from: request.from })
      const told = { error: error.code, error_description: plain(error.message) }
      return answered(asking.redirectUri, base, asking.state, told, headers)
    }
  }

  /** What the pages decided is looked at again: a code says no more than what was asked, by and about who is there. */
  async function decided(asking: Asking, decision: Decision, base: string): Promise<string> {
    const { launch } = asking
    const denied = (text: string) => new OAuthError('access_denied', text)
    if (launch?.user !== undefined && launch.user !== decision.user) throw denied('This launch is for another user.')
    if (!(await isThere(decision.user)) || !(await pages().isActive(decision.user)))
      throw denied('This user is not there.')
    const patient = launch?.patient ?? decision.patient
    const encounter = launch?.encounter ?? decision.encounter
    const granted = narrower(readScopes(decision.scope, smart.definitions), readScopes(asking.scope, smart.definitions))
    const isPatientScope = granted.resources.some(({ level }) => level === 'patient')
    if (patient === undefined && isPatientScope) throw denied('No patient was chosen, and the scope needs one.')
    if (patient !== undefined && !(await isThere(`Patient/${patient}`))) throw denied('This patient is not there.')
    if (patient !== undefined && decision.user.startsWith('Patient/') && decision.user !== `Patient/${patient}`)
      throw denied('A patient can open the own record only.')
    if (encounter !== undefined && !(await isThere(`Encounter/${encounter}`)))
      throw denied('This encounter is not there.')
    if (granted.resources.length + granted.others.length === 0) throw denied('Nothing was agreed to.')

    const emergency = decision.breakGlass === undefined ? undefined : breakGlass(decision.user, decision.breakGlass, printScopes(granted)) // prettier-ignore
    const now = smart.now()
    const family = smart.random(18).toString('base64url')
    const code = families.newSecret(family)
    const scope = emergency?.scope ?? printScopes(launch?.simulate === 'scope_cut' ? cut(granted) : granted) // prettier-ignore
    const context = {
      ...contextOf({ asking, scope, patient, encounter, tenant: smart.tenant, base }),
      ...(emergency === undefined ? {} : emergencyClaim),
    }
    await families.put({
      id: family,
      client: asking.client,
      user: decision.user,
      scope,
      context,
      identity: granted.others.includes('openid') && launch?.simulate !== 'no_id_token',
      granted: now,
      lastUsed: now,
      ends: now + codes.lasts,
      ...(patient === undefined ? {} : { patient }),
      ...(encounter === undefined ? {} : { encounter }),
      ...(decision.session === undefined ? {} : { session: decision.session }),
      ...(emergency === undefined ? {} : { breakGlass: emergency.reason }),
      ...(asking.trace === undefined ? {} : { trace: asking.trace }),
      ...(launch?.simulate === undefined || smart.mode !== 'open' ? {} : { simulate: launch.simulate }),
    })
    await codes.put(code, { family, client: asking.client, redirectUri: asking.redirectUri, challenge: asking.challenge, base, ...(asking.nonce === undefined ? {} : { nonce: asking.nonce }) }) // prettier-ignore
    return code
  }

  function breakGlass(
    user: string,
    reason: string,
    scope: string,
  ): { readonly reason: string; readonly scope: string } {
    const decision = decideBreakGlass({ allowed: smart.breakGlass === true, user, reason, scope })
    if (decision.ok) return decision
    throw new OAuthError('access_denied', decision.why)
  }

  async function isThere(reference: string): Promise<boolean> {
    const [type = '', id = ''] = reference.split('/')
    return (await smart.store.read({ type, id }))?.text !== undefined
  }

  return { authorize, interaction }
}

type Verdict = { readonly name: string; readonly ok: boolean; readonly why?: string }

const simulation = { name: 'simulation' }

/** Each in turn, with its verdict, up to the first that throws. */
async function run<T extends { readonly name: string }>(
  checks: readonly T[],
  verdicts: Verdict[],
  one: (check: T) => void | Promise<void>,
): Promise<void> {
  for (const check of checks) {
    try {
      await one(check)
    } catch (error) {
      if (error instanceof OAuthError) verdicts.push({ name: check.name, ok: false, why: error.message })
      throw error
    }
    if (check.name !== simulation.name) verdicts.push({ name: check.name, ok: true })
  }
}

const shownOnPage = ({ code }: OAuthError) => code === 'invalid_client' || code === 'invalid_redirect_uri'

const gone: Refusal = {
  error: 'invalid_request',
  text: 'This sign-in is over. Go back to the app and begin again.',
  status: 403,
}

function askingOf(
  id: string,
  { client, redirectUri, state, challenge, scopes, launch }: Checked,
  params: URLSearchParams,
  now: number,
  trace: string | undefined,
): Asking {
  const names = scopes!.others
  const [nonce, prompt, loginHint] = ['nonce', 'prompt', 'login_hint'].map(name => once(params, name)?.slice(0, 500))
  return {
    id,
    client: client!.id,
    redirectUri: redirectUri!,
    scope: printScopes(scopes!),
    state: state!,
    challenge: challenge!,
    needsPatient:
      launch?.patient === undefined &&
      (names.some(name => name.startsWith('launch/patient')) ||
        scopes!.resources.some(({ level }) => level === 'patient')),
    needsEncounter: launch?.encounter === undefined && names.some(name => name.startsWith('launch/encounter')),
    asked: now,
    ...(launch === undefined ? {} : { launch }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(trace === undefined ? {} : { trace }),
  }
}

/** To the app, with `iss` in every answer: RFC 9207. */
function answered(
  redirectUri: string,
  base: string,
  state: string | undefined,
  params: Readonly<Record<string, string>>,
  headers: PlainResponse['headers'] = {},
): PlainResponse {
  const query = new URLSearchParams({ ...params, ...(state === undefined ? {} : { state }), iss: base })
  const location = `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query.toString()}`
  return { status: 303, headers: { ...headers, Location: location, ...unkept } }
}

const plainPage = ({ text, error, status }: Refusal): PlainResponse => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...unkept },
  body: `${error}: ${text}\n`,
})
