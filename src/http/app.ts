import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { cors } from 'hono/cors'
import { type AreaForm, type AreaQuery, parseAreaQuery } from '../area-query.ts'
import { DEFAULT_SAMPLING, parseSampling } from '../colour-query.ts'
import { Fault } from '../errors.ts'
import { estimate } from '../estimate.ts'
import {
  colourProperties,
  type Format,
  featureOf,
  imagesOf,
  mediaTypeOf,
  propertiesOf,
  samplingProperties,
  write,
} from '../formats.ts'
import type { House, Session } from '../house.ts'
import { type AreaPage, findGranule, listArea, listGranule } from '../list-area.ts'
import { writeToken } from '../page-token.ts'
import type { Parameters } from '../parameters.ts'
import { rankArea } from '../rank-colour.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { previewAnswer } from './preview.ts'
import { noSuchPath, notAllowed, problem } from './problem.ts'
import { streamBody } from './stream.ts'

/** What the Accept header may name, best first. */
const BY_MEDIA_TYPE: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/uri-list': 'uris',
  'text/plain': 'uris',
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/geo+json': 'geojson',
}

/** The handler tells which endings there are. */
const PREVIEW = '/granules/:granuleId/:file{preview[^/]*}'

const PATHS = [
  '/area',
  '/images',
  '/estimate',
  '/granules/:granuleId',
  '/granules/:granuleId/colour',
  PREVIEW,
  '/healthz',
  '/readyz',
]

/** Headers that a page of another origin may read. */
const EXPOSED = ['Link', 'Retry-After', 'Swath-Area', 'Swath-Granules', 'Swath-Without-Colour']

/** The sockets of node:http stand behind the requests. */
type Env = { Bindings: HttpBindings }

/** The service: all of its routes. */
export function createApp(house: House): Hono<Env> {
  const app = new Hono<Env>()

  app.use(cors({ origin: '*', allowMethods: ['GET', 'HEAD'], exposeHeaders: EXPOSED }))

  app.get('/area', (c) => areaAnswer(c, house, 'box'))
  app.get('/images', (c) => areaAnswer(c, house, 'point'))

  app.get('/granules/:granuleId', async (c) => {
    refuseParameters(c)
    const { signal } = c.req.raw
    const session = house.open()
    const granule = await findGranule(session, c.req.param('granuleId'), signal)
    const listed = await listGranule(session, granule, undefined, signal)
    const { geometry } = featureOf(listed, session.storage.bucket)
    const colour = session.rememberedColour(granule, DEFAULT_SAMPLING)
    return c.json({
      ...propertiesOf(granule),
      ...colourProperties(colour, DEFAULT_SAMPLING.source),
      footprint: geometry,
      images: imagesOf(listed, session.storage.bucket),
    })
  })

  app.get('/granules/:granuleId/colour', async (c) => {
    const sampling = parseSampling(c.req.queries())
    const { signal } = c.req.raw
    const session = house.open()
    const granule = await findGranule(session, c.req.param('granuleId'), signal)
    const { colour, cost } = await session.colourOf(granule, sampling, signal)
    return c.json({
      granule_id: granule.granuleId,
      product_id: granule.productId,
      ...colourProperties(colour, sampling.source),
      valid: colour.valid,
      sampled: colour.sampled,
      ...samplingProperties(sampling),
      cached: cost === undefined,
    })
  })

  app.get(PREVIEW, (c) => previewAnswer(c, house, c.req.param()))

  app.get('/estimate', async (c) => {
    const query = parseAreaQuery(c.req.queries(), 'box')
    return c.json(await estimate(house.open().catalog, query, c.req.raw.signal))
  })

  app.get('/healthz', (c) => {
    refuseParameters(c)
    return c.json({ status: 'ok' })
  })

  app.get('/readyz', async (c) => {
    refuseParameters(c)
    const { catalog, storage } = house.open()
    const { signal } = c.req.raw
    await catalog.check(signal)
    for await (const page of storage.list('tiles/', { delimiter: '/', signal })) if (page.length > 0) break
    return c.json({ status: 'ready', ...house.state() })
  })

  for (const path of PATHS) app.all(path, notAllowed)
  app.notFound(noSuchPath)
  app.onError((thrown, c) => problem(c, thrown))
  return app
}

async function areaAnswer(c: Context<Env>, house: House, form: AreaForm): Promise<Response> {
  const query = parseAreaQuery(c.req.queries(), form)
  const { format, mediaType } = answerForm(c, query.format)
  const session = house.open()
  const page = await pageOf(session, query, c.req.raw.signal)
  const pieces = write(format, page.granules, session.storage.bucket, query.rank && query.sampling.source)
  const body = await bodyOf(c, pieces)
  c.header('Content-Type', mediaType)
  c.header('Vary', 'Accept')
  c.header('Swath-Area', wrappedBox(query.search.area.box).join(','))
  c.header('Swath-Granules', String(page.count))
  if (page.withoutColour !== undefined) c.header('Swath-Without-Colour', String(page.withoutColour))
  if (page.next) c.header('Link', `<${nextUrl(c, writeToken(query.search, page.next))}>; rel="next"`)
  return c.newResponse(body)
}

function pageOf(session: Session, query: AreaQuery, signal: AbortSignal): Promise<AreaPage> {
  const { search, rank, sampling, bands, limit, after } = query
  const page = { bands, limit, after, signal }
  return rank ? rankArea(session, search, { ...page, rank, sampling }) : listArea(session, search, page)
}

/**
 * The pieces as they are pulled, an end of the connection where they fail. HTTP/1.0 has no chunks, so that a
 * cut answer would look whole: who speaks it gets the page gathered, with its length.
 */
async function bodyOf(c: Context<Env>, pieces: AsyncGenerator<string>) {
  if (c.env.incoming.httpVersion === '1.0') return (await Array.fromAsync(pieces)).join('')
  const body = await streamBody(pieces, (thrown) => {
    if (!c.req.raw.signal.aborted) {
      console.error(`${c.req.path} broken off:`, thrown instanceof Fault ? thrown.message : thrown)
    }
    c.env.outgoing.destroy()
  })
  if (c.req.method !== 'HEAD') return body
  await body.cancel()
  return null
}

/** The format parameter beats the Accept header; who accepts plain text alone is given it by that name. */
function answerForm(c: Context, asked: Format | undefined): { format: Format; mediaType: string } {
  if (asked) return { format: asked, mediaType: mediaTypeOf(asked) }
  const supports = Object.keys(BY_MEDIA_TYPE)
  const accepted = accepts(c, { header: 'Accept', supports, default: 'application/json' })
  const format = BY_MEDIA_TYPE[accepted] ?? 'json'
  return { format, mediaType: accepted === 'text/plain' ? 'text/plain; charset=utf-8' : mediaTypeOf(format) }
}

/** The same address with the next page's token. TLS may end at a proxy, which then says so. */
function nextUrl(c: Context, token: string): string {
  const url = new URL(c.req.url)
  if (c.req.header('X-Forwarded-Proto') === 'https') url.protocol = 'https:'
  url.searchParams.set('token', token)
  return url.href
}

function refuseParameters(c: Context): void {
  const given: Parameters = c.req.queries()
  const errors = Object.keys(given).map((parameter) => ({
    parameter,
    message: `${parameter} is no parameter`,
  }))
  if (errors.length === 0) return
  const names = errors.map(({ parameter }) => parameter).join(', ')
  throw new Fault('bad-request', `${c.req.path} takes no parameters; leave out ${names}.`, { errors })
}
