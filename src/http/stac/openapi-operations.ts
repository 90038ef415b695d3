import { z } from 'zod'
import type { Answer, Operation } from '../openapi/operation.ts'
import { PREVIEW_OPTIONS } from '../preview.ts'
import { COLLECTIONS } from './collection-names.ts'
import { COLLECTIONS_OPTIONS } from './collections-answer.ts'
import { GEOJSON_TYPE, JSON_TYPE, SCHEMA_TYPE } from './documents.ts'
import { MEDIA_TYPE } from './form.ts'
import { ITEM_SEARCH_OPTIONS, SEARCH_OPTIONS } from './search-options.ts'

const TAG = 'STAC'
const COLLECTION = z.object({
  collection: z.enum(Object.values(COLLECTIONS)).meta({
    description: 'Id of a collection.',
    example: COLLECTIONS.L1C,
  }),
})
const ITEM = COLLECTION.extend({
  item: z.string().meta({
    description: 'Id of an item.',
    example: 'S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358',
  }),
})
const BROWSED = COLLECTION.extend({
  place: z.string().meta({
    description: 'A UTM zone (33), a band of latitude in it (33U) or a tile (33UUB).',
    example: '33UUB',
  }),
})
const BROWSED_MONTH = BROWSED.extend({
  month: z.string().meta({ description: 'A month (UTC) of a tile.', example: '2020-07' }),
})
/** What is posted is a JSON object of these members. */
export const POSTED_SEARCH = z.object(ITEM_SEARCH_OPTIONS)

const TOLD = [400, 500]
const OF_COLLECTION = [...TOLD, 404]
const ASKED = [...TOLD, 429, 502, 503, 504]

const document = (schema: string, description: string, type = JSON_TYPE): Answer => ({
  status: 200,
  description,
  content: { [type]: { schema } },
})
const ITEMS: Answer = {
  status: 200,
  description: 'Items: a page of them with a link to the next, or a line each, or rows of a table.',
  content: {
    [MEDIA_TYPE.geojson]: { schema: 'StacItemCollection' },
    [MEDIA_TYPE.ndjson]: { lines: 'StacItem' },
    [MEDIA_TYPE.geojsonseq]: { plain: '' },
    [MEDIA_TYPE.parquet]: { plain: '' },
  },
  headers: ['Link', 'ETag', 'Swath-Index'],
}
const BROWSED_ANSWER: Answer = {
  ...document('StacCatalog', 'A catalog whose links of child or item lead on.'),
  headers: ['ETag', 'Swath-Index'],
}
const PICTURE: Answer = {
  status: 200,
  description: 'The picture.',
  content: { 'image/webp': { plain: '' } },
  headers: ['ETag', 'Swath-Index'],
}
const names = (what: string) => document('StacNames', what, SCHEMA_TYPE)

/** The routes of the STAC API. */
export const STAC_OPERATIONS: readonly Operation[] = [
  get('/stac', 'getStacCatalog', 'The STAC API: what it keeps to and where all is', {
    answer: document('StacCatalog', 'The catalog.'),
  }),
  get('/stac/api', 'getStacApi', 'To /openapi.json', {
    answer: { status: 307, description: 'Where it is.', content: {} },
    failures: [500],
  }),
  get('/stac/conformance', 'getStacConformance', 'The conformance classes', {
    answer: document('StacConformance', 'The classes.'),
  }),
  get('/stac/queryables', 'getStacQueryables', 'What filters may ask for', {
    answer: names('A JSON Schema whose properties they are.'),
  }),
  get('/stac/sortables', 'getStacSortables', 'What items may be sorted by', {
    answer: names('A JSON Schema whose properties they are.'),
  }),
  get('/stac/collections', 'listStacCollections', 'The collections', {
    inQuery: COLLECTIONS_OPTIONS,
    answer: document('StacCollections', 'The collections.'),
  }),
  get('/stac/collections/{collection}', 'getStacCollection', 'One collection', {
    inPath: COLLECTION,
    answer: document('StacCollection', 'The collection.'),
    failures: OF_COLLECTION,
  }),
  get(
    '/stac/collections/{collection}/queryables',
    'getStacCollectionQueryables',
    'What filters may ask for',
    {
      inPath: COLLECTION,
      answer: names('A JSON Schema whose properties they are.'),
      failures: OF_COLLECTION,
    },
  ),
  get('/stac/collections/{collection}/sortables', 'getStacCollectionSortables', 'What it may be sorted by', {
    inPath: COLLECTION,
    answer: names('A JSON Schema whose properties they are.'),
    failures: OF_COLLECTION,
  }),
  get('/stac/collections/{collection}/browse', 'browseStacCollection', 'The way to its items by links', {
    inPath: COLLECTION,
    answer: BROWSED_ANSWER,
    failures: [...ASKED, 404],
  }),
  get('/stac/collections/{collection}/browse/{place}', 'browseStacPlace', 'Places or months in a place', {
    inPath: BROWSED,
    answer: BROWSED_ANSWER,
    failures: [...ASKED, 404],
  }),
  get('/stac/collections/{collection}/browse/{place}/{month}', 'browseStacMonth', "Items of a tile's month", {
    inPath: BROWSED_MONTH,
    answer: BROWSED_ANSWER,
    failures: [...ASKED, 404],
  }),
  get('/stac/collections/{collection}/items', 'listStacItems', 'Items of a collection', {
    inPath: COLLECTION,
    inQuery: z.object(SEARCH_OPTIONS),
    answer: ITEMS,
    failures: [...ASKED, 404, 431],
  }),
  get('/stac/collections/{collection}/items/{item}', 'getStacItem', 'One item', {
    inPath: ITEM,
    answer: {
      ...document('StacItem', 'The item, with the assets that the archive holds.', GEOJSON_TYPE),
      headers: ['ETag', 'Swath-Index'],
    },
    failures: [...ASKED, 404],
  }),
  get(
    '/stac/collections/{collection}/items/{item}/thumbnail.webp',
    'getStacThumbnail',
    'Picture of an item',
    {
      inPath: ITEM,
      inQuery: PREVIEW_OPTIONS,
      answer: PICTURE,
      failures: [...ASKED, 404],
    },
  ),
  get('/stac/search', 'searchStac', 'Items of all collections', {
    inQuery: z.object(ITEM_SEARCH_OPTIONS),
    answer: ITEMS,
    failures: [...ASKED, 431],
  }),
  {
    method: 'post',
    path: '/stac/search',
    id: 'searchStacPosted',
    tag: TAG,
    summary: 'Items of all collections, by a search that is posted',
    posted: { [JSON_TYPE]: 'StacSearch' },
    mayPostNothing: true,
    answer: { ...ITEMS, headers: ['ETag', 'Swath-Index'] },
    failures: [...ASKED, 413, 415],
  },
]

type Told = Pick<Operation, 'inPath' | 'inQuery' | 'answer'> & { readonly failures?: readonly number[] }

function get(path: string, id: string, summary: string, told: Told): Operation {
  return { method: 'get', path, id, tag: TAG, summary, failures: TOLD, ...told }
}
