/**
 * What those who look at a value on the way may use, beside what rules may.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Node } from './node.ts'
import type { Element, Profile } from './profile-tree.ts'
import type { Shapes } from './shape.ts'
import type { ElementRule, Finding, ResourceRule, Run, TypeRule } from './words.ts'

export interface Walk {
  readonly run: Run
  readonly definitions: Definitions
  readonly shapes: Shapes
  readonly rules: Rules
  /** Only what profiles demand is looked at, as when a value is tried against a slice: no JSON, no rules of types. */
  readonly quiet: boolean
  /** Whether to go on; says so once when the time is up. */
  goOn(): boolean
  /** Work that need not be done at once: at once while little time has passed, else when others have had the event loop. */
  later(work: () => void): void
  /** The profiles that a resource within the one validated declares and that can be used. */
  declared(node: Node): readonly Profile[]
  /** What a value breaks of an element's definition, without reporting it. */
  breaks(node: Node, element: Element): readonly Finding[]
}

/** The rules by what they are for. */
export interface Rules {
  readonly element: readonly ElementRule[]
  type(type: string): readonly TypeRule[]
  resource(type: string): readonly ResourceRule[]
}
