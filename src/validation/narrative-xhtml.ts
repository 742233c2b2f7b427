/**
 * What of XHTML a narrative may use: elements, attributes and addresses that format, and their places in one another.
 * https://hl7.org/fhir/R4/narrative.html#xhtml
 */
import type { Said } from '../fhir/code-check.ts'
import { quoted } from './quoted.ts'
import { readXhtml, type XhtmlElement } from './xhtml.ts'

const XHTML = 'http://www.w3.org/1999/xhtml'

const words = (text: string) => new Set(text.split(' '))

/** Chapters 7 to 11 and 15 of HTML 4.0, without forms; `a`, images and anything else that R4 names. */
const elements = words(
  'p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd ' +
    'sub sup ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area',
)

const everywhere = words('title style class id lang xml:lang dir accesskey tabindex xmlns idref')

const attributes: Readonly<Record<string, ReadonlySet<string>>> = {
  a: words('charset type name href hreflang rel rev shape coords target'),
  img: words('src alt longdesc height width usemap ismap border align'),
  map: words('name'),
  area: words('shape coords href nohref alt'),
  q: words('cite'),
  blockquote: words('cite'),
  table: words('summary width border frame rules cellspacing cellpadding'),
  pre: words('space xml:space width'),
  ul: words('type'),
  ol: words('type start'),
  li: words('value type'),
  hr: words('size width noshade'),
  br: words('clear'),
  bdo: words('dir'),
}

const cells = words(
  'align char charoff valign abbr axis headers scope rowspan colspan span width bgcolor nowrap height',
)
const tabular = words('caption colgroup col thead tr tfoot tbody th td table')

/** What one reading of a div found. */
export interface Seen {
  readonly faults: Said[]
  /** Targets that links within the narrative may have. */
  readonly anchors: Set<string>
  /** Anchors that stand twice. */
  readonly twice: Set<string>
  /** Links to `#…` with where they stand. */
  readonly links: { readonly target: string; readonly place: string }[]
  /** Whether there is text other than space, or an image. */
  says: boolean
}

/** How many of what must not hold everything are open; a count, so that no element has to look at all above it. */
interface Open {
  /** Elements that take text and inline elements only. */
  paragraphs: number
  /** `a`. */
  anchors: number
}

function count(open: Open, tag: string, by: 1 | -1): void {
  if (paragraphs.has(tag)) open.paragraphs += by
  if (tag === 'a') open.anchors += by
}

/** So many faults and links of one narrative are kept. */
const MOST_FAULTS = 10
const MOST_LINKS = 50

function tell(seen: Seen, said: Said): void {
  if (seen.faults.length < MOST_FAULTS) seen.faults.push(said)
}

/** Reads one div. */
export function readNarrative(text: string): Seen {
  const seen: Seen = { faults: [], anchors: new Set(), twice: new Set(), links: [], says: false }
  const path: string[] = []
  const open: Open = { paragraphs: 0, anchors: 0 }
  const fault = readXhtml(text, {
    open(element, depth) {
      path.push(element.name)
      if (depth === 0) root(element, seen)
      check(element, path, open, seen)
      count(open, element.name, 1)
    },
    text(part) {
      const parent = path.at(-1)
      if (parent !== undefined && below[parent] && /\S/.test(part))
        tell(seen, {
          en: `There is text right within <${parent}>. Put it in one of its cells or items.`,
          zh: `<${parent}> 內直接有文字，請放入其儲存格或項目中。`,
        })
      if (!seen.says && /\S/.test(part)) seen.says = true
    },
    close() {
      count(open, path.pop()!, -1)
    },
  })
  if (fault)
    // whatever else was found: this ended the reading
    seen.faults.push({
      en: `The narrative is not well-formed XHTML. ${fault.en}`,
      zh: `敘述不是格式正確的 XHTML。${fault.zh}`,
    })
  return seen
}

function root({ name, attributes }: XhtmlElement, seen: Seen): void {
  if (name !== 'div')
    tell(seen, {
      en: `The narrative begins with <${name.slice(0, 30)}>. Put all of it in one <div xmlns="${XHTML}">.`,
      zh: `敘述以 <${name.slice(0, 30)}> 開頭，請全部放入一個 <div xmlns="${XHTML}">。`,
    })
  const namespace = attributes.get('xmlns')
  if (namespace !== XHTML)
    tell(seen, {
      en: `The <div> has ${namespace === undefined ? 'no namespace' : `the namespace ${quoted(namespace)}`}. Write <div xmlns="${XHTML}">.`,
      zh: `<div> ${namespace === undefined ? '沒有命名空間' : `的命名空間為 ${quoted(namespace)}`}，請寫成 <div xmlns="${XHTML}">。`,
    })
}

const inline =
  'p h1 h2 h3 h4 h5 h6 pre address span a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd samp'
