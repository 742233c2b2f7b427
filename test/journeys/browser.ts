/**
 * Chromium as the machine has it (Debian: `apt-get install chromium`), driven by playwright-core.
 * https://playwright.dev/docs/api/class-browsertype#browser-type-launch
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** The path of the browser; undefined when there is none. CHROMIUM names another. */
export const browserPath: string | undefined = [
  ...(process.env['CHROMIUM'] ? [process.env['CHROMIUM']] : []),
  ...(process.env['PATH'] ?? '').split(delimiter).flatMap(folder => names.map(name => join(folder, name))),
].find(runs)

/** Why the tests with a browser are skipped; '' when they are not. */
export const noBrowser = browserPath === undefined ? ' (skipped: there is no Chromium; apt-get install chromium)' : ''

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts it without a window. Its own sandbox does not work for root, who runs tests in containers. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: browserPath!,
    args: ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
