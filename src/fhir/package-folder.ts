/**
 * A folder of FHIR packages that were added: each kept as it came and compiled; several versions of one side by side.
 * https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache
 *
 * What came is kept, so that a later version of the server, which compiles differently, can compile it again.
 */
import { isUtf8 } from 'node:buffer'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { compareVersions, idOf, type CanonicalResource, type LoadedPackage, type PackageInfo } from './conformance.ts'
import { scan } from './json-scan.ts'
import { unprocessable } from './outcome.ts'
import type { PackageFile } from './package-archive.ts'
import { openPackage, PACKAGE_FORMAT, PackageWriter } from './package-file.ts'
import { packageLimits } from './package-limits.ts'
import { packageInfo } from './package-manifest.ts'

/** A package as it was put into the folder. */
export interface AddedPackage {
  readonly info: PackageInfo
  /** Conformance resources with a canonical. */
  readonly resources: number
}

const KEPT = '.ndjson.gz'
const keptFile = (folder: string, id: string) => join(folder, id + KEPT)
const compiledFile = (folder: string, id: string) => join(folder, `${id}-${PACKAGE_FORMAT}.package`)

const broken = (path: string, reason: string) =>
  unprocessable(`The package cannot be read. ${path} ${reason}`, undefined, 'structure')

/**
 * Puts a package into the folder, in place of the same version of it. Other JSON than resources is passed over.
 * Throws a FhirError (422) that names the file when one cannot be read, or when it is not the package `expected`; then nothing
 * has changed.
 */
export async function addPackage(
  folder: string,
  files: AsyncIterable<PackageFile>,
  expected?: { readonly name: string; readonly version: string },
): Promise<AddedPackage> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const token = `${process.pid}-${++added}`
  const temporary = join(folder, `${token}.kept.tmp`)
  const compiled = join(folder, `${token}.compiled.tmp`)
  const kept = openSync(temporary, 'wx', 0o600)
  const writer = new PackageWriter(compiled)
  try {
    const info = await take(files, writer, line => writeSync(kept, gzipSync(line, { level: 3 })))
    if (expected && idOf(expected) !== idOf(info))
      throw unprocessable(`Asked for ${idOf(expected)}, the registry sent ${idOf(info)}.`, undefined, 'structure')
    fsyncSync(kept)
    writer.finish(info)
    renameSync(compiled, compiledFile(folder, idOf(info)))
    renameSync(temporary, keptFile(folder, idOf(info)))
    sync(folder)
    return { info, resources: writer.count }
  } finally {
    closeSync(kept)
    writer.discard()
    rmSync(temporary, { force: true })
    rmSync(compiled, { force: true })
  }
}

let added = 0

/** Hands on each resource, and its text as one line; the manifest's comes last. */
async function take(
  files: AsyncIterable<PackageFile>,
  writer: PackageWriter,
  keep: (line: Buffer) => void,
): Promise<PackageInfo> {
  let manifest: Record<string, unknown> | undefined
  for await (const { path, bytes } of files) {
    const value = parsed(path, bytes)
    if (path === 'package/package.json') manifest = value
    else if (typeof value['resourceType'] === 'string') {
      compile(path, value as unknown as CanonicalResource, writer)
      // a line end stands in JSON only where a blank can
      keep(Buffer.from(`${textOf(bytes).replace(/[\r\n]+/g, ' ')}\n`))
    }
  }
  if (!manifest) throw broken('package/package.json', 'is missing: this is no FHIR package.')
  const info = packageInfo(manifest)
  keep(Buffer.from(`${JSON.stringify(manifest)}\n`))
  return info
}

function compile(path: string, resource: CanonicalResource, writer: PackageWriter): void {
  try {
    writer.add(resource)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw broken(path, `is no ${resource.resourceType.slice(0, 100)}: ${error.message}.`)
  }
}

const textOf = (bytes: Buffer) => bytes.toString('utf8', bytes[0] === 0xef && bytes[1] === 0xbb ? 3 : 0)

function parsed(path: string, bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes)) throw broken(path, 'is not in UTF-8.')
  let value: unknown
  try {
    scan(bytes, 0)
    value = JSON.parse(textOf(bytes))
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'is not JSON' : 'is nested too deep'
    throw broken(path, `${reason}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(path, 'is not a JSON object.')
  return value as Record<string, unknown>
}

/** The packages of the folder, `name#version`, sorted by name and then by version. */
export function packagesIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .filter(name => name.endsWith(KEPT))
    .map(name => name.slice(0, -KEPT.length))
    .sort((a, b) => {
      const [[here, version], [there, other]] = [a, b].map(id => id.split('#')) as [string[], string[]]
      return here === there ? compareVersions(version, other) : here! < there! ? -1 : 1
    })
}

/** Opens one of the folder; compiles it again when that was done by another version of the server. Undefined when it cannot be read. */
export function openAdded(folder: string, id: string): LoadedPackage | undefined {
  const known = openPackage(compiledFile(folder, id), true)
  if (known) return known
  try {
    recompile(keptFile(folder, id), compiledFile(folder, id))
  } catch {
    return undefined
  }
  return openPackage(compiledFile(folder, id), true)
}

function recompile(kept: string, compiled: string): void {
  const bytes = gunzipSync(readFileSync(kept), { maxOutputLength: packageLimits.unpacked })
  const writer = new PackageWriter(compiled)
  try {
    let info: PackageInfo | undefined
    for (let from = 0; from < bytes.length; ) {
      const to = bytes.indexOf(0x0a, from)
      const value = JSON.parse(bytes.toString('utf8', from, to)) as Record<string, unknown>
      if (typeof value['resourceType'] === 'string') writer.add(value as unknown as CanonicalResource)
      else info = packageInfo(value)
      from = to + 1
    }
    writer.finish(info!)
  } catch (error) {
    writer.discard()
    throw error
  }
}

/** Takes a package out; false when it is not there. Who has it open can read on. */
export function removePackage(folder: string, id: string): boolean {
  if (!packagesIn(folder).includes(id)) return false
  const compiled = readdirSync(folder).filter(name => name.startsWith(`${id}-`) && name.endsWith('.package'))
  for (const name of [id + KEPT, ...compiled]) rmSync(join(folder, name), { force: true })
  sync(folder)
  return true
}

function sync(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
