import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import type { House } from '../../src/house.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const BUCKET = join(import.meta.dirname, '../../sample/bucket')
const PLACE = 'tiles/33/U/UB/S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358.SAFE'
const GRANULE = 'L1C_T33UUB_A017537_20200715T102602'
const OTHER = 'L1C_T33UVB_A015792_20180701T102024'

const problem = z.object({
  type: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ parameter: z.string(), message: z.string() })).optional(),
})

type Service = { readonly url: string; readonly house: House; close(): Promise<void> }
const opened: Service[] = []
let folder: Temporary
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const service of opened.splice(0)) await service.close()
})
afterAll(() => folder.remove())

/** The service over the sample, or over a folder in place of its bucket. */
async function serve(bucket?: string): Promise<Service> {
  const house = await openHouse(
    readConfig({
      SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
      ...(bucket ? { SWATH_STORAGE: `folder:${bucket}` } : {}),
    }),
  )
  const served = await serveHouse(house)
  const close = async () => {
    served.stop()
    await house.close()
  }
  const service = { url: `${served.url}/granules/`, house, close }
  opened.push(service)
  return service
}

const faultOf = async (response: Response) => problem.parse(await response.json())

describe('/granules/{id}/preview', () => {
  test.for([
    ['preview.png', 'image/png', 171],
    ['preview.webp', 'image/webp', 171],
    ['preview.jpg', 'image/jpeg', 171],
    ['preview.png?width=16', 'image/png', 16],
    ['preview.webp?width=1024', 'image/webp', 1024],
  ] as const)('%s is a picture of its type and width', async ([path, type, width]) => {
    const { url } = await serve()
    const response = await fetch(`${url}${GRANULE}/${path}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000')
    const ending = type === 'image/jpeg' ? 'jpg' : type.slice('image/'.length)
    expect(response.headers.get('content-disposition')).toBe(`inline; filename="${GRANULE}.${ending}"`)
    const metadata = await sharp(bytes).metadata()
    expect([`image/${metadata.format}`, metadata.width, metadata.height]).toEqual([type, width, width])
  })

  test('has one tag for each granule, type and width, the same after a restart', async () => {
    const tags = async ({ url }: Service) => {
      const paths = [`${GRANULE}/preview.png`, `${GRANULE}/preview.webp`, `${GRANULE}/preview.png?width=171`]
      const asked = [...paths, `${OTHER}/preview.png`].map((path) => fetch(url + path, { method: 'HEAD' }))
      return (await Promise.all(asked)).map(({ headers }) => headers.get('etag'))
    }
    const first = await tags(await serve())
    expect(new Set(first).size).toBe(4)
    expect(first.every((tag) => /^"[\w-]{27}"$/.test(tag ?? ''))).toBe(true)
    expect(await tags(await serve())).toEqual(first)
  })

  test('that the asker holds already is a 304, for which nothing is listed, read or drawn', async () => {
    const tag = (await fetch(`${(await serve()).url}${GRANULE}/preview.png`)).headers.get('etag') ?? ''
    const { url, house } = await serve()
    for (const held of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const response = await fetch(`${url}${GRANULE}/preview.png`, { headers: { 'If-None-Match': held } })
      expect([response.status, await response.text()]).toEqual([304, ''])
      expect(response.headers.get('etag')).toBe(tag)
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000')
    }
    const { previews, listings, decoding } = house.state()
    expect([previews.drawn, listings.misses, decoding.decoded]).toEqual([0, 0, 0])
    const other = await fetch(`${url}${GRANULE}/preview.webp`, { headers: { 'If-None-Match': tag } })
    expect(other.status).toBe(200)
  })

  test('is drawn once however many ask, and HEAD tells its length', async () => {
    const { url, house } = await serve()
    const ask = () => fetch(`${url}${GRANULE}/preview.jpg?width=200`)
    const answers = await Promise.all(Array.from({ length: 12 }, ask))
    const bodies = await Promise.all(answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())))
    expect(bodies.every((body) => body.equals(bodies[0] ?? Buffer.alloc(0)))).toBe(true)
    const head = await fetch(`${url}${GRANULE}/preview.jpg?width=200`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bodies[0]?.length)])
    expect(house.state()).toMatchObject({ previews: { drawn: 1, failed: 0 }, decoding: { decoded: 1 } })
  })

  test.for(['preview.gif', 'preview.jpeg', 'preview', 'preview.png.png'])('%s is not there', async (file) => {
    const response = await fetch(`${(await serve()).url}${GRANULE}/${file}`)
    expect(response.status).toBe(404)
    expect((await faultOf(response)).detail).toBe(
      `There is no ${file}; there are preview.png, preview.webp, preview.jpg.`,
    )
  })

  test.for(['15', '1025', '1e2', '-20', '', 'wide'])('of width %j is refused', async (width) => {
    const response = await fetch(`${(await serve()).url}${GRANULE}/preview.png?width=${width}`)
    expect(response.status).toBe(400)
    const { errors } = await faultOf(response)
    expect(errors).toEqual([{ parameter: 'width', message: expect.stringMatching(/^width is not /) }])
  })

  test('with wrong parameters, by a wrong way or of an unknown granule is refused', async () => {
    const { url } = await serve()
    const wrong = await fetch(`${url}${GRANULE}/preview.png?widht=20&width=20&width=30`)
    const { errors = [] } = await faultOf(wrong)
    expect([wrong.status, ...errors.map(({ message }) => message)]).toEqual([
      400,
      'widht is no parameter (did you mean width?)',
      'width is given 2 times',
    ])
    const posted = await fetch(`${url}${GRANULE}/preview.png`, { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const unknown = await fetch(`${url}L1C_T33UUB_A000001_20190101T000000/preview.png`)
    expect([unknown.status, (await faultOf(unknown)).detail]).toEqual([
      404,
      'There is no granule L1C_T33UUB_A000001_20190101T000000 in the catalog.',
    ])
  })
})

describe('in a folder', () => {
  /** A copy of one product, whose files may be changed. */
  async function copy(change: (granule: string) => Promise<void>): Promise<Service> {
    const bucket = join(folder.path, `bucket-${crypto.randomUUID()}`)
    await mkdir(join(bucket, dirname(PLACE)), { recursive: true })
    await cp(join(BUCKET, PLACE), join(bucket, PLACE), { recursive: true })
    await change(join(bucket, PLACE, 'GRANULE', GRANULE))
    return serve(bucket)
  }
  const previewIn = async (granule: string) => {
    const [name = ''] = (await readdir(join(granule, 'QI_DATA'))).filter((file) => /PVI\.jp2$/.test(file))
    return join(granule, 'QI_DATA', name)
  }

  test('a granule without PVI is drawn from its bands', async () => {
    const { url, house } = await copy(async (granule) => rm(await previewIn(granule)))
    const response = await fetch(`${url}${GRANULE}/preview.png`)
    const { width } = await sharp(await response.arrayBuffer()).metadata()
    expect([response.status, width]).toEqual([200, 366])
    expect(house.state().previews).toMatchObject({ drawn: 1, failed: 0 })
  })

  test('a granule with neither is a 404 with the reason, which nobody keeps for a year', async () => {
    const { url } = await copy(async (granule) => {
      await rm(await previewIn(granule))
      await rm(join(granule, 'IMG_DATA'), { recursive: true })
    })
    const response = await fetch(`${url}${GRANULE}/preview.png`)
    expect([response.status, response.headers.get('cache-control'), response.headers.get('etag')]).toEqual([
      404,
      null,
      null,
    ])
    expect(await faultOf(response)).toMatchObject({
      type: 'urn:swath:problem:no-colour',
      detail: expect.stringContaining(`no preview (PVI) of ${GRANULE}`),
    })
  })

  test('a broken PVI without bands is a 502 that names the file', async () => {
    const { url } = await copy(async (granule) => {
      await writeFile(await previewIn(granule), 'This is no picture.')
      await rm(join(granule, 'IMG_DATA'), { recursive: true })
    })
    const response = await fetch(`${url}${GRANULE}/preview.png`)
    expect(response.status).toBe(502)
    expect((await faultOf(response)).detail).toMatch(/T33UUB_20200715T102559_PVI\.jp2 cannot be read: /)
  })
})
