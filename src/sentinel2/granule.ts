import type { Level } from './bands.ts'
import {
  type Baseline,
  compareBaselines,
  type ProductName,
  parseDatatake,
  parseProductName,
} from './names.ts'
import type { Micros } from './time.ts'

/** `[west, south, east, north]`, degrees, WGS 84; west ≤ east, and east > 180 past the antimeridian. */
export type Box = readonly [west: number, south: number, east: number, north: number]

/** One tile of one datatake, as far as its catalog knows it: what is listed, sampled and ranked. */
export type Granule = {
  /** The granule's folder under `GRANULE/`. Not unique: a reprocessing may carry the same. */
  readonly granuleId: string
  /** Name of the product it belongs to, without `.SAFE`. */
  readonly productId: string
  readonly level: Level
  /** `33UUB`, no leading T. */
  readonly mgrsTile: string
  /** Of a catalog that knows product names alone: the datatake's start, to the second. */
  readonly sensingTime: Micros
  readonly generationTime: Micros | undefined
  readonly baseline: Baseline | undefined
  /** `GS2A_20170208T092131_008527_N02.04`. */
  readonly datatake: string | undefined
  /** Percent, 0 to 100. */
  readonly cloudCover: number | undefined
  /** Bytes of the product. */
  readonly totalSize: number | undefined
  /** `PASSED`, `FAILED` …, the index's geometric_quality_flag. */
  readonly quality: string | undefined
  /** Box of the valid data, which may be far smaller than the tile. */
  readonly box: Box | undefined
  /** Key of the product's folder in its bucket, no slash at the end: `tiles/33/U/UB/….SAFE`. */
  readonly place: string
}

/** Prefix of a granule's image files. */
export const imagePrefix = (granule: Pick<Granule, 'place' | 'granuleId'>): string =>
  `${granule.place}/GRANULE/${granule.granuleId}/IMG_DATA/`

/** Prefix under which a granule's preview stands, among masks and reports. */
export const previewPrefix = (granule: Pick<Granule, 'place' | 'granuleId'>): string =>
  `${granule.place}/GRANULE/${granule.granuleId}/QI_DATA/`

/** Where a level's products stand in the bucket. */
export const LEVEL_ROOT = { L1C: 'tiles/', L2A: 'L2/tiles/' } as const satisfies Record<Level, string>

/** Prefix of a tile's products: `tiles/33/U/UB/`, `L2/tiles/01/C/CV/` (the zone keeps its zero). */
export const tilePrefix = (level: Level, mgrsTile: string): string =>
  `${LEVEL_ROOT[level]}${mgrsTile.slice(0, 2)}/${mgrsTile.slice(2, 3)}/${mgrsTile.slice(3)}/`

const INDEX_FILE = /index\.csv\.gz$/
const GS_URL = /^gs:\/\/[^/]+\/(.+?)\/?$/
const HTTPS_URL = /^https:\/\/storage\.(?:googleapis|cloud\.google)\.com\/[^/]+\/(.+?)\/?$/
const PLACE = /^(?:L2\/)?tiles\/[^\\]+\.SAFE$/

/**
 * The key of a product's folder from the two columns of the index. Until March 2024 base_url has it and
 * source_url names the CSV the row came from; since then base_url is empty and source_url has it.
 * Undefined where neither does, as in a few rows of the long form.
 */
export function placeOf(
  sourceUrl: string | null | undefined,
  baseUrl: string | null | undefined,
): string | undefined {
  const url = sourceUrl && !INDEX_FILE.test(sourceUrl) ? sourceUrl : baseUrl
  const key = (GS_URL.exec(url ?? '') ?? HTTPS_URL.exec(url ?? ''))?.[1]
  return key !== undefined && PLACE.test(key) && !key.split('/').some(isDots) ? key : undefined
}

const isDots = (part: string): boolean => part === '' || part === '.' || part === '..'

