/**
 * Attachments whose size and hash are those of their data.
 * https://hl7.org/fhir/R4/datatypes.html#attachment
 */
import { createHash } from 'node:crypto'
import { isBase64 } from './primitives.ts'
import { numberOf, textOf } from './read.ts'
import type { TypeRule } from './words.ts'

/** How many bytes base64 data has; undefined for what is not base64. */
export function bytesOf(data: string): number | undefined {
  if (!isBase64(data)) return undefined
  let [characters, padding] = [0, 0]
  for (let i = 0; i < data.length; i++) {
    const code = data.charCodeAt(i)
    if (code > 32) characters++
    if (code === 61) padding++
  }
  return (characters / 4) * 3 - padding
}

export const attachment: TypeRule = {
  types: ['Attachment'],
  check(node, run) {
    const { value } = node
    const data = textOf(value, 'data')
    const size = numberOf(value, 'size')
    if (data === undefined) return
    const bytes = bytesOf(data)
    if (bytes === undefined) return
    if (size !== undefined && size !== bytes)
      run.report(node, {
        code: 'structure',
        said: {
          en: `The size says ${size} bytes, the data has ${bytes}. Correct the size, or send the whole data.`,
          zh: `size 為 ${size} 位元組，但 data 有 ${bytes} 位元組。請更正 size 或傳送完整資料。`,
        },
      })
    const hash = textOf(value, 'hash')
    if (hash === undefined || !isBase64(hash)) return
    const right = createHash('sha1').update(Buffer.from(data, 'base64')).digest()
    if (!right.equals(Buffer.from(hash, 'base64')))
      run.report(node, {
        code: 'structure',
        said: {
          en: `The hash is not the SHA-1 of the data, which is ${right.toString('base64')}. Correct the hash, or send the data that it was made of.`,
          zh: `hash 不是 data 的 SHA-1，data 的 SHA-1 為 ${right.toString('base64')}。請更正 hash，或傳送原本的資料。`,
        },
      })
  },
}
