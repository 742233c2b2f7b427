/**
 * A tenant's files: replaced so that a crash leaves the old ones or the new ones.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'

export const STORE_FILE = 'store.db'

/** Bytes of a store with its log. */
export function storeBytes(folder: string): number {
  const size = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  return size(STORE_FILE) + size(`${STORE_FILE}-wal`)
}

/** Removes the store, and the ledger of what was loaded into it. The store must be closed. */
export function removeStore(folder: string): void {
  // the log first: without its store it means nothing, but beside another one it would be played into it
  for (const file of [`${STORE_FILE}-wal`, `${STORE_FILE}-shm`, STORE_FILE, 'loaded.jsonl'])
    rmSync(join(folder, file), { force: true })
}

/** Puts a copy of a store's file in the place of the tenant's, which must be closed. */
export async function restoreStore(folder: string, file: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const copy = join(folder, `${STORE_FILE}.new`)
  await copyFile(file, copy)
  sync(copy)
  removeStore(folder)
  renameSync(copy, join(folder, STORE_FILE))
  sync(folder)
}

export const snapshotFile = (folder: string, snapshot: string) => join(folder, 'snapshots', `${snapshot}.db`)

/** The names of the snapshots, sorted. */
export function snapshotsIn(folder: string): string[] {
  const snapshots = join(folder, 'snapshots')
  const files = existsSync(snapshots) ? readdirSync(snapshots) : []
  return files
    .filter(file => file.endsWith('.db'))
    .map(file => file.slice(0, -3))
    .sort()
}

/** Replaces a file as a whole. */
export function writeWhole(file: string, text: string, folder: string): void {
  const temporary = `${file}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, file)
  sync(folder)
}

/** Makes what a file holds, or which files a folder has, last. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
