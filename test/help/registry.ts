/**
 * A package registry on this machine: answers as those of FHIR do, or as those of npm do.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestRegistry {
  readonly url: string
  /** `host:port` */
  readonly host: string
  /** Paths asked for so far. */
  readonly asked: string[]
  close(): void
}

/** `packages`: archives by `name#version`. */
export async function startRegistry(packages: Readonly<Record<string, Buffer>>, npm = false): Promise<TestRegistry> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const [, name = '', version, file] = request.url!.split('/').map(decodeURIComponent)
    const archive = packages[`${name}#${version}`]
    const versions = Object.keys(packages).flatMap(id => (id.startsWith(`${name}#`) ? [id.slice(name.length + 1)] : []))
    const json = (value: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (version === undefined && versions.length)
      json({ name, versions: Object.fromEntries(versions.map(each => [each, {}])) })
    else if (!archive) response.writeHead(404).end('{}')
    else if (npm && file === undefined)
      json({
        dist: { tarball: `${url}${request.url}/a.tgz`, shasum: createHash('sha1').update(archive).digest('hex') },
      })
    else response.writeHead(200, { 'content-type': 'application/tar+gzip' }).end(archive)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `http://${host}`
  return { url, host, asked, close: () => (server.closeAllConnections(), void server.close()) }
}
