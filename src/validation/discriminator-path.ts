/**
 * The path of a discriminator: the restricted FHIRPath of names, `extension('url')`, `ofType(Type)`, `resolve()` and `$this`.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */

export type Step =
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'extension'; readonly url: string }
  | { readonly is: 'ofType'; readonly type: string }
  | { readonly is: 'resolve' }

const LONGEST = 1_000
const STEP =
  /^(?:\$this|resolve\(\)|extension\(\s*(['"])([^'"]*)\1\s*\)|(?:ofType|as)\(\s*(?:FHIR\.)?(\w+)\s*\)|(\w+)(?:\[x\])?)(?:\.|$)/

/** Undefined for a path that is not of this kind. */
export function stepsOf(path: string): Step[] | undefined {
  if (path.length > LONGEST) return undefined
  const steps: Step[] = []
  for (let rest = path.trim(); rest !== ''; ) {
    const found = STEP.exec(rest)
    if (!found) return undefined
    const [whole, , url, type, name] = found
    if (url !== undefined) steps.push({ is: 'extension', url })
    else if (type !== undefined) steps.push({ is: 'ofType', type })
    else if (name !== undefined) steps.push({ is: 'name', name })
    else if (whole.startsWith('resolve')) steps.push({ is: 'resolve' })
    rest = rest.slice(whole.length)
  }
  return steps
}
