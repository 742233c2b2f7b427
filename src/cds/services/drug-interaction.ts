/**
 * drug-interaction: pairs of medicines about to be signed, and of these with what the patient takes, that a small table warns of.
 * https://cds-hooks.hl7.org/hooks/order-sign/
 */
import { MOST_CARDS, overrideReasons, takingBack } from '../alerts.ts'
import { card, plainText, said } from '../card.ts'
import { drugNamed, type Drug } from '../knowledge/drugs.ts'
import { interactions, type Interaction } from '../knowledge/interactions.ts'
import { ACTIVE_ORDERS, actives, drafts, type Order } from '../orders.ts'
import type { Card, CdsService, Language } from '../words.ts'

export const drugInteraction: CdsService = {
  id: 'drug-interaction',
  hook: 'order-sign',
  title: 'Drug interactions 藥物交互作用檢核',
  description:
    'Compares medicines that are about to be signed with one another and with active orders, by a small table of known interactions with their sources. 依附來源之小型交互作用表，比對待簽署藥囑彼此之間及與使用中藥品之交互作用。',
  prefetch: { medications: ACTIVE_ORDERS },
  answer(call) {
    const signed = drafts(call).filter(isSystemic)
    if (signed.length === 0) return { cards: [] }
    const holders = new Map<Drug, Order>()
    for (const order of actives(call.prefetch['medications'], signed).filter(isSystemic)) hold(holders, order)
    const found: Found[] = []
    const told = new Set<string>()
    for (const order of signed) {
      for (const drug of order.medicine.drugs)
        for (const [partner, row] of partners.get(drug) ?? []) {
          const other = holders.get(partner)
          if (!other) continue
          const key = [drug.name, partner.name].sort().join(' + ')
          if (told.has(key)) continue
          told.add(key)
          found.push({ order, drug, other, partner, row })
        }
      hold(holders, order)
    }
    found.sort((one, other) => LEVELS.indexOf(one.row.level) - LEVELS.indexOf(other.row.level))
    return { cards: found.slice(0, MOST_CARDS).map(each => cardOf(each, call.language)) }
  },
}

interface Found {
  readonly order: Order
  readonly drug: Drug
  readonly other: Order
  readonly partner: Drug
  readonly row: Interaction
}

const LEVELS = ['contraindicated', 'avoid', 'watch'] as const
const INDICATORS = { contraindicated: 'critical', avoid: 'warning', watch: 'info' } as const

const isSystemic = ({ medicine }: Order) => !medicine.local

function hold(holders: Map<Drug, Order>, order: Order): void {
  for (const drug of order.medicine.drugs) if (!holders.has(drug)) holders.set(drug, order)
}

/** Both ways, the first row of a pair. */
const partners = new Map<Drug, Map<Drug, Interaction>>()
for (const row of interactions)
  for (const one of row.one.map(drugNamed))
    for (const other of row.other.map(drugNamed)) {
      if (one === other) continue
      pair(one, other, row)
      pair(other, one, row)
    }

function pair(one: Drug, other: Drug, row: Interaction): void {
  const held = partners.get(one) ?? new Map<Drug, Interaction>()
  if (!held.has(other)) held.set(other, row)
  partners.set(one, held)
}

function cardOf({ order, drug, other, partner, row }: Found, language: Language): Card {
  const isDraft = other.resource.status !== 'active'
  const level = {
    contraindicated: said('contraindicated together', '禁止併用'),
    avoid: said('avoid or adjust', '避免併用或調整'),
    watch: said('watch', '需監測'),
  }[row.level]
  const since = other.authored ? plainText(other.authored) : undefined
  return card(
    {
      summary: said(
        `${drug.name} + ${partner.name}: ${level.en}`,
        `${drug.name} 與 ${partner.name}：${level['zh-TW']}`,
      ),
      indicator: INDICATORS[row.level],
      detail: said(
        `- Order: ${plainText(order.medicine.label)}\n- ${isDraft ? 'Other draft' : 'Active order'}: ${plainText(other.medicine.label)}${since ? `, written ${since}` : ''}\n\n${row.says.en}`,
        `- 醫囑：${plainText(order.medicine.label)}\n- ${isDraft ? '同批醫囑' : '使用中醫囑'}：${plainText(other.medicine.label)}${since ? `，開立日 ${since}` : ''}\n\n${row.says['zh-TW']}`,
      ),
      evidence: [row.evidence],
      suggestions: takingBack(order, language),
      overrideReasons: overrideReasons(language),
    },
    language,
  )
}
