import type { Level } from '../../sentinel2/bands.ts'
import { folderName, folderProduct, type Granule } from '../../sentinel2/granule.ts'
import {
  type GranuleName,
  isTileName,
  type ProductName,
  parseGranuleName,
  parseProductName,
} from '../../sentinel2/names.ts'
import type { Micros } from '../../sentinel2/time.ts'

/**
 * The id of a granule's item: the name of its product's folder, which says level, tile, baseline and times and
 * holds one granule; of the long form, whose folders are named after the sensing alone, the granule's own name.
 */
export function itemIdOf(granule: Named, { ofGranule, ofFolder } = namesOf(granule)): string {
  const { granuleId, place } = granule
  if (ofGranule?.form === 'long') return granuleId
  return ofFolder && isCompactId(ofFolder) ? folderName(place) : granuleId
}

type Named = Pick<Granule, 'granuleId' | 'place'>

/** What the names of a granule and of its product's folder say, read once for all who ask. */
export type Names = {
  readonly ofGranule: GranuleName | undefined
  readonly ofFolder: ProductName | undefined
}

export const namesOf = ({ granuleId, place }: Named): Names => ({
  ofGranule: parseGranuleName(granuleId),
  ofFolder: folderProduct(place),
})

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
  if (product && isCompactId(product)) {
    return { form: 'compact', level: product.level, mgrsTile: product.mgrsTile, start: product.start }
  }
  const granule = parseGranuleName(id)
  if (!granule || !isTileName(granule.mgrsTile)) return undefined
  const { level, mgrsTile, time } = granule
  if (granule.form === 'long') return { form: 'long', level, mgrsTile, granuleId: id }
  return { form: 'named', level, mgrsTile, start: time }
}

const isCompactId = (product: ProductName): product is ProductName & { readonly mgrsTile: string } =>
  product.form === 'compact' && product.mgrsTile !== undefined && isTileName(product.mgrsTile)
