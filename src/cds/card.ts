/**
 * Makers of cards in two languages, and the limits a card has.
 * https://cds-hooks.hl7.org/2.0/#card-attributes
 */
import { randomUUID } from 'node:crypto'
import type { Resource } from '../fhir/types.ts'
import type { Action, Card, Coding, Evidence, Language, Link, Suggestion } from './words.ts'

/** A text in the languages of the server. */
export type Said = Readonly<Record<Language, string>>

export const said = (en: string, zh: string): Said => ({ en, 'zh-TW': zh })

/** Said at the end of every card of ours. */
const SANDBOX = said(
  'A sandbox for trying interfaces: not a medical device, not for decisions about real patients.',
  '本服務為介接測試沙盒，非醫療器材，不得用於真實病人的醫療決策。',
)

export interface CardParts {
  readonly summary: Said
  readonly indicator: Card['indicator']
  /** Markdown. */
  readonly detail?: Said
  /** The first is the card's source; all are listed at the end of its detail. */
  readonly evidence: readonly Evidence[]
  readonly topic?: Coding
  readonly suggestions?: readonly Suggestion[]
  readonly selectionBehavior?: Card['selectionBehavior']
  readonly overrideReasons?: readonly Coding[]
  readonly links?: readonly Link[]
}

/** A card of a service in the box: with its sources, and the word that this is a sandbox. */
export function card(parts: CardParts, language: Language): Card {
  const { summary, indicator, detail, evidence, topic, suggestions = [], overrideReasons = [], links = [] } = parts
  const [first] = evidence
  const sources = evidence.map(({ label, url }) => `- [${label}](${url})`).join('\n')
  const heading = language === 'en' ? 'Sources' : '資料來源'
  return {
    uuid: randomUUID(),
    summary: fitting(summary[language]),
    detail: [...(detail ? [detail[language]] : []), `**${heading}**\n\n${sources}`, `*${SANDBOX[language]}*`].join(
      '\n\n',
    ),
    indicator,
    source: {
      label: first?.label ?? 'DHP FHIR server',
      ...(first ? { url: first.url } : {}),
      ...(topic ? { topic } : {}),
    },
    ...(suggestions.length > 0 ? { suggestions, selectionBehavior: parts.selectionBehavior ?? ('any' as const) } : {}),
    ...(overrideReasons.length > 0 ? { overrideReasons } : {}),
    ...(links.length > 0 ? { links } : {}),
  }
}

const LONGEST_SUMMARY = 139

/** The summary, cut where it would be too long for a card. */
export function fitting(summary: string): string {
  const characters = [...summary]
  if (summary.length <= LONGEST_SUMMARY) return summary
  let text = ''
  for (const character of characters) {
    if (text.length + character.length > LONGEST_SUMMARY - 1) break
    text += character
  }
  return `${text}…`
}

/** A suggestion that creates resources. */
export const creating = (label: string, resources: readonly Resource[], isRecommended?: true): Suggestion => ({
  label,
  uuid: randomUUID(),
  ...(isRecommended ? { isRecommended } : {}),
  actions: resources.map((resource): Action => ({ type: 'create', description: label, resource })),
})

/** A text of others inside Markdown: nothing in it is markup. */
export const plainText = (text: string): string =>
  text
    .replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, '\\$&')
    .replace(/\s+/g, ' ')
    .slice(0, 500)
