/**
 * The cancer journeys: each as a hospital's system sends it, conforming to this project's profiles, to mCODE and, where those
 * packages are at hand, to TW Core and US Core.
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bundle, CodeableConcept, Condition, Group, Observation, Patient, Procedure, Resource } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CanonicalResource, type Conformance, makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { packageFiles } from '../../src/fhir/package-archive.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { closeInvariantThread } from '../../src/validation/invariant-foreign.ts'
import { rules } from '../../src/validation/rules.ts'
import { makeValidator } from '../../src/validation/validate.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const folder = at('../../examples/data')
const PACKAGES = at('../../../shared/data/packages')
const ARCHIVES = ['hl7.fhir.us.core-6.1.0.tgz', 'tw.gov.mohw.twcore-0.3.1.tgz'].map(name => join(PACKAGES, name))
const OURS = 'https://fhir.dhp.tw.example/StructureDefinition/dhp-'
const MCODE = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-'
const TW_CORE = 'https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/'
const PRIMARY_CODES = 'http://hl7.org/fhir/us/mcode/ValueSet/mcode-primary-cancer-disorder-vs'

const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Bundle
const journeys = readdirSync(folder).filter(file => file.startsWith('patient-cancer-'))
const others = readdirSync(folder).filter(file => file.startsWith('patient-') && !journeys.includes(file))
const resources = (file: string) => (read(file).entry ?? []).map(({ resource }) => resource!)
const withProfile = <T extends Resource>(file: string, profile: string) =>
  resources(file).filter(({ meta }) => meta?.profile?.includes(profile)) as T[]
const journey = (name: string) => `patient-cancer-${name}.json`
const has = (concept: CodeableConcept | undefined, code: string) =>
  concept?.coding?.some(each => each.code === code) ?? false

const definitions = loadDefinitions()
function validatorWith(conformance: Conformance) {
  const { checkCode } = makeTerminology({ conformance: () => conformance })
  return makeValidator({ conformance: () => conformance, definitions: () => definitions, checkCode }, rules)
}
const own = makeConformance(loadNpmPackages())
const validator = validatorWith(own)
afterAll(closeInvariantThread)

async function errorsOf(resource: unknown, by = validator, profiles: readonly string[] = []): Promise<string[]> {
  const findings = await by.validate(resource, { profiles })
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ expression, said }) => `${expression}: ${said.en}`)
}

/** A server without TW Core says so of its profiles and extensions, and only that. */
const notOfTwCore = (errors: readonly string[]) => errors.filter(error => !error.includes(TW_CORE))

test('nine patients, each with 40 to 120 resources in a file below 250 kB', () => {
  expect(journeys).toHaveLength(9)
  for (const file of journeys) {
    expect(resources(file).length, file).toBeGreaterThanOrEqual(40)
    expect(resources(file).length, file).toBeLessThanOrEqual(120)
    expect(readFileSync(join(folder, file)).length, file).toBeLessThan(250_000)
  }
})

describe('conformance', () => {
  test.each(journeys)('%s conforms to mCODE and to this project, as the Bundle that is sent', async file => {
    expect(notOfTwCore(await errorsOf(read(file)))).toEqual([])
  })

  test('a primary cancer without its morphology is refused, in the Bundle as well', async () => {
    for (const file of journeys) {
      const bundle = read(file)
      const at = (bundle.entry ?? []).findIndex(({ resource }) =>
        resource?.meta?.profile?.includes(`${OURS}primary-cancer-condition`),
      )
      const condition = bundle.entry?.[at]?.resource as Condition
      condition.extension = (condition.extension ?? []).filter(({ url }) => !url.includes('morphology'))
      expect((await errorsOf(bundle)).join('\n'), file).toMatch(
        new RegExp(`^Bundle\\.entry\\[${at}\\]\\.resource: .*histologyMorphologyBehavior`, 'm'),
      )
    }
  })

  describe.skipIf(!ARCHIVES.every(existsSync))('with TW Core 0.3.1 and US Core 6.1.0', () => {
    let both: ReturnType<typeof validatorWith>
    beforeAll(async () => {
      const theirs: CanonicalResource[] = []
      for (const archive of ARCHIVES)
        for await (const { bytes } of packageFiles(createReadStream(archive))) {
          const resource = JSON.parse(bytes.toString('utf8')) as CanonicalResource
          if (['StructureDefinition', 'ValueSet', 'CodeSystem'].includes(resource.resourceType)) theirs.push(resource)
        }
      both = validatorWith(own.with(theirs))
    }, 60_000)

    test.each([...journeys, 'hospitals-oncology.json'])('%s conforms as it is, with all it refers to', async file => {
      expect(await errorsOf(read(file), both)).toEqual([])
    })

    test.each(journeys)('what %s says of cancer conforms to TW Core as well', async file => {
      for (const resource of resources(file)) {
        const profile = twCoreProfile(resource)
        const found = profile ? await errorsOf(resource, both, [profile]) : []
        expect(found, `${resource.resourceType}/${resource.id}`).toEqual([])
      }
    })
  })
})

