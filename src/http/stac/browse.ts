import type { Level } from '../../sentinel2/bands.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import { formatTime } from '../../sentinel2/time.ts'
import { COLLECTIONS } from './collection-names.ts'
import { GEOJSON_TYPE, JSON_TYPE, STAC_VERSION, type StacCatalog, type StacLink } from './documents.ts'
import { itemIdOf } from './item-id.ts'
import { browsePlace, collectionPlace, itemPlace, stacRoot } from './places.ts'

/** A step from a collection towards its items; '' for a place is the first one, which leads to all zones. */
export type Step =
  | { readonly place: string; readonly month?: undefined }
  | { readonly place: string; readonly month: string }

/** What a step leads to. */
export type Under =
  /** Zones, bands of latitude or tiles. */
  | { readonly places: readonly string[]; readonly isCertain: boolean }
  /** `2021-07`; without a number where nobody has counted. */
  | { readonly months: readonly { readonly month: string; readonly granules?: number }[] }
  | { readonly granules: readonly Granule[] }

/** One step as a STAC catalog, whose links of child and item lead on. */
export function browseCatalog(level: Level, step: Step, under: Under, base: string): StacCatalog {
  const steps = stepsOf(step)
  const collection = COLLECTIONS[level]
  return {
    type: 'Catalog',
    stac_version: STAC_VERSION,
    stac_extensions: [],
    id: [collection, ...(steps.length > 0 ? steps : ['browse'])].join('-'),
    title: titleOf(step),
    description: `${descriptionOf(step)} of ${collection}.${certaintyOf(under)}`,
    links: [
      { rel: 'self', type: JSON_TYPE, href: browsePlace(base, level, ...steps) },
      { rel: 'root', type: JSON_TYPE, href: stacRoot(base) },
      { rel: 'parent', type: JSON_TYPE, href: parentOf(step, level, base) },
      { rel: 'collection', type: JSON_TYPE, href: collectionPlace(base, level) },
      ...linksUnder(level, step, under, base),
    ],
  }
}

const stepsOf = ({ place, month }: Step): string[] =>
  [place, month].filter((part): part is string => part !== undefined && part !== '')

function titleOf({ place, month }: Step): string {
  if (month !== undefined) return `${place}, ${month}`
  return place === '' ? 'By tile and month' : place
}

/** By the length of a place's name. */
const WORDS: Readonly<Record<number, string>> = {
  0: 'The zones',
  2: 'The bands of latitude in a UTM zone',
  3: 'The tiles in a band of latitude and a UTM zone',
  5: 'The months of a tile',
}
const descriptionOf = ({ place, month }: Step): string =>
  month === undefined ? (WORDS[place.length] ?? '') : `The items of tile ${place} in ${month} (UTC)`

/** A catalog that is billed by the question, or lists, says where something may be. */
function certaintyOf(under: Under): string {
  const isCounted =
    'months' in under
      ? under.months.every(({ granules }) => granules !== undefined)
      : !('isCertain' in under) || under.isCertain
  return isCounted ? '' : ' Some of what is linked may be empty: to know it would take a search.'
}

/** A tile's band and zone stand in its name. */
function parentOf({ place, month }: Step, level: Level, base: string): string {
  if (month !== undefined) return browsePlace(base, level, place)
  if (place === '') return collectionPlace(base, level)
  if (place.length === 2) return browsePlace(base, level)
  return browsePlace(base, level, place.slice(0, place.length === 3 ? 2 : 3))
}

function linksUnder(level: Level, { place }: Step, under: Under, base: string): StacLink[] {
  if ('places' in under) {
    return under.places.map((name) => childLink(browsePlace(base, level, name), name))
  }
  if ('months' in under) {
    return under.months.map(({ month, granules }) =>
      childLink(
        browsePlace(base, level, place, month),
        granules === undefined ? month : `${month}, ${granules} ${granules === 1 ? 'item' : 'items'}`,
      ),
    )
  }
  // A product that holds its tile in two pieces is one item.
  const items = new Map(under.granules.map((granule) => [itemIdOf(granule), granule]))
  return [...items].map(([id, { sensingTime, cloudCover }]) => ({
    rel: 'item',
    type: GEOJSON_TYPE,
    href: itemPlace(base, level, id),
    title: `${formatTime(sensingTime)}${cloudCover === undefined ? '' : `, ${Math.round(cloudCover)} % cloud`}`,
  }))
}

const childLink = (href: string, title: string): StacLink => ({ rel: 'child', type: JSON_TYPE, href, title })
