import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { archiveRow } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'

const ROWS = [
  ...Array.from({ length: 12 }, (_, i) =>
    archiveRow({ tile: '33UUB', start: `2019-01-${String(i + 1).padStart(2, '0')}T10:00:00Z`, cloud: i }),
  ),
  archiveRow({ tile: '01KAB', start: '2019-02-01T10:00:00Z' }),
]
const BOX = 'bbox=12.5,55.6,12.6,55.7'
/** The same ground as BOX. */
const SQUARE = squareOf(12.5, 55.6, 12.6, 55.7)
const GEOJSON = { 'content-type': 'application/geo+json' }
const problem = z.object({
  status: z.number(),
  detail: z.string(),
  errors: z.array(z.object({ parameter: z.string(), message: z.string() })).optional(),
})

let served: Served
beforeAll(async () => {
  served = await serveRows(ROWS)
})
afterAll(() => served.close())

const ask = (path: string) => fetch(served.url + path)
const post = (path: string, body: string, headers: Record<string, string> = GEOJSON) =>
  fetch(served.url + path, { method: 'POST', headers, body })
const fault = async (response: Response) => problem.parse(await response.json())

describe('an area in the body of a POST', () => {
  test('is answered as the same ground in the address', async () => {
    const text = JSON.stringify(SQUARE)
    const posted = await post('/area?format=uris', text)
    const inAddress = await ask(`/area?format=uris&intersects=${encodeURIComponent(text)}`)
    const asBox = await ask(`/area?format=uris&${BOX}`)
    expect([posted.status, inAddress.status, asBox.status]).toEqual([200, 200, 200])
    expect(posted.headers.get('swath-area')).toBe('12.5,55.6,12.6,55.7')
    const lines = await posted.text()
    expect(lines.split('\n').length).toBe(37)
    expect(lines).toBe(await inAddress.text())
    expect(lines).toBe(await asBox.text())
  })

  test.for([
    ['a Feature', { type: 'Feature', properties: {}, geometry: SQUARE }],
    [
      'a FeatureCollection',
      { type: 'FeatureCollection', features: [{ type: 'Feature', properties: null, geometry: SQUARE }] },
    ],
    ['a MultiPolygon', { type: 'MultiPolygon', coordinates: [SQUARE.coordinates] }],
  ] as const)('may be %s', async ([, body]) => {
    const response = await post('/area?limit=1', JSON.stringify(body), {
      'content-type': 'Application/JSON; charset=utf-8',
    })
    expect([response.status, response.headers.get('swath-granules')]).toEqual([200, '1'])
    await response.text()
  })

  test('leads through all pages by posting it to each next address', async () => {
    const text = JSON.stringify(SQUARE)
    const whole = await (await post('/area?format=uris', text)).text()
    let pages = ''
    let next: string | undefined = `${served.url}/area?format=uris&limit=5`
    while (next) {
      const response: Response = await fetch(next, { method: 'POST', headers: GEOJSON, body: text })
      pages += await response.text()
      next = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(pages).toBe(whole)
  })

  test('binds the token of its next page', async () => {
    const link = (await post('/area?limit=5', JSON.stringify(SQUARE))).headers.get('link') ?? ''
    const next = new URL(/<(.+)>/.exec(link)?.[1] ?? '')
    const other = await post(next.pathname + next.search, JSON.stringify(squareOf(12.5, 55.6, 12.6, 55.6999)))
    expect(other.status).toBe(400)
    expect((await fault(other)).detail).toContain('token belongs to another query')
  })

  test('is estimated, too', async () => {
    const estimate = await (await post('/estimate?bands=B02', JSON.stringify(SQUARE))).json()
    expect(estimate).toMatchObject({ granules: 12, images: 12 })
  })

  test('stands alone: beside another area it is refused, with all else that is wrong', async () => {
    const text = JSON.stringify(SQUARE)
    const twice = await post(`/area?intersects=${encodeURIComponent(text)}&cloud=x`, text)
    expect(twice.status).toBe(400)
    const { errors = [] } = await fault(twice)
    expect(errors.map(({ parameter }) => parameter).sort()).toEqual(['cloud', 'intersects'])
    expect(errors.map(({ message }) => message).join()).toContain(
      'intersects stands in the address, and the body is an area, too',
    )
    expect((await fault(await post(`/area?${BOX}`, text))).detail).toContain(
      'intersects stands beside bbox; give one area',
    )
  })

  test.for(['', '{', '[1,2]', '{"type":"Polygon"}', '\u0000', '{"type":"Polygon","coordinates":[[[0,0]]]}'])(
    'that is %j is a 400 with one sentence',
    async (body) => {
      const response = await post('/area', body)
      expect(response.status).toBe(400)
      const { errors = [], detail } = await fault(response)
      expect(errors.map(({ parameter }) => parameter)).toEqual(['intersects'])
      expect(detail).toMatch(/^The query is wrong: intersects .*\.$/s)
    },
  )

  test.for([
    [{ 'content-type': 'text/plain' }, /this body is text\/plain\.$/],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, /this body is application\/x-www-form/],
    [{ ...GEOJSON, 'content-encoding': 'gzip' }, /this body is encoded as gzip\.$/],
  ] as const)('as %j is a 415 with the types there are', async ([headers, sentence]) => {
    const response = await post('/area', JSON.stringify(SQUARE), headers)
    expect(response.status).toBe(415)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { detail } = await fault(response)
    expect(detail).toContain('as application/geo+json or application/json')
    expect(detail).toMatch(sentence)
  })

  test('of no type is a 415', async () => {
    const response = await fetch(`${served.url}/area`, { method: 'POST' })
    expect(response.status).toBe(415)
    expect((await fault(response)).detail).toContain('of no type')
  })

  test.for(['announced', 'in chunks'] as const)('of more than 10 MiB, %s, is a 413', async (how) => {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const asking = request(`${served.url}/area`, { method: 'POST', headers: GEOJSON }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      })
      // The service need not read to the end of what it refuses.
      asking.on('error', reject)
      const piece = ' '.repeat(2 ** 20)
      if (how === 'announced') asking.setHeader('content-length', 11 * 2 ** 20)
      for (let i = 0; i < 11; i++) asking.write(piece)
      asking.end()
    })
    expect(status).toBe(413)
    expect(JSON.parse(text).detail).toContain('simplify the polygon to 50,000 positions, the most that')
    expect((await ask('/healthz')).status).toBe(200)
  })

  test('may be posted from a page of another origin, which reads where to go on', async () => {
    const preflight = await fetch(`${served.url}/area`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.org',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type')
    const other = await fetch(`${served.url}/images`, {
      method: 'OPTIONS',
      headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
    })
    expect(other.headers.get('access-control-allow-methods')).toBe('GET,HEAD')
  })
})

function squareOf(west: number, south: number, east: number, north: number) {
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return { type: 'Polygon', coordinates: [ring] }
}
