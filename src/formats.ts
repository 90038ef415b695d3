import { displayColour } from './colour/display.ts'
import type { Colour, Sampling, Source } from './colour/port.ts'
import { csvField } from './csv-field.ts'
import type { Listed, Ranked } from './list-area.ts'
import { footprintOf } from './sentinel2/footprint.ts'
import type { Granule } from './sentinel2/granule.ts'
import { sixDecimals } from './sentinel2/reflectance.ts'
import { formatTime } from './sentinel2/time.ts'

export const FORMATS = ['json', 'uris', 'urls', 'ndjson', 'csv', 'geojson'] as const
export type Format = (typeof FORMATS)[number]

/** How an answer is written: what stands before, between and after the granules, and each of them. */
type Writing = {
  readonly mediaType: string
  readonly head: (ranked: RankedBy) => string
  readonly between: string
  readonly tail: string
  /** Empty for a granule that gives nothing in this format. */
  readonly granule: (listed: Listed, bucket: string, ranked: RankedBy) => string
}

/** What the colours an answer tells were made from; undefined where it tells none. */
type RankedBy = Source | undefined

const COLUMNS = [
  'granule_id',
  'product_id',
  'mgrs_tile',
  'sensing_time',
  'cloud_cover',
  'band',
  'resolution',
  'uri',
  'url',
  'size',
] as const

/** What a rank adds. */
const RANK_COLUMNS = ['colour', 'red', 'green', 'blue', 'score', 'reason'] as const

/** Coverage stands last, so that it moved no other column when it came. */
const columnsOf = (ranked: RankedBy): readonly (keyof ImageRow)[] =>
  ranked ? [...COLUMNS, ...RANK_COLUMNS, 'coverage'] : [...COLUMNS, 'coverage']

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')

const WRITINGS = {
  json: {
    mediaType: 'application/json',
    head: () => '[',
    between: ',',
    tail: '\n]\n',
    granule: ({ images }, bucket) =>
      images.map(({ key }) => `\n${JSON.stringify(`${bucket}/${key}`)}`).join(','),
  },
  uris: {
    mediaType: 'text/uri-list',
    head: () => '',
    between: '',
    tail: '',
    granule: ({ images }, bucket) => lines(images.map(({ key }) => gsUri(bucket, key))),
  },
  urls: {
    mediaType: 'text/uri-list',
    head: () => '',
    between: '',
    tail: '',
    granule: ({ images }, bucket) => lines(images.map(({ key }) => httpsUrl(bucket, key))),
  },
  ndjson: {
    mediaType: 'application/x-ndjson',
    head: () => '',
    between: '',
    tail: '',
    granule: (listed, bucket, ranked) =>
      lines(imageRows(listed, bucket, ranked).map((row) => JSON.stringify(row))),
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8; header=present',
    head: (ranked) => `${columnsOf(ranked).join(',')}\r\n`,
    between: '',
    tail: '',
    granule: (listed, bucket, ranked) => {
      const columns = columnsOf(ranked)
      return imageRows(listed, bucket, ranked)
        .map((row) => `${columns.map((column) => csvField(row[column])).join(',')}\r\n`)
        .join('')
    },
  },
  geojson: {
    mediaType: 'application/geo+json',
    head: () => '{"type":"FeatureCollection","features":[\n',
    between: ',\n',
    tail: '\n]}\n',
    granule: (listed, bucket, ranked) => JSON.stringify(featureOf(listed, bucket, ranked)),
  },
} as const satisfies Record<Format, Writing>

export const mediaTypeOf = (format: Format): string => WRITINGS[format].mediaType

/** Whether a format tells how much of the area each granule covers, which a catalog has to work out. */
export const tellsCoverage = (format: Format): boolean =>
  format === 'ndjson' || format === 'csv' || format === 'geojson'

/**
 * Writes granules as they come, a piece of text for each; the pieces in a row are the whole answer.
 * @param ranked what their colours were made from, where they are ranked
 */
