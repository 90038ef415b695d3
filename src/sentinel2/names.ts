import { type Band, isBand, type Level, l1cResolution, type Resolution } from './bands.ts'
import { type Micros, parseCompactTime } from './time.ts'

/*
 * Grammar of the names in the archive: ESA Sentinel-2 PSD 14 and 15, "Product naming convention", and what
 * Google's bucket makes of them. The long form (before 2016-12-06) names contents alone: its .SAFE folders
 * carry a name that looks compact, with the sensing start in place of the datatake start.
 */

export const SATELLITES = ['S2A', 'S2B', 'S2C', 'S2D'] as const
export type Satellite = (typeof SATELLITES)[number]

/** `compact`: since 2016-12-06 and in all reprocessings; `long`: before. */
export type Form = 'compact' | 'long'

/** A processing baseline, `04.00`. */
export type Baseline = string

export type ProductName = {
  readonly form: Form
  readonly satellite: Satellite
  readonly level: Level
  /** Datatake start; in the long form, and in the folder name given to it, the sensing start. */
  readonly start: Micros
  /** Absent in the long form and in a few republished products. */
  readonly baseline: Baseline | undefined
  /** 1 to 143. */
  readonly relativeOrbit: number
  /** `33UUB`; absent in the long form, whose products held several tiles. */
  readonly mgrsTile: string | undefined
  readonly generation: Micros
}

export type GranuleName = {
  readonly form: Form
  readonly level: Level
  readonly mgrsTile: string
  readonly absoluteOrbit: number
  /** Compact: start of the sensing of tile or datastrip, by baseline. Long: creation of the granule. */
  readonly time: Micros
  /** The long form alone names it. */
  readonly baseline: Baseline | undefined
}

export type ImageName = {
  readonly band: Band
  /** Metres. */
  readonly resolution: Resolution
}

const TILE = '\\d{2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]'
const TIME = '\\d{8}T\\d{6}'
const COMPACT_PRODUCT = new RegExp(
  `^(S2[A-D])_MSI(L1C|L2A)_(${TIME})(?:_N(\\d{4}))?_R(\\d{3})_T(${TILE})_(${TIME})$`,
)
const LONG_PRODUCT = new RegExp(
  `^(S2[A-D])_(?:OPER|USER)_PRD_MSI(L1C|L2A)_[A-Z0-9_]{4}_(${TIME})_R(\\d{3})_V(${TIME})_${TIME}$`,
)
const COMPACT_GRANULE = new RegExp(`^(L1C|L2A)_T(${TILE})_A(\\d{6})_(${TIME})$`)
const LONG_GRANULE = new RegExp(
  `^S2[A-D]_(?:OPER|USER)_MSI_(L1C|L2A)_TL_[A-Z0-9_]{4}_(${TIME})_A(\\d{6})_T(${TILE})_N(\\d{2}\\.\\d{2})$`,
)
const COMPACT_IMAGE = new RegExp(`^(?:L2A_)?T${TILE}_${TIME}_([A-Z0-9]{3})(?:_(10|20|60)m)?\\.jp2$`)
const LONG_IMAGE = new RegExp(
  `^S2[A-D]_(?:OPER|USER)_MSI_(?:L1C|L2A)_TL_[A-Z0-9_]{4}_${TIME}_A\\d{6}_T${TILE}_([A-Z0-9]{3})(?:_(10|20|60)m)?\\.jp2$`,
)
const PREVIEW = new RegExp(`^(?:L2A_)?T${TILE}_${TIME}_PVI\\.jp2$|^S2[A-D]_(?:OPER|USER)_PVI_.+\\.jp2$`)
const DATATAKE = new RegExp(`^GS2[A-D]_(${TIME})_(\\d{6})_N(\\d{2}\\.\\d{2})$`)
const TILE_NAME = new RegExp(`^${TILE}$`)

