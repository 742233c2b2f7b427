/** The floor for reading: node:http and nothing else, sending the same bytes whatever is asked. Started by bench.ts. */
import { createServer } from 'node:http'

process.on('message', (body: string) => {
  const bytes = Buffer.from(body)
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/fhir+json; charset=utf-8', 'Content-Length': bytes.length })
    response.end(bytes)
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
})
