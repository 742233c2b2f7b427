/**
 * Documents: a Composition first, with all it refers to, and nothing that has no part in it.
 * https://hl7.org/fhir/R4/documents.html
 */
import { addressesIn, referencesIn, type Entries, type Entry } from './bundle-entries.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { objectsOf, textOf } from './read.ts'
import type { Run } from './words.ts'

export function checkDocument(bundle: Node, entries: Entries, run: Run): void {
  const first = firstOf(bundle, entries, run, 'Composition')
  if (!first?.resource) return
  const { definitions } = run
  const composition = first.resource
  const references = (holder: Node, names: readonly string[]) => {
    for (const name of names)
      for (const node of childrenNamed(holder, name, definitions)) mustResolve(node, first, entries, run)
  }
  references(composition, ['subject', 'encounter', 'author', 'custodian'])
  for (const attester of childrenNamed(composition, 'attester', definitions)) references(attester, ['party'])
  for (const event of childrenNamed(composition, 'event', definitions)) references(event, ['detail'])
  const sections = (holder: Node) => {
    for (const section of childrenNamed(holder, 'section', definitions)) {
      references(section, ['author', 'focus', 'entry'])
      sections(section)
    }
  }
  sections(composition)
  const { reached, backward } = reach(first, entries, run)
  for (const link of objectsOf(bundle.value, 'link')) {
    if (link['relation'] !== 'stylesheet') continue
    const sheet = entries.all.find(each => each.resource && `${each.resource.type}/${each.id}` === textOf(link, 'url'))
    if (sheet) reached.add(sheet)
  }
  for (const entry of entries.all) {
    const name = quoted(entry.fullUrl ?? '')
    if (!entry.resource) continue
    if (!reached.has(entry))
      run.report(entry.node, {
        code: 'informational',
        said: {
          en: `The entry ${name} has no part in the document: nothing in the Composition leads to it. Refer to it, or remove it.`,
          zh: `entry「${name}」與此文件無關：Composition 沒有參照到它。請加上參照或移除。`,
        },
      })
    else if (backward.has(entry) && entry.resource.type !== 'Provenance')
      run.report(entry.node, {
        severity: 'warning',
        code: 'invalid',
        said: {
          en: `The entry ${name} refers into the document, but nothing leads to it from the Composition. Only a Provenance may stand so; refer to it from a section.`,
          zh: `entry「${name}」參照文件內容，但 Composition 未參照它。只有 Provenance 可如此；請從 section 參照它。`,
        },
      })
  }
}

/** The first entry's resource, which is of a given type; says when it is not. */
export function firstOf(bundle: Node, entries: Entries, run: Run, type: string): Entry | undefined {
  const [first] = entries.all
  if (first?.resource?.type === type) return first
  run.report(first?.resource ?? first?.node ?? bundle, {
    code: 'invalid',
    said: {
      en: `The first entry of this Bundle is a ${type}. Put it there.`,
      zh: `此 Bundle 的第一個 entry 須為 ${type}，請將其放在最前面。`,
    },
  })
  return undefined
}

/** A Reference whose target has to be in the Bundle. */
export function mustResolve(node: Node, from: Entry, entries: Entries, run: Run): void {
  const reference = textOf(node.value, 'reference')
  if (reference === undefined || reference === '' || reference.startsWith('#')) return
  if (entries.find(reference, from).length > 0) return
  const alike = entries.alike(reference)
  const hint =
    alike.length > 0
      ? alike
          .map(({ fullUrl }) => quoted(fullUrl ?? ''))
          .slice(0, 3)
          .join(', ')
      : undefined
  run.report(node, {
    code: 'invalid',
    said: {
      en: `${quoted(reference)} leads to nothing in this Bundle, and has to. ${
        hint === undefined
          ? 'Add the resource as an entry, or correct the reference.'
          : `There is ${hint} with that type and id, but by its fullUrl (or version) it is another resource: make the fullUrls and the reference agree.`
      }`,
      zh: `${quoted(reference)} 在此 Bundle 中找不到對應的 entry。${
        hint === undefined
          ? '請將該資源加為 entry，或更正參照。'
          : `雖有類型與 id 相同的 ${hint}，但依其 fullUrl（或版本）屬於不同資源，請使 fullUrl 與參照一致。`
      }`,
    },
  })
}

/**
 * What can be reached from an entry: `backward` are those that only refer to what was reached, as a Provenance does.
 */
export function reach(
  first: Entry,
  entries: Entries,
  run: Run,
): { readonly reached: Set<Entry>; readonly backward: ReadonlySet<Entry> } {
  const targets = new Map(entries.all.map(entry => [entry, targetsOf(entry, entries, run)]))
  const sources = new Map<Entry, Entry[]>()
  for (const [entry, all] of targets)
    for (const target of all) {
      const list = sources.get(target)
      if (list) list.push(entry)
      else sources.set(target, [entry])
    }
  const reached = new Set<Entry>()
  const backward = new Set<Entry>()
  const forward = (from: Entry) => {
    const open = [from]
    for (let entry = open.pop(); entry; entry = open.pop()) {
      if (reached.has(entry)) continue
      reached.add(entry)
      waiting.push(entry)
      open.push(...targets.get(entry)!)
    }
  }
  const waiting: Entry[] = []
  forward(first)
  for (let entry = waiting.pop(); entry; entry = waiting.pop())
    for (const source of sources.get(entry) ?? []) {
      if (reached.has(source)) continue
      backward.add(source)
      forward(source)
    }
  return { reached, backward }
}

function targetsOf(entry: Entry, entries: Entries, run: Run): readonly Entry[] {
  if (!entry.resource || run.left() <= 0) return []
  const found = new Set<Entry>()
  for (const { text } of referencesIn(entry.resource, run.definitions))
    for (const target of entries.find(text, entry)) found.add(target)
  for (const address of addressesIn(entry.resource, run.definitions))
    for (const target of entries.find(address, entry)) found.add(target)
  found.delete(entry)
  return [...found]
}
