/**
 * The words of rules: a PlanDefinition read as conditions and what follows from them, what it is judged on, what came of it.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import type { Expression } from '../fhirpath/expression.ts'
import type { Json, Resource } from '../fhir/types.ts'

/** A PlanDefinition that declares it is a rule. */
export const RULE_PROFILE = 'https://fhir.dhp.tw.example/StructureDefinition/dhp-rule'
/** valueInteger: rules with a smaller one go first; 100 when not given. */
export const RULE_ORDER = 'https://fhir.dhp.tw.example/StructureDefinition/rule-order'
/** valueCoding, on an action: a reason for which its card may be overridden. */
export const OVERRIDE_REASON = 'https://fhir.dhp.tw.example/StructureDefinition/rule-override-reason'
export const ACTION_SYSTEM = 'https://fhir.dhp.tw.example/CodeSystem/rule-action'
/** valueExpression: a named expression. */
export const VARIABLE = 'http://hl7.org/fhir/StructureDefinition/variable'
/** valueString, on an input: a read or search with prefetch tokens. */
export const QUERY_PATTERN = 'http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern'

/** What may follow: `card` and `system-action` for CDS hooks, the others for interactions of the API. */
export const ACTION_KINDS = ['card', 'system-action', 'deny', 'warn', 'tag', 'mask', 'route', 'derive'] as const
export type ActionKind = (typeof ACTION_KINDS)[number]

/** What happens to data: create; update and patch; delete; everything that shows it. */
export const DATA_EVENTS = ['data-added', 'data-modified', 'data-removed', 'data-accessed'] as const
export type DataEvent = (typeof DATA_EVENTS)[number]

export type RuleTrigger =
  | { readonly is: 'hook'; readonly hook: string }
  /** `type` undefined: resources of all types (`Resource` in the PlanDefinition). */
  | { readonly is: 'data'; readonly event: DataEvent; readonly type: string | undefined }

/** Something that is wrong with a rule. */
export interface RuleFault {
  /** Where: `PlanDefinition.action[0].condition[1].expression`. */
  readonly expression: string
  readonly diagnostics: string
}

export interface RuleEvidence {
  readonly label: string
  readonly url: string
}

/** A named expression, or a condition. */
export interface Named {
  readonly name: string
  readonly expression: Expression
}

export interface RuleCondition {
  /** Where it stands: `action[0].condition[1]`. */
  readonly place: string
  readonly expression: Expression
}

/** What is asked of a CDS client beforehand. */
export interface RuleInput {
  readonly key: string
  /** A read or search with prefetch tokens. */
  readonly template: string
}

/** A text, in Chinese too when it has a translation, or an expression that makes it. */
export interface RuleText {
  readonly text: string
  readonly chinese: string | undefined
  readonly expression: Expression | undefined
}

/** A value that an expression puts into a resource. */
export interface Dynamic {
  /** As written: `note[0].text`. */
  readonly path: string
  /** The same in steps: names and indexes. In masks, a name without an index stands for all of its repetitions. */
  readonly steps: readonly (string | number)[]
  /** Whether the element repeats: all the values are put in; else there must be only one. */
  readonly many: boolean
  /** Of the element: a FHIR type code, or the path of a backbone element. */
  readonly type: string
  readonly primitive: boolean
  /** Undefined only in masks: the element goes, and nothing takes its place. */
  readonly expression: Expression | undefined
}

/** How a resource is made. */
export interface RuleTemplate {
  /** What is copied before the values are put in. Never changed. */
  readonly resource: Resource
  /** Made of an ActivityDefinition: who it is for and who asks is put in. */
  readonly activity: boolean
  /** In their order. */
  readonly dynamic: readonly Dynamic[]
}

/** What a user may accept with a card: a create, update or delete. */
export interface RuleSuggestion {
  readonly place: string
  readonly label: RuleText
  readonly description: string | undefined
  readonly conditions: readonly RuleCondition[]
  readonly does: 'create' | 'update' | 'delete'
  readonly template: RuleTemplate | undefined
  /** Of a delete: the reference of what is deleted. */
  readonly removes: Expression | undefined
}

