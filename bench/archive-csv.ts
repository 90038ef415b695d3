import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { constants, createGzip } from 'node:zlib'
import type { Level } from '../src/sentinel2/bands.ts'
import { ALWAYS, granuleFinder, passesOf } from './archive-passes.ts'
import { createPen, type Pen } from './archive-pen.ts'
import { type Columns, rowWriter } from './archive-rows.ts'
import { strangeRow } from './archive-strange.ts'
import { chance, type Track, tracks } from './archive-world.ts'

export type ArchiveCsv = {
  readonly rows: number
  /** 1 by default. */
  readonly seed?: number
  /** L1C by default. */
  readonly level?: Level
  /** `csv` by default. */
  readonly columns?: Columns
  /** When it was sensed, milliseconds since 1970, the second left out; all that Sentinel-2 flew by default. */
  readonly from?: number
  readonly until?: number
}

/** Bytes of a piece, more or less. */
const PIECE = 1 << 16
/** Of each so many rows one is of a strange kind, so that each kind is there in 10,000 rows. */
const STRANGE_EVERY = 500
/** Processed anew: of each granule sensed before 2022 so many, in the two years of the campaign. */
const AGAIN = 0.09
const BEFORE = Date.UTC(2022, 0, 1)
const CAMPAIGN = { from: Date.UTC(2022, 5, 1), until: Date.UTC(2024, 2, 1) }

/**
 * A CSV of the form of the archive's index, in pieces: its header, then its rows about in the order in which
 * they came into the archive. The same for the same options; where fewer rows are asked for than the archive
 * has, every tile and year keeps its part.
 */
export function* archiveCsv(options: ArchiveCsv): Generator<Uint8Array> {
  const pen = createPen(PIECE)
  let [count, last] = [0, '']
  for (const _ of writeRows(pen, options)) {
    count++
    if (count % STRANGE_EVERY === 0) pen.replaceLast(strangeRow(pen.lastLine(), last, count / STRANGE_EVERY))
    if (count % STRANGE_EVERY === STRANGE_EVERY - 1) last = pen.lastLine()
    if (pen.length > PIECE) yield pen.take()
  }
  yield pen.take()
}

/** Writes a row at each step: granules as they were sensed, and beside those of the campaign old ones processed anew. */
function* writeRows(pen: Pen, options: ArchiveCsv): Generator<void> {
  const { rows, seed = 1, level = 'L1C', columns = 'csv', from, until } = options
  const world = worldTracks()
  const archive = passesOf(world, from ?? ALWAYS.from[level], until ?? ALWAYS.until)
  const { total, before } = archive
  const [old, begins, ends] = [before(BEFORE), before(CAMPAIGN.from), before(CAMPAIGN.until)]
  const again = begins < ends ? Math.round((rows * AGAIN * old) / (total + AGAIN * old)) : 0
  const fresh = rows - again
  const write = rowWriter({ pen, level, columns, seed })
  const [newest, oldest] = [granuleFinder(archive, world), granuleFinder(archive, world)]
  // One of each stretch of the archive, wherever in it.
  const placeOf = (n: number) => ((n + chance(seed, n)) / fresh) * total
  const outdated = (fresh * old) / total
  pen.text(write.header)
  pen.end()
  let done = 0
  for (let n = 0; n < fresh; n++) {
    const place = placeOf(n)
    const granule = newest(place)
    write.row(granule, n)
    yield
    const due = again * Math.min(1, Math.max(0, (place - begins) / (ends - begins)))
    for (; done < Math.floor(due); done++) {
      const first = Math.floor(((done + chance(seed + 1, done)) / again) * outdated)
      write.again(oldest(placeOf(first)), granule, first)
      yield
    }
  }
}

let made: readonly Track[] | undefined

function worldTracks(): readonly Track[] {
  made ??= tracks()
  return made
}

/** Writes the CSV to a file, packed where its name ends in .gz or it is asked for. */
export async function writeArchiveCsv(to: string, options: ArchiveCsv, form?: 'gzip'): Promise<void> {
  const text = Readable.from(archiveCsv(options), { objectMode: true, highWaterMark: 4 })
  const packing =
    form === 'gzip' || to.endsWith('.gz')
      ? [createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 1 << 18 })]
      : []
  await pipeline([text, ...packing, createWriteStream(to)])
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      to: { type: 'string' },
      gzip: { type: 'boolean' },
      seed: { type: 'string', default: '1' },
      level: { type: 'string', default: 'L1C' },
      columns: { type: 'string', default: 'csv' },
      from: { type: 'string' },
      until: { type: 'string' },
    },
  })
  const { to, level, columns } = values
  const [rows, seed] = [Number(values.rows), Number(values.seed)]
  const times = [values.from, values.until].map((text) => (text === undefined ? undefined : Date.parse(text)))
  const right =
    to !== undefined &&
    Number.isSafeInteger(rows) &&
    rows > 0 &&
    Number.isSafeInteger(seed) &&
    (level === 'L1C' || level === 'L2A') &&
    (columns === 'csv' || columns === 'table') &&
    !times.some(Number.isNaN)
  if (!right) {
    console.error(USAGE)
    process.exitCode = 2
    return
  }
  const [from, until] = times
  const start = performance.now()
  const options: ArchiveCsv = { rows, seed, level, columns, ...(from && { from }), ...(until && { until }) }
  await writeArchiveCsv(to, options, values.gzip ? 'gzip' : undefined)
  const seconds = (performance.now() - start) / 1000
  console.error(`${to}: ${rows} rows in ${seconds.toFixed(1)} s`)
}

const USAGE = `node bench/archive-csv.ts --rows 2e6 --to index.csv.gz
  [--gzip, where the name does not end in .gz] [--seed 1] [--level L1C|L2A] [--columns csv|table] [--from 2015-06-27] [--until 2026-11-01]`

if (import.meta.main) await main()
