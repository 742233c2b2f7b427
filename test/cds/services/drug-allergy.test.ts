/**
 * drug-allergy: it speaks of the same drug, the same class and of classes that may cross-react; and of nothing else.
 */
import { expect, test } from 'vitest'
import { drugAllergy } from '../../../src/cds/services/drug-allergy.ts'
import { active, cardsOf, draft, draftOrders, endure, type Asked } from '../../help/cds-call.ts'

const SCT = 'http://snomed.info/sct'
const allergy = (code: object, more: object = {}) => ({ resourceType: 'AllergyIntolerance', code, ...more })
const sct = (code: string, display?: string) => ({ coding: [{ system: SCT, code, ...(display ? { display } : {}) }] })
const state = (clinical: string, verification: string) => ({
  clinicalStatus: { coding: [{ code: clinical }] },
  verificationStatus: { coding: [{ code: verification }] },
})
const penicillin = allergy(sct('91936005', 'Allergy to penicillin'), { criticality: 'high' })

const ask = (order: string | object, allergies: readonly object[], more: Asked = {}) =>
  cardsOf(drugAllergy, { context: draftOrders(draft('d1', order)), prefetch: { allergies }, ...more })

test('amoxicillin for a patient allergic to penicillin is critical when criticality is high, and offers to remove the order', async () => {
  const [card, ...more] = await ask('J01CA04', [
    { ...penicillin, reaction: [{ manifestation: [{ text: 'Anaphylaxis' }], severity: 'severe' }] },
  ])
  expect(more).toEqual([])
  expect(card).toMatchObject({ indicator: 'critical', selectionBehavior: 'any' })
  expect(card!.summary).toContain('Allergy to penicillin')
  expect(card!.detail).toContain('Anaphylaxis')
  expect(card!.detail).toContain('criticality: high')
  expect(card!.suggestions![0]!.actions).toEqual([
    { type: 'delete', description: expect.any(String), resourceId: 'MedicationRequest/d1' },
  ])
  expect(card!.overrideReasons!.length).toBeGreaterThan(0)
  for (const reason of card!.overrideReasons!) expect(reason.display).toBeTruthy()
})

test('criticality low makes a warning, a severe reaction makes it critical', async () => {
  const low = { ...penicillin, criticality: 'low' }
  expect((await ask('J01CA04', [low]))[0]!.indicator).toBe('warning')
  expect((await ask('J01CA04', [{ ...low, reaction: [{ severity: 'severe' }] }]))[0]!.indicator).toBe('critical')
})

test('a cephalosporin is a lower alert, lowest when criticality is not high, and names the side chain where it is shared', async () => {
  expect((await ask('J01DD04', [penicillin]))[0]!.indicator).toBe('warning')
  expect((await ask('J01DD04', [{ ...penicillin, criticality: 'low' }]))[0]!.indicator).toBe('info')
  expect((await ask('J01DB01', [penicillin]))[0]!.detail).toContain('side chain with this cephalosporin')
  expect((await ask('J01DD04', [penicillin]))[0]!.detail).not.toContain('side chain with this cephalosporin')
})

test('the same drug is found by RxNorm ingredient and by SNOMED CT substance', async () => {
  const rxnorm = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '519' }] }
  expect(await ask('M04AA01', [allergy(rxnorm)])).toHaveLength(1)
  expect(await ask(rxnorm, [allergy(sct('387135004'))])).toHaveLength(1)
  expect(await ask('M04AA03', [allergy(sct('387135004'))])).toEqual([])
})

test('sulfonamide antibiotics are meant by an allergy to sulfonamides, furosemide and celecoxib are not', async () => {
  const sulfa = [allergy(sct('91939003'))]
  expect(await ask('J01EE01', sulfa)).toHaveLength(1)
  expect(await ask('C03CA01', sulfa)).toEqual([])
  expect(await ask('M01AH01', sulfa)).toEqual([])
})

test('an allergy to aspirin speaks of ibuprofen as the same class, and a gel counts too', async () => {
  const aspirin = [allergy(sct('293586001', 'Allergy to aspirin'))]
  expect((await ask('M01AE01', aspirin))[0]!.summary).toContain('same class')
  expect(await ask({ text: 'Ibuprofen gel' }, aspirin)).toHaveLength(1)
})

