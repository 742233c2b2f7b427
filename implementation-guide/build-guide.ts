/**
 * `npm run guide`: writes the guide as static files into implementation-guide/output (or the folder given), without network.
 * https://hl7.org/fhir/R4/implementationguide.html
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeConformance } from '../src/fhir/conformance.ts'
import { loadNpmPackages, OWN_PROFILES } from '../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../src/fhir/packages.ts'
import { makeGuide } from '../src/guide/guide.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const output = process.argv[2] ?? join(folder, 'output')
const conformance = makeConformance(loadNpmPackages())
const guide = makeGuide({
  package: OWN_PROFILES,
  folder,
  conformance: () => conformance,
  definitions: loadDefinitions(),
})

mkdirSync(output, { recursive: true })
const files = guide.files()
for (const name of files) writeFileSync(join(output, name), guide.file(name)!.text)
process.stdout.write(`${files.length} files written to ${output}\n`)
