/**
 * The operations this server has. To add one: a file of its own, and a line here.
 * https://hl7.org/fhir/R4/operations.html
 */
import type { Operation } from './exchange.ts'
import { docref } from './operations/docref.ts'
import { everything } from './operations/everything.ts'
import { expand } from './operations/expand.ts'
import { explainAccess } from './operations/explain-access.ts'
import { lookup } from './operations/lookup.ts'
import { mcodeEverything } from './operations/mcode-everything.ts'
import { meta, metaAdd, metaDelete } from './operations/meta.ts'
import { reindex } from './operations/reindex.ts'
import { subsumes } from './operations/subsumes.ts'
import { translate } from './operations/translate.ts'
import { validateCodeOfCodeSystem, validateCodeOfValueSet } from './operations/validate-code.ts'
import { validate } from './operations/validate.ts'

export const operations: readonly Operation[] = [
  everything,
  expand,
  explainAccess,
  lookup,
  meta,
  metaAdd,
  metaDelete,
  reindex,
  subsumes,
  translate,
  validate,
  mcodeEverything,
  docref,
  validateCodeOfCodeSystem,
  validateCodeOfValueSet,
]
