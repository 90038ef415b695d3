import type { Colour } from '../../colour/port.ts'
import { DEFAULT_SAMPLING } from '../../colour-query.ts'
import type { Image } from '../../list-area.ts'
import { footprintOf } from '../../sentinel2/footprint.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import { sixDecimals } from '../../sentinel2/reflectance.ts'
import { formatTime } from '../../sentinel2/time.ts'
import { toldColour } from '../../told-colour.ts'
import { type AssetsTold, assetsOf, ITEM_RESOLUTION } from './assets.ts'
import { COLLECTIONS } from './collection-names.ts'
import {
  EXTENSION,
  GEOJSON_TYPE,
  JSON_TYPE,
  STAC_VERSION,
  type StacAsset,
  type StacItem,
} from './documents.ts'
import { itemBox } from './item-box.ts'
import { itemIdOf, namesOf } from './item-id.ts'
import { collectionPlace, granulePlace, itemPlace, stacRoot } from './places.ts'
import { projectionOf, type TileProjection } from './projection.ts'
import { promisedImages } from './promised-images.ts'
import { CONSTELLATION, gridCode, platformOf, productUri } from './properties.ts'

/** What is told with a granule. */
export type ItemTold = AssetsTold & {
  /** As the archive lists them; undefined: promised by name. */
  readonly images?: readonly Image[] | undefined
  /** Of the default sampling, where it is remembered. */
  readonly colour?: Colour | undefined
  /** Share of the asked area that it covers, 0 to 1. */
  readonly coverage?: number | undefined
}

/** A granule as a STAC item. */
export function itemOf(granule: Granule, told: ItemTold): StacItem {
  const geometry = footprintOf(granule) ?? null
  const facts = factsOf(granule)
  const assets = assetsOf(facts, told.images ?? promisedImages(granule), told, facts.projection?.image)
  const { head, properties, links } = itemAround(facts, told, assets)
  return {
    ...head,
    geometry,
    ...(geometry ? { bbox: itemBox(geometry) } : undefined),
    properties: { ...known(properties), datetime: properties.datetime },
    links,
    assets,
  }
}

/** What an item says of its granule, beside its ground and its images. */
export type ItemFacts = Pick<
  Granule,
  'level' | 'baseline' | 'granuleId' | 'productId' | 'datatake' | 'mgrsTile' | 'cloudCover'
> & {
  readonly id: string
  /** Sensing and generation, RFC 3339. */
  readonly datetime: string
  readonly made: string | undefined
  readonly platform: string | undefined
  readonly relativeOrbit: number | undefined
  readonly absoluteOrbit: number | undefined
  /** Undefined where the tile is none of the grid. */
  readonly projection: TileProjection | undefined
}

export function factsOf(granule: Granule, names = namesOf(granule)): ItemFacts {
  const { level, baseline, granuleId, productId, datatake, mgrsTile, cloudCover, generationTime } = granule
  const { ofGranule, ofFolder } = names
  return {
    level,
    baseline,
    granuleId,
    productId,
    datatake,
    mgrsTile,
    cloudCover,
    id: itemIdOf(granule, names),
    datetime: formatTime(granule.sensingTime),
    made: generationTime === undefined ? undefined : formatTime(generationTime),
    platform: ofFolder && platformOf(ofFolder.satellite),
    relativeOrbit: ofFolder?.relativeOrbit,
    absoluteOrbit: ofGranule?.absoluteOrbit,
    projection: projectionOf(mgrsTile),
  }
}

/** All of an item but its ground and its assets; what is not known of the properties is undefined. */
export function itemAround(facts: ItemFacts, told: ItemTold, assets: StacItem['assets']) {
  const properties = propertiesOf(facts, told)
  return {
    head: {
      type: 'Feature',
      stac_version: STAC_VERSION,
      stac_extensions: extensionsOf(properties, fieldsOf(assets)),
      id: facts.id,
      collection: COLLECTIONS[facts.level],
    },
    properties,
    links: linksOf(facts, told.base),
  } as const
}

type Properties = ReturnType<typeof propertiesOf>

