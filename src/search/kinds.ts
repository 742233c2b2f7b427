/**
 * The list of the kinds of search parameters.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import type { SearchParamType } from '../fhir/definitions.ts'
import { composite } from './composite.ts'
import { date } from './date.ts'
import type { SearchKind } from './kind.ts'
import { number } from './number.ts'
import { quantity } from './quantity.ts'
import { reference } from './reference.ts'
import { special } from './special.ts'
import { string } from './string.ts'
import { token } from './token.ts'
import { uri } from './uri.ts'

export const kinds: Readonly<Record<SearchParamType, SearchKind>> = {
  string,
  token,
  reference,
  date,
  number,
  quantity,
  uri,
  composite: composite(type => kinds[type]),
  special,
}
