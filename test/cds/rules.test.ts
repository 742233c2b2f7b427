/**
 * Rules stored as PlanDefinitions: refused when broken, served as CDS services at once when not.
 * https://cds-hooks.hl7.org/2.0/
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wrong } from '../../src/cds/check-json.ts'
import { discoverySchema, responseSchema } from '../../src/cds/schemas.ts'
import { services } from '../../src/cds/services.ts'
import { tryRule } from '../../src/cds/try-rule.ts'
import { ruleReader } from '../../src/rule-makings.ts'
import {
  code,
  condition,
  conditionsInput,
  dynamic,
  onData,
  onHook,
  patientInput,
  plan,
  variable,
} from '../help/rules.ts'
import { ADMIN, serve, type Served } from '../http/serving.ts'

let server: Served
beforeAll(async () => void (server = await serve()))
afterAll(() => server.close())

interface Service {
  readonly id: string
  readonly hook: string
  readonly prefetch?: object
}
const discovered = async (of = server) => (await of.ask('GET', '/cds-services')).body.services as Service[]
const inTheBox = new Set(services.map(({ id }) => id))
/** Of the rules. */
const idsOf = async (of = server) => (await discovered(of)).map(({ id }) => id).filter(id => !inTheBox.has(id))

const patient = { resourceType: 'Patient', id: 'p', birthDate: '1950-05-01' }
const call = async (
  id: string,
  {
    hook = 'patient-view',
    context = {},
    prefetch = { patient },
    headers = {},
  }: { hook?: string; context?: object; prefetch?: object; headers?: Record<string, string> } = {},
  of = server,
) => {
  const body = {
    hook,
    hookInstance: randomUUID(),
    context: { userId: 'Practitioner/1', patientId: 'p', ...context },
    prefetch,
  }
  const answer = await of.ask('POST', `/cds-services/${id}`, {
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  if (answer.status === 200) expect(wrong(responseSchema, answer.body)).toBeUndefined()
  return answer
}
const put = async (resource: object, id: string, of = server) =>
  of.ask('PUT', `/fhir/PlanDefinition/${id}`, { body: { ...resource, id } })
const old = { input: [patientInput], condition: [condition('%patient.birthDate <= today() - 65 years')] }

describe('a rule that is stored', () => {
  test('is a service in discovery at once, changes with each version, and goes when it is deleted or retired', async () => {
    const rule = plan('OldAge', [old])
    expect((await put(rule, 'old')).status).toBe(201)
    expect(await discovered()).toContainEqual({
      id: 'old-age',
      hook: 'patient-view',
      title: 'The rule OldAge',
      description: 'The rule OldAge',
      prefetch: { patient: 'Patient/{{context.patientId}}' },
    })
    expect(wrong(discoverySchema, (await server.ask('GET', '/cds-services')).body)).toBeUndefined()
    expect((await call('old-age')).body.cards).toHaveLength(1)
    await put({ ...rule, status: 'retired' }, 'old')
    expect(await idsOf()).not.toContain('old-age')
    expect((await call('old-age')).status).toBe(404)
    await put({ ...rule, name: 'Aged' }, 'old')
    expect(await idsOf()).toContain('aged')
    await server.ask('DELETE', '/fhir/PlanDefinition/old')
    expect(await idsOf()).not.toContain('aged')
  })

  test('speaks when its conditions hold, and is silent when they do not', async () => {
    await put(plan('Speaks', [old]), 'speaks')
    expect((await call('speaks')).body.cards).toMatchObject([
      { summary: 'Something is so', indicator: 'info', source: { label: 'The rule Speaks' } },
    ])
    expect((await call('speaks', { prefetch: { patient: { ...patient, birthDate: '2010-01-01' } } })).body).toEqual({
      cards: [],
    })
  })

  test('without its profile is an ordinary PlanDefinition', async () => {
    const { meta: _, ...ordinary } = plan('Ordinary', [{ condition: [condition('(((')] }])
    expect((await put(ordinary, 'ordinary')).status).toBe(201)
    expect(await idsOf()).not.toContain('ordinary')
  })

  test('has one service for each hook, with the actions of that hook only', async () => {
    await put(
      plan('TwoHooks', [{ title: 'Seen' }, { title: 'Starts', trigger: [onHook('encounter-start')] }]),
      'two-hooks',
    )
    const hooks = (await discovered()).filter(({ id }) => id === 'two-hooks').map(({ hook }) => hook)
    expect(hooks.sort()).toEqual(['encounter-start', 'patient-view'])
    expect((await call('two-hooks')).body.cards.map(({ summary }: { summary: string }) => summary)).toEqual(['Seen'])
    const started = await call('two-hooks', { hook: 'encounter-start', context: { encounterId: 'e' } })
    expect(started.body.cards.map(({ summary }: { summary: string }) => summary)).toEqual(['Starts'])
  })

  test('reads what was not prefetched from the server that the client names', async () => {
    await server.ask('PUT', '/fhir/Patient/p', { body: patient })
    await put(plan('Reads', [old]), 'reads')
    const body = {
      hook: 'patient-view',
      hookInstance: randomUUID(),
      fhirServer: server.fhir,
      context: { userId: 'Practitioner/1', patientId: 'p' },
    }
    const answer = await server.ask('POST', '/cds-services/reads', {
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.body.cards).toHaveLength(1)
  })

  test('never stands in place of another with the same name', async () => {
    await put(plan('SameName', [{ title: 'First' }], { url: 'https://example.org/1' }), 'same-1')
    await put(plan('SameName', [{ title: 'Second' }], { url: 'https://example.org/2' }), 'same-2')
    expect(await idsOf()).toEqual(expect.arrayContaining(['same-name', 'same-2']))
    expect((await call('same-name')).body.cards[0].summary).toBe('First')
  })

  test('never stands in place of a service in the box', async () => {
    const [first] = inTheBox
    await put(plan(first!, [{ title: 'Not this one' }]), 'in-the-box')
    expect(await idsOf()).toContain('in-the-box')
    expect((await call('in-the-box')).body.cards[0].summary).toBe('Not this one')
    await server.ask('DELETE', '/fhir/PlanDefinition/in-the-box')
  })

  test('is overtaken by another resource with the same url that is written later', async () => {
    await put(plan('Once', [{}], { url: 'https://example.org/once' }), 'once-1')
    await put(plan('OnceMore', [{}], { url: 'https://example.org/once' }), 'once-2')
    const ids = await idsOf()
    expect(ids).toContain('once-more')
    expect(ids).not.toContain('once')
  })
})

describe('a card of a rule', () => {
  test('has its texts in the language of the client, from data where an expression makes them', async () => {
    const translated = {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/translation',
          extension: [
            { url: 'lang', valueCode: 'zh-TW' },
            { url: 'content', valueString: '年長' },
          ],
        },
      ],
    }
    const action = {
      ...old,
      title: 'Of age',
      _title: translated,
      priority: 'stat',
      dynamicValue: [
        dynamic(
          'description',
          "iif(%language = 'zh-TW', '生於 ', 'Born ') & %patient.birthDate.toString() & '<script>'",
        ),
      ],
      documentation: [{ type: 'citation', display: 'A guideline', url: 'https://example.org/guideline' }],
      extension: [
        {
          url: 'https://fhir.dhp.tw.example/StructureDefinition/rule-override-reason',
          valueCoding: { code: 'known', display: 'Known already' },
        },
      ],
    }
    await put(plan('Texts', [action]), 'texts')
    const english = (await call('texts')).body.cards[0]
    expect(english).toMatchObject({
      summary: 'Of age',
      indicator: 'critical',
      source: { label: 'A guideline', url: 'https://example.org/guideline' },
      overrideReasons: [{ code: 'known', display: 'Known already' }],
      links: [{ label: 'A guideline', url: 'https://example.org/guideline', type: 'absolute' }],
    })
    expect(english.detail).toMatch(/^Born 1950-05-01&lt;script>/)
    const chinese = (await call('texts', { headers: { 'accept-language': 'zh-TW' } })).body.cards[0]
    expect(chinese.summary).toBe('年長')
    expect(chinese.detail).toMatch(/^生於 1950-05-01/)
  })

  test('suggests requests made of an ActivityDefinition, for this patient and by this user, and hides those that do not apply', async () => {
    const contained = [
      {
        resourceType: 'ActivityDefinition',
        id: 'scan',
        status: 'active',
        kind: 'ServiceRequest',
        intent: 'proposal',
        priority: 'urgent',
        code: { coding: [{ system: 'http://loinc.org', code: '24558-9' }] },
        dynamicValue: [dynamic('note[0].text', "'Born ' & %patient.birthDate.toString()")],
      },
    ]
    const suggestion = {
      title: 'Order a scan',
      definitionCanonical: '#scan',
      dynamicValue: [dynamic('reasonCode[0].text', "'Because'")],
    }
    await put(
      plan(
        'Suggests',
        [
          {
            ...old,
            selectionBehavior: 'at-most-one',
            action: [suggestion, { ...suggestion, title: 'Not now', condition: [condition('false')] }],
          },
        ],
        { contained },
      ),
      'suggests',
    )
    const [card] = (await call('suggests', { context: { encounterId: 'e1' } })).body.cards
    expect(card.selectionBehavior).toBe('at-most-one')
    expect(card.suggestions).toMatchObject([
      {
        label: 'Order a scan',
        actions: [
          {
            type: 'create',
            resource: {
              resourceType: 'ServiceRequest',
              status: 'draft',
              intent: 'proposal',
              priority: 'urgent',
              code: { coding: [{ code: '24558-9' }] },
              subject: { reference: 'Patient/p' },
              encounter: { reference: 'Encounter/e1' },
              requester: { reference: 'Practitioner/1' },
              note: [{ text: 'Born 1950-05-01' }],
              reasonCode: [{ text: 'Because' }],
            },
          },
        ],
      },
    ])
    const { resource } = card.suggestions[0].actions[0]
    expect((await server.ask('POST', '/fhir/ServiceRequest', { body: resource })).status).toBe(201)
  })

  test('suggests to take back what is being ordered', async () => {
    const remove = {
      title: 'Take it back',
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/action-type', code: 'remove' }] },
      dynamicValue: [
        dynamic(
          'resourceId',
          "%context.draftOrders.entry.resource.where(status = 'draft').select('MedicationRequest/' & id)",
        ),
      ],
    }
    await put(plan('TakesBack', [{ trigger: [onHook('order-sign')], action: [remove] }]), 'takes-back')
    const draft = (id: string, status: string) => ({ resource: { resourceType: 'MedicationRequest', id, status } })
    const answer = await call('takes-back', {
      hook: 'order-sign',
      context: { draftOrders: { resourceType: 'Bundle', entry: [draft('a', 'draft'), draft('b', 'active')] } },
    })
    expect(answer.body.cards[0].suggestions[0].actions).toEqual([
      { type: 'delete', description: 'Take it back', resourceId: 'MedicationRequest/a' },
    ])
  })

  test('is no card, but a system action, when the rule says so', async () => {
    const contained = [
      { resourceType: 'Task', id: 'task', status: 'requested', intent: 'order', description: 'Call back' },
    ]
    const action = {
      code: code('system-action'),
      definitionUri: '#task',
      dynamicValue: [dynamic('for.reference', "'Patient/' & %context.patientId")],
    }
    await put(plan('Acts', [action], { contained }), 'acts')
    expect((await call('acts')).body).toEqual({
      cards: [],
      systemActions: [
        {
          type: 'create',
          description: 'The rule Acts',
          resource: {
            resourceType: 'Task',
            status: 'requested',
            intent: 'order',
            description: 'Call back',
            for: { reference: 'Patient/p' },
          },
        },
      ],
    })
  })
})

describe('a rule that fails while it is judged', () => {
  const list = (length: number) => `(${Array.from({ length }, (_, i) => i).join(' | ')})`
  const endless = `${list(100)}.select(${list(100)}).select(${list(50)}).count() > 0`
  test.each([
    ['an error in its condition', { condition: [condition("('a' | 'b').toInteger() = 1")] }, /line 1 column/],
    ['its steps', { condition: [condition(endless)] }, /more than \d+ steps/],
    ['a text that is none', { dynamicValue: [dynamic('title', '%patient')] }, /choose an element/],
    ['an empty title', { dynamicValue: [dynamic('title', "''")] }, /summary must not be empty/],
  ])('because of %s leaves the call answered, and is counted', async (_, action, why) => {
    await put(plan('Fails', [{ title: 'The other' }, { input: [patientInput], ...action }]), 'fails')
    const answer = await call('fails')
    expect(answer.status).toBe(200)
    expect(answer.body.cards.map(({ summary }: { summary: string }) => summary)).toEqual(['The other'])
    const tenant = await server.app.tenants.room('default')
    const { lastFailure } = tenant.rules.all().find(({ id }) => id === 'fails')!.statistics
    expect(lastFailure).toMatchObject({
      place: expect.stringContaining('action[1]') as string,
      why: expect.stringMatching(why) as string,
    })
  })
})

describe('a broken rule', () => {
  const broken = plan('Broken', [{ condition: [condition('true'), condition("%context.where(a = 'b'")] }])
  const refused = (answer: { status: number; body: { issue: { expression?: string[]; diagnostics: string }[] } }) => {
    expect(answer.status).toBe(422)
    const [issue] = answer.body.issue
    expect(issue!.diagnostics).toMatch(/line 1 column \d+/)
    return issue!.expression
  }
  const place = ['PlanDefinition.action[0].condition[1].expression']

  test('is refused with the place of its fault, however it is written', async () => {
    expect(refused(await server.ask('POST', '/fhir/PlanDefinition', { body: broken }))).toEqual(place)
    expect(refused(await put(broken, 'broken'))).toEqual(place)
    await put(plan('Broken', [{ condition: [condition('true'), condition('true')] }]), 'broken')
    const patch = [{ op: 'replace', path: '/action/0/condition/1/expression/expression', value: '%context.where(' }]
    const headers = { 'content-type': 'application/json-patch+json' }
    expect(refused(await server.ask('PATCH', '/fhir/PlanDefinition/broken', { body: patch, headers }))).toEqual(place)
    const entry = [{ resource: broken, request: { method: 'POST', url: 'PlanDefinition' } }]
    const transaction = { resourceType: 'Bundle', type: 'transaction', entry }
    const answer = await server.ask('POST', '/fhir', { body: transaction })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('action[0].condition[1].expression')
    const kept = (await server.ask('GET', '/fhir/PlanDefinition/broken')).body
    expect(kept.action[0].condition[1].expression.expression).toBe('true')
  })

  test('cannot become a rule by being given the profile afterwards', async () => {
    const { meta, ...ordinary } = broken
    await put(ordinary, 'later')
    const parameters = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] }
    expect(refused(await server.ask('POST', '/fhir/PlanDefinition/later/$meta-add', { body: parameters }))).toEqual(
      place,
    )
  })

  test('is told of by $validate too', async () => {
    const answer = await server.ask('POST', '/fhir/PlanDefinition/$validate', { body: broken })
    expect(answer.status).toBe(200)
    expect(answer.body.issue).toContainEqual(expect.objectContaining({ severity: 'error', expression: place }))
  })

  test('may not ask of clients more than every client can do, nor name hooks that are none', async () => {
    const include = {
      ...patientInput,
      id: 'all',
      extension: [
        {
          ...patientInput.extension[0],
          valueString: 'Condition?patient={{context.patientId}}&_include=Condition:encounter',
        },
      ],
    }
    const answer = await put(plan('Asks', [{ input: [include] }, { trigger: [onHook('patient-vieww')] }]), 'asks')
    expect(answer.status).toBe(422)
    expect(answer.body.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics)).toEqual([
      '_include is beyond what every CDS client can do.',
      expect.stringContaining('patient-vieww is not a hook this server knows'),
    ])
  })

  test.each(['off', 'full'])('is refused at the level %s as well', async level => {
    const other = await serve({ DHP_VALIDATION: level })
    try {
      expect(refused(await put(broken, 'broken', other))).toEqual(place)
      expect((await put(plan('Fine', [old]), 'fine', other)).status).toBe(201)
    } finally {
      await other.close()
    }
  })

  test('with ten thousand conditions is refused while others are answered', async () => {
    const many = plan('Many', [{ condition: Array.from({ length: 10_000 }, () => condition('true')) }])
    const [answer, other] = await Promise.all([put(many, 'many'), server.ask('GET', '/fhir/metadata')])
    expect(answer.status).toBe(422)
    expect(other.status).toBe(200)
  })
})

