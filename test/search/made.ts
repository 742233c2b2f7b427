/** Resources made from the definitions: every element is there, lists twice, so that every expression finds something. */
import type { Definitions, ElementInfo } from '../../src/fhir/definitions.ts'
import type { Resource } from '../../src/fhir/types.ts'

/** Elements below elements; enough for every expression of R4. */
const DEPTH = 5

/** A resource of the type. Of a choice one type stands there; which one, `variant` changes. */
export function made(definitions: Definitions, type: string, variant = 0): Resource {
  let count = 0
  let state = variant

  /** A number below `below`; the same ones in the same order for a variant. */
  function chance(below: number): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }

  function elementsOf(path: string, depth: number): Record<string, unknown> {
    const part: Record<string, unknown> = {}
    const chosen = new Set<string>()
    for (const info of definitions.elements(path)!.values()) {
      if (info.choice !== undefined && chosen.has(info.choice)) continue
      if (info.name === 'contained' || info.name === 'modifierExtension' || (info.name === 'extension' && depth > 1))
        continue
      if (info.choice !== undefined) chosen.add(info.choice)
      const picked = pick(path, info)
      const value = valueOf(picked, depth)
      if (value !== undefined) part[picked.name] = info.many ? [value, valueOf(picked, depth)] : value
    }
    return part
  }

  /** Of a choice another one each time. */
  function pick(path: string, info: ElementInfo): ElementInfo {
    if (info.choice === undefined) return info
    const options = [...definitions.elements(path)!.values()].filter(each => each.choice === info.choice)
    return options[chance(options.length)]!
  }

  function valueOf(info: ElementInfo, depth: number): unknown {
    count++
    if (info.type === 'Reference') {
      const target = info.target?.[chance(info.target.length)] ?? 'Patient'
      return chance(5) === 0
        ? { type: target, display: 'x' }
        : { reference: `${chance(2) ? '' : 'http://x.org/fhir/'}${target}/${count}` }
    }
    if (info.type === 'Resource') return { resourceType: 'Composition', id: `c${count}` }
    if (!definitions.elements(info.type)) return primitive(info)
    return depth >= DEPTH ? undefined : elementsOf(info.type, depth + 1)
  }

  function primitive({ name, type: of }: ElementInfo): unknown {
    if (of === 'boolean') return chance(2) === 0
    if (['decimal', 'integer', 'positiveInt', 'unsignedInt'].includes(of)) return count
    if (['date', 'dateTime', 'instant'].includes(of)) return '2024-05-06T07:08:09Z'.slice(0, of === 'date' ? 10 : 20)
    if (of === 'time') return '07:08:09'
    const among = words[name]
    return among ? among[chance(among.length)] : `${name}${count}`
  }

  return { ...elementsOf(type, 0), resourceType: type }
}

/** The words that expressions compare with. */
const words: Readonly<Record<string, readonly string[]>> = {
  system: ['email', 'phone'],
  type: ['composed-of', 'depends-on', 'derived-from', 'predecessor', 'successor'],
}