export async function* write(
  format: Format,
  granules: AsyncIterable<Listed>,
  bucket: string,
  ranked?: Source,
): AsyncGenerator<string> {
  const writing: Writing = WRITINGS[format]
  let before = writing.head(ranked)
  for await (const listed of granules) {
    const text = writing.granule(listed, bucket, ranked)
    if (text === '') continue
    yield before + text
    before = writing.between
  }
  // Nothing was written if the head still waits: it is sent with the tail, so that an empty answer is whole.
  yield (before === writing.between ? '' : before) + writing.tail
}

/** The properties of a granule by the names of the index; what its catalog does not know is null. */
export const propertiesOf = (granule: Granule) => ({
  granule_id: granule.granuleId,
  product_id: granule.productId,
  level: granule.level,
  mgrs_tile: granule.mgrsTile,
  sensing_time: formatTime(granule.sensingTime),
  generation_time: granule.generationTime === undefined ? null : formatTime(granule.generationTime),
  processing_baseline: granule.baseline ?? null,
  datatake_identifier: granule.datatake ?? null,
  cloud_cover: granule.cloudCover ?? null,
  geometric_quality_flag: granule.quality ?? null,
  total_size: granule.totalSize ?? null,
})

/** A colour: as a screen shows it, and in numbers; null of a colour that is not known. */
export const colourProperties = (colour: Colour | undefined, source: Source) => ({
  colour: colour ? displayColour(colour, source) : null,
  red: colour?.red ?? null,
  green: colour?.green ?? null,
  blue: colour?.blue ?? null,
})

/** How a colour was sampled; a preview takes no stride. */
export const samplingProperties = (sampling: Sampling) => ({
  stride: sampling.source === 'bands' ? sampling.stride : null,
  source: sampling.source,
})

function rankProperties(rank: Ranked | undefined, source: Source) {
  const { colour, score, reason } = { colour: undefined, score: undefined, reason: null, ...rank }
  return {
    ...colourProperties(colour, source),
    score: score === undefined ? null : sixDecimals(score),
    reason,
  }
}

/** Share of the area that a granule covers, 0 to 1, six decimals; null where the catalog does not tell. */
const coverageOf = ({ coverage }: Listed) => ({
  coverage: coverage === undefined ? null : sixDecimals(coverage),
})

/** The images of a granule, as far as they are not told by the granule itself. */
export const imagesOf = ({ images }: Listed, bucket: string) =>
  images.map(({ band, resolution, key, size }) => ({
    band,
    resolution,
    uri: gsUri(bucket, key),
    url: httpsUrl(bucket, key),
    size,
  }))

type ImageRow = Readonly<
  Record<(typeof COLUMNS)[number], string | number | null> &
    Partial<Record<(typeof RANK_COLUMNS)[number], string | number | null>> &
    Record<'coverage', number | null>
>

function imageRows(listed: Listed, bucket: string, ranked: RankedBy): ImageRow[] {
  const { granule, rank } = listed
  const colour = ranked && rankProperties(rank, ranked)
  return imagesOf(listed, bucket).map((image) => ({
    granule_id: granule.granuleId,
    product_id: granule.productId,
    mgrs_tile: granule.mgrsTile,
    sensing_time: formatTime(granule.sensingTime),
    cloud_cover: granule.cloudCover ?? null,
    ...image,
    ...colour,
    ...coverageOf(listed),
  }))
}

export const featureOf = (listed: Listed, bucket: string, ranked?: Source) => ({
  type: 'Feature',
  id: listed.granule.granuleId,
  geometry: footprintOf(listed.granule) ?? null,
  properties: {
    ...propertiesOf(listed.granule),
    ...(ranked && rankProperties(listed.rank, ranked)),
    ...coverageOf(listed),
    images: imagesOf(listed, bucket),
  },
})

const gsUri = (bucket: string, key: string): string => `gs://${bucket}/${key}`

const httpsUrl = (bucket: string, key: string): string =>
  `https://storage.googleapis.com/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
