import { csvField } from './csv-field.ts'
import { ARCHIVE_COLUMNS } from './index-file/csv-source.ts'
import { outward } from './index-file/row.ts'
import { wrappedBox } from './sentinel2/area.ts'
import { dataBox } from './sentinel2/footprint.ts'
import type { Box, Granule } from './sentinel2/granule.ts'
import { sixDecimals } from './sentinel2/reflectance.ts'
import type { Micros } from './sentinel2/time.ts'

/** What granules are written as: what stands before them, and the line of one. */
export type LineForm = {
  readonly head: string
  readonly line: (granule: Granule, beside: Beside) => string
}

/** What is known of a granule beside itself. */
export type Beside = {
  /** Share of the area that it covers, 0 to 1; undefined where no area is asked for. */
  readonly coverage: number | undefined
  /** Whether its names were put together from numbers, and so hold nothing that needs quotes or escapes. */
  readonly composed: boolean
}

/** Where the archive says that a product lies. */
export const baseUrl = (place: string): string => `gs://gcp-public-data-sentinel-2/${place}`

/** The CSV that an index can be built from again; it has no place for a coverage. */
export const ARCHIVE_CSV: LineForm = { head: `${ARCHIVE_COLUMNS.join(',')}\n`, line: csvLine }

/** One object a line, by the names of propertiesOf in formats.ts; `bbox` as RFC 7946, 5. */
export const NDJSON: LineForm = { head: '', line: jsonLine }

function csvLine(granule: Granule, { composed }: Beside): string {
  const { granuleId, productId, datatake, mgrsTile, totalSize, cloudCover, quality, box, place } = granule
  const [west, south, east, north] = box ? edgeTexts(box, mgrsTile) : ['', '', '', '']
  const generated = granule.generationTime === undefined ? '' : timeText(granule.generationTime, 'six')
  const name = composed ? plainText : csvField
  return (
    `${name(granuleId)},${name(productId)},${name(datatake)},${mgrsTile},` +
    `${timeText(granule.sensingTime, 'six')},${totalSize ?? ''},${cloudCover ?? ''},${csvField(quality)},` +
    `${generated},${north},${south},${west},${east},${name(baseUrl(place))}\n`
  )
}

const plainText = (text: string | undefined): string => text ?? ''

/** Put together by hand, since JSON.stringify of an object takes twice as long. */
function jsonLine(granule: Granule, { coverage, composed }: Beside): string {
  const { level, mgrsTile, sensingTime, generationTime, cloudCover, quality, totalSize, box } = granule
  const { granuleId, productId, baseline, datatake, place } = composed ? granule : escaped(granule)
  const generated = generationTime === undefined ? undefined : timeText(generationTime, 'few')
  const covered = coverage === undefined ? '' : `"coverage":${sixDecimals(coverage)},`
  return (
    `{"granule_id":"${granuleId}","product_id":"${productId}","level":"${level}","mgrs_tile":"${mgrsTile}",` +
    `"sensing_time":"${timeText(sensingTime, 'few')}","generation_time":${quotedOrNull(generated)},` +
    `"processing_baseline":${quotedOrNull(baseline)},"datatake_identifier":${quotedOrNull(datatake)},` +
    `"cloud_cover":${cloudCover ?? 'null'},"geometric_quality_flag":${JSON.stringify(quality ?? null)},` +
    `"total_size":${totalSize ?? 'null'},"base_url":"${baseUrl(place)}",${covered}"bbox":${boxText(box)}}\n`
  )
}

const quotedOrNull = (text: string | undefined): string => (text === undefined ? 'null' : `"${text}"`)

/** The names of a granule as they stand between the quotes of JSON. */
const escaped = (granule: Granule): Granule => ({
  ...granule,
  granuleId: betweenQuotes(granule.granuleId),
  productId: betweenQuotes(granule.productId),
  datatake: granule.datatake === undefined ? undefined : betweenQuotes(granule.datatake),
  place: betweenQuotes(granule.place),
})

const betweenQuotes = (text: string): string => JSON.stringify(text).slice(1, -1)

/** `[west,south,east,north]`, both longitudes within ±180; west > east crosses the antimeridian. */
function boxText(box: Box | undefined): string {
  if (!box) return 'null'
  const [west, south, east, north] = box
  const shown = west < 180 ? wrappedBox(box) : wrappedBox([west - 360, south, east - 360, north])
  return `[${degrees(shown[0])},${degrees(shown[1])},${degrees(shown[2])},${degrees(shown[3])}]`
}

const MICRODEGREES = 1e6

/** Six decimals, of an edge that has no more; shorter to make than the shortest text of a number. */
function degrees(edge: number): string {
  const micro = Math.round(edge * MICRODEGREES)
  const size = Math.abs(micro)
  const whole = Math.floor(size / MICRODEGREES)
  const rest = size - whole * MICRODEGREES
  return `${micro < 0 ? '-' : ''}${whole}.${THREE[Math.floor(rest / 1000)]}${THREE[rest % 1000]}`
}

/**
 * West, south, east and north as a CSV has them, east of the antimeridian from -180 on. An index rounds outward
 * what it reads, and a millionth of a degree times a million may come out a little past the whole: there a
 * ten-thousandth of it is taken off, so that the box read back is the box written.
 */
function edgeTexts(box: Box, mgrsTile: string): string[] {
  const [west, south, east, north] = box
  const shown: Box = east > 180 && west < 180 ? [west, south, wrappedBox(box)[2], north] : box
  const texts = shown.map(degrees)
  const wanted = box.map((edge) => Math.round(edge * MICRODEGREES))
  const [w = 0, s = 0, e = 0, n = 0] = texts.map(Number)
  const read = outward(dataBox({ west: w, south: s, east: e, north: n }, mgrsTile) ?? box)
  return texts.map((text, i) => {
    if (read[i] === wanted[i]) return text
    const inward = i < 2 ? TINY : -TINY
    return ((shown[i] ?? 0) + inward).toFixed(10)
  })
}

/** Degrees: some hundredths of a millimetre. */
const TINY = 1e-10

const TWO = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))
const THREE = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))
const DAY_SECONDS = 86_400
/** An archive of a century has fewer days. */
const MOST_DAYS = 40_000
/** `2017-02-08T` by the number of the day since 1970: an index has five times in a row, of a few thousand days. */
const days = new Map<number, string>()

/**
 * RFC 3339 in UTC.
 * @param decimals of the second: always six, or as few as formatTime writes, three where they say it all
 */
function timeText(time: Micros, decimals: 'six' | 'few'): string {
  const seconds = Math.floor(time / 1e6)
  const micros = time - seconds * 1e6
  const day = Math.floor(seconds / DAY_SECONDS)
  const clock = seconds - day * DAY_SECONDS
  const rest = micros % 1000
  const ending = decimals === 'few' && rest === 0 ? 'Z' : `${THREE[rest]}Z`
  return (
    `${dayText(day)}${TWO[Math.floor(clock / 3600)]}:${TWO[Math.floor(clock / 60) % 60]}:${TWO[clock % 60]}` +
    `.${THREE[Math.floor(micros / 1000)]}${ending}`
  )
}

function dayText(day: number): string {
  const known = days.get(day)
  if (known !== undefined) return known
  if (days.size >= MOST_DAYS) days.clear()
  const text = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, -'00:00:00.000Z'.length)
  days.set(day, text)
  return text
}
