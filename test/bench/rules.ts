/**
 * What rules cost at the door: `node test/bench/rules.ts` reads and creates through a tenant's door, without rules, with one that
 * speaks of other types, and with one of each kind that acts. Microseconds for one, the median of rounds taken in turn.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sandboxUser } from '../../src/access/caller.ts'
import { makeTenants } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { FhirRequest, Json } from '../../src/rest/exchange.ts'
import { action } from '../help/ruled-server.ts'
import { condition, dynamic, plan } from '../help/rules.ts'

const ROUNDS = 7
const READS = 20_000
const CREATES = 2_000
const AT_ONCE = 32

const folder = mkdtempSync(join(tmpdir(), 'bench-rules-'))
const tenants = makeTenants(readConfig({ DHP_DATA: folder, DHP_SEED: 'none' }), loadDefinitions())
const { door } = await tenants.room('default')
const ask = (method: FhirRequest['method'], path: string, body?: object) =>
  door.handle(
    {
      method,
      path,
      query: '',
      headers: { prefer: 'return=minimal' },
      base: 'http://bench/fhir',
      ...(body ? { body: body as unknown as Json } : {}),
    },
    sandboxUser,
  )

// synthetic
const observation = (n: number) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: 'Patient/p' },
  effectiveDateTime: '2026-01-02T03:04:05Z',
  valueQuantity: { value: n / 10, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
})

async function each(count: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const started = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let n = next++; n < count; n = next++) await work(n)
    }),
  )
  return ((performance.now() - started) * 1000) / count
}

const heavy = condition("%resource.value.value > 500 and %resource.code.coding.where(code = '29463-7').exists()")
const cases: readonly (readonly [string, readonly object[]])[] = [
  ['no rule', []],
  ['a rule for another type', [action('deny', 'data-added', 'Basic'), action('deny', 'data-accessed', 'Basic')]],
  ['deny on create', [action('deny', 'data-added', 'Observation', { condition: [heavy] })]],
  [
    'tag on create',
    [action('tag', 'data-added', 'Observation', { dynamicValue: [dynamic('meta.tag', '%resource.code.coding')] })],
  ],
  [
    'deny on access',
    [action('deny', 'data-accessed', 'Observation', { condition: [condition("%request.purpose = 'HRESCH'")] })],
  ],
  [
    'mask of another purpose',
    [
      action('mask', 'data-accessed', 'Observation', {
        condition: [condition("%request.purpose = 'HRESCH'")],
        dynamicValue: [{ path: 'valueQuantity' }],
      }),
    ],
  ],
  ['mask', [action('mask', 'data-accessed', 'Observation', { dynamicValue: [{ path: 'valueQuantity' }] })]],
]

await ask('PUT', 'Observation/read', { ...observation(1), id: 'read' })
const found = new Map<string, { reads: number[]; creates: number[] }>()
for (let round = 0; round <= ROUNDS; round++)
  for (const [name, actions] of cases) {
    const id = 'the-rule'
    if (actions.length > 0) await ask('PUT', `PlanDefinition/${id}`, { ...plan('Bench', actions as never), id })
    const reads = await each(READS, () => ask('GET', 'Observation/read'))
    const creates = await each(CREATES, n => ask('POST', 'Observation', observation(n)))
    if (actions.length > 0) await ask('DELETE', `PlanDefinition/${id}`)
    if (round === 0) continue // warms up
    const of = found.get(name) ?? { reads: [], creates: [] }
    found.set(name, of)
    of.reads.push(reads)
    of.creates.push(creates)
  }
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
console.table(
  Object.fromEntries(
    [...found].map(([name, { reads, creates }]) => [
      name,
      { 'read, µs': median(reads).toFixed(1), 'create, µs': median(creates).toFixed(0) },
    ]),
  ),
)
await tenants.close()
rmSync(folder, { recursive: true, force: true })
