/**
 * drug-interaction: known pairs among drafts and with active orders, with the level the source gives them.
 */
import { expect, test } from 'vitest'
import { drugNamed } from '../../../src/cds/knowledge/drugs.ts'
import { interactions } from '../../../src/cds/knowledge/interactions.ts'
import { drugInteraction } from '../../../src/cds/services/drug-interaction.ts'
import { active, cardsOf, draft, draftOrders, endure, type Asked } from '../../help/cds-call.ts'

const ask = (signed: readonly object[], taken: readonly object[] = [], more: Asked = {}) =>
  cardsOf(drugInteraction, { context: draftOrders(...signed), prefetch: { medications: taken }, ...more })
const atcOf = (name: string) => drugNamed(name).atc[0]!
const between = (one: string, other: string) => ask([draft('d', atcOf(one))], [active('a', atcOf(other))])

test.each([
  ['warfarin', 'ibuprofen', 'warning'],
  ['warfarin', 'fluconazole', 'warning'],
  ['capecitabine', 'warfarin', 'warning'],
  ['osimertinib', 'rifampicin', 'warning'],
  ['tamoxifen', 'paroxetine', 'warning'],
  ['tamoxifen', 'fluoxetine', 'warning'],
  ['methotrexate', 'trimethoprim', 'warning'],
  ['sildenafil', 'nitroglycerin', 'critical'],
  ['simvastatin', 'clarithromycin', 'critical'],
  ['febuxostat', 'azathioprine', 'critical'],
  ['haloperidol', 'ondansetron', 'warning'],
  ['spironolactone', 'losartan', 'info'],
])('%s with %s is %s, whichever is the draft', async (one, other, indicator) => {
  for (const cards of [await between(one, other), await between(other, one)]) {
    expect(cards).toHaveLength(1)
    expect(cards[0]!.indicator).toBe(indicator)
    expect(cards[0]!.detail).toContain('**Sources**')
  }
})

test.each([
  ['tamoxifen', 'venlafaxine'],
  ['warfarin', 'amlodipine'],
  ['rosuvastatin', 'clarithromycin'],
  ['clopidogrel', 'pantoprazole'],
  ['ondansetron', 'paracetamol'],
])('%s with %s raises nothing', async (one, other) => {
  expect(await between(one, other)).toEqual([])
})

test('two drafts that interact make one card, the contraindicated one first', async () => {
  const cards = await ask([
    draft('1', atcOf('warfarin')),
    draft('2', atcOf('ibuprofen')),
    draft('3', atcOf('simvastatin')),
    draft('4', atcOf('itraconazole')),
  ])
  expect(cards.map(each => each.indicator)).toEqual(['critical', 'warning'])
  expect(cards[1]!.detail).toContain('Other draft')
})

test('the drugs of one combination do not interact with one another', async () => {
  expect(await ask([draft('d', 'J01EE01')])).toEqual([])
})

test('methotrexate with co-trimoxazole, a combination of both, names each pair once', async () => {
  const cards = await ask([draft('d', 'J01EE01')], [active('a', 'L04AX03'), active('b', 'L01BA01')])
  expect(cards.map(each => each.summary.split(':')[0])).toEqual([
    'sulfamethoxazole + methotrexate',
    'trimethoprim + methotrexate',
  ])
})

test('what is over, on hold or for the skin raises nothing', async () => {
  const warfarin = [draft('d', 'B01AA03')]
  expect(await ask(warfarin, [active('a', 'M01AE01', { status: 'completed' })])).toEqual([])
  expect(await ask(warfarin, [active('a', 'M01AE01', { status: 'on-hold' })])).toEqual([])
  expect(await ask(warfarin, [active('a', { text: 'Diclofenac gel 1%' })])).toEqual([])
})

test('names alone are enough, and cards are in Chinese when Chinese is asked for', async () => {
  const [card] = await ask(
    [draft('d', { text: 'Sildenafil 50 mg tablet' })],
    [active('a', { text: '硝酸甘油舌下錠' })],
    {
      language: 'zh-TW',
    },
  )
  expect(card!.summary).toContain('禁止併用')
})

test('every row names drugs of the table and its source', () => {
  for (const { one, other, evidence } of interactions) {
    for (const name of [...one, ...other]) expect(drugNamed(name).name).toBe(name)
    expect(evidence.url).toMatch(/^https:\/\//)
  }
})

test('no data of a wrong form makes it fail, and ten thousand orders are answered', async () => {
  await endure(drugInteraction, { context: draftOrders(draft('d', 'B01AA03')) })
  const many = Array.from({ length: 10_000 }, (_, n) => draft(`d${n}`, n % 2 ? 'B01AA03' : 'M01AE01'))
  expect(await ask(many, many)).toHaveLength(1)
})
