/**
 * Prometheus metrics on a port of their own, so that they can be kept from the world.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { createServer, type Server } from 'node:http'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Traffic } from './fhir.ts'

/** What the stores have cost so far, summed over tenants. */
export interface StoreCost {
  readonly commits: number
  readonly writes: number
  readonly slowQueries: number
}

/** Starts to serve GET /metrics and to observe the traffic. Rejects when the port is taken. */
export async function serveMetrics(
  port: number,
  host: string,
  traffic: Traffic,
  cost: () => StoreCost,
): Promise<Server> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'dhp_' })
  const duration = new Histogram({
    name: 'dhp_request_duration_seconds',
    help: 'Time from the first byte read to the answer handed over, by interaction, resource type and class of status.',
    labelNames: ['interaction', 'type', 'status'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers: [registry], collect: function () { this.set(read()) } }) // prettier-ignore
  gauge('dhp_requests_in_flight', 'Requests being answered now.', () => traffic.inFlight)
  gauge('dhp_writes_in_flight', 'Writing requests being answered now.', () => traffic.writesInFlight)
  counter(registry, 'dhp_store_commits_total', 'Durable commits.', () => cost().commits)
  counter(registry, 'dhp_store_writes_total', 'Versions written.', () => cost().writes)
  counter(
    registry,
    'dhp_store_slow_queries_total',
    'Queries that were answered by the thread for slow ones.',
    () => cost().slowQueries,
  )
  traffic.observe = (interaction, type, status, seconds) =>
    duration.observe({ interaction, type, status: `${Math.floor(status / 100)}xx` }, seconds)

  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end()
    registry.metrics().then(
      text => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.unref()
  return server
}

/** A counter that someone else counts. Closing a tenant takes its share away, so it never goes back. */
function counter(registry: Registry, name: string, help: string, read: () => number): void {
  let told = 0
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      const now = read()
      if (now > told) this.inc(now - told)
      told = now
    },
  })
}
