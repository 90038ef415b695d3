import { type Granule, tilePrefix } from '../sentinel2/granule.ts'
import { parseGranuleName, parseProductName } from '../sentinel2/names.ts'
import { formatCompactTime } from '../sentinel2/time.ts'

/*
 * Names of the long form (before 2016-12-06) as far as they follow from the rest of a row. They are two of a hundred
 * granules, and written out they would take a tenth of the index.
 */

type Told = Pick<Granule, 'granuleId' | 'level' | 'mgrsTile' | 'sensingTime' | 'generationTime'>

/** Where it says the relative orbit. */
const ORBIT = /_R(\d{3})_V/

/** The relative orbit, where the product's name follows from it; undefined where it does not. */
export function orbitOfLong(granule: Told & Pick<Granule, 'productId'>): number | undefined {
  const orbit = ORBIT.exec(granule.productId)?.[1]
  if (orbit === undefined || longProduct(Number(orbit), granule) !== granule.productId) return undefined
  return Number(orbit)
}

/** The name of the product by which the archive's index knows a granule of the long form. */
export function longProduct(orbit: number, { granuleId, level, sensingTime, generationTime }: Told): string {
  const sensed = formatCompactTime(sensingTime)
  const made = formatCompactTime(generationTime ?? 0)
  const relative = String(orbit).padStart(3, '0')
  return `${granuleId.slice(0, 3)}_OPER_PRD_MSI${level}_PDMC_${made}_R${relative}_V${sensed}_${sensed}`
}

/**
 * Where the archive keeps a product of the long form: its folder looks compact, with the sensing start of the
 * product's name. Undefined where the names are of another form.
 */
export function longPlace({
  granuleId,
  productId,
  level,
  mgrsTile,
}: Pick<Granule, 'granuleId' | 'productId' | 'level' | 'mgrsTile'>): string | undefined {
  const [product, granule] = [parseProductName(productId), parseGranuleName(granuleId)]
  if (product?.form !== 'long' || granule?.baseline === undefined) return undefined
  const { satellite, start, relativeOrbit, generation } = product
  const folder = [
    satellite,
    `MSI${level}`,
    formatCompactTime(start),
    `N${granule.baseline.replace('.', '')}`,
    `R${String(relativeOrbit).padStart(3, '0')}`,
    `T${mgrsTile}`,
    formatCompactTime(generation),
  ]
  return `${tilePrefix(level, mgrsTile)}${folder.join('_')}.SAFE`
}
