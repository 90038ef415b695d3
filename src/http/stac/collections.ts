import type { LevelFreshness } from '../../catalog/port.ts'
import type { Level } from '../../sentinel2/bands.ts'
import { formatTime } from '../../sentinel2/time.ts'
import { assetKinds } from './assets.ts'
import { COLLECTIONS } from './collection-names.ts'
import {
  EXTENSION,
  GEOJSON_TYPE,
  JSON_TYPE,
  QUERYABLES_REL,
  SCHEMA_TYPE,
  SORTABLES_REL,
  STAC_VERSION,
  type StacCollection,
  type StacLink,
} from './documents.ts'
import {
  browsePlace,
  collectionPlace,
  itemsPlace,
  queryablesPlace,
  sortablesPlace,
  stacRoot,
} from './places.ts'
import { imagesByRule } from './promised-images.ts'
import { CONSTELLATION, PLATFORMS } from './properties.ts'

export { COLLECTIONS, levelOfCollection } from './collection-names.ts'

export type CollectionTold = {
  /** Absolute address of the service's root, no slash at the end. */
  readonly base: string
  readonly freshness?: LevelFreshness | undefined
}

/** A level as a STAC collection. */
export function collectionOf(level: Level, { base, freshness }: CollectionTold): StacCollection {
  return {
    type: 'Collection',
    stac_version: STAC_VERSION,
    stac_extensions: [EXTENSION.eo],
    id: COLLECTIONS[level],
    title: WORDS[level].title,
    description: `${WORDS[level].description} ${OF_COLOURS}`,
    keywords: [
      'sentinel',
      'sentinel-2',
      'copernicus',
      'esa',
      'msi',
      'multispectral',
      'jpeg2000',
      level.toLowerCase(),
    ],
    license: 'other',
    providers: PROVIDERS,
    extent: {
      spatial: { bbox: [COVERED] },
      temporal: { interval: [[FIRST_IMAGE, freshness ? formatTime(freshness.newestSensing) : null]] },
    },
    itemType: 'feature',
    crs: ['http://www.opengis.net/def/crs/OGC/1.3/CRS84'],
    summaries: SUMMARIES,
    item_assets: assetKinds(imagesByRule(level, RICHEST)),
    links: linksOf(level, base),
  }
}

const WORDS = {
  L1C: {
    title: 'Sentinel-2 Level-1C',
    description:
      'Top-of-atmosphere reflectance of the Sentinel-2 satellites, in tiles of 109.8 km, from the public archive on Google Cloud Storage.',
  },
  L2A: {
    title: 'Sentinel-2 Level-2A',
    description:
      'Surface reflectance, scene classification, aerosols and water vapour of the Sentinel-2 satellites, in tiles of 109.8 km, from the public archive on Google Cloud Storage.',
  },
} as const satisfies Record<Level, { readonly title: string; readonly description: string }>

/** What no schema of queryables has a word for: where in a filter they may stand. */
const OF_COLOURS =
  'Items whose mean colour is remembered tell it: swath:colour as #rrggbb, swath:mean_rgb as reflectance, ' +
  'swath:share_red, swath:share_green and swath:share_blue as shares of it, swath:valid as the share of its pixels ' +
  'that hold data. A filter may compare these shares and swath:red, swath:green, swath:blue, joined to the rest by ' +
  'AND, and finds only such items.'

/** No image is older: the first one that MSI of Sentinel-2A took. */
const FIRST_IMAGE = '2015-06-27T00:00:00.000Z'
/** `[west, south, east, north]`: ESA's southernmost tile reaches to 83.84° south, its northernmost to 84.65° north. */
const COVERED = [-180, -84, 180, 85]

/** A baseline since which granules hold most images. */
const RICHEST = '04.00'

const PROVIDERS = [
  {
    name: 'ESA',
    description: 'Copernicus programme of the European Union; the European Space Agency runs Sentinel-2.',
    roles: ['producer', 'licensor'],
    url: 'https://sentinels.copernicus.eu/web/sentinel/missions/sentinel-2',
  },
  {
    name: 'swath',
    description: 'This catalog: it reads the index of the archive and works out mean colours.',
    roles: ['processor'],
  },
  {
    name: 'Google',
    description: 'Keeps the archive in a public bucket of Google Cloud Storage.',
    roles: ['host'],
    url: 'https://cloud.google.com/storage/docs/public-datasets/sentinel-2',
  },
]

const LICENCE: StacLink = {
  rel: 'license',
  href: 'https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice',
  type: 'application/pdf',
  title: 'Legal notice on the use of Copernicus Sentinel data',
}

const SUMMARIES = {
  constellation: [CONSTELLATION],
  platform: PLATFORMS,
  instruments: ['msi'],
  gsd: [10],
  'eo:cloud_cover': { minimum: 0, maximum: 100 },
  'sat:relative_orbit': { minimum: 1, maximum: 143 },
  ...Object.fromEntries(
    ['swath:share_red', 'swath:share_green', 'swath:share_blue', 'swath:valid'].map((name) => [
      name,
      { minimum: 0, maximum: 1 },
    ]),
  ),
}

function linksOf(level: Level, base: string): readonly StacLink[] {
  return [
    { rel: 'self', type: JSON_TYPE, href: collectionPlace(base, level) },
    { rel: 'root', type: JSON_TYPE, href: stacRoot(base) },
    { rel: 'parent', type: JSON_TYPE, href: stacRoot(base) },
    { rel: 'items', type: GEOJSON_TYPE, href: itemsPlace(base, level) },
    { rel: 'child', type: JSON_TYPE, href: browsePlace(base, level), title: 'By tile and month' },
    { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: queryablesPlace(base, level) },
    { rel: SORTABLES_REL, type: SCHEMA_TYPE, href: sortablesPlace(base, level) },
    LICENCE,
  ]
}
