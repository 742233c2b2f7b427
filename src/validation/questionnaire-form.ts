/**
 * A Questionnaire as a tree of its items, read once.
 * https://hl7.org/fhir/R4/questionnaire.html
 */
import { objectsOf, textOf, type JsonObject } from './read.ts'

export interface FormItem {
  readonly linkId: string
  readonly text: string | undefined
  /** `group`, `display`, `choice`, …; '' when it is missing. */
  readonly type: string
  readonly required: boolean
  readonly repeats: boolean
  readonly items: readonly FormItem[]
  readonly parent: FormItem | undefined
  readonly raw: JsonObject
}

export interface Form {
  readonly resource: JsonObject
  readonly items: readonly FormItem[]
  /** Of several with one linkId the first. */
  readonly byLinkId: ReadonlyMap<string, FormItem>
}

const known = new WeakMap<object, Form>()

export function readForm(resource: JsonObject): Form {
  const before = known.get(resource)
  if (before) return before
  const byLinkId = new Map<string, FormItem>()
  const read = (holder: JsonObject, parent: FormItem | undefined): readonly FormItem[] =>
    objectsOf(holder, 'item').map(raw => {
      const items: FormItem[] = []
      const item: FormItem = {
        linkId: textOf(raw, 'linkId') ?? '',
        text: textOf(raw, 'text'),
        type: textOf(raw, 'type') ?? '',
        required: raw['required'] === true,
        repeats: raw['repeats'] === true,
        items,
        parent,
        raw,
      }
      if (!byLinkId.has(item.linkId)) byLinkId.set(item.linkId, item)
      items.push(...read(raw, item))
      return item
    })
  const form = { resource, items: read(resource, undefined), byLinkId }
  known.set(resource, form)
  return form
}

/** The item itself and those it is in, innermost first. */
export function* ancestors(item: FormItem | undefined): Iterable<FormItem> {
  for (let at = item; at; at = at.parent) yield at
}
