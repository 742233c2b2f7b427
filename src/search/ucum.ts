/**
 * Quantities in UCUM base units, so that 5.4 g finds 5400 mg.
 * https://ucum.org/ucum
 */
import { createRequire } from 'node:module'

export const UCUM = 'http://unitsofmeasure.org'

/** How a unit becomes base units: `value * factor + offset`. */
export interface Canonical {
  /** The base units: `g.m-3`, `1`; units that cannot be converted are their own. */
  readonly code: string
  readonly factor: number
  readonly offset: number
}

/** Everyday units, so that the UCUM tables need not be loaded for them. test/search/ucum.test.ts holds them to the tables. */
const everyday: Readonly<Record<string, readonly [factor: number, code: string, offset?: number]>> = {
  '1': [1, '1'],
  '%': [0.01, '1'],
  '{score}': [1, '1'],
  '{nominal}': [1, '1'],
  '{T-score}': [1, '1'],
  g: [1, 'g'],
  kg: [1000, 'g'],
  mg: [0.001, 'g'],
  ug: [0.000001, 'g'],
  ng: [1e-9, 'g'],
  pg: [1e-12, 'g'],
  'g/dL': [10000, 'm-3.g'],
  'g/L': [1000, 'm-3.g'],
  'mg/L': [1, 'm-3.g'],
  'mg/dL': [10, 'm-3.g'],
  'ug/L': [0.001, 'm-3.g'],
  'ug/dL': [0.01, 'm-3.g'],
  'ng/mL': [0.001, 'm-3.g'],
  'pg/mL': [0.000001, 'm-3.g'],
  'ng/dL': [0.00001, 'm-3.g'],
  'ug/mL': [1, 'm-3.g'],
  'mg/g': [0.001, '1'],
  m: [1, 'm'],
  cm: [0.01, 'm'],
  mm: [0.001, 'm'],
  um: [0.000001, 'm'],
  m2: [1, 'm2'],
  'kg/m2': [1000, 'm-2.g'],
  L: [0.001, 'm3'],
  dL: [0.0001, 'm3'],
  mL: [0.000001, 'm3'],
  fL: [1e-18, 'm3'],
  s: [1, 's'],
  min: [60, 's'],
  h: [3600, 's'],
  d: [86400, 's'],
  wk: [604800, 's'],
  mo: [2629800, 's'],
  a: [31557600, 's'],
  ms: [0.001, 's'],
  '/min': [0.016666666666667, 's-1'],
  '{beats}/min': [0.016666666666667, 's-1'],
  '{breaths}/min': [0.016666666666667, 's-1'],
  'mL/min': [1.6666666666667e-8, 'm3.s-1'],
  'mL/min/{1.73_m2}': [1.6666666666667e-8, 'm3.s-1'],
  'L/min': [0.000016666666666667, 'm3.s-1'],
  'mm[Hg]': [133322, 'm-1.s-2.g'],
  kPa: [1000000, 'm-1.s-2.g'],
  Cel: [1, 'K', 273.15],
  '[degF]': [0.55555555555556, 'K', 255.37222222222],
  K: [1, 'K'],
  mol: [1, 'mol'],
  mmol: [0.001, 'mol'],
  'mmol/L': [1, 'm-3.mol'],
  'umol/L': [0.001, 'm-3.mol'],
  'nmol/L': [0.000001, 'm-3.mol'],
  'pmol/L': [1e-9, 'm-3.mol'],
  'mol/L': [1000, 'm-3.mol'],
  'mmol/mol': [0.001, '1'],
  'meq/L': [1, 'm-3.mol'],
  'U/L': [0.000016666666666667, 'm-3.s-1.mol'],
  'kU/L': [0.016666666666667, 'm-3.s-1.mol'],
  'U/mL': [0.016666666666667, 'm-3.s-1.mol'],
  '[IU]': [1, '[IU]'],
  '[IU]/L': [1000, 'm-3.[IU]'],
  '[IU]/mL': [1000000, 'm-3.[IU]'],
  'm[IU]/L': [1, 'm-3.[IU]'],
  'k[IU]/L': [1000000, 'm-3.[IU]'],
  '10*3/uL': [1000000000000, 'm-3'],
  '10*6/uL': [1000000000000000, 'm-3'],
  '10*9/L': [1000000000000, 'm-3'],
  '10*12/L': [1000000000000000, 'm-3'],
  '/uL': [1000000000, 'm-3'],
  'mg/kg': [0.000001, '1'],
  'mg/d': [1.1574074074074e-8, 's-1.g'],
  'mg/h': [2.7777777777778e-7, 's-1.g'],
  'ug/kg/min': [1.6666666666667e-11, 's-1'],
  '[lb_av]': [453.59237, 'g'],
  '[in_i]': [0.0254, 'm'],
  '[oz_av]': [28.349523125, 'g'],
  '[pH]': [1, '[pH]'],
  kcal: [4184000, 'm2.s-2.g'],
  'mosm/kg': [0.000001, 'g-1.mol'],
  's/s': [1, '1'],
}

