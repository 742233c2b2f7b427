/**
 * Emergency access, and what a patient is told of who looked at the record.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { happeningOf } from '../../src/access/audit-words.ts'
import { decideBreakGlass } from '../../src/access/break-glass.ts'
import { recordAccess } from '../../src/smart/record-access.ts'
import { doctor, openAudited, type AuditedServer } from './audited.ts'

describe('emergency access', () => {
  const asked = {
    allowed: true,
    user: 'Practitioner/doc',
    reason: 'Unconscious in the emergency room',
    scope: 'user/*.rs openid offline_access',
  }

  it('is given to a practitioner who says why, for ten minutes, without a refresh token', () => {
    expect(decideBreakGlass(asked)).toEqual({
      ok: true,
      reason: 'Unconscious in the emergency room',
      scope: 'user/*.rs openid',
      seconds: 600,
    })
  })

  it.each([
    ['where it is not allowed', { allowed: false }],
    ['to a patient', { user: 'Patient/p1' }],
    ['to a backend service', { user: undefined }],
    ['to who only looks like a practitioner', { user: 'Patient/x/Practitioner/doc' }],
    ['without a reason', { reason: undefined }],
    ['with spaces for a reason', { reason: '                 ' }],
    ['with a reason too short', { reason: 'urgent' }],
  ])('is not given %s', (_name, change) => {
    expect(decideBreakGlass({ ...asked, ...change }).ok).toBe(false)
  })

  it('takes a reason in Chinese, and nothing that breaks a line of the log', () => {
    expect(decideBreakGlass({ ...asked, reason: '病人昏迷急救' })).toMatchObject({ ok: true })
    expect(decideBreakGlass({ ...asked, reason: 'a reason\r\nlevel=info \u202e said' })).toMatchObject({
      reason: 'a reason level=info said',
    })
  })

  it('raises an alert that names nobody', async () => {
    const alerts: object[] = []
    const server = await openAudited()
    const { makeAudit } = await import('../../src/access/audit.ts')
    const { extractorOf } = await import('./audited.ts')
    const audit = makeAudit({
      engine: server.engine,
      extractor: extractorOf().extractor,
      server: 'A server under test',
      alert: fields => alerts.push(fields),
    })
    audit.tell(
      happeningOf({
        what: 'break-glass',
        outcome: '0',
        client: 'app',
        user: 'Practitioner/doc',
        patient: 'p1',
        reason: 'A reason',
      }),
    )
    expect(alerts).toEqual([{ event: expect.any(String) as string, client: 'app' }])
    await audit.close()
    await server.close()
  })
})

describe('who looked at my record', () => {
  let server: AuditedServer
  beforeAll(async () => {
    server = await openAudited()
    for (const id of ['p1', 'p2']) {
      await server.ask('PUT', `Patient/${id}`, {
        body: { resourceType: 'Patient', id, name: [{ text: 'Made-up Name' }] },
      })
    }
    const own = { ...doctor, grant: { ...doctor.grant!, client: 'phone', user: 'Patient/p1', patient: 'p1' } }
    await server.ask('GET', 'Patient/p1', { caller: own })
    await server.ask('GET', 'Patient/p2')
    const caller = { ...doctor, grant: { ...doctor.grant!, breakGlass: 'An emergency, as it was said' } }
    await server.ask('GET', 'Condition?patient=p1', { caller })
    await server.audit.settle()
  })
  afterAll(() => server.close())

  it('tells newest first, by role and without a name, and nothing of others', async () => {
    const { rows } = await recordAccess(server.engine, 'p1')
    expect(rows.map(({ who, app, what, types }) => [who.role, who.self, app, what, types])).toEqual([
      ['Practitioner', false, 'app', 'search-type', ['Condition']],
      ['Patient', true, 'phone', 'read', ['Patient']],
      ['Practitioner', false, 'app', 'create', ['Patient']],
    ])
    expect(rows[0]!.emergency).toBe('An emergency, as it was said')
    expect(rows[1]!.words).toEqual({ en: 'You read a part of your record.', 'zh-TW': '您本人讀取您的部分紀錄。' })
    expect(JSON.stringify(rows)).not.toMatch(/Made-up Name|Practitioner\/doc|p2/)
  })

  it('comes in pages', async () => {
    const first = await recordAccess(server.engine, 'p1', { count: 2 })
    const second = await recordAccess(server.engine, 'p1', { count: 2, after: first.next! })
    expect([first.rows.length, second.rows.length, second.next]).toEqual([2, 1, undefined])
  })
})
