/**
 * `npm run bench`: what the server does against what the machine could do, as ratios taken in turn in one run.
 * `npm run bench -- read create` runs only those (`auth-cpu` is `auth` without rates); `BENCH_RESOURCES=1000000` sets the large store's size, `BENCH_SECONDS` each measurement's length.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bundle } from 'fhir/r4'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { prepare } from '../../src/store/stamp.ts'
import type { Write } from '../../src/store/store.ts'
import type { Job, Result } from './client.ts'
import { exportAll, exportFloor, residentMemory } from './export.ts'
import { insertFloor } from './floor-insert.ts'
import { observation, PATIENT_EVERY, resource } from './generate.ts'

const root = new URL('../..', import.meta.url).pathname
const synthea = join(root, '../shared/data/synthea')
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3)
const LARGE = Number(process.env.BENCH_RESOURCES ?? 1_000_000)
const ROUNDS = 3
const CPU_ROUNDS = Number(process.env.BENCH_CPU_ROUNDS ?? 15)
const ADMIN = 'bench-bench-bench-bench'

const work = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const rows: { what: string; server: string; floor: string; ratio: string; goal: string; met: string }[] = []
const extractor = makeExtractor(loadDefinitions(), kinds)

const rate = (perSecond: number) => `${Math.round(perSecond).toLocaleString('en')}/s`
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

function report(
  what: string,
  server: string,
  floor: string,
  value: number,
  goal: number,
  least: boolean,
  print: (value: number) => string = v => v.toFixed(2),
): void {
  const met = least ? value >= goal : value <= goal
  rows.push({
    what,
    server,
    floor,
    ratio: print(value),
    goal: `${least ? '>=' : '<='} ${print(goal)}`,
    met: met ? 'yes' : 'NO',
  })
  console.log(`${what}: ${server} (floor ${floor}), ${print(value)} against ${print(goal)}${met ? '' : ', NOT MET'}`)
}

interface Server {
  readonly port: number
  readonly metrics: number
  readonly process: ChildProcess
  /** From the start of the process to the first 200, in milliseconds. */
  readonly started: number
  stop(): Promise<void>
}

let metricsPort = 19_100 + Math.floor(Math.random() * 500)

async function serve(
  data: string,
  seed = 'none',
  settings: Record<string, string> = {},
  main = 'src/main.ts',
): Promise<Server> {
  const metrics = metricsPort++
  const begun = performance.now()
  const process_ = spawn(process.execPath, [join(root, main)], {
    env: {
      ...process.env,
      PORT: '0',
      DHP_DATA: data,
      DHP_SEED: seed,
      METRICS_PORT: String(metrics),
      DHP_LOG: 'error',
      DHP_ADMIN_TOKEN: ADMIN,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    let text = ''
    process_.stdout.on('data', chunk => {
      text += String(chunk)
      const found = /ready at http:\/\/[^:]+:(\d+)/.exec(text)
      if (found) resolve(Number(found[1]))
    })
    process_.on('exit', code => reject(new Error(`The server ended with ${code}: ${text}`)))
  })
  const first = await fetch(
    `http://127.0.0.1:${port}/fhir/${settings.DHP_AUTH === 'smart' ? 'metadata' : 'Patient?_count=1'}`,
  )
  await first.arrayBuffer()
  const started = performance.now() - begun
  return {
    port,
    metrics,
    process: process_,
    started,
    stop: () =>
      new Promise(resolve => {
        process_.removeAllListeners('exit')
        process_.on('exit', () => resolve())
        process_.kill('SIGTERM')
      }),
  }
}

/** One measurement by a client in a process of its own. */
function load(job: Job): Promise<Result> {
  const client = fork(join(root, 'test/bench/client.ts'))
  return new Promise((resolve, reject) => {
    client.on('message', result => {
      client.kill()
      resolve(result as Result)
    })
    client.on('error', reject)
    client.send(job)
  })
}

async function floorServer(body: string): Promise<{ port: number; stop(): void }> {
  const server = fork(join(root, 'test/bench/floor-http.ts'))
  const port = await new Promise<number>(resolve => {
    server.on('message', message => resolve(message as number))
    server.send(body)
  })
  return { port, stop: () => void server.kill() }
}

/** Server and floor in turn, `ROUNDS` times; the medians. */
async function inTurn(server: () => Promise<number>, floor: () => Promise<number>): Promise<[number, number]> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  await floor()
  await server()
  for (let i = 0; i < ROUNDS; i++) {
    theirs.push(await floor())
    ours.push(await server())
  }
  return [median(ours), median(theirs)]
}

