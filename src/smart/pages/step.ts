/**
 * The steps of an authorization request that need a person: sign in, choose a patient and a visit, agree. Each form is sent
 * back to the same address; every answer to one is a redirect, so that going back and forth sends nothing twice.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { decideBreakGlass } from '../../access/break-glass.ts'
import { narrower } from '../../access/scope-narrower.ts'
import { printScopes, readScopes, type Scopes } from '../../access/scope.ts'
import { html } from '../../page/html.ts'
import type { People, Person } from '../people-directory.ts'
import type { Asking, PagesParts, Step } from '../people.ts'
import type { Session, Sessions } from '../sessions.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { patientPage, visitPage } from './choose.ts'
import { consentPage, ticked } from './consent.ts'
import type { Consents } from './consents.ts'
import { forbidden, hidden } from './form.ts'
import { alert, lookOf, page, seeOther, sourceOf, type Look } from './layout.ts'
import { signIn, signInPage, type SignInParts } from './sign-in.ts'

export interface StepParts extends PagesParts, SignInParts {
  readonly sessions: Sessions
  readonly consents: Consents
  readonly people: People
  readonly isActive: (user: string) => Promise<boolean>
  /** Whether practitioners may claim emergency access. */
  readonly breakGlass?: boolean
}

/** What this browser has chosen so far. Kept in `smart-progress`, by asking and session. */
interface Progress {
  /** Who signed in for this request. */
  readonly user?: string
  readonly patient?: string
  readonly encounter?: string
}

const LASTS = 15 * 60_000
const MOST_VISITS = 50

/** One request to `auth/interaction/{id}`, taken as far as it goes. */
class Course {
  readonly parts: StepParts
  readonly asking: Asking
  readonly scopes: Scopes
  look: Look
  session: Session
  progress: Progress

  constructor(parts: StepParts, asking: Asking, look: Look, session: Session, progress: Progress) {
    this.parts = parts
    this.asking = asking
    this.look = look
    this.session = session
    this.progress = progress
    this.scopes = readScopes(asking.scope, parts.definitions)
  }

  /** The hidden fields of the form of this step. */
  fields(step: string) {
    return hidden(this.parts.sessions, this.session, this.asking.id, step)
  }

  async keep(progress: Progress): Promise<void> {
    this.progress = progress
    const { records, now } = this.parts
    await records('smart-progress').put(progressKey(this.asking, this.session), this.progress, now() + LASTS)
  }

  /** Back to this address, for what is next. */
  again(): Step {
    return { show: seeOther(this.look, `${this.look.base}/auth/interaction/${this.asking.id}`) }
  }

  headers(): Readonly<Record<string, readonly string[]>> {
    return this.look.cookies.length ? { 'Set-Cookie': this.look.cookies } : {}
  }
}

const progressKey = (asking: Asking, session: Session) => `${asking.id} ${session.key}`

export async function takeStep(parts: StepParts, asking: Asking, request: PlainRequest, base: string): Promise<Step> {
  const { sessions } = parts
  const client = await parts.client(asking.client, base)
  let look: Look = { ...lookOf(request, base), leadsTo: sourceOf(asking.redirectUri) }
  let session = await sessions.current(request)
  if (request.method === 'POST') {
    const step = request.form?.get('step') ?? ''
    if (!session || !sessions.accepts(request, base, session, `${asking.id} ${step}`)) return { show: forbidden(look) }
  } else if (!session) {
    const opened = await sessions.open(request, base)
    session = opened.session
    look = { ...look, cookies: [...look.cookies, opened.cookie] }
  }
  if (!client) return { denied: true, error: 'unauthorized_client', headers: {} }
  const kept = await parts.records('smart-progress').get(progressKey(asking, session))
  const course = new Course(parts, asking, look, session, (kept ?? {}) as Progress)
  if (request.method === 'POST') return received(course, request)
  return next(course)
}

