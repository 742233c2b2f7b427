/**
 * What `doctor` finds: how it stands, and what to do about it.
 */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'wrong'
  readonly what: string
  /** What to do. */
  readonly todo?: string
}

export const ok = (what: string): Finding => ({ state: 'ok', what })
export const warn = (what: string, todo: string): Finding => ({ state: 'warn', what, todo })
export const wrong = (what: string, todo?: string): Finding => ({ state: 'wrong', what, ...(todo ? { todo } : {}) })

/** How many there are of each, and a number from 0 to 100: what is to be looked at counts half. */
export function scoreOf(findings: readonly Finding[]): { score: number; ok: number; warn: number; wrong: number } {
  const count = (state: Finding['state']) => findings.filter(finding => finding.state === state).length
  const [well, look, bad] = [count('ok'), count('warn'), count('wrong')]
  const all = well + look + bad
  return { score: all === 0 ? 100 : Math.floor(((well + look / 2) / all) * 100), ok: well, warn: look, wrong: bad }
}
