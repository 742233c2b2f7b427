/**
 * How the promises are tested: two processes at most, and a closing line that counts.
 * https://vitest.dev/config/
 */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: './test/help/compiled.ts',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 5_000,
    reporters: ['default', './test/help/closing-line-reporter.ts'],
  },
})
