/**
 * The types of FHIR as evaluation needs them: which JSON properties a name leads to, and what FHIRPath takes a value for.
 * https://hl7.org/fhir/R4/fhirpath.html#types
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'

/** What a FHIR type is in FHIRPath's own types. */
export type SystemType = 'Boolean' | 'String' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time' | 'Quantity'

/** A FHIR type, a backbone element (`Observation.component`), or, without definition, plain JSON. */
export interface Shape {
  /** `Patient`, `Observation.component`, `code`; '' for plain JSON. */
  readonly name: string
  readonly is: 'resource' | 'complex' | 'primitive' | 'plain'
  readonly system: SystemType | undefined
  /** Itself and what it is derived from: `code`, `string`, `Element`. */
  readonly types: ReadonlySet<string>
  /** By name; also by JSON property (`valueQuantity`). */
  readonly members: ReadonlyMap<string, Member>
}

/** Where a name leads: one property, or for a choice as many as it has types. */
export interface Member {
  readonly properties: readonly Property[]
}

export interface Property {
  /** In JSON. */
  readonly name: string
  /** Where the id and extensions of a primitive stand: `_birthDate`; '' for others. */
  readonly beside: string
  /** The element's name: `value` of `valueQuantity`. */
  readonly element: string
  readonly shape: () => Shape
}

const systems: Readonly<Record<string, SystemType>> = {
  boolean: 'Boolean',
  string: 'String',
  code: 'String',
  id: 'String',
  markdown: 'String',
  uri: 'String',
  url: 'String',
  canonical: 'String',
  oid: 'String',
  uuid: 'String',
  base64Binary: 'String',
  xhtml: 'String',
  integer: 'Integer',
  positiveInt: 'Integer',
  unsignedInt: 'Integer',
  decimal: 'Decimal',
  date: 'Date',
  dateTime: 'DateTime',
  instant: 'DateTime',
  time: 'Time',
}

/** What a type is derived from, where that is not Element. */
const parents: Readonly<Record<string, string>> = {
  code: 'string',
  id: 'string',
  markdown: 'string',
  url: 'uri',
  canonical: 'uri',
  oid: 'uri',
  uuid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  MoneyQuantity: 'Quantity',
  SimpleQuantity: 'Quantity',
  Dosage: 'BackboneElement',
  Timing: 'BackboneElement',
  ElementDefinition: 'BackboneElement',
  BackboneElement: 'Element',
  DomainResource: 'Resource',
}

/** What `type()` gives as the type of plain JSON's objects. */
export const plain: Shape = { name: '', is: 'plain', system: undefined, types: new Set(), members: new Map() }

/** The shapes of the definitions, each made when first asked for. */
export class Shapes {
  readonly #definitions: Definitions
  readonly #known = new Map<string, Shape>()

  constructor(definitions: Definitions) {
    this.#definitions = definitions
  }

  /** Of a type code or a backbone path; undefined when there is no such type. */
  named(name: string): Shape | undefined {
    const known = this.#known.get(name)
    if (known) return known
    const made = this.#make(name)
    if (made) this.#known.set(name, made)
    return made
  }

  /** Of a JSON object that stands where a resource may; `plain` when it says no type that is known. */
  ofObject(value: unknown): Shape {
    const type = (value as { resourceType?: unknown } | null)?.resourceType
    if (typeof type !== 'string') return plain
    return this.#known.get(type) ?? (this.#definitions.isResourceType(type) ? this.named(type)! : plain)
  }

  /** Whether a type specifier can name it. */
  isType(name: string): boolean {
    return name === 'Resource' || name === 'DomainResource' || this.named(name) !== undefined
  }

  /** For suggestions. */
  names(): string[] {
    return [...this.#definitions.resourceTypes, ...Object.keys(systems), ...Object.keys(parents), ...common]
  }

  #make(name: string): Shape | undefined {
    const elements = this.#definitions.elements(name)
    const system = Object.hasOwn(systems, name) ? systems[name] : undefined
    if (!elements && !system) return undefined
    const isResource = this.#definitions.isResourceType(name) || name === 'Resource' || name === 'DomainResource'
    const types = this.#typesOf(name, isResource, elements)
    return {
      name,
      is: isResource ? 'resource' : system ? 'primitive' : 'complex',
      system: system ?? (types.has('Quantity') ? 'Quantity' : undefined),
      types,
      members: this.#members(elements ?? this.#definitions.elements('Element')!),
    }
  }

  #typesOf(name: string, isResource: boolean, elements: ReadonlyMap<string, ElementInfo> | undefined): Set<string> {
    const types = new Set([name])
    if (isResource) {
      if (elements?.has('contained')) types.add('DomainResource')
      return types.add('Resource')
    }
    // modifierExtension is what a BackboneElement has and an Element has not
    if (name.includes('.') && elements?.has('modifierExtension')) types.add('BackboneElement')
    for (let at = parents[name]; at; at = parents[at]) types.add(at)
    return types.add('Element')
  }

  #members(elements: ReadonlyMap<string, ElementInfo>): Map<string, Member> {
    const members = new Map<string, Member>()
    const byName = Map.groupBy(elements.values(), info => info.choice ?? info.name)
    const add = (name: string, infos: readonly ElementInfo[]) => {
      members.set(name, { properties: infos.map(info => this.#property(info)) })
    }
    for (const [name, infos] of byName) add(name, infos)
    for (const info of elements.values()) if (info.choice && !members.has(info.name)) add(info.name, [info])
    return members
  }

  #property({ name, type, choice }: ElementInfo): Property {
    const isPrimitive = Object.hasOwn(systems, type)
    let shape: Shape | undefined
    return {
      name,
      beside: isPrimitive ? `_${name}` : '',
      element: choice ?? name,
      // made late: Extension leads to every type, and so back to itself
      shape: () => (shape ??= this.named(type) ?? plain),
    }
  }
}

const common = [
  'Quantity',
  'CodeableConcept',
  'Coding',
  'Reference',
  'Period',
  'Range',
  'Ratio',
  'Identifier',
  'HumanName',
  'Address',
  'ContactPoint',
  'Annotation',
  'Attachment',
  'Extension',
  'Money',
  'SampledData',
  'Signature',
  'Meta',
  'Narrative',
  'Element',
  'Resource',
]

const made = new WeakMap<Definitions, Shapes>()

/** The same for the same definitions. */
export function shapesOf(definitions: Definitions): Shapes {
  const known = made.get(definitions)
  if (known) return known
  const shapes = new Shapes(definitions)
  made.set(definitions, shapes)
  return shapes
}
