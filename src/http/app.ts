import { Hono } from 'hono'
import type { House } from '../house.ts'
import { letAnyOrigin } from './any-origin.ts'
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
import { beginWithin } from './deadline.ts'
import type { Env } from './env.ts'
import { explorerRoutes } from './explorer.ts'
import { INDEX_HEADER, tellFreshness } from './freshness.ts'
import { type Gate, usualGate } from './gate.ts'
import { colourAnswer, granuleAnswer } from './granule-answers.ts'
import { metricsAnswer } from './metrics-answer.ts'
import { refuseParameters } from './no-parameters.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { findOrigin } from './outside.ts'
import { packWhole } from './packed.ts'
import { noSuchPreview, previewAnswer } from './preview.ts'
import { noSuchPath, notAllowed, problem } from './problem.ts'
import { readyAnswer } from './readiness.ts'
import { guardAnswers, keepToHttps } from './security-headers.ts'
import { REQUEST_ID_HEADER, seeRequests } from './seen.ts'
import { stacProblem } from './stac/problem.ts'
import { stacRoutes } from './stac/routes.ts'
import { STALE_HEADER, tellStale } from './stale.ts'

/** App Engine asks it before an instance gets its first visitor. */
const WARM_UP = '/_ah/warmup'
/** Where answers come from the catalog. */
const CATALOG_PATHS = ['/area', '/area/summary', '/estimate', '/images', '/granules/*', '/readyz', WARM_UP]

/** Where answers are made as one text, and may be long. */
const WHOLE_PATHS = ['/area/summary', '/granules/:granuleId', '/openapi.json', '/docs', '/stac/*']

/** Headers that a page of another origin may read. */
const EXPOSED = [
  'Link',
  'ETag',
  'Retry-After',
  'Swath-Area',
  'Swath-Granules',
  'Swath-Without-Colour',
  INDEX_HEADER,
  STALE_HEADER,
  REQUEST_ID_HEADER,
]
const READING = ['GET', 'HEAD']
const POSTING = [...READING, 'POST']

/** The service: all of its routes, whose types are what typed clients are made of. */
export function createApp(house: House, gate: Gate = usualGate()) {
  const app = new Hono<Env>()
  const read = house.readArea

  house.seeing.readGate(() => ({
    ...gate.admission.state(),
    answersWaiting: gate.pieceTurns.waiting(),
  }))
  app.use(seeRequests(house.seeing))
  app.use(guardAnswers)
  app.use(letAnyOrigin({ methodsOf: (path) => methodsOf(app, path), exposed: EXPOSED }))
  app.use(findOrigin(house.baseUrl), keepToHttps)
  app.use(gate.admission.handle)
  app.use(beginWithin(gate.deadlineMs))
  app.use((c, next) => {
    c.set('pieceTurns', gate.pieceTurns)
    return next()
  })
  for (const path of WHOLE_PATHS) app.use(path, packWhole)
  for (const path of CATALOG_PATHS) {
    app.use(path, (c, next) => {
      c.set('session', house.open(c.var.client))
      return next()
    })
    app.use(path, tellFreshness)
    app.use(path, tellStale)
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
    .get('/metrics', (c) => metricsAnswer(c, house))
    .get('/readyz', (c) => readyAnswer(c, house, gate))
    .route('/', openApiRoutes())
  app.get(WARM_UP, (c) => readyAnswer(c, house, gate))
  app.get('/granules/:granuleId/:file{preview[^/]*}', noSuchPreview)
  for (const path of new Set(app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path))) {
    app.all(path, (c) => notAllowed(c, methodsOf(app, path)))
  }
  app.notFound(noSuchPath)
  app.onError((thrown, c) => (isOfStac(c.req.path) ? stacProblem : problem)(c, thrown))
  return routes.route('/', explorerRoutes(house.state().catalog)).route('/stac', stacRoutes(house))
}

/** What typed clients are made of: `hc<SwathApp>(url)`. */
export type SwathApp = ReturnType<typeof createApp>

const methodsOf = ({ routes }: Hono<Env>, path: string): string[] =>
  routes.some((route) => route.path === path && route.method === 'POST') ? POSTING : READING

const isOfStac = (path: string): boolean => path === '/stac' || path.startsWith('/stac/')
