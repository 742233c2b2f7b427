/**
 * The oncology profiles, rule by rule: what a cancer registrar writes is accepted, and what is wrong is refused where it is wrong.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { makeConformance } from '../src/fhir/conformance.ts'
import { loadNpmPackages } from '../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../src/fhir/packages.ts'
import { makeTerminology } from '../src/terminology/service.ts'
import { closeInvariantThread } from '../src/validation/invariant-foreign.ts'
import { rules } from '../src/validation/rules.ts'
import { makeValidator } from '../src/validation/validate.ts'
import type { Finding } from '../src/validation/words.ts'

const folder = fileURLToPath(new URL('../profiles/package/example/', import.meta.url))
const AJCC = 'http://cancerstaging.org'
const ICD_O_3 = 'http://terminology.hl7.org/CodeSystem/icd-o-3'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const { checkCode } = makeTerminology({ conformance: () => conformance })
const validator = makeValidator({ conformance: () => conformance, definitions: () => definitions, checkCode }, rules)
afterAll(closeInvariantThread)

interface Part {
  [name: string]: unknown
}

/** The example, after `change`: what the rules say of it, shortened to `expression rule`. */
async function broken(
  name: string,
  change: (resource: Part) => void = () => {},
  severity = 'error',
): Promise<string[]> {
  const resource = JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Part
  change(resource)
  const findings: readonly Finding[] = await validator.validate(resource)
  return findings
    .filter(finding => finding.severity === severity)
    .map(({ expression, origin, said }) => `${expression} ${origin?.split('#')[1] ?? said.en}`)
}

const set = (path: string, value: unknown) => (resource: Part) => {
  const names = path.split('.')
  const last = names.pop()!
  const holder = names.reduce<Part>((at, name) => at[name] as Part, resource)
  if (value === undefined) delete holder[last]
  else holder[last] = value
}
const ajcc = (code: string) => set('valueCodeableConcept', { coding: [{ system: AJCC, code }] })
const VALUE = 'Observation.value.ofType(CodeableConcept)'

describe('values of AJCC', () => {
  const T = 'cTX cT0 cTis pTis(DCIS) cT1 pT1mi pT1a cT1c pT2a2 pT4d ypT0 ycT2 rT2 aT3 pT3(m)'
  const N = 'cNX cN0 pN0(i+) pN0(mol-) pN1mi pN1a pN1a(sn) cN1(f) pN2b cN3c ypN0 rN1'
  const M = 'cM0 cM0(i+) cM1 pM1a cM1b cM1c2 cM1a(0) pM1d(1) rM1'
  const GROUP = '0 0a 0is I IA IA1 IB2 IIA IIC IIIC2 IVA IVB IVC IS occult'
  const asCode = { T: '21911-3', N: '21912-1', M: '21913-9' }

  test.each(T.split(' '))('T category %s is accepted', async code => {
    const change = (resource: Part) => {
      set('code', { coding: [{ system: 'http://loinc.org', code: asCode.T }] })(resource)
      ajcc(code)(resource)
    }
    expect(await broken('Observation-tnm-t-lung', change)).toEqual([])
  })

  test.each(N.split(' '))('N category %s is accepted', async code => {
    const change = (resource: Part) => {
      set('code', { coding: [{ system: 'http://loinc.org', code: asCode.N }] })(resource)
      ajcc(code)(resource)
    }
    expect(await broken('Observation-tnm-n-lung', change)).toEqual([])
  })

  test.each(M.split(' '))('M category %s is accepted', async code => {
    const change = (resource: Part) => {
      set('code', { coding: [{ system: 'http://loinc.org', code: asCode.M }] })(resource)
      ajcc(code)(resource)
    }
    expect(await broken('Observation-tnm-m-lung', change)).toEqual([])
  })

  test.each(GROUP.split(' '))('stage group %s is accepted', async code => {
    expect(await broken('Observation-stage-group-lung', ajcc(code))).toEqual([])
  })

  test.each(['T2a ', 'c T2', 'cT5', 'T', '2a', 'cN1', 'cT2A', 'TX0'])('T category "%s" is refused', async code => {
    expect(await broken('Observation-tnm-t-lung', ajcc(code))).toContain(`${VALUE} dhp-tnm-t`)
  })

  test.each(['cN4', 'N', 'cT1', '1', 'cN1e'])('N category "%s" is refused', async code => {
    expect(await broken('Observation-tnm-n-lung', ajcc(code))).toContain(`${VALUE} dhp-tnm-n`)
  })

  test.each(['cM2', 'M', 'cM1f', 'cN1'])('M category "%s" is refused', async code => {
    expect(await broken('Observation-tnm-m-lung', ajcc(code))).toContain(`${VALUE} dhp-tnm-m`)
  })

  test.each(['4', 'IIII', 'Stage II', 'iv', 'V', 'IIIC2a'])('stage group "%s" is refused', async code => {
    expect(await broken('Observation-stage-group-lung', ajcc(code))).toContain(`${VALUE} dhp-tnm-group`)
  })

  test('a value of SNOMED CT is not held to the form of AJCC', async () => {
    const value = { coding: [{ system: 'http://snomed.info/sct', code: '1228938002' }] }
    expect(await broken('Observation-tnm-t-lung', set('valueCodeableConcept', value))).toEqual([])
  })

  test('clinical values are refused under a pathological code, by LOINC or SNOMED CT', async () => {
    for (const code of [
      { system: 'http://loinc.org', code: '21899-0' },
      { system: 'http://snomed.info/sct', code: '384625004' },
    ])
      expect(await broken('Observation-tnm-t-lung', set('code', { coding: [code] }))).toEqual([
        'Observation dhp-tnm-side',
      ])
  })
})

