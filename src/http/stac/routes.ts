import { type Context, Hono } from 'hono'
import { Fault } from '../../errors.ts'
import type { House, Session } from '../../house.ts'
import { LEVELS, type Level } from '../../sentinel2/bands.ts'
import type { Env } from '../env.ts'
import { putFreshness } from '../freshness.ts'
import { refuseParameters } from '../no-parameters.ts'
import { putStale } from '../stale.ts'
import { browseAnswer } from './browse-answer.ts'
import { COLLECTIONS, collectionOf, levelOfCollection } from './collections.ts'
import { collectionsAnswer } from './collections-answer.ts'
import { JSON_TYPE, SCHEMA_TYPE } from './documents.ts'
import { givenOf } from './given.ts'
import { itemAnswer, thumbnailAnswer } from './item-answer.ts'
import { itemWriter } from './item-text.ts'
import { conformanceDocument, landingPage } from './landing.ts'
import { baseOf } from './links.ts'
import { openApiPlace } from './places.ts'
import { noSuchStacPath, stacNotAllowed, stacProblem } from './problem.ts'
import { queryablesOf, sortablesOf } from './queryables.ts'
import { searchAnswer } from './search-answer.ts'
import { namesOf, parseStacQuery } from './search-query.ts'
import { tableAnswers } from './table-answer.ts'

const READING = ['GET', 'HEAD']
const SEARCH = '/search'
const PATHS = [
  '/',
  '/api',
  '/conformance',
  '/queryables',
  '/sortables',
  '/collections',
  '/collections/:collection',
  '/collections/:collection/queryables',
  '/collections/:collection/sortables',
  '/collections/:collection/browse',
  '/collections/:collection/browse/:place',
  '/collections/:collection/browse/:place/:month',
  '/collections/:collection/items',
  '/collections/:collection/items/:item',
  '/collections/:collection/items/:item/thumbnail.webp',
]
/** Where answers come from the catalog. */
const FROM_CATALOG = [SEARCH, '/collections', '/collections/:collection/*']

/** The STAC API, to be mounted at /stac. */
export function stacRoutes(house: House): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('session', house.open(c.var.client))
    await next()
    putStale(c)
  })

  for (const path of FROM_CATALOG) {
    app.use(path, async (c, next) => {
      await next()
      const ofPath = levelOfCollection(c.req.param('collection') ?? '')
      const [level, ...others] = ofPath ? [ofPath] : (c.var.levels ?? [])
      putFreshness(c, others.length === 0 ? level : undefined)
    })
  }

  const writeItem = itemWriter()
  const answerTable = tableAnswers()
  const search = async (c: Context<Env>, level?: Level) => {
    const given = await givenOf(c, namesOf({ level }))
    const asked = { level, readArea: house.readArea, now: Date.now(), signal: c.req.raw.signal }
    const query = await parseStacQuery(given, asked)
    c.set('levels', query.search.levels)
    return searchAnswer(c, query, { level, posted: given.posted, writeItem, answerTable })
  }

  app.get('/', (c) => told(c, landingPage({ base: baseOf(c), levels: levelsOf(c.var.session) })))
  app.get('/api', (c) => c.redirect(openApiPlace(baseOf(c)), 307))
  app.get('/conformance', (c) => told(c, conformanceDocument()))
  app.get('/queryables', (c) => told(c, queryablesOf(baseOf(c)), SCHEMA_TYPE))
  app.get('/sortables', (c) => told(c, sortablesOf(baseOf(c)), SCHEMA_TYPE))
  app.get('/collections', (c) => shown(c, collectionsAnswer(c, collectionsOf(c))))
  app.get('/collections/:collection', (c) => told(c, oneCollection(c, namedLevel(c))))
  app.get('/collections/:collection/queryables', (c) =>
    told(c, queryablesOf(baseOf(c), namedLevel(c)), SCHEMA_TYPE),
  )
  app.get('/collections/:collection/sortables', (c) =>
    told(c, sortablesOf(baseOf(c), namedLevel(c)), SCHEMA_TYPE),
  )
  app.get('/collections/:collection/browse', (c) => browseAnswer(c, namedLevel(c), { place: '' }))
  app.get('/collections/:collection/browse/:place', (c) =>
    browseAnswer(c, namedLevel(c), { place: c.req.param('place') }),
  )
  app.get('/collections/:collection/browse/:place/:month', (c) =>
    browseAnswer(c, namedLevel(c), { place: c.req.param('place'), month: c.req.param('month') }),
  )
  app.get('/collections/:collection/items', (c) => search(c, namedLevel(c)))
  app.get('/collections/:collection/items/:item', (c) => itemAnswer(c, namedLevel(c), c.req.param('item')))
  app.get('/collections/:collection/items/:item/thumbnail.webp', (c) =>
    thumbnailAnswer(c, namedLevel(c), c.req.param('item')),
  )
  app.on(['GET', 'POST'], SEARCH, (c) => search(c))

  for (const path of PATHS) app.all(path, (c) => stacNotAllowed(c, READING))
  app.all(SEARCH, (c) => stacNotAllowed(c, [...READING, 'POST']))
  app.all('/*', (c) => withoutSlash(c) ?? noSuchStacPath(c))
  app.onError((thrown, c) => stacProblem(c, thrown))
  return app
}

/** A document that takes no parameters. @throws {Fault} bad-request where some are given */
function told(c: Context<Env>, document: object, type = JSON_TYPE): Response {
  refuseParameters(c)
  return shown(c, document, type)
}

function shown(c: Context<Env>, document: object, type = JSON_TYPE): Response {
  c.header('Content-Type', type)
  return c.body(`${JSON.stringify(document)}\n`)
}

/** The levels of which there are granules; a catalog that does not tell may have any. */
function levelsOf({ catalog }: Session): readonly Level[] {
  const freshness = catalog.freshness()
  return freshness ? LEVELS.filter((level) => freshness.levels[level]) : LEVELS
}

/** The level of the collection in the path. @throws {Fault} not-found */
function namedLevel(c: Context<Env>): Level {
  const id = c.req.param('collection') ?? ''
  const level = levelOfCollection(id)
  const here = levelsOf(c.var.session)
  if (level && here.includes(level)) return level
  const there = here.map((known) => COLLECTIONS[known]).join(' and ')
  throw new Fault('not-found', `There is no collection ${id} here; there is ${there}.`)
}

const oneCollection = (c: Context<Env>, level: Level) =>
  collectionOf(level, { base: baseOf(c), freshness: c.var.session.catalog.freshness()?.levels[level] })

const collectionsOf = (c: Context<Env>) => levelsOf(c.var.session).map((level) => oneCollection(c, level))

/** Many write a slash at the end of an address: the same without. */
function withoutSlash(c: Context): Response | undefined {
  const { pathname, search } = new URL(c.req.url)
  if (!pathname.endsWith('/')) return undefined
  // No pattern: over a long run of slashes its time would grow with the square.
  let end = pathname.length
  while (pathname[end - 1] === '/') end--
  return c.redirect(`${baseOf(c)}${pathname.slice(0, end)}${search}`, 308)
}
