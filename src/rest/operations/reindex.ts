/**
 * $reindex: indexes stored resources again, and makes the stored SearchParameter resources searchable.
 * https://hl7.org/fhir/R4/search.html#all
 */
import { FhirError, notSupported, tooCostly } from '../../fhir/outcome.ts'
import { checkExpressions } from '../../search/custom-expression.ts'
import { everything, type Query } from '../../search/query.ts'
import type { Context, Operation, Resource } from '../exchange.ts'
import { parameters } from '../parameters.ts'
import { permit } from '../permit.ts'

export const reindex: Operation = {
  code: 'reindex',
  title: 'Index stored resources again',
  description:
    'Takes up all SearchParameter resources stored here that are not retired, and indexes the resources of the type (or all) again, so that they are found by them. Answers when it is done.',
  system: true,
  type: true,
  instance: false,
  types: ['Resource'],
  affectsState: true,
  action: 'update',
  parameters: [
    {
      name: 'resources',
      use: 'out',
      min: 1,
      max: '1',
      type: 'integer',
      documentation: 'How many resources were indexed.',
    },
    {
      name: 'searchParameters',
      use: 'out',
      min: 1,
      max: '1',
      type: 'integer',
      documentation: 'How many stored SearchParameters are in use now.',
    },
  ],
  async run(context, { type }) {
    if (!context.reindex) throw notSupported('This server does not index again while it runs.')
    permit(context.caller, 'SearchParameter', 'update')
    const searchParameters = await stored(context)
    checkExpressions(searchParameters, context.definitions)
    if (running.has(context.door)) throw busy()
    running.add(context.door)
    try {
      const count = await context.reindex(type ? [type] : context.definitions.resourceTypes, searchParameters)
      const values = [
        { name: 'resources', type: 'integer', value: count },
        { name: 'searchParameters', type: 'integer', value: searchParameters.length },
      ]
      return { status: 200, resource: parameters(values) }
    } finally {
      running.delete(context.door)
    }
  },
}

/** A tenant is reindexed once at a time. */
const running = new WeakSet<object>()

const busy = () =>
  new FhirError(
    503,
    [
      {
        severity: 'error',
        code: 'throttled',
        diagnostics: 'The server is indexing again already. Ask again when it is done.',
      },
    ],
    { 'Retry-After': '10' },
  )

const MOST = 5000

async function stored(context: Context): Promise<readonly Resource[]> {
  const all: Resource[] = []
  let query: Query = { types: ['SearchParameter'], filter: everything, sort: [], count: 500, total: 'none' }
  for (;;) {
    const { matches, next } = await context.store.find(query)
    all.push(...matches.map(({ text }) => JSON.parse(text!) as Resource).filter(({ status }) => status !== 'retired'))
    if (!next) return all
    if (all.length > MOST) throw tooCostly(`There are more than ${MOST} SearchParameters; retire or delete some.`)
    query = { ...query, after: next }
  }
}