const perSecond = (result: Result): number => {
  if (result.failed > 0) throw new Error(`${result.failed} requests were refused.`)
  return result.served / result.seconds
}

const put = (of: Resource): Write => ({
  do: 'put',
  ref: { type: of.resourceType, id: of.id! },
  method: 'PUT',
  draft: prepare(of, of.id!),
  entries: extractor.entries(of),
  expect: { is: 'nothing' },
})

/** Fills a store with resources `from` up to `to`; resolves to resources a second. */
async function fill(path: string, from: number, to: number): Promise<number> {
  const engine = openSqlite({ path, extractor })
  const start = performance.now()
  for (let n = from; n < to; n += 1000)
    await engine.commit(Array.from({ length: Math.min(1000, to - n) }, (_, i) => put(resource(n + i))))
  const seconds = (performance.now() - start) / 1000
  await engine.close()
  return (to - from) / seconds
}

async function folder(name: string): Promise<{ data: string; file: string }> {
  const data = join(work, name)
  const { mkdirSync } = await import('node:fs')
  mkdirSync(join(data, 'tenants/default'), { recursive: true })
  return { data, file: join(data, 'tenants/default/store.db') }
}

async function reading(which: ReadonlySet<string>): Promise<void> {
  const { data, file } = await folder('reading')
  await fill(file, 0, 20_000)
  const server = await serve(data)
  const url = `http://127.0.0.1:${server.port}`
  const measure = async (what: string, paths: string[], goal: number) => {
    const body = await (await fetch(url + paths[0]!)).text()
    const floor = await floorServer(body)
    const [ours, theirs] = await inTurn(
      async () => perSecond(await load({ kind: 'get', port: server.port, connections: 64, seconds: SECONDS, paths })),
      async () => perSecond(await load({ kind: 'get', port: floor.port, connections: 64, seconds: SECONDS, paths })),
    )
    floor.stop()
    report(what, rate(ours), rate(theirs), ours / theirs, goal, true)
  }
  const ids = Array.from({ length: 2000 }, (_, i) => i * 10 + 2)
  if (which.has('read'))
    await measure(
      'read by id, 64 connections',
      ids.map(n => `/fhir/Observation/o${n}`),
      0.4,
    )
  if (which.has('search')) {
    const codes = ['8310-5', '8867-4', '29463-7', '8302-2']
    await measure(
      'search, page of 20',
      codes.map(code => `/fhir/Observation?code=http://loinc.org%7C${code}&_count=20`),
      0.15,
    )
    await measure(
      'search with two parameters, page of 20',
      codes.map(code => `/fhir/Observation?code=http://loinc.org%7C${code}&category=laboratory&_count=20`),
      0.1,
    )
  }
  await server.stop()
}

async function commits(server: Server): Promise<{ commits: number; writes: number }> {
  const text = await (await fetch(`http://127.0.0.1:${server.metrics}/metrics`)).text()
  const value = (name: string) =>
    text
      .split('\n')
      .filter(line => line.startsWith(name))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  return { commits: value('dhp_store_commits_total'), writes: value('dhp_store_writes_total') }
}

async function creating(): Promise<void> {
  const { data } = await folder('creating')
  const server = await serve(data)
  const resources = Array.from({ length: 20_000 }, (_, n) =>
    observation(n, `Patient/p${n % 1000}`, `Encounter/e${n % 5000}`),
  )
  let from = 0
  const before = await commits(server)
  const [ours, theirs] = await inTurn(
    async () => {
      const result = await load({ kind: 'create', port: server.port, connections: 64, seconds: SECONDS, from })
      from += 200_000
      return perSecond(result)
    },
    async () => insertFloor(work, resources, extractor, 32),
  )
  const after = await commits(server)
  report('create, all parameters indexed, FULL', rate(ours), rate(theirs), ours / theirs, 0.3, true)
  const perCreate = (after.commits - before.commits) / (after.writes - before.writes)
  report(
    'fsyncs per create, 64 connections',
    `1/${(1 / perCreate).toFixed(0)}`,
    '-',
    perCreate,
    1 / 16,
    false,
    v => `1/${(1 / v).toFixed(0)}`,
  )
  await server.stop()
}

