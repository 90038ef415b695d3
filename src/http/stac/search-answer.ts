import type { Context } from 'hono'
import type { Search } from '../../catalog/port.ts'
import type { Session } from '../../house.ts'
import { tilesOf } from '../../sentinel2/tiles.ts'
import type { Env } from '../env.ts'
import { formOf } from './asked-form.ts'
import { GEOJSON_TYPE } from './documents.ts'
import { entityTag, isKnown } from './entity-tag.ts'
import { levelsHere, stacPage, toldOf } from './found.ts'
import type { ItemText } from './item-text.ts'
import { itemTexts, linesAnswer } from './lines-answer.ts'
import { baseOf, linkNext, type PageTold, pageLinks, tokenOf } from './links.ts'
import type { StacQuery } from './search-query.ts'
import { streamed } from './streamed.ts'
import type { TableAnswer } from './table-answer.ts'

/** Items up to which a page is made as one text, with its length; above it is written as it is read. */
const AT_ONCE = 500
/** Items in one piece of a longer page. */
const PIECE = 50

/** What a search is answered with beside its query. */
export type AnswerTold = Pick<PageTold, 'level' | 'posted'> & {
  readonly writeItem: ItemText
  readonly answerTable: TableAnswer
}

/** A page of items as a FeatureCollection, or the items in another form. @throws {Fault} as Catalog.search */
export async function searchAnswer(
  c: Context<Env>,
  query: StacQuery,
  { level, posted, writeItem, answerTable }: AnswerTold,
): Promise<Response> {
  const { session } = c.var
  const { signal } = c.req.raw
  const form = formOf(c, query.format)
  const { fingerprint, limit, isLimited, after, fields } = query
  const isPosted = posted !== undefined
  // What is asked of colours changes with each that is made.
  const tag = query.search.colours
    ? undefined
    : await entityTag(c, [isPosted, fingerprint, form, limit, isLimited, after, fields])
  if (tag !== undefined) c.header('ETag', tag)
  c.header('Vary', 'Accept')
  if (isKnown(c, tag)) return c.body(null, 304)
  if (form === 'parquet') return answerTable(c, query)
  if (form !== 'geojson') return linesAnswer(c, query, { form, writeItem })
  const [page, matched] = await Promise.all([
    stacPage(session, query, signal),
    after ? undefined : numberMatched(session, query, signal),
  ])
  const token = tokenOf(query, page)
  linkNext(c, token)
  c.header('Content-Type', GEOJSON_TYPE)
  const pieces = collectionTexts(itemTexts(toldOf(session, page, baseOf(c)), query, writeItem), {
    links: pageLinks(c, { level, posted, token }),
    ...(matched === undefined ? {} : { numberMatched: matched }),
    numberReturned: page.granules.length,
  })
  return c.newResponse(await bodyOf(c, pieces, page.granules.length))
}

/** Pieces of a FeatureCollection; its other members stand behind the features, for they are known as early. */
function* collectionTexts(items: Iterable<string>, others: object): Generator<string> {
  let piece = '{"type":"FeatureCollection","features":['
  let count = 0
  for (const item of items) {
    piece += count === 0 ? item : `,${item}`
    if (++count % PIECE > 0) continue
    yield piece
    piece = ''
  }
  yield `${piece}],${JSON.stringify(others).slice(1)}\n`
}

/** All at once where that is little, which costs least; else as it is pulled. */
const bodyOf = (c: Context<Env>, pieces: Generator<string>, count: number) =>
  c.req.method !== 'HEAD' && count <= AT_ONCE ? [...pieces].join('') : streamed(c, pulled(pieces))

async function* pulled(pieces: Iterable<string>): AsyncGenerator<string> {
  yield* pieces
}

/** Square degrees that hold some two hundred tiles. */
const SMALL = 150
const FEW_TILES = 200

/** How many items match in all, where counting is no walk over what was found. */
async function numberMatched(
  { catalog }: Session,
  { search }: StacQuery,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { levels: asked, sort: _, colours, ...shared } = search
  const { area, tiles, only } = search
  const levels = levelsHere(catalog, asked)
  if (levels.length === 0) return 0
  if (only || colours?.where.length || area.shape) return undefined
  const [west, south, east, north] = area.box
  const isSmall = tiles ? tiles.length <= FEW_TILES : (east - west) * (north - south) <= SMALL
  if (!isSmall || tilesOf(area, tiles).length > FEW_TILES) return undefined
  const extents = await Promise.all(
    levels.map((level) => catalog.extent({ ...shared, level } satisfies Search, signal)),
  )
  return extents.reduce<number | undefined>(
    (sum, extent) => (sum === undefined || !extent ? undefined : sum + extent.granules),
    0,
  )
}
