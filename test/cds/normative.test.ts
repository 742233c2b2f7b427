/**
 * The map from the statements of CDS Hooks to tests names only tests that are there.
 * https://cds-hooks.hl7.org/2.0/
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { statements } from './normative.ts'

const root = join(import.meta.dirname, '../..')

test.each(statements)('$says', ({ shown, why }) => {
  expect(shown.length > 0 || why !== undefined).toBe(true)
  for (const [file, name] of shown) {
    expect(existsSync(join(root, file)), file).toBe(true)
    const text = readFileSync(join(root, file), 'utf8')
    expect(
      [`'${name}'`, `"${name}"`, `\`${name}\``].some(quoted => text.includes(quoted)),
      `${file}: ${name}`,
    ).toBe(true)
  }
})
