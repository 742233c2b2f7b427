/**
 * The server's life and its keeping: start, second process, shutdown, metrics, backup, restore, tenants, doctor.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'
import { dhp, newFolder } from './running.ts'

// servers are started one after another
vi.setConfig({ testTimeout: 120_000 })

const folders: string[] = []
const folder = () => {
  const made = newFolder()
  folders.push(made)
  return made
}
afterAll(() => folders.forEach(each => rmSync(each, { recursive: true, force: true })))

const put = async (server: ServerProcess, id: string) => {
  const response = await fetch(`${server.base}/Patient/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Patient', id }),
  })
  expect(response.status).toBeLessThan(300)
}
const has = async (server: ServerProcess, id: string) => (await fetch(`${server.base}/Patient/${id}`)).status === 200

async function during<T>(
  data: string,
  settings: Record<string, string>,
  work: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const server = await startServer(data, settings)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

describe('serve', () => {
  test('a second process on the folder is refused with the folder and the pid, and after kill -9 the next one starts', async () => {
    const data = folder()
    const first = await startServer(data)
    const second = await dhp(data, 'serve')
    expect(second.code).toBe(1)
    expect(second.err).toContain(data)
    expect(second.err).toContain(String(first.process.pid))
    expect(second.err).not.toContain('    at ')
    await put(first, 'kept')
    await first.kill()
    await during(data, {}, async again => expect(await has(again, 'kept')).toBe(true))
  })

  test('settings that cannot be used end it with 2 and a hint', async () => {
    expect(await dhp(folder(), 'serve', '--prot', '1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('port') as string,
    })
    expect(await dhp(folder(), '--host', '0.0.0.0')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--allow-open') as string,
    })
    expect(await dhp(folder(), 'lode')).toMatchObject({ code: 2, err: expect.stringContaining('load') as string })
    expect(await dhp(folder(), '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('METRICS_PORT') as string,
    })
  })

  test('SIGTERM: what was accepted is answered, nothing new is, and it ends with 0', async () => {
    const server = await startServer(folder())
    const port = Number(new URL(server.base).port)
    const body = JSON.stringify({ resourceType: 'Patient', id: 'late' })
    let got = ''
    const socket = connect(port, '127.0.0.1')
    const closed = new Promise<void>(resolve => socket.on('close', () => resolve()))
    socket.on('data', chunk => (got += chunk.toString()))
    socket.write(
      `PUT /fhir/Patient/late HTTP/1.1\r\nHost: a\r\nContent-Type: application/fhir+json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    await new Promise(resolve => setTimeout(resolve, 200))
    const ended = server.stop()
    await new Promise(resolve => setTimeout(resolve, 200))
    await expect(fetch(`${server.base}/Patient`)).rejects.toThrow()
    socket.write(body.slice(10))
    await closed
    expect(got).toMatch(/^HTTP\/1\.1 201 /)
    expect(got).toMatch(/\r\nConnection: close\r\n/)
    expect(await ended).toBe(0)
  })

  test('a client that keeps its connection open does not keep the server', async () => {
    const server = await startServer(folder())
    const socket = connect(Number(new URL(server.base).port), '127.0.0.1')
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
    await new Promise(resolve => socket.once('data', resolve))
    const started = Date.now()
    expect(await server.stop()).toBe(0)
    // it waits 10 s for clients that have asked and were not answered
    expect(Date.now() - started).toBeLessThan(10_000)
    socket.destroy()
  })

  test('says that it is alive and ready', () =>
    during(folder(), {}, async server => {
      const origin = new URL(server.base).origin
      expect(await (await fetch(`${origin}/livez`)).json()).toEqual({ status: 'alive' })
      expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ status: 'ready' })
    }))

  test('metrics tell of requests by interaction, type and status, and never of ids', async () => {
    const free = createServer().listen(0)
    const { port } = free.address() as AddressInfo
    await new Promise(resolve => free.close(resolve))
    await during(folder(), { METRICS_PORT: String(port) }, async server => {
      let text = ''
      // they come a moment after the server is ready
      for (let i = 0; i < 50 && !text; i++) {
        text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          response => response.text(),
          () => new Promise<string>(resolve => setTimeout(() => resolve(''), 50)),
        )
      }
      await put(server, 'A123456789')
      await fetch(`${server.base}/Patient/A123456789`)
      await fetch(`${server.base}/Secret123/x`)
      text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      expect(text).toContain('dhp_request_duration_seconds_count{interaction="read",type="Patient",status="2xx"} 1')
      expect(text).toContain('dhp_request_duration_seconds_count{interaction="update",type="Patient",status="2xx"} 1')
      expect(text).toMatch(/dhp_store_writes_total [1-9]/)
      expect(text).toMatch(/dhp_nodejs_eventloop_lag_seconds/)
      expect(text).not.toMatch(/A123456789|Secret123/)
    })
  })

  test('a metrics port that is taken is a warning, not an end', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    await during(folder(), { METRICS_PORT: String((taken.address() as AddressInfo).port) }, async server => {
      expect((await fetch(`${server.base}/metadata`)).status).toBe(200)
    })
    taken.close()
  })
})

describe('backup and restore', () => {
  test('a backup of a running server holds what was there, and is put back only when it is whole and wanted', async () => {
    const data = folder()
    const file = join(folder(), 'kept.db')
    await during(data, {}, async server => {
      await put(server, 'before')
      const made = await dhp(data, 'backup', file)
      expect(made, made.err).toMatchObject({ code: 0 })
      await put(server, 'after')
      expect(await dhp(data, 'restore', file, '--force')).toMatchObject({
        code: 1,
        err: expect.stringContaining('in use') as string,
      })
    })
    expect(readdirSync(join(file, '..')).sort()).toEqual(['kept.db', 'kept.db.sha256'])
    expect(await dhp(data, 'backup', file)).toMatchObject({ code: 2 })
    expect(await dhp(data, 'restore', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--force') as string,
    })
    expect((await dhp(data, 'restore', file, '--force')).code).toBe(0)
    await during(data, {}, async server => {
      expect(await has(server, 'before')).toBe(true)
      expect(await has(server, 'after')).toBe(false)
    })
  })

  test('a backup that was changed is refused, and nothing is touched', async () => {
    const data = folder()
    const file = join(folder(), 'changed.db')
    await during(data, {}, server => put(server, 'here'))
    expect((await dhp(data, 'backup', file)).code).toBe(0)
    appendFileSync(file, 'x')
    expect(await dhp(data, 'restore', file, '--force')).toMatchObject({
      code: 2,
      err: expect.stringContaining('checksum') as string,
    })
    rmSync(`${file}.sha256`)
    expect(await dhp(data, 'restore', file, '--force')).toMatchObject({
      code: 2,
      err: expect.stringContaining('.sha256') as string,
    })
    await during(data, {}, async server => expect(await has(server, 'here')).toBe(true))
  })

  test('a backup becomes another tenant, in another folder', async () => {
    const [data, other] = [folder(), folder()]
    const file = join(folder(), 'moved.db')
    await during(data, {}, server => put(server, 'moved'))
    await dhp(data, 'backup', file)
    expect((await dhp(other, 'restore', file, '--tenant', 'hospital-b')).code).toBe(0)
    await during(other, {}, async server => {
      expect((await fetch(`${new URL(server.base).origin}/t/hospital-b/fhir/Patient/moved`)).status).toBe(200)
      expect(await has(server, 'moved')).toBe(false)
    })
    expect(await dhp(other, 'backup', join(other, 'x'), '--tenant', '../../etc')).toMatchObject({ code: 2 })
  })
})

describe('tenants', () => {
  test('are looked after in the data folder', async () => {
    const data = folder()
    expect((await dhp(data, 'tenants', 'create', 'one', '--expires', '2100-01-01T00:00:00Z')).code).toBe(0)
    expect((await dhp(data, 'tenants', 'snapshot', 'one', 'first')).code).toBe(0)
    const listed = JSON.parse((await dhp(data, 'tenants')).out) as {
      name: string
      snapshots: string[]
      expires?: string
    }[]
    expect(listed.find(({ name }) => name === 'one')).toMatchObject({
      snapshots: ['first'],
      expires: '2100-01-01T00:00:00Z',
    })
    expect((await dhp(data, 'tenants', 'restore', 'one', 'first')).code).toBe(0)
    expect((await dhp(data, 'tenants', 'delete', 'one')).code).toBe(0)
    expect(existsSync(join(data, 'tenants/one'))).toBe(false)
    expect(await dhp(data, 'tenants', 'delete', 'one')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no tenant') as string,
    })
    expect(await dhp(data, 'tenants', 'crate', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('create') as string,
    })
    expect(await dhp(data, 'tenants', 'create')).toMatchObject({ code: 2 })
  })

  test('are looked after through a running server', async () => {
    const data = folder()
    const token = 'a-token-of-the-operator'
    await during(data, { DHP_ADMIN_TOKEN: token }, async server => {
      const url = new URL(server.base).origin
      const remote = (...args: string[]) => dhp(data, 'tenants', ...args, '--url', url, '--token', token)
      expect(await dhp(data, 'tenants', 'create', 'x')).toMatchObject({
        code: 1,
        err: expect.stringContaining('in use') as string,
      })
      const made = await remote('create', 'far')
      expect(made, made.err).toMatchObject({ code: 0 })
      expect((await fetch(`${url}/t/far/fhir/Patient`)).status).toBe(200)
      expect((await remote('delete', 'far')).code).toBe(0)
      expect(await remote('delete', 'far')).toMatchObject({
        code: 2,
        err: expect.stringContaining('no tenant') as string,
      })
      expect(await dhp(data, 'tenants', 'list', '--url', url, '--token', 'another-token-altogether')).toMatchObject({
        code: 2,
        err: expect.stringContaining('admin token') as string,
      })
    })
  })
})

describe('doctor', () => {
  test('finds a sound folder sound, also while it is served', async () => {
    const data = folder()
    await during(data, {}, async server => {
      await put(server, 'x')
      const { code, out } = await dhp(data, 'doctor')
      expect(code, out).toBe(0)
      for (const text of [
        'PORT=',
        'SQLite 3.',
        'synchronous=FULL after a write',
        'MiB free',
        'definitions',
        'tenant default: sound',
        'pid',
      ])
        expect(out).toContain(text)
    })
    expect(readdirSync(data).filter(name => name.startsWith('doctor-'))).toEqual([])
  })

  test('finds a damaged database', async () => {
    const data = folder()
    await during(data, {}, server => put(server, 'x'))
    const file = join(data, 'tenants/default/store.db')
    const bytes = readFileSync(file)
    bytes.fill(0x5a, 4096 * 2, 4096 * 12)
    writeFileSync(file, bytes)
    const { code, out } = await dhp(data, 'doctor')
    expect(code).toBe(1)
    expect(out).toMatch(/WRONG tenant default/)
  })

  test('does not print the admin token', async () => {
    const { out } = await dhp(folder(), 'doctor', '--admin-token', 'a-secret-of-the-operator')
    expect(out).not.toContain('a-secret-of-the-operator')
  })
})
