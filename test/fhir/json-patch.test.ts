/** JSON Patch. https://www.rfc-editor.org/rfc/rfc6902 */
import { describe, expect, test } from 'vitest'
import { parseJson, printJson } from '../../src/fhir/json.ts'
import { applyJsonPatch } from '../../src/fhir/json-patch.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { applyPatch } from '../../src/fhir/patch.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { cost } from '../help/cost.ts'

const resource = (text: string) => parseJson(Buffer.from(text)) as unknown as Resource
const patient = () =>
  resource(
    '{"resourceType":"Patient","id":"p1","active":true,"name":[{"family":"Lin","given":["Mei","Hua"]},{"family":"Wu"}],"a/b":1,"m~n":2}',
  )
const patched = (patch: unknown, of = patient()) => applyJsonPatch(of, patch)

function refusal(patch: unknown, of = patient()): FhirError {
  try {
    applyJsonPatch(of, patch)
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  throw new Error('not refused')
}

describe('operations', () => {
  test('add puts a property in, or replaces the one there', () => {
    expect(patched([{ op: 'add', path: '/gender', value: 'female' }])['gender']).toBe('female')
    expect(patched([{ op: 'add', path: '/active', value: false }])['active']).toBe(false)
    expect(patched([{ op: 'add', path: '/active', value: null }])['active']).toBeNull()
  })

  test.each([
    ['/name/0/given/0', ['X', 'Mei', 'Hua']],
    ['/name/0/given/1', ['Mei', 'X', 'Hua']],
    ['/name/0/given/2', ['Mei', 'Hua', 'X']],
    ['/name/0/given/-', ['Mei', 'Hua', 'X']],
  ])('add at %s inserts into the list', (path, given) => {
    expect(patched([{ op: 'add', path, value: 'X' }])).toHaveProperty('name[0].given', given)
  })

  test('remove takes a property or an element of a list away', () => {
    expect(patched([{ op: 'remove', path: '/active' }])).not.toHaveProperty('active')
    expect(patched([{ op: 'remove', path: '/name/0' }])['name']).toEqual([{ family: 'Wu' }])
  })

  test('remove of the last element takes the list away, as FHIR has no empty lists', () => {
    const patch = [0, 1].map(() => ({ op: 'remove', path: '/name/0' }))
    expect(patched(patch)).not.toHaveProperty('name')
    const refilled = patched([...patch, { op: 'add', path: '/name/-', value: { family: 'Chen' } }])
    expect(refilled['name']).toEqual([{ family: 'Chen' }])
  })

  test('replace changes what is there', () => {
    const result = patched([
      { op: 'replace', path: '/name/1/family', value: 'Chen' },
      { op: 'replace', path: '/name/0/given/1', value: 'Li' },
    ])
    expect(result['name']).toEqual([{ family: 'Lin', given: ['Mei', 'Li'] }, { family: 'Chen' }])
  })

  test('move takes from one place to another, the target counted after the removal', () => {
    expect(patched([{ op: 'move', from: '/name/0', path: '/name/1' }])['name']).toEqual([
      { family: 'Wu' },
      { family: 'Lin', given: ['Mei', 'Hua'] },
    ])
    expect(patched([{ op: 'move', from: '/active', path: '/deceasedBoolean' }])).toMatchObject({
      deceasedBoolean: true,
    })
    expect(patched([{ op: 'move', from: '/name/0', path: '/name/0' }])).toEqual(patient())
  })

  test('copy makes another one, which then changes alone', () => {
    const result = patched([
      { op: 'copy', from: '/name/0', path: '/name/-' },
      { op: 'replace', path: '/name/2/family', value: 'Chen' },
    ])
    expect(result['name']).toMatchObject([
      { family: 'Lin' },
      { family: 'Wu' },
      { family: 'Chen', given: ['Mei', 'Hua'] },
    ])
  })

  test('test passes for equal values, whatever the order of names and the spelling of numbers', () => {
    const of = resource('{"resourceType":"Basic","x":{"a":[1.00,null],"b":"c"}}')
    expect(patched([{ op: 'test', path: '/x', value: { b: 'c', a: [1, null] } }], of)).toEqual(of)
    expect(patched([{ op: 'test', path: '', value: of }], of)).toEqual(of)
  })

  test.each([
    ['/active', false],
    ['/active', 'true'],
    ['/name', []],
    ['/name/1', { family: 'Wu', use: 'official' }],
    ['/name/1', {}],
    ['/name/0/given', { 0: 'Mei', 1: 'Hua' }],
    ['/name/0/given', ['Hua', 'Mei']],
  ])('a failed test of %s answers 422 and nothing is changed', (path, value) => {
    const of = patient()
    const error = refusal(
      [
        { op: 'replace', path: '/name/1/family', value: 'X' },
        { op: 'test', path, value },
      ].reverse(),
      of,
    )
    expect(error).toMatchObject({ status: 422, message: expect.stringMatching(`Operation 0 \\(test ${path}\\)`) })
    expect(of).toEqual(patient())
  })

  test('pointers escape the slash and the tilde', () => {
    const result = patched([
      { op: 'replace', path: '/a~1b', value: 10 },
      { op: 'replace', path: '/m~0n', value: 20 },
      { op: 'add', path: '/~01', value: 30 },
    ])
    expect(result).toMatchObject({ 'a/b': 10, 'm~n': 20, '~1': 30 })
  })

  test('no operation changes nothing, and the resource given is never changed', () => {
    const of = patient()
    expect(patched([], of)).toEqual(patient())
    patched(
      [
        { op: 'remove', path: '/name/0/given/0' },
        { op: 'move', from: '/name', path: '/other' },
      ],
      of,
    )
    expect(of).toEqual(patient())
  })
})

describe('numbers', () => {
  const observation = () => resource('{"resourceType":"Observation","valueQuantity":{"value":1.00},"list":[1.0,2,3.0]}')
  const printed = (patch: string) => printJson(applyJsonPatch(observation(), parseJson(Buffer.from(patch))))

  test('of the resource keep their digits', () => {
    expect(printed('[{"op":"add","path":"/status","value":"final"}]')).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00},"list":[1.0,2,3.0],"status":"final"}',
    )
  })

  test('of the patch keep theirs', () => {
    expect(printed('[{"op":"replace","path":"/valueQuantity/value","value":7.10}]')).toContain('"value":7.10}')
    expect(printed('[{"op":"add","path":"/low","value":{"value":0.50}}]')).toContain('"low":{"value":0.50}')
  })

  test('keep theirs when moved, copied, or shifted in a list', () => {
    expect(printed('[{"op":"move","from":"/valueQuantity/value","path":"/v"}]')).toContain('"v":1.00')
    expect(
      printed('[{"op":"copy","from":"/valueQuantity","path":"/w"},{"op":"copy","from":"/w/value","path":"/v"}]'),
    ).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00},"list":[1.0,2,3.0],"w":{"value":1.00},"v":1.00}',
    )
    expect(printed('[{"op":"remove","path":"/list/0"},{"op":"add","path":"/list/0","value":5.00}]')).toContain(
      '[5.00,2,3.0]',
    )
  })

  test('replaced by a number without digits of its own lose the old ones', () => {
    expect(printed('[{"op":"replace","path":"/valueQuantity/value","value":1}]')).toContain('"value":1}')
  })

  test('have nothing inside', () => {
    expect(refusal([{ op: 'add', path: '/valueQuantity/value/rawJSON', value: 1 }], observation()).status).toBe(422)
    expect(refusal([{ op: 'test', path: '/valueQuantity/value/rawJSON', value: '1.00' }], observation()).status).toBe(
      422,
    )
  })
})

