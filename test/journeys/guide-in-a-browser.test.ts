/** The implementation guide as a reader sees it: a real browser obeys the policies that are sent with it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../help/process.ts'
import { browserPath, noBrowser, startBrowser } from './browser.ts'

describe.skipIf(browserPath === undefined)(`the guide in a browser${noBrowser}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-guide-'))
  let server: ServerProcess
  let browser: Browser
  beforeAll(async () => {
    server = await startServer(folder)
    browser = await startBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is shown with its style, and nothing of it is refused', async () => {
    const page = await browser.newPage()
    const refused: string[] = []
    page.on('console', message => refused.push(message.text()))
    await page.goto(new URL('/guide/', server.base).href)
    const rules = await page.evaluate('document.styleSheets[0]?.cssRules.length')
    expect(rules).toBeGreaterThan(5)
    expect(refused.filter(text => text.includes('Content Security Policy'))).toEqual([])
    await page.close()
  })
})
