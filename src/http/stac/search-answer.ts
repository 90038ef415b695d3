import type { Context } from 'hono'
import type { Search } from '../../catalog/port.ts'
import type { Session } from '../../house.ts'
import { badRequest } from '../../parameters.ts'
import { tilesOf } from '../../sentinel2/tiles.ts'
import type { Env } from '../env.ts'
import { speaksHttp10, streamed } from '../stream.ts'
import { formOf } from './asked-form.ts'
import { GEOJSON_TYPE } from './documents.ts'
import { entityTag, isKnown } from './entity-tag.ts'
import { levelsHere, stacPage, toldOf } from './found.ts'
import type { ItemWriter } from './item-form.ts'
import { linesAnswer, writerFor } from './lines-answer.ts'
import { baseOf, linkNext, type PageTold, pageLinks, tokenOf } from './links.ts'
import { createPen } from './pen.ts'
import { PIECE, PIECE_ROOM, SHORT_PAGE } from './piece.ts'
import type { StacQuery } from './search-query.ts'
import type { TableAnswer } from './table-answer.ts'

/** Items up to which a page is made at once, with its length; above it is written as it is read. */
const AT_ONCE = 500
/** Items of a page that HTTP/1.0 gets, which is held whole: some 60 MB. */
const MOST_WHOLE = 2000

/** What a search is answered with beside its query. */
export type AnswerTold = Pick<PageTold, 'level' | 'posted'> & {
  readonly writeItem: ItemWriter
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
  const others = {
    links: pageLinks(c, { level, posted, token }),
    ...(matched === undefined ? {} : { numberMatched: matched }),
    numberReturned: page.granules.length,
  }
  const isShort = c.req.method !== 'HEAD' && page.granules.length <= AT_ONCE
  if (page.granules.length > MOST_WHOLE && speaksHttp10(c)) throw tooLong()
  const write = writerFor(query, writeItem)
  const items = toldOf(session, page, baseOf(c))
  const pieces = collectionPieces(items, { write, others, least: isShort ? Infinity : PIECE })
  if (!isShort) return c.newResponse(await streamed(c, pulled(pieces), page.granules.length <= SHORT_PAGE))
  const lane = c.var.pieceTurns.of(c.var.client, page.granules.length <= SHORT_PAGE)
  const { value: whole } = await lane.run(async () => pieces.next(), signal)
  return c.newResponse(whole ?? null)
}

const tooLong = () =>
  badRequest([
    {
      parameter: 'limit',
      message: `limit is above ${MOST_WHOLE}; HTTP/1.0 cannot tell a cut page from a whole one, so ask for less or use HTTP/1.1`,
    },
  ])

type Written = {
  readonly write: ItemWriter
  readonly others: { readonly numberReturned: number }
  /** Bytes of a piece at least. */
  readonly least: number
}

/** Pieces of a FeatureCollection; its other members stand behind the features, for they are known as early. */
function* collectionPieces(
  items: ReturnType<typeof toldOf>,
  { write, others, least }: Written,
): Generator<Uint8Array<ArrayBuffer>> {
  const pen = createPen(PIECE_ROOM)
  pen.ascii('{"type":"FeatureCollection","features":[')
  let count = 0
  for (const [granule, told] of items) {
    if (count++ > 0) pen.ascii(',')
    write(pen, granule, told)
    // Items of a page are about as long.
    if (count === 1 && least === Infinity) pen.expect(pen.length() * others.numberReturned)
    if (pen.length() >= least) yield pen.take()
  }
  pen.utf8(`],${JSON.stringify(others).slice(1)}\n`)
  yield pen.take()
}

async function* pulled(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