/** What takes text and inline elements only, and what does not belong there. */
const paragraphs = words(inline)
const blocks = words('div blockquote table ul ol dl p pre')

/** What may stand right below; nothing but space beside it. */
const below: Readonly<Record<string, ReadonlySet<string>>> = {
  table: words('caption col colgroup thead tfoot tbody tr'),
  thead: words('tr'),
  tfoot: words('tr'),
  tbody: words('tr'),
  tr: words('th td'),
  ul: words('li'),
  ol: words('li'),
  dl: words('dt dd'),
  map: words('area'),
  br: words(''),
  hr: words(''),
  img: words(''),
  area: words(''),
}
const within: Readonly<Record<string, ReadonlySet<string>>> = {
  li: words('ul ol'),
  tr: words('table thead tfoot tbody'),
  th: words('tr'),
  td: words('tr'),
  thead: words('table'),
  tfoot: words('table'),
  tbody: words('table'),
  caption: words('table'),
  dt: words('dl'),
  dd: words('dl'),
}

/** https://www.w3.org/TR/xhtml1/dtds.html */
function checkPlace(tag: string, path: readonly string[], open: Open, seen: Seen): void {
  const parent = path.at(-2)
  if (parent === undefined || !elements.has(parent) || !elements.has(tag)) return
  const out = below[parent]?.has(tag) === false || within[tag]?.has(parent) === false
  const block = blocks.has(tag) && open.paragraphs > 0
  const again = tag === 'a' && open.anchors > 0
  if ((out || block || again) && seen.faults.length < MOST_FAULTS)
    tell(seen, {
      en: `<${tag}> cannot stand in <${parent}> (${path.slice(-20).join('/').slice(-80)}). Close the outer element first, or use others.`,
      zh: `<${tag}> 不可放在 <${parent}> 內（${path.slice(-20).join('/').slice(-80)}）。請先結束外層元素，或改用其他元素。`,
    })
}

function check(element: XhtmlElement, path: readonly string[], open: Open, seen: Seen): void {
  const tag = element.name
  if (!elements.has(tag))
    tell(seen, {
      en: `<${tag.slice(0, 30)}> is not allowed in a narrative: it may format text, and neither run, load nor ask anything. Remove it.`,
      zh: `敘述中不可使用 <${tag.slice(0, 30)}>：只能排版文字，不可執行、載入或輸入任何內容。請移除。`,
    })
  checkPlace(tag, path, open, seen)
  const own = attributes[tag]
  for (const [key, value] of element.attributes) {
    if (
      !everywhere.has(key) &&
      !own?.has(key) &&
      !(tabular.has(tag) && cells.has(key)) &&
      !/^(xmlns:|align$)/.test(key)
    )
      tell(seen, {
        en: `The attribute "${key.slice(0, 30)}" is not allowed on <${tag.slice(0, 30)}> in a narrative. Remove it.`,
        zh: `敘述的 <${tag.slice(0, 30)}> 不可有屬性「${key.slice(0, 30)}」，請移除。`,
      })
    if (key === 'href' || key === 'src' || key === 'cite' || key === 'longdesc') address(key, value, tag, seen)
    if (key === 'style' && /expression\s*\(|@import|javascript:|behavior\s*:|-moz-binding/i.test(value))
      tell(seen, {
        en: `The style ${quoted(value)} loads or runs something. Only formatting is allowed.`,
        zh: `樣式 ${quoted(value)} 會載入或執行內容，僅允許排版。`,
      })
    if (key === 'id' || (key === 'name' && tag === 'a')) anchor(key, value, element, seen)
    if (key === 'href' && tag === 'a' && value.length > 1 && value.startsWith('#') && seen.links.length < MOST_LINKS)
      seen.links.push({ target: value.slice(1), place: path.slice(-20).join('/') })
  }
  if (tag === 'img') seen.says = true
}

/** An `a` may have one name as id and as name. */
function anchor(key: string, value: string, { attributes }: XhtmlElement, seen: Seen): void {
  if (seen.anchors.has(value) && !(key === 'name' && attributes.get('id') === value)) seen.twice.add(value)
  seen.anchors.add(value)
}

/** What a browser does not run; `data:` for images only. */
function address(key: string, value: string, tag: string, seen: Seen): void {
  // a browser passes over these within a scheme
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value.replace(/[\s\x00-\x1f]/g, ''))?.[1]?.toLowerCase()
  if (scheme === undefined || /^(https?|mailto|tel|ftp|urn|cid|mid)$/.test(scheme)) return
  if (scheme === 'data' && tag === 'img' && /^data:image\//i.test(value)) return
  tell(seen, {
    en: `The ${key} of <${tag.slice(0, 30)}> begins with "${scheme}:", which is not allowed. Use http, https or #.`,
    zh: `<${tag.slice(0, 30)}> 的 ${key} 以「${scheme}:」開頭，不被允許。請用 http、https 或 #。`,
  })
}
