/**
 * The examples that a new tenant starts with: examples/data, through the tenant's own door.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { load } from '../commands/loading.ts'
import { filesOf } from '../commands/sources.ts'
import { intoDoor } from '../commands/targets.ts'
import type { Tenant } from './tenant.ts'

const examples = fileURLToPath(new URL('../../examples/data', import.meta.url))

/** Loads all of it, in the order of the file names. Throws when anything is refused: the examples are ours. */
export async function seedExamples(tenant: Tenant): Promise<void> {
  if (!existsSync(examples)) return
  const problems: string[] = []
  await load(filesOf([examples]), {
    target: intoDoor(tenant.door, 'http://localhost/fhir'),
    parallel: 1,
    done: { bytes: 0, resources: 0, refused: 0 },
    refused: (file, _, { reasons }) => problems.push(`${file.path}: ${reasons.join('; ')}`),
  })
  if (problems.length) throw new Error(`The examples cannot be loaded:\n${problems.join('\n')}`)
}
