import type { Level } from '../sentinel2/bands.ts'
import { type Granule, tilePrefix } from '../sentinel2/granule.ts'
import { type Baseline, SATELLITES } from '../sentinel2/names.ts'
import { readStamp } from './fast-times.ts'
import { writeFour, writeSix, writeStampAt, writeThree, writeTwo } from './quick-digits.ts'

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

/** Nonsense for numbers that no name tells, which shortNames finds out. */
export function longNames(short: ShortNames, granule: Counted): LongNames {
  const { level, mgrsTile } = granule
  const { bytes, place, product, tiles } = FORMS[level]
  for (const at of tiles) for (let i = 0; i < TILE; i++) bytes[at + i] = mgrsTile.charCodeAt(i)
  bytes[product - 8] = mgrsTile.charCodeAt(0)
  bytes[product - 7] = mgrsTile.charCodeAt(1)
  bytes[product - 5] = mgrsTile.charCodeAt(2)
  bytes[product - 3] = mgrsTile.charCodeAt(3)
  bytes[product - 2] = mgrsTile.charCodeAt(4)
  const start = seconds(granule.sensingTime) - short.start
  writeStampAt(bytes, 19, start + short.stamp)
  writeStampAt(bytes, DATATAKE + 5, start)
  writeStampAt(bytes, product + 11, start)
  writeStampAt(bytes, product + 45, seconds(granule.generationTime ?? 0) - short.made)
  writeSix(bytes, 12, short.orbit)
  writeSix(bytes, DATATAKE + 21, short.orbit)
  const satellite = (short.pass / 1000) | 0
  bytes[DATATAKE + 3] = bytes[product + 2] = LETTER_A + satellite
  writeThree(bytes, product + 34, short.pass - satellite * 1000)
  const version = (short.baseline / 100) | 0
  writeFour(bytes, product + 28, short.baseline)
  writeTwo(bytes, DATATAKE + 29, version)
  writeTwo(bytes, DATATAKE + 32, short.baseline - version * 100)
  const names = bytes.toString('latin1')
  return {
    granuleId: names.slice(0, DATATAKE),
    productId: names.slice(product, product + PRODUCT.length),
    datatake: names.slice(DATATAKE, place),
    place: names.slice(place),
    baseline: shortBaseline(short),
  }
}

const PRODUCT = 'S2A_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143'
const GRANULE = 'L1C_T33UUB_A008527_20170208T092143'
const TAKE = 'GS2A_20170208T092131_008527_N02.04'
const DATATAKE = GRANULE.length
const TILE = 5
/** Satellites count from A. */
const LETTER_A = 65

/**
 * The names one behind another, to be written over: one text for all names of a granule, which are parts of it, is
 * far cheaper than texts that are put together from some ten pieces each.
 */
const formOf = (level: Level) => {
  const prefix = tilePrefix(level, '33UUB')
  const place = DATATAKE + TAKE.length
  const product = place + prefix.length
  const names = `${GRANULE}${TAKE}${prefix}${PRODUCT}.SAFE`.replaceAll('L1C', level)
  return { bytes: Buffer.from(names), place, product, tiles: [5, product + 39] } as const
}
const FORMS = { L1C: formOf('L1C'), L2A: formOf('L2A') } as const satisfies Record<Level, unknown>

/** `04.00` for 400. */
export function shortBaseline({ baseline }: Pick<ShortNames, 'baseline'>): Baseline {
  const known = baselines.get(baseline)
  if (known !== undefined) return known
  const digits = String(baseline).padStart(4, '0')
  const text = `${digits.slice(0, 2)}.${digits.slice(2)}`
  baselines.set(baseline, text)
  return text
}

/** At most as many as four digits can tell. */
const baselines = new Map<number, Baseline>()

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
