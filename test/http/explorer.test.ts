import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sample, serveSample } from '../browser/explorer-page.ts'

let sample: Sample

beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(sample.url + path, { headers: { 'Accept-Encoding': 'identity', ...headers } })

/** The addresses below /explorer/ that a text of the page names. */
const namedIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/(?:href|src)="(\/explorer\/[^"]+)"/g)].map(([, path = '']) => path)),
]

test('the page lets nothing run that the service does not serve', async () => {
  const page = await get('/')
  expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
  const policy = page.headers.get('Content-Security-Policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  const html = await page.text()
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:\/\//)
  expect(html).toContain('data-catalog="sample"')
})

test('every file of the page is there, is JavaScript without types, and may be kept for ever', async () => {
  const paths = namedIn(await (await get('/')).text())
  expect(paths.length).toBeGreaterThan(20)
  for (const path of paths) {
    const file = await get(path)
    expect(file.status, path).toBe(200)
    expect(file.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    const text = await file.text()
    if (!path.endsWith('.ts')) continue
    expect(file.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8')
    expect(text).not.toMatch(/^import type|: string\b|\bas const\b/m)
    for (const [, name] of text.matchAll(/from '(\.\/[^']+)'/g)) {
      expect(paths).toContain(path.replace(/[^/]+$/, '') + name?.slice(2))
    }
  }
})

test('all that a first view needs is at most 550 KB in gzip, which leaves 50 for the answers', async () => {
  const html = await (await get('/', { 'Accept-Encoding': 'gzip' })).text()
  const paths = namedIn(html)
  const folder = paths[0]?.replace(/[^/]+$/, '') ?? ''
  let bytes = 0
  for (const path of new Set([
    ...paths,
    `${folder}maplibre-gl-worker.mjs`,
    `${folder}land+000+40.json`,
    '/',
  ])) {
    const head = await fetch(sample.url + path, { method: 'HEAD', headers: { 'Accept-Encoding': 'gzip' } })
    bytes += Number(head.headers.get('Content-Length'))
  }
  console.log(`The page's files take ${Math.round(bytes / 1000)} kB in gzip.`)
  expect(bytes).toBeLessThan(550_000)
})

test('a file is packed as its asker takes it, and not sent to who holds it', async () => {
  const [path = ''] = namedIn(await (await get('/')).text()).filter((name) => name.endsWith('.css'))
  const plain = await get(path)
  const codings = ['gzip', 'br', 'gzip;q=0, br;q=0', 'br;q=0.5, gzip;q=0', 'deflate']
  const told: (string | null)[] = []
  for (const coding of codings) {
    const answer = await get(path, { 'Accept-Encoding': coding })
    expect(await answer.clone().text(), coding).toBe(await plain.clone().text())
    told.push(answer.headers.get('Content-Encoding'))
    expect(answer.headers.get('Vary')).toBe('Accept-Encoding')
    const held = { 'Accept-Encoding': coding, 'If-None-Match': `"other", W/${answer.headers.get('ETag')}` }
    expect((await get(path, held)).status).toBe(304)
  }
  expect(told).toEqual(['gzip', 'br', null, 'br', null])
})

test('the coast comes in pieces, each within its cell', async () => {
  const html = await (await get('/')).text()
  const folder = namedIn(html)[0]?.replace(/[^/]+$/, '') ?? ''
  const piece = (await (await get(`${folder}land+000+40.json`)).json()) as { coordinates: number[][][][] }
  const points = piece.coordinates.flat(2)
  expect(points.length).toBeGreaterThan(500)
  expect(points.every(([lon = 99, lat = 99]) => lon >= 0 && lon <= 20 && lat >= 40 && lat <= 60)).toBe(true)
  const sea = (await (await get(`${folder}land-140-60.json`)).json()) as { coordinates: unknown[] }
  expect(sea.coordinates).toEqual([])
})

test('land that crosses the antimeridian is drawn on both sides of it, and nowhere between', async () => {
  const html = await (await get('/')).text()
  const folder = namedIn(html)[0]?.replace(/[^/]+$/, '') ?? ''
  const land = (await (await get(`${folder}land.json`)).json()) as { coordinates: number[][][][] }
  const jumps = land.coordinates
    .flat()
    .flatMap((ring) =>
      ring.filter(([lon = 0, lat = 0], i) => Math.abs(lon - (ring[i - 1]?.[0] ?? lon)) > 180 && lat > -90),
    )
  expect(jumps).toEqual([])
  const reaching = (edge: number) =>
    land.coordinates.flat(2).some(([lon, lat = 0]) => lon === edge && lat > 65 && lat < 70)
  expect(reaching(180) && reaching(-180)).toBe(true)
})

test.for([
  'land+001+40.json',
  'land+000+95.json',
  'land-200+00.json',
  'index.html',
  'tsconfig.json',
  '..%2Fhouse.ts',
])('there is no %s', async (name) => {
  const html = await (await get('/')).text()
  const folder = namedIn(html)[0]?.replace(/[^/]+$/, '') ?? ''
  expect((await get(folder + name)).status).toBe(404)
})

test('files of another version are gone, and nobody posts to the page', async () => {
  expect((await get('/explorer/0123456789ab/main.ts')).status).toBe(404)
  const posted = await fetch(`${sample.url}/`, { method: 'POST' })
  expect(posted.status).toBe(405)
  expect(posted.headers.get('Allow')).toBe('GET, HEAD')
})
