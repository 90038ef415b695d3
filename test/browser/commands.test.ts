import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { openBrowser } from './browser.ts'
import { openPage, type Sample, serveSample } from './explorer-page.ts'

const run = promisify(execFile)
const CHECKOUT = join(import.meta.dirname, '..', '..')

// A browser without a graphics card on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

let browser: Browser | undefined
let sample: Sample
let folder: Temporary

beforeAll(async () => {
  sample = await serveSample()
  folder = await temporaryFolder()
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await sample.close()
  await folder.remove()
})

const QUERY = 'bbox=11.6,54.8,15.3,57&cloud=30&datetime=2018-01-01/2024-12-31&bands=B04,TCI&sort=cloud'

/** What the page copies for a tool. */
async function copied(page: Page, tool: string): Promise<string> {
  await page.click('#copy-open')
  await page.locator('#copy-tabs button', { hasText: tool }).click()
  await page.click('#copy-do')
  await page.locator('#copy-done', { hasText: 'Copied' }).waitFor()
  const text = await page.evaluate<string>('navigator.clipboard.readText()')
  await page.click('#copy-close')
  return text
}

/** Runs a command in a shell where `npx swath` is this checkout and the tools of others tell what they read. */
async function inShell(command: string): Promise<string> {
  const tools = [
    'npx() { shift; node "$MAIN" "$@"; }',
    'gsutil() { cat; }',
    'gcloud() { cat; }',
    'duckdb() { cat; }',
  ]
  const env = {
    ...process.env,
    MAIN: join(CHECKOUT, 'src/main.ts'),
    SWATH_CATALOG: 'sample',
    SWATH_STORE: sample.store,
    PATH: `${join(CHECKOUT, 'node_modules/.bin')}:${process.env.PATH}`,
  }
  const script = ['set -euo pipefail', ...tools, command].join('\n')
  const { stdout } = await run('bash', ['-c', script], { cwd: folder.path, env })
  return stdout
}

test('what is copied runs, and gives what /area gives', async () => {
  if (!browser) return
  const permissions = ['clipboard-read', 'clipboard-write']
  const { page, close } = await openPage(browser, `${sample.url}/?${QUERY}`, { permissions })
  const uris = await (await fetch(`${sample.url}/area?${QUERY}&format=uris`)).text()
  expect(uris.trim().split('\n').length).toBeGreaterThan(6)
  for (const tool of ['curl', 'swath', 'gsutil', 'gcloud']) {
    expect(await inShell(await copied(page, tool)), tool).toBe(uris)
  }

  const duckdb = await copied(page, 'DuckDB')
  const rows = join(folder.path, 'rows.ndjson')
  await writeFile(rows, await inShell(duckdb))
  const statement = /duckdb -c '(.*)'$/s.exec(duckdb)?.[1]?.replaceAll(String.raw`'\''`, "'") ?? ''
  const connection = await (await DuckDBInstance.create()).connect()
  const table = await connection.runAndReadAll(statement.replace('/dev/stdin', rows))
  const images = table.getRowObjects().reduce((sum, row) => sum + Number(row.images), 0)
  connection.closeSync()
  expect(images).toBe(uris.trim().split('\n').length)
  expect((await readFile(rows, 'utf8')).trim().split('\n')).toHaveLength(images)
  await close()
})

test('what is copied for Python is Python, and says what it leaves out', async () => {
  if (!browser) return
  const permissions = ['clipboard-read', 'clipboard-write']
  const address = `${sample.url}/?bbox=11.6,54.8,15.3,57&cloud=5,30&tiles=33UUB&best=tile&level=L1C`
  const { page, close } = await openPage(browser, address, { permissions })
  const text = await copied(page, 'pystac-client')
  expect(text).toContain(`Client.open('${sample.url}/stac')`)
  expect(text).toContain('bbox=[11.6, 54.8, 15.3, 57]')
  expect(text).toContain(`filter="eo:cloud_cover BETWEEN 5 AND 30 AND grid:code IN ('MGRS-33UUB')"`)
  const filter = /filter="(.*)"/.exec(text)?.[1] ?? ''
  const parameters = new URLSearchParams({
    collections: 'sentinel-2-l1c',
    filter,
    'filter-lang': 'cql2-text',
  })
  const found = await fetch(`${sample.url}/stac/search?bbox=11.6,54.8,15.3,57&${parameters}`)
  const { features } = (await found.json()) as { features: unknown[] }
  expect(features).toHaveLength(2)
  await page.click('#copy-open')
  expect(await page.locator('#copy-about').textContent()).toContain('the best of each tile')
  await page.keyboard.press('Escape')
  try {
    await run('python3', ['-c', 'import ast, sys; ast.parse(sys.argv[1])', text])
  } catch (thrown) {
    const isAbsent = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
    if (!isAbsent) throw thrown
    console.log('Whether the copied Python parses was not tried: there is no python3 here.')
  }
  await close()
})
