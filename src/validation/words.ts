/**
 * The words of validation: what is found, what a rule may use, and the three shapes of a rule.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { ElementDefinition, OperationOutcomeIssue } from 'fhir/r4'
import type { CheckCode, CodeQuestion, CodeVerdict, Said } from '../fhir/code-check.ts'
import type { Conformance } from '../fhir/conformance.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Node } from './node.ts'

export type Severity = 'error' | 'warning' | 'information'

/** One thing that validation has to say. */
export interface Finding {
  readonly severity: Severity
  readonly code: OperationOutcomeIssue['code']
  /** FHIRPath of where: `Patient.name[0].family`. */
  readonly expression: string
  readonly said: Said
  /** The rule it comes from: a profile's `url|version`, with `#key` for an invariant; absent: FHIR itself. */
  readonly origin?: string
  /** For slices: which one came nearest and what of it failed. */
  readonly trace?: readonly Finding[]
}

export type Report = Omit<Finding, 'expression' | 'severity'> & { readonly severity?: Severity }

/** What is validated, and how. */
export interface ValidateOptions {
  /** Canonicals to validate against, beside those the resource declares. */
  readonly profiles?: readonly string[]
  /** `profiles` only, not `meta.profile`. */
  readonly onlyProfiles?: boolean
  /** What the resource is about to be: https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
  readonly mode?: 'create' | 'update' | 'delete'
  /** The most milliseconds; after them one error says that the rest is unchecked. Default 10,000. */
  readonly budget?: number
  /** Finds another resource that a reference leads to (a relative or absolute reference); undefined: it is not here. */
  readonly resolve?: (reference: string) => Promise<unknown>
  /** What an extension whose definition is not here is: an error unless given, as the HL7 validator has it. */
  readonly unknownExtensions?: Severity
  /** Conformance resources that come with this one resource: questionnaires, profiles, value sets. */
  readonly supporting?: readonly unknown[]
}

/** One validation as it runs; what rules may use. */
export interface Run {
  readonly conformance: Conformance
  readonly definitions: Definitions
  readonly options: ValidateOptions
  /** The outermost resource. */
  readonly root: Node
  /** Whether this is a trial (`against`): only what is reported before the rule returns is heard. */
  readonly quiet?: boolean
  /** Says something of a value; severity `error` unless given. `below`: appended to the node's path, as in `.system`. */
  report(node: Node, report: Report, below?: string): void
  /** Asks the terminology; `then` is called at once or before the validation ends. */
  checkCode(question: CodeQuestion, then: (verdict: CodeVerdict) => void): void
  /** Work that has to be waited for: what it reports counts. */
  defer(work: Promise<void>): void
  /**
   * The resource a reference leads to, within this one: contained (`#id`), or in the Bundle by fullUrl. `undefined`: not here.
   */
  resolveInside(reference: string, at: Node): Node | undefined
  /** What an element and all below it breaks of a profile (or data type, by canonical), without reporting it. */
  against(node: Node, profile: string, from?: string): readonly Finding[]
  /** Resolves when all values have been walked: a walk over much lets go of the event loop in between. */
  readonly walked?: () => Promise<void>
  /** Milliseconds left of the budget; rules that loop ask. */
  left(): number
}

/** Where an element's definition is from. */
export interface Origin {
  /** `url|version` of the profile. */
  readonly profile: string
  /** `name#version` of its package; '' for one that came with the request or the tenant. */
  readonly package: string
  /** Whether the profile is one of a package that came with the server; other people's invariants run guarded. */
  readonly trusted: boolean
}

/** Looks at a value as one profile's element describes it: called for each value, for each profile that applies. */
export type ElementRule = (node: Node, element: ElementDefinition, origin: Origin, run: Run) => void

/** Looks at each value of some data types, whatever the profile; once. `'*'`: every value. */
export interface TypeRule {
  readonly types: readonly string[]
  check(node: Node, run: Run): void
}

/** Looks at each resource of some types (contained ones and those in Bundles among them); once. `'*'`: every resource. */
export interface ResourceRule {
  readonly types: readonly string[]
  check(node: Node, run: Run): void
}

export interface Validator {
  /** What is wrong with the resource. Never rejects for what the resource or a profile says. */
  validate(resource: unknown, options?: ValidateOptions): Promise<readonly Finding[]>
}

/** What a validator is made of; given by app.ts. */
export interface ValidatorParts {
  readonly conformance: () => Conformance
  readonly definitions: () => Definitions
  readonly checkCode: CheckCode
  /** The same over other conformance resources: those of a validation that has `supporting` ones. */
  readonly checkCodeOver?: (conformance: Conformance) => CheckCode
  /** Whether a package (`name#version`) came with the server; unless given, those of the npm dependencies did. */
  readonly trusted?: (packageId: string) => boolean
}