describe('where rules need approval', () => {
  const room = (of: Served) => of.app.tenants.room('default')
  test('a rule acts when this very version of the resource is approved, until it is written again or switched off', async () => {
    const smart = await serve({ DHP_AUTH: 'smart' })
    try {
      const { engine, rules, door } = await room(smart)
      const { sandboxUser } = await import('../../src/access/caller.ts')
      const write = (more: object = {}) =>
        door.handle(
          {
            method: 'PUT',
            path: 'PlanDefinition/old',
            query: '',
            headers: {},
            base: smart.fhir,
            body: { ...plan('OldAge', [old]), id: 'old', ...more },
          },
          sandboxUser,
        )
      const url = 'https://example.org/PlanDefinition/OldAge'
      await write()
      expect(await idsOf(smart)).toEqual([])
      await rules.approve(url, 'admin')
      expect(await idsOf(smart)).toEqual(['old-age'])
      expect(await engine.records('rules-approved').get(url)).toMatchObject({
        version: '1.0.0',
        resource: 'PlanDefinition/old/_history/1',
      })
      await rules.switchOff(url)
      expect(await idsOf(smart)).toEqual([])
      await rules.switchOn(url)
      expect(await idsOf(smart)).toEqual(['old-age'])
      await write({ title: 'Something else under the same version' })
      expect(await idsOf(smart)).toEqual([])
      await rules.approve(url)
      await rules.withdraw(url)
      expect(await idsOf(smart)).toEqual([])
    } finally {
      await smart.close()
    }
  })
})

