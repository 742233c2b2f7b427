/**
 * duplicate-therapy: the same drug, or another of the same ATC level 4, ordered twice or taken already.
 * https://atcddd.fhi.no/atc/structure_and_principles/
 */
import { MOST_CARDS, overrideReasons, takingBack } from '../alerts.ts'
import { card, plainText, said } from '../card.ts'
import { ACTIVE_ORDERS, actives, drafts, type Order } from '../orders.ts'
import type { Card, CdsService, Evidence, Language } from '../words.ts'

const ATC: Evidence = {
  label: 'WHO ATC: structure and principles',
  url: 'https://atcddd.fhi.no/atc/structure_and_principles/',
}

export const duplicateTherapy: CdsService = {
  id: 'duplicate-therapy',
  hook: 'order-sign',
  title: 'Duplicate therapy 重複用藥檢核',
  description:
    'Finds medicines about to be signed that hold the same drug, or belong to the same ATC level 4 group, as another draft or an active order. 找出與其他待簽署醫囑或使用中醫囑成分相同、或同屬 ATC 第四層分類的藥品。',
  prefetch: { medications: ACTIVE_ORDERS },
  evidence: [ATC],
  answer(call) {
    const signed = drafts(call).filter(isSystemic)
    if (signed.length === 0) return { cards: [] }
    const taken = actives(call.prefetch['medications'], signed).filter(isSystemic)
    const found: Found[] = []
    const seen = new Map<string, Held>()
    const taking = new Map<string, Held>()
    for (const order of taken)
      for (const key of keysOf(order)) if (!taking.has(key)) taking.set(key, { order, isDraft: false })
    for (const order of signed) {
      const keys = keysOf(order)
      // a drug in common says more than a group in common
      const key = keys.find(each => taking.has(each) || seen.has(each))
      const other = key === undefined ? undefined : (taking.get(key) ?? seen.get(key))
      if (key !== undefined && other) found.push({ order, other, key })
      for (const each of keys) if (!seen.has(each)) seen.set(each, { order, isDraft: true })
    }
    found.sort((one, other) => Number(isDrug(other.key)) - Number(isDrug(one.key)))
    return { cards: found.slice(0, MOST_CARDS).map(each => cardOf(each, call.language)) }
  },
}

interface Held {
  readonly order: Order
  readonly isDraft: boolean
}

interface Found {
  readonly order: Order
  readonly other: Held
  readonly key: string
}

/** What is put on the skin or into the eye duplicates nothing that is swallowed. */
const isSystemic = ({ medicine }: Order) => !medicine.local

const DRUG = 'drug:'
const isDrug = (key: string) => key.startsWith(DRUG)

/**
 * Groups of level 4 whose members are meant to be taken together, or that only gather what has no group of its own:
 * the last letter X of level 4 ("other"), insulins of different duration, vaccines, infusions.
 */
const isNoClass = (group: string) => group.endsWith('X') || /^(?:A10A|J07|B05|V)/.test(group)

/** What an order may have in common with another: its drugs, its ATC code, its ATC level 4. */
function keysOf({ medicine: { drugs, atc } }: Order): readonly string[] {
  const codes = atc.filter(code => /^[A-Z]\d\d[A-Z]{2}\d\d$/.test(code))
  return [
    ...drugs.map(({ name }) => `${DRUG}${name}`),
    ...codes.map(code => `${DRUG}${code}`),
    ...codes.map(code => code.slice(0, 5)).filter(group => !isNoClass(group)),
  ]
}

function cardOf({ order, other, key }: Found, language: Language): Card {
  const { medicine } = order
  const held = other.order
  const same = isDrug(key)
  const where = other.isDraft ? said('also about to be signed', '同批待簽署') : said('active', '使用中')
  const summary = same
    ? said(
        `${medicine.label}: same drug as ${held.medicine.label} (${where.en})`,
        `${medicine.label}：與「${held.medicine.label}」成分相同（${where['zh-TW']}）`,
      )
    : said(
        `${medicine.label}: same class as ${held.medicine.label} (${where.en})`,
        `${medicine.label}：與「${held.medicine.label}」同類（${where['zh-TW']}）`,
      )
  const common = plainText(same ? key.slice(DRUG.length) : `ATC ${key}`)
  const since = held.authored ? plainText(held.authored) : undefined
  const dose = doseOf(held)
  return card(
    {
      summary,
      indicator: same ? 'warning' : 'info',
      detail: said(
        `- Order: ${plainText(medicine.label)}\n- ${other.isDraft ? 'Other draft' : 'Active order'}: ${plainText(held.medicine.label)}${since ? `, written ${since}` : ''}${dose ? `, ${dose}` : ''}\n- In common: ${common}\n\nKeep one, or say why both are needed (a change of dose, a bridge, a combination that is meant).`,
        `- 醫囑：${plainText(medicine.label)}\n- ${other.isDraft ? '同批醫囑' : '使用中醫囑'}：${plainText(held.medicine.label)}${since ? `，開立日 ${since}` : ''}${dose ? `，${dose}` : ''}\n- 相同之處：${common}\n\n請保留其一，或說明併用理由（如調整劑量、銜接用藥、刻意併用）。`,
      ),
      evidence: [ATC],
      suggestions: takingBack(order, language),
      overrideReasons: overrideReasons(language),
    },
    language,
  )
}

function doseOf({ resource }: Order): string | undefined {
  const first: unknown = Array.isArray(resource.dosageInstruction) ? resource.dosageInstruction[0] : undefined
  const text = (first as { text?: unknown } | null | undefined)?.text
  return typeof text === 'string' && text !== '' ? plainText(text.slice(0, 100)) : undefined
}
