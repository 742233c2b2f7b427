/**
 * Regular expressions that come with a form or a profile, matched under a time limit: some take hours on a short text.
 * https://hl7.org/fhir/R4/extension-regex.html
 */
import { createContext, Script, type Context } from 'node:vm'

const LIMIT_MILLISECONDS = 250
const LONGEST_REGEX = 10_000
const LONGEST_TEXT = 100_000
/** So many steps may be taken without a watch. */
const FEW_STEPS = 1e6

let place: Context | undefined
const script = new Script('pattern.test(text)')
/** Those that took too long once are not tried again. */
const slow = new Set<string>()
const MOST_SLOW = 1_000

/** Whether the whole text matches; `too-slow` when the limit was reached, `invalid` for what is no regular expression. */
export function matchesWhole(regex: string, text: string): 'yes' | 'no' | 'too-slow' | 'invalid' {
  if (regex.length > LONGEST_REGEX || text.length > LONGEST_TEXT || slow.has(regex)) return 'too-slow'
  const pattern = compiled(regex)
  if (!pattern) return 'invalid'
  if (steps(regex, text) <= FEW_STEPS) return pattern.test(text) ? 'yes' : 'no'
  place ??= createContext(Object.create(null) as object)
  Object.assign(place, { pattern, text })
  try {
    return script.runInContext(place, { timeout: patience() }) === true ? 'yes' : 'no'
  } catch {
    lately.push(performance.now())
    if (slow.size >= MOST_SLOW) slow.clear()
    slow.add(regex)
    return 'too-slow'
  } finally {
    Object.assign(place, { pattern: undefined, text: '' })
  }
}

/** When some last took too long. Many different ones, one after the other, would hold the event loop as long as one without a limit. */
let lately: number[] = []
const LATELY_MILLISECONDS = 10_000
const IMPATIENT_MILLISECONDS = 5

function patience(): number {
  const since = performance.now() - LATELY_MILLISECONDS
  lately = lately.filter(at => at > since)
  return lately.length === 0 ? LIMIT_MILLISECONDS : IMPATIENT_MILLISECONDS
}

/** A bound on the ways to try: each open count may begin and end anywhere; counts of groups multiply beyond telling. */
function steps(regex: string, text: string): number {
  const plain = regex.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  if (/\)[*+{?]|\(\?[=!<]/.test(plain) || /\\[1-9k]/.test(regex)) return Infinity
  const counts = plain.match(/[*+]|\{\d+,\d*\}|\?/g)?.length ?? 0
  const choices = plain.match(/\|/g)?.length ?? 0
  return (choices + 1) * (text.length + 1) ** Math.min(counts + 1, 50)
}

function compiled(regex: string): RegExp | undefined {
  for (const flags of ['u', ''])
    try {
      return new RegExp(`^(?:${regex})$`, flags)
    } catch {
      // tried without Unicode: it forgives more escapes
    }
  return undefined
}
