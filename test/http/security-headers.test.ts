import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sample, serveSample } from '../browser/explorer-page.ts'

let sample: Sample

beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

test.each([
  '/',
  '/docs',
  '/openapi.json',
  '/area?bbox=12,55,13,56',
  '/area?bbox=nonsense',
  '/nowhere',
  '/healthz',
  '/readyz',
  '/_ah/warmup',
  '/stac',
  '/stac/search?limit=1',
  '/stac/nowhere',
  '/granules/L1C_T33UUB_A017537_20200715T102602/preview.png?width=16',
])('%s tells browsers to guess no type, to frame it nowhere and to send no address on', async (path) => {
  const { headers, body } = await fetch(sample.url + path)
  await body?.cancel()
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
  expect(headers.get('Content-Security-Policy')).not.toMatch(/unsafe|https?:|\*/)
  expect(headers.get('Referrer-Policy')).toMatch(/^(no-referrer|same-origin)$/)
  expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
  expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
  expect(headers.get('Strict-Transport-Security')).toBeNull()
  expect(headers.get('Server') ?? headers.get('X-Powered-By')).toBeNull()
})

test.each(['/', '/docs'])('the page %s is given nothing of the device', async (path) => {
  const { headers, body } = await fetch(sample.url + path)
  await body?.cancel()
  expect(headers.get('Permissions-Policy')).toContain('geolocation=()')
  expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
})

test('behind https browsers are told to stay there', async () => {
  const { headers } = await fetch(`${sample.url}/healthz`, { headers: { 'X-Forwarded-Proto': 'https' } })
  expect(headers.get('Strict-Transport-Security')).toBe('max-age=31536000')
})
