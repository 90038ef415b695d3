import { z } from 'zod'
import { samplingOptions } from '../../colour-query.ts'
import { AREA, BESIDE_POSTED, BESIDE_POSTED_COUNT, COUNT, POINT } from '../asked.ts'
import { PREVIEW_OPTIONS, PREVIEW_TYPES } from '../preview.ts'
import { OPENAPI_TYPE } from '../stac/documents.ts'
import type { Answer, Operation } from './operation.ts'

/** A granule of the embedded sample. */
const SAMPLE_GRANULE = 'L1C_T33UUB_A017537_20200715T102602'
const NAMED = z.object({
  granule_id: z.string().meta({ description: 'Name of a granule.', example: SAMPLE_GRANULE }),
})
const PICTURED = NAMED.extend({
  type: z.enum(Object.keys(PREVIEW_TYPES)).meta({ description: 'Form of the picture.', example: 'webp' }),
})

/** What may fail wherever the catalog or the archive is asked. */
const ASKED = [400, 429, 500, 502, 503, 504]
const POSTED = [...ASKED, 413, 415]
const POSTED_AREA = { 'application/geo+json': 'PostedArea', 'application/json': 'PostedArea' }

const IMAGES: Answer = {
  status: 200,
  description: "The images of a page of granules; with rank the page's granules best first.",
  content: {
    'application/json': { schema: 'ImagePaths' },
    'application/geo+json': { schema: 'FeatureCollection' },
    'application/x-ndjson': { lines: 'ImageRow' },
    'text/csv': { plain: 'A line of names, then one line for each image: the members of ImageRow.' },
    'text/uri-list': { plain: 'gs:// addresses with format=uris, https:// addresses with format=urls.' },
    'text/plain': { plain: 'As text/uri-list with gs:// addresses, for who accepts plain text alone.' },
  },
  headers: ['Link', 'Swath-Area', 'Swath-Granules', 'Swath-Without-Colour', 'Swath-Index', 'Swath-Stale'],
}
const SUMMARY = json('Summary', 'Granules counted by month, tile and cloud cover.', ['Swath-Index'])
const ESTIMATE = json('Estimate', 'What all pages of the query would cost.', ['Swath-Index'])

const AREAS: readonly Operation[] = [
  {
    method: 'get',
    path: '/area',
    id: 'listArea',
    tag: 'Areas',
    summary: 'The images of an area',
    description:
      'The area is a box (two opposite corners, or bbox) or a GeoJSON shape (intersects): one of the three.',
    inQuery: AREA,
    answer: IMAGES,
    failures: [...ASKED, 431],
  },
  {
    method: 'post',
    path: '/area',
    id: 'listPostedArea',
    tag: 'Areas',
    summary: 'The images of an area that is posted',
    inQuery: BESIDE_POSTED,
    posted: POSTED_AREA,
    answer: IMAGES,
    failures: POSTED,
  },
  {
    method: 'get',
    path: '/area/summary',
    id: 'summariseArea',
    tag: 'Areas',
    summary: 'How many granules an area has, by month, tile and cloud cover',
    inQuery: COUNT,
    answer: SUMMARY,
    failures: [...ASKED, 431],
  },
  {
    method: 'post',
    path: '/area/summary',
    id: 'summarisePostedArea',
    tag: 'Areas',
    summary: 'How many granules a posted area has',
    inQuery: BESIDE_POSTED_COUNT,
    posted: POSTED_AREA,
    answer: SUMMARY,
    failures: POSTED,
  },
  {
    method: 'get',
    path: '/estimate',
    id: 'estimateArea',
    tag: 'Areas',
    summary: 'What a query would cost',
    description: 'Takes what /area takes, and lists nothing.',
    inQuery: AREA,
    answer: ESTIMATE,
    failures: [...ASKED, 431],
  },
  {
    method: 'post',
    path: '/estimate',
    id: 'estimatePostedArea',
    tag: 'Areas',
    summary: 'What a query over a posted area would cost',
    inQuery: BESIDE_POSTED,
    posted: POSTED_AREA,
    answer: ESTIMATE,
    failures: POSTED,
  },
  {
    method: 'get',
    path: '/images',
    id: 'listPoint',
    tag: 'Areas',
    summary: 'The images of a point',
    inQuery: POINT,
    answer: IMAGES,
    failures: ASKED,
  },
]

const GRANULES: readonly Operation[] = [
  {
    method: 'get',
    path: '/granules/{granule_id}',
    id: 'getGranule',
    tag: 'Granules',
    summary: 'One granule: its properties, images, and colour where it is remembered',
    inPath: NAMED,
    answer: json('Granule', 'The granule.', ['Swath-Index']),
    failures: [...ASKED, 404],
  },
  {
    method: 'get',
    path: '/granules/{granule_id}/colour',
    id: 'getColour',
    tag: 'Granules',
    summary: 'The mean colour of a granule, made if need be',
    inPath: NAMED,
    inQuery: samplingOptions,
    answer: json('Colour', 'The colour.', ['Swath-Index']),
    failures: [...ASKED, 404],
  },
  {
    method: 'get',
    path: '/granules/{granule_id}/preview.{type}',
    id: 'getPreview',
    tag: 'Granules',
    summary: 'A picture of a granule',
    inPath: PICTURED,
    inQuery: PREVIEW_OPTIONS,
    answer: {
      status: 200,
      description: 'The picture.',
      content: Object.fromEntries(Object.values(PREVIEW_TYPES).map((type) => [type, { plain: '' }])),
      headers: ['ETag', 'Swath-Index'],
    },
    failures: [...ASKED, 404],
  },
]

const SERVICE: readonly Operation[] = [
  {
    method: 'get',
    path: '/healthz',
    id: 'getHealth',
    tag: 'Service',
    summary: 'Whether the process runs',
    answer: json('Health', 'It does.'),
    failures: [400, 500],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'getReadiness',
    tag: 'Service',
    summary: 'Whether catalog and archive answer: a real query and a real listing',
    answer: json('Readiness', 'They do; and what goes on now.', ['Swath-Index']),
    failures: ASKED,
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Service',
    summary: 'Counts, times and queues since the start, for Prometheus',
    answer: {
      status: 200,
      description: 'The text form of Prometheus, version 0.0.4.',
      content: { 'text/plain': { plain: 'A line a sample; docs/seeing.md tells what each is.' } },
    },
    failures: [400, 500],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'getOpenApi',
    tag: 'Service',
    summary: 'This document',
    answer: { status: 200, description: 'OpenAPI 3.1.', content: { [OPENAPI_TYPE]: { plain: '' } } },
    failures: [400, 500],
  },
  page('/docs', 'getDocs', 'This document as a page'),
  page('/', 'getPage', 'The page with the map'),
]

/** All routes but those of STAC. */
export const OPERATIONS: readonly Operation[] = [...AREAS, ...GRANULES, ...SERVICE]

function json(schema: string, description: string, headers: readonly string[] = []): Answer {
  return { status: 200, description, content: { 'application/json': { schema } }, headers }
}

function page(path: string, id: string, summary: string): Operation {
  const answer: Answer = { status: 200, description: 'HTML.', content: { 'text/html': { plain: '' } } }
  return { method: 'get', path, id, tag: 'Service', summary, answer, failures: [500] }
}
