import type { Level } from '../src/sentinel2/bands.ts'
import { tilePrefix } from '../src/sentinel2/granule.ts'
import type { Pass, Sensed } from './archive-passes.ts'
import { compact, extended, type Pen, three } from './archive-pen.ts'
import { chance } from './archive-world.ts'

/**
 * `csv` is the form of the archive's index.csv.gz; `table` that of BigQuery's table, where the place of what came
 * since March 2024 stands in SOURCE_URL alone.
 */
export type Columns = 'csv' | 'table'

export type RowWriter = {
  readonly header: string
  /** The row of a granule as it came from the satellite. @param n gives its cloud cover, size and the like */
  row(granule: Sensed, n: number): void
  /** The row of a granule that was processed anew when another was sensed. */
  again(granule: Sensed, when: Sensed, n: number): void
}

const HEADER =
  'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
  'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL'
const BUCKET = 'gs://gcp-public-data-sentinel-2/'
const CSV_URL = 'https://storage.googleapis.com/gcp-public-data-sentinel-2/index.csv.gz'
/** Since then the table names places in source_url. */
const MOVED = Date.UTC(2024, 2, 15)
/** Since then names are compact. */
const COMPACT = Date.UTC(2016, 11, 6)
/** A datatake ends after so many seconds, if not before. */
const DATATAKE = 700
const HOUR = 3_600_000

/** Processing baselines and the day each came into use. */
const BASELINES = [
  ['2015-06-01', '02.00'],
  ['2015-12-01', '02.01'],
  ['2016-06-15', '02.04'],
  ['2017-05-23', '02.05'],
  ['2017-10-23', '02.06'],
  ['2018-11-06', '02.07'],
  ['2019-07-08', '02.08'],
  ['2020-02-04', '02.09'],
  ['2021-03-30', '03.00'],
  ['2021-06-30', '03.01'],
  ['2022-01-25', '04.00'],
  ['2022-12-06', '05.09'],
  ['2023-12-13', '05.10'],
  ['2024-07-23', '05.11'],
].map(([from, baseline = '']) => ({ from: Date.parse(`${from}T00:00:00Z`), baseline }))
/** From this one on the sensing time is that of the tile's middle, to the microsecond. */
const MIDDLE = '02.07'

export function rowWriter({
  pen,
  level,
  columns,
  seed,
}: {
  readonly pen: Pen
  readonly level: Level
  readonly columns: Columns
  readonly seed: number
}): RowWriter {
  const takeOf = remembering((pass: Pass, part: number) => {
    const start = pass.north + part * DATATAKE * 1000 + 31_000
    const hours = 2 + 8 * chance(seed + 2, pass.orbit * 4 + part)
    const generation = Math.round((start + hours * HOUR) / 1000) * 1000
    const baseline = BASELINES.findLast(({ from }) => from <= start)?.baseline ?? '02.00'
    const isLong = level === 'L1C' && start < COMPACT
    return takeFrom({ pass, start, generation, baseline, level, columns, isLong })
  })
  /** A campaign works off whole datatakes, each product at a time of its own. */
  const takeAgain = (pass: Pass, part: number, by: Pass, n: number) => {
    const start = pass.north + part * DATATAKE * 1000 + 31_000
    const generation = by.north + Math.floor(20_000 * chance(seed + 3, n)) * 1000
    const baseline = chance(seed + 4, n) < 0.9 ? '05.00' : '05.10'
    return takeFrom({ pass, start, generation, baseline, level, columns, isLong: false })
  }
  const tail = columns === 'csv' ? '' : ',SOURCE_URL,ETL_TIMESTAMP'

  const begin = `${level}_T`
  const write = (take: Take, { pass, track, index }: Sensed, n: number): void => {
    const tile = track.tiles[index] ?? ''
    const sensed = pass.north / 1000 + Math.floor(track.seconds[index] ?? 0)
    const luck = chance(seed + 6, n)
    const long = take.isLong ? longNames(take, tile, sensed * 1000) : undefined
    if (long) pen.text(`${long.granuleId},${long.productId},`)
    else {
      pen.text(begin)
      pen.text(tile)
      pen.text(take.orbit)
      if (take.isEarly) {
        pen.day(sensed)
        pen.text('T')
        pen.clock(sensed)
      } else pen.text(take.stamp)
      pen.text(take.product)
      pen.text(tile)
      pen.text(take.tail)
      pen.text(',')
    }
    pen.text(take.datatake)
    pen.text(tile)
    pen.text(',')
    pen.dashedDay(sensed)
    pen.text('T')
    pen.colonClock(sensed)
    pen.text('.')
    const micros = Math.floor(chance(seed + 5, n) * 1e6)
    pen.six(take.isEarly ? micros - (micros % 1000) : micros)
    pen.text('Z,')
    if (!take.isLong) {
      pen.text(three(500 + Math.floor(luck * 400)))
      pen.six(micros)
    }
    pen.text(',')
    cloud(take.baseline, luck, n)
    pen.text(take.generated)
    pen.text(track.boxes[index] ?? '')
    if (take.moved) pen.text(',')
    pen.text(prefixOf(tile))
    if (long) pen.text(long.folder)
    else {
      pen.text(take.head)
      pen.text(tile)
      pen.text(take.tail)
    }
    pen.text(take.close)
    pen.end()
  }

  /** Of one decimal at first, of four later, of twelve since 2022. */
  const cloud = (baseline: string, luck: number, n: number): void => {
    const cover = luck < 0.1 ? 0 : Math.floor(chance(seed + 7, n) * (luck > 0.8 ? 100.999 : 100))
    pen.text(TEXTS[Math.min(cover, 100)] ?? '')
    const fraction = cover > 0 && cover < 100 ? Math.floor(chance(seed + 8, n) * 1e6) : 0
    pen.text('.')
    if (baseline < '02.05') pen.text(TEXTS[Math.floor(fraction / 1e5)] ?? '')
    else if (baseline < '04.00') pen.text(three(Math.floor(fraction / 1000)))
    else {
      pen.six(fraction)
      pen.six((fraction * 7919) % 1e6)
    }
  }

  const prefixes = new Map<string, string>()
  const prefixOf = (tile: string): string => {
    let prefix = prefixes.get(tile)
    if (prefix === undefined) {
      prefix = `,${BUCKET}${tilePrefix(level, tile)}`
      prefixes.set(tile, prefix)
    }
    return prefix
  }

  const partOf = ({ track, index }: Sensed) => Math.floor((track.seconds[index] ?? 0) / DATATAKE)
  return {
    header: HEADER + tail,
    row: (granule, n) => write(takeOf(granule.pass, partOf(granule)), granule, n),
    again: (granule, when, n) =>
      write(takeAgain(granule.pass, partOf(granule), when.pass, n), granule, n + 2 ** 31),
  }
}

