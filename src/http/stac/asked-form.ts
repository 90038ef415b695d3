import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { GEOJSON_TYPE, JSON_TYPE } from './documents.ts'
import { type Form, MEDIA_TYPE } from './form.ts'

/** What the Accept header may name, best first. */
const BY_MEDIA_TYPE = new Map<string, Form>([
  [GEOJSON_TYPE, 'geojson'],
  [JSON_TYPE, 'geojson'],
  [MEDIA_TYPE.ndjson, 'ndjson'],
  [MEDIA_TYPE.geojsonseq, 'geojsonseq'],
  [MEDIA_TYPE.parquet, 'parquet'],
])

/** The format parameter beats the Accept header. */
export function formOf(c: Context, asked: Form | undefined): Form {
  if (asked) return asked
  const supports = [...BY_MEDIA_TYPE.keys()]
  return BY_MEDIA_TYPE.get(accepts(c, { header: 'Accept', supports, default: GEOJSON_TYPE })) ?? 'geojson'
}
