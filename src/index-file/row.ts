import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { folderProduct, type Granule } from '../sentinel2/granule.ts'
import { parseDatatake, parseGranuleName } from '../sentinel2/names.ts'
import { longPlace, longProduct, orbitOfLong } from './long-form.ts'
import { type Counted, type LongNames, longNames, type ShortNames, shortNames } from './short-names.ts'

/*
 * A granule as a row of the index (queries/sqlite/layout.sql): half of what the archive says of it repeats
 * the rest, so names and place are kept as a few integers and put together again when read. Rows for which
 * that does not give back every letter keep their names verbatim.
 */

/** The columns in the order of the table. */
export type IndexRow = readonly [
  cell: number,
  sensing: number,
  generation: number,
  seq: number,
  start: number | null,
  stamp: number | null,
  made: number | null,
  orbit: number | null,
  pass: number | null,
  baseline: number | null,
  cloud: number | null,
  size: number | null,
  quality: string | null,
  west: number | null,
  south: number | null,
  east: number | null,
  north: number | null,
  batch: number,
  superseded: number,
  verbatim: string | null,
]

/** Where each column of the table stands in a row. */
export const COLUMN = {
  cell: 0,
  sensing: 1,
  generation: 2,
  seq: 3,
  start: 4,
  stamp: 5,
  made: 6,
  orbit: 7,
  pass: 8,
  baseline: 9,
  cloud: 10,
  size: 11,
  quality: 12,
  west: 13,
  south: 14,
  east: 15,
  north: 16,
  batch: 17,
  superseded: 18,
  verbatim: 19,
} as const

/** What an index says of a granule beside the granule itself. */
export type RowPlace = {
  /** Orders granules of one cell and of equal times, from 0. */
  readonly seq: number
  /** With which batch it came, or was changed last; 0 is the build. */
  readonly batch: number
  readonly superseded: boolean
}

/** A cell is a tile at a level; cells sort as the names of their tiles do, and by the order of LEVELS. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
/** Cells of a tile, one a level, of a band of latitude in a zone, and of a zone. */
const TILE = LEVELS.length
const BAND = 24 ** 2 * TILE
const ZONE = 24 * BAND
const MICRODEGREES = 1e6
const USUAL_QUALITY = 'PASSED'

export function cellOf(level: Level, mgrsTile: string): number {
  let tile = Number(mgrsTile.slice(0, 2))
  for (let i = 2; i < mgrsTile.length; i++) tile = tile * 24 + LETTERS.indexOf(mgrsTile.charAt(i))
  return tile * 2 + LEVELS.indexOf(level)
}

/**
 * The cells of a place, and how many of them make up a place of the next step.
 * @param place all the world (''), a zone (`33`) or a band of latitude in it (`33U`), which holds tiles
 */
export function cellsOfPlace(place: string): { from: number; until: number; span: number } {
  if (place === '') return { from: 0, until: ZONE * 61, span: ZONE }
  const from = cellOf('L1C', place.padEnd(5, 'A'))
  if (place.length === 2) return { from, until: from + ZONE, span: BAND }
  return { from, until: from + BAND, span: TILE }
}

/** The level and the tile of a cell. */
export function tileOfCell(cell: number): { readonly level: Level; readonly mgrsTile: string } {
  const known = tilesOfCells.get(cell)
  if (known) return known
  let code = Math.floor(cell / 2)
  let letters = ''
  for (let i = 0; i < 3; i++) {
    letters = LETTERS.charAt(code % 24) + letters
    code = Math.floor(code / 24)
  }
  const tile = { level: LEVELS[cell % 2] ?? 'L1C', mgrsTile: String(code).padStart(2, '0') + letters }
  if (tilesOfCells.size >= KEPT_TILES) tilesOfCells.clear()
  tilesOfCells.set(cell, tile)
  return tile
}

/** Those of a continent; rows of one page are of few tiles, time and again. */
const KEPT_TILES = 4096
const tilesOfCells = new Map<number, { readonly level: Level; readonly mgrsTile: string }>()

/** Microdegrees that do not lie inside the box: west and south down, east and north up. */
export const outward = ([west, south, east, north]: NonNullable<Granule['box']>) =>
  [
    Math.floor(west * MICRODEGREES),
    Math.floor(south * MICRODEGREES),
    Math.ceil(east * MICRODEGREES),
    Math.ceil(north * MICRODEGREES),
  ] as const

