/**
 * The operations this server has. To add one: a file of its own, and a line here.
 * https://hl7.org/fhir/R4/operations.html
 */
import type { Operation } from './exchange.ts'
import { everything } from './operations/everything.ts'
import { meta, metaAdd, metaDelete } from './operations/meta.ts'
import { reindex } from './operations/reindex.ts'

export const operations: readonly Operation[] = [everything, meta, metaAdd, metaDelete, reindex]
