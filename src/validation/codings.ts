/**
 * Codings by themselves, whatever they are bound to: whether the system has the code, and calls it by that display.
 * https://hl7.org/fhir/R4/datatypes.html#Coding
 */
import type { CodeVerdict } from '../fhir/code-check.ts'
import { isObject, type Node, resourceOf } from './node.ts'
import { quoted } from './quoted.ts'
import type { Run, TypeRule } from './words.ts'

export const codings: TypeRule = {
  types: ['Coding'],
  check(node, run) {
    if (!isObject(node.value)) return
    const { system, code, version, display } = node.value
    if (typeof code !== 'string') return
    if (typeof system !== 'string') return run.report(node, noSystem)
    const language = languageOf(node, run)
    run.checkCode(
      {
        system,
        code,
        ...(typeof version === 'string' ? { version } : {}),
        ...(typeof display === 'string' ? { display } : {}),
        ...(language === undefined ? {} : { language }),
      },
      verdict => tell(verdict, node, system, code, run),
    )
  },
}

const noSystem = {
  severity: 'warning',
  code: 'invalid',
  said: {
    en: 'The code has no system, so nobody can tell what it means. Add the system.',
    zh: '代碼沒有系統(system),無法得知其意義。請補上 system。',
  },
} as const

function languageOf(node: Node, run: Run): string | undefined {
  const { value } = resourceOf(node, run.definitions)
  const language = isObject(value) ? value['language'] : undefined
  return typeof language === 'string' ? language : undefined
}

/** Systems that FHIR names and others publish. https://hl7.org/fhir/R4/terminologies-systems.html#external */
const elsewhere = new Set([
  'http://snomed.info/sct',
  'http://loinc.org',
  'http://unitsofmeasure.org',
  'http://www.nlm.nih.gov/research/umls/rxnorm',
  'http://ncimeta.nci.nih.gov',
  'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl',
  'http://www.ama-assn.org/go/cpt',
  'http://hl7.org/fhir/ndfrt',
  'http://fdasis.nlm.nih.gov',
  'http://hl7.org/fhir/sid/ndc',
  'http://hl7.org/fhir/sid/cvx',
  'http://hl7.org/fhir/sid/mvx',
  'http://hl7.org/fhir/sid/icd-9-cm',
  'http://hl7.org/fhir/sid/icd-10',
  'http://hl7.org/fhir/sid/icd-10-cm',
  'http://www.cms.gov/Medicare/Coding/ICD10',
  'http://terminology.hl7.org/CodeSystem/icd-o-3',
  'http://hl7.org/fhir/sid/icf-nl',
  'http://hl7.org/fhir/sid/icpc-1',
  'http://hl7.org/fhir/sid/icpc-2',
  'http://www.whocc.no/atc',
  'http://www.icd10data.com/icd10pcs',
  'http://www.genenames.org',
  'http://varnomen.hgvs.org',
  'http://www.ensembl.org',
  'http://www.ncbi.nlm.nih.gov/refseq',
  'http://www.ncbi.nlm.nih.gov/clinvar',
  'http://www.sequenceontology.org',
  'http://dicom.nema.org/resources/ontology/DCM',
  'http://cancerstaging.org',
  'urn:iso:std:iso:11073:10101',
  'urn:oid:1.2.840.10008.2.16.4',
  'urn:oid:2.16.840.1.113883.6.238',
])

function tell(verdict: CodeVerdict, node: Node, system: string, code: string, run: Run): void {
  if (verdict.result === 'no') return run.report(node, { code: 'code-invalid', said: verdict.said }, '.code')
  if (verdict.result === 'unknown') {
    // of a system that is known and whose codes are not here, there is nothing the sender could do
    if (verdict.why !== 'system' || elsewhere.has(system) || run.conformance.entry('CodeSystem', system)) return
    const said = {
      en: `The code system ${quoted(system)} is not known here, so the code cannot be checked.`,
      zh: `本伺服器沒有代碼系統 ${quoted(system)},無法檢查此代碼。`,
    }
    return run.report(node, { severity: 'warning', code: 'not-found', said }, '.system')
  }
  if (verdict.inactive)
    run.report(
      node,
      {
        severity: 'warning',
        code: 'business-rule',
        said: {
          en: `The code ${quoted(code)} is inactive. Use one that replaces it.`,
          zh: `代碼 ${quoted(code)} 已停用,請改用取代它的代碼。`,
        },
      },
      '.code',
    )
  if (verdict.displays && verdict.displays.length > 0) tellDisplay(verdict.displays, node, code, run)
}

function tellDisplay(displays: readonly string[], node: Node, code: string, run: Run): void {
  const display = String((node.value as { display?: unknown }).display)
  // a translation that the system does not publish need not be wrong
  const isTranslation = hasHan(display) && !displays.some(hasHan)
  const right = displays.map(each => quoted(each)).join(', ')
  run.report(
    node,
    {
      severity: isTranslation ? 'information' : 'error',
      code: 'invalid',
      said: isTranslation
        ? {
            en: `The code system has no display in this language for ${quoted(code)}; it calls it ${right}.`,
            zh: `代碼系統沒有 ${quoted(code)} 的中文名稱,其名稱為 ${right}。請自行確認譯名。`,
          }
        : {
            en: `${quoted(display)} is not a display of the code ${quoted(code)}. Write ${right}, or check the code.`,
            zh: `${quoted(display)} 不是代碼 ${quoted(code)} 的名稱(display)。請改為 ${right},或檢查代碼是否正確。`,
          },
    },
    '.display',
  )
}

const hasHan = (text: string) => /\p{Script=Han}/u.test(text)
