/**
 * A file as the body of an answer, streamed: as it is, or compressed for who takes gzip.
 * https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding
 */
import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FhirResponse } from '../rest/exchange.ts'

type File = NonNullable<FhirResponse['file']>

/** Writes the answer; `headers` are those of every answer. Gives how many bytes the file has. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: string[],
  { path, bytes, contentType }: File,
): number {
  if (response.headersSent || response.destroyed) return 0
  const zip = takesGzip(request.headers['accept-encoding'])
  headers.push('Content-Type', contentType, 'Vary', 'Accept-Encoding')
  headers.push(...(zip ? ['Content-Encoding', 'gzip'] : ['Content-Length', String(bytes)]))
  response.writeHead(status, headers)
  if (request.method === 'HEAD' || bytes === 0) {
    response.end()
    return 0
  }
  // what is behind was not counted
  const file = createReadStream(path, { end: bytes - 1 })
  // a file that is gone, or a client that is: the connection ends, so that nobody takes a part for the whole
  const done = (error: Error | null | undefined) => error && response.destroy()
  if (zip) pipeline(file, createGzip({ level: 5 }), response, done)
  else pipeline(file, response, done)
  return bytes
}

function takesGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',', 20)
    .some(part => /^\s*(?:gzip|x-gzip)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(part))
}
