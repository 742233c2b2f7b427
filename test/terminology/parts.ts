/**
 * What the tests of terminology are made of: the packages that come with the server, and resources written for a test.
 */
import { makeConformance, type CanonicalResource, type Conformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { makeTerminology, type TerminologyParts } from '../../src/terminology/service.ts'

let loaded: Conformance | undefined
/** R4, HL7's terminology, mCODE and the others; opened once. */
export const packages = (): Conformance => (loaded ??= makeConformance(loadNpmPackages()))

/** A terminology that has only these resources, or these beside a conformance. */
export const withOnly = (resources: readonly object[], parts: Partial<TerminologyParts> = {}, beside?: Conformance) => {
  const conformance = (beside ?? makeConformance([])).with(resources as CanonicalResource[])
  return makeTerminology({ conformance: () => conformance, ...parts })
}

export const HOSPITAL = 'http://hospital.example.org/CodeSystem/wards'

/** A small hierarchy, with a concept of two parents. */
export const wards = {
  resourceType: 'CodeSystem',
  url: HOSPITAL,
  version: '2',
  name: 'Wards',
  status: 'active',
  content: 'complete',
  property: [
    { code: 'beds', type: 'integer' },
    { code: 'parent', uri: 'http://hl7.org/fhir/concept-properties#parent', type: 'code' },
  ],
  concept: [
    {
      code: 'ONC',
      display: 'Oncology',
      definition: 'All of oncology',
      designation: [{ language: 'zh-TW', value: '腫瘤科病房' }],
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        { code: 'ONC-7A', display: 'Ward 7A', property: [{ code: 'beds', valueInteger: 20 }] },
        { code: 'ONC-7B', display: 'Ward 7B, closed', property: [{ code: 'inactive', valueBoolean: true }] },
      ],
    },
    { code: 'CHI', display: 'Children', concept: [{ code: 'CHI-1', display: 'Ward 1' }] },
    { code: 'CHI-ONC', display: "Children's oncology", property: [{ code: 'parent', valueCode: 'ONC' }, { code: 'parent', valueCode: 'CHI' }] },
    { code: 'ER', display: 'Emergency' },
  ],
} // prettier-ignore

export const valueSet = (url: string, compose: object, more: object = {}) => ({
  resourceType: 'ValueSet',
  url,
  status: 'active',
  compose,
  ...more,
})

export const filtered = (op: string, value: string, property = 'concept') => ({
  system: HOSPITAL,
  filter: [{ property, op, value }],
})
