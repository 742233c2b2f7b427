/**
 * The apps that a sandbox begins with, so that a launch can be tried before anything is registered. In open mode only.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#register-app-with-ehr
 */
import { digestOf } from './secret.ts'
import type { Client } from './words.ts'

/** Published, so that it protects nothing: these clients exist where everybody may do everything anyway. */
export const SANDBOX_SECRET = 'sandbox-secret-not-for-production'

/** The public half of examples/backend-key.json. */
const sandboxKey = {
  kty: 'EC',
  crv: 'P-384',
  kid: 'sandbox-backend',
  use: 'sig',
  alg: 'ES384',
  x: 'K6lAs64KgqW9AKKEt3Gv2fSuImESCeDnFPl8KIsmC13ZnmWOih5-lnmLURzoABgi',
  y: 'QNd0WskvGeSK2wWHCGYyuxluhAP4qlk0JfdKoCxA4wG67xhoSHfyAr4Hq_0_3pk2',
} as const

const APP_SCOPE =
  'launch launch/patient launch/encounter openid fhirUser profile offline_access online_access patient/*.cruds user/*.cruds'

const app = {
  grantTypes: ['authorization_code', 'refresh_token'],
  registered: 0,
  approved: true,
} as const satisfies Partial<Client>

const known = new Map<string, readonly Client[]>()

/** Their addresses are below the origin of the FHIR base. */
export function sandboxClients(base: string): readonly Client[] {
  const { origin } = new URL(base)
  const found = known.get(origin)
  if (found) return found
  const summary = `${origin}/examples/smart-app`
  const clients: readonly Client[] = [
    {
      ...app,
      id: 'cancer-summary',
      name: 'Cancer summary 癌症摘要',
      authentication: 'none',
      redirectUris: [`${summary}/index.html`],
      launchUri: `${summary}/launch.html`,
      scope: 'launch launch/patient openid fhirUser offline_access patient/*.rs',
      clientUri: `${summary}/index.html`,
      listing: {
        publisher: 'DHP FHIR server (example app)',
        intendedUse:
          'Shows developers how an app is launched: one page with diagnoses, stages and treatments of one synthetic patient. Not for care. 示範用：在一頁顯示單一虛構病人的癌症診斷、分期與治療，不供臨床使用。',
        contact: 'Whoever runs this server 本伺服器的管理者',
        description:
          'A page with fhirclient and nothing else, to be copied. 僅以 fhirclient 寫成的單一網頁，可供複製。',
        status: 'approved',
      },
    },
    {
      ...app,
      id: 'sandbox-public',
      name: 'Sandbox app (public)',
      authentication: 'none',
      redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost:3000/callback'],
      scope: APP_SCOPE,
    },
    {
      ...app,
      id: 'sandbox-confidential',
      name: 'Sandbox app (confidential)',
      authentication: 'client_secret_basic',
      secret: digestOf(SANDBOX_SECRET),
      redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost:3000/callback'],
      scope: APP_SCOPE,
    },
    {
      ...app,
      id: 'sandbox-backend',
      name: 'Sandbox backend service',
      authentication: 'private_key_jwt',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: 'system/*.cruds',
      jwks: { keys: [sandboxKey] },
    },
  ]
  if (known.size > 50) known.clear()
  known.set(origin, clients)
  return clients
}
