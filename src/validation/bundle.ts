/**
 * Bundles: the addresses of entries, links, and what each type of Bundle asks of its entries.
 * https://hl7.org/fhir/R4/bundle.html
 */
import type { Said } from '../fhir/code-check.ts'
import { entriesOf, isAbsolute, referencesIn, type Entries, type Entry } from './bundle-entries.ts'
import { checkDocument } from './document.ts'
import { checkMessage } from './message.ts'
import { childrenNamed, type Node } from './node.ts'
import { isUuid } from './primitives.ts'
import { quoted } from './quoted.ts'
import { objectOf, textOf } from './read.ts'
import { checkSearchset } from './searchset.ts'
import type { ResourceRule, Run } from './words.ts'

export const bundle: ResourceRule = {
  types: ['Bundle'],
  check(node, run) {
    const type = textOf(node.value, 'type') ?? ''
    const entries = entriesOf(node, run.definitions)
    checkLinks(node, type, run)
    for (const entry of entries.all) {
      checkFullUrl(entry, type, run)
      checkRequest(entry, type, run)
    }
    checkAmbiguous(entries, run)
    if (type === 'document') checkDocument(node, entries, run)
    else if (type === 'message') checkMessage(node, entries, run)
    else if (type === 'searchset') checkSearchset(node, entries, run)
  },
}

/** https://hl7.org/fhir/R4/http.html#paging: relations of pages belong to searches and histories. */
function checkLinks(node: Node, type: string, run: Run): void {
  const links = childrenNamed(node, 'link', run.definitions)
  const pages = type === 'searchset' || type === 'history'
  const seen = new Set<string>()
  for (const link of links) {
    const relation = textOf(link.value, 'relation') ?? ''
    const paging = ['first', 'previous', 'prev', 'next', 'last'].includes(relation)
    if (paging && !pages)
      run.report(
        link,
        {
          code: 'invalid',
          said: {
            en: `A link ${quoted(relation)} is for pages of a search or history; a Bundle of type ${quoted(type)} has none. Remove it.`,
            zh: `連結「${relation}」用於查詢或歷史的分頁；類型為「${quoted(type, '')}」的 Bundle 沒有分頁，請移除。`,
          },
        },
        '.relation',
      )
    if ((paging || relation === 'self') && seen.has(relation))
      run.report(link, {
        code: 'invalid',
        said: {
          en: `There is another link ${quoted(relation)} above. Keep one.`,
          zh: `前面已有連結「${relation}」，請只保留一個。`,
        },
      })
    seen.add(relation)
  }
}

/** https://hl7.org/fhir/R4/bundle.html#bundle-unique */
function checkFullUrl({ node, fullUrl, resource, id }: Entry, type: string, run: Run): void {
  const report = (said: Said, below = '.fullUrl') => run.report(node, { code: 'invalid', said }, below)
  if (fullUrl === undefined) {
    if (!/^(batch|transaction)(-response)?$/.test(type) && resource)
      report(
        {
          en: `In a Bundle of type ${quoted(type)} each entry has a fullUrl. Add it: the resource's address, or urn:uuid: and a UUID.`,
          zh: `類型為「${quoted(type, '')}」的 Bundle 中每個 entry 須有 fullUrl。請填資源網址，或 urn:uuid: 加 UUID。`,
        },
        '',
      )
    return
  }
  if (!isAbsolute(fullUrl))
    return report({
      en: `The fullUrl ${quoted(fullUrl)} is not absolute. Write it in full, as in https://example.org/fhir/Patient/1, or urn:uuid: and a UUID.`,
      zh: `fullUrl「${quoted(fullUrl, '')}」不是絕對網址。請寫完整，例如 https://example.org/fhir/Patient/1，或 urn:uuid: 加 UUID。`,
    })
  if (fullUrl.startsWith('urn:uuid:') && !isUuid(fullUrl)) return
  if (fullUrl.includes('/_history/'))
    return report({
      en: `The fullUrl ${quoted(fullUrl)} names a version. Leave out "/_history/…"; the version is in meta.versionId.`,
      zh: `fullUrl「${quoted(fullUrl, '')}」含有版本。請移除「/_history/…」，版本寫在 meta.versionId。`,
    })
  const rest = /\/([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})$/.exec(fullUrl)
  if (!resource || !rest || !/^https?:/.test(fullUrl) || !run.definitions.isResourceType(rest[1]!)) return
  // what a transaction is about to create need not have an id yet
  if (id === undefined) {
    if (type !== 'transaction' && type !== 'batch')
      report({
        en: `The fullUrl ${quoted(fullUrl)} is the address of a resource with an id, and the resource has none. Add the id.`,
        zh: `fullUrl「${quoted(fullUrl, '')}」是有 id 的資源網址，但資源沒有 id，請補上。`,
      })
    return
  }
  if (rest[1] !== resource.type || rest[2] !== id)
    report({
      en: `The fullUrl ${quoted(fullUrl)} does not end in the resource's type and id, ${resource.type}/${id}. Correct one of them.`,
      zh: `fullUrl「${quoted(fullUrl, '')}」的結尾與資源的類型及 id（${resource.type}/${id}）不符，請更正其一。`,
    })
}

/** https://hl7.org/fhir/R4/http.html#transaction */
function checkRequest({ node, resource }: Entry, type: string, run: Run): void {
  if (type !== 'batch' && type !== 'transaction') return
  const request = objectOf(node.value, 'request')
  const [method, url] = [textOf(request, 'method'), textOf(request, 'url')]
  if (method === undefined || url === undefined) return
  const report = (said: Said) => run.report(node, { code: 'invalid', said }, '.request')
  if ((method === 'POST' || method === 'PUT') && !resource && !url.includes('$'))
    report({
      en: `A ${method} needs a resource to send. Add entry.resource.`,
      zh: `${method} 須有要傳送的資源，請加上 entry.resource。`,
    })
  if (!resource || (method !== 'POST' && method !== 'PUT')) return
  const named = url.replace(/^\//, '').split(/[/?]/, 1)[0]!
  if (run.definitions.isResourceType(named) && named !== resource.type && resource.type !== 'Parameters')
    report({
      en: `The request is for ${named}, and the resource is a ${resource.type}. Make them the same.`,
      zh: `request 的對象是 ${named}，但資源是 ${resource.type}，請更正使其一致。`,
    })
}

/** References that could lead to several entries, which have one fullUrl in common. */
function checkAmbiguous(entries: Entries, run: Run): void {
  const urls = entries.all.flatMap(({ fullUrl }) => fullUrl ?? [])
  if (new Set(urls).size === urls.length) return
  for (const entry of entries.all) {
    if (run.left() <= 0) return
    if (!entry.resource) continue
    for (const { node, text } of referencesIn(entry.resource, run.definitions))
      if (entries.find(text, entry).length > 1)
        run.report(node, {
          code: 'forbidden',
          said: {
            en: `${quoted(text)} leads to several entries with the same fullUrl. Name the version (…/_history/1), or keep one of them.`,
            zh: `${quoted(text)} 對應到多個 fullUrl 相同的 entry。請指明版本（…/_history/1）或只保留一個。`,
          },
        })
  }
}
