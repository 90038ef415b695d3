import type { Level } from '../../sentinel2/bands.ts'
import { folderName, type Granule } from '../../sentinel2/granule.ts'
import { isTileName, parseGranuleName, parseProductName } from '../../sentinel2/names.ts'
import type { Micros } from '../../sentinel2/time.ts'

/**
 * The id of a granule's item: the name of its product's folder, which says level, tile, baseline and times and
 * holds one granule; of the long form, whose folders are named after the sensing alone, the granule's own name.
 */
export function itemIdOf({ granuleId, place }: Pick<Granule, 'granuleId' | 'place'>): string {
  if (parseGranuleName(granuleId)?.form === 'long') return granuleId
  const folder = folderName(place)
  return parseItemId(folder)?.form === 'compact' ? folder : granuleId
}

/** What an item's id says of where to look for it. */
export type ItemId =
  | {
      readonly form: 'compact'
      readonly level: Level
      readonly mgrsTile: string
      /** Start of the datatake; the sensing follows within minutes. */
      readonly start: Micros
    }
  /** Of a compact granule whose folder's name says nothing. */
  | {
      readonly form: 'named'
      readonly level: Level
      readonly mgrsTile: string
      /** About when it was sensed. */
      readonly start: Micros
    }
  | {
      readonly form: 'long'
      readonly level: Level
      readonly mgrsTile: string
      readonly granuleId: string
    }

/** Reads an item's id; undefined where it is of no form that items have. */
export function parseItemId(id: string): ItemId | undefined {
  const product = parseProductName(id)
  if (product?.form === 'compact' && product.mgrsTile !== undefined && isTileName(product.mgrsTile)) {
    return { form: 'compact', level: product.level, mgrsTile: product.mgrsTile, start: product.start }
  }
  const granule = parseGranuleName(id)
  if (!granule || !isTileName(granule.mgrsTile)) return undefined
  const { level, mgrsTile, time } = granule
  if (granule.form === 'long') return { form: 'long', level, mgrsTile, granuleId: id }
  return { form: 'named', level, mgrsTile, start: time }
}
