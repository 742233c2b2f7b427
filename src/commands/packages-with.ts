/**
 * The profiles a command judges by: of the packages that come with the server, those added to the data folder, and those of files.
 * https://hl7.org/fhir/R4/packages.html
 */
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makePackages } from '../app.ts'
import { CannotGoOn, type Config } from '../config.ts'
import { idOf, type Conformance, type LoadedPackage } from '../fhir/conformance.ts'
import { folderFiles, packageFiles } from '../fhir/package-archive.ts'
import { addPackage, openAdded } from '../fhir/package-folder.ts'

export interface PackagesWith {
  readonly conformance: Conformance
  /** Removes what was unpacked. */
  close(): void
}

/** `paths`: .tgz files or folders of packages, for this run only. */
export async function packagesWith(config: Config, paths: readonly string[]): Promise<PackagesWith> {
  const shared = makePackages(config).shared()
  if (paths.length === 0) return { conformance: shared, close: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'dhp-packages-'))
  const close = () => rmSync(folder, { recursive: true, force: true })
  try {
    const added: LoadedPackage[] = []
    for (const path of paths) added.push(await unpacked(path, folder))
    return { conformance: shared.withPackages(added), close }
  } catch (error) {
    close()
    throw error
  }
}

async function unpacked(path: string, folder: string): Promise<LoadedPackage> {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status) throw new CannotGoOn(`There is no package ${path}. Give a .tgz file or a folder.`)
  const files = status.isDirectory() ? folderFiles(path) : packageFiles(createReadStream(path))
  const { info } = await addPackage(folder, files)
  return openAdded(folder, idOf(info))!
}
