/**
 * Clients that get their access tokens as any client would, over HTTP: a backend service, and an app that a patient lets in.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */
import { discover, makeKey, register, tokens } from '../../examples/backend-client.ts'
import { type Json, pkce, register as registerApp, token } from '../journeys/app.ts'
import { Browser } from '../smart/pages/browser.ts'

const PASSWORD = 'a password for measuring'

async function admin(base: string, adminToken: string, method: string, path: string, body?: object): Promise<void> {
  const answer = await fetch(`${new URL(base).origin}/admin/tenants/default/${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw new Error(`The admin API answered ${answer.status}: ${await answer.text()}`)
}

/** Apps of strangers get no tokens until somebody has looked at them. */
async function approve(base: string, adminToken: string, client: string): Promise<void> {
  const listing = { publisher: 'Bench', intendedUse: 'Measuring', contact: 'bench@example.org' }
  await admin(base, adminToken, 'PUT', `apps/${client}/listing`, listing)
  await admin(base, adminToken, 'POST', `apps/${client}/approve`)
}

/** Tokens for `system/*.rs`; a new one when the one at hand ends soon. */
export async function backendTokens(base: string, adminToken: string): Promise<() => Promise<string>> {
  const configuration = await discover(base)
  const account = await register(configuration, makeKey(), 'system/*.rs')
  await approve(base, adminToken, account.clientId)
  return tokens(configuration, account, 'system/*.rs')
}

/** A token for `patient/*.rs`, to which a patient consented; it lasts for an hour. */
export async function patientTokens(base: string, adminToken: string, id: string): Promise<() => Promise<string>> {
  const configuration = await discover(base)
  const scope = 'openid fhirUser launch/patient patient/*.rs'
  const app = await registerApp(configuration)
  await approve(base, adminToken, app.id)
  await admin(base, adminToken, 'POST', 'users', { username: id, user: `Patient/${id}`, password: PASSWORD })
  const { verifier, challenge } = pkce()
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: app.id,
    redirect_uri: app.redirectUri,
    scope,
    state: 'state-of-the-app-123456',
    aud: base,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const browser = new Browser({ origin: new URL(base).origin })
  const page = await browser.open(`${configuration['authorization_endpoint'] as string}?${asked.toString()}`)
  const consent = await browser.send(page, 'sign-in', { username: id, password: PASSWORD })
  const done = await browser.post(consent, 'consent', { decision: 'approve', scope: scope.split(' ') })
  const code = new URL(done.location || base).searchParams.get('code')
  if (code === null) throw new Error(`No code came back: ${done.status} ${done.text.slice(0, 1000)}`)
  const { answer } = await token(configuration, app, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  })
  const given = (answer as Json)['access_token'] as string
  return async () => given
}