const known = new Map<string, Canonical | undefined>(
  Object.entries(everyday).map(([unit, [factor, code, offset = 0]]) => [unit, { code, factor, offset }]),
)
/** Clients choose the units they ask for: what is remembered of them must not grow without end. */
const MOST = 10_000

/** The base units of a UCUM code; undefined when it is not one. */
export function canonical(unit: string): Canonical | undefined {
  if (known.has(unit)) return known.get(unit)
  const found = unit.length > 64 ? undefined : calculate(unit)
  if (known.size >= MOST) known.clear()
  known.set(unit, found)
  return found
}

/** A value in base units, to 12 significant digits. */
export function convert(value: number, { factor, offset }: Canonical): number {
  const converted = value * factor + offset
  // the ends of open ranges must stay finite
  if (!Number.isFinite(converted)) return converted > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE
  return Number.isSafeInteger(converted) ? converted : Number(converted.toPrecision(12))
}

interface Unit {
  readonly magnitude_: number
  readonly dim_: { readonly dimVec_: readonly number[] | null } | null
  readonly isSpecial_: boolean
  readonly isArbitrary_: boolean
  readonly moleExp_: number
}
interface Tables {
  getSpecifiedUnit(code: string, purpose: 'validate'): { unit: Unit | null; retMsg?: readonly string[] }
  convertUnitTo(from: string, value: number, to: string): { status: string; toVal: number | null }
}

let tables: Tables | undefined
function load(): Tables {
  const { UcumLhcUtils } = createRequire(import.meta.url)('@lhncbc/ucum-lhc') as {
    UcumLhcUtils: { getInstance(): Tables }
  }
  return UcumLhcUtils.getInstance()
}

/** The order in which the tables give the powers of the base units. */
const bases = ['m', 's', 'g', 'rad', 'K', 'C', 'cd']
/** The tables count a mole as a plain number; we keep it a unit, so that mmol/L is never compared with cells per litre. */
const MOLE = 6.0221367e23

/** From the tables alone. */
export function calculate(unit: string): Canonical | undefined {
  try {
    tables ??= load()
    const { unit: found, retMsg } = tables.getSpecifiedUnit(unit, 'validate')
    // a message means that the tables have guessed what was meant
    if (!found || (retMsg?.length ?? 0) > 0) return undefined
    const vector = found.dim_?.dimVec_ ?? []
    const powers = bases.map((base, index) => [base, vector[index] ?? 0] as const)
    const parts = [...powers, ['mol', found.moleExp_] as const].flatMap(([base, power]) =>
      power === 0 ? [] : power === 1 ? [base] : [base + power],
    )
    // arbitrary units ([IU]) measure nothing but themselves
    if (found.isArbitrary_) parts.push(...(unit.match(/\[[^\]]*\]/g) ?? [unit]).sort())
    const code = parts.join('.') || '1'
    if (found.isSpecial_) return special(unit, code, tables)
    return { code, factor: Number((found.magnitude_ / MOLE ** found.moleExp_).toPrecision(14)), offset: 0 }
  } catch {
    return undefined
  }
}

/** Units with a zero of their own (Cel), and those on a curve (pH, dB), which stay as they are. */
function special(unit: string, code: string, { convertUnitTo }: Tables): Canonical {
  const [zero, hundred, twoHundred] = [0, 100, 200].map(value => convertUnitTo.call(tables, unit, value, code).toVal)
  if (typeof zero !== 'number' || typeof hundred !== 'number' || typeof twoHundred !== 'number')
    return { code: unit, factor: 1, offset: 0 }
  const straight = Math.abs(twoHundred - 2 * hundred + zero) <= 1e-9 * Math.abs(twoHundred)
  if (!straight) return { code: unit, factor: 1, offset: 0 }
  return { code, factor: Number(((hundred - zero) / 100).toPrecision(14)), offset: Number(zero.toPrecision(14)) }
}
