/**
 * `serve`: the server, from its first line to its clean end.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeApp, type App, type More } from '../app.ts'
import { CannotGoOn, checkEmergency, checkExposure, type Config } from '../config.ts'
import { npmPackagesAreCompiled } from '../fhir/npm-packages.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import { flushLog, makeLog, type Logger } from '../http/log.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { DEFAULT } from '../tenants/names.ts'

/** How long accepted requests may take to end when the server stops. */
const PATIENCE = 10_000
const SWEEP = 60_000
/** How long the definitions of profiles and code systems wait to be opened. */
const QUIET_START = 1000

/** Serves until SIGTERM or SIGINT; resolves to 0 when all that was accepted is answered. `more`: what an operator's own main.ts adds. */
export async function run(config: Config, _line?: unknown, more: More = {}): Promise<number> {
  checkExposure(config)
  checkEmergency(config)
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.data)
  const log = makeLog(config.log)
  const stopped = untilStopped()
  const token = config.adminToken || randomBytes(24).toString('base64url')
  const app = makeApp(config, loadDefinitions(), token, log, more)
  await app.tenants.room(DEFAULT)
  // compiling takes seconds, once: before anybody is let in
  if (!npmPackagesAreCompiled()) openPackages(app, log)
  await listening(app.server, config.port, config.host)
  const { port } = app.server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  process.stdout.write(`DHP FHIR server ready at ${config.publicUrl || `http://${host}:${port}`}/fhir\n`)
  if (!config.adminToken)
    process.stdout.write(`Admin token of this run (set DHP_ADMIN_TOKEN for a lasting one): ${token}\n`)
  const metrics = config.metricsPort === 0 ? undefined : await startMetrics(app, config, log)
  // opened while nobody waits for it; whoever needs it earlier opens it
  setTimeout(() => openPackages(app, log), QUIET_START).unref()
  const sweeping = setInterval(() => void sweep(app, log), SWEEP)
  sweeping.unref()

  const signal = await stopped
  log.info({ signal }, 'stopping')
  clearInterval(sweeping)
  metrics?.close()
  await stop(app)
  lock.release()
  log.info('stopped')
  flushLog(log)
  return 0
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CannotGoOn(`Port ${port} on ${host} is in use. Choose another with --port.`)
          : error,
      ),
    )
    server.listen(port, host, 1024, resolve)
  })
}

/** The first signal; the second ends the process at once. */
function untilStopped(): Promise<string> {
  return new Promise(resolve => {
    const stop = (signal: string) => {
      resolve(signal)
      for (const again of ['SIGTERM', 'SIGINT'] as const)
        process.removeAllListeners(again).once(again, () => process.exit(1))
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
  })
}

/** Nothing new comes in; what was accepted is answered, at most for `PATIENCE`; then the databases are closed. */
export async function stop({ server, traffic, tenants }: Pick<App, 'server' | 'traffic' | 'tenants'>): Promise<void> {
  traffic.stopping = true
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), PATIENCE)
  // a connection that becomes idle after its answer is not closed by itself when the client keeps it
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  await closed
  clearTimeout(late)
  clearInterval(idle)
  await tenants.close()
}

/** prom-client comes after the server is ready: nobody waits for it. */
async function startMetrics(app: App, config: Config, log: Logger): Promise<Server | undefined> {
  const { serveMetrics } = await import('../http/metrics.ts')
  try {
    return await serveMetrics(config.metricsPort, config.host, app.traffic, () => app.tenants.cost())
  } catch (error) {
    log.warn(
      { port: config.metricsPort, code: (error as NodeJS.ErrnoException).code },
      'no metrics: the port cannot be used; set METRICS_PORT',
    )
    return undefined
  }
}

function openPackages(app: App, log: Logger): void {
  try {
    app.tenants.packages.shared()
  } catch (error) {
    log.error(
      { error: (error as Error).name },
      'the packages that come with the server cannot be read; see the command doctor',
    )
  }
}

async function sweep(app: App, log: Logger): Promise<void> {
  try {
    for (const tenant of await app.tenants.sweep()) log.info({ tenant }, 'expired tenant deleted')
  } catch (error) {
    log.error({ error: (error as Error).name }, 'sweeping expired tenants failed')
  }
}
