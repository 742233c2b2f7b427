/**
 * The AuditEvents of a server in this process, and what our own validator says of them.
 */
import type { AuditEvent } from 'fhir/r4'
import { lazyValidator } from '../../src/validation/lazy.ts'
import type { Served } from '../http/serving.ts'
import { conformance, definitions, terminology } from './server.ts'

/** All there are, oldest first. */
export async function auditEvents({ app }: Pick<Served, 'app'>): Promise<AuditEvent[]> {
  const { engine, audit } = await app.tenants.room('default')
  await audit!.settle()
  const { versions } = await engine.history({ of: { type: 'AuditEvent' }, count: 10_000, oldestFirst: true })
  return versions.map(({ text }) => JSON.parse(text!) as AuditEvent)
}

const { validate } = lazyValidator({
  conformance,
  definitions: () => definitions,
  checkCode: question => terminology().checkCode(question),
})

/** The errors of an AuditEvent by the specification and the profiles it declares. */
export const faultsOf = async (event: AuditEvent): Promise<string[]> =>
  (await validate(event)).filter(({ severity }) => severity === 'error').map(fault => JSON.stringify(fault))

export const codeOf = (event: AuditEvent | undefined) => event?.subtype?.[0]?.code
/** References and `client_id`s, and names of servers. */
export const agentsOf = (event: AuditEvent | undefined) =>
  event?.agent.map(({ who }) => who?.reference ?? who?.identifier?.value ?? who?.display)
/** Method and path of what was asked. */
export const queryOf = (event: AuditEvent | undefined) =>
  Buffer.from(event?.entity?.find(({ query }) => query)?.query ?? '', 'base64').toString()
