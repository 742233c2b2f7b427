/** Formats of primitive values. https://hl7.org/fhir/R4/datatypes.html#primitive */
import { describe, expect, it } from 'vitest'
import { primitiveProblem } from '../../src/validation/primitives.ts'
import { cost } from '../help/cost.ts'
import { patient, saidAt, wrong } from './validator.ts'

const right = (type: string, value: unknown) => primitiveProblem(type, value) === undefined

describe('values of primitive types', () => {
  const cases: readonly [type: string, good: readonly unknown[], bad: readonly unknown[]][] = [
    [
      'date',
      ['2024', '2024-02', '2024-02-29', '1900-12-31'],
      [
        '2023-02-29',
        '1900-02-29',
        '2024-13',
        '24-01-01',
        '2024-1-1',
        '0000',
        '2024-02-29T10:00:00Z',
        '2024-02-',
        '２０２４',
      ],
    ],
    [
      'dateTime',
      ['2024', '2024-05-01', '2024-05-01T23:59:59Z', '2024-05-01T23:59:60+08:00', '2024-05-01T00:00:00.123-14:00'],
      [
        '2024-05-01T10:00Z',
        '2024-05-01T10:00:00',
        '2024-05-01T24:00:00Z',
        '2024-05-01T10:00:00+15:00',
        '2024-05-01T10:00:00.Z',
        '2024-05-01T10:00:00+0800',
        '2024-05-01 10:00:00Z',
      ],
    ],
    [
      'instant',
      ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00.000001+08:00'],
      ['2024', '2024-05-01', '2024-05-01T10:00:00'],
    ],
    ['time', ['00:00:00', '23:59:59.999'], ['24:00:00', '10:00', '10:00:00Z']],
    ['id', ['a', 'A-1.b', 'x'.repeat(64)], ['', 'a_b', 'x'.repeat(65), 'a b', 'é']],
    ['code', ['a', 'a b', 'final'], ['', ' a', 'a ', 'a  b', 'a\tb', '\u3000a']],
    [
      'uri',
      ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520', 'http://example.org/x', 'relative/path', '#a'],
      [
        'a b',
        'http://example.org/ x',
        'oid:1.2.3',
        'urn:uuid:C757873D-EC9A-4326-A141-556F43239520',
        'urn:oid:1.02',
        'urn:oid:3.1',
      ],
    ],
    ['canonical', ['http://example.org/x|1.0', '#local', 'urn:oid:1.2.3'], ['Questionnaire/1', 'x y']],
    ['base64Binary', ['aGVsbG8=', 'aGVs\nbG8='], ['aGVsbG8', 'a===', 'aGVs=G8=', '?', '']],
    ['integer', [0, -2147483648, 2147483647], [2147483648, 1.5]],
    ['positiveInt', [1], [0, -1]],
    ['unsignedInt', [0], [-1]],
    ['string', ['a', ' a'], ['', '  \n']],
  ]
  it.each(cases)('%s', (type, good, bad) => {
    expect(good.filter(value => !right(type, value))).toEqual([])
    expect(bad.filter(value => right(type, value))).toEqual([])
  })

  it('of the wrong JSON kind are left to those who look at the structure', () => {
    expect(right('integer', '1')).toBe(true)
    expect(right('string', 1)).toBe(true)
    expect(right('Quantity', {})).toBe(true)
    expect(right('constructor', 'x')).toBe(true)
  })

  it('a megabyte long are judged in a moment', async () => {
    const long = 'a'.repeat(1_048_577)
    for (const type of ['string', 'code', 'uri', 'base64Binary', 'id', 'date', 'oid', 'uuid', 'canonical'])
      expect(await cost(() => primitiveProblem(type, long)), type).toBeLessThan(100)
    expect(right('string', long)).toBe(false)
  })
})

describe('a resource', () => {
  it('with a birthday that does not exist is refused at Patient.birthDate, in both languages, saying what to write', async () => {
    const [finding] = await saidAt('Patient.birthDate', { ...patient, birthDate: '2023-02-29' })
    expect(finding?.said.en).toContain('YYYY-MM-DD')
    expect(finding?.said.zh).toContain('不是日期')
  })

  it('with a birthday in the year 0219 gets a warning', async () => {
    expect(await wrong({ ...patient, birthDate: '0219-02-28' }, {}, 'warning')).toContain('Patient.birthDate')
  })

  it('with white space around a name gets a warning, and no error', async () => {
    const spaced = { ...patient, name: [{ family: ' Test' }] }
    expect(await wrong(spaced, {}, 'warning')).toContain('Patient.name[0].family')
    expect(await wrong(spaced)).toEqual([])
  })

  it('with an identifier system that is no URI is refused at its system', async () => {
    expect(await wrong({ ...patient, identifier: [{ system: 'mrn', value: '1' }] })).toEqual([
      'Patient.identifier[0].system',
    ])
  })

  it('whose identifier says its value is a URI, and it is none, is refused at the value', async () => {
    const identifier = [{ system: 'urn:ietf:rfc:3986', value: '1b73cdae-f6da-450a-9dd8-edd3f8ff5c16' }]
    expect(await wrong({ ...patient, identifier })).toEqual(['Patient.identifier[0].value'])
  })

  it('with a code whose system is no absolute URI, or a value set, is refused at the system', async () => {
    const coded = (system: string) => ({
      ...patient,
      resourceType: 'Basic',
      code: { coding: [{ system, code: 'male' }] },
    })
    expect(await wrong(coded('gender'))).toEqual(['Basic.code.coding[0].system'])
    expect(await wrong(coded('http://hl7.org/fhir/ValueSet/administrative-gender'))).toEqual([
      'Basic.code.coding[0].system',
    ])
    expect(await wrong(coded('http://hl7.org/fhir/administrative-gender'))).toEqual([])
  })

  it('with two elements of one id is refused at the second', async () => {
    expect(
      await wrong({
        ...patient,
        name: [
          { id: 'a', text: 'x' },
          { id: 'a', text: 'y' },
        ],
      }),
    ).toEqual(['Patient.name[1]'])
  })
})
