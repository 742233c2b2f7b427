/**
 * What a FHIR package may be at most. No published package comes near.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */

const MEBIBYTE = 1024 * 1024

export interface PackageLimits {
  /** Bytes of the archive. */
  readonly packed: number
  readonly unpacked: number
  /** JSON shrinks to a tenth or less; what shrinks to less than a two hundredth is made to fill a disk. */
  readonly ratio: number
  readonly entries: number
  readonly fileBytes: number
}

export const packageLimits: PackageLimits = {
  packed: 64 * MEBIBYTE,
  unpacked: 768 * MEBIBYTE,
  ratio: 200,
  entries: 50_000,
  fileBytes: 64 * MEBIBYTE,
}
