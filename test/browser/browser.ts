import { existsSync } from 'node:fs'
import bundled from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'
import { messageOf } from '../../src/errors.ts'

/** Browsers of a system, where they are usually installed. */
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/**
 * Of the bundled browser's arguments, those that would hide what a page of ours must not do, and the one by
 * which it ends with its first window.
 */
const HIDING = [
  '--single-process',
  '--no-zygote',
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--disable-site-isolation-trials',
]

/**
 * A browser: the one that comes with the packages, else Playwright's own, else the system's. Undefined, and a
 * line that says so, where none of them starts.
 */
export async function openBrowser(): Promise<Browser | undefined> {
  const failures: string[] = []
  for (const { name, path, args } of [
    { name: '@sparticuz/chromium', path: () => bundled.executablePath(), args: bundled.args },
    { name: "Playwright's Chromium", path: () => chromium.executablePath(), args: [] },
    ...INSTALLED.map((file) => ({ name: file, path: () => file, args: ['--no-sandbox'] })),
  ]) {
    try {
      const executablePath = await path()
      if (!existsSync(executablePath)) throw new Error('is not there')
      const kept = args.filter((arg) => !HIDING.includes(arg))
      return await chromium.launch({ executablePath, args: kept, headless: true })
    } catch (thrown) {
      failures.push(`${name}: ${messageOf(thrown).split('\n')[0]}`)
    }
  }
  console.log(`The tests of the page did not run, since no browser starts here (${failures.join('; ')}).`)
  return undefined
}