describe('the primary cancer', () => {
  const PRIMARY = 'Condition-primary-cancer-lung'
  const site = (code: string) => set('bodySite.0.coding', [{ system: ICD_O_3, code }])
  const noSide = (resource: Part) => set('bodySite.0.extension', undefined)(resource)

  test.each(['C34.1', 'C50.4', 'C56.9', 'C64.9', 'C69.2'])('of %s is refused without its side', async code => {
    const change = (resource: Part) => [site(code), noSide].forEach(each => each(resource))
    expect(await broken(PRIMARY, change)).toEqual(['Condition.bodySite[0] dhp-laterality'])
  })

  test.each(['C06.0', 'C11.9', 'C18.2', 'C20.9', 'C22.0', 'C61.9'])('of %s needs no side', async code => {
    const change = (resource: Part) => [site(code), noSide].forEach(each => each(resource))
    expect(await broken(PRIMARY, change)).toEqual([])
  })

  test('whose side is not known says so with a data-absent-reason', async () => {
    const unknown = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }
    expect(await broken(PRIMARY, set('bodySite.0.extension', [unknown]))).toEqual([])
  })

  test.each(['C341', 'C34', '34.1', 'C34.11'])('with the topography %s is refused', async code => {
    expect(await broken(PRIMARY, site(code))).toContain('Condition.bodySite[0] dhp-icd-o-3-topography')
  })

  test('has the same ICD-10-CM code in both systems', async () => {
    const change = set('code.coding.1.code', 'C34.12')
    expect((await broken(PRIMARY, change)).filter(each => each.includes('dhp-'))).toEqual([
      'Condition.code dhp-cancer-icd-agree',
    ])
  })

  test('says when it was first diagnosed', async () => {
    const change = (resource: Part) => {
      set('onsetDateTime', undefined)(resource)
      set(
        'extension',
        (resource['extension'] as Part[]).filter(({ url }) => !String(url).endsWith('assertedDate')),
      )(resource)
    }
    expect(await broken(PRIMARY, change)).toEqual(['Condition dhp-cancer-first-diagnosed'])
  })

  test.each([
    ['8140/6', 'dhp-primary-behaviour'],
    ['8140', 'dhp-icd-o-3-morphology'],
    ['81403', 'dhp-icd-o-3-morphology'],
  ])('with the morphology %s is refused: %s', async (code, rule) => {
    const change = (resource: Part) => {
      const at = (resource['extension'] as Part[]).findIndex(({ url }) => String(url).includes('morphology'))
      set(`extension.${at}.valueCodeableConcept.coding.0.code`, code)(resource)
    }
    expect((await broken(PRIMARY, change)).join('\n')).toMatch(
      new RegExp(`^Condition\\.extension\\[\\d\\]\\.value\\.ofType\\(CodeableConcept\\) ${rule}$`, 'm'),
    )
  })
})

