import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sample, serveSample } from '../browser/explorer-page.ts'

let sample: Sample

beforeAll(async () => {
  sample = await serveSample()
  await fetch(`${sample.url}/stac/search?limit=1`).then((answer) => answer.text())
})
afterAll(() => sample.close())

/** Milliseconds of CPU: a pattern whose time grows with the square of these lengths takes longer. */
const SOON = 1500

/** What patterns stumble over: long runs of what may repeat, and then something that fits nothing. */
const RUNS = [
  '/',
  ' ',
  '1',
  'a',
  '-',
  '.',
  '%',
  '_',
  '(',
  '[',
  "'",
  ',',
  ':',
  '+',
  'é',
  'NOT ',
  'T33UUB,',
  '1,',
  '%\\',
]

async function told(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; took: number; body: string }> {
  const start = process.cpuUsage()
  const answer = await fetch(sample.url + path, { redirect: 'manual', ...init })
  const body = await answer.text()
  const { user, system } = process.cpuUsage(start)
  return { status: answer.status, took: (user + system) / 1000, body }
}

function expectSoon(
  asked: string,
  { status, took, body }: { status: number; took: number; body: string },
): void {
  expect(status, `${asked}: ${body.slice(0, 200)}`).toBeLessThan(500)
  expect(took, asked).toBeLessThan(SOON)
}

const IN_ADDRESS = {
  '/area?bbox=12,55,13,56': [
    'datetime',
    'tiles',
    'bands',
    'token',
    'where',
    'rank',
    'cloud',
    'since',
    'sort',
    'best',
  ],
  '/area?': ['bbox', 'intersects', 'lat1'],
  '/stac/search?': [
    'bbox',
    'datetime',
    'ids',
    'filter',
    'sortby',
    'fields',
    'collections',
    'token',
    'query',
    'intersects',
  ],
}

describe('a long text', () => {
  test.each(RUNS)('of %j in a path is answered at once', async (run) => {
    const long = encodeURI(run).repeat(50_000).slice(0, 50_000).replace(/%.?$/, '')
    for (const [before, after] of [
      ['/stac/', 'x/'],
      ['/', '!/'],
      ['/granules/', '!'],
      ['/granules/x/preview', '!'],
      ['/stac/collections/sentinel-2-l1c/items/', '!'],
      ['/stac/collections/sentinel-2-l1c/browse/', '!'],
      ['/explorer/', '!/x'],
    ] as const) {
      expectSoon(`${before}${run}…${after}`, await told(before + long + after))
    }
  })

  test.each(RUNS)('of %j in a parameter is answered at once', { timeout: 60_000 }, async (run) => {
    const long = encodeURIComponent(run)
      .repeat(50_000)
      .slice(0, 48_000)
      .replace(/%[0-9A-F]?$/, '')
    for (const [path, names] of Object.entries(IN_ADDRESS)) {
      for (const name of names) {
        expectSoon(`${path}&${name}=${run}…!`, await told(`${path}&${name}=${long}!`))
      }
    }
    for (const name of ['Accept', 'If-None-Match', 'Accept-Encoding']) {
      const headers = { [name]: `${run.replace('é', 'e')}`.repeat(50_000).slice(0, 40_000).concat('!') }
      expectSoon(`${name}: ${run}…!`, await told('/area?bbox=12,55,12.1,55.1', { headers }))
      expectSoon(`${name}: ${run}…!`, await told('/', { headers }))
    }
  })

  test.each(RUNS)('of %j in a body is answered at once', { timeout: 60_000 }, async (run) => {
    const long = run.repeat(1_000_000 / run.length)
    for (const text of [`${long}!`, `POINT${long}!`, `SRID=1;${long}!`]) {
      const type = { 'Content-Type': 'application/geo+json' }
      const asked = `POST /area ${text.slice(0, 12)}…!`
      expectSoon(asked, await told('/area', { method: 'POST', headers: type, body: text }))
    }
    for (const name of [
      'filter',
      'datetime',
      'token',
      'ids',
      'sortby',
      'fields',
      'collections',
      'query',
      'intersects',
    ]) {
      const body = JSON.stringify({ [name]: `${long}!` })
      const headers = { 'Content-Type': 'application/json' }
      expectSoon(`POST ${name} ${run}…!`, await told('/stac/search', { method: 'POST', headers, body }))
    }
  })
})

describe('a deep body', () => {
  const DEEP = 60_000
  const nested = (open: string, close: string, inside = '1') =>
    open.repeat(DEEP) + inside + close.repeat(DEEP)

  test('of GeoJSON is refused', async () => {
    for (const body of [
      nested('[', ']'),
      `{"type":"Polygon","coordinates":${nested('[', ']')}}`,
      nested('{"type":"GeometryCollection","geometries":[', ']}', ''),
      nested('{"type":"Feature","geometry":', '}', 'null'),
      nested('{"a":', '}'),
    ]) {
      const headers = { 'Content-Type': 'application/geo+json' }
      const answer = await told('/area', { method: 'POST', headers, body })
      expect([400, 413], `${body.slice(0, 60)}: ${answer.body.slice(0, 200)}`).toContain(answer.status)
      expect(answer.took).toBeLessThan(SOON)
    }
  })

  test.each([
    'filter',
    'datetime',
    'token',
    'ids',
    'sortby',
    'fields',
    'collections',
    'query',
    'intersects',
    'bbox',
    'limit',
    'conf',
    'strange',
  ])('of a search is refused: %s', async (name) => {
    for (const value of [
      nested('[', ']'),
      nested('{"a":', '}'),
      nested('{"op":"not","args":[', ']}', '{}'),
    ]) {
      const headers = { 'Content-Type': 'application/json' }
      const body = `{"${name}":${value}}`
      const answer = await told('/stac/search', { method: 'POST', headers, body })
      expect([400, 413], `${body.slice(0, 60)}: ${answer.body.slice(0, 200)}`).toContain(answer.status)
      expect(answer.took).toBeLessThan(SOON)
    }
  })
})
