/**
 * Create, also conditional: a new resource under an id of the server's choice.
 * https://hl7.org/fhir/R4/http.html#create
 */
import { asState } from './app-state.ts'
import { matchCriteria, severalMatches } from './condition.ts'
import type { WriteInteraction } from './exchange.ts'
import { received } from './received.ts'
import { answered, put } from './write.ts'

export const create: WriteInteraction = {
  kind: 'write',
  name: 'create',
  method: 'POST',
  path: ':type',
  action: 'create',
  async plan(context, { type }, assigned) {
    const resource = asState(context, await received(context, type))
    const criteria = context.request.headers['if-none-exist']
    const matched =
      criteria === undefined ? undefined : (assigned?.matched ?? (await matchCriteria(context, type, criteria)))
    const [existing, another] = matched?.versions ?? []
    if (another) throw severalMatches(type, criteria!)
    if (existing) {
      const said = `${type}/${existing.ref.id} matches If-None-Exist already; nothing was created.`
      // In a transaction others refer to it: it must still be so when they are written
      const writes = assigned ? [{ do: 'check' as const, condition: matched!.condition }] : []
      return { writes, answer: () => answered(context, 200, existing, said) }
    }
    const ref = assigned?.ref ?? { type, id: context.newId() }
    const write = put(context, ref, 'POST', resource, { is: 'nothing' }, matched?.condition)
    return { writes: [write], answer: ([version]) => answered(context, 201, version!) }
  },
}
