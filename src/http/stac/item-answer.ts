import type { Context } from 'hono'
import { DEFAULT_SAMPLING } from '../../colour-query.ts'
import { Fault } from '../../errors.ts'
import type { Session } from '../../house.ts'
import { listGranule } from '../../list-area.ts'
import { WORLD } from '../../sentinel2/area.ts'
import type { Level } from '../../sentinel2/bands.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import type { Env } from '../env.ts'
import { refuseParameters } from '../no-parameters.ts'
import { parsePicture, pictureAnswer } from '../preview.ts'
import { COLLECTIONS } from './collection-names.ts'
import { GEOJSON_TYPE } from './documents.ts'
import { entityTag, isKnown } from './entity-tag.ts'
import { idsFilter } from './ids.ts'
import { itemOf } from './item.ts'
import { itemIdOf, parseItemId } from './item-id.ts'
import { baseOf } from './links.ts'

/**
 * One item, whose assets are the images that the archive holds.
 * @throws {Fault} not-found; as Catalog.search and Storage.list
 */
export async function itemAnswer(c: Context<Env>, level: Level, id: string): Promise<Response> {
  refuseParameters(c)
  const { session } = c.var
  const { signal } = c.req.raw
  const granule = await findItem(session, level, id, signal)
  const colour = session.rememberedColour(granule, DEFAULT_SAMPLING)
  const tag = await entityTag(c, [colour])
  if (tag !== undefined) c.header('ETag', tag)
  c.header('Vary', 'Accept')
  if (isKnown(c, tag)) return c.body(null, 304)
  const { images } = await listGranule(session, granule, undefined, signal)
  const item = itemOf(granule, { base: baseOf(c), bucket: session.storage.bucket, colour, images })
  c.header('Content-Type', GEOJSON_TYPE)
  return c.body(`${JSON.stringify(item)}\n`)
}

/** The picture of an item. @throws {Fault} bad-request, not-found; as Catalog.search and Session.drawPreview */
export async function thumbnailAnswer(c: Context<Env>, level: Level, id: string): Promise<Response> {
  const form = parsePicture('webp', c.req.queries())
  return pictureAnswer(c, await findItem(c.var.session, level, id, c.req.raw.signal), form)
}

/**
 * The granule of an item; of products that are named alike any, of granules of one name the best.
 * @throws {Fault} not-found; as Catalog.search
 */
async function findItem(session: Session, level: Level, id: string, signal: AbortSignal): Promise<Granule> {
  const granule = await lookFor(session, level, id, signal)
  if (granule) return granule
  throw new Fault('not-found', `There is no item ${id} in ${COLLECTIONS[level]}.`)
}

async function lookFor(
  { catalog }: Session,
  level: Level,
  id: string,
  signal: AbortSignal,
): Promise<Granule | undefined> {
  const read = parseItemId(id)
  if (read?.level !== level) return undefined
  if (read.form === 'long') {
    const granule = await catalog.granule(read.granuleId, signal)
    return granule && itemIdOf(granule) === id ? granule : undefined
  }
  const { time = { from: undefined, until: undefined }, tiles, only } = idsFilter([id])
  const { granules } = await catalog.search(
    { area: WORLD, level, time, cloud: undefined, tiles, dedupe: 'none', only },
    { limit: 1, signal },
  )
  return granules[0]
}
