import type { Context } from 'hono'
import type { Cursor, Search } from '../../catalog/port.ts'
import { Fault } from '../../errors.ts'
import type { Session } from '../../house.ts'
import { WORLD } from '../../sentinel2/area.ts'
import type { Level } from '../../sentinel2/bands.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import { gridPlacesIn } from '../../sentinel2/grid-places.ts'
import { tileBox } from '../../sentinel2/tiles.ts'
import type { Env } from '../env.ts'
import { refuseParameters } from '../no-parameters.ts'
import { browseCatalog, type Step, type Under } from './browse.ts'
import { COLLECTIONS } from './collection-names.ts'
import { JSON_TYPE } from './documents.ts'
import { entityTag, isKnown } from './entity-tag.ts'
import { baseOf } from './links.ts'

/**
 * A step from a collection to its items: zones, bands of latitude, tiles, months, and the items of a month.
 * @throws {Fault} not-found where the grid has no such place; as Catalog.search
 */
export async function browseAnswer(c: Context<Env>, level: Level, step: Step): Promise<Response> {
  refuseParameters(c)
  const { session } = c.var
  const under = await whatIsUnder(session, level, step, c.req.raw.signal)
  if (!under) {
    const name = step.month === undefined ? step.place : `${step.place}/${step.month}`
    throw new Fault('not-found', `There is no ${name} to browse in ${COLLECTIONS[level]}.`)
  }
  const tag = await entityTag(c, [])
  if (tag !== undefined) c.header('ETag', tag)
  c.header('Vary', 'Accept')
  if (isKnown(c, tag)) return c.body(null, 304)
  c.header('Content-Type', JSON_TYPE)
  return c.body(`${JSON.stringify(browseCatalog(level, step, under, baseOf(c)))}\n`)
}

/** Undefined where there is no such step. */
async function whatIsUnder(
  { catalog }: Session,
  level: Level,
  { place, month }: Step,
  signal: AbortSignal,
): Promise<Under | undefined> {
  const ofTile: Search = { ...ALL, level, tiles: [place] }
  if (tileBox(place) === undefined) {
    const inGrid = month === undefined ? gridPlacesIn(place) : undefined
    if (!inGrid) return undefined
    const held = await catalog.placesIn(place, level, signal)
    // Searches find what lies in the grid alone.
    const places = held ? inGrid.filter((name) => held.includes(name)) : inGrid
    return { places, isCertain: held !== undefined }
  }
  if (month !== undefined) {
    const time = timeOf(month)
    return time && { granules: await allOf(catalog, { ...ofTile, time }, signal) }
  }
  const summary = await catalog.summary(ofTile, signal)
  return { months: summary ? summary.months : monthsUntil(Date.now()).map((name) => ({ month: name })) }
}

/** All products: an item that another has superseded is an item. */
const ALL = {
  area: WORLD,
  time: { from: undefined, until: undefined },
  cloud: undefined,
  dedupe: 'none',
} as const satisfies Partial<Search>

/** A tile has some tens of granules a month; near the poles up to some hundred. */
const A_PAGE = 1000

async function allOf(catalog: Session['catalog'], search: Search, signal: AbortSignal): Promise<Granule[]> {
  const found: Granule[] = []
  let after: Cursor | undefined
  do {
    const page = await catalog.search(search, { limit: A_PAGE, after, signal })
    found.push(...page.granules)
    after = page.next
  } while (after)
  return found
}

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

/** A month of UTC; undefined where it is written otherwise. */
function timeOf(month: string): Search['time'] | undefined {
  const [, year, number] = MONTH.exec(month) ?? []
  if (year === undefined || number === undefined) return undefined
  const at = (offset: number) => Date.UTC(Number(year), Number(number) - 1 + offset) * 1000
  return { from: at(0), until: at(1) - 1 }
}

/** Sentinel-2A took its first image on 27 June 2015. @param now milliseconds since 1970 */
function monthsUntil(now: number): string[] {
  const months: string[] = []
  for (let n = 5; Date.UTC(2015, n) <= now; n++) {
    months.push(new Date(Date.UTC(2015, n)).toISOString().slice(0, 7))
  }
  return months.reverse()
}