/** The profile of TW Core that a resource could claim and does not. */
function twCoreProfile(resource: Resource): string | undefined {
  if (resource.meta?.profile?.some(profile => profile.startsWith(TW_CORE))) return undefined
  const same = ['Condition', 'Procedure', 'MedicationRequest', 'DiagnosticReport', 'Specimen']
  if (same.includes(resource.resourceType)) return `${TW_CORE}${resource.resourceType}-twcore`
  if (resource.resourceType !== 'Observation') return undefined
  const { category } = resource as Observation
  if (!category) return undefined
  if (has(category[0], 'laboratory')) return `${TW_CORE}Observation-laboratoryResult-twcore`
  if (has(category[0], 'survey')) return `${TW_CORE}Observation-screening-assessment-twcore`
  return `${TW_CORE}Observation-simple-twcore`
}

test('mCODE’s value set of primary cancers holds a code of every journey, and of no other patient', async () => {
  const { checkCode } = makeTerminology({ conformance: () => own })
  const primary = async (file: string) => {
    const codings = resources(file)
      .filter(({ resourceType }) => resourceType === 'Condition')
      .flatMap(resource => (resource as Condition).code?.coding ?? [])
    const verdicts = await Promise.all(
      codings.map(async ({ system, code }) => checkCode({ system: system!, code: code!, valueSet: PRIMARY_CODES })),
    )
    return verdicts.some(({ result }) => result === 'yes')
  }
  for (const file of journeys) expect(await primary(file), file).toBe(true)
  for (const file of others) expect(await primary(file), file).toBe(false)
})