describe('results and treatment', () => {
  test.each([
    ['Observation-marker-cea', 'valueQuantity.value', -1, 'Observation.value.ofType(Quantity) dhp-marker-not-negative'],
    ['Observation-ecog-1', 'valueInteger', -1, 'Observation.value.ofType(integer) dhp-ecog-range'],
    ['Observation-karnofsky-80', 'valueInteger', 110, 'Observation.value.ofType(integer) dhp-karnofsky-range'],
    ['Observation-nodes-examined', 'valueInteger', -2, 'Observation dhp-node-count'],
    [
      'Observation-variant-egfr-l858r',
      'component.1.valueCodeableConcept.coding.0.code',
      'L858R',
      'Observation.component[1].value.ofType(CodeableConcept) dhp-coding-hgvs',
    ],
    ['MedicationRequest-medication-osimertinib', 'reasonReference', undefined, 'MedicationRequest dhp-cancer-reason'],
  ] as const)('%s with %s = %s is refused', async (name, path, value, expected) => {
    expect(await broken(name, set(path, value))).toContain(expected)
  })

  test.each([0, 5])('ECOG %s is accepted', async value => {
    expect(await broken('Observation-ecog-1', set('valueInteger', value))).toEqual([])
  })

  test.each(['NM_005228.5:c.2573T>G', 'NM_000059.4(BRCA2):c.5946del', 'ENST00000275493.7:c.2235_2249del'])(
    'the coding change %s is accepted',
    async code => {
      const change = set('component.1.valueCodeableConcept.coding.0.code', code)
      expect(await broken('Observation-variant-egfr-l858r', change)).toEqual([])
    },
  )

  test('more fractions to a volume than there were sessions is a warning', async () => {
    const change = (resource: Part) => {
      const at = (resource['extension'] as Part[]).findIndex(({ url }) => String(url).endsWith('radiotherapy-sessions'))
      set(`extension.${at}.valueUnsignedInt`, 8)(resource)
    }
    const name = 'Procedure-radiotherapy-course-spine'
    expect(await broken(name, change)).toEqual([])
    expect(await broken(name, change, 'warning')).toContain('Procedure dhp-radiotherapy-fractions')
    expect((await broken(name, undefined, 'warning')).join()).not.toContain('dhp-radiotherapy-fractions')
  })

  test('sizes in different units are not compared', async () => {
    const change = set('component.1.valueQuantity', {
      value: 40,
      unit: 'cm',
      system: 'http://unitsofmeasure.org',
      code: 'cm',
    })
    expect(await broken('Observation-tumor-size-lung', change)).toEqual([])
  })
})

test('a stage and its categories of two editions of AJCC in one patient’s Bundle is a warning', async () => {
  const example = (name: string) => JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Part
  const names = [
    'Observation-tnm-t-lung',
    'Observation-tnm-n-lung',
    'Observation-tnm-m-lung',
    'Observation-stage-group-lung',
  ]
  const of = (edition: string) => (bundle: Part) => {
    const all = names.map(example)
    set('method.coding.0', { system: 'http://snomed.info/sct', code: edition })(all[0]!)
    const entries = all.map(resource => ({
      fullUrl: `https://fhir.dhp.tw.example/Observation/${String(resource['id'])}`,
      resource,
    }))
    bundle['entry'] = [...(bundle['entry'] as Part[]), ...entries]
  }
  const name = 'Bundle-cancer-patient-bundle-example'
  const rule = 'Bundle dhp-stage-one-edition'
  expect(await broken(name, of('443830009'), 'warning')).toContain(rule)
  expect(await broken(name, of('897275008'), 'warning')).not.toContain(rule)
})
