import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/wire.ts'
import { type Sample, serveSample } from '../browser/explorer-page.ts'
import { serveHouse } from '../serve.ts'
import { temporaryFolder } from '../temporary.ts'

let sample: Sample

beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

type Raw = { readonly status: number; readonly head: string; readonly body: string }

/** A request as it is written here, which no client would send; the answer to its end. */
async function send(url: string, lines: readonly string[]): Promise<Raw> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.setTimeout(10_000, () => socket.destroy(new Error('nothing came for ten seconds')))
  socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1')
  const text = Buffer.concat(await socket.toArray()).toString()
  const [head = '', ...body] = text.split('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body: body.join('\r\n\r\n') }
}

/** What leads out of wherever it is put, in as many codings as readers have undone twice. */
const WAYS_OUT = [
  '../../package.json',
  '..%2f..%2fpackage.json',
  '..%5c..%5cpackage.json',
  '%2e%2e%2f%2e%2e%2fpackage.json',
  '%252e%252e%252fpackage.json',
  '..%c0%af..%c0%afpackage.json',
  '%2fetc%2fpasswd',
  'file:%2f%2f%2fetc%2fpasswd',
  'http:%2f%2f127.0.0.1:1%2f',
  '%00',
  'L1C_T33UUB_A017537_20200715T102602%00.png',
  'L1C_T33UUB_A017537_20200715T102602%0d%0aX-Planted:%20yes',
  "'%20OR%201=1--",
  "';DROP%20TABLE%20granules;--",
  '%25',
  '*',
  '%ff%fe',
  '%F0%9F%9B%B0',
  'a'.repeat(3000),
]
const PLACES = [
  (way: string) => `/granules/${way}`,
  (way: string) => `/granules/${way}/colour`,
  (way: string) => `/granules/${way}/preview.png`,
  (way: string) => `/granules/L1C_T33UUB_A017537_20200715T102602/preview${way}`,
  (way: string) => `/explorer/${way}`,
  (way: string) => `/explorer/x/${way}`,
  (way: string) => `/docs/${way}.css`,
  (way: string) => `/stac/collections/${way}`,
  (way: string) => `/stac/collections/sentinel-2-l1c/items/${way}`,
  (way: string) => `/stac/collections/sentinel-2-l1c/items/${way}/thumbnail.webp`,
  (way: string) => `/stac/collections/sentinel-2-l1c/browse/${way}`,
  (way: string) => `/stac/collections/sentinel-2-l1c/browse/33/${way}`,
]
const PARAMETERS = [
  ...['bbox', 'datetime', 'tiles', 'bands', 'token', 'where', 'rank', 'intersects', 'since', 'level'].map(
    (name) => (way: string) => `/area?bbox=12,55,13,56&${name}=${way}`,
  ),
  ...['ids', 'filter', 'sortby', 'fields', 'collections', 'token', 'query'].map(
    (name) => (way: string) => `/stac/search?${name}=${way}`,
  ),
]

describe('what stands in an address', () => {
  test.each(WAYS_OUT.map((way) => ({ way, name: way.slice(0, 40) })))(
    '$name leads to no file, no other host and no statement',
    async ({ way }) => {
      for (const place of [...PLACES, ...PARAMETERS]) {
        const { status, head, body } = await send(sample.url, [`GET ${place(way)} HTTP/1.1`, 'Host: here'])
        expect(status, place(way)).toBeGreaterThanOrEqual(200)
        // 502 would be a call to somewhere else, 500 a statement that broke.
        expect(status, `${place(way)}\n${body}`).toBeLessThan(500)
        expect(body, place(way)).not.toMatch(/root:x:|"dependencies"|SQLITE|no such table|syntax error/)
        expect(head, place(way)).not.toMatch(/^X-Planted/im)
      }
    },
  )
})

