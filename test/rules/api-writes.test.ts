/**
 * Rules acting on writes over HTTP: refused, warned of, tagged, derived from, on every way in.
 * https://hl7.org/fhir/R4/http.html
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { action, actionOn, ruleIn, runRuled, type Ruled } from '../help/ruled-server.ts'
import { condition, dynamic } from '../help/rules.ts'

let server: Ruled
beforeAll(async () => {
  server = await runRuled({ DHP_AUDIT: 'all' })
}, 30_000)
afterAll(() => server.end())
afterEach(() => server.withoutRules())

// synthetic
const patient = (more: object = {}) => ({ resourceType: 'Patient', name: [{ family: 'Synthetic' }], ...more })
const WRITES = ['data-added', 'data-modified']
const noUnknown = actionOn('deny', WRITES, 'Patient', {
  title: 'The gender must be known',
  description: 'Ask the patient',
  condition: [condition("%resource.gender = 'unknown'")],
})
const unknown = patient({ gender: 'unknown' })
const transaction = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry })
const post = (resource: { resourceType: string }) => ({
  resource,
  request: { method: 'POST', url: resource.resourceType },
})

describe('a rule that denies', () => {
  test('refuses a create with 422, names itself, and nothing is stored', async () => {
    const url = await server.rule('NoUnknown', [noUnknown])
    const before = (await server.ask('GET', 'Patient?_summary=count')).body.total
    const answer = await server.ask('POST', 'Patient', { body: unknown })
    expect(answer.status).toBe(422)
    expect(answer.body.issue).toEqual([
      {
        severity: 'error',
        code: 'business-rule',
        details: {
          coding: [{ system: 'urn:ietf:rfc:3986', version: '1.0.0', code: url, display: 'The rule NoUnknown' }],
          text: 'The gender must be known',
        },
        diagnostics: `The gender must be known. Ask the patient. (Rule: ${url})`,
      },
    ])
    expect((await server.ask('GET', 'Patient?_summary=count')).body.total).toBe(before)
    expect((await server.ask('POST', 'Patient', { body: patient({ gender: 'female' }) })).status).toBe(201)
  })

  test('refuses updates, patches, conditional writes and $meta-add of what it forbids', async () => {
    const { id } = await server.create(patient({ gender: 'male', identifier: [{ system: 'urn:t', value: 'w1' }] }))
    const url = await server.rule('NoUnknown', [noUnknown])
    const body = { ...unknown, identifier: [{ system: 'urn:t', value: 'w1' }] }
    const answers = [
      await server.ask('PUT', `Patient/${id}`, { body: { ...body, id } }),
      await server.ask('PUT', 'Patient?identifier=urn:t%7Cw1', { body }),
      await server.ask('PUT', 'Patient?identifier=urn:t%7Cw2', { body: unknown }),
      await server.ask('PUT', 'Patient/new-one', { body: { ...unknown, id: 'new-one' } }),
      await server.ask('POST', 'Patient', { body: unknown, headers: { 'if-none-exist': 'identifier=urn:t%7Cw3' } }),
      await server.ask('PATCH', `Patient/${id}`, {
        body: [{ op: 'replace', path: '/gender', value: 'unknown' }],
        headers: { 'content-type': 'application/json-patch+json' },
      }),
      await server.ask('PATCH', 'Patient?identifier=urn:t%7Cw1', {
        body: [{ op: 'replace', path: '/gender', value: 'unknown' }],
        headers: { 'content-type': 'application/json-patch+json' },
      }),
    ]
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 422))
    expect(answers.map(ruleIn)).toEqual(answers.map(() => url))
    expect((await server.ask('GET', `Patient/${id}`)).body.meta.versionId).toBe('1')
    await server.rule('NoTags', [
      action('deny', 'data-modified', 'Patient', { condition: [condition('%resource.meta.tag.exists()')] }),
    ])
    const tagging = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'a' }] } }] }
    expect((await server.ask('POST', `Patient/${id}/$meta-add`, { body: tagging })).status).toBe(422)
  })

  test('compares with what was there before, and refuses deletes by id and by criteria', async () => {
    const { id } = await server.create(patient({ active: true, identifier: [{ system: 'urn:t', value: 'd1' }] }))
    await server.rule('Once', [
      action('deny', 'data-modified', 'Patient', {
        title: 'A patient stays active',
        condition: [condition('%previous.active = true and %resource.active = false')],
      }),
      action('deny', 'data-removed', 'Patient', {
        title: 'Active ones stay',
        condition: [condition('%resource.active')],
      }),
    ])
    const off = { ...patient({ active: false }), id }
    expect((await server.ask('PUT', `Patient/${id}`, { body: off })).status).toBe(422)
    expect((await server.ask('DELETE', `Patient/${id}`)).status).toBe(422)
    expect((await server.ask('DELETE', 'Patient?identifier=urn:t%7Cd1')).status).toBe(422)
    expect((await server.ask('GET', `Patient/${id}`)).status).toBe(200)
  })

  test('refuses its entry of a batch and lets the others pass', async () => {
    const url = await server.rule('NoUnknown', [noUnknown])
    const { body } = await server.ask('POST', '', {
      body: { ...transaction(post(unknown), post(patient())), type: 'batch' },
    })
    expect(body.entry[0].response.status).toMatch(/^422/)
    expect(body.entry[0].response.outcome.issue[0].details.coding[0].code).toBe(url)
    expect(body.entry[1].response.status).toMatch(/^201/)
  })

  test('refuses the whole of a transaction, and says which entry', async () => {
    await server.rule('NoUnknown', [noUnknown])
    const before = (await server.ask('GET', 'Patient?_summary=count')).body.total
    const answer = await server.ask('POST', '', { body: transaction(post(patient()), post(unknown)) })
    expect(answer.status).toBe(422)
    expect(answer.body.issue[0].expression).toEqual(['Bundle.entry[1]'])
    expect((await server.ask('GET', 'Patient?_summary=count')).body.total).toBe(before)
  })

  test('refuses when it cannot be judged, and says which rule', async () => {
    const url = await server.rule('Broken', [
      action('deny', 'data-added', 'Patient', {
        condition: [condition('%resource.name.family')],
      }),
    ])
    const answer = await server.ask('POST', 'Patient', { body: patient() })
    expect([answer.status, ruleIn(answer)]).toEqual([422, url])
    expect(answer.body.issue[0].details.text).toContain('cannot be judged')
  })

  test('refuses when judging takes too many steps', async () => {
    const all = '%resource.descendants()'
    const url = await server.rule('Endless', [
      action('deny', 'data-added', 'Patient', {
        condition: [condition(`${all}.where(${all}.where(${all}.count() > 100000).exists()).exists()`)],
      }),
    ])
    const many = patient({ name: Array.from({ length: 300 }, (_, i) => ({ family: `Synthetic ${i}` })) })
    const answer = await server.ask('POST', 'Patient', { body: many })
    expect([answer.status, ruleIn(answer)]).toEqual([422, url])
  })

  test('is recorded in the audit log, by its canonical', async () => {
    const url = await server.rule('Audited', [noUnknown])
    await server.ask('POST', 'Patient', { body: unknown, headers: { 'x-purpose-of-use': 'TREAT' } })
    const { body } = await server.ask('GET', 'AuditEvent?outcome=4&_count=200')
    const found = body.entry.filter(
      ({ resource }: { resource: { outcomeDesc?: string } }) => resource.outcomeDesc === url,
    )
    expect(found).toHaveLength(1)
    expect(found[0].resource.outcome).toBe('4')
    expect(JSON.stringify(found[0].resource)).toContain('"claimed-purpose-of-use","valueString":"TREAT"')
  })

  test('sees who asks, how and what for', async () => {
    await server.rule('Facts', [
      action('deny', 'data-added', 'Patient', {
        condition: [
          condition(
            "%request.interaction = 'create' and %request.type = 'Patient' and %request.method = 'POST' and %request.purpose = 'HRESCH' and %caller.id = 'sandbox'",
          ),
        ],
      }),
    ])
    const research = { 'x-purpose-of-use': 'HRESCH' }
    expect((await server.ask('POST', 'Patient', { body: patient(), headers: research })).status).toBe(422)
    expect((await server.ask('POST', 'Patient', { body: patient() })).status).toBe(201)
    const { body } = await server.ask('POST', '', {
      body: { ...transaction(post(patient())), type: 'batch' },
      headers: research,
    })
    expect(body.entry[0].response.status).toMatch(/^422/)
  })
})

describe('a rule that warns', () => {
  const warns = actionOn('warn', [...WRITES, 'data-removed'], 'Patient', {
    title: '請確認性別',
    condition: [condition('%resource.gender.empty()')],
  })
  const HEADER = "title*=UTF-8''%E8%AB%8B%E7%A2%BA%E8%AA%8D%E6%80%A7%E5%88%A5"

  test('lets the write pass, and tells in a header or in the outcome that was asked for', async () => {
    const url = await server.rule('Warns', [warns])
    const answer = await server.ask('POST', 'Patient', { body: patient() })
    expect(answer.status).toBe(201)
    expect(answer.body.resourceType).toBe('Patient')
    expect(answer.headers['x-rule-warning']).toBe(`<${url}>; ${HEADER}`)
    const told = await server.ask('POST', 'Patient', {
      body: patient(),
      headers: { prefer: 'return=OperationOutcome' },
    })
    expect(told.body.issue.map(({ severity }: { severity: string }) => severity)).toEqual(['information', 'warning'])
    expect(told.body.issue[1].details.coding[0].code).toBe(url)
    const gone = await server.ask('DELETE', `Patient/${answer.body.id}`)
    expect([gone.status, gone.headers['x-rule-warning']]).toEqual([204, `<${url}>; ${HEADER}`])
    expect(
      (await server.ask('POST', 'Patient', { body: patient({ gender: 'male' }) })).headers['x-rule-warning'],
    ).toBeUndefined()
  })

  test('tells in the outcome of the entry of a batch or transaction', async () => {
    const url = await server.rule('Warns', [warns])
    for (const type of ['batch', 'transaction']) {
      const { body } = await server.ask('POST', '', {
        body: { ...transaction(post(patient()), post(patient({ gender: 'male' }))), type },
      })
      expect(body.entry[0].response.status).toMatch(/^201/)
      expect(body.entry[0].response.outcome.issue[0]).toMatchObject({ severity: 'warning', code: 'business-rule' })
      expect(body.entry[0].response.outcome.issue[0].details.coding[0].code).toBe(url)
      expect(body.entry[1].response.outcome).toBeUndefined()
    }
  })
})

describe('a rule that tags', () => {
  const tags = actionOn('tag', WRITES, 'Patient', {
    condition: [condition("%resource.address.city = 'Taipei'")],
    dynamicValue: [dynamic('meta.tag', '%resource.maritalStatus.coding')],
  })

  test('puts its Codings in before the resource is stored and indexed, once', async () => {
    const coding = { system: 'urn:rule', code: 'north' }
    await server.rule('Tags', [tags])
    const own = { code: 'mine', system: 'urn:mine' }
    const body = patient({ meta: { tag: [own] }, address: [{ city: 'Taipei' }], maritalStatus: { coding: [coding] } })
    const stored = await server.create(body)
    expect(stored.meta['tag']).toEqual([own, coding])
    expect((await server.ask('GET', `Patient?_tag=urn:rule%7Cnorth&_id=${stored.id}`)).body.total).toBe(1)
    const again = await server.ask('PUT', `Patient/${stored.id}`, { body: stored })
    expect(again.body.meta.tag).toEqual([own, coding])
    const { body: made } = await server.ask('POST', '', {
      body: transaction(post(body)),
      headers: { prefer: 'return=representation' },
    })
    expect(made.entry[0].resource.meta.tag).toEqual([own, coding])
  })

  test('keeps the digits of decimals', async () => {
    await server.rule('Decimals', [
      action('tag', 'data-added', 'Observation', { dynamicValue: [dynamic('meta.tag', '%resource.code.coding')] }),
    ])
    const text =
      '{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"urn:t","code":"w"}]},"valueQuantity":{"value":1.500}}'
    const answer = await server.ask('POST', 'Observation', { body: text })
    expect(answer.text).toContain('"value":1.500')
    expect(answer.body.meta.tag).toEqual([{ system: 'urn:t', code: 'w' }])
  })
})

describe('a rule that derives', () => {
  const flag = (id: string) => ({
    resourceType: 'Flag',
    id,
    status: 'active',
    code: { text: 'Look closer' },
    subject: { reference: 'Patient/none' },
  })
  const derives = (type: string, more: object = {}) =>
    actionOn('derive', WRITES, type, {
      definitionUri: '#flag',
      dynamicValue: [dynamic('subject.reference', "'Patient/' + %resource.id")],
      ...more,
    })

  test('makes its resource in the same commit, and updates it rather than making another', async () => {
    await server.rule('Flags', [derives('Patient')], { contained: [flag('flag')] })
    const { id, ...rest } = await server.create(patient())
    const { body } = await server.ask('GET', `Flag?subject=Patient/${id}`)
    expect(body.total).toBe(1)
    expect(body.entry[0].resource).toMatchObject({ code: { text: 'Look closer' }, meta: { versionId: '1' } })
    await server.ask('PUT', `Patient/${id}`, { body: { ...rest, id } })
    const again = (await server.ask('GET', `Flag?subject=Patient/${id}`)).body
    expect([again.total, again.entry[0].resource.meta.versionId]).toEqual([1, '2'])
  })

  test('answers a transaction entry by entry, with what is derived beside', async () => {
    await server.rule('Flags', [derives('Patient')], { contained: [flag('flag')] })
    const { body } = await server.ask('POST', '', { body: transaction(post(patient()), post(patient())) })
    expect(body.entry).toHaveLength(2)
    const ids = body.entry.map(({ response }: { response: { location: string } }) =>
      response.location.split('/').at(-3),
    )
    for (const id of ids) expect((await server.ask('GET', `Flag?subject=Patient/${id}`)).body.total).toBe(1)
  })

  test('is refused with its source when another rule denies what it makes', async () => {
    await server.rule('Flags', [derives('Patient')], { contained: [flag('flag')] })
    const url = await server.rule('NoFlags', [action('deny', 'data-added', 'Flag')])
    const before = (await server.ask('GET', 'Patient?_summary=count')).body.total
    const answer = await server.ask('POST', 'Patient', { body: patient() })
    expect([answer.status, ruleIn(answer)]).toEqual([422, url])
    expect((await server.ask('GET', 'Patient?_summary=count')).body.total).toBe(before)
  })

  test('does not go on from what it made itself, and three rules deep at most', async () => {
    const basic = (kind: string) => ({
      resourceType: kind,
      id: 'made',
      status: 'active',
      code: { text: kind },
      subject: { reference: 'Patient/none' },
    })
    await server.rule('Self', [actionOn('derive', WRITES, 'Flag', { definitionUri: '#flag' })], {
      contained: [flag('flag')],
    })
    const before = (await server.ask('GET', 'Flag?_summary=count')).body.total
    await server.create({
      resourceType: 'Flag',
      status: 'active',
      code: { text: 'a' },
      subject: { reference: 'Patient/none' },
    })
    expect((await server.ask('GET', 'Flag?_summary=count')).body.total).toBe(before + 2)
    await server.withoutRules()
    // each derives a Flag from any Flag but its own: without an end they would go on
    for (const name of ['One', 'Two'])
      await server.rule(name, [actionOn('derive', WRITES, 'Flag', { definitionUri: '#made' })], {
        contained: [basic('Flag')],
      })
    const now = (await server.ask('GET', 'Flag?_summary=count')).body.total
    await server.create({
      resourceType: 'Flag',
      status: 'active',
      code: { text: 'b' },
      subject: { reference: 'Patient/none' },
    })
    // itself; and by each rule one, of that one by the other, of that one more: three deep
    expect((await server.ask('GET', 'Flag?_summary=count')).body.total).toBe(now + 7)
  })

  test('is left out when what it makes cannot be stored', async () => {
    await server.rule('Wrong', [derives('Patient', { dynamicValue: [dynamic('status', '%resource.gender')] })], {
      contained: [flag('flag')],
    })
    const flags = async () => (await server.ask('GET', 'Flag?_summary=count')).body.total as number
    const before = await flags()
    expect((await server.ask('POST', 'Patient', { body: patient({ gender: 'male' }) })).status).toBe(201)
    expect(await flags()).toBe(before)
  })
})

test('of fifty parallel updates each is judged on what it replaces', async () => {
  const { id } = await server.create(patient({ multipleBirthInteger: 0 }))
  await server.rule('Grows', [
    action('deny', 'data-modified', 'Patient', {
      condition: [condition('%resource.multipleBirth <= %previous.multipleBirth')],
    }),
  ])
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      server.ask('PUT', `Patient/${id}`, { body: patient({ id, multipleBirthInteger: ((i * 37) % 50) + 1 }) }),
    ),
  )
  for (const { status } of answers) expect([200, 409, 422]).toContain(status)
  const { body } = await server.ask('GET', `Patient/${id}/_history?_count=100`)
  const values = body.entry.map(
    ({ resource }: { resource: { multipleBirthInteger: number } }) => resource.multipleBirthInteger,
  )
  expect(values.length).toBeGreaterThan(1)
  expect(values).toEqual([...values].sort((a: number, b: number) => b - a))
  expect(values).toHaveLength(answers.filter(({ status }) => status === 200).length + 1)
})

test('where no rule speaks of it, an answer is byte for byte what it was', async () => {
  const { id } = await server.create(patient())
  const asked = [`Patient/${id}`, `Patient/${id}/_history`, `Patient?_id=${id}`, `Patient/${id}/$everything`]
  const texts = async () =>
    Promise.all(
      asked.map(async url =>
        // a Bundle tells when it was made, that of a history has an id of its own
        (await server.ask('GET', url)).text.replace(/^\{"resourceType":"Bundle",("id":"[^"]*",)?"meta":\{[^}]*\}/, '{'),
      ),
    )
  const before = await texts()
  await server.rule('Elsewhere', [
    actionOn('deny', WRITES, 'Observation'),
    action('mask', 'data-accessed', 'Observation', { dynamicValue: [{ path: 'note' }] }),
  ])
  expect(await texts()).toEqual(before)
})
