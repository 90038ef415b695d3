import type { Level } from '../../sentinel2/bands.ts'
import { COLLECTIONS } from './collection-names.ts'

/** Where the parts of the API lie; `base` is the absolute address of the service's root, no slash at the end. */
export const stacRoot = (base: string): string => `${base}/stac`
export const conformancePlace = (base: string): string => `${base}/stac/conformance`
export const searchPlace = (base: string): string => `${base}/stac/search`
export const collectionsPlace = (base: string): string => `${base}/stac/collections`
export const collectionPlace = (base: string, level: Level): string =>
  `${base}/stac/collections/${COLLECTIONS[level]}`
export const itemsPlace = (base: string, level: Level): string => `${collectionPlace(base, level)}/items`
export const itemPlace = (base: string, level: Level, id: string): string =>
  `${itemsPlace(base, level)}/${encodeURIComponent(id)}`
/** The picture of an item's own product, which a granule outside STAC may have several of. */
export const thumbnailPlace = (base: string, level: Level, id: string): string =>
  `${itemPlace(base, level, id)}/thumbnail.webp`
/** A catalog on the way from a collection to its items: of no step, a zone, a band of latitude, a tile, a month. */
export const browsePlace = (base: string, level: Level, ...steps: readonly string[]): string =>
  [collectionPlace(base, level), 'browse', ...steps].join('/')
/** Of one collection, or of all. */
export const queryablesPlace = (base: string, level: Level | undefined): string =>
  `${level ? collectionPlace(base, level) : stacRoot(base)}/queryables`
export const sortablesPlace = (base: string, level: Level | undefined): string =>
  `${level ? collectionPlace(base, level) : stacRoot(base)}/sortables`
export const openApiPlace = (base: string): string => `${base}/openapi.json`
export const docsPlace = (base: string): string => `${base}/docs`
/** A granule outside STAC. */
export const granulePlace = (base: string, granuleId: string): string =>
  `${base}/granules/${encodeURIComponent(granuleId)}`