/** Name of the product's folder without `.SAFE`; always of the compact look, whatever the form. */
export const folderName = (place: string): string => place.slice(place.lastIndexOf('/') + 1, -'.SAFE'.length)

/** What the folder's name says of the product; undefined where it is not of the archive's form. */
export const folderProduct = (place: string): ProductName | undefined => parseProductName(folderName(place))

export type Processing = Pick<Granule, 'baseline' | 'generationTime' | 'place'>

/** Orders the products of one acquisition, the best last: by baseline, then by generation, then by place. */
export function compareProducts(a: Processing, b: Processing): number {
  return (
    compareBaselines(a.baseline, b.baseline) ||
    (a.generationTime ?? 0) - (b.generationTime ?? 0) ||
    (a.place < b.place ? -1 : a.place > b.place ? 1 : 0)
  )
}

/** Since then all names are compact and carry the datatake's start: PSD 14, in use from 2016-12-06. */
export const LONG_FORM_END = Date.UTC(2016, 11, 7) * 1000
/** A datatake lasts minutes; the next one of the same relative orbit comes ten days later. */
const WITHIN_DATATAKE = 3600 * 1e6

type OfProduct = Processing & Pick<Granule, 'mgrsTile' | 'datatake'>
type Entry<G extends OfProduct> = { readonly granule: G; readonly start: Micros; readonly vague: boolean }

/**
 * The granules of the best product of each acquisition: all that lie in its place, since one product may hold
 * a tile in several pieces. Products are of one acquisition when satellite, level, tile, relative orbit and
 * datatake start are the same; not the sensing time, whose meaning changed at baseline 02.07. Where the start
 * is not known (a long-form product whose folder carries the sensing start instead), being within an hour
 * will do. A granule in a folder whose name says nothing stands for itself.
 */
export function bestProducts<G extends OfProduct>(granules: readonly G[]): Set<G> {
  const best = new Set<G>()
  const passes = new Map<string, Entry<G>[]>()
  for (const granule of granules) {
    const name = folderProduct(granule.place)
    if (!name) {
      best.add(granule)
      continue
    }
    const start = parseDatatake(granule.datatake ?? '')?.start
    const vague = start === undefined && name.start < LONG_FORM_END
    const key = [name.satellite, name.level, granule.mgrsTile, name.relativeOrbit].join()
    const pass = passes.get(key) ?? []
    pass.push({ granule, start: start ?? name.start, vague })
    passes.set(key, pass)
  }
  for (const pass of passes.values()) {
    for (const acquisition of acquisitionsOf(pass))
      for (const granule of bestOf(acquisition)) best.add(granule)
  }
  return best
}

function* acquisitionsOf<G extends OfProduct>(pass: readonly Entry<G>[]): Generator<G[]> {
  let acquisition: G[] = []
  let last: Entry<G> | undefined
  for (const entry of pass.toSorted((a, b) => a.start - b.start)) {
    const gap = last ? entry.start - last.start : 0
    const same = gap === 0 || ((entry.vague || last?.vague) && gap < WITHIN_DATATAKE)
    if (!same) {
      yield acquisition
      acquisition = []
    }
    acquisition.push(entry.granule)
    last = entry
  }
  yield acquisition
}

function bestOf<G extends OfProduct>(acquisition: readonly G[]): G[] {
  const { place } = acquisition.reduce((a, b) => (compareProducts(a, b) >= 0 ? a : b))
  return acquisition.filter((granule) => granule.place === place)
}

/** The order of every answer: newest first, then whatever makes it total; see Catalog.search. */
export function compareGranules(a: Granule, b: Granule): number {
  return (
    b.sensingTime - a.sensingTime ||
    (b.generationTime ?? 0) - (a.generationTime ?? 0) ||
    descending(a.mgrsTile, b.mgrsTile) ||
    descending(a.place, b.place) ||
    descending(a.granuleId, b.granuleId)
  )
}

const descending = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0)
