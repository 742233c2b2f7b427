import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runServer, type Running } from '../help/running-server.ts'

const token = 'a-token-for-this-test-only'
let running: Running
let other: Server
let asked = 0
beforeAll(async () => {
  other = createServer((request, response) => {
    asked++
    request.resume()
    const parameter = [{ name: 'result', valueBoolean: true }]
    response.end(JSON.stringify({ resourceType: 'Parameters', parameter }))
  })
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  running = await runServer({ DHP_SEED: 'none', DHP_ADMIN_TOKEN: token, DHP_PRIVATE_HOSTS: '127.0.0.1' })
}, 60_000)
afterAll(async () => {
  await running.end()
  other.close()
})

const change = (terminologyServer: string) =>
  running.ask('PATCH', '/admin/tenants/default', {
    body: { terminologyServer },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
const check = (code: string) =>
  running.ask('GET', `CodeSystem/$validate-code?url=http://snomed.info/sct&code=${code}`) // prettier-ignore

test('a tenant names a terminology server, and takes it back, while the server runs', async () => {
  expect((await check('999900000')).status).toBe(422)
  expect(asked).toBe(0)
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/fhir`
  expect((await change(url)).body).toMatchObject({ terminologyServer: url })
  const answer = await check('999900000')
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"valueBoolean":true')])
  expect(asked).toBe(1)
  expect((await change('none')).status).toBe(200)
  expect((await check('999900000')).status).toBe(422)
  expect(asked).toBe(1)
})

test('what is no address of a server is refused', async () => {
  for (const wrong of ['ftp://x.example.org', 'x', 'http://user:secret@x.example.org', 'http://x.example.org?a=b'])
    expect([wrong, (await change(wrong)).status]).toEqual([wrong, 400])
})
