import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { areaThread } from '../ground/area-thread.ts'
import type { House } from '../house.ts'
import { agesOf } from '../index-age.ts'
import { type AreaAnswer, askedOf, estimateAnswer, listAnswer, summaryAnswer } from './area-answers.ts'
import type { Env } from './env.ts'
import { INDEX_HEADER, tellFreshness } from './freshness.ts'
import { colourAnswer, granuleAnswer } from './granule-answers.ts'
import { refuseParameters } from './no-parameters.ts'
import { previewAnswer } from './preview.ts'
import { noSuchPath, notAllowed, problem } from './problem.ts'

/** What an area is asked for; by POST it may be as long as it likes. */
const AREA_PATHS = {
  '/area': listAnswer,
  '/area/summary': summaryAnswer,
  '/estimate': estimateAnswer,
} as const satisfies Record<string, AreaAnswer>

/** The handler tells which endings there are. */
const PREVIEW = '/granules/:granuleId/:file{preview[^/]*}'

const PATHS = [
  '/images',
  '/granules/:granuleId',
  '/granules/:granuleId/colour',
  PREVIEW,
  '/healthz',
  '/readyz',
]
/** Where answers come from the catalog. */
const CATALOG_PATHS = [...Object.keys(AREA_PATHS), '/images', '/granules/*', '/readyz']

/** Headers that a page of another origin may read. */
const EXPOSED = ['Link', 'Retry-After', 'Swath-Area', 'Swath-Granules', 'Swath-Without-Colour', INDEX_HEADER]
const READING = ['GET', 'HEAD']
const POSTING = [...READING, 'POST']

/** The service: all of its routes. */
export function createApp(house: House): Hono<Env> {
  const app = new Hono<Env>()
  const read = areaThread()

  app.use(cors({ origin: '*', allowMethods: (_, { req }) => methodsOf(req.path), exposeHeaders: EXPOSED }))
  for (const path of CATALOG_PATHS) {
    app.use(path, (c, next) => {
      c.set('session', house.open())
      return next()
    })
    app.use(path, tellFreshness)
  }

  for (const [path, answer] of Object.entries(AREA_PATHS)) {
    app.on(['GET', 'POST'], path, async (c) =>
      answer(c, await askedOf(c, { form: 'box', purpose: purposeOf(answer), read })),
    )
  }
  app.get('/images', async (c) => listAnswer(c, await askedOf(c, { form: 'point', read })))
  app.get('/granules/:granuleId', (c) => granuleAnswer(c, c.req.param('granuleId')))
  app.get('/granules/:granuleId/colour', (c) => colourAnswer(c, c.req.param('granuleId')))
  app.get(PREVIEW, (c) => previewAnswer(c, c.req.param()))
  app.get('/healthz', (c) => {
    refuseParameters(c)
    return c.json({ status: 'ok' })
  })
  app.get('/readyz', (c) => readyAnswer(c, house))

  for (const path of [...Object.keys(AREA_PATHS), ...PATHS]) {
    app.all(path, (c) => notAllowed(c, methodsOf(path)))
  }
  app.notFound(noSuchPath)
  app.onError((thrown, c) => problem(c, thrown))
  return app
}

const purposeOf = (answer: AreaAnswer) => (answer === summaryAnswer ? 'count' : 'list')

const methodsOf = (path: string): string[] => (Object.hasOwn(AREA_PATHS, path) ? POSTING : READING)

/** `/readyz`: a real query and a real listing, and how all goes. */
async function readyAnswer(c: Context<Env>, house: House): Promise<Response> {
  refuseParameters(c)
  const { catalog, storage } = c.var.session
  const { signal } = c.req.raw
  await catalog.check(signal)
  for await (const page of storage.list('tiles/', { delimiter: '/', signal })) if (page.length > 0) break
  const fresh = catalog.freshness()
  const index = fresh && agesOf(fresh, Date.now() * 1000)
  return c.json({ status: 'ready', index: index ?? null, ...house.state() })
}
