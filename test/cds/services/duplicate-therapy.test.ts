/**
 * duplicate-therapy: the same drug and the same ATC level 4, among drafts and against active orders.
 */
import { expect, test } from 'vitest'
import { duplicateTherapy } from '../../../src/cds/services/duplicate-therapy.ts'
import { active, cardsOf, draft, draftOrders, endure, type Asked } from '../../help/cds-call.ts'

const ask = (signed: readonly object[], taken: readonly object[] = [], more: Asked = {}) =>
  cardsOf(duplicateTherapy, { context: draftOrders(...signed), prefetch: { medications: taken }, ...more })

test('the same drug as an active order is a warning that names its day, and offers to remove the draft', async () => {
  const [card, ...more] = await ask([draft('d', 'A10BA02')], [active('a', 'A10BA02')])
  expect(more).toEqual([])
  expect(card).toMatchObject({ indicator: 'warning' })
  expect(card!.detail).toContain('2026\\-01\\-05')
  expect(card!.suggestions![0]!.actions![0]).toMatchObject({ type: 'delete', resourceId: 'MedicationRequest/d' })
})

test('the drug inside a combination is found: metformin and sitagliptin with metformin', async () => {
  expect((await ask([draft('d', 'A10BD07')], [active('a', 'A10BA02')]))[0]).toMatchObject({ indicator: 'warning' })
})

test('the same drug is found under RxNorm and under ATC, and for a drug that no table knows by its ATC code', async () => {
  const warfarin = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '11289' }] }
  expect((await ask([draft('d', warfarin)], [active('a', 'B01AA03')]))[0]).toMatchObject({ indicator: 'warning' })
  expect((await ask([draft('d', 'R06AX26')], [active('a', 'R06AX26')]))[0]).toMatchObject({ indicator: 'warning' })
})

test('another drug of the same ATC level 4 is information: two statins', async () => {
  const [card] = await ask([draft('d', 'C10AA07')], [active('a', 'C10AA05')])
  expect(card).toMatchObject({ indicator: 'info' })
  expect(card!.detail).toContain('C10AA')
})

test('two drafts that duplicate one another make one card', async () => {
  const cards = await ask([draft('d1', 'B01AF02'), draft('d2', 'B01AF01')])
  expect(cards).toHaveLength(1)
  expect(cards[0]!.summary).toContain('also about to be signed')
})

test('groups that only gather what is left over, and insulins, are no class', async () => {
  expect(await ask([draft('d', 'N06AX16')], [active('a', 'N06AX12')])).toEqual([])
  expect(await ask([draft('d', 'A10AE04')], [active('a', 'A10AB05')])).toEqual([])
})

test('a cream and a tablet, and drugs of different groups, raise nothing', async () => {
  expect(await ask([draft('d', 'D07AA02')], [active('a', 'H02AB09')])).toEqual([])
  expect(await ask([draft('d', { text: 'Diclofenac gel' })], [active('a', 'M01AB05')])).toEqual([])
  expect(await ask([draft('d', 'C09CA01')], [active('a', 'C08CA01')])).toEqual([])
})

test('orders that are over, on hold or only proposed, and the order itself as it is stored, raise nothing', async () => {
  for (const state of ['completed', 'stopped', 'on-hold', 'cancelled', 'draft'])
    expect(await ask([draft('d', 'A10BA02')], [active('a', 'A10BA02', { status: state })])).toEqual([])
  expect(await ask([draft('d', 'A10BA02')], [active('a', 'A10BA02', { intent: 'proposal' })])).toEqual([])
  expect(await ask([draft('d', 'A10BA02')], [active('d', 'A10BA02')])).toEqual([])
})

test('cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask([draft('d', 'A10BA02')], [active('a', 'A10BA02')], { language: 'zh-TW' })
  expect(card!.summary).toContain('成分相同')
})

test('no data of a wrong form makes it fail, and ten thousand orders make ten cards', async () => {
  await endure(duplicateTherapy, { context: draftOrders(draft('d', 'A10BA02')) })
  const many = Array.from({ length: 10_000 }, (_, n) => draft(`d${n}`, 'A10BA02'))
  expect(
    await ask(
      many,
      many.map((each, n) => ({ ...each, status: 'active', id: `a${n}` })),
    ),
  ).toHaveLength(10)
})
