import type { Level } from '../../sentinel2/bands.ts'
import { collectionOf } from './collections.ts'
import { CONFORMANCE } from './conformance.ts'
import {
  GEOJSON_TYPE,
  JSON_TYPE,
  OPENAPI_TYPE,
  QUERYABLES_REL,
  SCHEMA_TYPE,
  SORTABLES_REL,
  STAC_VERSION,
  type StacCatalog,
  type StacLink,
} from './documents.ts'
import {
  collectionPlace,
  collectionsPlace,
  conformancePlace,
  docsPlace,
  openApiPlace,
  queryablesPlace,
  searchPlace,
  sortablesPlace,
  stacRoot,
} from './places.ts'

export type LandingTold = {
  /** Absolute address of the service's root, no slash at the end. */
  readonly base: string
  /** Whose collections there are. */
  readonly levels: readonly Level[]
}

/** The root of the API, a STAC catalog. */
export function landingPage({ base, levels }: LandingTold): StacCatalog {
  return {
    type: 'Catalog',
    stac_version: STAC_VERSION,
    stac_extensions: [],
    id: 'swath',
    title: 'Sentinel-2 on Google Cloud Storage',
    description:
      "The images of Sentinel-2 in Google's public archive, found by place, time, cloud cover and mean colour.",
    conformsTo: CONFORMANCE,
    links: [...linksOf(base), ...levels.map((level) => childOf(level, base))],
  }
}

/** `/stac/conformance`. */
export const conformanceDocument = () => ({ conformsTo: CONFORMANCE })

const linksOf = (base: string): readonly StacLink[] => [
  { rel: 'self', type: JSON_TYPE, href: stacRoot(base) },
  { rel: 'root', type: JSON_TYPE, href: stacRoot(base) },
  { rel: 'conformance', type: JSON_TYPE, href: conformancePlace(base) },
  { rel: 'service-desc', type: OPENAPI_TYPE, href: openApiPlace(base) },
  { rel: 'service-doc', type: 'text/html', href: docsPlace(base) },
  { rel: 'data', type: JSON_TYPE, href: collectionsPlace(base) },
  { rel: 'search', type: GEOJSON_TYPE, href: searchPlace(base), method: 'GET' },
  { rel: 'search', type: GEOJSON_TYPE, href: searchPlace(base), method: 'POST' },
  { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: queryablesPlace(base, undefined) },
  { rel: SORTABLES_REL, type: SCHEMA_TYPE, href: sortablesPlace(base, undefined) },
]

const childOf = (level: Level, base: string): StacLink => ({
  rel: 'child',
  type: JSON_TYPE,
  href: collectionPlace(base, level),
  title: collectionOf(level, { base }).title,
})
