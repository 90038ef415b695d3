import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { temporaryFolder } from '../temporary.ts'

export type Sample = { readonly url: string; readonly store: string; close(): Promise<void> }

/** The service over the embedded sample, with a store of its own. */
export async function serveSample(): Promise<Sample> {
  const folder = await temporaryFolder()
  const store = `sqlite:${join(folder.path, 'store.sqlite')}`
  const house = await openHouse(readConfig({ SWATH_CATALOG: 'sample', SWATH_STORE: store }))
  const { url, stop } = await serveHouse(house)
  return {
    url,
    store,
    close: async () => {
      stop()
      await house.close()
      await folder.remove()
    },
  }
}

export type Opened = {
  readonly page: Page
  /** What the browser complained of: its console, uncaught errors, answers of 400 and above. */
  readonly complaints: readonly string[]
  /** Addresses asked for on other hosts. */
  readonly abroad: readonly string[]
  close(): Promise<void>
}

/** The page in a browser that knows nothing yet, once its list and map are drawn. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const abroad: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== new URL(url).origin) abroad.push(request.url())
  })
  await page.goto(url)
  await page.locator('html[data-map=drawn]').waitFor()
  await settled(page)
  return { page, complaints, abroad, close: () => context.close() }
}

/** Waits until what was asked last is answered. */
export const settled = (page: Page): Promise<void> => page.locator('#results[aria-busy=false]').waitFor()

/** The granules in the list, in its order. */
export const listed = (page: Page): Promise<(string | null)[]> =>
  page.locator('#list > li').evaluateAll((items) => items.map((item) => item.getAttribute('data-granule')))
