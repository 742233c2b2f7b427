/**
 * A FHIR package registry: the archive of one version of a package.
 * https://confluence.hl7.org/display/FHIR/FHIR+Package+Registry+User+Documentation
 */
import { createHash } from 'node:crypto'
import { FetchError, guardedFetch } from './guarded-fetch.ts'

export interface RegistryOptions {
  /** Its URL, without a slash at the end. */
  readonly registry: string
  /** Hosts that may have private addresses. */
  readonly allow: readonly string[]
  /** Most bytes of an archive. */
  readonly maxBytes: number
}

/** The registry does not have it. */
export class NoSuchPackage extends Error {
  override readonly name = 'NoSuchPackage'
}

const LISTING_BYTES = 8 * 1024 * 1024
const TIMEOUT = 60_000

/**
 * The archive of `name` in `version`. Registries of FHIR answer `/{name}/{version}` with it; registries of npm answer with a
 * description that says where it is. Rejects with `NoSuchPackage` or `FetchError`.
 */
export async function fetchPackage(name: string, version: string, options: RegistryOptions): Promise<Buffer> {
  const { registry, allow, maxBytes } = options
  const url = `${registry}/${encodeURIComponent(name)}/${encodeURIComponent(version)}`
  const { status, headers, body } = await guardedFetch(url, { allow, maxBytes, timeout: TIMEOUT })
  if (status === 404) throw new NoSuchPackage(`The registry has no ${name}#${version}.`)
  if (status !== 200) throw new FetchError('broken', `The registry answers ${status} for ${name}#${version}.`)
  if (!headers['content-type']?.includes('json')) return body
  const { tarball, shasum } = description(body)
  if (tarball === undefined) throw new FetchError('broken', `The registry does not say where ${name}#${version} is.`)
  const archive = await guardedFetch(tarball, { allow, maxBytes, timeout: TIMEOUT })
  if (archive.status !== 200)
    throw new FetchError('broken', `The registry answers ${archive.status} for the archive of ${name}#${version}.`)
  if (shasum !== undefined && createHash('sha1').update(archive.body).digest('hex') !== shasum.toLowerCase())
    throw new FetchError('broken', `The archive of ${name}#${version} is not the one that the registry describes.`)
  return archive.body
}

function description(body: Buffer): { tarball?: string; shasum?: string } {
  const value = parsed(body) as { dist?: { tarball?: unknown; shasum?: unknown } } | null
  const { tarball, shasum } = value?.dist ?? {}
  return {
    ...(typeof tarball === 'string' ? { tarball } : {}),
    ...(typeof shasum === 'string' ? { shasum } : {}),
  }
}

function parsed(body: Buffer): unknown {
  try {
    return body.length > LISTING_BYTES ? null : (JSON.parse(body.toString()) as unknown)
  } catch {
    return null
  }
}

/** The versions that the registry has of a package. Rejects with `NoSuchPackage` or `FetchError`. */
export async function versionsOf(name: string, { registry, allow }: RegistryOptions): Promise<string[]> {
  const url = `${registry}/${encodeURIComponent(name)}`
  const { status, body } = await guardedFetch(url, { allow, maxBytes: LISTING_BYTES, timeout: TIMEOUT })
  if (status === 404) throw new NoSuchPackage(`The registry has no package ${name}.`)
  if (status !== 200) throw new FetchError('broken', `The registry answers ${status} for ${name}.`)
  const { versions } = (parsed(body) ?? {}) as { versions?: unknown }
  return typeof versions === 'object' && versions !== null ? Object.keys(versions) : []
}
