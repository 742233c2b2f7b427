/**
 * An exchange as rules are told of it.
 * https://hl7.org/fhir/R4/http.html
 */
import type { Asked } from './api-rules.ts'
import type { FhirRequest, Interaction, Match } from './exchange.ts'
import type { Language } from './language.ts'

export const askedOf = (
  { method, query, headers }: FhirRequest,
  { type, id, rest, operation, interaction: { path } }: Match,
  interaction: Interaction['name'],
  language: Language,
): Asked => ({
  interaction,
  type,
  id,
  operation: operation?.code ?? '',
  searched: path === ':type/:id/:searched' ? rest : '',
  method,
  query,
  headers,
  language,
})
