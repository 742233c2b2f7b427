/**
 * The services in the box. To add one: a file in services/, and a line here.
 * https://cds-hooks.hl7.org/2.0/#discovery
 */
import { biomarkerBeforeDrug } from './services/biomarker-before-drug.ts'
import { cancerSummary } from './services/cancer-summary.ts'
import { stagingCheck } from './services/staging-check.ts'
import { targetedTherapy } from './services/targeted-therapy.ts'
import { trialMatching } from './services/trial-matching.ts'
import type { CdsService } from './words.ts'

export const services: readonly CdsService[] = [
  cancerSummary,
  stagingCheck,
  targetedTherapy,
  ...biomarkerBeforeDrug,
  trialMatching,
]
