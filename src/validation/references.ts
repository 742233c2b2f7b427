/**
 * References against the element's definition: the types, profiles and places that they may lead to.
 * https://hl7.org/fhir/R4/references.html
 */
import type { ElementDefinition, ElementDefinitionType } from 'fhir/r4'
import { splitCanonical } from '../fhir/conformance.ts'
import { isObject, type Node } from './node.ts'
import type { ElementRule, Finding, Origin, Report, Run } from './words.ts'
import { targetType } from './written-references.ts'

/** Where the element's definition lets a reference lead. */
export const references: ElementRule = (node, element, origin, run) => {
  if (node.type !== 'Reference' || !isObject(node.value)) return
  const targets = targetsOf(element)
  if (!targets) return
  const { reference, type } = node.value
  const text = typeof reference === 'string' ? reference : undefined
  const inside = text === undefined ? undefined : run.resolveInside(text, node)
  if (text !== undefined) checkAggregation(node, text, inside, targets, origin, run)
  const found = inside?.type ?? (text !== undefined ? targetType(text, node, run) : undefined)
  const named = found ?? (typeof type === 'string' && run.definitions.isResourceType(type) ? type : undefined)
  if (named === undefined || targets.profiles.length === 0) return
  const allowed = targets.profiles.map(canonical => ({ canonical, type: typeOfProfile(canonical, origin, run) }))
  const right = allowed.filter(each => each.type === undefined || each.type === named || isAny(each.type))
  if (right.length === 0) return run.report(node, wrongTarget(named, allowed, origin))
  if (inside) checkConforms(node, inside, right, origin, run)
}

interface Targets {
  readonly profiles: readonly string[]
  readonly aggregation: readonly string[]
  readonly versioning: string | undefined
}

const known = new WeakMap<ElementDefinition, Targets | null>()

function targetsOf(element: ElementDefinition): Targets | undefined {
  const before = known.get(element)
  if (before !== undefined) return before ?? undefined
  const types = (element.type ?? []).filter(({ code }) => code === 'Reference')
  const made = types.length === 0 ? null : readTargets(types)
  known.set(element, made)
  return made ?? undefined
}

function readTargets(types: readonly ElementDefinitionType[]): Targets {
  // a type without targets may lead anywhere
  const isOpen = types.some(({ targetProfile = [] }) => targetProfile.length === 0)
  return {
    profiles: isOpen ? [] : types.flatMap(({ targetProfile = [] }) => targetProfile),
    aggregation: types.flatMap(({ aggregation = [] }) => aggregation),
    versioning: types.map(({ versioning }) => versioning).find(each => each !== undefined && each !== 'either'),
  }
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/'

/** The resource type a profile is for; undefined for one that is not here. */
function typeOfProfile(canonical: string, origin: Origin, run: Run): string | undefined {
  const { url } = splitCanonical(canonical)
  const name = url.startsWith(CORE) ? url.slice(CORE.length) : ''
  if (run.definitions.isResourceType(name) || isAny(name)) return name
  return run.conformance.entry('StructureDefinition', canonical, origin.package)?.type
}

const isAny = (type: string) => type === 'Resource' || type === 'DomainResource'

interface Allowed {
  readonly canonical: string
  readonly type: string | undefined
}

function wrongTarget(named: string, allowed: readonly Allowed[], origin: Origin): Report {
  const types = [...new Set(allowed.map(({ type }) => type))].join(', ')
  return {
    code: 'structure',
    origin: origin.profile,
    said: {
      en: `The reference leads to a resource of type ${named}; here it has to be ${types}.`,
      zh: `此參照指向 ${named},但此處只能參照 ${types}。`,
    },
  }
}

/** What is here has to fit one of the profiles; the type alone is checked where it stands. */
function checkConforms(node: Node, inside: Node, allowed: readonly Allowed[], origin: Origin, run: Run): void {
  const usable = allowed.filter(({ type }) => type !== undefined)
  // one of those that are not here may be the right one
  if (usable.length < allowed.length) return
  let nearest: readonly Finding[] | undefined
  for (const { canonical } of usable) {
    const broken = run.against(inside, canonical, origin.package).filter(({ severity }) => severity === 'error')
    if (broken.length === 0) return
    if (!nearest || broken.length < nearest.length) nearest = broken
  }
  const names = usable.map(({ canonical }) => canonical).join(', ')
  run.report(node, {
    code: 'structure',
    origin: origin.profile,
    said: {
      en: `The resource this leads to does not conform to ${usable.length > 1 ? 'any of ' : ''}${names}.`,
      zh: `此參照指向的資源不符合 ${names}。`,
    },
    ...(nearest ? { trace: nearest } : {}),
  })
}

/** https://hl7.org/fhir/R4/valueset-resource-aggregation-mode.html */
function checkAggregation(
  node: Node,
  text: string,
  inside: Node | undefined,
  { aggregation, versioning }: Targets,
  origin: Origin,
  run: Run,
): void {
  const hasVersion = text.includes('/_history/')
  if (versioning !== undefined && !text.startsWith('#') && hasVersion !== (versioning === 'specific'))
    run.report(node, {
      code: 'structure',
      origin: origin.profile,
      said: hasVersion
        ? { en: 'The reference must not name a version here.', zh: '此處的參照不可指定版本。' }
        : { en: 'The reference has to name a version here: …/_history/…', zh: '此處的參照必須指定版本:…/_history/…' },
    })
  if (aggregation.length === 0) return
  const mode = text.startsWith('#') ? 'contained' : inside ? 'bundled' : 'referenced'
  if (aggregation.includes(mode)) return
  const allowed = [...new Set(aggregation)].join(', ')
  run.report(node, {
    code: mode === 'referenced' ? 'required' : 'structure',
    origin: origin.profile,
    said: {
      en: `The resource this leads to is ${mode}; here it has to be ${allowed}.`,
      zh: `此參照的資源是 ${mode},此處必須是 ${allowed}。`,
    },
  })
}
