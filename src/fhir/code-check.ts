/**
 * A question about a code, and its answer, as those who ask (validation) and those who know (terminology) both speak of it.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 */

/** A text for people, in English and in Traditional Chinese. */
export interface Said {
  readonly en: string
  readonly zh: string
}

export interface CodeQuestion {
  readonly code: string
  /** Absent: see `inferSystem`; otherwise a coding without a system, which no value set has. */
  readonly system?: string
  /** The version of the system. */
  readonly version?: string
  /** Checked when given. */
  readonly display?: string
  /** Canonical of the value set; absent: only whether the system has the code. */
  readonly valueSet?: string
  /** A `code`, `string` or `uri` element: the system is whichever the value set takes the code from. */
  readonly inferSystem?: boolean
  /** `name#version` of the package that names the value set. */
  readonly from?: string
  /** BCP 47, of the display. */
  readonly language?: string
}

export type CodeVerdict =
  | {
      readonly result: 'yes'
      readonly system?: string
      /** The display the system gives it. */
      readonly display?: string
      /** The display asked about is none of the code's: these are (the first few). */
      readonly displays?: readonly string[]
      readonly inactive?: boolean
      readonly abstract?: boolean
    }
  | {
      readonly result: 'no'
      /**
       * `code`: the system (known here completely) has no such code; `system`: the value set takes nothing from the system;
       * `value-set`: the code exists and is not in the value set.
       */
      readonly why: 'code' | 'system' | 'value-set'
      readonly said: Said
    }
  | {
      readonly result: 'unknown'
      /** What is not here: the value set, the system's content, or a filter that this server cannot compute over it. */
      readonly why: 'value-set' | 'system' | 'filter'
      readonly said: Said
    }

/** At once when the answer is in memory; a promise when another terminology server is asked. Never rejects. */
export type CheckCode = (question: CodeQuestion) => CodeVerdict | Promise<CodeVerdict>
