/**
 * Signing in and out, for both kinds of launch: a public client with PKCE.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
/* global FHIR */

/** The id under which the app is registered: `?client=…`, or the one that a sandbox knows this app by. */
const clientId = () => new URLSearchParams(location.search).get('client') || 'cancer-summary'

const scope = 'openid fhirUser offline_access launch/patient patient/*.rs'

/** Goes to the authorization endpoint of the FHIR server `iss`. `launch` is what an EHR launch handed over. */
export async function begin(iss, launch) {
  if (typeof FHIR === 'undefined') throw new Error('fhir-client.js is missing: npm install fhirclient')
  await FHIR.oauth2.authorize({
    iss,
    launch,
    clientId: clientId(),
    scope: launch ? `launch ${scope}` : scope,
    redirectUri: new URL('index.html', location.href).href,
    pkceMode: 'required',
  })
}

/** Whether an authorization server has just sent the browser back, or this window is signed in already. */
export function isSignedIn() {
  const given = new URLSearchParams(location.search)
  return given.has('state') || given.has('error') || sessionStorage.getItem('SMART_KEY') !== null
}

/** Takes the code to the token endpoint, or what an earlier visit kept. The address loses the code. */
export const ready = () => FHIR.oauth2.ready()

/** Revokes the refresh token, and with it what came from it, then forgets the rest. https://www.rfc-editor.org/rfc/rfc7009 */
export async function signOut(client) {
  const { serverUrl, clientId, tokenResponse = {} } = client.state
  try {
    const answer = await fetch(`${serverUrl.replace(/\/$/, '')}/.well-known/smart-configuration`)
    const { revocation_endpoint: endpoint } = await answer.json()
    const tokens = [
      ['refresh_token', tokenResponse.refresh_token],
      ['access_token', tokenResponse.access_token],
    ]
    for (const [hint, token] of tokens) {
      if (!endpoint || !token) continue
      const body = new URLSearchParams({ token, token_type_hint: hint, client_id: clientId })
      const revoked = await fetch(endpoint, { method: 'POST', body })
      if (!revoked.ok) throw new Error(`The server did not revoke the ${hint}: ${revoked.status}`)
    }
  } finally {
    forget()
  }
}

export const forget = () => sessionStorage.clear()
