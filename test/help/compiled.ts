/**
 * Before the first test: the definitions and packages are compiled once, so that no two tests do it at the same time.
 * https://vitest.dev/config/#globalsetup
 */
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'

export default function setup(): void {
  loadDefinitions()
  loadNpmPackages()
}
