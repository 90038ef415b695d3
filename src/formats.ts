import type { Listed } from './list-area.ts'
import { footprintOf } from './sentinel2/footprint.ts'
import type { Granule } from './sentinel2/granule.ts'
import { formatTime } from './sentinel2/time.ts'

export const FORMATS = ['json', 'uris', 'urls', 'ndjson', 'csv', 'geojson'] as const
export type Format = (typeof FORMATS)[number]

/** How an answer is written: what stands before, between and after the granules, and each of them. */
type Writing = {
  readonly mediaType: string
  readonly head: string
  readonly between: string
  readonly tail: string
  /** Empty for a granule that gives nothing in this format. */
  readonly granule: (listed: Listed, bucket: string) => string
}

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

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')

const WRITINGS = {
  json: {
    mediaType: 'application/json',
    head: '[',
    between: ',',
    tail: '\n]\n',
    granule: ({ images }, bucket) =>
      images.map(({ key }) => `\n${JSON.stringify(`${bucket}/${key}`)}`).join(','),
  },
  uris: {
    mediaType: 'text/uri-list',
    head: '',
    between: '',
    tail: '',
    granule: ({ images }, bucket) => lines(images.map(({ key }) => gsUri(bucket, key))),
  },
  urls: {
    mediaType: 'text/uri-list',
    head: '',
    between: '',
    tail: '',
    granule: ({ images }, bucket) => lines(images.map(({ key }) => httpsUrl(bucket, key))),
  },
  ndjson: {
    mediaType: 'application/x-ndjson',
    head: '',
    between: '',
    tail: '',
    granule: (listed, bucket) => lines(imageRows(listed, bucket).map((row) => JSON.stringify(row))),
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8; header=present',
    head: `${COLUMNS.join(',')}\r\n`,
    between: '',
    tail: '',
    granule: (listed, bucket) =>
      imageRows(listed, bucket)
        .map((row) => `${COLUMNS.map((column) => csvField(row[column])).join(',')}\r\n`)
        .join(''),
  },
  geojson: {
    mediaType: 'application/geo+json',
    head: '{"type":"FeatureCollection","features":[\n',
    between: ',\n',
    tail: '\n]}\n',
    granule: (listed, bucket) => JSON.stringify(featureOf(listed, bucket)),
  },
} as const satisfies Record<Format, Writing>

export const mediaTypeOf = (format: Format): string => WRITINGS[format].mediaType

/** Writes granules as they come, a piece of text for each; the pieces in a row are the whole answer. */
export async function* write(
  format: Format,
  granules: AsyncIterable<Listed>,
  bucket: string,
): AsyncGenerator<string> {
  const writing: Writing = WRITINGS[format]
  let before = writing.head
  for await (const listed of granules) {
    const text = writing.granule(listed, bucket)
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

/** The images of a granule, as far as they are not told by the granule itself. */
export const imagesOf = ({ images }: Listed, bucket: string) =>
  images.map(({ band, resolution, key, size }) => ({
    band,
    resolution,
    uri: gsUri(bucket, key),
    url: httpsUrl(bucket, key),
    size,
  }))

function imageRows(listed: Listed, bucket: string) {
  const { granule } = listed
  return imagesOf(listed, bucket).map((image) => ({
    granule_id: granule.granuleId,
    product_id: granule.productId,
    mgrs_tile: granule.mgrsTile,
    sensing_time: formatTime(granule.sensingTime),
    cloud_cover: granule.cloudCover ?? null,
    ...image,
  }))
}

export const featureOf = (listed: Listed, bucket: string) => ({
  type: 'Feature',
  id: listed.granule.granuleId,
  geometry: footprintOf(listed.granule) ?? null,
  properties: { ...propertiesOf(listed.granule), images: imagesOf(listed, bucket) },
})

const gsUri = (bucket: string, key: string): string => `gs://${bucket}/${key}`

const httpsUrl = (bucket: string, key: string): string =>
  `https://storage.googleapis.com/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`

/** RFC 4180. */
function csvField(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
