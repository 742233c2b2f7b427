/**
 * CPU time of a server for each request: what other work on the machine disturbs least.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'

/** A server that is asked, and as whom. */
export interface Asked {
  readonly pid: number
  readonly port: number
  readonly token?: () => Promise<string>
}

/**
 * Requests in one go: so few that they are answered, and what is recorded of them is on disk, before the server begins to make
 * AuditEvents (a third of a second after the first), which are no part of the figure.
 */
const BURST = 300
const WRITTEN = 260
const CONNECTIONS = 16
/** Bursts before the first that counts, without a pause: the code is compiled by then. */
const WARM = 30

/** CPU time of all threads so far, in microseconds. https://docs.kernel.org/scheduler/sched-stats.html */
function cpuOf(pid: number): number {
  const of = (task: string) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + of(task), 0) / 1000
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Resolves when the server has nothing left to do: its AuditEvents are made. */
export async function quiet(pid: number): Promise<void> {
  for (let still = 0, i = 0; still < 3 && i < 600; i++) {
    const before = cpuOf(pid)
    await pause(120)
    still = cpuOf(pid) - before <= 8_000 ? still + 1 : 0
  }
}

async function ask({ port, token }: Asked, agent: Agent, paths: readonly string[], from: number): Promise<void> {
  const authorization = token && `Bearer ${await token()}`
  const headers = { accept: 'application/fhir+json', ...(authorization ? { authorization } : {}) }
  const one = (path: string) =>
    new Promise<void>((resolve, reject) => {
      get({ agent, host: '127.0.0.1', port, path, headers }, response => {
        if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}.`))
        response.resume().on('end', resolve).on('error', reject)
      }).on('error', reject)
    })
  await Promise.all(Array.from({ length: BURST }, (_, i) => one(paths[(from + i) % paths.length]!)))
}

async function burst(server: Asked, agent: Agent, paths: readonly string[], from: number): Promise<number> {
  await server.token?.()
  await quiet(server.pid)
  const [before, begun] = [cpuOf(server.pid), performance.now()]
  await ask(server, agent, paths, from)
  await pause(Math.max(0, WRITTEN - (performance.now() - begun)))
  return (cpuOf(server.pid) - before) / BURST
}

/** For each server the median of `rounds` bursts, in microseconds a request; the servers are asked in turn. */
export async function cpuPerRequest(
  servers: readonly Asked[],
  paths: readonly string[],
  rounds: number,
): Promise<number[]> {
  const agents = servers.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS }))
  const taken: number[][] = servers.map(() => [])
  for (const [i, server] of servers.entries())
    for (let n = 0; n < WARM; n++) await ask(server, agents[i]!, paths, n * BURST)
  for (let round = 0; round < rounds; round++)
    for (const [i, server] of servers.entries()) taken[i]!.push(await burst(server, agents[i]!, paths, round * BURST))
  for (const agent of agents) agent.destroy()
  return taken.map(of => of.sort((a, b) => a - b)[Math.floor(of.length / 2)]!)
}
