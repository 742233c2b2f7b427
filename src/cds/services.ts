/**
 * The services in the box. To add one: a file in services/, and a line here.
 * https://cds-hooks.hl7.org/2.0/#discovery
 */
import { biomarkerBeforeDrug } from './services/biomarker-before-drug.ts'
import { cancerSummary } from './services/cancer-summary.ts'
import { diabetesRisk } from './services/diabetes-risk.ts'
import { drugAllergy } from './services/drug-allergy.ts'
import { drugInteraction } from './services/drug-interaction.ts'
import { duplicateTherapy } from './services/duplicate-therapy.ts'
import { immunizationDue } from './services/immunization-due.ts'
import { news2Deterioration } from './services/news2-deterioration.ts'
import { nhiPriorAuthorization } from './services/nhi-prior-authorization.ts'
import { renalDose } from './services/renal-dose.ts'
import { stagingCheck } from './services/staging-check.ts'
import { targetedTherapy } from './services/targeted-therapy.ts'
import { trialMatching } from './services/trial-matching.ts'
import type { CdsService } from './words.ts'

export const services: readonly CdsService[] = [
  cancerSummary,
  stagingCheck,
  targetedTherapy,
  trialMatching,
  ...biomarkerBeforeDrug,
  drugAllergy,
  duplicateTherapy,
  drugInteraction,
  renalDose,
  nhiPriorAuthorization,
  news2Deterioration,
  diabetesRisk,
  immunizationDue,
]
