/**
 * Reads a request's body: inflated, and never more than the limit.
 * https://www.rfc-editor.org/rfc/rfc9110#name-content-encoding
 */
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { badRequest, tooLarge, unsupportedMediaType } from '../fhir/outcome.ts'
import { Aborted } from './problems.ts'

const inflaters: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

const none = Buffer.alloc(0)
const over = (limit: number) =>
  tooLarge(`The body is larger than ${limit} bytes, which is the most this server reads. Send it in parts.`)

/** Whether the declared length alone is over the limit (then the client need not send the body). */
export const declaresTooMuch = (request: IncomingMessage, limit: number) =>
  Number(request.headers['content-length'] ?? 0) > limit

/**
 * The bytes of the body, inflated; at most `limit` of them, else 413 (the rest is read and dropped, so that the client
 * gets to read the answer). 415 for an encoding we do not have, 400 for one that is broken, `Aborted` when the client leaves.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (declaresTooMuch(request, limit)) {
    request.resume()
    throw over(limit)
  }
  if (encoding === 'identity') return collect(request, request, limit)
  const inflater = inflaters[encoding]
  if (!inflater || !Object.hasOwn(inflaters, encoding)) {
    request.resume()
    throw unsupportedMediaType(
      `Content-Encoding ${encoding.slice(0, 40)} is not supported. Use gzip, deflate, br or none.`,
    )
  }
  const bytes = inflater()
  try {
    return await collect(request, request.pipe(bytes), limit)
  } finally {
    request.unpipe(bytes)
    bytes.destroy()
    request.resume()
  }
}

function collect(request: IncomingMessage, stream: NodeJS.ReadableStream, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer = none
    let more: Buffer[] | undefined
    let length = 0
    const settle = (how: () => void) => {
      stream.removeListener('data', take)
      stream.removeListener('end', done)
      request.removeListener('close', left)
      how()
    }
    const take = (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) return settle(() => (request.resume(), reject(over(limit))))
      if (more) more.push(chunk)
      else if (first.length) more = [first, chunk]
      else first = chunk
    }
    const done = () => settle(() => resolve(more ? Buffer.concat(more, length) : first))
    const left = () => request.complete || settle(() => reject(new Aborted('the client closed the connection')))
    const failed = () =>
      settle(() =>
        reject(
          stream === (request as unknown)
            ? new Aborted('the connection broke')
            : badRequest('The body is not what its Content-Encoding says.', 'structure'),
        ),
      )
    stream.on('data', take)
    stream.on('end', done)
    // kept after settling: an error of a destroyed stream must find a listener
    stream.on('error', failed)
    if (stream !== (request as unknown)) request.on('error', () => {})
    request.on('close', left)
  })
}
