/**
 * The XHTML of a narrative, read by a small parser that takes time in proportion to the text.
 * https://hl7.org/fhir/R4/narrative.html#xhtml
 */

export interface XhtmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** What the reader meets, in order; it may say of anything what is wrong with it. */
export interface XhtmlEvents {
  /** `depth` 0 is the root. */
  open(element: XhtmlElement, depth: number): void
  text(text: string): void
  close(name: string): void
}

export interface XhtmlFault {
  readonly en: string
  readonly zh: string
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A narrative of more is read no further: it is read in one go. */
const MOST_TAGS = 200_000

const name = /[A-Za-z_][A-Za-z0-9_.:-]*/y
const space = /[ \t\r\n]*/y

/** Reads one element with all in it; the first fault ends the reading. */
export function readXhtml(text: string, handler: XhtmlEvents): XhtmlFault | undefined {
  const open: string[] = []
  let at = 0
  let tags = 0
  const skip = () => {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
  }
  const readName = (): string | undefined => {
    name.lastIndex = at
    const found = name.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  skip()
  if (text[at] !== '<')
    return fault(
      'It does not begin with an element; begin with <div xmlns="…">.',
      '開頭不是元素，請以 <div xmlns="…"> 開頭。',
    )
  do {
    if (text[at] !== '<') {
      const end = text.indexOf('<', at)
      const part = text.slice(at, end < 0 ? text.length : end)
      const decoded = decode(part)
      if (typeof decoded !== 'string') return decoded
      handler.text(decoded)
      at += part.length
      continue
    }
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at + 4)
      if (end < 0) return fault('A comment is not closed (-->).', '註解沒有結束（-->）。')
      at = end + 3
      continue
    }
    if (text[at + 1] === '!' || text[at + 1] === '?')
      return fault('Declarations, CDATA and processing instructions are not allowed.', '不可有宣告、CDATA 或處理指令。')
    if (text[at + 1] === '/') {
      at += 2
      const closed = readName()
      skip()
      const last = open.pop()
      if (text[at] !== '>' || closed !== last)
        return fault(
          `</${(closed ?? '').slice(0, 30)}> closes <${last ?? ''}>: each element is closed by its own name, the innermost first.`,
          `</${(closed ?? '').slice(0, 30)}> 與 <${last ?? ''}> 不相符：元素須依序以自己的名稱結束。`,
        )
      at++
      handler.close(closed!)
      continue
    }
    if (++tags > MOST_TAGS)
      return fault(
        `It has more than ${MOST_TAGS} tags, and what follows is unchecked. Shorten it.`,
        `標籤超過 ${MOST_TAGS} 個，其後未檢查。請縮短。`,
      )
    at++
    const opened = readName()
    if (opened === undefined)
      return fault(
        'A "<" begins no element; write &lt; for the character.',
        '「<」不是元素的開頭；若為文字請寫成 &lt;。',
      )
    const attributes = new Map<string, string>()
    for (;;) {
      const before = at
      skip()
      if (text[at] === '>' || text[at] === '/') break
      const key = readName()
      if (key === undefined || before === at - key.length)
        return fault(
          `The tag <${opened.slice(0, 30)}> is not well-formed.`,
          `標籤 <${opened.slice(0, 30)}> 格式不正確。`,
        )
      skip()
      if (text[at] !== '=')
        return fault(`The attribute "${key.slice(0, 30)}" has no value.`, `屬性「${key.slice(0, 30)}」沒有值。`)
      at++
      skip()
      const quote = text[at]
      const end = quote === '"' || quote === "'" ? text.indexOf(quote, at + 1) : -1
      if (end < 0)
        return fault(
          `The value of the attribute "${key.slice(0, 30)}" is not in quotes.`,
          `屬性「${key.slice(0, 30)}」的值須加引號。`,
        )
      const raw = text.slice(at + 1, end)
      const decoded = raw.includes('<')
        ? fault(
            `The attribute "${key.slice(0, 30)}" holds "<"; write &lt;.`,
            `屬性「${key.slice(0, 30)}」中有「<」，請寫成 &lt;。`,
          )
        : decode(raw)
      if (typeof decoded !== 'string') return decoded
      if (attributes.has(key))
        return fault(
          `The attribute "${key.slice(0, 30)}" stands twice in one tag.`,
          `屬性「${key.slice(0, 30)}」在同一標籤中重複。`,
        )
      attributes.set(key, decoded)
      at = end + 1
    }
    handler.open({ name: opened, attributes }, open.length)
    if (text[at] === '/') {
      at++
      handler.close(opened)
    } else open.push(opened)
    if (text[at] !== '>')
      return fault(
        `The tag <${opened.slice(0, 30)}> is not closed (>).`,
        `標籤 <${opened.slice(0, 30)}> 沒有結束（>）。`,
      )
    at++
  } while (open.length > 0 && at < text.length)
  if (open.length > 0)
    return fault(`<${open.at(-1)!.slice(0, 30)}> is not closed.`, `<${open.at(-1)!.slice(0, 30)}> 沒有結束標籤。`)
  skip()
  return at < text.length
    ? fault('Something stands after the end of the <div>.', '<div> 結束後還有其他內容。')
    : undefined
}

function decode(text: string): string | XhtmlFault {
  if (!text.includes('&')) return text
  let wrong: string | undefined
  const parts: string[] = []
  let end = 0
  for (const { 0: all, 1: code, index } of text.matchAll(
    /&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{0,30})?;?/g,
  )) {
    const character = code === undefined || !all.endsWith(';') ? undefined : characterOf(code)
    if (character === undefined) {
      wrong = all
      break
    }
    parts.push(text.slice(end, index), character)
    end = index + all.length
  }
  if (wrong === undefined) return parts.join('') + text.slice(end)
  return fault(
    `${wrong} is no entity of XML. Write the character itself, or its number (&#174;); of names XML has amp, lt, gt, quot and apos.`,
    `${wrong} 不是 XML 的實體。請直接寫該字元或其編號（&#174;）；XML 只有 amp、lt、gt、quot、apos。`,
  )
}

function characterOf(code: string): string | undefined {
  if (!code.startsWith('#')) return Object.hasOwn(entities, code) ? entities[code] : undefined
  const point = code[1] === 'x' ? parseInt(code.slice(2), 16) : Number(code.slice(1))
  const allowed =
    point === 9 ||
    point === 10 ||
    point === 13 ||
    (point >= 32 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) && point !== 0xfffe && point !== 0xffff)
  return allowed ? String.fromCodePoint(point) : undefined
}

const fault = (en: string, zh: string): XhtmlFault => ({ en, zh })
