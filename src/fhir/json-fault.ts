/**
 * Where a text stops being JSON: JSON.parse does not always say.
 * https://www.rfc-editor.org/rfc/rfc8259
 */

/** The index of the first character that cannot stand where it stands (the length when the text just ends); undefined for JSON. */
export function jsonFault(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  /** What may come: a value, a value or the end of the list, a name, a name or the end of the object, a comma or an end. */
  let next: 'value' | 'first' | 'name' | 'firstName' | 'more' = 'value'
  let at = skipSpace(text, 0)
  for (; at < text.length; at = skipSpace(text, at)) {
    const char = text[at]!
    if (next === 'more') {
      const holder = open.at(-1)
      if (holder === undefined) return at
      if (char === ',') next = holder === '{' ? 'name' : 'value'
      else if (char === (holder === '{' ? '}' : ']')) open.pop()
      else return at
      at++
    } else if (next === 'name' || next === 'firstName') {
      if (char === '}' && next === 'firstName') {
        open.pop()
        next = 'more'
        at++
        continue
      }
      if (char !== '"') return at
      const name = string(text, at)
      if ('fault' in name) return name.fault
      at = skipSpace(text, name.end)
      if (text[at] !== ':') return at
      at++
      next = 'value'
    } else if (char === ']' && next === 'first') {
      open.pop()
      next = 'more'
      at++
    } else if (char === '{' || char === '[') {
      open.push(char)
      next = char === '{' ? 'firstName' : 'first'
      at++
    } else {
      const value = scalar(text, at)
      if ('fault' in value) return value.fault
      at = value.end
      next = 'more'
    }
  }
  return next === 'more' && open.length === 0 ? undefined : text.length
}

const NUMBER_OR_WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

function scalar(text: string, at: number): { readonly end: number } | { readonly fault: number } {
  if (text[at] === '"') return string(text, at)
  NUMBER_OR_WORD.lastIndex = at
  return NUMBER_OR_WORD.test(text) ? { end: NUMBER_OR_WORD.lastIndex } : { fault: faultInWord(text, at) }
}

/** By hand: a pattern's stack has an end. */
function string(text: string, start: number): { readonly end: number } | { readonly fault: number } {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { end: at + 1 }
    if (code < 0x20) return { fault: at }
    if (code !== 0x5c) continue
    const escape = text[at + 1] ?? ''
    if (escape === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) at += 5
    else if (escape !== '' && '"\\/bfnrt'.includes(escape)) at++
    else return { fault: at }
  }
  return { fault: text.length }
}

/** Of a word that begins like one of JSON's, the first other letter. */
function faultInWord(text: string, at: number): number {
  for (const word of ['true', 'false', 'null']) {
    let same = 0
    while (same < word.length && text[at + same] === word[same]) same++
    if (same > 0) return at + same
  }
  return text[at] === '-' ? at + 1 : at
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return at
}
