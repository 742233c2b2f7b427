/**
 * Page links: where a search goes on, sealed so that only this tenant, for this caller, takes it back. A page's question travels in
 * its link, so nothing is kept between pages; what the caller may see is asked anew for each of them.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { FhirError, badRequest } from '../fhir/outcome.ts'
import type { Context, Door } from './exchange.ts'

/** The only parameter of a page link, beside those about form (`_format`, `_pretty`). */
export const CURSOR = '_cursor'

/** How long a page link holds, in milliseconds since the first page. */
export const LINK_LIFE = 24 * 3600 * 1000

/** What a page link holds. */
export interface Cursor<At> {
  /** The search as it was first asked, in the words of its self link. */
  readonly query: string
  /** When the first page was asked for, in milliseconds since 1970: what `now` means on all pages. */
  readonly asOf: number
  /** Where this page begins. */
  readonly at: At
}

/**
 * The text of a link's `_cursor`: only opened again for this caller and this path. `hidden`: it holds what must not be read
 * in an address (values that are sorted by, a search that was POSTed), so it is encrypted; else it is only signed, which takes
 * a fifth of the time.
 */
export async function sealCursor<At>(context: Context, cursor: Cursor<At>, hidden: boolean): Promise<string> {
  const json = JSON.stringify([cursor.query, cursor.asOf, cursor.at])
  const { key, signing } = await keyOf(context)
  const bound = boundTo(context)
  if (!hidden) {
    const text = Buffer.from(json).toString('base64url')
    return `s${sign(signing, bound, text)}${text}`
  }
  const bytes = Buffer.from(json)
  const plain = bytes.length > 400 ? Buffer.concat([DEFLATED, deflateRawSync(bytes)]) : Buffer.concat([PLAIN, bytes])
  const nonce = freshNonce()
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(bound))
  return `e${Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')}`
}

/** What a link's `_cursor` holds. 400 when it is not of this server, caller and path; 410 when it is too old. */
export async function openCursor<At>(
  context: Context,
  text: string,
): Promise<Cursor<At> & { readonly hidden: boolean }> {
  const { key, signing } = await keyOf(context)
  const hidden = text[0] === 'e'
  const json = hidden ? decrypted(key, boundTo(context), text.slice(1)) : signed(signing, boundTo(context), text)
  const [query, asOf, at] = JSON.parse(json) as [string, number, At]
  if (context.now() - asOf > LINK_LIFE) throw tooOld()
  return { query, asOf, at, hidden }
}

const SIGNATURE = 43

const sign = (key: KeyObject, bound: string, text: string) =>
  createHmac('sha256', key).update(`${bound}\n${text}`).digest('base64url')

function signed(key: KeyObject, bound: string, text: string): string {
  const content = text.slice(1 + SIGNATURE)
  const given = Buffer.from(text.slice(1, 1 + SIGNATURE))
  const right = Buffer.from(sign(key, bound, content))
  if (text[0] !== 's' || given.length !== right.length || !timingSafeEqual(given, right)) throw notOurs()
  return Buffer.from(content, 'base64url').toString()
}

function decrypted(key: KeyObject, bound: string, text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  // base64 has spellings that decode to the same bytes; only the one that was given out counts
  if (bytes.length < 30 || bytes.toString('base64url') !== text) throw notOurs()
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(bound))
  decipher.setAuthTag(bytes.subarray(-16))
  let plain: Buffer
  try {
    plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  } catch {
    throw notOurs()
  }
  return (plain[0] === DEFLATED[0] ? inflateRawSync(plain.subarray(1)) : plain.subarray(1)).toString()
}

const PLAIN = Buffer.from([0])
const DEFLATED = Buffer.from([1])

const boundTo = ({ caller, request }: Context): string =>
  JSON.stringify([caller.id, request.path.replace(/\/?(?:_search)?\/?$/, '')])

const notOurs = () =>
  badRequest(
    'This page link is not one this server gave you for this address. Start the search again from its first page.',
    'invalid',
    CURSOR,
  )

const tooOld = () =>
  new FhirError(410, [
    {
      severity: 'error',
      code: 'expired',
      diagnostics: 'This page link is older than 24 hours. Start the search again from its first page.',
      expression: [CURSOR],
    },
  ])

/** A door is a tenant's, and so is its key. */
interface Keys {
  readonly key: KeyObject
  readonly signing: KeyObject
}

const keys = new WeakMap<Door, Promise<Keys>>()

function keyOf(context: Context): Promise<Keys> {
  let key = keys.get(context.door)
  if (!key) {
    key = loadKey(context)
    keys.set(context.door, key)
    key.catch(() => keys.delete(context.door))
  }
  return key
}

/** The tenant's key, made when there is none yet. */
async function loadKey({ store }: Context): Promise<Keys> {
  const records = store.records('keys')
  if (typeof (await records.get(KEY)) !== 'string') await records.put(KEY, randomBytes(32).toString('base64'))
  const kept = Buffer.from((await records.get(KEY)) as string, 'base64')
  const derived = (use: string) => createSecretKey(createHash('sha256').update(use).update(kept).digest())
  return { key: derived('page links'), signing: derived('page links, signed') }
}

const KEY = 'page-links'

const NONCE = 12
/** Random bytes are fetched for many nonces at once: one by one they cost more than the sealing. */
const random = Buffer.alloc(NONCE * 256)
let used = random.length

function freshNonce(): Buffer {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  return Buffer.from(random.subarray(used, (used += NONCE)))
}
