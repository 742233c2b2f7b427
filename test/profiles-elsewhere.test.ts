/**
 * The examples of the profiles against TW Core 0.3.1 and US Core 6.1.0, where those packages are at hand: what conforms to
 * ours can conform to theirs.
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CanonicalResource, type Conformance, makeConformance } from '../src/fhir/conformance.ts'
import { loadNpmPackages } from '../src/fhir/npm-packages.ts'
import { packageFiles } from '../src/fhir/package-archive.ts'
import { loadDefinitions } from '../src/fhir/packages.ts'
import { makeTerminology } from '../src/terminology/service.ts'
import { closeInvariantThread } from '../src/validation/invariant-foreign.ts'
import { rules } from '../src/validation/rules.ts'
import { makeValidator } from '../src/validation/validate.ts'
import type { Validator } from '../src/validation/words.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const PACKAGES = at('../../shared/data/packages')
const EXAMPLES = at('../profiles/package/example')
const OURS = 'https://fhir.dhp.tw.example/StructureDefinition/dhp-'

/** Our profile: the part of the name that differs in TW Core's and US Core's; `-`: they have none. */
const PAIRS: Readonly<Record<string, readonly [tw: string, us: string]>> = {
  'allergy-intolerance': ['AllergyIntolerance', 'allergyintolerance'],
  'average-blood-pressure': ['Observation-averageBloodPressure', '-'],
  'blood-pressure': ['Observation-bloodPressure', 'blood-pressure'],
  'body-height': ['Observation-body-height', 'body-height'],
  'body-temperature': ['Observation-body-temperature', 'body-temperature'],
  'body-weight': ['Observation-body-weight', 'body-weight'],
  bmi: ['Observation-bmi', 'bmi'],
  'care-plan': ['CarePlan', 'careplan'],
  'care-preference': ['Observation-careExperiencePreference', '-'],
  'care-team': ['CareTeam', 'careteam'],
  'clinical-result': ['Observation-clinical-result', 'observation-clinical-result'],
  composition: ['Composition', '-'],
  condition: ['Condition', 'condition-problems-health-concerns'],
  coverage: ['Coverage', 'coverage'],
  device: ['Device', 'implantable-device'],
  'document-reference': ['DocumentReference', 'documentreference'],
  encounter: ['Encounter', 'encounter'],
  goal: ['Goal', 'goal'],
  'head-circumference': ['Observation-head-circumference', 'head-circumference'],
  'heart-rate': ['Observation-heart-rate', 'heart-rate'],
  hospital: ['Organization-hosp', 'organization'],
  'imaging-study': ['ImagingStudy', '-'],
  immunization: ['Immunization', 'immunization'],
  'laboratory-report': ['DiagnosticReport', 'diagnosticreport-lab'],
  'laboratory-result': ['Observation-laboratoryResult', 'observation-lab'],
  location: ['Location', 'location'],
  medication: ['Medication', 'medication'],
  'medication-dispense': ['MedicationDispense', 'medicationdispense'],
  'medication-request': ['MedicationRequest', 'medicationrequest'],
  'medication-statement': ['MedicationStatement', '-'],
  occupation: ['Observation-occupation', 'observation-occupation'],
  organization: ['Organization', 'organization'],
  'oxygen-saturation': ['Observation-pulse-oximetry', 'pulse-oximetry'],
  patient: ['Patient', 'patient'],
  practitioner: ['Practitioner', 'practitioner'],
  'practitioner-role': ['PractitionerRole', 'practitionerrole'],
  'pregnancy-intent': ['Observation-pregnancy-intent', 'observation-pregnancyintent'],
  'pregnancy-status': ['Observation-pregnancy-status', 'observation-pregnancystatus'],
  procedure: ['Procedure', 'procedure'],
  provenance: ['Provenance', 'provenance'],
  'questionnaire-response': ['QuestionnaireResponse', 'questionnaireresponse'],
  'related-person': ['RelatedPerson', 'relatedperson'],
  report: ['DiagnosticReport', 'diagnosticreport-note'],
  'respiratory-rate': ['Observation-respiratory-rate', 'respiratory-rate'],
  'screening-assessment': ['Observation-screening-assessment', 'observation-screening-assessment'],
  'service-request': ['ServiceRequest', 'servicerequest'],
  'sexual-orientation': ['Observation-sexual-orientation', 'observation-sexual-orientation'],
  'smoking-status': ['Observation-smoking-status', 'smokingstatus'],
  specimen: ['Specimen', 'specimen'],
  'treatment-preference': ['Observation-treatment-intervention-preference', '-'],
  'vital-signs': ['Observation-vitalSigns', 'vital-signs'],
}

interface Example {
  readonly resourceType: string
  readonly id: string
  readonly meta?: { readonly profile?: readonly string[]; readonly tag?: readonly unknown[] }
}
const examples = readdirSync(EXAMPLES)
  .map(file => JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as Example)
  .filter(({ meta }) => !meta?.tag)
const ofOurs = (name: string) => examples.filter(({ meta }) => meta?.profile?.includes(`${OURS}${name}`))

describe.each([
  [
    'TW Core 0.3.1',
    'tw.gov.mohw.twcore-0.3.1.tgz',
    0,
    (name: string) => `https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/${name}-twcore`,
  ],
  [
    'US Core 6.1.0',
    'hl7.fhir.us.core-6.1.0.tgz',
    1,
    (name: string) => `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${name}`,
  ],
] as const)('the examples, against %s', (_, archive, which, canonicalOf) => {
  const file = join(PACKAGES, archive)
  let conformance: Conformance
  let validator: Validator
  beforeAll(async () => {
    if (!existsSync(file)) return
    const theirs: CanonicalResource[] = []
    for await (const { bytes } of packageFiles(createReadStream(file))) {
      const resource = JSON.parse(bytes.toString('utf8')) as CanonicalResource
      if (['StructureDefinition', 'ValueSet', 'CodeSystem'].includes(resource.resourceType)) theirs.push(resource)
    }
    conformance = makeConformance(loadNpmPackages()).with(theirs)
    const definitions = loadDefinitions()
    const { checkCode } = makeTerminology({ conformance: () => conformance })
    validator = makeValidator({ conformance: () => conformance, definitions: () => definitions, checkCode }, rules)
  }, 60_000)
  afterAll(closeInvariantThread)

  test.skipIf(!existsSync(file)).each(
    Object.entries(PAIRS)
      .filter(([, pair]) => pair[which] !== '-')
      .map(([ours, pair]) => [ours, canonicalOf(pair[which])] as const),
  )('what conforms to dhp-%s conforms to %s', async (ours, theirs) => {
    expect(conformance.find('StructureDefinition', theirs), theirs).toBeDefined()
    const own = ofOurs(ours)
    expect(own.length).toBeGreaterThan(0)
    for (const example of own) {
      const findings = await validator.validate(example, { profiles: [theirs], onlyProfiles: true })
      const errors = findings.filter(({ severity }) => severity === 'error')
      expect(errors.map(({ expression, said }) => `${example.id} ${expression}: ${said.en}`)).toEqual([])
    }
  })
})
