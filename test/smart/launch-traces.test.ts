/**
 * The trace of a launch: what the app asked of the FHIR API, what was refused and why, and nothing of the patient.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#access-fhir-api
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ehrLaunch, launch, type Json, type Person } from '../journeys/app.ts'
import { sandbox, type Sandbox } from './sandbox.ts'

let server: Sandbox
beforeAll(async () => {
  server = await sandbox()
})
afterAll(() => server.close())

const doctor: Person = { user: 'Practitioner/doctor', patient: 'one' }

/** An EHR launch from the launcher's form, up to the token answer. */
async function launched(scope: string, fields: Record<string, string> = {}): Promise<Json> {
  const params = await ehrLaunch(server.origin, {
    client: server.publicApp.id,
    kind: 'ehr',
    user: doctor.user,
    patient: 'one',
    skip_login: 'yes',
    skip_consent: 'yes',
    ...fields,
  })
  const extra = { launch: params.get('launch')! }
  const { answer } = await launch(server.configuration, server.fhir, server.publicApp, doctor, `launch ${scope}`, extra)
  return answer
}

const get = (path: string, { access_token: token }: Json) =>
  server.ask('GET', `/fhir/${path}`, { headers: { authorization: `Bearer ${String(token)}` } })

/** The page of the newest launch. */
async function tracePage(): Promise<string> {
  const home = await server.ask('GET', '/launch')
  const [, path] = /href="[^"]*(\/launch\/trace\/[^"]*)"/.exec(home.text)!
  return (await server.ask('GET', path!)).text.replaceAll(/\s+/g, ' ')
}

describe('the trace of a launch', () => {
  test('counts the requests of the app, lists the last ones, and says which scope was missing', async () => {
    const answer = await launched('patient/Patient.rs')
    await get('Patient/one', answer)
    await get('Patient/one', answer)
    await get('Patient?name=Synthetic', answer)
    expect((await get('Observation?code=private-code', answer)).status).toBe(403)
    await get('Patient/two', answer)
    const page = await tracePage()
    for (const [kind, times] of [
      ['read Patient 200', 2],
      ['search-type Patient 200', 1],
      ['search-type Observation 403', 1],
      ['read Patient 404', 1],
    ])
      expect(page).toContain(`<code>${kind}</code></dt> <dd>${times}</dd>`)
    expect(page).toContain('<code>GET Observation</code> 403')
    expect(page).toContain('Missing scope: <code>patient/Observation.s</code>')
    expect(page).toContain('<code>GET Patient/:id</code> 200')
    for (const told of ['private-code', 'name=Synthetic', 'Patient/two', String(answer['access_token'])])
      expect(page).not.toContain(told)
  })

  test('shows requests with a token that counts no more, and why they were refused', async () => {
    const answer = await launched('patient/*.rs', { simulate: 'expired_token' })
    expect((await get('Patient/one', answer)).status).toBe(401)
    const page = await tracePage()
    expect(page).toContain('<code>read Patient 401</code>')
    expect(page).toContain('has expired')
  })

  test('has nothing of requests with tokens of other launches, or without one', async () => {
    const first = await launched('patient/*.rs')
    await launched('patient/*.rs')
    await get('Patient/one', first)
    await server.ask('GET', '/fhir/Patient/one')
    const forged = `e30.${Buffer.from('{"trace":"abcdefghijklmnop"}').toString('base64url')}.e30`
    await get('Patient/one', { access_token: forged })
    const page = await tracePage()
    expect(page).toContain('None with a token of this launch yet.')
  })

  test('is no reason to fail for a token that is sent to a tenant which is not there', async () => {
    const answer = await launched('patient/*.rs')
    const authorization = `Bearer ${String(answer['access_token'])}`
    const elsewhere = await server.ask('GET', '/t/nowhere/fhir/Patient/one', { headers: { authorization } })
    expect(elsewhere.status).toBe(404)
    expect((await get('Patient/one', answer)).status).toBe(200)
    expect(await tracePage()).toContain('<code>read Patient 200</code></dt> <dd>1</dd>')
  })

  test('lists the last fifty and goes on counting', async () => {
    const answer = await launched('patient/*.rs')
    for (let i = 0; i < 60; i++) await get('Patient/one', answer)
    const page = await tracePage()
    expect(page).toContain('<code>read Patient 200</code></dt> <dd>60</dd>')
    expect(page.match(/<code>GET Patient\/:id<\/code>/g)).toHaveLength(50)
  })
})
