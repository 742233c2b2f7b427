/**
 * The profiles: compiled as they are written, and each with records that conform and records that must be refused.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileFsh, type Compilation } from '../implementation-guide/fsh.ts'
import { filesOf } from '../implementation-guide/package.ts'
import { makeConformance } from '../src/fhir/conformance.ts'
import { loadNpmPackages } from '../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../src/fhir/packages.ts'
import { makeTerminology } from '../src/terminology/service.ts'
import { closeInvariantThread } from '../src/validation/invariant-foreign.ts'
import { rules } from '../src/validation/rules.ts'
import { makeValidator } from '../src/validation/validate.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const PACKAGE = at('../profiles/package')
const EXPECTED_ERROR = 'https://fhir.dhp.tw.example/CodeSystem/expected-error'

interface Example {
  readonly resourceType: string
  readonly id: string
  readonly meta?: {
    readonly profile?: readonly string[]
    readonly tag?: readonly { readonly system?: string; readonly code?: string; readonly display?: string }[]
  }
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const examples = readdirSync(join(PACKAGE, 'example')).map(file => read(join(PACKAGE, 'example', file)) as Example)
const expectedError = ({ meta }: Example) => meta?.tag?.find(({ system }) => system === EXPECTED_ERROR)
const named = ({ resourceType, id }: Example) => `${resourceType}/${id}`

describe('the compiled profiles', () => {
  let compilation: Compilation
  beforeAll(async () => {
    compilation = await compileFsh(at('../profiles'), at('../implementation-guide/sushi-config.yaml'))
  }, 120_000)

  test('SUSHI has no complaint about the FSH', () => {
    expect(compilation.complaints).toEqual([])
  })

  test('profiles/package is what the FSH compiles to: `npm run profiles` was run after the last change', () => {
    const made = Object.fromEntries(filesOf(compilation))
    const kept = Object.fromEntries(
      readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.json'))
        .map(file => [file.replaceAll('\\', '/'), readFileSync(join(PACKAGE, file), 'utf8')]),
    )
    expect(Object.keys(kept).sort()).toEqual(Object.keys(made).sort())
    expect(Object.keys(made).filter(file => made[file] !== kept[file])).toEqual([])
  })

  test('every artifact has the canonical base and the version of the project', () => {
    const { canonical, version } = compilation.manifest
    const others = compilation.files
      .filter(({ file }) => !file.startsWith('example/'))
      .map(({ resource }) => resource)
      .filter(({ url, version: own }) => !String(url).startsWith(`${String(canonical)}/`) || own !== version)
    expect(others.map(({ resourceType, id }) => `${String(resourceType)}/${String(id)}`)).toEqual([])
  })

  test('every file of profiles has an example that conforms and one that must be refused', () => {
    const profiles = compilation.files.filter(
      ({ resource }) => resource['derivation'] === 'constraint' && resource['type'] !== 'Extension',
    )
    const has = (source: string, bad: boolean) =>
      compilation.files.some(
        one =>
          one.source === source &&
          one.file.startsWith('example/') &&
          (expectedError(one.resource as unknown as Example) !== undefined) === bad,
      )
    const sources = [...new Set(profiles.map(({ source }) => source))]
    expect(sources.length).toBeGreaterThan(30)
    expect(sources.filter(source => !has(source, false) || !has(source, true))).toEqual([])
  })

  test('every profile has an example that conforms to it', () => {
    const profiles = compilation.files
      .map(({ resource }) => resource)
      .filter(({ derivation, type, abstract }) => derivation === 'constraint' && type !== 'Extension' && !abstract)
      .map(({ url }) => url)
    const claimed = new Set(examples.filter(one => !expectedError(one)).flatMap(({ meta }) => meta?.profile ?? []))
    expect(profiles.filter(url => !claimed.has(String(url)))).toEqual([])
  })
})

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const { checkCode } = makeTerminology({ conformance: () => conformance })
const validator = makeValidator({ conformance: () => conformance, definitions: () => definitions, checkCode }, rules)
afterAll(closeInvariantThread)

describe('the definitions', () => {
  const files = readdirSync(PACKAGE).filter(file => file.endsWith('.json') && file !== 'package.json')

  test('profiles, value sets, code systems and requirements are valid FHIR R4 themselves', async () => {
    const errors: string[] = []
    for (const file of files)
      for (const { severity, expression, said } of await validator.validate(read(join(PACKAGE, file))))
        if (severity === 'error') errors.push(`${file} ${expression}: ${said.en}`)
    expect(errors).toEqual([])
  })
})

describe('the examples', () => {
  const known = new Map(examples.map(one => [named(one), one]))
  const errorsOf = async (example: Example) =>
    (await validator.validate(example, { resolve: reference => Promise.resolve(known.get(reference)) })).filter(
      ({ severity }) => severity === 'error',
    )

  test.each(examples.filter(one => !expectedError(one)).map(one => [named(one), one] as const))(
    '%s conforms to what it claims',
    async (_, example) => {
      expect((await errorsOf(example)).map(({ expression, said }) => `${expression}: ${said.en}`)).toEqual([])
    },
  )

  test.each(
    examples.flatMap(one => {
      const { code, display } = expectedError(one) ?? {}
      return code ? [[named(one), code, display, one] as const] : []
    }),
  )('%s is refused at %s: %s', async (_, expression, _why, example) => {
    expect((await errorsOf(example)).map(one => one.expression)).toContain(expression)
  })
})

/** The letter's number (A is 10, I is 34, O is 35), then the digits: weighted 1 9 8 7 6 5 4 3 2 1 1, a multiple of ten. */
function isRightNumber(number: string): boolean {
  const letter = 10 + 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(number[0]!)
  const second = 'ABCD'.includes(number[1]!) ? String('ABCD'.indexOf(number[1]!)) : number[1]!
  const digits = [...String(letter), second, ...number.slice(2)].map(Number)
  const weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
  return weights.reduce((sum, weight, i) => sum + weight * digits[i]!, 0) % 10 === 0
}