describe('what is not there answers 422, with the operation and the path', () => {
  test.each([
    ['replace', '/gender'],
    ['remove', '/gender'],
    ['test', '/gender'],
    ['add', '/contact/0/gender'],
    ['replace', '/name/2'],
    ['remove', '/name/-'],
    ['replace', '/name/-'],
    ['remove', '/name/01'],
    ['remove', '/name/-1'],
    ['remove', '/name/length'],
    ['add', '/active/x'],
    ['test', '/toString'],
    ['remove', '/hasOwnProperty'],
    ['add', '/name/1e0/family'],
  ])('%s %s', (op, path) => {
    const error = refusal([
      { op: 'test', path: '/active', value: true },
      { op, path, value: 1 },
    ])
    expect(error.status).toBe(422)
    expect(error.message).toContain(`Operation 1 (${op} ${path})`)
  })

  test.each(['/name/3', '/name/x', '/name/01', '/name/1e0'])('add outside of the list at %s', path => {
    const error = refusal([{ op: 'add', path, value: {} }])
    expect(error).toMatchObject({ status: 422, message: expect.stringContaining('0 to 2') })
  })

  test('move and copy name the place they take from', () => {
    for (const op of ['move', 'copy']) {
      expect(refusal([{ op, from: '/photo/0', path: '/x' }])).toMatchObject({
        status: 422,
        message: expect.stringContaining('/photo/0'),
      })
    }
  })

  test('a move into itself, and the removal of everything', () => {
    expect(refusal([{ op: 'move', from: '/name', path: '/name/0' }]).status).toBe(422)
    expect(refusal([{ op: 'remove', path: '' }]).status).toBe(422)
  })
})

