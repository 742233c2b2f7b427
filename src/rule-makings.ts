/**
 * What rules are given from the rest of the server: what they are checked by, and how an operator stores and removes them.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { sandboxUser } from './access/caller.ts'
import type { RuleAdmin } from './cds/admin.ts'
import { hookNamed, hooks } from './cds/hooks.ts'
import type { RuleServices } from './cds/rule-service.ts'
import { beyondSubset } from './cds/template.ts'
import type { Config } from './config.ts'
import type { Definitions } from './fhir/definitions.ts'
import { parseJson } from './fhir/json.ts'
import { conflict, notFound, unprocessable } from './fhir/outcome.ts'
import type { Resource } from './fhir/types.ts'
import type { Door, FhirRequest } from './rest/exchange.ts'
import type { LiveRules } from './rules/live-rules.ts'
import { isRule, readRule } from './rules/read-rule.ts'
import type { RuleReader } from './rules/reading.ts'
import type { Send } from './rules/routes.ts'
import { RULE_PROFILE, type RuleFault } from './rules/words.ts'

/** What a rule is checked by: the types and search parameters of its tenant, the hooks there are. */
export const ruleReader = (definitions: Definitions): RuleReader => ({
  definitions,
  templateProblem: text =>
    beyondSubset(text, {
      isType: name => definitions.isResourceType(name),
      typeOf: (type, code) => definitions.searchParams(type).get(code)?.type,
    }),
  hookProblem: hook =>
    hookNamed(hook)
      ? undefined
      : `${hook.slice(0, 64)} is not a hook this server knows; it knows ${hooks.map(({ name }) => name).join(', ')}.`,
})

/** What is wrong with a resource that says it is a rule; nothing of any other. */
export function checkRule(resource: Resource, definitions: Definitions): readonly RuleFault[] {
  if (!isRule(resource)) return []
  const read = readRule(resource, ruleReader(definitions))
  return 'faults' in read ? read.faults : []
}

/** Sends on what rules route: as guarded as all that goes out, and not to where a redirect leads. */
export const sendAllowed =
  ({ privateHosts }: Config): Send =>
  async (url, request) => {
    const { guardedFetch } = await import('./net/guarded-fetch.ts')
    return guardedFetch(url, { ...request, redirects: 0, maxBytes: 1024 * 1024, allow: privateHosts })
  }

/** An export at work, as rules are told of it. */
export const EXPORTING = {
  interaction: 'operation',
  operation: 'export',
  type: '',
  id: '',
  searched: '',
  method: 'GET',
  query: '',
  headers: {},
  language: 'en',
} as const

/** Rules as an operator handles them: through the door, so that they are checked and kept like all else, and approved at once. */
export function makeRuleAdmin({ publicUrl }: Config, door: Door, rules: LiveRules, services: RuleServices): RuleAdmin {
  const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: FhirRequest['body']) => {
    const request = { method, path, query: '', headers: {}, base: `${publicUrl}/fhir`, ...(body ? { body } : {}) }
    const { version, resource } = await door.handle(request, sandboxUser)
    return version?.text === undefined ? resource! : (parseJson(Buffer.from(version.text)) as unknown as Resource)
  }
  const known = (serviceId: string): string => {
    const id = services.idOf(serviceId)
    if (id === undefined) throw notFound(`${serviceId.slice(0, 64)} is no rule.`)
    return id
  }
  return {
    async put(planDefinition) {
      const { meta, id, status, action } = planDefinition
      if (status !== 'active' || !JSON.stringify(action ?? '').includes('"named-event"'))
        throw unprocessable(
          'Only an active rule with a trigger on a CDS hook (named-event) is a CDS service. Others are written to PlanDefinition.',
        )
      const profile = isRule(planDefinition) ? meta!.profile! : [...(meta?.profile ?? []), RULE_PROFILE]
      const body = { ...planDefinition, meta: { ...meta, profile } } as unknown as NonNullable<FhirRequest['body']>
      const stored = await ask(
        id === undefined ? 'POST' : 'PUT',
        `PlanDefinition${id === undefined ? '' : `/${id}`}`,
        body,
      )
      await rules.approve(String(stored['url']), 'admin')
      const serviceId = services.serviceOf(stored.id!)
      if (serviceId === undefined)
        throw conflict(
          `PlanDefinition/${stored.id!} is stored, but its services are switched off or have no id that is free.`,
        )
      return { id: serviceId }
    },
    planDefinitionOf: async serviceId => ask('GET', `PlanDefinition/${known(serviceId)}`),
    async remove(serviceId) {
      await ask('DELETE', `PlanDefinition/${known(serviceId)}`)
    },
    all: async () => {
      await rules.ready()
      return Promise.all(rules.all().map(({ id }) => ask('GET', `PlanDefinition/${id}`)))
    },
  }
}
