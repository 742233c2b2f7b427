/**
 * How long typical conditions of rules take: `node test/bench/fhirpath.ts`. Not a test: prints what it measured, in time of the
 * processor, so that others on the machine disturb less.
 */
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { evaluate } from '../../src/fhir/path.ts'
import { compile } from '../../src/fhirpath/expression.ts'
import { canonical } from '../../src/search/ucum.ts'

const options = { definitions: loadDefinitions(), units: canonical }

const searchset = (resources: readonly object[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: resources.map(resource => ({ fullUrl: 'http://example.org/1', resource })),
})
const coding = (system: string, code: string) => ({ coding: [{ system, code, display: 'display' }], text: 'text' })
const each = (make: (i: number) => object) => searchset(Array.from({ length: 40 }, (_, i) => make(i)))

const env = {
  patient: { resourceType: 'Patient', id: 'p', birthDate: '1961-04-05', gender: 'male' },
  conditions: each(i => ({
    resourceType: 'Condition',
    id: `c${i}`,
    clinicalStatus: coding('http://terminology.hl7.org/CodeSystem/condition-clinical', i % 3 ? 'active' : 'resolved'),
    code: coding('http://hl7.org/fhir/sid/icd-10-cm', i === 39 ? 'C34.11' : `E${i}.9`),
    subject: { reference: 'Patient/p' },
    onsetDateTime: '2020-05-06',
  })),
  observations: each(i => ({
    resourceType: 'Observation',
    id: `o${i}`,
    status: 'final',
    code: coding('http://loinc.org', i === 35 ? '2857-1' : `${i}-4`),
    subject: { reference: 'Patient/p' },
    effectiveDateTime: '2024-05-06T10:00:00+08:00',
    valueQuantity: { value: 4 + i, unit: 'ng/mL', system: 'http://unitsofmeasure.org', code: 'ng/mL' },
  })),
}

const conditions = [
  '%patient.birthDate <= today() - 50 years',
  "%conditions.entry.resource.where(code.coding.where(system='http://hl7.org/fhir/sid/icd-10-cm' and code.startsWith('C34')).exists()).exists()",
  "%observations.entry.resource.where(code.coding.exists(code='2857-1')).select(value.ofType(Quantity).value).first() > 3",
  "%observations.entry.resource.where(status = 'final' and effective > today() - 5 years).count() >= 10",
  "%conditions.entry.resource.ofType(Condition).where(clinicalStatus.coding.code = 'active').exists() and %patient.gender = 'male'",
]

const micros = (rounds: number, work: () => void): number => {
  const start = process.cpuUsage()
  for (let i = 0; i < rounds; i++) work()
  return process.cpuUsage(start).user / rounds
}

let all = 0
for (const text of conditions) {
  const expression = compile(text, options)
  const run = () => expression.holds(undefined, env)
  micros(3000, run)
  const ours = Math.min(...Array.from({ length: 5 }, () => micros(2000, run)))
  all += ours
  const theirs = () => evaluate(text, {}, env)
  micros(20, theirs)
  console.log(
    `${ours.toFixed(1).padStart(7)} µs  fhirpath.js ${micros(50, theirs).toFixed(0).padStart(6)} µs  ${String(run())} ${JSON.stringify(theirs())}  ${text}`,
  )
}
console.log(`${all.toFixed(1).padStart(7)} µs in all`)
console.log(
  `${micros(300, () => compile(conditions[1]!, options))
    .toFixed(1)
    .padStart(7)} µs to compile the second`,
)
