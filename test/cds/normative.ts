/**
 * Which test shows which normative statement of CDS Hooks 2.0 on a service provider (and on the CDS client that this server can be).
 * https://cds-hooks.hl7.org/2.0/
 */

export interface Statement {
  /** In our words. */
  readonly says: string
  readonly shown: readonly (readonly [file: string, test: string])[]
  /** Why there is no test. */
  readonly why?: string
}

const call = 'test/cds/call.test.ts'
const hooks = 'test/cds/hooks.test.ts'
const clients = 'test/cds/clients.test.ts'
const admin = 'test/cds/admin.test.ts'
const answers = 'test/cds/answers.test.ts'
const journey = 'test/journeys/cds.test.ts'

const says = (text: string, ...shown: Statement['shown'][number][]): Statement => ({ says: text, shown })
const without = (text: string, why: string): Statement => ({ says: text, shown: [], why })

export const statements: readonly Statement[] = [
  // discovery
  says('Discovery is JSON at {base}/cds-services.', [
    call,
    'lists every service with hook, id, title, description and prefetch, as the specification has it',
  ]),
  says(
    'Each service has hook, description and id; title, prefetch and usageRequirements may be there.',
    [call, 'lists every service with hook, id, title, description and prefetch, as the specification has it'],
    [answers, 'discovery says of every service what it must, and nothing empty'],
  ),
  says('The list may be empty.', [hooks, 'a tenant with every service off answers discovery with an empty list']),
  says('One id may be there for several hooks.', [
    call,
    'may list one id for several hooks, and each is called by its hook',
  ]),
  // calls
  says('A service is called by POST at {base}/cds-services/{id}.', [
    call,
    'answers 200 with cards that the schema of CDS Hooks accepts',
  ]),
  says('hook, hookInstance (a UUID) and context are required.', [call, '%s answers 400 and says so']),
  says('fhirServer is required with fhirAuthorization.', [call, '%s answers 400 and says so']),
  says('prefetch is optional.', [call, 'reads from this server when it is the fhirServer, slash or not']),
  says(
    'Members are neither null nor empty.',
    [hooks, 'is refused when %s is null, empty or something else'],
    [answers, 'no answer of a service has a null or something empty in it, but for the list of cards'],
  ),
  says(
    '412 when required data cannot be had.',
    [call, 'answers 412 naming the key and the reason when there is no fhirServer'],
    [call, 'answers 412 when the FHIR server refuses, answers with a page, with too much, or not at all'],
  ),
  says('The answer comes within about 500 milliseconds.', [
    call,
    'a service that takes too long answers 504 in its time, and others are not held up',
  ]),
  says(
    'The answer is 200 with cards, which may be empty, and systemActions.',
    [call, 'answers with no cards when there is nothing to say'],
    [answers, 'system actions are given back beside the cards'],
  ),
  // prefetch
  says(
    'Tokens are first-level members of the context.',
    [call, 'fills every kind of token: context, and the four of the user'],
    [admin, '%s is refused with the reason'],
  ),
  says('userPractitionerId, userPractitionerRoleId, userPatientId and userRelatedPersonId stand for the user.', [
    answers,
    'the tokens of the user are filled by who the user is',
  ]),
  says(
    'Templates keep to reads and to searches by reference, token, date, _count and _sort.',
    [answers, 'every template of the services in the box keeps to what every CDS client can do'],
    [admin, '%s is refused with the reason'],
  ),
  says(
    'The client may send none, some or all of the data.',
    [journey, 'patient-view: every service says the same whether the EHR sends the data or leaves it to the service'],
    [call, 'goes without what is optional'],
  ),
  says('The data equals what a FHIR call gives.', [
    answers,
    'what this server prefetches as a client is what a FHIR call gives',
  ]),
  says(
    'A key that is not satisfied is left out; null says that there is nothing.',
    [call, 'takes null for data that is not there, and gives a service only its own keys'],
    [admin, 'leaves a key out, sends null, fails it, or sends what it is given'],
  ),
  says('OperationOutcomes tell that data could not be fetched, and it is not asked for again.', [
    call,
    'does not ask for what the client says it could not fetch',
  ]),
  says(
    'A service gets only its own keys.',
    [call, 'takes null for data that is not there, and gives a service only its own keys'],
    [admin, 'is called with the context and the data it asked for, and its cards come back'],
  ),
  says('What is missing is read from the FHIR server.', [
    call,
    'reads what is missing from the fhirServer of the client with its token, all pages of a search',
  ]),
  // authorization
  says(
    'fhirAuthorization has access_token, token_type Bearer, expires_in, scope and subject; patient with patient scopes.',
    [call, '%s answers 400 and says so'],
    [answers, 'the token that this server gives a service is of the user, short, and named in fhirAuthorization'],
  ),
  says('What a service may read is limited to what the user may.', [
    answers,
    'a service reads no more than the token it was given, and data the token does not open is a 412',
  ]),
  // cards
  says(
    'A card has a summary of fewer than 140 characters, an indicator and a source with a label.',
    [answers, 'cards are refused by the schema when they break a rule: %s'],
    [journey, 'patient-view: every service says the same whether the EHR sends the data or leaves it to the service'],
  ),
  says('Suggestions need a selectionBehavior.', [
    answers,
    'cards are refused by the schema when they break a rule: %s',
  ]),
  says('Override reasons have a display.', [answers, 'cards are refused by the schema when they break a rule: %s']),
  says('Links are absolute or smart; appContext is of smart links only.', [
    answers,
    'cards are refused by the schema when they break a rule: %s',
  ]),
  says('Actions are create and update with a resource, or delete with a resourceId.', [
    answers,
    'cards are refused by the schema when they break a rule: %s',
  ]),
  // feedback
  says(
    'Feedback is taken at {id}/feedback: card, outcome, acceptedSuggestions of accepted ones, overrideReason, outcomeTimestamp.',
    [call, 'is kept: accepted suggestions and overrides with their reasons'],
    [call, '%s answers 400'],
  ),
  // security
  without(
    'Exchanges go over TLS.',
    'The server speaks plain HTTP on the loopback; a proxy in front of it has the certificate. The doctor command warns of a public URL without https.',
  ),
  says(
    'A client says who it is with a JWT in the Authorization header: alg, kid, typ JWT; iss, aud, exp, iat, jti.',
    [clients, 'answers calls with a token of a trusted client, ES384 or RS384, for the service or the discovery'],
    [clients, '%s: 401'],
  ),
  says('Neither none nor symmetric algorithms count.', [clients, '%s: 401']),
  says('aud is exactly the service, or the discovery.', [clients, '%s: 401']),
  says('jti is used once.', [clients, 'J5 a token that is sent twice counts once, also ten times at once']),
  says(
    'iss and jku are allowed one by one; tenant may be.',
    [clients, 'takes keys from the jwks_uri of a client'],
    [clients, 'lets only the organisations call that were named'],
  ),
  says('As a client this server signs with ES384, and publishes its keys.', [
    admin,
    'fires at a service elsewhere with a JWT that its published keys verify',
  ]),
  says('Pages of other origins may call.', [
    call,
    'may be read by a page of any origin, and a call may be sent from there',
  ]),
  // hooks
  says(
    'patient-view, order-select, order-sign, order-dispatch, appointment-book, encounter-start, encounter-discharge, allergyintolerance-create, problem-list-item-create and medication-refill have their contexts.',
    [hooks, 'is answered with the context whole, and the service is given it as it was sent'],
    [hooks, 'is refused without %s'],
  ),
  says('extension is reserved for what the specification does not say.', [
    answers,
    'extensions of a request are passed on, and change nothing',
  ]),
]