describe('an operator', () => {
  const admin = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
  test('adds, changes, exports and removes a rule as a CDS service', async () => {
    const ask = (method: string, path: string, body?: object) =>
      server.ask(method, `/admin/cds-services${path}`, { headers: admin, ...(body ? { body } : {}) })
    const { meta: _, ...rule } = plan('OfOperator', [{ title: 'One' }])
    const added = await ask('POST', '', { rule })
    expect(added.body, added.text).toMatchObject({ id: 'of-operator', kind: 'rule' })
    expect((await call('of-operator')).body.cards[0].summary).toBe('One')
    expect((await ask('GET', '/of-operator')).body.rule).toMatchObject({
      resourceType: 'PlanDefinition',
      name: 'OfOperator',
    })
    expect(
      (await ask('PUT', '/of-operator', { rule: { ...rule, action: plan('x', [{ title: 'Two' }])['action'] } })).status,
    ).toBe(200)
    expect((await call('of-operator')).body.cards[0].summary).toBe('Two')
    expect((await ask('POST', '', { rule: { ...rule, status: 'draft' } })).status).toBe(422)
    expect((await ask('POST', '', { rule: { ...rule, action: [{}] } })).status).toBe(422)
    expect((await ask('DELETE', '/of-operator')).status).toBeLessThan(300)
    expect(await idsOf()).not.toContain('of-operator')
  })
})