/** A form of ours came back. */
async function received(course: Course, request: PlainRequest): Promise<Step> {
  const { parts, look, progress } = course
  const form = request.form!
  switch (form.get('step')) {
    case 'sign-in':
      return signedIn(course, request)
    case 'other-user': {
      const { session, cookie } = await parts.sessions.open(request, look.base)
      course.session = session
      course.look = { ...look, cookies: [...look.cookies, cookie] }
      return course.again()
    }
    case 'patient': {
      const user = await userOf(course)
      if (!user) return course.again()
      const chosen = await parts.people.patientFor(user, form.get('patient') ?? '')
      if (!chosen) {
        const fault = look.say('This patient is not here, or not yours to open.', '查無此病人，或您無權開啟。')
        return { show: await patientPage(parts.people, user, look, course.fields('patient'), fault) }
      }
      await course.keep({ ...(progress.user === undefined ? {} : { user: progress.user }), patient: chosen.id })
      return course.again()
    }
    case 'encounter': {
      const user = await userOf(course)
      const patient = user && (await patientOf(course, user))
      if (!patient || patient === 'choose' || 'show' in patient) return course.again()
      const visits = await parts.people.visits(patient.id, MOST_VISITS)
      const chosen = visits.find(({ id }) => id === form.get('encounter'))
      if (!chosen) {
        const fault = look.say('This visit is not of this patient.', '此就醫紀錄不屬於該病人。')
        return { show: visitPage(visits, look, course.fields('encounter'), fault) }
      }
      await course.keep({ ...progress, encounter: chosen.id })
      return course.again()
    }
    case 'consent':
      return agreed(course, form)
    default:
      return { show: forbidden(look) }
  }
}

async function signedIn(course: Course, request: PlainRequest): Promise<Step> {
  const { parts, asking, look } = course
  const outcome = await signIn(parts, request, look.say, asking.launch?.user)
  if ('why' in outcome) {
    parts.audit?.({ what: 'sign-in', outcome: '4', client: asking.client, from: request.from })
    const only = asking.launch?.user === undefined ? undefined : await parts.people.person(asking.launch.user)
    const name = (await parts.client(asking.client, look.base))?.name
    return { show: await signInPage(parts, look, course.fields('sign-in'), name, outcome, only) }
  }
  const { session, cookie } = await parts.sessions.open(request, look.base, outcome.person.ref)
  parts.audit?.({ what: 'sign-in', outcome: '0', user: outcome.person.ref, client: asking.client, from: request.from })
  course.session = session
  course.look = { ...look, cookies: [...look.cookies, cookie] }
  await course.keep({ user: outcome.person.ref })
  return course.again()
}

/** Signed in, as far as this request goes: undefined when the person has to (again). */
async function userOf({ parts, asking, session, progress }: Course): Promise<Person | undefined> {
  const { launch, prompt } = asking
  const skipped = parts.mode === 'open' && launch?.skipLogin ? launch.user : undefined
  const ref = skipped ?? session.user
  if (ref === undefined) return undefined
  if (skipped === undefined && prompt === 'login' && progress.user !== ref) return undefined
  if (launch?.user !== undefined && launch.user !== ref) return undefined
  return (await parts.accounts.isDisabled(ref)) ? undefined : parts.people.person(ref)
}

type PatientInContext = Person | 'choose' | undefined | { readonly show: PlainResponse }

/** The patient in context: as the launch says, as there is only one, or as was chosen. Undefined when none is asked for. */
async function patientOf({ parts, asking, progress, scopes, look }: Course, user: Person): Promise<PatientInContext> {
  const { people } = parts
  const given = asking.launch?.patient
  if (given !== undefined) {
    const patient = await people.patientFor(user, given)
    return patient ?? { show: notYours(look) }
  }
  // `patient/` scopes mean nothing without a patient
  if (!asking.needsPatient && !scopes.resources.some(each => each.level === 'patient')) return undefined
  if (user.type !== 'Practitioner') return (await people.patientsOf(user, '', 1))[0] ?? { show: notYours(look) }
  const chosen = progress.patient === undefined ? undefined : await people.patientFor(user, progress.patient)
  return chosen ?? 'choose'
}

function notYours(look: Look): PlainResponse {
  const { say } = look
  const text = say(
    'The app was opened for a patient that is not here, or that this user may not open.',
    '此應用程式所指定的病人不存在，或該使用者無權開啟。',
  )
  return page(look, 400, say('This does not go on', '無法繼續'), html`${alert(text)}`)
}

/** The next page, or the decision when nothing is left to ask. */
async function next(course: Course): Promise<Step> {
  const { parts, asking, look, progress } = course
  const silent = asking.prompt === 'none'
  const client = await parts.client(asking.client, look.base)
  const user = await userOf(course)
  if (!user) {
    if (silent) return { denied: true, error: 'login_required', headers: course.headers() }
    const other = asking.launch?.user !== undefined && course.session.user !== undefined
    const only = asking.launch?.user === undefined ? undefined : await parts.people.person(asking.launch.user)
    if (asking.launch?.user !== undefined && !only) return { show: notYours(look) }
    const fault =
      other && course.session.user !== asking.launch?.user
        ? {
            status: 400,
            why: look.say(
              'The app was opened by another user. Sign in as that user.',
              '此應用程式是由另一位使用者開啟的，請以該使用者登入。',
            ),
          }
        : undefined
    return { show: await signInPage(parts, look, course.fields('sign-in'), client?.name, fault, only) }
  }
  const patient = await patientOf(course, user)
  if (patient !== undefined && patient !== 'choose' && 'show' in patient) return patient
  if (patient === 'choose') {
    if (silent) return { denied: true, error: 'interaction_required', headers: course.headers() }
    return { show: await patientPage(parts.people, user, look, course.fields('patient')) }
  }
  let encounter = asking.launch?.encounter ?? progress.encounter
  if (encounter === undefined && asking.needsEncounter && patient) {
    const visits = await parts.people.visits(patient.id, MOST_VISITS)
    if (visits.length === 1) encounter = visits[0]!.id
    else if (visits.length > 1) {
      if (silent) return { denied: true, error: 'interaction_required', headers: course.headers() }
      return { show: visitPage(visits, look, course.fields('encounter')) }
    }
  }
  const consented = await consentOf(course, user)
  if (consented !== undefined) return decided(course, user, patient, encounter, consented)
  if (silent) return { denied: true, error: 'consent_required', headers: course.headers() }
  return asked(course, user, patient)
}

