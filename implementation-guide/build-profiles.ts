/**
 * `npm run profiles`: compiles the FSH of profiles/ into the FHIR package profiles/package, which the server loads.
 * `npm run profiles -- FOLDER [SOURCE]` writes elsewhere, and compiles the FSH of another folder.
 * https://hl7.org/fhir/R4/packages.html
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFsh } from './fsh.ts'
import { filesOf } from './package.ts'

const PROFILES = fileURLToPath(new URL('../profiles', import.meta.url))
const CONFIG = fileURLToPath(new URL('sushi-config.yaml', import.meta.url))
const [target = join(PROFILES, 'package'), source = PROFILES] = process.argv.slice(2)

const compilation = await compileFsh(source, CONFIG)
for (const { level, message, place } of compilation.complaints)
  console.error(`${level}: ${place ? `${place}: ` : ''}${message}`)
const errors = compilation.complaints.filter(({ level }) => level === 'error').length
const warnings = compilation.complaints.length - errors
if (errors === 0) {
  rmSync(target, { recursive: true, force: true })
  for (const [file, text] of filesOf(compilation)) {
    mkdirSync(dirname(join(target, file)), { recursive: true })
    writeFileSync(join(target, file), text)
  }
}
console.log(
  `${compilation.files.length} resources, ${errors} errors, ${warnings} warnings${errors ? '; nothing was written' : ''}.`,
)
process.exitCode = errors ? 1 : 0