/** Synthea's bundles when they are at hand, else bundles of the generator's. */
function bundles(): { text: string; resources: Resource[] }[] {
  if (existsSync(synthea))
    return readdirSync(synthea).map(name => {
      const bundle = JSON.parse(readFileSync(join(synthea, name), 'utf8')) as Bundle
      return {
        text: JSON.stringify(bundle),
        resources: bundle.entry!.map(entry => entry.resource as unknown as Resource),
      }
    })
  return Array.from({ length: 40 }, (_, i) => {
    const resources = Array.from({ length: 400 }, (_, n) => resource(i * 400 + n))
    const entry = resources.map(one => ({
      resource: one,
      request: { method: 'PUT', url: `${one.resourceType}/${one.id}` },
    }))
    return { text: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }), resources }
  })
}

async function transactions(): Promise<void> {
  const all = bundles()
  const resources = all.flatMap(one => one.resources)
  let made = 0
  const { data } = await folder('bundles')
  const server = await serve(data)
  const [ours, theirs] = await inTurn(
    async () => {
      // an empty store each time, in a server that is warm as one in use is
      const name = `t${made++}`
      const created = await fetch(`http://127.0.0.1:${server.port}/admin/tenants`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      })
      if (!created.ok) throw new Error(`The tenant was refused: ${await created.text()}`)
      const result = await load({
        kind: 'post',
        port: server.port,
        connections: 4,
        seconds: 600,
        path: `/t/${name}/fhir`,
        bodies: all.map(one => one.text),
        once: true,
      })
      perSecond(result)
      return resources.length / result.seconds
    },
    async () => insertFloor(work, resources, extractor, 1000),
  )
  await server.stop()
  report(
    `transaction bundles, FULL (${existsSync(synthea) ? 'Synthea' : 'generated'})`,
    rate(ours),
    rate(theirs),
    ours / theirs,
    0.4,
    true,
  )
  const path = join(data, `tenants/t${made - 1}/store.db`)
  const engine = openSqlite({ path, extractor })
  let json = 0
  for (const one of resources) json += Buffer.byteLength(JSON.stringify(one))
  await engine.backup(join(work, 'disk.db'))
  await engine.close()
  report(
    'disk / minified JSON, all parameters',
    `${(statSync(join(work, 'disk.db')).size / 1e6).toFixed(1)} MB`,
    `${(json / 1e6).toFixed(1)} MB`,
    statSync(join(work, 'disk.db')).size / json,
    2,
    false,
  )
}

async function scale(): Promise<void> {
  const { data, file } = await folder('scale')
  const step = LARGE / 10
  const search = async () => {
    const server = await serve(data)
    const paths = ['8310-5', '8867-4', '29463-7'].flatMap(code =>
      Array.from(
        { length: 50 },
        (_, i) => `/fhir/Observation?code=http://loinc.org%7C${code}&subject=Patient/p${i * 7}&_count=20`,
      ),
    )
    const results: number[] = []
    for (let i = 0; i < ROUNDS; i++)
      results.push(perSecond(await load({ kind: 'get', port: server.port, connections: 64, seconds: SECONDS, paths })))
    await server.stop()
    return median(results)
  }
  await fill(file, 0, step / 2)
  const insertSmall = await fill(file, step / 2, step)
  const searchSmall = await search()
  let insertLarge = 0
  for (let n = step; n < LARGE; n += step) insertLarge = await fill(file, n, n + step)
  const searchLarge = await search()
  const names = `from ${step.toLocaleString('en')} to ${LARGE.toLocaleString('en')} resources`
  report(`insert rate kept, ${names}`, rate(insertLarge), rate(insertSmall), insertLarge / insertSmall, 0.6, true)
  report(`search rate kept, ${names}`, rate(searchLarge), rate(searchSmall), searchLarge / searchSmall, 0.6, true)
  const server = await serve(data)
  const count = async () => {
    const begun = performance.now()
    const { total } = (await (
      await fetch(`http://127.0.0.1:${server.port}/fhir/Observation?status=final&_summary=count`)
    ).json()) as { total: number }
    return total / ((performance.now() - begun) / 1000)
  }
  const counts: number[] = []
  for (let i = 0; i < 7; i++) counts.push(await count())
  report(
    'count',
    `${(median(counts) / 1e6).toFixed(1)} M rows/s`,
    '-',
    median(counts) / 1e6,
    10,
    true,
    v => `${v.toFixed(1)} M/s`,
  )
  await server.stop()
  const starts: number[] = []
  let idle = 0
  for (let i = 0; i < 5; i++) {
    const again = await serve(data)
    starts.push(again.started)
    await new Promise(resolve => setTimeout(resolve, 1500))
    idle = residentMemory(again.process.pid!)
    await again.stop()
  }
  report(
    'start to first 200, filled database',
    `${median(starts).toFixed(0)} ms`,
    '-',
    median(starts),
    400,
    false,
    v => `${v.toFixed(0)} ms`,
  )
  report('idle memory', `${idle.toFixed(0)} MB`, '-', idle, 150, false, v => `${v.toFixed(0)} MB`)
}