describe('trying a rule', () => {
  const parts = async () => {
    const tenant = await server.app.tenants.room('default')
    return { reader: ruleReader(tenant.definitions), rules: tenant.rules }
  }
  test('shows what it would answer and why, without storing it', async () => {
    const rule = plan('Tried', [old], { extension: [variable('age', 'today().toString()')] })
    const tried = tryRule(await parts(), rule, {
      hook: 'patient-view',
      context: { patientId: 'p' },
      prefetch: { patient },
    })
    expect(tried).toMatchObject({
      response: { cards: [{ summary: 'Something is so' }] },
      trace: { actions: [{ fired: true, conditions: [{ holds: true }] }] },
    })
    expect(await idsOf()).not.toContain('tried')
  })
  test('works for a stored rule by its canonical, and says when there is none', async () => {
    await put(plan('Stored', [{}]), 'stored')
    expect(
      tryRule(await parts(), 'https://example.org/PlanDefinition/Stored|1.0.0', { hook: 'patient-view' }),
    ).toMatchObject({ response: { cards: [{}] } })
    expect(tryRule(await parts(), 'https://example.org/nothing', { hook: 'patient-view' })).toMatchObject({
      problem: 'There is no rule https://example.org/nothing here.',
    })
  })
  test('shows what an interaction would come to: deny wins, and a denial that cannot be judged denies', async () => {
    const onCreate = { trigger: [onData('data-added', 'Observation')] }
    const denies = (expression: string) =>
      plan('Denies', [
        { ...onCreate, code: code('warn'), title: 'Look again' },
        { ...onCreate, code: code('deny'), title: 'Not so', condition: [condition(expression)] },
      ])
    const resource = { resourceType: 'Observation', status: 'final', code: {} }
    const at = await parts()
    expect(tryRule(at, denies("status = 'final'"), { resource })).toMatchObject({
      outcome: { denied: [{ title: 'Not so' }], warned: [] },
    })
    expect(tryRule(at, denies("status = 'draft'"), { resource })).toMatchObject({
      outcome: { denied: [], warned: [{ title: 'Look again' }] },
    })
    expect(tryRule(at, denies("('a' | 'b').toInteger() = 1"), { resource })).toMatchObject({
      outcome: { denied: [{ unjudged: true }], warned: [] },
    })
  })
  test('tells the faults of a broken one', async () => {
    expect(
      tryRule(await parts(), plan('Broken', [{ condition: [condition('(')] }]), { hook: 'patient-view' }),
    ).toMatchObject({ faults: [{}] })
  })
})

