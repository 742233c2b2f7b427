/**
 * What is measured of CDS Hooks: a service that does nothing, a rule with five FHIRPath conditions, and a call with prefetch.
 * Started by bench.ts as a server of its own.
 */
import { randomUUID } from 'node:crypto'
import { run } from '../../src/commands/serve.ts'
import { readConfig } from '../../src/config.ts'
import type { CdsService } from '../../src/cds/words.ts'

const prefetch = {
  patient: 'Patient/{{context.patientId}}',
  conditions: 'Condition?patient={{context.patientId}}',
  observations: 'Observation?patient={{context.patientId}}&_sort=-date&_count=40',
}

export const nothing: CdsService = {
  id: 'nothing',
  hook: 'patient-view',
  title: 'Nothing',
  description: 'Answers that there is nothing to say.',
  prefetch,
  answer: () => ({ cards: [] }),
}

const condition = (expression: string) => ({
  kind: 'applicability',
  expression: { language: 'text/fhirpath', expression },
})

/** Five conditions, all of which hold for the call below. */
export const rule = {
  resourceType: 'PlanDefinition',
  id: 'bench-rule',
  meta: { profile: ['https://fhir.dhp.tw.example/StructureDefinition/dhp-rule'] },
  url: 'https://bench.example/PlanDefinition/bench-rule',
  version: '1',
  name: 'BenchRule',
  title: 'Five conditions',
  status: 'active',
  type: {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }],
  },
  description: 'Follow-up of lung cancer',
  relatedArtifact: [{ type: 'documentation', display: 'Bench', url: 'https://bench.example' }],
  action: [
    {
      title: 'A follow-up is due.',
      trigger: [{ type: 'named-event', name: 'patient-view' }],
      input: Object.entries(prefetch).map(([key, template]) => ({
        id: key,
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern', valueString: template }],
        type: /^[A-Za-z]+/.exec(template)![0],
      })),
      condition: [
        condition('%patient.birthDate <= today() - 50 years'),
        condition("%patient.gender = 'female' and %patient.deceased.empty()"),
        condition(
          "%conditions.where(code.coding.where(system = 'http://hl7.org/fhir/sid/icd-10-cm' and code.startsWith('C34')).exists()).exists()",
        ),
        condition(
          "%observations.where(code.coding.exists(system = 'http://loinc.org' and code = '718-7')).select(value.ofType(Quantity).value).where($this < 12).exists()",
        ),
        condition("%observations.where(status = 'final' and code.coding.exists(code = '33914-3')).count() < 5"),
      ],
    },
  ],
}

/** The body of a call: a patient, four conditions, so many observations (of 450 bytes each). */
export function body(n: number, observations: number): string {
  const id = `p${n}`
  const subject = { reference: `Patient/${id}` }
  const searchset = (resources: object[]) => ({
    resourceType: 'Bundle',
    type: 'searchset',
    entry: resources.map(resource => ({ resource, search: { mode: 'match' } })),
  })
  const codes = ['I10', 'E11.9', 'C34.11', 'J44.9']
  return JSON.stringify({
    hook: 'patient-view',
    hookInstance: randomUUID(),
    context: { userId: 'Practitioner/doc', patientId: id },
    prefetch: {
      patient: {
        resourceType: 'Patient',
        id,
        gender: 'female',
        birthDate: `19${40 + (n % 25)}-03-04`,
        name: [{ text: '測試' }],
      },
      conditions: searchset(
        codes.map((code, i) => ({
          resourceType: 'Condition',
          id: `c${n}-${i}`,
          clinicalStatus: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
          },
          code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] },
          subject,
        })),
      ),
      observations: searchset(
        Array.from({ length: observations }, (_, i) => ({
          resourceType: 'Observation',
          id: `o${n}-${i}`,
          status: 'final',
          category: [
            { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
          ],
          code: { coding: [{ system: 'http://loinc.org', code: ['718-7', '2160-0', '8480-6', '29463-7'][i % 4] }] },
          subject,
          effectiveDateTime: `2026-0${1 + (i % 9)}-11T08:00:00+08:00`,
          valueQuantity: { value: 10 + (i % 7), unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
        })),
      ),
    },
  })
}

if (import.meta.main) process.exitCode = await run(readConfig(process.env), undefined, { services: [nothing] })
