/**
 * URLs with letters as they are, such as `Patient?name=林`: people type them, curl sends them, Node's parser refuses them.
 * https://url.spec.whatwg.org/#concept-url-parser (a browser encodes them)
 */
import { isAscii, isUtf8 } from 'node:buffer'
import type { Server } from 'node:http'
import { Duplex } from 'node:stream'

/** What Node's HTTP parser says of what it cannot parse. */
export interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/**
 * Percent-encodes the UTF-8 letters of a request line the parser stopped at, and gives the connection to the server anew,
 * for this one request. False when that was not what is wrong with it.
 */
export function readAgainEncoded(server: Server, error: ParseError, socket: Duplex): boolean {
  const { code, rawPacket, bytesParsed = Infinity } = error
  if (code !== 'HPE_INVALID_URL' || !rawPacket) return false
  const end = rawPacket.indexOf('\r\n')
  // the line at fault is the first of its packet: else the packet began within another request, and is not to be read anew
  if (end < 0 || bytesParsed > end) return false
  const line = rawPacket.subarray(0, end)
  if (isAscii(line) || !isUtf8(line)) return false
  const encoded = line.toString('utf8').replace(/[^ -~]+/gu, letters => encodeURIComponent(letters))
  // one request only: the next one on this connection would come to the parser that stopped
  const packet = Buffer.concat([Buffer.from(`${encoded}\r\nConnection: close`), rawPacket.subarray(end)])
  server.emit('connection', relay(socket, packet))
  return true
}

/** A connection that begins with these bytes and goes on with those of the socket. */
function relay(socket: Duplex, first: Buffer): Duplex {
  const connection = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, encoding, done) => void socket.write(chunk, encoding, done),
    final: done => void socket.end(done),
    destroy(error, done) {
      socket.destroy()
      done(error)
    },
  })
  // the parser that stopped hears no more of it
  socket.removeAllListeners('data').removeAllListeners('end')
  socket.on('data', (chunk: Buffer) => connection.push(chunk) || socket.pause())
  socket.on('end', () => connection.push(null))
  socket.on('close', () => connection.destroy())
  connection.push(first)
  return connection
}
