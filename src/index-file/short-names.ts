import { type Granule, tilePrefix } from '../sentinel2/granule.ts'
import { type Baseline, SATELLITES } from '../sentinel2/names.ts'
import { readStamp, writeStamp } from './fast-times.ts'

/** The names of a granule and its place as integers; see the columns of queries/sqlite/layout.sql. */
export type ShortNames = Record<'start' | 'stamp' | 'made' | 'orbit' | 'pass' | 'baseline', number>
export type LongNames = Required<Pick<Granule, 'granuleId' | 'productId' | 'datatake' | 'place' | 'baseline'>>

/** What the integers count from. */
export type Counted = Pick<Granule, 'level' | 'mgrsTile' | 'sensingTime' | 'generationTime'>
type Told = Counted & Pick<Granule, 'granuleId' | 'productId' | 'datatake' | 'place'>

/** Undefined where longNames would not give back every letter. */
export function shortNames(granule: Told): ShortNames | undefined {
  const short = guess(granule)
  if (!short) return undefined
  const { granuleId, productId, datatake, place } = longNames(short, granule)
  const same =
    productId === granule.productId &&
    granuleId === granule.granuleId &&
    datatake === granule.datatake &&
    place === granule.place
  return same ? short : undefined
}

export function longNames(short: ShortNames, granule: Counted): LongNames {
  const { level, mgrsTile } = granule
  const start = seconds(granule.sensingTime) - short.start
  const began = writeStamp(start)
  const satellite = SATELLITES[Math.floor(short.pass / 1000)] ?? 'S2A'
  const digits = String(short.baseline).padStart(4, '0')
  const baseline = shortBaseline(short)
  const orbit = String(short.orbit).padStart(6, '0')
  const relative = String(short.pass % 1000).padStart(3, '0')
  const made = writeStamp(seconds(granule.generationTime ?? 0) - short.made)
  const productId = `${satellite}_MSI${level}_${began}_N${digits}_R${relative}_T${mgrsTile}_${made}`
  return {
    granuleId: `${level}_T${mgrsTile}_A${orbit}_${writeStamp(start + short.stamp)}`,
    productId,
    datatake: `G${satellite}_${began}_${orbit}_N${baseline}`,
    place: `${tilePrefix(level, mgrsTile)}${productId}.SAFE`,
    baseline,
  }
}

/** `04.00` for 400. */
export const shortBaseline = ({ baseline }: Pick<ShortNames, 'baseline'>): Baseline => {
  const digits = String(baseline).padStart(4, '0')
  return `${digits.slice(0, 2)}.${digits.slice(2)}`
}

const PRODUCT = 'S2A_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143'
const GRANULE = 'L1C_T33UUB_A008527_20170208T092143'

/** Reads the compact names where their numbers stand; what is not one of them is found out by its sequel. */
function guess({ granuleId, productId, sensingTime, generationTime }: Told): ShortNames | undefined {
  if (productId.length !== PRODUCT.length || granuleId.length !== GRANULE.length) return undefined
  const start = readStamp(productId.slice(11, 26))
  const stamp = readStamp(granuleId.slice(19))
  const made = readStamp(productId.slice(45))
  if (start === undefined || stamp === undefined || made === undefined) return undefined
  const orbit = Number(granuleId.slice(12, 18))
  const baseline = Number(productId.slice(28, 32))
  const pass =
    SATELLITES.findIndex((name) => productId.startsWith(name)) * 1000 + Number(productId.slice(34, 37))
  // Number reads '1e3', '-1' and ' 12' too; none of them is written as it was.
  if (!Number.isInteger(orbit) || !Number.isInteger(baseline) || !Number.isInteger(pass)) return undefined
  if (orbit < 0 || baseline < 0 || pass < 0) return undefined
  return {
    start: seconds(sensingTime) - seconds(start),
    stamp: seconds(stamp) - seconds(start),
    made: seconds(generationTime ?? 0) - seconds(made),
    orbit,
    pass,
    baseline,
  }
}

const seconds = (time: number): number => Math.floor(time / 1e6)
