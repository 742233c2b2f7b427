/** Where a text stops being JSON. https://www.rfc-editor.org/rfc/rfc8259 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFault } from '../../src/fhir/json-fault.ts'
import { cost } from '../help/cost.ts'

describe('the place of the fault', () => {
  test.each([
    ['', 0],
    ['{"a":[}', 6],
    ['{"a":1,}', 7],
    ['{"a":tru}', 8],
    ['{"a"', 4],
    ['{"a":01}', 6],
    ['{"a":"b\nc"}', 7],
    ['{"a":"\\x"}', 6],
    ['not JSON', 1],
    ['[1 2]', 3],
    ['{} {}', 3],
    ['{a:1}', 1],
    ['[1,]', 3],
    ['-', 1],
  ])('in %j is %i', (text, at) => expect(jsonFault(text)).toBe(at))

  test('is nowhere in JSON', () => {
    fc.assert(fc.property(fc.json(), text => jsonFault(text) === undefined))
    expect(jsonFault(' {"a" : [ 1.5e-3 , true , null , "\\u00e9" , { } , [ ] ] } ')).toBeUndefined()
  })

  test('is somewhere exactly when JSON.parse finds one', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ',', '0', 'x', '\\', '\n'), (text, n, put) => {
        const at = n % (text.length + 1)
        const broken = text.slice(0, at) + put + text.slice(at + 1)
        let isJson = true
        try {
          JSON.parse(broken)
        } catch {
          isJson = false
        }
        return (jsonFault(broken) === undefined) === isJson
      }),
      { numRuns: 5000 },
    )
  })

  test('is found in a long and deep text in time', async () => {
    for (const [text, at] of [
      ['['.repeat(1_000_000), 1_000_000],
      [`"${'\\n'.repeat(1_000_000)}`, 2_000_001],
      [`{"a":"${'x'.repeat(16_000_000)}"]`, 16_000_007],
    ] as const)
      expect(await cost(() => expect(jsonFault(text)).toBe(at))).toBeLessThan(700)
  })
})