describe('the address in links', () => {
  const NEXT = 'GET /area?bbox=11.8,54.9,14,56&limit=1 HTTP/1.1'
  const linkOf = ({ head }: Raw) => /^link: (.*)$/im.exec(head)?.[1] ?? ''

  test.each([
    ['swath.example', 'http://swath.example/area?'],
    ['swath.example:8443', 'http://swath.example:8443/area?'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/area?'],
    ['[::1]:8080', 'http://[::1]:8080/area?'],
  ])('is that of the request: %s', async (host, start) => {
    const answer = await send(sample.url, [NEXT, `Host: ${host}`])
    expect(answer.status).toBe(200)
    expect(linkOf(answer)).toMatch(new RegExp(`^<${RegExp.escape(start)}[^<>"]+>; rel="next"$`))
  })

  test.each([
    'a"b',
    'a;b',
    "a'b",
    'a,b',
    'a<b',
    'a>b',
    'a b',
    'a/b',
    'user@a',
    'a\\b',
    'a{b}',
    '',
    'a:b:c',
    '[x]',
  ])('is refused where the Host is %j', async (host) => {
    const answer = await send(sample.url, [NEXT, `Host: ${host}`])
    expect(answer.status).toBe(400)
    expect(linkOf(answer)).toBe('')
  })

  test('is https where a proxy says so, and heeds nothing else that a proxy may say', async () => {
    const protoOf = async (proto: string) =>
      linkOf(await send(sample.url, [NEXT, 'Host: here', `X-Forwarded-Proto: ${proto}`]))
    expect(await protoOf('https')).toMatch(/^<https:\/\/here\/area\?/)
    expect(await protoOf('https, http')).toMatch(/^<https:\/\/here\/area\?/)
    for (const strange of ['javascript', 'https://elsewhere', 'https\t>', 'HTTPS://x', 'http']) {
      expect(await protoOf(strange), strange).toMatch(/^<http:\/\/here\/area\?/)
    }
    const others = [
      'X-Forwarded-Host: elsewhere',
      'Forwarded: host=elsewhere;proto=https',
      'X-Original-URL: /x',
    ]
    expect(linkOf(await send(sample.url, [NEXT, 'Host: here', ...others]))).toMatch(/^<http:\/\/here\/area\?/)
  })

  test('keeps its host where the path begins with two slashes', async () => {
    const answer = await send(sample.url, ['GET //elsewhere/stac/ HTTP/1.1', 'Host: here'])
    expect(answer.head).not.toMatch(/^location:/im)
    const slashed = await send(sample.url, ['GET /stac//elsewhere/ HTTP/1.1', 'Host: here'])
    expect(/^location: (.*)$/im.exec(slashed.head)?.[1] ?? 'http://here/').toMatch(/^http:\/\/here\//)
  })

  test('is the configured one where SWATH_BASE_URL names it, whatever the request says', async () => {
    const folder = await temporaryFolder()
    const store = `sqlite:${join(folder.path, 'store.sqlite')}`
    const house = await openHouse(
      readConfig({ SWATH_STORE: store, SWATH_BASE_URL: 'https://swath.example/' }),
    )
    const { url, stop } = await serveHouse(house)
    try {
      const answer = await send(url, [NEXT, 'Host: elsewhere', 'X-Forwarded-Proto: http'])
      expect(linkOf(answer)).toMatch(/^<https:\/\/swath\.example\/area\?/)
      expect(answer.head).toMatch(/^strict-transport-security: max-age=\d+$/im)
      for (const path of ['/stac', '/stac/search', '/openapi.json', '/stac/collections']) {
        const { body } = await send(url, [`GET ${path} HTTP/1.1`, 'Host: elsewhere'])
        expect(body, path).toContain('https://swath.example')
        expect(body, path).not.toContain('elsewhere')
      }
    } finally {
      stop()
      await house.close()
      await folder.remove()
    }
  })

  test.each([
    'https://swath.example/path',
    'https://user@swath.example',
    'ftp://swath.example',
    'swath.example',
  ])('cannot be configured as %s', (url) => {
    expect(() => readConfig({ SWATH_BASE_URL: url })).toThrow(/SWATH_BASE_URL=/)
  })
})
