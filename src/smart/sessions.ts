/**
 * Who is signed in at this browser: a cookie with a number nobody can guess, and what it stands for in the records.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Records } from '../store/store.ts'
import type { PlainRequest } from './words.ts'

export interface Session {
  /** Digest of the cookie's value: whoever reads the records cannot act as the user. */
  readonly key: string
  /** `Practitioner/1`; undefined before signing in. */
  readonly user?: string
  /** Milliseconds since 1970. */
  readonly begun: number
  readonly seen: number
  /** What the tokens of its forms are made with. */
  readonly secret: string
}

/** A session and the `Set-Cookie` that hands it out. */
export interface Opened {
  readonly session: Session
  readonly cookie: string
}

export interface Sessions {
  current(request: PlainRequest): Promise<Session | undefined>
  /** A new one, of a new number; that of the request ends. `user`: who has just signed in. */
  open(request: PlainRequest, base: string, user?: string): Promise<Opened>
  /** Ends the session of the request; gives the `Set-Cookie` that takes it back. */
  close(request: PlainRequest, base: string): Promise<string>
  /** Whether the session of this key goes on; being asked keeps it from ending idly. */
  isAlive(key: string): Promise<boolean>
  /** Ends all sessions of a user: the account was disabled. */
  closeAll(user: string): Promise<void>
  /** The token of a form: of this session, for this purpose only. */
  token(session: Session, purpose: string): string
  /** Whether a POST comes from a form that this server gave to this session for this purpose. */
  accepts(request: PlainRequest, base: string, session: Session | undefined, purpose: string): boolean
}

const MINUTE = 60_000
/** A form left open for half an hour, and a working day, in secure mode and in the sandbox alike. */
const IDLE = 30 * MINUTE
const LONGEST = 10 * 60 * MINUTE

const digest = (id: string) => createHash('sha256').update(id).digest('base64url')

export function makeSessions(records: Records, now: () => number, random: (bytes: number) => Buffer): Sessions {
  const nameOf = (secure: boolean) => (secure ? '__Secure-dhp-session' : 'dhp-session')
  const idOf = (request: PlainRequest) => request.cookies.get(nameOf(true)) ?? request.cookies.get(nameOf(false))
  const cookie = (base: string, value: string, age: string) => {
    const { protocol, pathname } = new URL(base)
    const secure = protocol === 'https:'
    return `${nameOf(secure)}=${value}; Path=${pathname}; ${age}HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  }
  const token = (session: Session, purpose: string) =>
    createHmac('sha256', session.secret).update(purpose).digest('base64url')

  const living = async (key: string): Promise<Session | undefined> => {
    const session = (await records.get(key)) as Session | undefined
    const time = now()
    if (!session || time - session.seen > IDLE || time - session.begun > LONGEST) return undefined
    if (time - session.seen < MINUTE) return session
    const seen = { ...session, seen: time }
    await records.put(key, seen, Math.min(time + IDLE, session.begun + LONGEST))
    return seen
  }

  return {
    async current(request) {
      const id = idOf(request)
      return id === undefined || id.length > 100 ? undefined : living(digest(id))
    },
    isAlive: async key => (await living(key)) !== undefined,
    async open(request, base, user) {
      const before = idOf(request)
      if (before !== undefined) await records.remove(digest(before))
      const id = random(32).toString('base64url')
      const time = now()
      const session: Session = {
        key: digest(id),
        ...(user === undefined ? {} : { user }),
        begun: time,
        seen: time,
        secret: random(32).toString('base64url'),
      }
      await records.put(session.key, session, time + IDLE)
      return { session, cookie: cookie(base, id, '') }
    },
    async close(request, base) {
      const id = idOf(request)
      if (id !== undefined) await records.remove(digest(id))
      return cookie(base, '', 'Max-Age=0; ')
    },
    async closeAll(user) {
      for (const { key, value } of await records.list()) if ((value as Session).user === user) await records.remove(key)
    },
    token,
    accepts(request, base, session, purpose) {
      if (!session || !isOwnOrigin(request, base)) return false
      const given = Buffer.from(request.form?.get('csrf') ?? '')
      const expected = Buffer.from(token(session, purpose))
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

/**
 * Whether the browser says that the request comes from a page of this server, or says nothing. `Origin: null` is what our own
 * pages send, since they have no referrer: then Sec-Fetch-Site decides, or the form's token alone where browsers do not send that.
 */
export function isOwnOrigin(request: PlainRequest, base: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const { origin } = request.headers
  return origin === undefined || origin === 'null' || origin === new URL(base).origin
}