function propertiesOf(facts: ItemFacts, { images, colour, coverage }: ItemTold) {
  const { made, projection, granuleId, mgrsTile } = facts
  return {
    datetime: facts.datetime,
    created: made,
    updated: made,
    platform: facts.platform,
    constellation: CONSTELLATION,
    instruments: ['msi'],
    gsd: ITEM_RESOLUTION,
    'eo:cloud_cover': facts.cloudCover,
    'grid:code': projection && gridCode(mgrsTile),
    ...projection?.tile,
    ...projection?.image(ITEM_RESOLUTION),
    'sat:relative_orbit': facts.relativeOrbit,
    'sat:absolute_orbit': facts.absoluteOrbit,
    's2:mgrs_tile': mgrsTile,
    's2:processing_baseline': facts.baseline,
    's2:generation_time': made,
    's2:datatake_id': facts.datatake,
    's2:product_uri': productUri(facts.productId),
    's2:granule_id': granuleId,
    's2:product_type': PRODUCT_TYPE[facts.level],
    'swath:granule_id': granuleId,
    'swath:assets': images ? 'listed' : 'promised',
    'swath:coverage': coverage === undefined ? undefined : sixDecimals(coverage),
    ...(colour && colourProperties(colour)),
  }
}

const PRODUCT_TYPE = { L1C: 'S2MSI1C', L2A: 'S2MSI2A' } as const satisfies Record<Granule['level'], string>

export function colourProperties(colour: Colour) {
  const { hex, shares } = toldColour(colour, DEFAULT_SAMPLING.source)
  const { red, green, blue, valid } = colour
  return {
    'swath:colour': hex,
    'swath:mean_rgb': [red, green, blue].map(sixDecimals),
    'swath:share_red': shares.red,
    'swath:share_green': shares.green,
    'swath:share_blue': shares.blue,
    'swath:valid': valid,
  }
}

/** What is not known is left out: the schemas refuse a null. */
const known = (properties: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))

/** Fields of extensions that are in use among the assets. */
type AssetFields = Readonly<Record<'eo' | 'raster' | 'alternate' | 'file', boolean>>

function fieldsOf(assets: StacItem['assets']): AssetFields {
  const images = Object.values(assets)
  const anyHas = (field: string) => images.some((image) => image[field] !== undefined)
  return {
    eo: images.some(tellsCommonName),
    raster: anyHas('raster:scale'),
    alternate: anyHas('alternate'),
    file: anyHas('file:size'),
  }
}

const tellsCommonName = ({ bands }: StacAsset): boolean =>
  Array.isArray(bands) && bands.some((band) => 'eo:common_name' in band)

/** Only what is used: several schemas refuse an item that names them and holds none of their fields. */
function extensionsOf(properties: Properties, ofAssets: AssetFields): string[] {
  const has = (field: keyof Properties) => properties[field] !== undefined
  const used = {
    ...ofAssets,
    eo: has('eo:cloud_cover') || ofAssets.eo,
    projection: has('proj:code'),
    sat: has('sat:relative_orbit') || has('sat:absolute_orbit'),
    grid: has('grid:code'),
    sentinel2: true,
  } satisfies Record<keyof typeof EXTENSION, boolean>
  return extensionNames.filter((name) => used[name]).map((name) => EXTENSION[name])
}

const extensionNames = Object.keys(EXTENSION).filter(
  (name): name is keyof typeof EXTENSION => name in EXTENSION,
)

function linksOf({ level, granuleId, id }: ItemFacts, base: string): StacItem['links'] {
  const collection = collectionPlace(base, level)
  const granule = granulePlace(base, granuleId)
  return [
    { rel: 'self', type: GEOJSON_TYPE, href: itemPlace(base, level, id) },
    { rel: 'parent', type: JSON_TYPE, href: collection },
    { rel: 'collection', type: JSON_TYPE, href: collection },
    { rel: 'root', type: JSON_TYPE, href: stacRoot(base) },
    { rel: 'via', type: JSON_TYPE, href: granule, title: 'The granule outside STAC' },
  ]
}
