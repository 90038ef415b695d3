import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openBrowser } from './browser.ts'
import { listed, openPage, type Sample, serveSample, settled } from './explorer-page.ts'

// A browser without a graphics card on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

let browser: Browser | undefined
let sample: Sample

beforeAll(async () => {
  sample = await serveSample()
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await sample.close()
})

const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }

/** What axe finds wrong of serious or critical impact, each a rule and the places that break it. */
async function seriousFindings(page: Page): Promise<string[]> {
  const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core')), 'utf8')
  await page.evaluate(axe)
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[]
  }>('axe.run()')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary}`),
    )
}

test.for([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, on a phone', { ...PHONE, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
] as const)('nothing serious stands in the way of anyone: %s', async ([, options]) => {
  if (!browser) return
  const { page, close } = await openPage(browser, `${sample.url}/?bbox=11.6,54.8,15.3,57&rank=green`, options)
  expect(await seriousFindings(page), 'list').toEqual([])
  await page.locator('#list button.card').first().click()
  // A phone has them folded away.
  const filters = page.locator('#filters')
  if ((await filters.getAttribute('open')) === null) await filters.locator('> summary').click()
  await page.locator('#band-choice > summary').click()
  expect(await seriousFindings(page), 'opened granule and bands').toEqual([])
  await page.click('#copy-open')
  expect(await seriousFindings(page), 'copying').toEqual([])
  await close()
})

test.for([
  ['an empty answer', '/?bbox=11.6,54.8,15.3,57&cloud=1&datetime=2024-01-01/2024-12-31'],
  ['a wrong query', '/?bbox=11.6,54.8,15.3,57&cloud=130&tiles=99XXX'],
] as const)('nothing serious stands in the way of anyone: %s', async ([, path]) => {
  if (!browser) return
  const { page, close } = await openPage(browser, sample.url + path, { colorScheme: 'dark' })
  await page.locator('#notice h3').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await close()
})

test('on a phone nothing scrolls sideways, and a finger draws a box', async () => {
  if (!browser) return
  const { page, complaints, close } = await openPage(browser, sample.url, PHONE)
  await page.locator('#filters > summary').click()
  await page.locator('#band-choice > summary').click()
  await page.locator('#list button.card').first().click()
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(375)
  await page.locator('#filters > summary').click()
  await page.locator('#draw').tap()
  const map = await page.locator('#map').boundingBox()
  if (!map) throw new Error('The map is not there.')
  const [x, y] = [map.x + map.width * 0.5, map.y + map.height * 0.6]
  const touch = await page.context().newCDPSession(page)
  const send = (type: string, points: { x: number; y: number }[]) =>
    touch.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: points })
  await send('touchStart', [{ x, y }])
  await send('touchMove', [{ x: x + 20, y: y + 20 }])
  await send('touchMove', [{ x: x + 50, y: y + 40 }])
  await send('touchEnd', [])
  await page.waitForURL(/bbox=/)
  await settled(page)
  expect((await listed(page)).length).toBeGreaterThan(0)
  expect(complaints).toEqual([])
  await close()
})

test('by keyboard alone: the box, a month, a granule', async () => {
  if (!browser) return
  const { page, close } = await openPage(browser, sample.url)
  await page.locator('input[name=north]').focus()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('55.5')
  await page.keyboard.press('Enter')
  await page.waitForURL(/bbox=11.6,54.8,15.3,55.5/)
  await settled(page)
  await page.locator('#months button[tabindex="0"]').focus()
  await page.keyboard.press('Home')
  for (let month = 1; month < 5; month++) await page.keyboard.press('ArrowRight')
  expect(await page.locator('#when-told').textContent()).toBe('May 2016: 1 granule, least cloud 12 %')
  await page.keyboard.press('Enter')
  await page.waitForURL(/datetime=2016-05-01\/2016-05-31/)
  await settled(page)
  expect(await listed(page)).toHaveLength(1)
  await page.locator('#months button:focus').waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => !url.searchParams.has('datetime'))
  await settled(page)
  await page.locator('#list button.card').first().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.locator('#list > li:nth-child(2).selected dl').waitFor()
  expect(await page.locator('#spoken').textContent()).not.toBe('')
  await close()
})
