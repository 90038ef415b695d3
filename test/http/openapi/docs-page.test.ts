import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { openBrowser } from '../../browser/browser.ts'
import { type Sample, serveSample } from '../../browser/explorer-page.ts'

let sample: Sample
let page: string
let headers: Headers
const document = openApiDocument('http://127.0.0.1:8080')

beforeAll(async () => {
  sample = await serveSample()
  const response = await fetch(`${sample.url}/docs`)
  ;({ headers } = response)
  page = await response.text()
}, 60_000)
afterAll(() => sample.close())

/** Every address in the page, by the attribute that holds it. */
const addresses = (attribute: string): string[] =>
  [...page.matchAll(new RegExp(`${attribute}="([^"]+)"`, 'g'))].map(([, address = '']) =>
    address.replaceAll('&amp;', '&').replaceAll('&quot;', '"'),
  )

test('the page tells of every route, and of every parameter in a table', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId, parameters }] of Object.entries(methods)) {
      const start = page.indexOf(`<article id="${operationId}">`)
      expect(start, operationId).toBeGreaterThan(0)
      const article = page.slice(start, page.indexOf('</article>', start))
      expect(article).toContain(`<span class="method">${method.toUpperCase()}</span> <code>${path}</code>`)
      for (const { name } of parameters)
        expect(article, operationId).toContain(`<th scope="row"><code>${name}</code>`)
    }
  }
})

test('the page has no scripts and no styles of its own, and asks no other host for anything', async () => {
  expect(page).not.toMatch(/<script|<style|\sstyle="|\son\w+="|javascript:/)
  expect(addresses('src')).toEqual([])
  expect(addresses('href').filter((address) => !/^[/#]/.test(address))).toEqual([])
  expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'; style-src 'self'")
  const [stylesheet = ''] = /\/docs\/[\w-]+\.css/.exec(page) ?? []
  const css = await fetch(sample.url + stylesheet)
  expect(css.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
  expect(await css.text()).toContain('prefers-color-scheme: dark')
  expect((await fetch(`${sample.url}/docs/other.css`)).status).toBe(404)
})

test('every link of the page leads somewhere', async () => {
  const ids = new Set(addresses('id'))
  const links = new Set(addresses('href'))
  expect(links.size).toBeGreaterThan(100)
  for (const link of links) {
    if (link.startsWith('#')) expect(ids, link).toContain(link.slice(1))
    else expect((await fetch(sample.url + link)).status, link).toBe(200)
  }
})

test('nothing serious stands in the way of anyone, in light and in dark', async () => {
  const browser = await openBrowser()
  if (!browser) return
  const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core')), 'utf8')
  for (const { width, colorScheme } of [
    { width: 1280, colorScheme: 'light' },
    { width: 375, colorScheme: 'dark' },
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const opened = await context.newPage()
    const complaints: string[] = []
    opened.on('console', (message) => complaints.push(message.text()))
    await opened.goto(`${sample.url}/docs`)
    await opened.evaluate(axe)
    const { violations } = await opened.evaluate<{ violations: { id: string; impact: string }[] }>(
      'axe.run()',
    )
    expect(violations.map(({ id, impact }) => `${impact} ${id}`)).toEqual([])
    const wide = await opened.evaluate<number>('document.documentElement.scrollWidth')
    expect(wide).toBeLessThanOrEqual(width)
    // A browser looks for an icon by itself, and there is none.
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
    await context.close()
  }
  await browser.close()
})
