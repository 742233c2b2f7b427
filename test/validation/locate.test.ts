import { describe, expect, test } from 'vitest'
import { locateIn } from '../../src/validation/locate.ts'
import { cost } from '../help/cost.ts'

const text = `{
  "resourceType": "Observation",
  "status": "final",
  "code": { "text": "a \\"quoted\\" {brace}" },
  "_issued": { "extension": [{ "url": "http://x.org/e" }] },
  "valueQuantity": {
    "value": 5.0,
    "unit": "mg"
  },
  "note": [{ "text": "一" }, { "text": "二" }],
  "component": [
    {
      "code": { "coding": [{ "code": "1" }, { "code": "2" }] }
    }
  ],
  "performer": [null, { "display": "x" }],
  "_performer": [{ "id": "p" }]
}
`
const at = (expression: string, within?: string) => {
  const found = locateIn(text, within)(expression)
  return found && `${found.line}:${found.column}`
}
/** Where a text stands for the n-th time. */
const of = (part: string, nth = 1) => {
  let index = -1
  for (let i = 0; i < nth; i++) index = text.indexOf(part, index + 1)
  const before = text.slice(0, index).split('\n')
  return `${before.length}:${before.at(-1)!.length + 1}`
}

describe('the place of an expression', () => {
  test('is where the name of the element stands', () => {
    expect(at('Observation.status')).toBe(of('"status"'))
    expect(at('Observation.code.text')).toBe(of('"text"'))
    expect(at('Observation')).toBe('1:1')
  })

  test('of one of several is where that begins', () => {
    expect(at('Observation.note[1]')).toBe(of('{ "text": "二"'))
    expect(at('Observation.note[1].text')).toBe(of('"text": "二"'))
    expect(at('Observation.component[0].code.coding[1].code')).toBe(of('"code": "2"'))
    expect(at('Observation.note')).toBe(of('"note"'))
  })

  test('of a choice is found by its type', () => {
    expect(at('Observation.value.ofType(Quantity).unit')).toBe(of('"unit"'))
    expect(at('Observation.value.ofType(Quantity)')).toBe(of('"valueQuantity"'))
  })

  test('of what stands beside a primitive is found there', () => {
    expect(at('Observation.issued')).toBe(of('"_issued"'))
    expect(at('Observation.issued.extension[0].url')).toBe(of('"url"'))
    expect(at('Observation.performer[0].id')).toBe(of('"id": "p"'))
  })

  test('of what is missing is the nearest above it', () => {
    expect(at('Observation.component[0].value.ofType(Quantity).code')).toBe(of('{\n      "code"'))
    expect(at('Observation.component[7].code')).toBe(of('"component"'))
    expect(at('Observation.subject')).toBe('1:1')
    expect(at('Observation.value[x]')).toBe('1:1')
  })

  test('counts from where the resource stands in what was sent', () => {
    const sent =
      '{"resourceType":"Parameters","parameter":[{"name":"resource",\n"resource":{"resourceType":"Patient","id":"x"}}]}'
    expect(locateIn(sent, 'Parameters.parameter[0].resource')('Patient.id')).toEqual({ line: 2, column: 38 })
    const bundle = '{"entry":[{"resource":\n{"id":"x"}}]}'
    expect(locateIn(bundle)('Bundle.entry[0].resource.id')).toEqual({ line: 2, column: 2 })
  })

  test('is found in a megabyte in a moment, and in what is no JSON as far as it goes', async () => {
    const entry = '{"resource":{"resourceType":"Patient","name":[{"family":"王"}]}}'
    const large = `{"resourceType":"Bundle","entry":[\n${Array.from({ length: 20_000 }, () => entry).join(',\n')}]}`
    const taken = await cost(() => {
      const locate = locateIn(large)
      for (let i = 0; i < 1000; i++)
        expect(locate(`Bundle.entry[${i}].resource.name[0].family`)).toEqual({ line: i + 2, column: 48 })
    })
    expect(taken).toBeLessThan(2000)
    expect(locateIn('{"a": {"b": [1, 2')('X.a.b[1]')).toEqual({ line: 1, column: 17 })
    expect(locateIn('')('X.a')).toBeUndefined()
    expect(locateIn('['.repeat(100_000))('X.a')).toEqual({ line: 1, column: 1 })
  })
})
