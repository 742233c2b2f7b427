/**
 * /examples/smart-app/: the example SMART app, served in open mode so that there is something to launch.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

const place = '/examples/smart-app'
const folder = join(import.meta.dirname, '../..', place)

/** What there is; nothing else of the folder is served, so no path leads out of it. */
const files = new Set([
  'index.html',
  'launch.html',
  'style.css',
  'app.js',
  'launch.js',
  'record.js',
  'sign-in.js',
  'summary.js',
  'words.js',
])
const library = 'fhir-client.js'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
}

// It may be launched from any FHIR server, so it may call any; nothing is loaded from elsewhere
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const common = ['Content-Security-Policy', policy, 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer', 'Cache-Control', 'no-store'] // prettier-ignore

/** Answers below /examples/smart-app/ when `open`; passes on everything else. */
export function exampleApp(
  open: boolean,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const path = request.url!.split('?', 1)[0]!
    if (!open || (path !== place && !path.startsWith(`${place}/`))) return next()
    const reply = (status: number, headers: readonly string[], body: Buffer) => {
      response.writeHead(status, [...headers, ...common, 'Content-Length', String(body.length)])
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const plain = ['Content-Type', 'text/plain; charset=utf-8']
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(405, [...plain, 'Allow', 'GET, HEAD'], Buffer.from('The example app is read with GET.\n'))
    if (path === place) return reply(301, [...plain, 'Location', `${place}/`], Buffer.from(`See ${place}/\n`))
    const name = path.slice(place.length + 1) || 'index.html'
    const bytes = name === library ? libraryBytes() : files.has(name) ? readFileSync(join(folder, name)) : undefined
    if (!bytes) {
      const missing =
        name === library ? `${library} comes with: npm install fhirclient\n` : 'The app has no such file.\n'
      return reply(404, plain, Buffer.from(missing))
    }
    reply(200, ['Content-Type', `${contentTypes[extname(name)]}; charset=utf-8`], bytes)
  }
}

/** fhirclient as it is published for browsers; undefined where development dependencies are not installed. */
function libraryBytes(): Buffer | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('fhirclient/package.json')
    return readFileSync(join(dirname(entry), 'build/fhir-client.pure.min.js'))
  } catch {
    return undefined
  }
}