/** One if-then. */
export interface RuleAction {
  /** Among the actions of its rule, from 0. */
  readonly index: number
  /** `action[0]` */
  readonly place: string
  readonly kind: ActionKind
  readonly triggers: readonly RuleTrigger[]
  readonly inputs: readonly RuleInput[]
  /** Those of the rule first; each may use those before it. */
  readonly variables: readonly Named[]
  readonly conditions: readonly RuleCondition[]
  readonly title: RuleText | undefined
  readonly description: RuleText | undefined
  /** routine, urgent, asap, stat */
  readonly priority: RuleText | undefined
  /** From `documentation`. */
  readonly evidence: readonly RuleEvidence[]
  readonly suggestions: readonly RuleSuggestion[]
  readonly selectionBehavior: 'any' | 'at-most-one'
  readonly overrideReasons: readonly { readonly system?: string; readonly code: string; readonly display: string }[]
  /** system-action, derive: what is made. */
  readonly template: RuleTemplate | undefined
  /** system-action: what is done with it. */
  readonly does: 'create' | 'update' | 'delete'
  /** system-action that deletes: the reference of what is deleted. */
  readonly removes: Expression | undefined
  /** tag: `meta.tag` and `meta.security` with the Codings, or texts `system|code`; mask: the elements, with what takes their place (nothing: they go). */
  readonly dynamic: readonly Dynamic[]
  /** route: `Endpoint/id`. */
  readonly target: string | undefined
}

/** A PlanDefinition as a rule. */
export interface Rule {
  /** Logical id of the PlanDefinition. */
  readonly id: string
  readonly url: string
  readonly version: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly status: string
  readonly order: number
  readonly evidence: readonly RuleEvidence[]
  /** Of all its inputs. */
  readonly keys: readonly string[]
  readonly actions: readonly RuleAction[]
}

/** What a rule is judged on. JSON, and not believed to be anything more. */
export type RuleData = HookData | ExchangeData

/** A call of a CDS hook. */
export interface HookData {
  readonly is: 'hook'
  readonly hook: string
  readonly context: Readonly<Record<string, Json>>
  readonly prefetch: Readonly<Record<string, unknown>>
  readonly language: 'en' | 'zh-TW'
  /** Milliseconds since 1970. */
  readonly now: number
}

/** An interaction of the API. */
export interface ExchangeData {
  readonly is: 'data'
  readonly event: DataEvent
  readonly type: string
  /** What is stored or shown; of a delete, what is deleted. */
  readonly resource: unknown
  /** What was stored before. */
  readonly previous?: unknown
  readonly request: RequestFacts
  readonly caller: CallerFacts
  readonly language?: 'en' | 'zh-TW'
  readonly now: number
}

/** `%request` */
export interface RequestFacts {
  /** As in CapabilityStatement: `create`, `search-type`, … */
  readonly interaction: string
  /** Without the `$`. */
  readonly operation?: string
  readonly type?: string
  readonly id?: string
  readonly method?: string
  /** By name: values in their order. */
  readonly query?: Readonly<Record<string, readonly string[]>>
  /** Code of v3-PurposeOfUse. */
  readonly purpose?: string
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
}

/** `%caller` */
export interface CallerFacts {
  readonly id?: string
  readonly client?: string
  readonly user?: string
  readonly patient?: string
  readonly scopes?: readonly string[]
  readonly purpose?: string
}

/** An action whose conditions all hold. Its texts and resources are made with `run`, while its variables are known. */
export interface Fired {
  readonly rule: Rule
  readonly action: RuleAction
  readonly run: ActionRun
}

/** Evaluates further expressions of an action that fired, with the same variables and fuel. */
export interface ActionRun {
  /** As JSON. Throws a PathError. */
  values(expression: Expression): unknown[]
  /** Throws a PathError. */
  holds(condition: RuleCondition): boolean
}

/** A rule that could not be judged: too long, or its expressions do not fit the data. */
export interface Failed {
  readonly rule: Rule
  readonly action: RuleAction
  /** `action[0].condition[1]`; of the action when it is not known. */
  readonly place: string
  readonly why: string
}

/** What came of the rules that were asked. */
export interface Judged {
  /** In order: of the rules by order and url, of their actions as they stand. */
  readonly fired: readonly Fired[]
  readonly failed: readonly Failed[]
}

/** A value in a trace: as JSON text, cut where it is long. */
export interface TracedValue {
  readonly count: number
  readonly json: string
}

/** What was evaluated of one action, for whoever wants to know why. */
export interface ActionTrace {
  readonly place: string
  readonly kind: ActionKind
  /** As far as they were judged: after one that does not hold, no other is. */
  readonly conditions: readonly {
    readonly place: string
    readonly text: string
    readonly holds: boolean | undefined
    readonly error?: string
  }[]
  /** Those that were used, in the order in which they were evaluated. */
  readonly variables: readonly { readonly name: string; readonly value?: TracedValue; readonly error?: string }[]
  readonly fired: boolean
  readonly microseconds: number
}

export interface RuleTrace {
  readonly url: string
  readonly version: string
  readonly actions: readonly ActionTrace[]
  /** Of those it may take. */
  readonly steps: number
  readonly microseconds: number
}

/** Whether an action follows from interactions of the API. */
export const isApiAction = ({ triggers }: Pick<RuleAction, 'triggers'>): boolean =>
  triggers.some(({ is }) => is === 'data')