describe('the identifiers of persons', () => {
  const patient = (type: string, system: string, value: string) => ({
    resourceType: 'Patient',
    meta: { profile: ['https://fhir.dhp.tw.example/StructureDefinition/dhp-patient'] },
    identifier: [
      {
        use: 'official',
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: type }] },
        system,
        value,
      },
    ],
    name: [{ text: '陳測試' }],
    gender: value[1] === '1' ? 'male' : 'female',
    birthDate: '1962-03-14',
  })
  const isAccepted = async (resource: unknown) =>
    (await validator.validate(resource)).every(({ severity }) => severity !== 'error')
  const tails = ['2345678', '0000000', '9999999', '1010101', '8675309']

  test.each([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'])(
    'of ten numbers that differ in the last digit, one is right: national ID numbers with %s',
    async letter => {
      const start = `${letter}1${tails[letter.charCodeAt(0) % tails.length]!}`
      const numbers = Array.from({ length: 10 }, (_, digit) => `${start}${digit}`)
      const accepted: string[] = []
      for (const number of numbers)
        if (await isAccepted(patient('NNxxx', 'http://www.moi.gov.tw', number))) accepted.push(number)
      expect(accepted).toEqual(numbers.filter(isRightNumber))
      expect(accepted).toHaveLength(1)
    },
  )

  test.each(['A8', 'F9', 'AC', 'ZD', 'IA'])(
    'of ten numbers that differ in the last digit, one is right: resident certificate numbers with %s',
    async start => {
      const numbers = Array.from({ length: 10 }, (_, digit) => `${start}1234567${digit}`)
      const accepted: string[] = []
      for (const number of numbers)
        if (await isAccepted(patient('PRC', 'http://www.immigration.gov.tw', number))) accepted.push(number)
      expect(accepted).toEqual(numbers.filter(isRightNumber))
      expect(accepted).toHaveLength(1)
    },
  )

  test('a sex that does not agree with the number is a warning, not an error', async () => {
    const findings = await validator.validate({
      ...patient('NNxxx', 'http://www.moi.gov.tw', 'A123456789'),
      gender: 'female',
    })
    const about = findings.filter(({ origin }) => origin?.endsWith('#dhp-sex-digit'))
    expect(about.map(({ severity, expression }) => ({ severity, expression }))).toEqual([
      { severity: 'warning', expression: 'Patient' },
    ])
  })
})
