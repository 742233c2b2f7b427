/**
 * The dates of care of a resource, as its search parameters know them: what `start` and `end` of $everything ask for.
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */
import type { Definitions } from '../../fhir/definitions.ts'
import type { Filter } from '../../search/query.ts'

/** When it happened, else when it was asked for, else when it was written down: the first that a type has. */
const names = [
  'date', 'occurrence', 'period', 'onset-date', 'effective', 'effective-time', 'event-date', 'started', 'start-date', 'collected',
  'whenhandedover', 'datetime', 'datewritten', 'authoredon', 'authored-on', 'authored', 'sent', 'identified', 'created', 'recorded',
] // prettier-ignore

/**
 * Resources of the type whose date of care touches the time from `low` to `high` (milliseconds, inclusive), and those that
 * have none. Undefined when resources of the type never have one.
 */
export function careDates(definitions: Definitions, type: string, low: number, high: number): Filter | undefined {
  const params = definitions.searchParams(type)
  const param = names.find(name => params.get(name)?.type === 'date')
  if (param === undefined) return undefined
  const dated: Filter = { is: 'has', param, kind: 'date' }
  return {
    is: 'any',
    parts: [
      { is: 'not', part: dated },
      {
        ...dated,
        where: {
          is: 'and',
          parts: [
            { is: 'compare', by: '<=', column: 'low', value: high },
            { is: 'compare', by: '>=', column: 'high', value: low },
          ],
        },
      },
    ],
  }
}
