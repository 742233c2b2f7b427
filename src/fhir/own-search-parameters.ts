/**
 * The search parameters that this project adds to those of FHIR R4: the SearchParameters among its profiles.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Resource } from './types.ts'

const compiled = fileURLToPath(new URL('../../profiles/package', import.meta.url))

/** Of a folder of a FHIR package; none when there is no such folder. */
export function ownSearchParameters(folder = compiled): readonly Resource[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(file => /^SearchParameter-.*\.json$/.test(file))
    .sort()
    .map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Resource)
}
