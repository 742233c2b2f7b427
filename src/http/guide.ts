/**
 * /guide: the implementation guide, which is also the documentation of this server.
 * https://hl7.org/fhir/R4/implementationguide.html
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Guide } from '../guide/guide.ts'

const style = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
// of its own, not with answer.ts's: of two policies a browser obeys both, and that one lets no style in
const safety = ['Content-Security-Policy', style, 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer'] // prettier-ignore

/** `guide`: read when the first page is asked for. */
export function guideOverHttp(
  guide: () => Promise<Guide>,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    const path = request.url!.split('?', 1)[0]!
    if (path !== '/guide' && !path.startsWith('/guide/')) return next()
    const reply = (status: number, headers: readonly string[], text: string) => {
      const bytes = Buffer.from(text)
      response.writeHead(status, [...headers, ...safety, 'Content-Length', String(bytes.length)])
      response.end(request.method === 'HEAD' ? undefined : bytes)
    }
    const plain = ['Content-Type', 'text/plain; charset=utf-8']
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(405, [...plain, 'Allow', 'GET, HEAD'], 'The guide is read with GET.\n')
    if (path === '/guide') return reply(301, [...plain, 'Location', '/guide/'], 'See /guide/\n')
    const show = (guide: Guide) => {
      const found = guide.file(path.slice('/guide/'.length) || 'index.html')
      if (!found) return reply(404, plain, 'The guide has no such page. It begins at /guide/\n')
      reply(200, ['Content-Type', `${found.type}; charset=utf-8`, 'Cache-Control', 'no-cache'], found.text)
    }
    guide().then(show).catch(next)
  }
}
