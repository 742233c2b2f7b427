/**
 * The files of a FHIR package, from its archive (`.tgz`) or a folder. An archive is unpacked as it arrives, within bounds.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { unprocessable } from './outcome.ts'
import { packageLimits, type PackageLimits } from './package-limits.ts'
import { BrokenArchive, tarFiles } from './tar.ts'

/** A JSON file of a package. */
export interface PackageFile {
  /** `package/StructureDefinition-x.json` */
  readonly path: string
  readonly bytes: Buffer
}

/** Before the ratio says anything. */
const SMALL = 16 * 1024 * 1024

/**
 * The JSON files that lie directly in one of the folders (`package`, unless others are named). Throws a FhirError (422)
 * that names what is wrong with the archive.
 */
export async function* packageFiles(
  archive: AsyncIterable<Buffer>,
  { folders = ['package'], limits = packageLimits }: { folders?: readonly string[]; limits?: PackageLimits } = {},
): AsyncGenerator<PackageFile> {
  const wanted = (path: string) => {
    const slash = path.lastIndexOf('/')
    return folders.includes(path.slice(0, slash)) && isResourceFile(path.slice(slash + 1))
  }
  const packed = { bytes: 0 }
  const gunzip = createGunzip()
  const fed = pipeline(counted(archive, packed, limits.packed), gunzip)
  fed.catch(() => {})
  try {
    for await (const file of tarFiles(bounded(gunzip, packed, limits), wanted, limits)) yield file
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_')) throw broken('It is not a gzip archive (.tgz), or is damaged.')
    throw error instanceof BrokenArchive ? broken(message) : error
  } finally {
    gunzip.destroy()
  }
}

const isResourceFile = (name: string) => name.endsWith('.json') && !name.startsWith('.')

const broken = (text: string) => unprocessable(`The package cannot be read. ${text}`, undefined, 'structure')

async function* counted(
  chunks: AsyncIterable<Buffer>,
  packed: { bytes: number },
  most: number,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    packed.bytes += chunk.length
    if (packed.bytes > most) throw new BrokenArchive(`The archive is larger than ${most} bytes.`)
    yield chunk
  }
}

async function* bounded(
  chunks: AsyncIterable<Buffer>,
  packed: { readonly bytes: number },
  { unpacked, ratio }: PackageLimits,
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > unpacked) throw new BrokenArchive(`It holds more than ${unpacked} bytes when unpacked.`)
    if (bytes > SMALL && bytes > ratio * packed.bytes)
      throw new BrokenArchive(`It unpacks to more than ${ratio} times its size.`)
    yield chunk
  }
}

/** The same of a folder: one that has a package.json, or one with such a folder named `package` in it. Throws a FhirError (422). */
export async function* folderFiles(folder: string): AsyncGenerator<PackageFile> {
  const place = [folder, join(folder, 'package')].find(each =>
    statSync(join(each, 'package.json'), { throwIfNoEntry: false })?.isFile(),
  )
  if (place === undefined) throw broken(`${folder} has no package.json.`)
  const files = readdirSync(place, { withFileTypes: true }).filter(file => file.isFile() && isResourceFile(file.name))
  for (const { name } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(place, name)
    if (statSync(path).size > packageLimits.fileBytes)
      throw broken(`${path} is larger than ${packageLimits.fileBytes} bytes.`)
    yield { path: `package/${name}`, bytes: readFileSync(path) }
  }
}
