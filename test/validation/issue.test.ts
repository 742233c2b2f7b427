import { describe, expect, test } from 'vitest'
import { MOST_ISSUES, toIssues } from '../../src/validation/issue.ts'
import { locateIn } from '../../src/validation/locate.ts'
import type { Finding } from '../../src/validation/words.ts'

const finding = (expression: string, more: Partial<Finding> = {}): Finding => ({
  severity: 'error',
  code: 'structure',
  expression,
  said: { en: `${expression} is wrong.`, zh: `${expression} 有誤。` },
  ...more,
})

describe('an issue', () => {
  const text = '{\n  "resourceType": "Patient",\n  "gender": "x",\n  "birthDate": "1"\n}'

  test('says what is wrong, where, on which line, and by which rule', () => {
    const origin = 'http://hl7.org/fhir/StructureDefinition/Patient|4.0.1'
    const [issue] = toIssues([finding('Patient.gender', { origin })], 'en', locateIn(text))
    expect(issue).toEqual({
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line', valueInteger: 3 },
        { url: 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col', valueString: '3' },
        { url: 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-source', valueString: origin },
      ],
      severity: 'error',
      code: 'structure',
      details: { text: 'Patient.gender is wrong.' },
      diagnostics: `Patient.gender is wrong.\nRule: ${origin}`,
      location: ['Line 3, Column 3'],
      expression: ['Patient.gender'],
    })
  })

  test('is in the language of the reader', () => {
    const [issue] = toIssues([finding('Patient.gender', { origin: 'http://x.org/p#own-1' })], 'zh')
    expect(issue).toMatchObject({
      details: { text: 'Patient.gender 有誤。' },
      diagnostics: 'Patient.gender 有誤。\n規則: http://x.org/p#own-1',
    })
    expect(issue).not.toHaveProperty('location')
  })

  test('tells what of the nearest slice failed', () => {
    const trace = [finding('Patient.name[0]', { trace: [finding('Patient.name[0].family')] })]
    const [issue] = toIssues([finding('Patient.name', { trace })], 'en')
    expect(issue!.diagnostics).toBe(
      'Patient.name is wrong.\nWhat failed:\n  Patient.name[0]: Patient.name[0] is wrong.\n    Patient.name[0].family: Patient.name[0].family is wrong.',
    )
  })

  test('comes in the order of the document', () => {
    const found = [finding('Patient.birthDate'), finding('Patient.gender'), finding('Patient')]
    expect(toIssues(found, 'en', locateIn(text)).map(({ expression }) => expression![0])).toEqual([
      'Patient',
      'Patient.gender',
      'Patient.birthDate',
    ])
    expect(toIssues(found, 'en').map(({ expression }) => expression![0])).toEqual([
      'Patient.birthDate',
      'Patient.gender',
      'Patient',
    ])
  })
})

test('of very many issues the errors are listed first of all, and how many are not', () => {
  const many = Array.from({ length: 700 }, (_, i) =>
    finding(`Patient.name[${i}]`, { severity: i < 400 ? 'warning' : 'error' }),
  )
  const issues = toIssues(many, 'en')
  expect(issues).toHaveLength(MOST_ISSUES + 1)
  expect(issues.filter(({ severity }) => severity === 'error')).toHaveLength(300)
  expect(issues[0]!.expression).toEqual(['Patient.name[0]'])
  expect(issues.at(-1)).toMatchObject({
    severity: 'information',
    details: { text: '200 more issues are not listed. Correct these first.' },
  })
})
