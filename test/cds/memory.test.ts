/**
 * What a call brings is let go when it is answered: what stays until the next full collection makes every small one slow, and with
 * it the slowest answers.
 * https://cds-hooks.hl7.org/2.0/#calling-a-cds-service
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { answerCall } from '../../src/cds/call.ts'
import { makeServiceCatalogue } from '../../src/cds/catalogue.ts'
import type { CdsService } from '../../src/cds/words.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void

const service: CdsService = {
  id: 'looks',
  hook: 'patient-view',
  title: 'Looks',
  description: 'Looks at what there is',
  prefetch: { observations: 'Observation?patient={{context.patientId}}&_count=500' },
  answer: ({ prefetch }) => ({ cards: [], extension: { keys: Object.keys(prefetch).length } }),
}
const services = [service]
// all data is sent, so no server is asked
const unasked = () => Promise.reject(new Error('Nothing is to be read.'))
const parts = {
  catalogue: makeServiceCatalogue(() => services),
  servers: { own: unasked, other: unasked },
  now: Date.now,
}

const text = JSON.stringify({
  hook: 'patient-view',
  hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
  context: { userId: 'Practitioner/1', patientId: '1' },
  prefetch: {
    observations: {
      resourceType: 'Bundle',
      type: 'searchset',
      entry: Array.from({ length: 200 }, (_, n) => ({
        resource: { resourceType: 'Observation', id: `o${n}`, status: 'final', code: { text: `Observation ${n}` } },
      })),
    },
  },
})

test('answered calls are gone after a collection of young objects', async () => {
  const call = () => answerCall(parts, 'looks', JSON.parse(text), 'http://x.example/fhir', 'en')
  for (let i = 0; i < 20; i++) await call()
  collect({ type: 'major' })
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200; i++) {
    await call()
    if (i % 20 === 19) collect({ type: 'minor' })
  }
  collect({ type: 'minor' })
  // one call is some 100 KB
  expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(3)
})