/**
 * The row of a granule; readIndexRow gives back every name and the place to the letter.
 * @param short what shortNames says of the granule, where that is known already
 */
export function toIndexRow(
  granule: Granule,
  { seq, batch, superseded }: RowPlace,
  short: ShortNames | undefined = shortNames(granule),
): IndexRow {
  const [west, south, east, north] = granule.box ? outward(granule.box) : [null, null, null, null]
  return [
    cellOf(granule.level, granule.mgrsTile),
    granule.sensingTime,
    (granule.generationTime ?? 0) / 1e6,
    seq,
    short?.start ?? null,
    short?.stamp ?? null,
    short?.made ?? null,
    short?.orbit ?? null,
    short?.pass ?? null,
    short?.baseline ?? null,
    granule.cloudCover ?? null,
    granule.totalSize ?? null,
    granule.quality === USUAL_QUALITY ? null : (granule.quality ?? ''),
    west,
    south,
    east,
    north,
    batch,
    superseded ? 1 : 0,
    short ? null : verbatimOf(granule),
  ]
}

/** The granule of a row. */
export function readIndexRow(row: IndexRow): Granule {
  const { level, mgrsTile } = tileOfCell(row[COLUMN.cell])
  const [sensingTime, generation] = [row[COLUMN.sensing], row[COLUMN.generation]]
  const quality = row[COLUMN.quality]
  const generationTime = generation === 0 ? undefined : Math.round(generation * 1e6)
  const names = namesOf(row, { level, mgrsTile, sensingTime, generationTime })
  // Written out, and always in this order: so all granules are of one shape to the engine.
  return {
    granuleId: names.granuleId,
    productId: names.productId,
    datatake: names.datatake,
    place: names.place,
    baseline: names.baseline,
    level,
    mgrsTile,
    sensingTime,
    generationTime,
    cloudCover: row[COLUMN.cloud] ?? undefined,
    totalSize: row[COLUMN.size] ?? undefined,
    quality: quality === null ? USUAL_QUALITY : quality || undefined,
    box: boxOf(row[COLUMN.west], row[COLUMN.south], row[COLUMN.east], row[COLUMN.north]),
  }
}

/** A row's box in degrees; undefined where it has none. */
export function boxOf(west: unknown, south: unknown, east: unknown, north: unknown): Granule['box'] {
  if (west === null || south === null || east === null || north === null) return undefined
  const degrees = (edge: unknown) => Number(edge) / MICRODEGREES
  return [degrees(west), degrees(south), degrees(east), degrees(north)]
}

function namesOf(row: IndexRow, counted: Counted): LongNames {
  const verbatim = row[COLUMN.verbatim]
  if (verbatim !== null) return verbatimNames(verbatim, counted)
  const short = {
    start: row[COLUMN.start] ?? 0,
    stamp: row[COLUMN.stamp] ?? 0,
    made: row[COLUMN.made] ?? 0,
    orbit: row[COLUMN.orbit] ?? 0,
    pass: row[COLUMN.pass] ?? 0,
    baseline: row[COLUMN.baseline] ?? 0,
  }
  return longNames(short, counted)
}

/**
 * JSON [granule_id, product_id, datatake, place]. Of the long form the product is its relative orbit, and the place
 * is left out, where they follow from it and the rest.
 */
function verbatimOf(granule: Granule): string {
  const { granuleId, productId, datatake = null, place } = granule
  const names = [granuleId, orbitOfLong(granule) ?? productId, datatake]
  return JSON.stringify(longPlace(granule) === place ? names : [...names, place])
}

/** Written by verbatimOf, which fixes what the JSON holds. */
function verbatimNames(verbatim: string, counted: Counted): LongNames {
  const [granuleId, product, datatake, written] = JSON.parse(verbatim) as [
    string,
    string | number,
    string | null,
    string?,
  ]
  const productId = typeof product === 'number' ? longProduct(product, { granuleId, ...counted }) : product
  const place = written ?? longPlace({ granuleId, productId, ...counted }) ?? ''
  const names = { granuleId, productId, datatake: datatake ?? undefined, place }
  return { ...names, baseline: baselineOf(names) }
}

/** The baseline from wherever a granule's names tell it: the folder, the granule, the datatake. */
export function baselineOf(names: Pick<Granule, 'granuleId' | 'place' | 'datatake'>): string | undefined {
  return (
    folderProduct(names.place)?.baseline ??
    parseGranuleName(names.granuleId)?.baseline ??
    parseDatatake(names.datatake ?? '')?.baseline
  )
}
