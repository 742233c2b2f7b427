/**
 * /livez: the process answers. /readyz: it can take requests: the database is writable and the server is not stopping.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { safety } from './answer.ts'

/** `check` resolves to what is wrong, in words; it is asked at most once a second. */
export function health(
  check: () => Promise<string[]>,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  let asked = 0
  let problems: Promise<string[]> = Promise.resolve([])
  return (request, response, next) => {
    const path = request.url!.split('?', 1)[0]
    if (path === '/livez') return say(request, response, 200, { status: 'alive' })
    if (path !== '/readyz') return next()
    if (Date.now() - asked >= 1000) {
      asked = Date.now()
      problems = check().catch(() => ['the database cannot be written'])
    }
    void problems.then(found =>
      say(
        request,
        response,
        found.length ? 503 : 200,
        found.length ? { status: 'not ready', problems: found } : { status: 'ready' },
      ),
    )
  }
}

function say(request: IncomingMessage, response: ServerResponse, status: number, what: object): void {
  const text = JSON.stringify(what) + '\n'
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(text)),
    ...safety,
  ])
  response.end(request.method === 'HEAD' ? undefined : text)
}
