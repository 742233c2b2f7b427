/**
 * Asks the admin API of a running server, for commands that work through it.
 */
import { BadSetting } from '../config.ts'

/** Sends an object as JSON and a Buffer as an archive; resolves to the answer's JSON. Throws `BadSetting` with what the server said. */
export type AskAdmin = (method: string, path: string, body?: object | Buffer) => Promise<unknown>

/** `url`: of the server, such as http://127.0.0.1:8080. Throws `BadSetting`. */
export function askAdmin(url: string, token: string): AskAdmin {
  if (!URL.canParse(url))
    throw new BadSetting(`--url=${url} is not a URL. Give the server, such as http://127.0.0.1:8080.`)
  if (token === '') throw new BadSetting('Give the admin token of the running server: --token, or DHP_ADMIN_TOKEN.')
  return async (method, path, body) => {
    const type = Buffer.isBuffer(body) ? 'application/gzip' : 'application/json'
    const response = await fetch(`${url.replace(/\/+$/, '')}/admin/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': type } : {}) },
      ...(body ? { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) } : {}),
    }).catch((error: unknown) => {
      throw new BadSetting(
        `There is no server at ${url} (${((error as Error).cause as { code?: string } | undefined)?.code ?? (error as Error).message}).`,
      )
    })
    const text = await response.text()
    if (response.status === 204) return undefined
    const answer: unknown = text.startsWith('{') ? JSON.parse(text) : {}
    if (response.ok) return answer
    const said = (answer as { issue?: { diagnostics?: string }[] }).issue?.map(issue => issue.diagnostics).join('; ')
    throw new BadSetting(said ?? `The server answered ${response.status}.`)
  }
}
