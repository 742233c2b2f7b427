/**
 * Which test shows which requirement on a server of SMART App Launch 2.2, by the ids of its published list.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */

export type Entry =
  | { readonly ids: readonly number[]; readonly test: readonly [file: string, name: string] }
  /** Why there is no test; `open` when there ought to be one. */
  | { readonly ids: readonly number[]; readonly why: string; readonly open?: boolean }

const launch = 'test/smart/launch-as-specified.test.ts'
const backend = 'test/journeys/backend.test.ts'
const browser = 'test/journeys/launches.test.ts'

const shown = (file: string, name: string, ...ids: number[]): Entry => ({ ids, test: [file, name] })

export const entries: readonly Entry[] = [
  // discovery
  shown(
    launch,
    'is JSON whatever is accepted, readable from any origin, without a token',
    16,
    30,
    228,
    372,
    374,
    377,
    380,
  ),
  shown(
    launch,
    'names every endpoint absolutely, and what is required of it',
    286,
    287,
    373,
    378,
    381,
    382,
    383,
    384,
    385,
  ),
  shown(browser, 'fhir-kit-client reads where to get authorization, and the discovery documents agree', 373),
  shown(launch, 'has S256 and not plain', 14, 15, 394),
  shown(
    launch,
    'claims the capabilities of all four sets for patients and clinicians',
    228,
    285,
    288,
    289,
    348,
    349,
    350,
    351,
    393,
  ),

  // the authorization request
  shown(launch, 'of an unknown app, or with an address that is not registered, is never redirected', 18),
  shown(
    launch,
    'comes back with the code, the very state and the issuer, by GET and by POST',
    48,
    49,
    53,
    56,
    57,
    59,
    205,
    354,
  ),
  shown(launch, 'that the person denies comes back with access_denied and the state', 54, 59, 73),
  shown(launch, 'for another server, without PKCE or with the plain method is refused at the app', 14, 15, 96),
  shown(launch, 'is worth nothing with a wrong verifier, without one, for another app or a second time', 31),

  // the token answer
  shown(
    launch,
    'has token, type, lifetime and scope as JSON that nobody keeps, and the patient in context',
    73,
    74,
    75,
    78,
    84,
    85,
    86,
    87,
    88,
    149,
    164,
    168,
    169,
    170,
    353,
    355,
    363,
  ),
  shown(launch, 'tells the narrower scope when the person granted less', 78, 95),
  shown(launch, 'has no id_token and no refresh token when neither was asked for', 89),
  shown(
    launch,
    'has an id_token signed with RS256 by a published bare key, whose fhirUser can be read',
    197,
    198,
    200,
    205,
    207,
    209,
    210,
    358,
  ),
  shown(launch, 'has the visit that the person chose, when it was asked for', 149, 171, 364),
  shown(launch, 'keeps v1 scopes as they were asked, with their meaning', 369),

  // launches from the EHR
  shown(browser, 'the launcher opens the app with a patient in context (EHR launch)', 352, 361),
  shown(
    launch,
    'hands patient, visit, intent, banner and other context to the app, with the token and to introspection',
    168,
    169,
    170,
    171,
    172,
    173,
    174,
    177,
    277,
    352,
    359,
    361,
    362,
  ),
  shown(launch, 'refuses other context that names nothing', 178),
  shown(launch, 'tells the tenant and where the style is, and the style can be read', 175, 176, 360),
  { ids: [188], why: 'a duty of whoever starts the launch: the role is handed on as it was given to the launcher' },
  { ids: [194], why: 'what an intent means is agreed between people; the server hands on the text' },

  // access tokens at the FHIR API
  shown(launch, 'of a token that has expired is refused with 401 by the FHIR API', 77, 94, 265),
  shown(launch, 'that was altered, or is for another server, is refused with 401', 94, 96, 265),
  shown(launch, 'opens what its scope covers, of its patient, and nothing else', 95, 136, 266, 367),
  shown(
    launch,
    'of a practitioner with user scopes opens several patients, of a patient only the own record',
    119,
    140,
    368,
  ),
  shown(launch, 'of a granular scope opens only what its parameters say', 370),
  shown(launch, 'of a wildcard opens every type, and each entry of a batch is judged by itself', 130, 144),
  shown(launch, 'with update may create under its own id', 123),
  shown(launch, 'is used from a page of another origin: token endpoint and FHIR API allow it', 17),
  shown(browser, 'an app is let in, refreshes and signs out as well', 17),
  {
    ids: [139],
    why: 'a duty of documentation: Patient.link opens nothing here, a token is for one record; said in examples/smart-app/README.md',
  },

  // refresh tokens
  shown(
    launch,
    'brings a new access token with the same scopes and the same patient',
    101,
    109,
    110,
    111,
    112,
    113,
    114,
    356,
    365,
  ),
  shown(browser, 'the access token is refreshed, and reads on', 101, 365),
  shown(launch, 'with online_access works as long as the person is signed in', 100, 366),
  shown(launch, 'is bound to the app it was given to', 103),
  shown(launch, 'may ask for less and never for more', 104, 115),

  // registration and client authentication
  shown(launch, 'gives each app an id, and takes keys by value and by address', 24, 296, 297, 316),
  shown(launch, 'redeems its code and its refresh token with a signed assertion', 357),
  shown(backend, 'may sign with an RSA key as well, and is believed only with a key it registered', 310, 335, 357),
  shown(backend, 'is refused when it sends the same assertion twice, with invalid_client', 336, 340),
  shown(
    backend,
    'is refused when its assertion is for somebody else, has expired or lasts too long',
    249,
    251,
    335,
    337,
    340,
  ),
  shown(backend, 'cannot sign in with a secret', 344),

  shown(launch, 'are changed only with its registration access token', 305),
  shown(
    backend,
    'may publish its keys at an address: they are fetched with GET, and kept no longer than it says',
    296,
    339,
    341,
    342,
  ),
  shown(backend, 'is found by kid and kind of key, and by no address but the one it registered', 338, 340),

  // backend services
  shown(backend, 'exports every resource of every type, one by one, into files', 142, 253),
  shown(
    backend,
    'gets a token of at most five minutes, with what it may do and no refresh token',
    253,
    254,
    255,
    256,
    258,
    261,
  ),
  shown(backend, 'gets no more than it registered for', 240, 241, 250, 251, 259),

  shown(
    'test/http/modes.test.ts',
    'without a token everything but /metadata is answered 401 with a challenge, and nothing is written',
    247,
  ),

  // app state
  shown(
    'test/smart/app-state.test.ts',
    'finds support in the configuration, then creates, queries, updates and deletes',
    371,
  ),
  shown(
    'test/smart/app-state.test.ts',
    'must say which version it changes or deletes, and loses no change of another',
    371,
  ),

  // introspection
  shown(
    launch,
    'tells scope, app, expiry, context and identity of a live token of any app',
    271,
    272,
    273,
    274,
    275,
    276,
    277,
    278,
    279,
    282,
    283,
  ),
  shown(launch, 'says of anything else only that it is not active', 271, 272),

  // what is not here
  {
    ids: [231],
    why: 'TLS ends at what stands before the server; in open mode it refuses addresses that other machines reach (test/http/modes.test.ts)',
  },
  {
    ids: [396, 398, 400, 402, 403, 405, 417, 418, 419, 421, 423, 436],
    why: 'for publishers of a User Access Brand Bundle, which this server is not',
  },
  {
    ids: [409, 410, 412, 430, 431, 432],
    why: 'only where the configuration names a Brand Bundle or a brand, which ours does not',
  },
]
