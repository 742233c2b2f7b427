/**
 * What patients see of who looked at their record.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, clinic, faults, titleOf, valuesOf, type Clinic, type PageAnswer } from './browser.ts'

let server: Clinic
const tokens: Record<string, unknown> = {}

/** The token of an app that this user lets in. */
async function letIn(where: Clinic, user: string, scope: string, patient?: string): Promise<unknown> {
  const browser = new Browser()
  const first = await browser.open(where.authorize(scope))
  let page = await browser.send(first, 'sign-in', { user })
  if (patient) page = await browser.send(page, 'patient', { patient })
  const returned = await browser.send(page, 'consent', { decision: 'approve', scope: valuesOf(page, 'scope') })
  return (await where.redeem(returned)).body['access_token']
}

/** The page as this user sees it. */
async function pageOf(where: Clinic, user: string, path = 'auth/access', browser = new Browser()): Promise<PageAnswer> {
  const first = await browser.open(`${where.fhir}/${path}`)
  return browser.send(first, 'sign-in', { user })
}
const itemsOf = ({ text }: PageAnswer) =>
  [...text.matchAll(/<li>\s*<time[^]*?<\/li>/g)].map(([item]) =>
    item
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/^[\d-]+ [\d:]+ /, ''),
  )

beforeAll(async () => {
  server = await clinic()
  tokens['lin'] = await letIn(
    server,
    'Practitioner/lin',
    'launch/patient patient/Patient.rs patient/Encounter.rs',
    'amy',
  )
  tokens['amy'] = await letIn(server, 'Patient/amy', 'launch/patient patient/*.rs')
})
afterAll(() => server.close())

describe('who looked at my record', () => {
  test('without a session, one signs in first', async () => {
    const browser = new Browser()
    const first = await browser.open(`${server.fhir}/auth/access`)
    expect([first.status, titleOf(first)]).toEqual([200, 'Sign in'])
    expect(faults(first)).toEqual([])
    expect(first.text).not.toContain('Amy')
    const after = await browser.send(first, 'sign-in', { user: 'Patient/amy' })
    expect([after.url, titleOf(after)]).toEqual([`${server.fhir}/auth/access`, 'Who looked at my record'])
    expect(faults(after)).toEqual([])
  })

  test('a practitioner’s app reads the patient: the patient sees it at once, without a name', async () => {
    expect((await server.read('Patient/amy', tokens['lin'])).status).toBe(200)
    const page = await pageOf(server, 'Patient/amy')
    expect(itemsOf(page)[0]).toBe(
      'A practitioner read a part of your record. personal details (name, date of birth, address …) (Patient) By way of: Growth &lt;i&gt;chart&lt;/i&gt;',
    )
    expect(page.text).not.toMatch(/Lin|林醫師|Practitioner\/lin/)
  })

  test('what the patient’s own app did is told as one’s own', async () => {
    await server.read('Patient/amy', tokens['amy'])
    expect(itemsOf(await pageOf(server, 'Patient/amy'))[0]).toContain('You read a part of your record.')
  })

  test('another patient never sees it', async () => {
    await server.read('Patient/amy', tokens['lin'])
    const page = await pageOf(server, 'Patient/bob')
    expect(itemsOf(page)).toEqual([])
    expect(page.text).toContain('Nothing is recorded.')
    expect(page.text).not.toContain('Amy')
  })

  test('refused attempts are marked', async () => {
    const created = await server.ask('PUT', '/fhir/Condition/c1', {
      body: { resourceType: 'Condition', id: 'c1', subject: { reference: 'Patient/amy' } },
    })
    expect(created.status).toBe(201)
    expect((await server.read('Condition/c1', tokens['lin'])).status).toBe(403)
    expect(itemsOf(await pageOf(server, 'Patient/amy'))[0]).toMatch(
      /^Refused A practitioner tried to read a part of your record\. diagnoses/,
    )
  })

  test('a relative sees it for the patient represented, and for no other', async () => {
    const token = await letIn(server, 'Practitioner/lin', 'launch/patient patient/Patient.rs', 'bob')
    await server.read('Patient/bob', token)
    const page = await pageOf(server, 'RelatedPerson/mum')
    expect(page.status).toBe(200)
    expect(page.text).toContain('Wu')
    expect(itemsOf(page)[0]).toContain('A practitioner read a part of your record.')
    expect(page.text).not.toContain('Amy')
  })

  test('practitioners do not have it, and are told so', async () => {
    const page = await pageOf(server, 'Practitioner/lin')
    expect(page.status).toBe(403)
    expect(page.text).toContain('Practitioners do not have it')
    expect([faults(page), itemsOf(page)]).toEqual([[], []])
  })

  test('in Chinese', async () => {
    const browser = new Browser({ 'accept-language': 'zh-TW' })
    const page = await pageOf(server, 'Patient/amy', 'auth/access', browser)
    expect(titleOf(page)).toBe('誰看過我的病歷')
    expect(page.text).toMatch(/遭拒[^]*醫事人員曾嘗試讀取您的部分紀錄，但未成功。/)
    expect(faults(page)).toEqual([])
  })

  test('in pages, newest first, which together are all there is', async () => {
    for (let i = 0; i < 30; i++) await server.read('Patient/amy', tokens['lin'])
    const browser = new Browser()
    const first = await pageOf(server, 'Patient/amy', 'auth/access', browser)
    const older = /href="(\?after=\d+)" rel="next"/.exec(first.text)?.[1]
    expect(older).toBeDefined()
    const second = await browser.open(`${server.fhir}/auth/access${older!}`)
    expect(faults(second)).toEqual([])
    const [one, two] = [itemsOf(first), itemsOf(second)]
    expect(one).toHaveLength(25)
    expect(two.length).toBeGreaterThan(5)
    expect(second.text).not.toContain('rel="next"')
    expect(second.text).toContain('href="?"')
    const bad = await browser.open(`${server.fhir}/auth/access?after=' OR 1=1`)
    expect([bad.status, itemsOf(bad)]).toEqual([200, one])
  })

  test('is linked from the apps with access and from the consent page of a patient, not of a practitioner', async () => {
    const link = `href="${server.fhir}/auth/access"`
    const own = await pageOf(server, 'Patient/amy', 'auth/grants')
    expect(own.text).toContain(link)
    expect(faults(own)).toEqual([])
    expect((await pageOf(server, 'Practitioner/lin', 'auth/grants')).text).not.toContain(link)
    const consent = async (user: string) => {
      const browser = new Browser()
      const first = await browser.open(server.authorize('openid', { prompt: 'consent' }))
      return (await browser.send(first, 'sign-in', { user })).text
    }
    expect(await consent('Patient/amy')).toContain(link)
    expect(await consent('Practitioner/lin')).not.toContain(link)
  })

  test('signing out ends it, and a form of another page does not count', async () => {
    const browser = new Browser()
    const page = await pageOf(server, 'Patient/amy', 'auth/access', browser)
    const grants = await browser.open(`${server.fhir}/auth/grants`)
    expect((await browser.post({ ...page, text: grants.text }, 'sign-out', {})).status).toBe(403)
    const out = await browser.send(page, 'sign-out', {})
    expect([titleOf(out), itemsOf(out)]).toEqual(['Sign in', []])
  })
})

test('where nothing is recorded, the page says so', async () => {
  const off = await clinic({ DHP_AUDIT: 'off' })
  try {
    const page = await pageOf(off, 'Patient/amy')
    expect(page.status).toBe(200)
    expect(page.text).toContain('audit log is turned off')
    expect([faults(page), itemsOf(page)]).toEqual([[], []])
  } finally {
    await off.close()
  }
})