async function exporting(): Promise<void> {
  const { data, file } = await folder('scale')
  if (!existsSync(file)) await fill(file, 0, LARGE)
  const theirs = await exportFloor(file, join(work, 'floor.ndjson'))
  // the first start compiles what later ones read
  await (await serve(data)).stop()
  const server = await serve(data)
  const { lines, seconds, before, peak, early, late } = await exportAll(
    `http://127.0.0.1:${server.port}/fhir`,
    server.process.pid!,
    LARGE,
  )
  await server.stop()
  const mb = (value: number) => `${value.toFixed(0)} MB`
  const what = `export of ${LARGE.toLocaleString('en')} resources`
  report(what, rate(lines / seconds), rate(theirs), lines / seconds / theirs, 0.2, true)
  // 256 MB of it is the page cache of the store, which fills while all is read
  report(`${what}, memory above idle`, mb(peak), mb(before), peak - before, 256 + 150, false, mb)
  // of a store that is larger than that cache
  report(`${what}, memory of its last quarter above its second`, mb(late), mb(early), late - early, 30, false, mb)
}

/** With `rates`, requests a second too, which other work on the machine disturbs. */
async function authorized(rates: boolean, cpus: boolean): Promise<void> {
  const { cpuPerRequest, quiet } = await import('./cpu.ts')
  const { backendTokens, patientTokens } = await import('./tokens.ts')
  const { verifying } = await import('./verifying.ts')
  const [openly, smartly] = [await folder('open'), await folder('smart')]
  // so many that the AuditEvents that are made meanwhile do not make another kind of store of it (store/sqlite/find.ts)
  await fill(openly.file, 0, 40_000)
  copyFileSync(openly.file, smartly.file)
  const open = await serve(openly.data, 'none', { DHP_AUTH: 'open' })
  const smart = await serve(smartly.data, 'none', { DHP_AUTH: 'smart' })
  const [base, patient] = [`http://127.0.0.1:${smart.port}/fhir`, 7]
  const first = patient * PATIENT_EVERY
  const own = Array.from({ length: PATIENT_EVERY }, (_, i) => first + i).filter(n => n % 10 > 1)
  const groups = [
    { whose: 'a service', token: await backendTokens(base, ADMIN), ids: Array.from({ length: 2000 }, (_, i) => i * 10 + 2), patients: Array.from({ length: 400 }, (_, i) => i) },
    { whose: 'a patient', token: await patientTokens(base, ADMIN, `p${patient}`), ids: own, patients: [patient] },
  ] // prettier-ignore
  for (const { whose, token, ids, patients } of groups)
    for (const [what, paths] of [
      ['read by id', ids.map(n => `/fhir/Observation/o${n}`)],
      ['one-hit search', patients.map(n => `/fhir/Patient?identifier=MRN${n * PATIENT_EVERY}`)],
      ['search, page of 20', patients.map(n => `/fhir/Observation?patient=p${n}&_count=20`)],
    ] as const) {
      if (cpus) {
        const [smartCpu, openCpu] = (await cpuPerRequest(
          [
            { pid: smart.process.pid!, port: smart.port, token },
            { pid: open.process.pid!, port: open.port },
          ],
          paths,
          CPU_ROUNDS,
        )) as [number, number]
        const cpu = (value: number) => `${value.toFixed(0)} us`
        report(
          `${what}, token of ${whose}, CPU of open / own`,
          cpu(smartCpu),
          cpu(openCpu),
          openCpu / smartCpu,
          0.8,
          true,
        )
      }
      if (!rates) continue
      const job = { kind: 'get', connections: 64, seconds: SECONDS, paths } as const
      const [ours, theirs] = await inTurn(
        async () => perSecond(await load({ ...job, port: smart.port, token: await token() })),
        async () => {
          await quiet(smart.process.pid!)
          return perSecond(await load({ ...job, port: open.port }))
        },
      )
      report(`${what}, token of ${whose} / open`, rate(ours), rate(theirs), ours / theirs, 0.8, true)
    }
  await open.stop()
  await smart.stop()
  const us = (value: number) => `${value.toFixed(1)} us`
  const { unseen, issued, seen } = await verifying()
  report(
    'verifying a token that another process issued, the first time, median',
    us(unseen),
    '-',
    unseen,
    50,
    false,
    us,
  )
  report('verifying a token that this process issued, the first time, median', us(issued), '-', issued, 50, false, us)
  report('verifying a token seen before, median', us(seen), '-', seen, 50, false, us)
}