describe('malformed patches answer 400', () => {
  test.each([
    ['an object', {}],
    ['null', null],
    ['text', 'x'],
    ['a list of text', ['x']],
    ['a list in the list', [[]]],
    ['no op', [{ path: '/active' }]],
    ['an unknown op', [{ op: 'merge', path: '/active', value: 1 }]],
    ['an inherited name as op', [{ op: 'toString', path: '/active', value: 1 }]],
    ['no path', [{ op: 'remove' }]],
    ['a path that is no text', [{ op: 'remove', path: 1 }]],
    ['a path without a slash', [{ op: 'remove', path: 'active' }]],
    ['a wrong escape', [{ op: 'remove', path: '/a~2b' }]],
    ['a tilde at the end', [{ op: 'remove', path: '/a~' }]],
    ['no value', [{ op: 'add', path: '/active' }]],
    ['no from', [{ op: 'move', path: '/active' }]],
  ])('%s', (_, patch) => {
    expect(refusal(patch).status).toBe(400)
  })

  test('also when an earlier operation could be applied', () => {
    const error = refusal([
      { op: 'add', path: '/gender', value: 'male' },
      { op: 'x', path: '/active' },
    ])
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining('operation 1') })
  })
})

describe('prototypes', () => {
  test.each([
    '/__proto__/polluted',
    '/__proto__',
    '/constructor/prototype/polluted',
    '/name/__proto__/polluted',
    '/name/0/constructor',
    '/prototype',
  ])('%s is refused with 400, and nothing is polluted', path => {
    for (const op of ['add', 'replace', 'remove', 'test', 'move', 'copy']) {
      expect(refusal([{ op, path, from: '/active', value: true }]).status).toBe(400)
      if (op === 'move' || op === 'copy') expect(refusal([{ op, path: '/x', from: path }]).status).toBe(400)
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('a value with such names has them as its own', () => {
    const patch = parseJson(Buffer.from('[{"op":"add","path":"/x","value":{"__proto__":{"polluted":1.0}}}]'))
    const result = patched(patch)
    expect(printJson(result['x'])).toBe('{"__proto__":{"polluted":1.0}}')
    expect((result['x'] as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('limits', () => {
  test('a patch has at most 1,000 operations', () => {
    const operations = (count: number) =>
      Array.from({ length: count }, () => ({ op: 'test', path: '/active', value: true }))
    expect(patched(operations(1000))).toEqual(patient())
    expect(refusal(operations(1001)).status).toBe(422)
  })

  test('copies of copies stop before they fill the memory', async () => {
    const patch = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '/name', path: `/name/${i % 2}/x${i}` }))
    expect(await cost(() => expect(refusal(patch).status).toBe(422))).toBeLessThan(5000)
  })

  test('nothing is nested more than 64 levels, neither by one value nor by many moves', () => {
    const patch = Array.from({ length: 100 }, (_, i) => [
      { op: 'add', path: `/n${i + 1}`, value: {} },
      { op: 'move', from: `/n${i}`, path: `/n${i + 1}/x` },
    ]).flat()
    expect(refusal([{ op: 'add', path: '/n0', value: {} }, ...patch])).toMatchObject({
      status: 422,
      message: expect.stringContaining('64'),
    })
  })
})

describe('applyPatch', () => {
  const definitions = loadDefinitions()
  const apply = (body: unknown, type = 'application/json-patch+json') => applyPatch(patient(), body, type, definitions)

  test('reads application/json-patch+json as JSON Patch and application/fhir+json as FHIRPath Patch', () => {
    expect(apply([{ op: 'remove', path: '/active' }], 'Application/JSON-Patch+JSON; charset=utf-8')).not.toHaveProperty(
      'active',
    )
    const parameters = {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'delete' },
            { name: 'path', valueString: 'Patient.active' },
          ],
        },
      ],
    }
    expect(apply(parameters, 'application/fhir+json')).not.toHaveProperty('active')
    expect(() => apply([], 'application/fhir+json')).toThrow(/Parameters/)
  })

  test('answers 415 to other content types and names those it knows', () => {
    for (const type of ['', 'text/plain', 'application/merge-patch+json']) {
      expect(() => apply([], type)).toThrow(
        expect.objectContaining({ status: 415, message: expect.stringContaining('json-patch+json') }),
      )
    }
  })

  test.each([
    [{ op: 'replace', path: '/id', value: 'p2' }],
    [{ op: 'remove', path: '/id' }],
    [{ op: 'replace', path: '/resourceType', value: 'Person' }],
    [{ op: 'remove', path: '/resourceType' }],
    [{ op: 'replace', path: '', value: { resourceType: 'Patient' } }],
    [{ op: 'replace', path: '', value: [] }],
    [{ op: 'replace', path: '', value: null }],
    [{ op: 'replace', path: '', value: 'x' }],
  ])('answers 422 when the type or the id would change: %j', operation => {
    expect(() => apply([operation])).toThrow(expect.objectContaining({ status: 422 }))
  })

  test('takes a whole new resource with the same type and id', () => {
    const value = { resourceType: 'Patient', id: 'p1', gender: 'male' }
    expect(apply([{ op: 'replace', path: '', value }])).toEqual(value)
  })
})
