/**
 * The HTTP server: Express, without what it costs per request.
 * https://expressjs.com/en/5x/api.html
 *
 * Express sets the prototype of every request and response, which makes V8 give up on both. Here the server makes them
 * with the very prototypes Express would set, so that setting them changes nothing.
 */
import express from 'express'
import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { declaresTooMuch } from './body.ts'
import { readAgainEncoded, type ParseError } from './utf8-url.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Makes the server (not listening yet). `answers` are asked in order; the last one must answer all that is left. */
export function makeServer(answers: readonly Answer[], maxBody: number): Server {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  class Request extends IncomingMessage {}
  class Response extends ServerResponse<Request> {}
  app.request = takePlace(Request.prototype, app.request)
  app.response = takePlace(Response.prototype, app.response)
  for (const answer of answers) app.use((request, response, next) => answer(request, response, next))

  const server = createServer(
    {
      IncomingMessage: Request,
      ServerResponse: Response,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 24 * 1024,
    },
    app,
  )
  server.maxConnections = 2048
  // a connection on which nothing moves, such as a reader that stopped reading
  server.timeout = 300_000
  server.on(
    'clientError',
    (error: ParseError, socket) => readAgainEncoded(server, error, socket) || refuse(error, socket),
  )
  server.on('checkContinue', (request: Request, response: Response) => {
    if (!declaresTooMuch(request, maxBody)) response.writeContinue()
    server.emit('request', request, response)
  })
  return server
}

/** Puts our prototype in front of Express's, and where Express looks for its own. */
function takePlace<T extends object>(ours: object, theirs: T): T {
  Object.setPrototypeOf(ours, theirs)
  return Object.assign(ours, { app: (theirs as { app?: unknown }).app }) as T
}

const reasons: Readonly<Record<string, readonly [status: string, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The headers are larger than 24 KiB. Long searches go as POST [type]/_search.',
  ],
}

/** What is not HTTP, or not in time, gets a last word and loses its connection. */
function refuse(error: ParseError, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, text] = reasons[error.code ?? ''] ?? [
    '400 Bad Request',
    'This is not an HTTP request the server understands.',
  ]
  const body = JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'structure', diagnostics: text }],
  })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/fhir+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
