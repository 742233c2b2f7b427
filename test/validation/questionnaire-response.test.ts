/** Answers against their form. https://hl7.org/fhir/R4/questionnaireresponse.html */
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/fhir/json.ts'
import { cost } from '../help/cost.ts'
import { div, saidAt, wrong } from './validator.ts'

const URL = 'http://example.org/Questionnaire/form'
const CORE = 'http://hl7.org/fhir/StructureDefinition/'
type Item = Readonly<Record<string, unknown>>

const form = (item: readonly Item[], more: object = {}) => ({
  resourceType: 'Questionnaire',
  url: URL,
  status: 'active',
  item,
  ...more,
})
const response = (item: readonly Item[], more: object = {}) => ({
  resourceType: 'QuestionnaireResponse',
  text: { status: 'generated', div: div('answers') },
  questionnaire: URL,
  status: 'completed',
  item,
  ...more,
})
const answered = (linkId: string, ...answer: readonly object[]) => ({ linkId, answer })
const checked = (questions: readonly Item[], answers: readonly Item[], more: object = {}) =>
  wrong(response(answers, more), { supporting: [form(questions)] })

const ITEM = 'QuestionnaireResponse.item[0]'

describe('answers', () => {
  const q = (type: string, more: object = {}) => ({ linkId: 'q', type, ...more })
  it.each<[string, string, object, object]>([
    ['boolean', 'boolean', { valueBoolean: true }, { valueString: 'true' }],
    ['decimal', 'decimal', { valueDecimal: 1.5 }, { valueInteger: 1 }],
    ['integer', 'integer', { valueInteger: 1 }, { valueDecimal: 1.5 }],
    ['date', 'date', { valueDate: '2024' }, { valueDateTime: '2024' }],
    ['dateTime', 'dateTime', { valueDateTime: '2024' }, { valueDate: '2024' }],
    ['time', 'time', { valueTime: '10:00:00' }, { valueString: '10:00:00' }],
    ['string', 'string', { valueString: 'a' }, { valueUri: 'a' }],
    ['text', 'text', { valueString: 'a\nb' }, { valueCoding: { system: 'http://example.org/x', code: 'a' } }],
    ['url', 'url', { valueUri: 'http://example.org' }, { valueString: 'http://example.org' }],
    ['choice', 'choice', { valueCoding: { system: 'http://example.org/x', code: 'a' } }, { valueBoolean: true }],
    ['attachment', 'attachment', { valueAttachment: { url: 'http://example.org/a' } }, { valueString: 'a' }],
    ['reference', 'reference', { valueReference: { reference: 'Patient/1' } }, { valueString: 'a' }],
    ['quantity', 'quantity', { valueQuantity: { value: 1, unit: 'kg' } }, { valueDecimal: 1 }],
  ])('to a question of type %s have its type', async (_, type, good, bad) => {
    expect(await checked([q(type)], [answered('q', good)])).toEqual([])
    const [at] = await checked([q(type)], [answered('q', bad)])
    expect(at).toMatch(/^QuestionnaireResponse\.item\[0\]\.answer\[0\]\.value\.ofType\(/)
  })

  it('that repeat where the question does not are refused', async () => {
    const two = [answered('q', { valueString: 'a' }, { valueString: 'b' })]
    expect(await checked([q('string')], two)).toEqual([ITEM])
    expect(await checked([q('string', { repeats: true })], two)).toEqual([])
  })

  it('too few or too many by minOccurs and maxOccurs are refused', async () => {
    const occurs = (min: number, max: number) =>
      q('string', {
        repeats: true,
        extension: [
          { url: `${CORE}questionnaire-minOccurs`, valueInteger: min },
          { url: `${CORE}questionnaire-maxOccurs`, valueInteger: max },
        ],
      })
    const two = [answered('q', { valueString: 'a' }, { valueString: 'b' })]
    expect(await checked([occurs(2, 2)], two)).toEqual([])
    expect(await checked([occurs(3, 4)], two)).toEqual([ITEM])
    expect(await checked([occurs(0, 1)], two)).toEqual([ITEM])
  })

  it('outside of a least and most value are refused, whatever their type', async () => {
    const within = (type: string, value: string, least: unknown, most: unknown) =>
      q(type, {
        extension: [
          { url: `${CORE}minValue`, [value]: least },
          { url: `${CORE}maxValue`, [value]: most },
        ],
      })
    const AT = `${ITEM}.answer[0].value.ofType`
    expect(await checked([within('integer', 'valueInteger', 1, 3)], [answered('q', { valueInteger: 4 })])).toEqual([
      `${AT}(integer)`,
    ])
    expect(await checked([within('integer', 'valueInteger', 1, 3)], [answered('q', { valueInteger: 3 })])).toEqual([])
    expect(
      await checked([within('date', 'valueDate', '2020', '2022')], [answered('q', { valueDate: '2019-12-31' })]),
    ).toEqual([`${AT}(date)`])
    expect(
      await checked([within('date', 'valueDate', '2020', '2022')], [answered('q', { valueDate: '2022-12-31' })]),
    ).toEqual([])
    expect(
      await checked([within('time', 'valueTime', '08:00:00', '17:00:00')], [answered('q', { valueTime: '07:59:59' })]),
    ).toEqual([`${AT}(time)`])
  })

  it('in another unit are converted before they are compared, and refused where they cannot be', async () => {
    const km = (value: number) => ({ value, unit: 'km', system: 'http://unitsofmeasure.org', code: 'km' })
    const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-'
    const long = q('quantity', {
      extension: [
        { url: `${SDC}minQuantity`, valueQuantity: km(1) },
        { url: `${SDC}maxQuantity`, valueQuantity: km(5) },
      ],
    })
    const answer = (value: number, code: string) => [
      answered('q', { valueQuantity: { value, unit: code, system: 'http://unitsofmeasure.org', code } }),
    ]
    expect(await checked([long], answer(2000, 'm'))).toEqual([])
    expect(await checked([long], answer(900, 'm'))).toEqual([`${ITEM}.answer[0].value.ofType(Quantity)`])
    expect(await checked([long], answer(2, 'kg'))).toEqual([`${ITEM}.answer[0].value.ofType(Quantity)`])
    expect(await checked([long], [answered('q', { valueQuantity: { value: 2, unit: 'km' } })])).toHaveLength(1)
  })

  it('keep their digits: 1.50 has two decimal places', async () => {
    const one = q('decimal', { extension: [{ url: `${CORE}maxDecimalPlaces`, valueInteger: 1 }] })
    const sent = (digits: string) =>
      parseJson(
        Buffer.from(
          JSON.stringify(response([answered('q', { valueDecimal: 0 })])).replace(
            '"valueDecimal":0',
            `"valueDecimal":${digits}`,
          ),
        ),
      )
    expect(await wrong(sent('1.50'), { supporting: [form([one])] })).toHaveLength(1)
    expect(await wrong(sent('1.5'), { supporting: [form([one])] })).toEqual([])
  })

  it('too long, too short or of another form are refused', async () => {
    const string = q('string', {
      maxLength: 5,
      extension: [
        { url: `${CORE}minLength`, valueInteger: 2 },
        { url: `${CORE}regex`, valueString: '[a-z]+' },
      ],
    })
    for (const [text, count] of [
      ['abc', 0],
      ['a', 1],
      ['abcdef', 1],
      ['ABC', 1],
    ] as const)
      expect(await checked([string], [answered('q', { valueString: text })]), text).toHaveLength(count)
  })

  it('are held against a regex that explodes for a moment only, and a warning says so', async () => {
    const slow = q('string', { extension: [{ url: `${CORE}regex`, valueString: '(a+)+b' }] })
    const sent = response([answered('q', { valueString: 'a'.repeat(40) })])
    let said: unknown
    const taken = await cost(async () => (said = await wrong(sent, { supporting: [form([slow])] }, 'warning')))
    expect(said).toContain(`${ITEM}.answer[0].value.ofType(string)`)
    expect(taken).toBeLessThan(2_000)
  })

  it('that are references lead to an allowed type', async () => {
    const to = q('reference', { extension: [{ url: `${CORE}questionnaire-referenceResource`, valueCode: 'Patient' }] })
    const AT = `${ITEM}.answer[0].value.ofType(Reference)`
    expect(await checked([to], [answered('q', { valueReference: { reference: 'Patient/1' } })])).toEqual([])
    expect(await checked([to], [answered('q', { valueReference: { reference: 'Group/1' } })])).toEqual([AT])
    expect(
      await checked(
        [q('reference')],
        [answered('q', { valueReference: { reference: 'https://example.org/Chicken/1' } })],
      ),
    ).toContain(AT)
  })

  it('that are attachments keep to the size and type allowed', async () => {
    const small = q('attachment', {
      extension: [
        { url: `${CORE}maxSize`, valueDecimal: 5 },
        { url: `${CORE}mimeType`, valueCode: 'text/plain' },
      ],
    })
    const sent = (data: string, contentType: string) => [answered('q', { valueAttachment: { contentType, data } })]
    expect(await checked([small], sent('aGVsbG8=', 'text/plain'))).toEqual([])
    expect(await checked([small], sent('aGVsbG8h', 'text/plain'))).toEqual([`${ITEM}.answer[0]`])
    expect(await checked([small], sent('aGVsbG8=', 'image/png'))).toEqual([`${ITEM}.answer[0]`])
  })
})

describe('choices', () => {
  const system = 'http://example.org/x'
  const options = ['a', 'b', 'none'].map(code => ({
    valueCoding: { system, code },
    ...(code === 'none' ? { extension: [{ url: `${CORE}questionnaire-optionExclusive`, valueBoolean: true }] } : {}),
  }))
  const choice = (type: string, more: object = {}) => ({
    linkId: 'q',
    type,
    repeats: true,
    answerOption: options,
    ...more,
  })
  const coded = (...codes: readonly string[]) => [
    answered('q', ...codes.map(code => ({ valueCoding: { system, code } }))),
  ]

  it('are among the options', async () => {
    expect(await checked([choice('choice')], coded('a', 'b'))).toEqual([])
    expect(await checked([choice('choice')], coded('a', 'c'))).toEqual([`${ITEM}.answer[1]`])
  })

  it('that exclude all others stand alone', async () => {
    expect(await checked([choice('choice')], coded('none'))).toEqual([])
    expect(await checked([choice('choice')], coded('a', 'none'))).toEqual([`${ITEM}.answer[1]`])
  })

  it('may be a text of one’s own where they are open', async () => {
    const own = [answered('q', { valueString: 'other' })]
    expect(await checked([choice('open-choice')], own)).toEqual([])
    expect(await checked([choice('choice')], own)).toHaveLength(1)
  })

  it('keep to the answer constraint that the form says, whatever the type of the question', async () => {
    const url = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.answerConstraint'
    const to = (valueCode: string) => ({ extension: [{ url, valueCode }] })
    const own = [answered('q', { valueString: 'other' })]
    expect(await checked([choice('open-choice', to('optionsOnly'))], own)).toHaveLength(1)
    expect(await checked([choice('choice', to('optionsOrString'))], own)).toEqual([])
    expect(await checked([choice('choice', to('optionsOrString'))], coded('c'))).toHaveLength(1)
    expect(await checked([choice('choice', to('optionsOrType'))], coded('c'))).toEqual([])
  })

  it('of a value set’s codes only are not made in words', async () => {
    const answerValueSet = 'http://hl7.org/fhir/ValueSet/administrative-gender'
    const own = [answered('q', { valueString: 'other' })]
    expect(await checked([{ linkId: 'q', type: 'choice', answerValueSet }], own)).toEqual([`${ITEM}.answer[0]`])
    expect(await checked([{ linkId: 'q', type: 'open-choice', answerValueSet }], own)).toEqual([])
  })

  it('are in the value set, which may be one of the server’s or come within the form', async () => {
    const gender = { linkId: 'q', type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' }
    const of = (code: string) => [
      answered('q', { valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code } }),
    ]
    expect(await checked([gender], of('male'))).toEqual([])
    expect(await checked([gender], of('mail'))).toContain(`${ITEM}.answer[0]`)
    const contained = [
      {
        resourceType: 'ValueSet',
        id: 'own',
        status: 'active',
        compose: { include: [{ system, concept: [{ code: 'a' }] }] },
      },
    ]
    const local = form([{ linkId: 'q', type: 'choice', answerValueSet: '#own' }], { contained })
    expect(await wrong(response(coded('a')), { supporting: [local] })).toEqual([])
    expect(await wrong(response(coded('b')), { supporting: [local] })).toEqual([`${ITEM}.answer[0]`])
  })
})

describe('items', () => {
  const group = {
    linkId: 'g',
    type: 'group',
    item: [
      { linkId: 'a', type: 'string', required: true },
      { linkId: 'b', type: 'string' },
    ],
  }
  const a = answered('a', { valueString: 'x' })
  const b = answered('b', { valueString: 'y' })

  it('in their group and order are fine', async () => {
    expect(await checked([group], [{ linkId: 'g', item: [a, b] }])).toEqual([])
  })

  it('that are required and missing are refused, in a completed response only', async () => {
    expect(await checked([group], [{ linkId: 'g', item: [b] }])).toEqual([ITEM])
    expect(await checked([group], [{ linkId: 'g', item: [b] }], { status: 'in-progress' })).toEqual([])
    expect(await checked([{ linkId: 'q', type: 'string', required: true }], [{ linkId: 'q' }])).toEqual([ITEM])
  })

  it('that the form does not have, or has elsewhere, or in another order, are refused', async () => {
    expect(await checked([group], [{ linkId: 'g', item: [a, b] }, answered('z', { valueString: 'x' })])).toEqual([
      'QuestionnaireResponse',
    ])
    expect(await checked([group], [{ linkId: 'g', item: [a] }, b])).toEqual(['QuestionnaireResponse'])
    expect(await checked([group], [{ linkId: 'g', item: [b, a] }])).toEqual([ITEM])
  })

  it('of a group have no answers, those of a question are within its answers', async () => {
    expect(await checked([group], [{ linkId: 'g', answer: [{ item: [a] }] }])).toContain(ITEM)
    const nested = { linkId: 'q', type: 'string', item: [{ linkId: 'a', type: 'string', required: true }] }
    expect(await checked([nested], [{ linkId: 'q', answer: [{ valueString: 'x', item: [a] }] }])).toEqual([])
    expect(await checked([nested], [{ linkId: 'q', answer: [{ valueString: 'x' }] }])).toEqual([`${ITEM}.answer[0]`])
  })

  it('whose text is not the form’s are refused', async () => {
    const asked = { linkId: 'q', type: 'string', text: 'Your name?' }
    expect(await checked([asked], [{ ...answered('q', { valueString: 'x' }), text: 'Your name?' }])).toEqual([])
    expect(await checked([asked], [{ ...answered('q', { valueString: 'x' }), text: 'Your age?' }])).toEqual([ITEM])
  })

  it('say in both languages which one is missing', async () => {
    const asked = form([{ linkId: 'q1', type: 'string', text: '姓名', required: true }])
    const [finding] = await saidAt('QuestionnaireResponse', response([]), { supporting: [asked] })
    const missing = (
      await saidAt('QuestionnaireResponse', { ...response([]), item: undefined }, { supporting: [asked] })
    ).find(({ code }) => code === 'required')
    expect([finding, missing].some(each => each?.said.en.includes('"q1"') && each.said.zh.includes('必填'))).toBe(true)
  })
})

describe('conditions', () => {
  const depends = (enableWhen: readonly object[], more: object = {}) => [
    { linkId: 'n', type: 'integer', repeats: true },
    { linkId: 'c', type: 'choice' },
    { linkId: 'd', type: 'string', required: true, enableWhen, ...more },
  ]
  const n = (value: number) => answered('n', { valueInteger: value })
  const d = answered('d', { valueString: 'x' })

  it.each<[string, number, boolean]>([
    ['=', 5, true],
    ['=', 4, false],
    ['!=', 4, true],
    ['>', 5, false],
    ['>', 6, true],
    ['>=', 5, true],
    ['<', 5, false],
    ['<=', 5, true],
  ])('answer %s 5 with the answer %d', async (operator, value, enabled) => {
    const questions = depends([{ question: 'n', operator, answerInteger: 5 }])
    expect((await checked(questions, [n(value), d])).length === 0).toBe(enabled)
    expect((await checked(questions, [n(value)])).length === 0).toBe(!enabled)
  })

  it('exists, all and any', async () => {
    const exists = { question: 'c', operator: 'exists', answerBoolean: false }
    const five = { question: 'n', operator: '=', answerInteger: 5 }
    expect(await checked(depends([exists]), [d])).toEqual([])
    expect(await checked(depends([exists, five], { enableBehavior: 'all' }), [n(4), d])).toEqual([
      'QuestionnaireResponse.item[1]',
    ])
    expect(await checked(depends([exists, five], { enableBehavior: 'any' }), [n(4), d])).toEqual([])
  })

  it('look at the answers of the same repetition of a group', async () => {
    const repeating = {
      linkId: 'g',
      type: 'group',
      repeats: true,
      item: [
        { linkId: 'n', type: 'integer' },
        { linkId: 'd', type: 'string', enableWhen: [{ question: 'n', operator: '=', answerInteger: 1 }] },
      ],
    }
    const once = (value: number) => ({ linkId: 'g', item: [n(value), d] })
    expect(await checked([repeating], [once(1), once(2)])).toEqual(['QuestionnaireResponse.item[1].item[1]'])
  })

  it('that are expressions are not judged', async () => {
    const url = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression'
    const extension = [{ url, valueExpression: { language: 'text/fhirpath', expression: 'false' } }]
    const questions = [{ linkId: 'd', type: 'string', required: true, extension }]
    expect(await checked(questions, [d])).toEqual([])
    expect(await checked(questions, [])).not.toContain('QuestionnaireResponse.item[0]')
  })
})

it('a response whose form is not here gets a warning, one outside of its period, too', async () => {
  const gone = response([], { questionnaire: 'http://nowhere.org/Questionnaire/x' })
  expect(await wrong(gone, {}, 'warning')).toContain('QuestionnaireResponse')
  const ended = form([{ linkId: 'q', type: 'string' }], { effectivePeriod: { end: '2020-12-31' } })
  const late = response([{ linkId: 'q' }], { authored: '2021-01-01' })
  expect(await wrong(late, { supporting: [ended] }, 'warning')).toContain('QuestionnaireResponse.authored')
})

describe('what would pass unseen beside other mistakes', () => {
  const only = async (questions: readonly Item[], answers: readonly Item[], word: string) => {
    const findings = await saidAt(ITEM, response(answers), { supporting: [form(questions)] })
    expect(findings.map(({ said }) => said.en).join('\n')).toContain(word)
  }
  const inner = [answered('a', { valueString: 'x' })]

  it('an answer on a group', () =>
    only(
      [{ linkId: 'g', type: 'group', item: [{ linkId: 'a', type: 'string' }] }],
      [{ linkId: 'g', answer: [{ valueString: 'x' }] }],
      'takes no answer',
    ))

  it('an item below a displayed text', () =>
    only([{ linkId: 'g', type: 'display' }], [{ linkId: 'g', item: inner }], 'only displays'))

  it('items right below a question', () =>
    only(
      [{ linkId: 'g', type: 'string', item: [{ linkId: 'a', type: 'string' }] }],
      [{ linkId: 'g', answer: [{ valueString: 'x' }], item: inner }],
      'answer.item',
    ))

  it('one group sent twice that does not repeat', async () => {
    const g = { linkId: 'g', type: 'group', item: [{ linkId: 'a', type: 'string' }] }
    expect(
      await checked(
        [g],
        [
          { linkId: 'g', item: inner },
          { linkId: 'g', item: inner },
        ],
      ),
    ).toEqual(['QuestionnaireResponse'])
  })

  it('a unit that is none of those offered', async () => {
    const unit = (code: string) => ({
      url: `${CORE}questionnaire-unitOption`,
      valueCoding: { system: 'http://unitsofmeasure.org', code },
    })
    const q = { linkId: 'q', type: 'quantity', extension: [unit('kg'), unit('g')] }
    const sent = (code: string) => [
      answered('q', { valueQuantity: { value: 1, unit: code, system: 'http://unitsofmeasure.org', code } }),
    ]
    expect(await checked([q], sent('g'))).toEqual([])
    expect(await checked([q], sent('m'))).toEqual([`${ITEM}.answer[0].value.ofType(Quantity)`])
  })

  it('a choice that cannot be checked, or has no code', async () => {
    const at = async (question: Item, coding: object, more: object = {}) =>
      (
        await saidAt(`${ITEM}.answer[0]`, response([answered('q', { valueCoding: coding })]), {
          supporting: [form([question], more)],
        })
      ).map(({ severity }) => severity)
    const coding = { system: 'http://example.org/x', code: 'a' }
    expect(await at({ linkId: 'q', type: 'choice' }, coding)).toEqual(['information'])
    expect(await at({ linkId: 'q', type: 'choice', answerValueSet: 'http://nowhere.org/vs' }, coding)).toEqual([
      'warning',
    ])
    expect(await at({ linkId: 'q', type: 'choice', answerValueSet: '#gone' }, coding)).toEqual(['warning'])
    expect(
      await at({ linkId: 'q', type: 'choice', answerValueSet: 'http://nowhere.org/vs' }, { display: 'a' }),
    ).toEqual(['error'])
    expect(
      await at({ linkId: 'q', type: 'open-choice', answerValueSet: 'http://nowhere.org/vs' }, { display: 'a' }),
    ).toEqual([])
  })

  it('a response without a form, and one before its time', async () => {
    expect(await wrong({ ...response([{ linkId: 'q' }]), questionnaire: undefined }, {}, 'information')).toContain(
      'QuestionnaireResponse',
    )
    const later = form([{ linkId: 'q', type: 'string' }], { effectivePeriod: { start: '2022' } })
    const early = response([{ linkId: 'q' }], { authored: '2021-12-31' })
    expect(await wrong(early, { supporting: [later] }, 'warning')).toContain('QuestionnaireResponse.authored')
  })
})
