/**
 * The manifest of a FHIR package: its name, version, FHIR version and dependencies.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import type { PackageInfo } from './conformance.ts'
import { unprocessable } from './outcome.ts'

// they stand in file names and addresses
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/

const wrong = (text: string) => unprocessable(`The package cannot be used. ${text}`, undefined, 'structure')

/** Reads package.json. Throws a FhirError (422) when it names no package of FHIR R4. */
export function packageInfo(manifest: Readonly<Record<string, unknown>>): PackageInfo {
  const text = (name: string) => (typeof manifest[name] === 'string' ? manifest[name] : undefined)
  const [name, version] = [text('name'), text('version')]
  if (!name || !version) throw wrong('Its package.json needs a name and a version.')
  if (!NAME.test(name) || !VERSION.test(version))
    throw wrong('The name and version in its package.json take letters, digits, dots, - and _ only.')
  const fhir = fhirVersions(manifest)
  if (fhir.length > 0 && !fhir.some(each => each.startsWith('4.0')))
    throw wrong(
      `${name}#${version} is for FHIR ${fhir.slice(0, 5).join(', ').slice(0, 100)}; this server is R4 (4.0.1).`,
    )
  const optional = { title: text('title'), canonical: text('canonical'), license: text('license') }
  return {
    name,
    version,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    dependencies: Object.fromEntries(
      Object.entries(objectOr(manifest['dependencies'])).filter(([, each]) => typeof each === 'string'),
    ) as Record<string, string>,
  }
}

const objectOr = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

function fhirVersions(manifest: Readonly<Record<string, unknown>>): string[] {
  const said = manifest['fhirVersions'] ?? manifest['fhir-version-list']
  return Array.isArray(said) ? said.filter(each => typeof each === 'string') : []
}

/** `name#version` (or `name@version`) in its parts; undefined for what is neither. */
export function readPackageId(text: string): { name: string; version: string } | undefined {
  const [name = '', version = '', ...more] = text.split(/[#@]/, 4)
  return NAME.test(name) && VERSION.test(version) && more.length === 0 ? { name, version } : undefined
}
