/** What the tests of CDS Hooks share: calls, a CDS service elsewhere that misbehaves as asked, keys of a CDS client. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import jsonwebtoken from 'jsonwebtoken'
import { ADMIN, type Served } from '../http/serving.ts'

export const json = { 'content-type': 'application/json' }
export const admin = { authorization: `Bearer ${ADMIN}`, ...json }

export const call = (server: Served, id: string, body: string | object, headers: Record<string, string> = {}) =>
  server.ask('POST', `/cds-services/${id}`, { body, headers: { ...json, ...headers } })

export const manage = (server: Served, method: string, path: string, body?: object | string) =>
  server.ask(method, `/admin/${path}`, { headers: admin, ...(body === undefined ? {} : { body }) })

export const view = (patientId: string, more: object = {}) => ({
  hook: 'patient-view',
  hookInstance: randomUUID(),
  context: { userId: 'Practitioner/doc', patientId },
  ...more,
})

export const why = (answer: { body: { issue: { diagnostics: string }[] } }) => answer.body.issue[0]!.diagnostics

/** A CDS service elsewhere. */
export interface Elsewhere {
  readonly origin: string
  /** `127.0.0.1:1234`, for DHP_PRIVATE_HOSTS. */
  readonly host: string
  readonly asked: { url: string; headers: IncomingHttpHeaders; body: any }[] // eslint-disable-line @typescript-eslint/no-explicit-any
  /** What is answered next: a status and a body; `hang` never answers. */
  answers: { status: number; body: string } | 'hang'
  close(): void
}

export const someCards = {
  cards: [{ summary: 'From elsewhere', indicator: 'info', source: { label: 'Elsewhere' } }],
}

export async function elsewhere(): Promise<Elsewhere> {
  const asked: Elsewhere['asked'] = []
  const server: Server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      asked.push({ url: request.url!, headers: request.headers, body: text ? JSON.parse(text) : undefined })
      if (it.answers === 'hang') return
      response.writeHead(it.answers.status, { 'Content-Type': 'application/json' }).end(it.answers.body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const it: Elsewhere = {
    origin: `http://${host}`,
    host,
    asked,
    answers: { status: 200, body: JSON.stringify(someCards) },
    close: () => (server.closeAllConnections(), void server.close()),
  }
  return it
}

/** A key of a CDS client, as it signs and as it is registered. */
export function clientKey(kid = 'k1', alg: 'ES384' | 'RS384' = 'ES384') {
  const { privateKey, publicKey } =
    alg === 'ES384'
      ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { privateKey, publicKey, alg, kid, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

export interface Signing {
  readonly key: { privateKey: KeyObject | string | Buffer; alg: string; kid: string }
  readonly claims?: object
  readonly header?: object
  /** Claims that are left out. */
  readonly without?: readonly string[]
}

/** A JWT as a CDS client makes it, or as one that means harm does. */
export function jwt(iss: string, aud: string, { key, claims = {}, header = {}, without = [] }: Signing): string {
  const seconds = Math.floor(Date.now() / 1000)
  const all: Record<string, unknown> = { iss, aud, iat: seconds, exp: seconds + 240, jti: randomUUID(), ...claims }
  for (const name of without) delete all[name]
  return jsonwebtoken.sign(all, key.privateKey, {
    algorithm: key.alg as 'ES384',
    noTimestamp: without.includes('iat'),
    header: { alg: key.alg, typ: 'JWT', kid: key.kid, ...header },
    allowInsecureKeySizes: true,
  })
}
