import { openBrowser } from '../test/browser/browser.ts'
import { serveSample } from '../test/browser/explorer-page.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'

const REPETITIONS = 5
const MOST_SECONDS = 1

/** The page's first view in a browser that knows nothing yet: what is loaded, and when map and list stand. */
export async function benchPage(): Promise<void> {
  heading('page: first view over the sample, cold browser')
  const browser = await openBrowser()
  if (!browser) return
  const sample = await serveSample()
  try {
    const seconds: number[] = []
    const bytes = new Map<string, number[]>()
    const requests: number[] = []
    for (let n = 0; n < REPETITIONS; n++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      const kinds: Promise<readonly [string, number]>[] = []
      page.on('requestfinished', (request) => {
        const kind = request.resourceType()
        kinds.push(request.sizes().then(({ responseBodySize }) => [kind, responseBodySize] as const))
      })
      const start = performance.now()
      await page.goto(sample.url)
      await page.locator('html[data-map=drawn]').waitFor({ timeout: 60_000 })
      seconds.push((performance.now() - start) / 1000)
      await page.waitForLoadState('networkidle')
      page.removeAllListeners('requestfinished')
      const loaded = await Promise.all(kinds)
      for (const [kind, ofKind] of Map.groupBy(loaded, ([kind]) => kind)) {
        const sum = ofKind.reduce((total, [, size]) => total + size, 0)
        bytes.set(kind, [...(bytes.get(kind) ?? []), sum])
      }
      requests.push(loaded.length)
      await context.close()
    }
    table(
      ['', 'kB as they came, compressed'],
      [...bytes].map(([kind, sums]) => [kind, (median(sums) / 1000).toFixed(1)]),
    )
    const all = [...bytes.values()].reduce((sum, sums) => sum + median(sums), 0)
    say(
      `${(all / 1000).toFixed(0)} kB in ${median(requests)} requests; the map was drawn after ` +
        `${spread(seconds, 2)} s, in software, without a graphics card.`,
    )
    targets([
      {
        wanted: `map drawn after ≤ ${MOST_SECONDS} s`,
        reached: `${spread(seconds, 2)} s`,
        holds: median(seconds) <= MOST_SECONDS,
      },
    ])
  } finally {
    await browser.close()
    await sample.close()
  }
}
