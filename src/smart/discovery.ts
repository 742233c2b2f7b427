/**
 * What the authorization server says of itself: one list, told in the words of SMART, of OpenID Connect, and of the CapabilityStatement.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
 */
import type { CapabilityStatementRestSecurity } from 'fhir/r4'
import { ASSERTION_ALGORITHMS } from './client-assertion.ts'

/** Only what is there; each is shown by a test. */
export const capabilities = [
  'launch-ehr',
  'launch-standalone',
  'authorize-post',
  'client-public',
  'client-confidential-symmetric',
  'client-confidential-asymmetric',
  'sso-openid-connect',
  'context-banner',
  'context-style',
  'context-ehr-patient',
  'context-ehr-encounter',
  'context-standalone-patient',
  'context-standalone-encounter',
  'permission-offline',
  'permission-online',
  'permission-patient',
  'permission-user',
  'permission-v1',
  'permission-v2',
  'smart-app-state',
] as const

const scopes = [
  'openid',
  'fhirUser',
  'profile',
  'launch',
  'launch/patient',
  'launch/encounter',
  'offline_access',
  'online_access',
  'patient/*.cruds',
  'user/*.cruds',
  'system/*.cruds',
]

const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']

const shared = (base: string) => ({
  issuer: base,
  jwks_uri: `${base}/auth/jwks`,
  authorization_endpoint: `${base}/auth/authorize`,
  token_endpoint: `${base}/auth/token`,
  registration_endpoint: `${base}/auth/register`,
  introspection_endpoint: `${base}/auth/introspect`,
  revocation_endpoint: `${base}/auth/revoke`,
  scopes_supported: scopes,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: methods,
  token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
  introspection_endpoint_auth_methods_supported: methods.slice(1),
  revocation_endpoint_auth_methods_supported: methods,
  authorization_response_iss_parameter_supported: true,
})

/** `.well-known/smart-configuration` */
export const smartConfiguration = (base: string) => ({
  ...shared(base),
  management_endpoint: `${base}/auth/grants`,
  associated_endpoints: [{ url: base, capabilities }],
  capabilities,
})

/** `.well-known/openid-configuration`. https://openid.net/specs/openid-connect-discovery-1_0.html */
export const openidConfiguration = (base: string) => ({
  ...shared(base),
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'fhirUser', 'profile'],
  claims_parameter_supported: false,
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
})

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris'

/** `CapabilityStatement.rest.security` */
export const security = (base: string): CapabilityStatementRestSecurity => ({
  cors: true,
  service: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
          code: 'SMART-on-FHIR',
          display: 'SMART-on-FHIR',
        },
      ],
      text: 'OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)',
    },
  ],
  extension: [
    {
      url: OAUTH_URIS,
      extension: [
        { url: 'authorize', valueUri: `${base}/auth/authorize` },
        { url: 'token', valueUri: `${base}/auth/token` },
        { url: 'register', valueUri: `${base}/auth/register` },
        { url: 'manage', valueUri: `${base}/auth/grants` },
        { url: 'introspect', valueUri: `${base}/auth/introspect` },
        { url: 'revoke', valueUri: `${base}/auth/revoke` },
      ],
    },
  ],
})

/** What `smart_style_url` leads to. https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#styling */
export const style = {
  color_background: '#ffffff',
  color_error: '#b3261e',
  color_highlight: '#0b57d0',
  color_modal_backdrop: '',
  color_success: '#146c2e',
  color_text: '#1f1f1f',
  dim_border_radius: '6px',
  dim_font_size: '16px',
  dim_spacing_size: '16px',
  font_family_body: "system-ui, 'Noto Sans TC', sans-serif",
  font_family_heading: "system-ui, 'Noto Sans TC', sans-serif",
}
