/**
 * `npm run smart:requirements`: each requirement on a server of SMART App Launch 2.2 that says SHALL, with the test that shows it.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 *
 * The list is not part of this project: it is read from the folder beside it, and without it there is nothing to print.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, entries } from './requirements.ts'

const root = join(import.meta.dirname, '../..')
const listed = join(root, '../shared/requirements/smart-app-launch-2.2.txt')

export const hasList = existsSync(listed)

export interface Requirement {
  readonly id: number
  readonly kind: string
  readonly text: string
}

/** The requirements of the list: `[14] SHALL (Server; cond=) text`, over one or more lines. */
export function requirements(): Requirement[] {
  return readFileSync(listed, 'utf8')
    .split(/^(?=\[\d+\] )/m)
    .flatMap(part => {
      const found = /^\[(\d+)\] ([A-Z ]+?) \(([^)]*)\) (.*)$/s.exec(part)
      return found ? [{ id: Number(found[1]), kind: found[2]!, text: found[4]!.replace(/\s+/g, ' ').trim() }] : []
    })
}

/** Those that must be met: SHALL and SHALL NOT. */
export const duties = (): Requirement[] => requirements().filter(({ kind }) => /^SHALL(?: NOT)?$/.test(kind))

/** What is said about each id; a second entry for an id is a second test. */
export function byId(): Map<number, Entry[]> {
  const found = new Map<number, Entry[]>()
  for (const entry of entries) for (const id of entry.ids) found.set(id, [...(found.get(id) ?? []), entry])
  return found
}

/** Tests that are named and are not there. */
export function missingTests(): string[] {
  const texts = new Map<string, string>()
  return entries.flatMap(entry => {
    if (!('test' in entry)) return []
    const [file, name] = entry.test
    const path = join(root, file)
    if (!texts.has(file)) texts.set(file, existsSync(path) ? readFileSync(path, 'utf8') : '')
    const quoted = [`'${name}'`, `"${name}"`, `\`${name}\``]
    return quoted.some(text => texts.get(file)!.includes(text)) ? [] : [`${file}: ${name}`]
  })
}

if (import.meta.main) {
  if (!hasList) console.log('The list of requirements is not here (../shared/requirements): nothing to print.')
  else {
    const said = byId()
    const counts = { shown: 0, reason: 0, open: 0 }
    for (const { id, kind, text } of duties()) {
      const about = said.get(id) ?? []
      console.log(`[${id}] ${kind} ${text}`)
      for (const entry of about)
        if ('test' in entry) console.log(`    shown by ${entry.test[0]}: ${entry.test[1]}`)
        else console.log(`    ${entry.open ? 'not shown yet' : 'no test'}: ${entry.why}`)
      if (about.some(entry => 'test' in entry)) counts.shown++
      else if (about.length > 0 && about.every(entry => 'why' in entry && !entry.open)) counts.reason++
      else counts.open++
    }
    console.log(
      `\n${counts.shown} shown by a test, ${counts.reason} with a reason why none, ${counts.open} not shown yet`,
    )
    const missing = missingTests()
    for (const test of missing) console.error(`There is no such test: ${test}`)
    if (missing.length > 0 || counts.open > 0) process.exitCode = 1
  }
}
