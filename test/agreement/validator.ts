/**
 * The validator as the server has it, over the packages that come with it and those given.
 * https://hl7.org/fhir/R4/validation.html
 */
import {
  entryOf,
  makeConformance,
  type CanonicalResource,
  type Conformance,
  type LoadedPackage,
} from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { packageInfo } from '../../src/fhir/package-manifest.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { rules } from '../../src/validation/rules.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import type { Validator } from '../../src/validation/words.ts'

export interface Tools {
  readonly conformance: Conformance
  readonly validator: Validator
}

const npm = loadNpmPackages()
const definitions = loadDefinitions()

export function makeTools(more: readonly LoadedPackage[] = []): Tools {
  const conformance = makeConformance(npm).withPackages(more)
  const terminology = makeTerminology({ conformance: () => conformance })
  return {
    conformance,
    validator: makeValidator(
      {
        conformance: () => conformance,
        definitions: () => definitions,
        checkCode: question => terminology.checkCode(question),
      },
      rules,
    ),
  }
}

/** A package whose files were read into memory. */
export function packageOf(
  manifest: Readonly<Record<string, unknown>>,
  resources: readonly CanonicalResource[],
): LoadedPackage {
  const info = packageInfo(manifest)
  const known = resources.flatMap(resource => {
    const entry = entryOf(resource, `${info.name}#${info.version}`)
    return entry ? [{ entry, resource }] : []
  })
  return { info, entries: known.map(({ entry }) => entry), read: position => known[position]!.resource }
}
