/**
 * Special parameters: `near` on Location, the one that R4 defines.
 * https://hl7.org/fhir/R4/location.html#positional
 */
import { badRequest } from '../fhir/outcome.ts'
import { split, unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import type { Filter, IndexEntry } from './query.ts'
import { canonical } from './ucum.ts'

/** How far is near, when the client does not say. Metres. */
const NEAR = 10_000
/** No two places are farther apart. Metres. */
const HALF_ROUND_THE_WORLD = 20_040_000

function index(value: unknown, _dataType: string, param: string): readonly IndexEntry[] {
  if (typeof value !== 'object' || value === null) return []
  const { latitude, longitude } = value as { latitude?: unknown; longitude?: unknown }
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return []
  const at = (name: string, degrees: number): IndexEntry => ({
    kind: 'quantity',
    param: `${param}:${name}`,
    low: degrees,
    high: degrees,
    system: '',
    code: '',
    unit: '',
  })
  return [at('latitude', latitude), at('longitude', longitude)]
}

function metres(distance: string, unit: string): number | undefined {
  if (distance === '') return NEAR
  const length = canonical(unit === '' ? 'km' : unit === 'mi' ? '[mi_i]' : unit)
  const value = /^\d+(\.\d+)?$/.test(distance) ? Number(distance) : NaN
  if (length?.code !== 'm' || !Number.isFinite(value)) return undefined
  return Math.min(value * length.factor, HALF_ROUND_THE_WORLD)
}

function near(text: string, { param }: Reading): Filter {
  const [latitude = '', longitude = '', distance = '', unit = '', more] = split(text, '|').map(unescape)
  const number = (value: string) => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : NaN)
  const within = metres(distance, unit)
  if (
    !(Math.abs(number(latitude)) <= 90) ||
    !(Math.abs(number(longitude)) <= 180) ||
    within === undefined ||
    more !== undefined
  )
    throw badRequest(
      `"${text}" is not a place: near takes latitude|longitude|distance|units, as in 25.0330|121.5654|5|km; latitude from -90 to 90, longitude from -180 to 180, units of length.`,
    )
  return { is: 'near', param: param.code, latitude: number(latitude), longitude: number(longitude), metres: within }
}

export const special: SearchKind = {
  type: 'special',
  sortsBy: undefined,
  index,
  read(text, reading) {
    if (reading.param.code !== 'near')
      throw badRequest(
        `This server does not know what the special parameter ${reading.param.code} means.`,
        'not-supported',
      )
    return near(text, reading)
  },
  modifiers: {},
  prefixes: [],
  present: param => ({ is: 'has', param: `${param}:latitude`, kind: 'quantity' }),
}
