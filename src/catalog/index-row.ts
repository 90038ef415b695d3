import type { Level } from '../sentinel2/bands.ts'
import { folderProduct, type Granule, tilePrefix } from '../sentinel2/granule.ts'
import { parseDatatake, parseGranuleName, parseProductName, type Satellite } from '../sentinel2/names.ts'
import { formatCompactTime, type Micros } from '../sentinel2/time.ts'

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
  superseded: number,
  verbatim: string | null,
]

/** A cell is a tile at a level; cells sort as the names of their tiles do. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const LEVELS: readonly Level[] = ['L1C', 'L2A']
const SATELLITES: readonly Satellite[] = ['S2A', 'S2B', 'S2C', 'S2D']
const MICRODEGREES = 1e6
const USUAL_QUALITY = 'PASSED'

export function cellOf(level: Level, mgrsTile: string): number {
  const letters = mgrsTile.slice(2).split('')
  const tile = letters.reduce(
    (code, letter) => code * 24 + LETTERS.indexOf(letter),
    Number(mgrsTile.slice(0, 2)),
  )
  return tile * 2 + LEVELS.indexOf(level)
}

function tileOfCell(cell: number): { level: Level; mgrsTile: string } {
  let code = Math.floor(cell / 2)
  let letters = ''
  for (let i = 0; i < 3; i++) {
    letters = LETTERS.charAt(code % 24) + letters
    code = Math.floor(code / 24)
  }
  return { level: LEVELS[cell % 2] ?? 'L1C', mgrsTile: String(code).padStart(2, '0') + letters }
}

/** Microdegrees that do not lie inside the box: west and south down, east and north up. */
export const outward = ([west, south, east, north]: NonNullable<Granule['box']>) =>
  [
    Math.floor(west * MICRODEGREES),
    Math.floor(south * MICRODEGREES),
    Math.ceil(east * MICRODEGREES),
    Math.ceil(north * MICRODEGREES),
  ] as const

/** The row of a granule; verified: readIndexRow gives back every name and the place to the letter. */
export function toIndexRow(granule: Granule, seq: number, superseded: boolean): IndexRow {
  const row = indexRow(granule, seq, superseded, shortNames(granule))
  const { granuleId, productId, datatake, place } = readIndexRow(row)
  const same =
    granuleId === granule.granuleId &&
    productId === granule.productId &&
    datatake === granule.datatake &&
    place === granule.place
  return same ? row : indexRow(granule, seq, superseded, undefined)
}

/** The granule of a row. */
export function readIndexRow(row: IndexRow): Granule {
  const [cell, sensing, generation, , , , , , , , cloud, size, quality, west, south, east, north] = row
  const { level, mgrsTile } = tileOfCell(cell)
  const boxed = west !== null && south !== null && east !== null && north !== null
  return {
    ...namesOf(row, level, mgrsTile),
    level,
    mgrsTile,
    sensingTime: sensing,
    generationTime: generation === 0 ? undefined : Math.round(generation * 1e6),
    cloudCover: cloud ?? undefined,
    totalSize: size ?? undefined,
    quality: quality === null ? USUAL_QUALITY : quality || undefined,
    box: boxed
      ? [west / MICRODEGREES, south / MICRODEGREES, east / MICRODEGREES, north / MICRODEGREES]
      : undefined,
  }
}

type ShortNames = Record<'start' | 'stamp' | 'made' | 'orbit' | 'pass' | 'baseline', number>
type Names = Pick<Granule, 'granuleId' | 'productId' | 'datatake' | 'place' | 'baseline'>

function shortNames(granule: Granule): ShortNames | undefined {
  const product = parseProductName(granule.productId)
  const name = parseGranuleName(granule.granuleId)
  if (product?.baseline === undefined || name?.form !== 'compact') return undefined
  const start = product.start / 1e6
  return {
    start: Math.floor(granule.sensingTime / 1e6) - start,
    stamp: name.time / 1e6 - start,
    made: Math.floor((granule.generationTime ?? 0) / 1e6) - product.generation / 1e6,
    orbit: name.absoluteOrbit,
    pass: SATELLITES.indexOf(product.satellite) * 1000 + product.relativeOrbit,
    baseline: Number(product.baseline.replace('.', '')),
  }
}

function indexRow(
  granule: Granule,
  seq: number,
  superseded: boolean,
  short: ShortNames | undefined,
): IndexRow {
  const { granuleId, productId, datatake, place } = granule
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
    superseded ? 1 : 0,
    short ? null : JSON.stringify([granuleId, productId, datatake ?? null, place]),
  ]
}

function namesOf(row: IndexRow, level: Level, mgrsTile: string): Names {
  const [, sensing, generation, , start, stamp, made, orbit, pass, digits] = row
  const verbatim = row[18]
  if (verbatim !== null) return verbatimNames(verbatim)
  const from: Micros = (Math.floor(sensing / 1e6) - (start ?? 0)) * 1e6
  const satellite = SATELLITES[Math.floor((pass ?? 0) / 1000)] ?? 'S2A'
  const baseline = String(digits ?? 0).padStart(4, '0')
  const dotted = `${baseline.slice(0, 2)}.${baseline.slice(2)}`
  const absolute = String(orbit ?? 0).padStart(6, '0')
  const generated = formatCompactTime((Math.floor(generation) - (made ?? 0)) * 1e6)
  const relative = String((pass ?? 0) % 1000).padStart(3, '0')
  const productId = `${satellite}_MSI${level}_${formatCompactTime(from)}_N${baseline}_R${relative}_T${mgrsTile}_${generated}`
  return {
    granuleId: `${level}_T${mgrsTile}_A${absolute}_${formatCompactTime(from + (stamp ?? 0) * 1e6)}`,
    productId,
    datatake: `G${satellite}_${formatCompactTime(from)}_${absolute}_N${dotted}`,
    place: `${tilePrefix(level, mgrsTile)}${productId}.SAFE`,
    baseline: dotted,
  }
}

/** Written by indexRow, which fixes what the JSON holds. */
function verbatimNames(verbatim: string): Names {
  const [granuleId, productId, datatake, place] = JSON.parse(verbatim) as [
    string,
    string,
    string | null,
    string,
  ]
  return {
    granuleId,
    productId,
    datatake: datatake ?? undefined,
    place,
    baseline: baselineOf({ granuleId, place, datatake: datatake ?? undefined }),
  }
}

/** The baseline from wherever a granule's names tell it: the folder, the granule, the datatake. */
export function baselineOf(names: Pick<Granule, 'granuleId' | 'place' | 'datatake'>): string | undefined {
  return (
    folderProduct(names.place)?.baseline ??
    parseGranuleName(names.granuleId)?.baseline ??
    parseDatatake(names.datatake ?? '')?.baseline
  )
}
