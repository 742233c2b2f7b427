/**
 * Decimals in JavaScript's numbers: sums, differences and products have the decimals that they have on paper, as long as
 * some 15 digits hold them.
 * https://hl7.org/fhirpath/N1/#decimal
 */

/** How many digits stand behind the point. */
export function decimals(value: number): number {
  if (Number.isInteger(value)) return 0
  const text = String(value)
  const e = text.indexOf('e')
  const point = text.indexOf('.')
  const written = point < 0 ? 0 : (e < 0 ? text.length : e) - point - 1
  return Math.max(0, written - (e < 0 ? 0 : Number(text.slice(e + 1))))
}

const rounded = (value: number, places: number) =>
  Number.isInteger(value) || places > 20 || Math.abs(value) >= 1e15 ? value : Number(value.toFixed(places))

export const exactSum = (a: number, b: number): number =>
  Number.isInteger(a) && Number.isInteger(b) ? a + b : rounded(a + b, Math.max(decimals(a), decimals(b)))

export const exactDifference = (a: number, b: number): number => exactSum(a, -b)

export const exactProduct = (a: number, b: number): number =>
  Number.isInteger(a) && Number.isInteger(b) ? a * b : rounded(a * b, decimals(a) + decimals(b))

/** As precise as numbers are, without the last digits of binary fractions. */
export const quotient = (a: number, b: number): number => Number((a / b).toPrecision(15))

/** `~`: compared to as many decimals as the less precise has. */
export function equivalentNumbers(a: number, b: number): boolean {
  const places = Math.min(decimals(a), decimals(b), 20)
  return roundTo(a, places) === roundTo(b, places)
}

/** Half away from zero. */
export function roundTo(value: number, places: number): number {
  if (Number.isInteger(value) || places > 20) return value
  const factor = 10 ** places
  const moved = exactProduct(Math.abs(value), factor)
  const result = Math.floor(moved + 0.5) / factor
  return Number.isFinite(result) ? Math.sign(value) * result : value
}
