/**
 * The server as it is set: who must show a token, how clients reach it, and how much it takes.
 */
import { describe, expect, test } from 'vitest'
import { serve, type Served } from './serving.ts'

async function during(settings: Record<string, string>, work: (server: Served) => Promise<void>): Promise<void> {
  const server = await serve(settings)
  try {
    await work(server)
  } finally {
    await server.close()
  }
}

describe('DHP_AUTH=smart', () => {
  test('without a token everything but /metadata is answered 401 with a challenge, and nothing is written', () =>
    during({ DHP_AUTH: 'smart' }, async server => {
      expect((await server.ask('GET', '/fhir/metadata')).status).toBe(200)
      for (const [method, path] of [
        ['GET', '/fhir/Patient'],
        ['GET', '/fhir/Patient/1'],
        ['GET', '/fhir/'],
        ['POST', '/fhir/Patient/_search'],
        ['PUT', '/fhir/Patient/1'],
        ['POST', '/fhir'],
        ['GET', '/fhir/$everything'],
        ['GET', '/fhir/_history'],
      ] as const) {
        const answer = await server.ask(
          method,
          path,
          method === 'PUT' ? { body: { resourceType: 'Patient', id: '1' } } : {},
        )
        expect(answer.status, `${method} ${path}`).toBe(401)
        expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      }
      const tenant = await server.app.tenants.room('default')
      expect(await tenant.engine.read({ type: 'Patient', id: '1' })).toBeUndefined()
    }))
})

describe('DHP_PUBLIC_URL', () => {
  test('is what links and Location say, whatever the Host header says', () =>
    during({ DHP_PUBLIC_URL: 'https://sandbox.example.org/dhp/' }, async server => {
      const created = await server.ask('POST', '/fhir/Patient', { body: { resourceType: 'Patient' } })
      expect(created.headers.get('location')).toMatch(/^https:\/\/sandbox\.example\.org\/dhp\/fhir\/Patient\//)
      const found = await server.ask('GET', '/fhir/Patient')
      expect(found.body.link[0].url).toMatch(/^https:\/\/sandbox\.example\.org\/dhp\/fhir\/Patient/)
      expect(found.text).not.toContain('127.0.0.1')
    }))
})

describe('limits', () => {
  test('a Bundle of more entries than DHP_MAX_BUNDLE is refused with the limit', () =>
    during({ DHP_MAX_BUNDLE: '3' }, async server => {
      const bundle = (count: number) => ({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: Array.from({ length: count }, () => ({
          resource: { resourceType: 'Patient' },
          request: { method: 'POST', url: 'Patient' },
        })),
      })
      expect((await server.ask('POST', '/fhir', { body: bundle(3) })).status).toBe(200)
      const answer = await server.ask('POST', '/fhir', { body: bundle(4) })
      expect([413, 422]).toContain(answer.status)
      expect(answer.text).toContain('3')
    }))

  test('unknown parameters are ignored when DHP_UNKNOWN_PARAMS=lenient, several deleted when DHP_CONDITIONAL_DELETE=multiple', () =>
    during({ DHP_UNKNOWN_PARAMS: 'lenient', DHP_CONDITIONAL_DELETE: 'multiple' }, async server => {
      for (const id of ['1', '2'])
        await server.ask('PUT', `/fhir/Patient/${id}`, { body: { resourceType: 'Patient', id, active: true } })
      expect((await server.ask('GET', '/fhir/Patient?nonsense=1')).status).toBe(200)
      expect((await server.ask('DELETE', '/fhir/Patient?active=true')).status).toBeLessThan(300)
      expect((await server.ask('GET', '/fhir/Patient?_summary=count')).body.total).toBe(0)
    }))
})

describe('DHP_SEED=examples', () => {
  test('the first start brings the patients, and a reset brings them back', () =>
    during({ DHP_SEED: 'examples' }, async server => {
      const count = async () => (await server.ask('GET', '/fhir/Patient?_summary=count')).body.total as number
      const seeded = await count()
      expect(seeded).toBeGreaterThanOrEqual(12)
      await server.ask('PUT', '/fhir/Patient/more', { body: { resourceType: 'Patient', id: 'more' } })
      expect(await count()).toBe(seeded + 1)
      await server.app.tenants.reset('default')
      expect(await count()).toBe(seeded)
    }))
})