/** What the rows of one datatake have in common. */
type Take = ReturnType<typeof takeFrom>

function takeFrom({
  pass,
  start,
  generation,
  baseline,
  level,
  columns,
  isLong,
}: {
  readonly pass: Pass
  readonly start: number
  readonly generation: number
  readonly baseline: string
  readonly level: Level
  readonly columns: Columns
  readonly isLong: boolean
}) {
  const [began, relative] = [compact(start), three(pass.relative)]
  const absolute = String(pass.orbit).padStart(6, '0')
  const head = `${pass.satellite}_MSI${level}_${began}_N${baseline.replace('.', '')}_R${relative}_T`
  const moved = columns === 'table' && generation >= MOVED
  const etl = `${extended(generation + 20 * HOUR)}.${three(pass.orbit % 1000)}000Z`
  return {
    pass,
    baseline,
    isLong,
    isEarly: baseline < MIDDLE,
    generation,
    absolute,
    relative,
    head,
    tail: `_${compact(generation)}`,
    orbit: `_A${absolute}_`,
    /** Of the granules' names since their time is that of the datastrip. */
    stamp: compact(start + 7000),
    product: `,${head}`,
    datatake: `G${pass.satellite}_${began}_${absolute}_N${baseline},`,
    generated: `,PASSED,${extended(generation)}.000000Z,`,
    moved,
    close: columns === 'csv' ? '.SAFE' : moved ? `.SAFE,${etl}` : `.SAFE,${CSV_URL},${etl}`,
  }
}

const STATIONS = ['SGS_', 'EPA_', 'MTI_', 'MPS_'] as const

/** Names as they were before 2016-12-06; the folder's carries the sensing start in place of the datatake's. */
function longNames(
  { pass, baseline, generation, absolute, relative, tail }: Take,
  tile: string,
  sensed: number,
) {
  const station = STATIONS[pass.orbit % STATIONS.length]
  const [at, satellite] = [compact(sensed), pass.satellite]
  return {
    granuleId: `${satellite}_OPER_MSI_L1C_TL_${station}_${compact(generation - 2 * HOUR)}_A${absolute}_T${tile}_N${baseline}`,
    productId: `${satellite}_OPER_PRD_MSIL1C_PDMC${tail}_R${relative}_V${at}_${at}`,
    folder: `${satellite}_MSIL1C_${at}_N${baseline.replace('.', '')}_R${relative}_T${tile}${tail}`,
  }
}

/** The last answers for a pass and a part of it; rows of one come close together. */
function remembering<V>(make: (pass: Pass, part: number) => V): (pass: Pass, part: number) => V {
  let [lastPass, lastPart]: [Pass | undefined, number] = [undefined, -1]
  let last: V | undefined
  return (pass, part) => {
    if (last === undefined || pass !== lastPass || part !== lastPart) {
      last = make(pass, part)
      ;[lastPass, lastPart] = [pass, part]
    }
    return last
  }
}

const TEXTS = Array.from({ length: 101 }, (_, n) => String(n))
