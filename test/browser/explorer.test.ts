import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
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

/** The granules that the service lists for these parameters. */
async function answered(parameters: string): Promise<string[]> {
  const answer = await fetch(`${sample.url}/area?${parameters}&format=geojson`)
  const { features } = (await answer.json()) as { features: { id: string }[] }
  return features.map(({ id }) => id)
}

const BOX = '11.6,54.8,15.3,57'

describe('the page', () => {
  test('lists the sample, and asks no other host', async () => {
    if (!browser) return
    const { page, complaints, abroad, close } = await openPage(browser, sample.url)
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}`))
    expect(await page.locator('#told').textContent()).toMatch(/^9 granules · 125 images · about 4\.7 MB$/)
    expect(await page.locator('#months .bar:not(.none)').count()).toBe(9)
    await page.locator('#list .swatch:not(.waiting)').nth(5).waitFor()
    expect(complaints).toEqual([])
    expect(abroad).toEqual([])
    await close()
  })

  test('is there within 600 kB, and tells how long it took', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    const view = await page.evaluate<{ bytes: number; list: number; map: number }>(`(() => {
      const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      const [list, map] = ['list', 'map'].map((name) => performance.getEntriesByName(name)[0]?.startTime)
      return { bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0), list, map }
    })()`)
    const [list, map] = [Math.round(view.list), Math.round(view.map)]
    console.log(
      `First view: list after ${list} ms, map after ${map} ms, ${Math.round(view.bytes / 1000)} kB.`,
    )
    expect(view.bytes).toBeLessThan(600_000)
    expect(Math.max(list, map)).toBeLessThan(8000)
    await close()
  })

  test('takes a box that is dragged on the map', async () => {
    if (!browser) return
    const { page, complaints, close } = await openPage(browser, sample.url)
    await page.click('#draw')
    const map = await page.locator('#map').boundingBox()
    if (!map) throw new Error('The map is not there.')
    const [x, y] = [map.x + map.width * 0.7, map.y + map.height * 0.6]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 30, y + 20)
    await page.mouse.move(x + 60, y + 40)
    await page.mouse.up()
    await page.waitForURL(/bbox=/)
    await settled(page)
    const bbox = new URL(page.url()).searchParams.get('bbox') ?? ''
    const [west = 0, south = 0, east = 0, north = 0] = bbox.split(',').map(Number)
    expect(west > 11 && west < east && east < 16 && south > 54 && south < north && north < 58).toBe(true)
    expect(await page.locator('input[name=west]').inputValue()).toBe(String(west))
    expect(await page.locator('#draw').getAttribute('aria-pressed')).toBe('false')
    const found = await listed(page)
    expect(found).toEqual(await answered(`bbox=${bbox}`))
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(9)
    expect(complaints).toEqual([])
    await close()
  })

  test('filters by cloud, tile and month, each in the address', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    await page.locator('#cloud').fill('10')
    await page.waitForURL(/cloud=10/)
    await settled(page)
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}&cloud=10`))
    await page.locator('#tile-choices button', { hasText: '33UUB' }).click()
    await page.waitForURL(/tiles=33UUB/)
    await settled(page)
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}&cloud=10&tiles=33UUB`))
    await page.locator('#months button[data-month="2020-07"]').click()
    await page.waitForURL(/datetime=2020-07-01\/2020-07-31/)
    await settled(page)
    expect(await listed(page)).toEqual(['L1C_T33UUB_A017537_20200715T102602'])
    expect(await page.locator('#months button[aria-pressed=true]').count()).toBe(1)
    await close()
  })

  test('comes back by reload, by going back and by a handed-on address', async () => {
    if (!browser) return
    const address = `${sample.url}/?bbox=${BOX}&cloud=10&level=L1C&granule=L1C_T33UUB_A036527_20220620T102042`
    const { page, close } = await openPage(browser, address)
    const found = await answered(`bbox=${BOX}&cloud=10`)
    expect(await listed(page)).toEqual(found)
    const opened = page.locator('#list > li.selected')
    expect(await opened.getAttribute('data-granule')).toBe('L1C_T33UUB_A036527_20220620T102042')
    await page.selectOption('#order', 'cloud')
    await page.waitForURL(/sort=cloud/)
    await settled(page)
    const byCloud = await answered(`bbox=${BOX}&cloud=10&sort=cloud`)
    expect(await listed(page)).toEqual(byCloud)
    expect(byCloud).not.toEqual(found)
    await page.reload()
    await settled(page)
    expect(await listed(page)).toEqual(byCloud)
    expect(await page.locator('#order').inputValue()).toBe('cloud')
    await page.goBack()
    await page.locator('#order:has(option[value=""]:checked)').waitFor()
    await settled(page)
    expect(await listed(page)).toEqual(found)
    await close()
  })

  test('ranks by colour and by a picked colour, and tells how far it is', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, `${sample.url}/?bbox=0,0,1,1`)
    await page.route('**/colour', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      await route.continue()
    })
    await page.goto(`${sample.url}/?bbox=${BOX}&rank=red`)
    const told = page.locator('#progress:not([hidden]) #progress-told')
    await told.waitFor()
    expect(await told.textContent()).toMatch(/^Colours: \d of 9 granules$/)
    await settled(page)
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}&rank=red`))
    expect((await listed(page))[0]).toBe('L1C_T33UVB_A015792_20180701T102024')
    expect(await page.locator('#list .score').first().textContent()).toMatch(/^\d\d\.\d % red$/)
    await page.selectOption('#order', 'pick')
    await page.locator('#pick').fill('#366b44')
    await page.waitForURL(/rank=366b44/)
    await settled(page)
    expect((await listed(page))[0]).toBe('L1C_T33UUB_A017537_20200715T102602')
    await close()
  })

  test('highlights in list and months what is pointed at in one of them', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    const item = page.locator('#list > li[data-granule="L1C_T33UUB_A017537_20200715T102602"]')
    await item.hover()
    await page.locator('#months button.hovered[data-month="2020-07"]').waitFor()
    await page.locator('#months button[data-month="2018-07"]').hover()
    await page.locator('#list > li.hovered[data-granule="L1C_T33UVB_A015792_20180701T102024"]').waitFor()
    expect(await page.locator('#list > li.hovered').count()).toBe(1)
    const map = await page.locator('#map').boundingBox()
    if (!map) throw new Error('The map is not there.')
    await page.mouse.click(map.x + map.width * 0.3, map.y + map.height * 0.7)
    await page.locator('#list > li.selected .details dl').waitFor()
    expect(page.url()).toContain('granule=')
    await close()
  })
})

