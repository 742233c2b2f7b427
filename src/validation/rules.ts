/**
 * The list of the rules that validation runs; a new one is a line here.
 * https://hl7.org/fhir/R4/validation.html
 */
import { bindings } from './bindings.ts'
import { canonicals } from './canonicals.ts'
import { codings } from './codings.ts'
import { codingSystem } from './coding-system.ts'
import { contained } from './contained.ts'
import { invariants } from './invariants.ts'
import { references } from './references.ts'
import { localCanonicals, writtenReferences } from './written-references.ts'
import { units } from './units.ts'
import { attachment } from './attachment.ts'
import { bundle } from './bundle.ts'
import { elementIds } from './element-ids.ts'
import { identifier } from './identifier.ts'
import { meta } from './meta.ts'
import { narrative } from './narrative.ts'
import { primitives } from './primitives.ts'
import { questionnaireResponse } from './questionnaire-response.ts'
import { textSafety } from './text-safety.ts'
import { capabilityStatement } from './capability-statement.ts'
import { codeSystem } from './code-system.ts'
import { conceptMap } from './concept-map.ts'
import { measure } from './measure.ts'
import { measureReport } from './measure-report.ts'
import { operationDefinition } from './operation-definition.ts'
import { questionnaire } from './questionnaire.ts'
import { searchParameter } from './search-parameter.ts'
import { structureDefinition } from './structure-definition.ts'
import { valueSet } from './value-set.ts'
import { vitalSigns } from './vital-signs.ts'
import type { RuleLists } from './validate.ts'

export const rules: RuleLists = {
  element: [invariants, bindings, references, canonicals],
  type: [
    codings,
    units,
    writtenReferences,
    localCanonicals,
    primitives,
    textSafety,
    narrative,
    attachment,
    identifier,
    meta,
    codingSystem,
  ],
  resource: [
    contained,
    elementIds,
    bundle,
    questionnaireResponse,
    capabilityStatement,
    codeSystem,
    conceptMap,
    measure,
    measureReport,
    operationDefinition,
    questionnaire,
    searchParameter,
    structureDefinition,
    valueSet,
    vitalSigns,
  ],
}