/** `33UUB`, without a leading T: zone 01 to 60, latitude band, column and row letter of the 100 km square. */
export function isTileName(text: string): boolean {
  const zone = Number(text.slice(0, 2))
  return TILE_NAME.test(text) && zone >= 1 && zone <= 60
}

/** Reads a product's name, without `.SAFE`; undefined where it is none. */
export function parseProductName(text: string): ProductName | undefined {
  const compact = COMPACT_PRODUCT.exec(text)
  if (compact) {
    const [, satellite, level, start, digits, orbit, mgrsTile, generation] = compact
    return withTimes(start, generation, (times) => ({
      form: 'compact',
      satellite: satellite as Satellite,
      level: level as Level,
      baseline: digits === undefined ? undefined : `${digits.slice(0, 2)}.${digits.slice(2)}`,
      relativeOrbit: Number(orbit),
      mgrsTile,
      ...times,
    }))
  }
  const long = LONG_PRODUCT.exec(text)
  if (!long) return undefined
  const [, satellite, level, generation, orbit, start] = long
  return withTimes(start, generation, (times) => ({
    form: 'long',
    satellite: satellite as Satellite,
    level: level as Level,
    baseline: undefined,
    relativeOrbit: Number(orbit),
    mgrsTile: undefined,
    ...times,
  }))
}

/** Reads a granule's name, which is its folder under `GRANULE/`; undefined where it is none. */
export function parseGranuleName(text: string): GranuleName | undefined {
  const compact = COMPACT_GRANULE.exec(text)
  const long = compact ? null : LONG_GRANULE.exec(text)
  const [level, mgrsTile, orbit, stamp, baseline] = compact
    ? [compact[1], compact[2], compact[3], compact[4], undefined]
    : [long?.[1], long?.[4], long?.[3], long?.[2], long?.[5]]
  const time = parseCompactTime(stamp ?? '')
  if (mgrsTile === undefined || time === undefined) return undefined
  return {
    form: compact ? 'compact' : 'long',
    level: level as Level,
    mgrsTile,
    absoluteOrbit: Number(orbit),
    time,
    baseline,
  }
}

/** Reads the name of an image file (the last part of its key); undefined for previews, masks and all else. */
export function parseImageName(text: string): ImageName | undefined {
  const m = COMPACT_IMAGE.exec(text) ?? LONG_IMAGE.exec(text)
  const band = m?.[1]
  if (band === undefined || !isBand(band)) return undefined
  const resolution = m?.[2] === undefined ? l1cResolution(band) : (Number(m[2]) as Resolution)
  return resolution === undefined ? undefined : { band, resolution }
}

/** Whether a file's name (the last part of its key, in `QI_DATA/`) is that of a granule's preview, PVI. */
export const isPreviewName = (text: string): boolean => PREVIEW.test(text)

/** Reads `GS2A_20170208T092131_008527_N02.04`; undefined where it is none. */
export function parseDatatake(
  text: string,
): { start: Micros; absoluteOrbit: number; baseline: Baseline } | undefined {
  const [, stamp = '', orbit, baseline = ''] = DATATAKE.exec(text) ?? []
  const start = parseCompactTime(stamp)
  return start === undefined ? undefined : { start, absoluteOrbit: Number(orbit), baseline }
}

/** Orders baselines by their number parts, 04.00 before 05.11 before 10.00; an absent one comes first. */
export function compareBaselines(a: Baseline | undefined, b: Baseline | undefined): number {
  const [aMajor = -1, aMinor = -1] = a?.split('.').map(Number) ?? []
  const [bMajor = -1, bMinor = -1] = b?.split('.').map(Number) ?? []
  return aMajor - bMajor || aMinor - bMinor
}

function withTimes(
  start: string | undefined,
  generation: string | undefined,
  make: (times: { start: Micros; generation: Micros }) => ProductName,
): ProductName | undefined {
  const times = { start: parseCompactTime(start ?? ''), generation: parseCompactTime(generation ?? '') }
  if (times.start === undefined || times.generation === undefined) return undefined
  return make({ start: times.start, generation: times.generation })
}
