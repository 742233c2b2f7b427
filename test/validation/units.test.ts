import { expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { units } from '../../src/validation/units.ts'
import { makeValidator } from '../../src/validation/validate.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const validator = makeValidator(
  { conformance: () => conformance, definitions: () => definitions, checkCode: () => ({ result: 'yes' }) },
  { element: [], type: [units], resource: [] },
)
const UCUM = 'http://unitsofmeasure.org'
const told = async (valueQuantity: object) =>
  (await validator.validate({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, valueQuantity })).map(
    ({ severity, expression }) => `${severity} ${expression}`,
  )

test('a code that is no UCUM unit is an error at the code', async () => {
  for (const code of ['mg/dL', 'mm[Hg]', '10*9/L', '[IU]/L', '{score}', '/min', '%', '1'])
    expect(await told({ value: 1, system: UCUM, code }), code).toEqual([])
  for (const code of ['mmHg', 'm^2', '(score)', 'mg/dl/', '次', 'MG/DL '])
    expect(await told({ value: 1, system: UCUM, code }), code).toEqual([
      'error Observation.value.ofType(Quantity).code',
    ])
})

test('units of other systems, and units without a system, are nobody’s business here', async () => {
  expect(await told({ value: 1, unit: '顆', system: 'http://example.org/units', code: '顆' })).toEqual([])
  expect(await told({ value: 1, unit: '次' })).toEqual([])
})

test('units are checked wherever a quantity stands', async () => {
  const resource = {
    resourceType: 'Condition',
    subject: { display: '合成病人' },
    onsetAge: { value: 5, system: UCUM, code: 'years' },
  }
  const found = await validator.validate(resource)
  expect(found.map(({ expression }) => expression)).toEqual(['Condition.onset.ofType(Age).code'])
})
