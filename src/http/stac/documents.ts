import type { Footprint } from '../../sentinel2/footprint.ts'

/** What STAC calls its documents' versions: of items, collections and catalogs. */
export const STAC_VERSION = '1.1.0'

export type StacLink = {
  readonly rel: string
  readonly href: string
  readonly type?: string
  readonly title?: string
  readonly method?: 'GET' | 'POST'
}

export type StacAsset = {
  readonly href: string
  readonly type: string
  readonly title?: string
  readonly roles: readonly string[]
} & Readonly<Record<string, unknown>>

/** `[west, south, east, north]`, degrees, WGS 84; west > east crosses the antimeridian (RFC 7946, 5.2). */
export type StacBox = readonly [west: number, south: number, east: number, north: number]

/** A GeoJSON Feature; one without geometry has no bbox. */
export type StacItem = {
  readonly type: 'Feature'
  readonly stac_version: typeof STAC_VERSION
  readonly stac_extensions: readonly string[]
  readonly id: string
  readonly collection: string
  readonly geometry: Footprint | null
  readonly bbox?: StacBox
  readonly properties: Readonly<Record<string, unknown>> & { readonly datetime: string }
  readonly links: readonly StacLink[]
  readonly assets: Readonly<Record<string, StacAsset>>
}

export type StacCollection = {
  readonly type: 'Collection'
  readonly stac_version: typeof STAC_VERSION
  readonly stac_extensions: readonly string[]
  readonly id: string
  readonly title: string
  readonly description: string
  readonly links: readonly StacLink[]
} & Readonly<Record<string, unknown>>

export type StacCatalog = {
  readonly type: 'Catalog'
  readonly stac_version: typeof STAC_VERSION
  readonly stac_extensions: readonly string[]
  readonly id: string
  readonly title: string
  readonly description: string
  /** Of the landing page alone. */
  readonly conformsTo?: readonly string[]
  readonly links: readonly StacLink[]
}

export const JSON_TYPE = 'application/json'
export const GEOJSON_TYPE = 'application/geo+json'
export const SCHEMA_TYPE = 'application/schema+json'
/** As `/openapi.json` is answered. */
export const OPENAPI_TYPE = 'application/vnd.oai.openapi+json;version=3.1'

/** Relations of the registry that OGC API Features 3 and its siblings name. */
export const QUERYABLES_REL = 'http://www.opengis.net/def/rel/ogc/1.0/queryables'
export const SORTABLES_REL = 'http://www.opengis.net/def/rel/ogc/1.0/sortables'

const EXTENSIONS = 'https://stac-extensions.github.io'

/** The extensions in use: where each one's schema lies, and the start of its own fields' names. */
export const EXTENSION = {
  eo: `${EXTENSIONS}/eo/v2.0.0/schema.json`,
  projection: `${EXTENSIONS}/projection/v1.2.0/schema.json`,
  sat: `${EXTENSIONS}/sat/v1.0.0/schema.json`,
  grid: `${EXTENSIONS}/grid/v1.1.0/schema.json`,
  raster: `${EXTENSIONS}/raster/v2.0.0/schema.json`,
  alternate: `${EXTENSIONS}/alternate-assets/v1.2.0/schema.json`,
  file: `${EXTENSIONS}/file/v2.1.0/schema.json`,
  sentinel2: `${EXTENSIONS}/sentinel-2/v1.0.0/schema.json`,
} as const
