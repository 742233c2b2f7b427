/**
 * Refresh tokens: rotated, bound, and ended as a family.
 * https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandbox, type Sandbox } from './sandbox.ts'
import { register } from '../journeys/app.ts'

let server: Sandbox
beforeAll(async () => {
  server = await sandbox()
})
afterAll(() => server.close())

const error = async (asked: ReturnType<Sandbox['refresh']>) => (await asked).answer['error']

describe('a refresh token', () => {
  test('is replaced at every use, and the new one counts', async () => {
    const first = await server.tokens()
    const second = await server.refresh(first['refresh_token'])
    expect(second.status).toBe(200)
    expect(second.answer['refresh_token']).not.toBe(first['refresh_token'])
    expect(second.answer).toMatchObject({
      scope: first['scope'],
      patient: 'one',
      token_type: 'Bearer',
      expires_in: 3600,
    })
    expect((await server.refresh(second.answer['refresh_token'])).status).toBe(200)
  })

  test('O6: used twice ends all tokens of its consent, also after a restart', async () => {
    const first = await server.tokens()
    const second = (await server.refresh(first['refresh_token'])).answer
    await server.app.tenants.close()
    expect(await error(server.refresh(first['refresh_token']))).toBe('invalid_grant')
    expect(await error(server.refresh(second['refresh_token']))).toBe('invalid_grant')
    expect(await server.reads(second['access_token'])).toBe(401)
    await server.app.tenants.close()
    expect(await server.reads(first['access_token'])).toBe(401)
  })

  test('O6: used twenty times at once succeeds at most once, and then ends its consent', async () => {
    const first = await server.tokens()
    const all = await Promise.all(Array.from({ length: 20 }, () => server.refresh(first['refresh_token'])))
    const won = all.filter(({ status }) => status === 200)
    expect(won.length).toBeLessThanOrEqual(1)
    expect(all.filter(({ answer }) => answer['error'] === 'invalid_grant')).toHaveLength(20 - won.length)
    for (const { answer } of won) {
      expect(await server.reads(answer['access_token'])).toBe(401)
      expect(await error(server.refresh(answer['refresh_token']))).toBe('invalid_grant')
    }
  })

  test('O6: used twenty times at once after a restart succeeds at most once, and a replaced one never', async () => {
    const first = await server.tokens()
    const second = (await server.refresh(first['refresh_token'])).answer
    await server.app.tenants.close()
    const all = await Promise.all(Array.from({ length: 20 }, () => server.refresh(second['refresh_token'])))
    expect(all.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    for (const { answer } of all.filter(({ status }) => status === 200))
      expect(await server.reads(answer['access_token'])).toBe(401)

    const other = await server.tokens()
    const next = (await server.refresh(other['refresh_token'])).answer
    await server.app.tenants.close()
    const replaced = await Promise.all(Array.from({ length: 20 }, () => server.refresh(other['refresh_token'])))
    expect(replaced.map(({ answer }) => answer['error'])).toEqual(Array(20).fill('invalid_grant'))
    expect(await server.reads(next['access_token'])).toBe(401)
    expect(await error(server.refresh(next['refresh_token']))).toBe('invalid_grant')
  })

  test('O6: never brings more than was granted, and less when less is asked', async () => {
    const tokens = await server.tokens(server.publicApp, 'launch/patient offline_access patient/Patient.rs')
    for (const scope of ['patient/*.rs', 'patient/Patient.cruds', 'user/Patient.rs', 'openid', 'offline_access patient/Patient.rs patient/Observation.rs', 'nonsense']) // prettier-ignore
      expect(await error(server.refresh(tokens['refresh_token'], server.publicApp, { scope })), scope).toBe(
        'invalid_scope',
      )
    const less = await server.refresh(tokens['refresh_token'], server.publicApp, { scope: 'patient/Patient.r' })
    expect(less.answer['scope']).toBe('patient/Patient.r')
    const all = await server.refresh(less.answer['refresh_token'])
    expect(all.answer['scope']).toBe(tokens['scope'])
  })

  test('O6: is worth nothing to another app, and that app does not use it up', async () => {
    const tokens = await server.tokens()
    const other = await register(server.configuration)
    expect(await error(server.refresh(tokens['refresh_token'], other))).toBe('invalid_grant')
    expect((await server.refresh(tokens['refresh_token'])).status).toBe(200)
  })

  test('O6: made up brings nothing and ends nothing of others', async () => {
    const tokens = await server.tokens()
    for (const made of ['x', 'a.b', `${'x'.repeat(24)}.${'y'.repeat(43)}`, '__proto__.' + 'y'.repeat(43)])
      expect(await error(server.refresh(made))).toBe('invalid_grant')
    expect(await server.reads(tokens['access_token'])).toBe(200)
  })

  test('O6: ends with the consent, with the patient and with the user', async () => {
    const consent = await server.tokens()
    const { engine } = await server.app.tenants.room('default')
    expect((await server.post('revoke', { token: String(consent['refresh_token']), client_id: server.publicApp.id })).status).toBe(200) // prettier-ignore
    expect(await error(server.refresh(consent['refresh_token']))).toBe('invalid_grant')
    expect(await server.reads(consent['access_token'])).toBe(401)

    const ofPatient = await server.tokens()
    await server.ask('DELETE', '/fhir/Patient/one')
    expect(await error(server.refresh(ofPatient['refresh_token']))).toBe('invalid_grant')
    await server.ask('PUT', '/fhir/Patient/one', { body: { resourceType: 'Patient', id: 'one' } })
    expect(await server.reads(ofPatient['access_token'])).toBe(401)

    const ofUser = await server.tokens()
    await server.ask('DELETE', '/fhir/Practitioner/doctor')
    expect(await error(server.refresh(ofUser['refresh_token']))).toBe('invalid_grant')
    expect(JSON.stringify(await engine.records('smart-refresh').list())).not.toContain(
      String(ofUser['refresh_token']).split('.')[1],
    )
  })
})
