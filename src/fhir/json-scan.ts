/**
 * What a JSON text says that its parsed value no longer does: repeated names, the digits of numbers, its depth.
 * https://www.rfc-editor.org/rfc/rfc8259
 */
import { badRequest } from './outcome.ts'

/** No FHIR resource comes near; a recursive walk is safe below it. */
export const MAX_DEPTH = 64

/**
 * One pass over the bytes, outside of strings: depth, how many names, and the numbers that JavaScript would print
 * otherwise than they came, by their place in the row of all numbers.
 */
export function scan(bytes: Buffer, start: number): { names: number; kept: Map<number, string> | undefined } {
  let depth = 0
  let names = 0
  let numbers = 0
  let kept: Map<number, string> | undefined
  const end = bytes.length
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 0x22) {
      for (i++; i < end; i++) {
        const inner = bytes[i]!
        if (inner === 0x5c) i++
        else if (inner === 0x22) break
      }
    } else if (byte === 0x3a) names++
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) {
        throw badRequest(`The body is nested more than ${MAX_DEPTH} levels deep.`, 'structure')
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--
    else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
      const from = i
      let significant = 0
      let plain = true
      let point = false
      for (; i < end; i++) {
        const digit = bytes[i]!
        if (digit >= 0x30 && digit <= 0x39) {
          if (significant > 0 || digit !== 0x30) significant++
        } else if (digit === 0x2e) point = true
        else if (digit === 0x65 || digit === 0x45) plain = false
        else if (digit !== 0x2d && digit !== 0x2b) break
      }
      // suspect are 1e3, more than 15 digits, 1.0, tiny ones (printed as 1e-7) and -0
      const suspect =
        !plain ||
        significant > 15 ||
        (point && (bytes[i - 1] === 0x30 || (i - from > 8 && significant < i - from - 7))) ||
        (byte === 0x2d && significant === 0)
      if (suspect) {
        const text = bytes.toString('latin1', from, i)
        if (String(Number(text)) !== text) (kept ??= new Map()).set(numbers, text)
      }
      numbers++
      i--
    }
  }
  return { names, kept }
}

/** The depth alone: for JSON that is only read, and not given back. Throws 400 beyond MAX_DEPTH. */
export function checkDepth(bytes: Buffer): void {
  let depth = 0
  const end = bytes.length
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 0x22) {
      for (i++; i < end; i++) {
        const inner = bytes[i]!
        if (inner === 0x5c) i++
        else if (inner === 0x22) break
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) throw badRequest(`The body is nested more than ${MAX_DEPTH} levels deep.`, 'structure')
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
}

/** Which name stands twice; only asked when one does. */
export function duplicateName(text: string): string {
  const stack: Set<string>[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{' || char === '[') stack.push(new Set())
    else if (char === '}' || char === ']') stack.pop()
    else if (char === '"') {
      const from = i
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++
      if (!/^\s*:/.test(text.slice(i + 1, i + 100))) continue
      const name = JSON.parse(text.slice(from, i + 1)) as string
      if (stack.at(-1)?.has(name)) return name.slice(0, 100)
      stack.at(-1)?.add(name)
    }
  }
  return ''
}
