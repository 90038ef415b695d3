import { GEOJSON_TYPE } from './documents.ts'

/** How a search answers: a FeatureCollection, an item a line, an item a record of RFC 8142, or a table. */
export const FORMS = ['geojson', 'ndjson', 'geojsonseq', 'parquet'] as const
export type Form = (typeof FORMS)[number]

export const MEDIA_TYPE = {
  geojson: GEOJSON_TYPE,
  ndjson: 'application/x-ndjson',
  geojsonseq: 'application/geo+json-seq',
  parquet: 'application/vnd.apache.parquet',
} as const satisfies Record<Form, string>