test('a text without codes counts as whole words, in English and Chinese', async () => {
  expect(await ask('J01CA04', [allergy({ text: 'Penicillin (rash as a child)' })])).toHaveLength(1)
  expect(await ask('J01CA04', [allergy({ text: '盤尼西林類' })])).toHaveLength(1)
  expect(await ask('J01EE01', [allergy({ text: 'sulfate' })])).toEqual([])
  expect(await ask('J01EE01', [allergy({ text: 'Sulfa drugs' })])).toHaveLength(1)
})

test('what says that there is no allergy is none', async () => {
  expect(await ask('J01CA04', [allergy(sct('716186003', 'No known allergy'))])).toEqual([])
  expect(await ask('J01CA04', [allergy({ text: 'Denies penicillin allergy' })])).toEqual([])
  expect(await ask('J01CA04', [allergy({ text: '無青黴素過敏' })])).toEqual([])
})

test('what says that a drug is not borne names an allergy, and so does the full name of a class', async () => {
  expect(await ask('J01CA04', [allergy({ text: 'Penicillin not tolerated' })])).toHaveLength(1)
  expect(await ask('J01CA04', [allergy({ text: '無法耐受盤尼西林' })])).toHaveLength(1)
  for (const text of ['Non-steroidal anti-inflammatory drugs', 'NSAIDs', '非類固醇消炎止痛藥'])
    expect(await ask('M01AE01', [allergy({ text })]), text).toHaveLength(1)
})

test('a carbapenem after a severe reaction to penicillin is information only', async () => {
  expect((await ask('J01DH02', [penicillin]))[0]).toMatchObject({ indicator: 'info' })
})

test('refuted, entered in error, resolved and inactive allergies do not count; unconfirmed ones do', async () => {
  for (const [clinical, verification] of [
    ['active', 'refuted'],
    ['active', 'entered-in-error'],
    ['resolved', 'confirmed'],
    ['inactive', 'confirmed'],
  ] as const)
    expect(await ask('J01CA04', [{ ...penicillin, ...state(clinical, verification) }])).toEqual([])
  expect(await ask('J01CA04', [{ ...penicillin, ...state('active', 'unconfirmed') }])).toHaveLength(1)
})

test('a cancelled draft, an order not to give, and a drug of another class raise nothing', async () => {
  const prefetch = { allergies: [penicillin] }
  for (const order of [
    active('1', 'J01CA04', { status: 'cancelled' }),
    draft('1', 'J01CA04', { doNotPerform: true }),
    draft('1', 'J01FA10'),
  ])
    expect(await cardsOf(drugAllergy, { context: draftOrders(order), prefetch })).toEqual([])
})

test('a draft that refers to a Medication it contains, or that comes along, is read', async () => {
  const medication = { resourceType: 'Medication', id: 'm', code: { text: 'Amoxicillin 500 mg' } }
  const contained = draft('1', '', {
    medicationCodeableConcept: undefined,
    contained: [medication],
    medicationReference: { reference: '#m' },
  })
  const beside = draft('1', '', {
    medicationCodeableConcept: undefined,
    medicationReference: { reference: 'Medication/m' },
  })
  const prefetch = { allergies: [penicillin] }
  expect(await cardsOf(drugAllergy, { context: draftOrders(contained), prefetch })).toHaveLength(1)
  expect(await cardsOf(drugAllergy, { context: draftOrders(beside, medication), prefetch })).toHaveLength(1)
})

test('a draft without an id has no suggestion to remove it', async () => {
  const order = draft('', 'J01CA04', { id: undefined })
  const [card] = await cardsOf(drugAllergy, { context: draftOrders(order), prefetch: { allergies: [penicillin] } })
  expect(card).not.toHaveProperty('suggestions')
  expect(card).not.toHaveProperty('selectionBehavior')
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask('J01CA04', [penicillin], { language: 'zh-TW' })
  expect(card!.summary).toContain('過敏紀錄')
  expect(card!.detail).toContain('青黴素類')
})

test('ten thousand orders and ten thousand allergies are answered with the ten gravest cards', async () => {
  const orders = Array.from({ length: 10_000 }, (_, n) => draft(`d${n}`, n === 9_999 ? 'J01CA04' : 'J01DD04'))
  const allergies = Array.from({ length: 10_000 }, () => penicillin)
  const cards = await cardsOf(drugAllergy, { context: draftOrders(...orders), prefetch: { allergies } })
  expect(cards).toHaveLength(10)
  expect(cards[0]!.indicator).toBe('critical')
})

test('no data of a wrong form makes it fail', async () => {
  await endure(drugAllergy, { context: draftOrders(draft('d1', 'J01CA04')), prefetch: { allergies: [penicillin] } })
})