describe('where every question is billed, the page', () => {
  test('names the price and asks nothing more before it is agreed to', async () => {
    if (!browser) return
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.route(`${sample.url}/?*`, async (route) => {
      const response = await route.fetch()
      const body = (await response.text()).replace('data-catalog="sample"', 'data-catalog="bigquery"')
      await route.fulfill({ response, body })
    })
    await page.route('**/estimate?*', async (route) => {
      const response = await route.fetch()
      const query = {
        bytes_billed: 12_300_000_000,
        dollars: 0.07,
        clustered: null,
        likely: null,
        clustered_copy: null,
      }
      await route.fulfill({ response, json: { ...(await response.json()), query } })
    })
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.goto(`${sample.url}/?bbox=${BOX}`)
    const notice = page.locator('#notice')
    await notice.locator('button').waitFor()
    expect(await notice.textContent()).toContain('bills 12.3 GB for it, about $0.07')
    expect(asked.filter((path) => path.startsWith('/area'))).toEqual([])
    await notice.locator('button').click()
    await page.locator('#list > li').nth(8).waitFor()
    await settled(page)
    expect(asked.filter((path) => path.startsWith('/granules'))).toEqual([])
    await context.close()
  })
})

describe('where something is wrong, the page', () => {
  test('says what to relax where nothing matches, and does it', async () => {
    if (!browser) return
    const { page, close } = await openPage(
      browser,
      `${sample.url}/?bbox=${BOX}&cloud=5&datetime=2024-01-01/2024-12-31`,
    )
    const choice = page.locator('#notice button', { hasText: 'with any cloud cover' })
    expect(await choice.textContent()).toBe('2 granules with any cloud cover')
    await choice.click()
    await page.locator('#list > li').nth(1).waitFor()
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}&datetime=2024-01-01/2024-12-31`))
    await close()
  })

  test('says what it does not know of an address, and searches without it when told to', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, `${sample.url}/?bbox=${BOX}&clouds=20`)
    await page.locator('#notice').getByText('what this page does not know: clouds').waitFor()
    expect(await page.locator('#list > li').count()).toBe(0)
    await page.getByRole('button', { name: 'Search without' }).click()
    await page.locator('#list > li').first().waitFor()
    await settled(page)
    expect(await listed(page)).toEqual(await answered(`bbox=${BOX}`))
    expect(page.url()).not.toContain('clouds')
    await close()
  })

  test("puts the service's words beside the fields", async () => {
    if (!browser) return
    const { page, close } = await openPage(
      browser,
      `${sample.url}/?bbox=${BOX}&cloud=130&tiles=99XXX&datetime=soon`,
    )
    expect(await page.locator('#cloud-error').textContent()).toContain('not between 0 and 100')
    expect(await page.locator('#tiles-error').textContent()).toContain('no Sentinel-2 tile')
    expect(await page.locator('#datetime-error').textContent()).toContain('RFC 3339')
    expect(await page.locator('input[name=tiles]').getAttribute('aria-invalid')).toBe('true')
    await page.locator('input[name=tiles]').fill('33UUB')
    await page.click('#clear')
    await page.locator('#list > li').first().waitFor()
    expect(await page.locator('[aria-invalid]').count()).toBe(0)
    await close()
  })

  test('takes a comma within a number for what it is, and goes back in one step', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    const before = await page.evaluate<number>('history.length')
    await page.locator('input[name=west]').fill('12,6')
    await page.keyboard.press('Enter')
    await page.waitForURL(/bbox=12.6,54.8,15.3,57/)
    await settled(page)
    expect(await listed(page)).toEqual(await answered('bbox=12.6,54.8,15.3,57'))
    expect(await page.evaluate<number>('history.length')).toBe(before + 1)
    await close()
  })

  test('draws the map for a box that is none, and says what is wrong', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, `${sample.url}/?bbox=-200,-95,200,95&sort=foo`)
    expect(await page.locator('#bbox-error').textContent()).toContain('a latitude beyond ±90')
    expect(await page.locator('#rank-error').textContent()).toContain('sort is none of')
    await close()
  })

  test('shows why there is no list though the count is there', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    await page.route('**/area?*', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'Retry-After': '7' },
        json: { detail: 'The bucket is busy.' },
      }),
    )
    await page.selectOption('#order', 'cloud')
    await settled(page)
    expect(await page.locator('#notice').textContent()).toContain(
      'The bucket is busy. Try again in 7 seconds.',
    )
    await close()
  })

  test('leads back to the sample from where it has nothing', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, `${sample.url}/?bbox=30,30,32,32`)
    await page.locator('#notice button', { hasText: 'Show the sample' }).click()
    await page.locator('#list > li').nth(8).waitFor()
    await close()
  })

  test('says that the service is gone, and tries again', async () => {
    if (!browser) return
    const { page, close } = await openPage(browser, sample.url)
    await page.route('**/estimate?*', (route) => route.abort())
    await page.selectOption('#order', 'cloud')
    await page.locator('#notice', { hasText: 'cannot be reached' }).waitFor()
    await page.unroute('**/estimate?*')
    await page.locator('#notice button').click()
    await page.locator('#list > li').first().waitFor()
    await close()
  })
})
