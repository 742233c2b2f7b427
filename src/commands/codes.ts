/**
 * `codes`: loads large code systems into a tenant from CSV, TSV, NDJSON or a FHIR CodeSystem; lists and removes them.
 */
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PassThrough } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { BadSetting, CannotGoOn, type CommandLine, type Config } from '../config.ts'
import { didYouMean } from '../search/suggest.ts'
import { DEFAULT, tenantName } from '../tenants/names.ts'
import { TableWriter, type TableHead } from '../terminology/code-table.ts'
import { listTables, removeTables, tableFile, TABLES_FOLDER } from '../terminology/code-tables.ts'
import { readConcepts, type Format, type ReadAbout } from '../terminology/read-codes.ts'

const verbs = ['add', 'list', 'remove'] as const

export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [verb = 'list', ...names] = positionals
  const tenant = options.get('tenant') ?? DEFAULT
  if (!tenantName.test(tenant)) throw new BadSetting(`--tenant=${tenant} is no name of a tenant.`)
  if (tenant !== DEFAULT && !existsSync(join(config.data, 'tenants', tenant)))
    throw new CannotGoOn(`There is no tenant ${tenant} in ${config.data}. The command tenants makes one.`)
  const folder = join(config.data, 'tenants', tenant, TABLES_FOLDER)
  if (verb === 'add') return add(folder, names, options)
  if (names.length > 0) throw new BadSetting(`codes ${verb} takes no file. Name the code system with --system URL.`)
  if (verb === 'list') return list(folder)
  if (verb === 'remove') return remove(folder, options)
  throw new BadSetting(
    `codes ${verb} is nothing.${didYouMean(verb, [...verbs])} There are: ${verbs.join(', ')}.`,
  )
} // prettier-ignore

const formats: Readonly<Record<string, Format>> = { csv: 'csv', tsv: 'tsv', tab: 'tsv', txt: 'tsv', ndjson: 'ndjson', json: 'json' } // prettier-ignore

function formatOf(file: string, named: string | undefined): Format {
  const ending = named ?? /\.([a-z]+)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase() ?? ''
  const format = Object.hasOwn(formats, ending) ? formats[ending] : undefined
  if (!format) throw new BadSetting(`What ${file} is cannot be told. Say --format csv, tsv, ndjson or json.`)
  return format
}

const MOST_CONCEPTS = 2_000_000
const MOST_TOLD = 20

async function add(folder: string, files: readonly string[], options: ReadonlyMap<string, string>): Promise<number> {
  const [file] = files
  if (file === undefined || files.length > 1) throw new BadSetting('codes add takes one file.')
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new CannotGoOn(`There is no file ${file}.`)
  const started = performance.now()
  const format = formatOf(file, options.get('format'))
  const system = options.get('system')
  if (system === undefined && format !== 'json')
    throw new BadSetting('Say which code system it is: --system URL, such as --system http://hl7.org/fhir/sid/icd-10-cm.')
  const about: ReadAbout = {}
  const writer = new TableWriter()
  let refused = 0
  const refuse = (line: number, problem: string) => {
    if (++refused <= MOST_TOLD) process.stderr.write(`${file}${line > 0 ? `:${line}` : ''}: ${problem}\n`)
  }
  try {
    for await (const { line, concept, problem } of readConcepts(format, textOf(file), about)) {
      if (!concept) refuse(line, problem!)
      else if (!writer.add(concept)) refuse(line, `The code "${concept.code}" is there already; the first one is kept.`)
      if (writer.size > MOST_CONCEPTS) throw new Error(`A code system has at most ${MOST_CONCEPTS} concepts here.`)
    }
  } catch (error) {
    throw new CannotGoOn(`${file} cannot be loaded. ${(error as Error).message}`)
  }
  if (refused > MOST_TOLD) process.stderr.write(`and ${refused - MOST_TOLD} more rows were refused.\n`)
  const url = system ?? about.url
  if (url === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(url))
    throw new BadSetting('Say which code system it is: --system with an absolute URL.')
  if (writer.size === 0) throw new CannotGoOn(`${file} has no concepts, so nothing was loaded.`)
  const orphans = writer.orphans()
  if (orphans.count > 0)
    process.stderr.write(`${orphans.count} parents are no codes of the file: ${orphans.first.join(', ')}${orphans.count > 5 ? ', …' : ''}.\n`)
  const version = options.get('version') ?? about.version
  const [name, title] = [about.name, options.get('name') ?? about.title]
  mkdirSync(folder, { recursive: true })
  const head = writer.write(tableFile(folder, url, version), {
    url,
    ...(version === undefined ? {} : { version }),
    ...(name === undefined ? {} : { name }),
    ...(title === undefined ? {} : { title }),
    loaded: new Date().toISOString(),
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${shown(head)}: ${head.size} concepts in ${seconds} s, ${refused} rows refused.\n`)
  return refused > 0 ? 1 : 0
} // prettier-ignore

const shown = ({ url, version }: Pick<TableHead, 'url' | 'version'>) =>
  version === undefined ? url : `${url}|${version}`

/** The text of a file in pieces, unpacked when it is gzipped. */
async function* textOf(file: string): AsyncGenerator<string> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 20 })
  if (!/\.gz$/i.test(file)) {
    yield* bytes.setEncoding('utf8') as AsyncIterable<string>
    return
  }
  const text = new PassThrough().setEncoding('utf8')
  const done = pipeline(bytes, createGunzip(), text)
  done.catch(() => {})
  yield* text as AsyncIterable<string>
  await done
}

function list(folder: string): number {
  const tables = listTables(folder, problem => process.stderr.write(`${problem}\n`))
  const lines = tables.map(({ head }) => `${shown(head)}  ${head.size} concepts, loaded ${head.loaded}${head.title ? `, ${head.title}` : ''}`) // prettier-ignore
  process.stdout.write(lines.length > 0 ? `${lines.join('\n')}\n` : 'No code systems were loaded into this tenant.\n')
  return 0
}

function remove(folder: string, options: ReadonlyMap<string, string>): number {
  const system = options.get('system')
  if (system === undefined) throw new BadSetting('Say which code system: --system URL, and --version for one of several.')
  const removed = removeTables(folder, system, options.get('version'))
  if (removed.length === 0)
    throw new CannotGoOn(`${system} was not loaded into this tenant. The command codes list shows what was.`)
  process.stdout.write(`${removed.map(head => `${shown(head)}: removed`).join('\n')}\n`)
  return 0
} // prettier-ignore
