/**
 * The promise that our validator says what HL7's says, held against the published cases.
 * https://hl7.org/fhir/R4/validation.html
 */
import { describe, expect, it } from 'vitest'
import { readChecks } from './cases.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { makeTools } from './validator.ts'

const checks = readChecks()

describe.skipIf(!checks)(
  'the validation cases published for R4 (skipped: ../shared/data/validation-cases is absent)',
  () => {
    it(
      'agree with the HL7 validator on error or no error in at least 95 of 100 that can be compared',
      { timeout: 120_000 },
      async () => {
        const tools = makeTools()
        const outcomes: Outcome[] = []
        for (const check of checks!) outcomes.push(await outcomeOf(check, tools))
        const compared = outcomes.filter(({ verdict }) => verdict !== 'not comparable')
        const other = compared
          .filter(({ verdict }) => verdict !== 'agrees')
          .map(({ check, verdict }) => `${check.name}: ${verdict}`)
        expect(compared.length).toBeGreaterThan(100)
        expect(other.length / compared.length, other.join('\n')).toBeLessThanOrEqual(0.05)
        expect(outcomes.flatMap(({ found }) => found).filter(({ code }) => code === 'exception')).toEqual([])
      },
    )
  },
)
