/**
 * Loads files into a target, several at once, and keeps count. Used by `load`, and for the seed of a new tenant.
 */
import type { Resource } from '../fhir/types.ts'
import { hashOf, type Ledger, type Seen } from './ledger.ts'
import type { Amount } from './progress.ts'
import { isReferredTo, type Item, itemsOf } from './sources.ts'
import type { Refusal, Target } from './targets.ts'
import { toTransaction } from './to-transaction.ts'

export interface Loading {
  readonly target: Target
  readonly ledger?: Ledger
  /** Loads also what the ledger says is loaded. */
  readonly again?: boolean
  /** How many files at once. */
  readonly parallel: number
  readonly done: Amount
  /** Told of what was refused, as it happens. */
  refused(file: Seen, item: Item, refusal: Omit<Refusal, 'resource'> & { resource: Resource | undefined }): void
}

export interface Loaded {
  readonly files: number
  /** Loaded before. */
  readonly skipped: number
  readonly byType: ReadonlyMap<string, number>
}

/** Lines of one NDJSON file that are under way at once: they share commits. */
const WINDOW = 64

export async function load(files: readonly Seen[], loading: Loading): Promise<Loaded> {
  const byType = new Map<string, number>()
  const counts = { files: 0, skipped: 0 }
  const one = async (file: Seen) => {
    if (!loading.again && (await loading.ledger?.has(file))) counts.skipped++
    else {
      counts.files++
      const whole = await loadFile(file, loading, byType)
      if (whole) await loading.ledger?.add(file)
    }
    loading.done.bytes += file.size
  }
  // what others refer to is there before they come
  await several(files.filter(isReferredTo), loading.parallel, one)
  await several(
    files.filter(file => !isReferredTo(file)),
    loading.parallel,
    one,
  )
  return { ...counts, byType }
}

/** Runs at most `most` at once; the first failure ends it, after those under way. */
async function several<T>(
  all: Iterable<T> | AsyncIterable<T>,
  most: number,
  run: (one: T) => Promise<void>,
): Promise<void> {
  const under = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  for await (const one of all) {
    const running = run(one).catch((error: unknown) => void (failure ??= { error }))
    under.add(running)
    void running.then(() => under.delete(running))
    if (under.size >= most) await Promise.race(under)
    if (failure) break
  }
  await Promise.all(under)
  if (failure) throw failure.error
}

/** Whether the file need not be loaded again: all of it was written, or only single entries and lines of it were refused. */
async function loadFile(file: Seen, loading: Loading, byType: Map<string, number>): Promise<boolean> {
  let whole = true
  let hashed: Promise<string> | undefined
  const hash = () => (hashed ??= hashOf(file.path))
  const refuse = (item: Item, status: number, reasons: readonly string[], resource = item.resource, entry?: number) => {
    loading.done.refused++
    if (item.line === 0 && entry === undefined) whole = false
    loading.refused(file, item, { status, reasons, resource, ...(entry === undefined ? {} : { entry }) })
  }
  const one = async (item: Item) => {
    if (!item.resource) return refuse(item, 400, [item.problem!])
    const ready = item.resource.resourceType === 'Bundle' ? toTransaction(item.resource) : item.resource
    if (typeof ready === 'string') return refuse(item, 422, [ready])
    const key = loading.ledger && !loading.again ? `${await hash()} ${item.line}` : undefined
    const { written, refused } = await loading.target(ready, key)
    for (const [type, count] of written) {
      byType.set(type, (byType.get(type) ?? 0) + count)
      loading.done.resources += count
    }
    for (const { status, reasons, resource, entry } of refused) refuse(item, status, reasons, resource, entry)
  }
  try {
    await several(itemsOf(file.path), WINDOW, one)
  } catch (error) {
    // the file itself cannot be read to its end: broken gzip, or gone
    if (!/^(Z_|ERR_Z|ENOENT|EACCES|EISDIR|ERR_BUFFER)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
    whole = false
    refuse({ line: 0 }, 400, [`The file cannot be read: ${(error as Error).message}.`])
  }
  return whole
}