/** The consent screen; `fault`: what was wrong with the one that came back. */
async function asked(course: Course, user: Person, patient: Person | undefined, fault?: string): Promise<Step> {
  const { parts, asking, look, scopes } = course
  const client = await parts.client(asking.client, look.base)
  if (!client) return { denied: true, error: 'unauthorized_client', headers: course.headers() }
  const about = { client, scopes, user, breakGlass: mayBreakGlass(course, user), ...(patient ? { patient } : {}) }
  return { show: consentPage(look, about, course.fields('consent'), fault) }
}

const mayBreakGlass = ({ parts }: Course, user: Person) => parts.breakGlass === true && user.type === 'Practitioner'

/** All that is asked, as text. */
const askedOf = ({ others, resources }: Scopes) => [...others, ...resources.map(({ text }) => text)]

/** What needs no asking: skipped in the sandbox, or remembered. */
async function consentOf({ parts, asking, scopes }: Course, user: Person): Promise<string | undefined> {
  if (parts.mode === 'open' && asking.launch?.skipConsent) return asking.scope
  if (asking.prompt === 'consent') return undefined
  const granted = await parts.consents.remembered(user.ref, asking.client, askedOf(scopes))
  return granted && printScopes(narrower(scopes, readScopes(granted.join(' '), parts.definitions)))
}

/** The consent form came back. */
async function agreed(course: Course, form: URLSearchParams): Promise<Step> {
  const { parts, asking, scopes, progress } = course
  const user = await userOf(course)
  const patient = user && (await patientOf(course, user))
  if (!user || patient === 'choose' || (patient && 'show' in patient)) return course.again()
  const claims = form.get('decision') === 'emergency' && mayBreakGlass(course, user)
  if (form.get('decision') !== 'approve' && !claims) {
    await parts.records('smart-progress').remove(progressKey(asking, course.session))
    return { denied: true, headers: course.headers() }
  }
  const granted = ticked(scopes, form)
  const encounter = asking.launch?.encounter ?? progress.encounter ?? (await onlyVisit(course, patient))
  const said = mayBreakGlass(course, user) ? (form.get('break_glass_reason')?.trim().slice(0, 500) ?? '') : ''
  if (claims || said !== '') {
    const scope = granted.join(' ')
    const decision = decideBreakGlass({ allowed: true, user: user.ref, reason: said, scope })
    if (!decision.ok) return asked(course, user, patient, course.look.say(decision.why, decision.whyZh))
    // not remembered: it lasts as long as the emergency
    return decided(course, user, patient, encounter, scope, said)
  }
  await parts.consents.give({
    user: user.ref,
    client: asking.client,
    asked: askedOf(scopes),
    granted,
    remembered: form.get('remember') === 'yes',
    given: parts.now(),
  })
  return decided(course, user, patient, encounter, granted.join(' '))
}

/** The visit when there is just one, so that nobody was asked. */
async function onlyVisit({ parts, asking }: Course, patient: Person | undefined): Promise<string | undefined> {
  if (!asking.needsEncounter || !patient) return undefined
  const visits = await parts.people.visits(patient.id, 2)
  return visits.length === 1 ? visits[0]!.id : undefined
}

async function decided(
  course: Course,
  user: Person,
  patient: Person | undefined,
  encounter: string | undefined,
  scope: string,
  breakGlass?: string,
): Promise<Step> {
  const { parts, asking, session } = course
  await parts.records('smart-progress').remove(progressKey(asking, session))
  return {
    decided: {
      user: user.ref,
      scope,
      session: session.key,
      ...(patient ? { patient: patient.id } : {}),
      ...(encounter ? { encounter } : {}),
      ...(breakGlass ? { breakGlass } : {}),
    },
    headers: course.headers(),
  }
}
