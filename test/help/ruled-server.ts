/**
 * A server of its own with rules, asked over HTTP.
 */
import { type Answer, type Running, runServer } from './running-server.ts'
import { code, onData, plan } from './rules.ts'

type Plain = Record<string, unknown>

export interface Ruled extends Running {
  /** Stores a rule that must be accepted; it acts at once. Gives its canonical. */
  rule(name: string, actions: readonly Plain[], more?: Plain): Promise<string>
  /** Removes the rules that were stored, so that none acts. */
  withoutRules(): Promise<void>
  /** Creates a resource that must be accepted; gives it as stored. */
  create(resource: Plain): Promise<Plain & { id: string; meta: Plain }>
}

export async function runRuled(settings: Record<string, string> = {}): Promise<Ruled> {
  const server = await runServer(settings)
  const stored: string[] = []
  return {
    ...server,
    said: () => server.said(),
    async rule(name, actions, more) {
      const { status, body, text } = await server.ask('POST', 'PlanDefinition', { body: plan(name, actions, more) })
      if (status !== 201) throw new Error(`${status}: ${text}`)
      stored.push(body.id as string)
      return body.url as string
    },
    async withoutRules() {
      for (const id of stored.splice(0)) await server.ask('DELETE', `PlanDefinition/${id}`)
    },
    async create(resource) {
      const { status, body, text } = await server.ask('POST', String(resource['resourceType']), { body: resource })
      if (status !== 201) throw new Error(`${status}: ${text}`)
      return body as Plain & { id: string; meta: Plain }
    },
  }
}

/** An action of this kind on data of a type. */
export const action = (kind: string, event: string, type: string, more: Plain = {}): Plain => ({
  code: code(kind),
  trigger: [onData(event, type)],
  ...more,
})

/** On several events of a type. */
export const actionOn = (kind: string, events: readonly string[], type: string, more: Plain = {}): Plain => ({
  code: code(kind),
  trigger: events.map(event => onData(event, type)),
  ...more,
})

/** The url of the rule that an OperationOutcome names. */
export const ruleIn = ({ body }: Answer): string | undefined => body?.issue?.[0]?.details?.coding?.[0]?.code as string
