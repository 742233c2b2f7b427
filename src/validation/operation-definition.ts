/**
 * OperationDefinitions whose parameters are described twice, by `parameter` and by a profile of Parameters: both say the same.
 * https://hl7.org/fhir/R4/operationdefinition.html
 */
import type { CanonicalResource } from '../fhir/conformance.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { extensionsOf, numberOf, objectsOf, textOf, textsOf, valueOf, type JsonObject } from './read.ts'
import { makeSnapshot } from './snapshot.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

const ALLOWED_TYPE = 'http://hl7.org/fhir/StructureDefinition/operationdefinition-allowed-type'

/** What a profile says of one parameter. */
interface Slice {
  readonly name: string
  readonly min: number | undefined
  readonly max: string | undefined
  readonly types: readonly string[]
  readonly targets: readonly string[]
}

export const operationDefinition: ResourceRule = {
  types: ['OperationDefinition'],
  check(node, run) {
    compare(node, 'inputProfile', 'in', run)
    compare(node, 'outputProfile', 'out', run)
  },
}

function compare(node: Node, property: string, use: string, run: Run): void {
  const [at] = childrenNamed(node, property, run.definitions)
  if (!at || typeof at.value !== 'string') return
  const report = (on: Node, severity: Severity, en: string, zh: string) =>
    run.report(on, { severity, code: 'invalid', said: { en, zh } })
  const profile = run.conformance.find('StructureDefinition', at.value)
  if (!profile)
    return report(
      at,
      'error',
      `The profile ${quoted(at.value)} is not here. Load it, or correct the canonical.`,
      `此處沒有 profile「${quoted(at.value, '')}」，請載入或更正。`,
    )
  if (profile['type'] !== 'Parameters')
    return report(
      at,
      'error',
      `${quoted(at.value)} is a profile of ${String(profile['type'])}; here it is one of Parameters.`,
      `「${quoted(at.value, '')}」是 ${String(profile['type'])} 的 profile，此處須為 Parameters 的 profile。`,
    )
  const slices = slicesOf(profile, run)
  if (!slices) return
  const parameters = childrenNamed(node, 'parameter', run.definitions).filter(each => textOf(each.value, 'use') === use)
  const byName = new Map(parameters.map(each => [textOf(each.value, 'name') ?? '', each]))
  for (const slice of slices) {
    const parameter = byName.get(slice.name)
    if (parameter) compareOne(parameter, slice, run)
    else
      report(
        at,
        'warning',
        `The profile describes a parameter ${quoted(slice.name)}, which is not among the parameters here. Add it, or change the profile.`,
        `profile 描述參數「${quoted(slice.name, '')}」，但此處沒有該參數。請補上或修改 profile。`,
      )
  }
  const described = new Set(slices.map(({ name }) => name))
  for (const [name, parameter] of byName)
    if (!described.has(name))
      report(
        parameter,
        'warning',
        `The ${use} profile does not describe the parameter ${quoted(name)}. Add it there, or remove it here.`,
        `${use} profile 沒有描述參數「${quoted(name, '')}」，請補上或移除。`,
      )
}

/** The slices of Parameters.parameter, each with the name that it fixes. */
function slicesOf(profile: CanonicalResource, run: Run): readonly Slice[] | undefined {
  const made = makeSnapshot(profile, run.conformance, '')
  if ('problem' in made) return undefined
  const elements = made.elements as unknown as readonly JsonObject[]
  const part = (slice: string, rest: string) =>
    elements.find(each => each['id'] === `Parameters.parameter:${slice}.${rest}`)
  return elements.flatMap(element => {
    const slice = textOf(element, 'sliceName')
    if (slice === undefined || element['id'] !== `Parameters.parameter:${slice}`) return []
    const name = valueOf(part(slice, 'name'), 'fixed') ?? valueOf(part(slice, 'name'), 'pattern')
    if (typeof name?.value !== 'string') return []
    const contents = [part(slice, 'value[x]'), part(slice, 'resource')].filter(each => each !== undefined)
    const needed = contents.filter(each => (numberOf(each, 'min') ?? 0) > 0)
    const used = (needed.length > 0 ? needed : contents).filter(each => each['max'] !== '0')
    const types = used.flatMap(each => objectsOf(each, 'type'))
    return {
      name: name.value,
      min: numberOf(element, 'min'),
      max: textOf(element, 'max'),
      types: types.map(each => textOf(each, 'code') ?? ''),
      targets: types.flatMap(each => textsOf(each, 'targetProfile')),
    }
  })
}

function compareOne(parameter: Node, slice: Slice, run: Run): void {
  const report = (en: string, zh: string) => run.report(parameter, { code: 'invalid', said: { en, zh } })
  const { value } = parameter
  const [min, max] = [numberOf(value, 'min'), textOf(value, 'max')]
  if (min !== undefined && slice.min !== undefined && min !== slice.min)
    report(
      `min is ${min} here and ${slice.min} in the profile. Make them the same.`,
      `此處 min 為 ${min}，profile 為 ${slice.min}，請使其一致。`,
    )
  if (max !== undefined && slice.max !== undefined && max !== slice.max)
    report(
      `max is ${max} here and ${slice.max} in the profile. Make them the same.`,
      `此處 max 為 ${max}，profile 為 ${slice.max}，請使其一致。`,
    )
  const extended = extensionsOf(value, ALLOWED_TYPE).map(each => String(valueOf(each)?.value))
  const own = textOf(value, 'type')
  const types = extended.length > 0 ? extended : own === undefined ? [] : [own]
  differ(types, slice.types, 'type', '類型', report)
  differ(textsOf(value, 'targetProfile'), slice.targets, 'target profile', 'targetProfile', report)
}

function differ(
  here: readonly string[],
  there: readonly string[],
  what: string,
  whatZh: string,
  report: (en: string, zh: string) => void,
): void {
  for (const each of here)
    if (!there.includes(each))
      report(
        `The ${what} ${quoted(each)} is allowed here and not in the profile. Make them the same.`,
        `${whatZh}「${quoted(each, '')}」此處允許，但 profile 不允許，請使其一致。`,
      )
  for (const each of there)
    if (!here.includes(each))
      report(
        `The ${what} ${quoted(each)} is allowed in the profile and not here. Make them the same.`,
        `${whatZh}「${quoted(each, '')}」profile 允許，但此處不允許，請使其一致。`,
      )
}