test('a hundred large rules in one transaction hold nobody up, and are all there afterwards', async () => {
  const part = Array.from({ length: 40 }, (_, i) => `b${i} = 'c${i}'`).join(' and ')
  const large = (i: number) =>
    plan(`Large${i}`, [
      { condition: Array.from({ length: 20 }, (_, n) => condition(`%context.a.where(${part}).exists() and 1 = ${n}`)) },
    ])
  const entry = Array.from({ length: 100 }, (_, i) => ({
    resource: { ...large(i), id: `large-${i}` },
    request: { method: 'PUT', url: `PlanDefinition/large-${i}` },
  }))
  const other = await serve()
  try {
    const answer = await other.ask('POST', '/fhir', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
    expect(answer.status).toBe(200)
    expect(await idsOf(other)).toHaveLength(100)
  } finally {
    await other.close()
  }
})

test('rules are there again after a restart', async () => {
  const { makeLiveRules } = await import('../../src/rules/live-rules.ts')
  const tenant = await server.app.tenants.room('default')
  await put(plan('Stays', [{ input: [conditionsInput] }]), 'stays')
  const again = makeLiveRules({
    store: tenant.engine,
    records: name => tenant.engine.records(name),
    reader: () => ruleReader(tenant.definitions),
    open: true,
  })
  expect(again.live()).toEqual([])
  await again.ready()
  expect(again.live().map(({ name }) => name)).toEqual(tenant.rules.live().map(({ name }) => name))
})
