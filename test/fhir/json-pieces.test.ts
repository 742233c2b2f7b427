/**
 * A large Bundle is read in pieces, and the reader cannot tell.
 * https://hl7.org/fhir/R4/json.html
 */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { parseJson, printJson } from '../../src/fhir/json.ts'
import { parseLargeJson } from '../../src/fhir/json-pieces.ts'

const filler = 'x'.repeat(2000)
/** Some 2 MB. */
const entries = Array.from(
  { length: 1000 },
  (_, i) => `{"fullUrl":"urn:a${i}","note":"a \\"quoted\\" , ] [ { ${filler}","resource":{"value":1.${i}0}}`,
)
const bundle = (list: readonly string[], before = '"type":"batch","total":2.0,', after = ',"last":{"entry":[1,2]}') =>
  `{"resourceType":"Bundle",${before}"entry" : [ ${list.join(' , ')} ]${after}}`

const refusal = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

describe('a large Bundle', () => {
  test('is read as it would be in one go, digits and all, while the event loop turns', async () => {
    const bytes = Buffer.from(bundle(entries))
    let turns = 0
    let ended = false
    const counting = (async () => {
      while (!ended) {
        turns++
        await setImmediate()
      }
    })()
    const value = await parseLargeJson(bytes)
    ended = true
    await counting
    expect(turns).toBeGreaterThan(3)
    expect(value).toEqual(parseJson(bytes))
    expect(printJson(value)).toBe(printJson(parseJson(bytes)))
    expect(printJson(value)).toContain('"value":1.70}')
  })

  test.each([
    ['a comma too many at the end', bundle([...entries, ''])],
    ['nothing between two commas', bundle([...entries.slice(0, 500), '', ...entries.slice(500)])],
    ['a comma too few', bundle(entries).replace('} , {"fullUrl":"urn:a400"', '} {"fullUrl":"urn:a400"')],
    ['a bracket too many', bundle(entries).replace('urn:a300"', 'urn:a300"]')],
    ['an end that is missing', bundle(entries).slice(0, -40)],
    ['entry twice', bundle(entries, '"entry":[],')],
    ['a name twice in an entry', bundle([...entries, '{"a":1,"a":2}'])],
    ['half of a surrogate pair in an entry', bundle([...entries, '{"a":"\\ud800"}'])],
    ['an entry that is too deep', bundle([...entries, '['.repeat(63) + ']'.repeat(63)])],
    ['a byte that is not UTF-8', bundle([...entries, '{"a":"\uFFFF"}'])],
  ])('with %s is refused as it would be in one go', async (what, text) => {
    const bytes = Buffer.from(text)
    if (what.startsWith('a byte')) bytes[bytes.indexOf('\uFFFF')] = 0xff
    const said = await refusal(() => parseJson(bytes))
    expect(said).toBeTypeOf('string')
    expect(await refusal(() => parseLargeJson(bytes))).toBe(said)
  })

  test('whose entry is no array, or is not at the top, is read too', async () => {
    const long = JSON.stringify(filler.repeat(500))
    for (const text of [
      `{"entry":${long},"a":[1,2]}`,
      `{"a":"entry","b":[${long},${long}]}`,
      `{"a":{"entry":[${long},${long}]}}`,
      `[${long},{"entry":[1,${long}]}]`,
      `{"entry":[${'['.repeat(62)}${long}${']'.repeat(62)}]}`,
    ])
      expect(await parseLargeJson(Buffer.from(text))).toEqual(parseJson(Buffer.from(text)))
  })
})
