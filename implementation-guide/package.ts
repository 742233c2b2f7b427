/**
 * The compiled profiles as the files of a FHIR package.
 * https://hl7.org/fhir/R4/packages.html
 */
import type { Compilation } from './fsh.ts'

/** The path of each file in the package folder, and its text. */
export function filesOf({ manifest, files }: Compilation): Map<string, string> {
  const print = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  return new Map([
    ['package.json', print(manifest)],
    ...files.map(({ file, resource }) => [file, print(resource)] as const),
  ])
}
