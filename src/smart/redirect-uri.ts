/**
 * Redirect URIs: which may be registered, and which of a request is a registered one.
 * https://www.rfc-editor.org/rfc/rfc9700#section-4.1
 */

/** Why it cannot be registered; undefined when it can. */
export function redirectProblem(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > 2000 || !URL.canParse(uri)) return 'is not an absolute URL'
  if (uri.includes('#')) return 'has a fragment (#)'
  // a browser reads \ and control characters in its own way
  if (/[\s\\*\u0000-\u001f\u007f]/.test(uri))
    return 'has a space, *, \\ or a control character; wildcards are not supported'
  const url = new URL(uri)
  if (url.username || url.password) return 'has a user name or password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:')
    return isLoopbackHost(url.hostname) ? undefined : 'is http; only https, or http on localhost, 127.0.0.1 or [::1]'
  // a private scheme of a native app is the reverse of a domain name: RFC 8252, 7.1
  return /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/.test(url.protocol)
    ? undefined
    : 'is neither https, http on a loopback address, nor a private scheme such as com.example.app:/callback'
}

/** Other addresses of a client (its home page, its logo, its launch URL). */
export function webProblem(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > 2000 || !URL.canParse(uri)) return 'is not an absolute URL'
  const { protocol, hostname, username, password } = new URL(uri)
  if (username || password) return 'has a user name or password'
  if (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))) return undefined
  return 'is not https (or http on a loopback address)'
}

const isLoopbackHost = (hostname: string) => /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)

/** Written exactly as registered; on a numeric loopback address the port may be any: RFC 8252, 7.3. */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true
  const portless = withoutPort(uri)
  return portless !== undefined && registered.some(other => withoutPort(other) === portless)
}

const loopbackPort = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:\/[^\s\\]*)?)$/

function withoutPort(uri: string): string | undefined {
  const found = loopbackPort.exec(uri)
  return found ? found[1]! + found[2]! : undefined
}
