/**
 * Ends the output of a test run with one plain line, `12 passed, 0 failed, 1 skipped`, and makes it exit non-zero
 * when anything failed: a test, a file that could not be loaded, a hook, or an error nobody waited for.
 * https://vitest.dev/advanced/reporters
 */
import { writeSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Counts tests by result. What failed outside of a test counts as one failure each. */
export function count(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): Counts {
  const counts: Counts = { passed: 0, failed: unhandled.length, skipped: 0 }
  for (const module of modules) {
    counts.failed += module.errors().length
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      // A test that never came to a result was not shown to hold
      counts[state === 'pending' ? 'failed' : state]++
    }
  }
  if (reason !== 'passed' && counts.failed === 0) counts.failed = 1
  return counts
}

export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

export default class ClosingLineReporter implements Reporter {
  #line = ''

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    const counts = count(modules, unhandled, reason)
    if (counts.failed > 0) process.exitCode = 1
    // Written when the process ends, so that nothing comes after it
    if (!this.#line) process.once('exit', () => writeSync(1, `\n${this.#line}\n`))
    this.#line = closingLine(counts)
  }
}
