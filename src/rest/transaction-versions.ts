/**
 * References in a transaction that ask to become version-specific: to the version that this transaction makes.
 * http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific
 */
import type { Expectation } from '../store/store.ts'
import type { Context, Ref } from './exchange.ts'
import type { Assigned } from './transaction-identity.ts'

export const AS_VERSION_SPECIFIC = 'http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific'

/** What must be stored for a version foretold to come true, by `Type/id`. */
export type Pinned = Map<string, Expectation>

/** Names the version in each reference of `body` that asks for it, and takes the request away; what that relies on goes to `pinned`. `assigned` by `Type/id`. */
export async function nameVersions(
  context: Context,
  body: object,
  assigned: ReadonlyMap<string, Assigned>,
  pinned: Pinned,
): Promise<void> {
  for (const reference of askingReferences(body)) {
    const each = assigned.get(reference.reference)
    if (!each?.identity) continue
    reference.reference += `/_history/${await versionOf(context, each, each.identity.ref, pinned)}`
    const others = reference.extension.filter(({ url }) => url !== AS_VERSION_SPECIFIC)
    if (others.length > 0) reference.extension = others
    else delete (reference as { extension?: unknown }).extension
  }
}

interface Asking {
  reference: string
  extension: { url?: unknown; valueBoolean?: unknown }[]
}

const print = (ref: Ref) => `${ref.type}/${ref.id}`

function askingReferences(body: object): Asking[] {
  const found: Asking[] = []
  const open: object[] = [body]
  for (let part = open.pop(); part; part = open.pop()) {
    const { reference, extension } = part as Partial<Asking>
    const asks = (each: Asking['extension'][number] | null) =>
      each?.url === AS_VERSION_SPECIFIC && each.valueBoolean === true
    if (typeof reference === 'string' && Array.isArray(extension) && extension.some(asks)) found.push(part as Asking)
    for (const value of Object.values(part)) if (typeof value === 'object' && value !== null) open.push(value as object)
  }
  return found
}

async function versionOf(context: Context, { entry, identity }: Assigned, ref: Ref, pinned: Pinned): Promise<string> {
  const { method } = entry.request
  const current = await context.store.read(ref)
  const here = current?.text === undefined ? undefined : current.version
  // A create that found its resource writes no version of its own
  if (method === 'POST' && identity?.matched?.versions[0]) return identity.matched.versions[0].version
  pinned.set(print(ref), here === undefined ? { is: 'nothing' } : { is: 'version', version: here })
  return String(Number(current?.version ?? 0) + 1)
}
