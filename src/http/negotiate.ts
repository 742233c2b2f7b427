/**
 * What a client sends and what it wants back, by Content-Type, Accept, `_format` and `_pretty`.
 * https://hl7.org/fhir/R4/http.html#mime-type
 */
import { notAcceptable, unsupportedMediaType } from '../fhir/outcome.ts'

/** `fhir`: a FHIR resource or Parameters; `json-patch`; `form`: a search by POST; `other`: bytes, for Binary only. */
export type BodyKind = 'fhir' | 'json-patch' | 'form' | 'other'

interface MediaType {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

/** A cache that never grows beyond `size`: headers come from strangers. */
function remembering<T>(size: number, find: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return text => {
    const had = known.get(text)
    if (had !== undefined) return had
    const found = find(text)
    if (text.length > 256) return found
    if (known.size >= size) known.clear()
    known.set(text, found)
    return found
  }
}

function mediaType(text: string): MediaType {
  const [name, ...rest] = text.split(';')
  const parameters = rest.map(part => {
    const at = part.indexOf('=')
    return [
      part.slice(0, at).trim().toLowerCase(),
      part
        .slice(at + 1)
        .trim()
        .replaceAll('"', '')
        .toLowerCase(),
    ] as const
  })
  return { name: name!.trim().toLowerCase(), parameters: new Map(parameters) }
}

const json = new Set(['application/fhir+json', 'application/json', 'text/json', 'application/json+fhir'])
const xml = new Set(['application/fhir+xml', 'application/xml', 'text/xml', 'application/xml+fhir'])

const versionFits = ({ parameters }: MediaType) => (parameters.get('fhirversion') ?? '4.0').startsWith('4.0')

/** What a Content-Type says of the body. 415 for a charset other than UTF-8 or another FHIR version. */
export const bodyKind = remembering(200, (contentType: string): BodyKind => {
  const type = mediaType(contentType)
  const charset = type.parameters.get('charset') ?? 'utf-8'
  const kind: BodyKind = json.has(type.name)
    ? 'fhir'
    : type.name === 'application/json-patch+json'
      ? 'json-patch'
      : type.name === 'application/x-www-form-urlencoded'
        ? 'form'
        : 'other'
  if (kind === 'other') return kind
  if (charset !== 'utf-8' && charset !== 'utf8')
    throw unsupportedMediaType(`JSON is sent in UTF-8 here, not in ${charset.slice(0, 40)}.`)
  if (!versionFits(type)) throw unsupportedMediaType('This server speaks FHIR R4: fhirVersion=4.0.')
  return kind
})

/** What the client sent instead of JSON, as an error it can act on. */
export function notFhir(contentType: string): Error {
  const { name } = mediaType(contentType)
  if (xml.has(name))
    return unsupportedMediaType('FHIR XML is not supported. Send JSON with Content-Type: application/fhir+json.')
  const said = name === '' ? 'no Content-Type' : `Content-Type: ${name.slice(0, 80)}`
  return unsupportedMediaType(`The request came with ${said}. Send FHIR JSON with Content-Type: application/fhir+json.`)
}

/**
 * `fhir`: JSON is named; `any`: JSON will do, but is not asked for by name; `other`: something else (fine for the bytes of
 * a Binary); `xml`: FHIR XML; `version`: JSON of another FHIR version.
 */
type Wanted = 'fhir' | 'any' | 'other' | 'xml' | 'version'

function wants(type: MediaType): Wanted {
  if (json.has(type.name)) return versionFits(type) ? 'fhir' : 'version'
  if (type.name === '*/*' || type.name === 'application/*') return 'any'
  return xml.has(type.name) ? 'xml' : 'other'
}

/** The best of what an Accept header names: by `q`, then by what we have. */
const accepted = remembering(200, (accept: string): Wanted => {
  const order: readonly Wanted[] = ['fhir', 'any', 'other', 'version', 'xml']
  let best: Wanted | undefined
  let bestQ = 0
  for (const part of accept.split(',', 50)) {
    const type = mediaType(part)
    const q = Number(type.parameters.get('q') ?? 1)
    const wanted = wants(type)
    if (!(q > 0)) continue
    const usable = wanted === 'fhir' || wanted === 'any'
    const bestUsable = best === 'fhir' || best === 'any'
    // something we can give beats anything we cannot, whatever its q
    const better =
      best === undefined ||
      (usable !== bestUsable ? usable : q > bestQ || (q === bestQ && order.indexOf(wanted) < order.indexOf(best)))
    if (better) [best, bestQ] = [wanted, q]
  }
  return best ?? 'other'
})

const formats: Readonly<Record<string, Wanted>> = { json: 'fhir', xml: 'xml', ttl: 'other', html: 'other' }

/** The last value of a parameter of a query string, decoded; undefined when it is not there. */
export function parameter(query: string, name: string): string | undefined {
  if (!query.includes(name)) return undefined
  return new URLSearchParams(query).getAll(name).at(-1)
}

/**
 * Whether the answer is to be the bytes of a Binary (`raw`) or FHIR JSON. 406 when the client takes neither.
 * `binary`: a Binary is read, so that what is not FHIR can be had too.
 */
export function answerKind(accept: string | undefined, query: string, binary: boolean): 'fhir' | 'raw' {
  const format = parameter(query, '_format')
  // a '+' in a query string is a space: application/fhir+json arrives as "application/fhir json"
  const named = format?.trim().toLowerCase().replace(' ', '+')
  const wanted = named
    ? Object.hasOwn(formats, named)
      ? formats[named]!
      : wants(mediaType(named))
    : accept === undefined
      ? 'any'
      : accepted(accept)
  if (wanted === 'fhir') return 'fhir'
  if (binary && !named && wanted !== 'version' && wanted !== 'xml') return 'raw'
  if (wanted === 'any') return 'fhir'
  const how = 'Ask for application/fhir+json (Accept header, or _format=json).'
  throw notAcceptable(
    wanted === 'xml'
      ? `FHIR XML is not supported. ${how}`
      : wanted === 'version'
        ? `This server speaks FHIR R4: fhirVersion=4.0. ${how}`
        : `The server has no format that the request accepts. ${how}`,
  )
}
