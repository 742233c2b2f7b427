/**
 * An expression as a tree: what `parse` gives.
 * https://hl7.org/fhirpath/N1/#formal-specifications
 */

/** `at` is the offset in the text where the part is best pointed to: the operator, the name, the literal. */
export type Tree =
  | { readonly is: 'nothing'; readonly at: number }
  | { readonly is: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly is: 'string'; readonly at: number; readonly value: string }
  | { readonly is: 'integer'; readonly at: number; readonly value: number }
  | { readonly is: 'decimal'; readonly at: number; readonly value: number }
  /** Without the `@`; `date` `2024-05`, `dateTime` `2024-05-01T10:00`, `time` `10:30`. */
  | { readonly is: 'date' | 'dateTime' | 'time'; readonly at: number; readonly value: string }
  /** `calendar`: the unit is a word (`year`), in the singular; else a UCUM code. */
  | {
      readonly is: 'quantity'
      readonly at: number
      readonly value: number
      readonly unit: string
      readonly calendar: boolean
    }
  /** `%name` */
  | { readonly is: 'variable'; readonly at: number; readonly name: string }
  | { readonly is: 'this' | 'index' | 'total'; readonly at: number }
  /** Without `of`: at the beginning of a path. */
  | { readonly is: 'member'; readonly at: number; readonly name: string; readonly of?: Tree }
  | {
      readonly is: 'call'
      readonly at: number
      readonly name: string
      readonly of?: Tree
      readonly arguments: readonly Tree[]
    }
  /** `of[index]` */
  | { readonly is: 'item'; readonly at: number; readonly of: Tree; readonly index: Tree }
  | { readonly is: 'sign'; readonly at: number; readonly negative: boolean; readonly of: Tree }
  | {
      readonly is: 'type'
      readonly at: number
      readonly operator: 'is' | 'as'
      readonly of: Tree
      readonly type: TypeName
    }
  | { readonly is: 'operator'; readonly at: number; readonly name: Operator; readonly left: Tree; readonly right: Tree }

export type Operator =
  | '*'
  | '/'
  | 'div'
  | 'mod'
  | '+'
  | '-'
  | '&'
  | '|'
  | '<='
  | '<'
  | '>'
  | '>='
  | '='
  | '~'
  | '!='
  | '!~'
  | 'in'
  | 'contains'
  | 'and'
  | 'or'
  | 'xor'
  | 'implies'

/** `Patient`, `FHIR.Patient`, `System.String`. */
export interface TypeName {
  readonly at: number
  readonly namespace: string | undefined
  readonly name: string
}
