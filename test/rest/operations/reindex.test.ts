import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../../help/server.ts'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

const eyes = {
  resourceType: 'SearchParameter', id: 'eyes', url: 'urn:test:eyes', name: 'eyes', status: 'active', description: 'Colour of the eyes.', code: 'eyes', base: ['Patient'], type: 'string',
  expression: "Patient.extension.where(url = 'urn:test:eye-colour').value",
} // prettier-ignore
const patient = (id: string, colour: string) => ({
  resourceType: 'Patient',
  id,
  extension: [{ url: 'urn:test:eye-colour', valueString: colour }],
})
const found = async (query: string) =>
  (((await server.get(query)).body!.entry ?? []) as { resource: { id: string } }[])
    .map(({ resource }) => resource.id)
    .sort()

describe('$reindex', () => {
  test('makes a stored SearchParameter searchable, for what is stored and what comes', async () => {
    await server.put('Patient/brown', patient('brown', 'Brown'))
    await server.put('SearchParameter/eyes', eyes)
    expect((await server.get('Patient?eyes=brown')).status).toBe(400)
    const { status, body } = await server.post('$reindex', { resourceType: 'Parameters' })
    expect(status).toBe(200)
    expect(body).toEqual({
      resourceType: 'Parameters',
      parameter: [
        { name: 'resources', valueInteger: 2 },
        { name: 'searchParameters', valueInteger: 1 },
      ],
    })
    expect(await found('Patient?eyes=brown')).toEqual(['brown'])
    await server.put('Patient/green', patient('green', 'Green'))
    expect(await found('Patient?eyes=green')).toEqual(['green'])
    await server.put('Patient/brown', patient('brown', 'Blue'))
    expect([await found('Patient?eyes=brown'), await found('Patient?eyes=blue')]).toEqual([[], ['brown']])
  })

  test('states the new parameter among the capabilities', async () => {
    expect((await server.get('metadata')).text).toContain('urn:test:eyes')
  })

  test('of one type does the types that a changed SearchParameter is for as well', async () => {
    await server.put('SearchParameter/eyes', { ...eyes, code: 'eye-colour' })
    expect((await server.post('Device/$reindex', { resourceType: 'Parameters' })).status).toBe(200)
    expect(await found('Patient?eye-colour=green')).toEqual(['green'])
    expect((await server.get('Patient?eyes=green')).status).toBe(400)
  })

  test('takes away a SearchParameter that was retired', async () => {
    await server.put('SearchParameter/eyes', { ...eyes, status: 'retired' })
    await server.post('$reindex', { resourceType: 'Parameters' })
    expect((await server.get('Patient?eyes=green')).status).toBe(400)
    expect((await server.get('metadata')).text).not.toContain('urn:test:eyes')
  })

  test('does not mind SearchParameters it cannot use', async () => {
    for (const [i, more] of [
      { expression: '((' },
      { expression: undefined },
      { base: ['Nonsense'] },
      { base: undefined },
      { type: 'nonsense' },
      { code: undefined },
    ].entries()) {
      await server.put(`SearchParameter/bad${i}`, {
        ...eyes,
        id: `bad${i}`,
        url: `urn:bad:${i}`,
        code: `bad${i}`,
        ...more,
      })
    }
    expect((await server.post('$reindex', { resourceType: 'Parameters' })).status).toBe(200)
    expect((await server.put('Patient/after', patient('after', 'Grey'))).status).toBe(201)
  })
})
