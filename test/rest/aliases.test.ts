import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServer } from '../help/server.ts'

type Server = Awaited<ReturnType<typeof openServer>>
let server: Server
const coding = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const quantity = (value: number) => ({ value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' })

beforeAll(async () => {
  server = await openServer()
  await server.put('Patient/p', { resourceType: 'Patient', id: 'p', name: [{ family: 'Lin' }] })
  await server.put('Group/g', { resourceType: 'Group', id: 'g', type: 'person', actual: true })
  const base = { resourceType: 'Observation', status: 'final' }
  await server.put('Observation/plain', {
    ...base,
    id: 'plain',
    code: coding('8867-4'),
    subject: { reference: 'Patient/p' },
    valueQuantity: quantity(60),
  })
  await server.put('Observation/group', {
    ...base,
    id: 'group',
    code: coding('8867-4'),
    subject: { reference: 'Group/g' },
    valueQuantity: quantity(90),
  })
  await server.put('Observation/gone', {
    ...base,
    id: 'gone',
    code: coding('1-8'),
    subject: { reference: 'Patient/not-here' },
  })
  const component = [
    { code: coding('8480-6'), valueQuantity: quantity(150) },
    { code: coding('8462-4'), valueQuantity: quantity(80) },
  ]
  await server.put('Observation/pressure', {
    ...base,
    id: 'pressure',
    code: coding('85354-9'),
    subject: { reference: 'Patient/p' },
    component,
  })
})
afterAll(() => server.close())

const cases: [search: string, ids: string[]][] = [
  ['Observation?patient=p', ['plain', 'pressure']],
  ['Observation?patient=Patient/p,Patient/not-here', ['gone', 'plain', 'pressure']],
  ['Observation?patient:missing=true', ['group']],
  ['Observation?patient:missing=false', ['gone', 'plain', 'pressure']],
  ['Observation?subject:missing=true', []],
  ['Observation?patient:Patient.name=lin', ['plain', 'pressure']],
  ['Observation?patient.name=lin&code=8867-4', ['plain']],
  ['Patient?_has:Observation:patient:code=8867-4', ['p']],
  ['Group?_has:Observation:patient:code=8867-4', []],
  ['Group?_has:Observation:subject:code=8867-4', ['g']],
  ['Observation?combo-code=8480-6', ['pressure']],
  ['Observation?combo-code=8867-4', ['group', 'plain']],
  ['Observation?combo-code:not=8867-4', ['gone', 'pressure']],
  ['Observation?combo-value-quantity=gt100', ['pressure']],
  ['Observation?combo-value-quantity=lt85|http://unitsofmeasure.org|mm[Hg]', ['plain', 'pressure']],
  ['Observation?combo-value-quantity:missing=true', ['gone']],
  ['Observation?combo-code-value-quantity=8480-6$gt140', ['pressure']],
  ['Observation?combo-code-value-quantity=8462-4$gt140', []],
  ['Observation?combo-code-value-quantity=8867-4$lt70', ['plain']],
]

for (const [search, ids] of cases)
  test(`${search} finds ${ids.join(', ') || 'nothing'}`, async () => {
    const { body } = await server.get(search)
    expect(
      (body as unknown as { entry?: { resource: { id: string } }[] }).entry
        ?.map(({ resource }) => resource.id)
        .sort() ?? [],
    ).toEqual(ids)
  })

test('a search can be sorted by a parameter made of others, and include by one', async () => {
  const sorted = (await server.get('Observation?_sort=combo-code')).body as unknown as {
    entry: { resource: { id: string } }[]
  }
  expect(sorted.entry.map(({ resource }) => resource.id)).toEqual(['gone', 'pressure', 'group', 'plain'])
  const included = (await server.get('Patient?_id=p&_revinclude=Observation:patient')).body as unknown as {
    entry: { resource: { id: string } }[]
  }
  expect(included.entry.map(({ resource }) => resource.id).sort()).toEqual(['p', 'plain', 'pressure'])
})

test('an update moves what such a parameter finds', async () => {
  const observation = (subject: string) => ({
    resourceType: 'Observation',
    id: 'moves',
    status: 'final',
    code: coding('9-9'),
    subject: { reference: subject },
  })
  const found = async (search: string) =>
    ((await server.get(search)).body as unknown as { entry?: unknown[] }).entry?.length ?? 0
  await server.put('Observation/moves', observation('Patient/p'))
  expect(await found('Observation?patient=p&code=9-9')).toBe(1)
  await server.put('Observation/moves', observation('Group/g'))
  expect(await found('Observation?patient=p&code=9-9')).toBe(0)
  expect(await found('Observation?subject=Group/g&code=9-9')).toBe(1)
  await server.delete('Observation/moves')
  expect(await found('Observation?combo-code=9-9')).toBe(0)
})
