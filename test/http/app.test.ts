import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { archiveRow, LONG_FORM_ROW } from '../archive.ts'
import { type Served, serveRows } from '../serve.ts'

const ROWS = [
  ...Array.from({ length: 40 }, (_, i) =>
    archiveRow({ tile: '33UUB', start: `2019-01-01T10:00:${String(i).padStart(2, '0')}Z`, cloud: i }),
  ),
  archiveRow({ tile: '33UUB', start: '2019-02-01T10:00:00Z', level: 'L2A' }),
  archiveRow({ tile: '01KAB', start: '2019-02-01T10:00:00Z' }),
  LONG_FORM_ROW,
]
const BOX = 'bbox=12.5,55.6,12.6,55.7'

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  errors: z.array(z.object({ parameter: z.string(), message: z.string() })).optional(),
})

let served: Served
beforeAll(async () => {
  served = await serveRows(ROWS)
})
beforeEach(() => served.bucket.reset())
afterAll(() => served.close())

const ask = (path: string, headers: Record<string, string> = {}) => fetch(served.url + path, { headers })
const fault = async (response: Response) => problem.parse(await response.json())

describe('/area', () => {
  test('answers the images of the box as an array of strings, newest granule first', async () => {
    const response = await ask(`/area?${BOX}`)
    const images = z.array(z.string()).parse(await response.json())
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('swath-area')).toBe('12.5,55.6,12.6,55.7')
    expect(response.headers.get('swath-granules')).toBe('40')
    expect(images.length).toBe(120)
    expect(images.slice(0, 3).map((image) => image.split('/').at(-1))).toEqual([
      'T33UUB_20190101T100039_B02.jp2',
      'T33UUB_20190101T100039_B8A.jp2',
      'T33UUB_20190101T100039_TCI.jp2',
    ])
    expect(images.every((image) => image.startsWith('gcp-public-data-sentinel-2/tiles/33/U/UB/'))).toBe(true)
  })

  test('takes two opposite corners in any order', async () => {
    const one = await (await ask('/area?lat1=55.6&lng1=12.6&lat2=55.7&lng2=12.5&format=uris')).text()
    const other = await (await ask('/area?lat1=55.7&lng1=12.5&lat2=55.6&lng2=12.6&format=uris')).text()
    expect(one).toBe(other)
    expect(one.split('\n').length).toBe(121)
  })

  test('corners more than 180 degrees apart cross the antimeridian, and the answer says so', async () => {
    const response = await ask('/area?lat1=-17&lng1=-179.5&lat2=-16.5&lng2=179.5')
    expect(response.headers.get('swath-area')).toBe('179.5,-17,-179.5,-16.5')
    expect(response.headers.get('swath-granules')).toBe('1')
    await response.text()
  })

  test.for([
    ['format=uris', '*/*', 'text/uri-list', /^gs:\/\/gcp-public-data-sentinel-2\/tiles\//],
    ['format=urls', 'application/json', 'text/uri-list', /^https:\/\/storage\.googleapis\.com\/gcp-public/],
    ['', 'text/plain', 'text/plain; charset=utf-8', /^gs:/],
    ['', 'text/uri-list', 'text/uri-list', /^gs:/],
    ['', 'application/x-ndjson', 'application/x-ndjson', /^\{"granule_id":"L1C_T33UUB/],
    [
      '',
      'text/csv',
      'text/csv; charset=utf-8; header=present',
      /^granule_id,product_id,mgrs_tile,sensing_time,cloud_cover,band/,
    ],
    ['', 'application/geo+json', 'application/geo+json', /^\{"type":"FeatureCollection"/],
    ['', 'text/html,application/json;q=0.5', 'application/json', /^\[/],
    ['', 'image/png', 'application/json', /^\[/],
  ] as const)('%s with Accept %s is %s', async ([format, accept, mediaType, start]) => {
    const response = await ask(`/area?${BOX}&limit=2&${format}`, { accept })
    expect(response.headers.get('content-type')).toBe(mediaType)
    expect(await response.text()).toMatch(start)
  })

  test('the Link header leads through all pages, and their union is the unpaged answer', async () => {
    const whole = await (await ask(`/area?${BOX}&format=uris`)).text()
    let pages = ''
    let next: string | undefined = `${served.url}/area?${BOX}&format=uris&limit=7`
    while (next) {
      const response: Response = await fetch(next)
      pages += await response.text()
      next = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(pages).toBe(whole)
  })

  test('the Link header keeps what was escaped, and says https where a proxy ends TLS', async () => {
    const time = 'datetime=2019-01-01T11:00:00%2B01:00/..'
    const headers = { 'X-Forwarded-Proto': 'https' }
    const link = (await ask(`/area?${BOX}&${time}&limit=1`, headers)).headers.get('link') ?? ''
    const next = new URL(/<(.+)>/.exec(link)?.[1] ?? '')
    expect(next.protocol).toBe('https:')
    expect(next.searchParams.get('datetime')).toBe('2019-01-01T11:00:00+01:00/..')
    expect((await ask(next.pathname + next.search)).headers.get('swath-granules')).toBe('1')
  })

  test('a token of another query is refused, one of this query with another page size is not', async () => {
    const link = (await ask(`/area?${BOX}&limit=3`)).headers.get('link') ?? ''
    const token = /token=([^>]+)>/.exec(link)?.[1]
    expect((await ask(`/area?${BOX}&limit=5&token=${token}`)).status).toBe(200)
    const other = await ask(`/area?${BOX}&cloud=20&token=${token}`)
    expect(other.status).toBe(400)
    expect((await fault(other)).detail).toContain('token belongs to another query')
  })

  test('bands, tiles, cloud and level choose', async () => {
    const bands = await (await ask(`/area?${BOX}&bands=tci&cloud=5,6&tiles=T33UUB&format=uris`)).text()
    expect(
      bands
        .trim()
        .split('\n')
        .map((line) => line.slice(-7)),
    ).toEqual(['TCI.jp2', 'TCI.jp2'])
    const l2a = await (await ask(`/area?${BOX}&level=L2A&format=ndjson`)).text()
    expect(
      l2a
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).resolution),
    ).toEqual([10, 20, 60])
  })

  test('names every bad parameter at once and suggests the near miss', async () => {
    const response = await ask(
      '/area?lat1=north&lng1=NaN&lat2=91&lgn2=3&cloud=30&cloud=40&dattime=now&level=L3',
    )
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { errors = [], detail } = await fault(response)
    expect(new Set(errors.map(({ parameter }) => parameter))).toEqual(
      new Set(['lat1', 'lng1', 'lat2', 'lng2', 'lgn2', 'cloud', 'dattime', 'level']),
    )
    expect(detail).toContain('did you mean lng2?')
    expect(detail).toContain('did you mean datetime?')
    expect(detail).toContain('cloud is given 2 times')
  })

  test('an area without granules is an empty answer of its format', async () => {
    const nowhere = 'bbox=-180,86,180,90'
    expect(await (await ask(`/area?${nowhere}`)).json()).toEqual([])
    expect(await (await ask(`/area?${nowhere}&format=uris`)).text()).toBe('')
    expect(await (await ask(`/area?${nowhere}&format=csv`)).text()).toMatch(/^granule_id,.+\r\n$/)
    expect(await (await ask(`/area?${nowhere}&format=geojson`)).json()).toEqual({
      type: 'FeatureCollection',
      features: [],
    })
  })
})

describe('an upstream that fails', () => {
  const fresh = () => serveRows(ROWS, { SWATH_LIST_CONCURRENCY: '1', SWATH_DEADLINE_MS: '400' })
  /** A place in the listing where a mishap strikes for good. */
  const from =
    (count: number, mishap: { kind: 'hang' | 'garbage' | 'truncate' }) => (asked: { count: number }) =>
      asked.count >= count ? mishap : undefined

  test.for([
    ['hang', 504],
    ['garbage', 502],
    ['truncate', 502],
  ] as const)('%s before the first byte is a %i', async ([kind, status]) => {
    const broken = await fresh()
    try {
      broken.bucket.setFault(from(1, { kind }))
      const response = await fetch(`${broken.url}/area?${BOX}`)
      expect(response.status).toBe(status)
      expect((await fault(response)).detail).toMatch(/\.$/)
    } finally {
      await broken.close()
    }
  })

  test('refusing for good is a 502, and being too busy a 503 that says when to come back', async () => {
    const broken = await fresh()
    try {
      broken.bucket.setFault(() => ({ kind: 'status', status: 403 }))
      expect((await fetch(`${broken.url}/area?${BOX}`)).status).toBe(502)
      broken.bucket.setFault(() => ({ kind: 'status', status: 429, retryAfter: '7' }))
      const busy = await fetch(`${broken.url}/area?${BOX}`)
      expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7'])
    } finally {
      await broken.close()
    }
  })

  test.for(['hang', 'garbage', 'truncate'] as const)(
    '%s after the first byte breaks the connection off, so no cut list looks whole',
    async (kind) => {
      const broken = await fresh()
      try {
        broken.bucket.setFault(from(4, { kind }))
        const response = await fetch(`${broken.url}/area?${BOX}&format=uris`)
        expect(response.status).toBe(200)
        await expect(response.text()).rejects.toThrow()
      } finally {
        await broken.close()
      }
    },
  )
})

describe('a client of HTTP/1.0, which has no chunks', () => {
  /** The answer to a GET in the words of HTTP/1.0, as it comes over the socket. */
  async function askOld(url: string, path: string): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(`GET ${path} HTTP/1.0\r\nHost: x\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }

  test('is told the length, so that a cut answer cannot look whole', async () => {
    const answer = await askOld(served.url, `/area?${BOX}&format=uris`)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(/200 OK/)
    expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBe(body.length)
    expect(body.split('\n').length).toBe(121)
  })

  test('gets the status of a failure in the middle of the page', async () => {
    const broken = await serveRows(ROWS, { SWATH_LIST_CONCURRENCY: '1', SWATH_DEADLINE_MS: '400' })
    try {
      broken.bucket.setFault(({ count }) => (count > 3 ? { kind: 'garbage' } : undefined))
      expect(await askOld(broken.url, `/area?${BOX}`)).toMatch(/^HTTP\/1\.[01] 502 /)
    } finally {
      await broken.close()
    }
  })
})

describe('a reader', () => {
  test('who leaves stops the listing', async () => {
    const slow = await serveRows(ROWS, { SWATH_LIST_CONCURRENCY: '2' }, 50)
    try {
      await new Promise<void>((resolve, reject) => {
        const request = get(`${slow.url}/area?${BOX}`, (response) => {
          response.once('data', () => {
            request.destroy()
            resolve()
          })
        })
        request.on('error', (error) => (request.destroyed ? undefined : reject(error)))
      })
      await new Promise((resolve) => setTimeout(resolve, 300))
      const { list } = slow.bucket.stats()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(slow.bucket.stats().list).toBe(list)
      expect(list).toBeLessThan(20)
      expect(slow.house.state().callsInFlight.list).toBe(0)
    } finally {
      await slow.close()
    }
  })

  test('who asks again is answered from memory without a call', async () => {
    const remembering = await serveRows(ROWS)
    try {
      const first = await (await fetch(`${remembering.url}/area?${BOX}`)).text()
      const { list } = remembering.bucket.stats()
      expect(list).toBe(40)
      expect(await (await fetch(`${remembering.url}/area?${BOX}`)).text()).toBe(first)
      expect(remembering.bucket.stats().list).toBe(list)
      expect(remembering.house.state()).toMatchObject({
        listings: { hits: 40, misses: 40 },
        store: { failed: 0 },
      })
    } finally {
      await remembering.close()
    }
  })

  test('and others together never have more calls in flight than the bound', async () => {
    const bounded = await serveRows(ROWS, { SWATH_LIST_CONCURRENCY: '5' }, 10)
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    try {
      const { bucket, house, url } = bounded
      // However slow the machine is, as many come together as may.
      bucket.setFault(() => ({ kind: 'wait', for: held }))
      // Those from the other end ask for other lists.
      const asked = Array.from({ length: 16 }, async (_, n) =>
        (await fetch(`${url}/area?${BOX}&sort=${n % 2 === 0 ? '-datetime' : 'datetime'}`)).text(),
      )
      while (bucket.stats().inFlight < 5 || house.state().callsWaiting.list === 0) await sleep(5)
      release()
      expect(new Set(await Promise.all(asked)).size).toBe(2)
      expect(bucket.stats().maxInFlight).toBe(5)
    } finally {
      release()
      await bounded.close()
    }
  }, 20_000)
})

describe('the other routes', () => {
  test('/images answers for a point', async () => {
    const response = await ask('/images?lat=55.65&lng=12.55&bands=B02&limit=1')
    expect(await response.json()).toEqual([expect.stringMatching(/T33UUB_20190101T100039_B02\.jp2$/)])
    expect(
      (await fault(await ask('/images?lat=55.65&lat1=3'))).errors?.map(({ parameter }) => parameter),
    ).toEqual(expect.arrayContaining(['lng', 'lat1']))
  })

  test('/granules/{id} tells a granule and its images', async () => {
    const granule = await (await ask(`/granules/${LONG_FORM_ROW.GRANULE_ID}`)).json()
    expect(granule).toMatchObject({
      mgrs_tile: '51RWP',
      total_size: null,
      processing_baseline: '02.01',
      footprint: { type: 'Polygon' },
      sensing_time: '2015-12-23T02:39:13.886Z',
    })
    expect((await ask('/granules/L1C_T33UUB_A000001_20190101T000000')).status).toBe(404)
    expect((await ask('/granules/..%2F..%2Fetc%2Fpasswd')).status).toBe(404)
    expect((await ask(`/granules/${LONG_FORM_ROW.GRANULE_ID}?x=1`)).status).toBe(400)
    expect(granule).toMatchObject({ colour: null, red: null })
  })

  test('/estimate counts without listing anything', async () => {
    const estimate = z
      .looseObject({ bytes: z.number() })
      .parse(await (await ask(`/estimate?${BOX}&bands=B02,TCI`)).json())
    expect(estimate).toMatchObject({ tiles: 1, granules: 40, images: 80, query: null })
    expect(estimate.bytes).toBe(Math.round(600_000_000 * 40 * (0.1458 + 0.1052)))
    expect(served.bucket.stats().list).toBe(0)
  })

  test('/healthz is the process, /readyz asks catalog and bucket', async () => {
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/readyz')).status).toBe(200)
    expect(served.bucket.stats().list).toBe(1)
    expect((await ask('/healthz?x=1')).status).toBe(400)
    served.bucket.setFault(() => ({ kind: 'status', status: 403 }))
    expect((await ask('/readyz')).status).toBe(502)
    expect((await ask('/healthz')).status).toBe(200)
  })

  test('a bucket that is no copy of the archive is named, by /readyz and by an area', async () => {
    const wrong = await serveRows(ROWS, { SWATH_STORAGE: 'gs://photos' }, 0, [['cat.jpg', 1]])
    try {
      for (const path of ['/readyz', `/area?${BOX}`]) {
        const response = await fetch(wrong.url + path)
        expect(response.status).toBe(503)
        expect((await fault(response)).detail).toMatch(/bucket photos holds neither tiles\/ nor L2\/tiles\//)
      }
    } finally {
      await wrong.close()
    }
  })

  test('an unknown path is 404, another method 405 with Allow', async () => {
    expect((await fault(await ask('/aria'))).status).toBe(404)
    const posted = await fetch(`${served.url}/images`, { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await fault(posted)).detail).toMatch(/takes GET\.$/)
    for (const path of ['/area', '/estimate', '/area/summary']) {
      const put = await fetch(served.url + path, { method: 'PUT' })
      expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
      expect((await fault(put)).detail).toMatch(/takes GET and POST\.$/)
    }
  })

  test('HEAD answers the headers alone', async () => {
    const response = await fetch(`${served.url}/area?${BOX}&limit=1`, { method: 'HEAD' })
    expect(response.headers.get('link')).toContain('rel="next"')
    expect(await response.text()).toBe('')
  })

  test('a page of another origin may read the answer and its headers', async () => {
    const response = await ask(`/area?${BOX}&limit=1`, { origin: 'https://example.org' })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toContain('Swath-Area')
    await response.text()
  })
})

describe('/area/summary', () => {
  test('counts what /area would list, by month, tile and cloud', async () => {
    const summary = await (await ask(`/area/summary?${BOX}`)).json()
    expect(summary).toMatchObject({
      area: [12.5, 55.6, 12.6, 55.7],
      level: 'L1C',
      granules: 40,
      months: [{ month: '2019-01', granules: 40, least_cloud: 0 }],
      tiles: [{ mgrs_tile: '33UUB', granules: 40, least_cloud: 0 }],
    })
    expect(served.bucket.stats().list).toBe(0)
  })

  test('refuses what is of a list alone, each by its name, once', async () => {
    const listed = 'limit=1&format=csv&bands=TCI&rank=red&sort=rank&token=x'
    const { errors = [] } = await fault(await ask(`/area/summary?${BOX}&${listed}`))
    expect(errors.map(({ parameter }) => parameter).sort()).toEqual([
      'bands',
      'format',
      'limit',
      'rank',
      'sort',
      'token',
    ])
    expect(errors[0]?.message).toBe('limit says nothing of a count; leave it out')
  })

  test('takes the other parameters of /area, and names what is wrong', async () => {
    const wrong = await ask('/area/summary?bbox=1&sort=cluod')
    expect((await fault(wrong)).errors?.map(({ parameter }) => parameter)).toEqual(['sort', 'bbox'])
  })
})