describe('what there is to see', () => {
  test('the group of all cancer patients has the nine, and conforms to mCODE', async () => {
    const [group] = resources('patients-cancer-group.json') as [Group]
    const patients = journeys.map(file => `Patient/${withProfile(file, `${MCODE}cancer-patient`)[0]?.id}`)
    expect(group.member?.map(({ entity }) => entity.reference).sort()).toEqual(patients.sort())
    expect(group.quantity).toBe(9)
    expect(await errorsOf(group)).toEqual([])
  })

  test('every journey has a primary cancer with a stage, performance status, treatment and disease status over time', () => {
    for (const file of journeys) {
      const conditions = withProfile<Condition>(file, `${MCODE}primary-cancer-condition`)
      expect(
        conditions.every(({ stage }) => stage?.[0]?.assessment?.length === 1),
        file,
      ).toBe(true)
      expect(withProfile(file, `${MCODE}tnm-stage-group`).length, file).toBeGreaterThanOrEqual(1)
      expect(withProfile(file, `${MCODE}ecog-performance-status`).length, file).toBeGreaterThanOrEqual(3)
      expect(withProfile(file, `${MCODE}comorbidities`), file).toHaveLength(1)
      expect(withProfile(file, `${MCODE}cancer-related-medication-request`).length, file).toBeGreaterThanOrEqual(1)
      const status = withProfile<Observation>(file, `${MCODE}cancer-disease-status`).map(
        each => each.effectiveDateTime!,
      )
      expect(new Set(status).size, file).toBeGreaterThanOrEqual(2)
    }
  })

  test('lung: EGFR L858R found by sequencing, and the resistance found later in the blood', () => {
    const variants = JSON.stringify(withProfile(journey('lung-egfr'), `${MCODE}genomic-variant`))
    expect(variants).toContain('p.(Leu858Arg)')
    expect(withProfile(journey('lung-egfr'), `${MCODE}genomics-report`)).toHaveLength(2)
    expect(withProfile(journey('lung-egfr'), `${MCODE}secondary-cancer-condition`)).toHaveLength(1)
  })

  test('breast: HER2 positive; liver: BCLC B; colon: MSI-H; prostate: Gleason 4 + 3', () => {
    const markers = withProfile<Observation>(journey('breast-her2'), `${MCODE}tumor-marker-test`)
    expect(markers.find(({ code }) => has(code, '85319-2'))?.valueCodeableConcept?.text).toContain('3+')
    const bclc = withProfile<Observation>(journey('liver-bclc-b'), `${OURS}bclc-stage`)
    expect(bclc.map(each => has(each.valueCodeableConcept, 'B'))).toEqual([true])
    const msi = withProfile<Observation>(journey('colon-msi-h'), `${MCODE}tumor-marker-test`)
    expect(msi.some(({ valueCodeableConcept }) => has(valueCodeableConcept, 'LA26203-2'))).toBe(true)
    expect(withProfile(journey('prostate-gleason'), `${OURS}gleason-score`)).toHaveLength(1)
  })

  test('one with recurrence, one with a second primary', () => {
    const [rectum] = withProfile<Condition>(journey('rectum-recurrence'), `${MCODE}primary-cancer-condition`)
    expect(has(rectum?.clinicalStatus, 'recurrence')).toBe(true)
    const [metastasis] = withProfile<Condition>(journey('rectum-recurrence'), `${MCODE}secondary-cancer-condition`)
    expect(metastasis!.onsetDateTime! > rectum!.onsetDateTime!).toBe(true)
    const two = withProfile<Condition>(journey('oral-second-primary'), `${MCODE}primary-cancer-condition`)
    expect(two.map(({ bodySite }) => bodySite?.[0]?.coding?.[0]?.code)).toEqual(['C06.0', 'C15.4'])
  })

  test('radiotherapy: a course with the dose to each volume', () => {
    const [course] = withProfile<Procedure>(journey('npc-radiotherapy'), `${MCODE}radiotherapy-course-summary`)
    const doses = course?.extension
      ?.filter(({ url }) => url.endsWith('dose-delivered-to-volume'))
      .map(({ extension }) => extension?.find(({ url }) => url === 'totalDoseDelivered')?.valueQuantity?.value)
    expect(doses).toEqual([7000, 6000])
    expect(withProfile(journey('npc-radiotherapy'), `${MCODE}radiotherapy-volume`)).toHaveLength(4)
  })

  test('palliative: treatment ended for a reason, care at home, and the time of death', () => {
    const file = journey('pancreas-palliative')
    expect(withProfile<Patient>(file, `${MCODE}cancer-patient`)[0]?.deceasedDateTime).toMatch(/^2025-08-19T/)
    const stopped = resources(file).filter(each => (each as Procedure).status === 'stopped')
    expect(stopped.length).toBeGreaterThanOrEqual(2)
    expect(stopped.every(each => (each as Procedure).statusReason?.coding?.length === 1)).toBe(true)
    expect(resources(file).filter(each => (each as { class?: { code?: string } }).class?.code === 'HH')).toHaveLength(3)
  })

  test('nothing is dated after the patient died, or before the patient was born', () => {
    for (const file of journeys) {
      const [patient] = withProfile<Patient>(file, `${MCODE}cancer-patient`)
      const last = patient?.deceasedDateTime ?? '2026-06-30'
      for (const resource of resources(file).filter(({ resourceType }) => resourceType === 'Observation')) {
        const when = (resource as Observation).effectiveDateTime!
        expect(when <= last && when > patient!.birthDate!, `${file} ${resource.id} ${when}`).toBe(true)
      }
    }
  })
})
