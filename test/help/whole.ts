/**
 * Bundles as the tests write and read them, over a server in a variable.
 */
import type { Resource } from '../../src/rest/exchange.ts'
import { base, type Answer, type TestServer } from './server.ts'

export { openServer as openWhole } from './server.ts'

export interface BundleEntry {
  fullUrl?: string
  resource?: Resource & { id: string }
  search?: { mode: string }
  response?: { status: string; location?: string; etag?: string; lastModified?: string; outcome?: Resource }
}

export const entries = (answer: Answer): BundleEntry[] =>
  (answer.body as { entry?: BundleEntry[] } | undefined)?.entry ?? []
/** `Patient/1` of the entries of this search mode. */
export const found = (answer: Answer, mode = 'match'): string[] =>
  entries(answer).flatMap(({ resource, search }) =>
    search?.mode === mode ? [`${resource!.resourceType}/${resource!.id}`] : [],
  )
/** Below the base, as the test server is asked. */
export function linkTo(answer: Answer, relation: string): string | undefined {
  const links = (answer.body as { link?: { relation: string; url: string }[] } | undefined)?.link ?? []
  return links.find(link => link.relation === relation)?.url.slice(base.length + 1)
}
export const total = (answer: Answer) => (answer.body as { total?: number }).total

/** All pages from this one on. */
export async function pages(server: TestServer, url: string): Promise<Answer[]> {
  const all: Answer[] = []
  for (let next: string | undefined = url; next !== undefined; next = linkTo(all.at(-1)!, 'next')) {
    const answer = await server.get(next)
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.said}`)
    all.push(answer)
    if (all.length > 1000) throw new Error('the pages have no end')
  }
  return all
}

export const bundle = (type: 'transaction' | 'batch', ...entry: unknown[]) => ({ resourceType: 'Bundle', type, entry })
/** An entry that creates. */
export const post = (
  resource: Record<string, unknown> & { resourceType: string },
  fullUrl?: string,
  more: Record<string, string> = {},
) => ({
  ...(fullUrl ? { fullUrl } : {}),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...more },
})
export const putting = (
  resource: Record<string, unknown> & { resourceType: string; id: string },
  more: Record<string, string> = {},
) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ...more },
})
export const asking = (method: 'GET' | 'DELETE' | 'HEAD', url: string, more: Record<string, string> = {}) => ({
  request: { method, url, ...more },
})
