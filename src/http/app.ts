import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import type { House } from '../house.ts'
import { agesOf } from '../index-age.ts'
import { estimateAnswer, listAnswer, summaryAnswer } from './area-answers.ts'
import {
  asksArea,
  asksCount,
  asksPicture,
  asksPoint,
  asksPostedArea,
  asksPostedCount,
  asksSampling,
} from './asked.ts'
import type { Env } from './env.ts'
import { explorerRoutes } from './explorer.ts'
import { INDEX_HEADER, tellFreshness } from './freshness.ts'
import { colourAnswer, granuleAnswer } from './granule-answers.ts'
import { refuseParameters } from './no-parameters.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { noSuchPreview, previewAnswer } from './preview.ts'
import { noSuchPath, notAllowed, problem } from './problem.ts'
import { stacRoutes } from './stac/routes.ts'

/** Where answers come from the catalog. */
const CATALOG_PATHS = ['/area', '/area/summary', '/estimate', '/images', '/granules/*', '/readyz']

/** Headers that a page of another origin may read. */
const EXPOSED = [
  'Link',
  'ETag',
  'Retry-After',
  'Swath-Area',
  'Swath-Granules',
  'Swath-Without-Colour',
  INDEX_HEADER,
]
const READING = ['GET', 'HEAD']
const POSTING = [...READING, 'POST']

/** The service: all of its routes, whose types are what typed clients are made of. */
export function createApp(house: House) {
  const app = new Hono<Env>()
  const read = house.readArea

  app.use(
    cors({ origin: '*', allowMethods: (_, { req }) => methodsOf(app, req.path), exposeHeaders: EXPOSED }),
  )
  for (const path of CATALOG_PATHS) {
    app.use(path, (c, next) => {
      c.set('session', house.open())
      return next()
    })
    app.use(path, tellFreshness)
  }

  const routes = app
    .get('/area', asksArea(read), (c) => listAnswer(c, c.req.valid('query')))
    .post('/area', asksPostedArea(read), (c) => listAnswer(c, c.req.valid('query')))
    .get('/area/summary', asksCount(read), (c) => summaryAnswer(c, c.req.valid('query')))
    .post('/area/summary', asksPostedCount(read), (c) => summaryAnswer(c, c.req.valid('query')))
    .get('/estimate', asksArea(read), (c) => estimateAnswer(c, c.req.valid('query')))
    .post('/estimate', asksPostedArea(read), (c) => estimateAnswer(c, c.req.valid('query')))
    .get('/images', asksPoint(read), (c) => listAnswer(c, c.req.valid('query')))
    .get('/granules/:granuleId', (c) => granuleAnswer(c, c.req.param('granuleId')))
    .get('/granules/:granuleId/colour', asksSampling(), (c) =>
      colourAnswer(c, c.req.param('granuleId'), c.req.valid('query')),
    )
    .get('/granules/:granuleId/preview.png', asksPicture('png'), (c) =>
      previewAnswer(c, c.req.param('granuleId'), c.req.valid('query')),
    )
    .get('/granules/:granuleId/preview.webp', asksPicture('webp'), (c) =>
      previewAnswer(c, c.req.param('granuleId'), c.req.valid('query')),
    )
    .get('/granules/:granuleId/preview.jpg', asksPicture('jpg'), (c) =>
      previewAnswer(c, c.req.param('granuleId'), c.req.valid('query')),
    )
    .get('/healthz', (c) => {
      refuseParameters(c)
      return c.json({ status: 'ok' as const })
    })
    .get('/readyz', (c) => readyAnswer(c, house))
    .route('/', openApiRoutes())
  app.get('/granules/:granuleId/:file{preview[^/]*}', noSuchPreview)
  for (const path of new Set(app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path))) {
    app.all(path, (c) => notAllowed(c, methodsOf(app, path)))
  }
  app.notFound(noSuchPath)
  app.onError((thrown, c) => problem(c, thrown))
  return routes.route('/', explorerRoutes(house.state().catalog)).route('/stac', stacRoutes(house))
}

/** What typed clients are made of: `hc<SwathApp>(url)`. */
export type SwathApp = ReturnType<typeof createApp>

const methodsOf = ({ routes }: Hono<Env>, path: string): string[] =>
  routes.some((route) => route.path === path && route.method === 'POST') ? POSTING : READING

/** `/readyz`: a real query and a real listing, and how all goes. */
async function readyAnswer(c: Context<Env>, house: House) {
  refuseParameters(c)
  const { catalog, storage } = c.var.session
  const { signal } = c.req.raw
  await catalog.check(signal)
  for await (const page of storage.list('tiles/', { delimiter: '/', signal })) if (page.length > 0) break
  const fresh = catalog.freshness()
  const index = fresh && agesOf(fresh, Date.now() * 1000)
  return c.json({ status: 'ready' as const, index: index ?? null, ...house.state() })
}