async function hooks(): Promise<void> {
  const { body, rule } = await import('./cds.ts')
  const { data } = await folder('cds')
  const server = await serve(data, 'none', {}, 'test/bench/cds.ts')
  const origin = `http://127.0.0.1:${server.port}`
  const stored = await fetch(`${origin}/fhir/PlanDefinition/${rule.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(rule),
  })
  if (!stored.ok) throw new Error(`The rule was refused: ${await stored.text()}`)
  const { services } = (await (await fetch(`${origin}/cds-services`)).json()) as { services: { id: string }[] }
  const id = services.find(each => each.id !== 'nothing' && each.id.startsWith('bench'))?.id
  if (id === undefined) throw new Error('The rule is not among the services.')
  for (const observations of [10, 40]) {
    const bodies = Array.from({ length: 100 }, (_, n) => body(n, observations))
    const job = { kind: 'post', port: server.port, connections: 64, seconds: SECONDS, bodies, once: false } as const
    const p99: number[] = []
    const [ours, theirs] = await inTurn(
      async () => {
        const result = await load({ ...job, path: `/cds-services/${id}` })
        p99.push(result.p99)
        return perSecond(result)
      },
      async () => perSecond(await load({ ...job, path: '/cds-services/nothing' })),
    )
    const what = `patient-view, five conditions, ${5 + observations} resources (${Math.round(bodies[0]!.length / 1024)} KB) of prefetch`
    report(`${what} / a service that does nothing`, rate(ours), rate(theirs), ours / theirs, 0.3, true)
    report(what, rate(ours), '-', ours, 1500, true, rate)
    const ms = (value: number) => `${value.toFixed(1)} ms`
    report(`${what}, p99 at 64 connections`, ms(median(p99)), '-', median(p99), 50, false, ms)
  }
  await server.stop()
}

async function validating(): Promise<void> {
  const { expansion, fullValidation, synthea: syntheaRate } = await import('./validation.ts')
  const [plain, base] = [await folder('unvalidated'), await folder('validated')]
  const without = await serve(plain.data, 'none', { DHP_VALIDATION: 'off' })
  const server = await serve(base.data, 'none', { DHP_VALIDATION: 'base' })
  let from = 0
  const creates = async ({ port }: Server) => {
    from += 200_000
    return perSecond(await load({ kind: 'create', port, connections: 64, seconds: SECONDS, from }))
  }
  const [ours, theirs] = await inTurn(
    () => creates(server),
    () => creates(without),
  )
  await server.stop()
  await without.stop()
  report('create with base validation / without any', rate(ours), rate(theirs), ours / theirs, 0.8, true)
  const ms = (value: number) => `${value.toFixed(2)} ms`
  const full = await fullValidation()
  report('full validation of an Observation, median', ms(full), '-', full, 1, false, ms)
  const perResource = await syntheaRate(synthea)
  if (perResource !== undefined)
    report('Synthea through R4 with invariants, one core', rate(perResource), '-', perResource, 1000, true, rate)
  const expanded = await expansion()
  report('$expand of 1,000 concepts, median', ms(expanded), '-', expanded, 5, false, ms)
}

const asked = process.argv.slice(2).filter(word => !word.startsWith('-'))
const which = new Set(
  asked.length > 0 ? asked : ['read', 'search', 'create', 'bundles', 'validation', 'auth', 'cds', 'scale', 'export'],
)
if (which.has('read') || which.has('search')) await reading(which)
if (which.has('create')) await creating()
if (which.has('bundles')) await transactions()
if (which.has('validation')) await validating()
if (which.has('auth') || which.has('auth-cpu')) await authorized(which.has('auth'), which.has('auth-cpu'))
if (which.has('cds')) await hooks()
if (which.has('scale')) await scale()
if (which.has('export')) await exporting()
console.table(rows)
