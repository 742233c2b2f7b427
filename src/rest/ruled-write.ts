/**
 * A planned write as the rules leave it: refused, warned of, tagged, with what they derive and send on, in the same commit.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import type { Coding } from 'fhir/r4'
import { parseJson } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { Ref, Resource } from '../fhir/types.ts'
import { fill } from '../store/stamp.ts'
import type { Draft, Version, Write } from '../store/store.ts'
import type { Asked, Derived, RuledExchange, Ruling, Sending } from './api-rules.ts'
import { askedOf } from './asked.ts'
import { checked } from './checked.ts'
import type { Context, FhirResponse, Identity, Interaction, Match, Plan, WriteInteraction } from './exchange.ts'
import { accepted } from './received.ts'
import { told } from './rule-warnings.ts'
import { mannerOf } from './validation.ts'
import { put } from './write.ts'

type Put = Extract<Write, { do: 'put' }>
type Delete = Extract<Write, { do: 'delete' }>

/** The interaction under the rules of the exchange; itself when there are none. */
export const ruled = (interaction: WriteInteraction): WriteInteraction => ({
  ...interaction,
  plan: (context, match, assigned) => planned(interaction, context, match, assigned),
})

/** Plans a write, and judges what it would do. Called again with the plan, since others may have been faster. */
export async function planned(
  interaction: WriteInteraction,
  context: Context,
  match: Match,
  assigned?: Identity,
): Promise<Plan> {
  return underRules(context, match, interaction.name, await interaction.plan(context, match, assigned))
}

/** The plan as the rules leave it. */
export async function underRules(context: Context, match: Match, name: Interaction['name'], plan: Plan): Promise<Plan> {
  const { rules } = context
  if (!rules || !plan.writes.some(write => write.do !== 'check' && rules.speaksOf(write.ref.type))) return plan
  const work = new RuledWrite(context, rules, askedOf(context.request, match, name, context.language))
  const writes: Write[] = []
  for (const write of plan.writes) writes.push(write.do === 'check' ? write : await work.judge(write))
  const { derived, warnings, sendings, asked } = work
  const made = writes.filter(write => write.do !== 'check').length
  const sending = sendings.length > 0 ? rules.sending(sendings, asked) : undefined
  return {
    writes: [...writes, ...derived],
    ...(sending?.note ? { note: sending.note, committed: () => sending.committed() } : {}),
    answer: versions => warned(plan.answer(versions.slice(0, made)), warnings),
  }
}

/** What was warned of is told in the outcome, when the client asked for one, and beside the answer. */
function warned(response: FhirResponse, warnings: readonly Issue[]): FhirResponse {
  if (warnings.length === 0) return response
  const { resource } = response
  if (resource?.resourceType !== 'OperationOutcome') return told(response, warnings)
  const issue = [...(resource['issue'] as Issue[]), ...warnings]
  return { ...told(response, warnings), resource: { ...resource, issue } as unknown as Resource }
}

/** Has the life of one plan. */
class RuledWrite {
  readonly derived: Write[] = []
  readonly warnings: Issue[] = []
  readonly sendings: Sending[] = []
  readonly asked: Asked
  readonly #context: Context
  readonly #rules: RuledExchange

  constructor(context: Context, rules: RuledExchange, asked: Asked) {
    this.#context = context
    this.#rules = rules
    this.asked = asked
  }

  /** The write as it goes into the commit. Throws what refuses it. */
  async judge(write: Put | Delete, depth = 0): Promise<Put | Delete> {
    if (!this.#rules.speaksOf(write.ref.type)) return write
    const known = write.do === 'put' && write.method === 'POST' ? undefined : await this.#rules.stored(write.ref)
    const previous = known?.text === undefined ? undefined : contentOf(known.text)
    const before = previous ? { previous } : {}
    if (write.do === 'delete') {
      if (!previous) return write
      await this.#follow(
        this.#rules.judge({ event: 'data-removed', ref: write.ref, resource: previous, ...before, depth }, this.asked),
        write.ref,
        depth,
      )
      return write
    }
    const resource = draftedOf(write.draft)
    const event = previous ? 'data-modified' : 'data-added'
    const ruling = this.#rules.judge({ event, ref: write.ref, resource, ...before, depth }, this.asked)
    await this.#follow(ruling, write.ref, depth)
    const pinned: Put = { ...write, expect: expecting(write, known) }
    if (!tag(resource, ruling)) return pinned
    return { ...pinned, ...put(this.#context, write.ref, write.method, resource, pinned.expect, write.condition) }
  }

  async #follow({ warnings, routes, derived }: Ruling, ref: Ref, depth: number): Promise<void> {
    this.warnings.push(...warnings)
    this.sendings.push(...routes.map(route => ({ ...route, ref })))
    for (const each of derived) {
      const write = await this.#writeOf(each)
      if (write) this.derived.push(await this.judge(write, depth + 1))
    }
  }

  async #writeOf(derived: Derived): Promise<Put | Delete | undefined> {
    const { ref, resource } = derived
    const current = await this.#rules.stored(ref)
    if (!resource)
      return current?.text === undefined
        ? undefined
        : { do: 'delete', ref, expect: { is: 'version', version: current.version }, byRule: true }
    try {
      const content = checked(resource, ref.type, this.#context.definitions, mannerOf(this.#context))
      await accepted(this.#context, content)
      const expect =
        current?.text === undefined
          ? ({ is: 'nothing' } as const)
          : ({ is: 'version', version: current.version } as const)
      return { ...put(this.#context, ref, 'PUT', content, expect), byRule: true }
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      this.#rules.leftOut(derived, error.issues.map(({ expression }) => expression?.[0] ?? ref.type).join(', '))
      return undefined
    }
  }
}

/** What was judged must be what is replaced. */
function expecting({ expect, method }: Put, known: Version | undefined): Put['expect'] {
  if (expect.is !== 'anything' || method === 'POST') return expect
  return known?.text === undefined ? { is: 'nothing' } : { is: 'version', version: known.version }
}

const contentOf = (text: string) => parseJson(Buffer.from(text)) as unknown as Resource

/** The resource of a draft, without the places that only the commit fills. */
function draftedOf(draft: Draft): Resource {
  const resource = contentOf(fill(draft, 0, 0))
  const meta = resource.meta as Record<string, unknown>
  delete meta['versionId']
  delete meta['lastUpdated']
  if (Object.keys(meta).length === 0) delete resource.meta
  return resource
}

/** Puts in the tags that are not there; whether there were any. */
function tag(resource: Resource, { tags }: Ruling): boolean {
  let added = false
  for (const { path, codings } of tags) {
    const name = path === 'meta.tag' ? 'tag' : 'security'
    const meta = (resource.meta ??= {}) as Record<string, Coding[] | undefined>
    const list = (meta[name] ??= [])
    for (const coding of codings) {
      if (list.some(({ system, code }) => system === coding.system && code === coding.code)) continue
      list.push(coding)
      added = true
    }
  }
  return added
}
