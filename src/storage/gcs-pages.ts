import { z } from 'zod'
import { type Answer, Nonsense, readBody } from '../calls/http-answer.ts'
import { Fault } from '../errors.ts'
import { canStartKey, compareKeys, offsetPastFolder } from './keys.ts'
import type { Entry, ListOptions } from './port.ts'

/* objects.list of the JSON API: cloud.google.com/storage/docs/json_api/v1/objects/list. */

type Page = { readonly entries: readonly Entry[]; readonly next: string | undefined }

/**
 * All pages of a listing, each fetched when it is asked for.
 * @throws {Fault} upstream-failed where they would never end; as fetchPage
 */
export async function* pages(
  prefix: string,
  { delimiter, startOffset, endOffset }: ListOptions,
  fetchPage: (query: URLSearchParams) => Promise<Page>,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const offset = (text: string) => (delimiter === undefined ? text : offsetPastFolder(text, prefix))
  const start = offset(startOffset ?? '')
  const end = endOffset === undefined ? undefined : offset(endOffset)
  if (!canStartKey(prefix) || (end !== undefined && compareKeys(start, end) >= 0)) return
  const query = new URLSearchParams({ fields: FIELDS, maxResults: '1000', prefix })
  if (delimiter !== undefined) query.set('delimiter', delimiter)
  if (start !== '') query.set('startOffset', start)
  if (end !== undefined) query.set('endOffset', end)
  let last = ''
  let empty = 0
  for (;;) {
    const { entries, next } = await fetchPage(query)
    const [first, latest] = [entries.at(0), entries.at(-1)]
    empty = first ? 0 : empty + 1
    // Names only grow from page to page, so what comes again shows that its pages would never end.
    const goesOn =
      empty <= MOST_EMPTY_PAGES && (!first || last === '' || compareKeys(last, nameOf(first)) < 0)
    if (!goesOn || (next !== undefined && next === query.get('pageToken'))) throw endless(prefix)
    if (latest) last = nameOf(latest)
    yield entries
    if (next === undefined) return
    query.set('pageToken', next)
  }
}

/** Of pages in a row; one with nothing but a token is an answer, and a search of few names may have some. */
const MOST_EMPTY_PAGES = 100

const endless = (prefix: string) =>
  new Fault('upstream-failed', `Cloud Storage gives the same page of ${prefix} over and over; try again.`)

/** Google's own page without names has nothing else to know it by than its kind. */
const FIELDS = 'kind,items(name,size),prefixes,nextPageToken'
/** A page of 1000 is about 250 KB; names can be 1024 bytes long, and JSON may escape each of them. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024

/** Others that speak the API may leave out the kind: then nothing strange may stand where no names do. */
const pageForm = z
  .looseObject({
    kind: z.literal('storage#objects').optional(),
    items: z.array(z.object({ name: z.string().min(1), size: z.string().regex(/^\d+$/) })).optional(),
    prefixes: z.array(z.string().endsWith('/')).optional(),
    nextPageToken: z.string().min(1).optional(),
  })
  .refine(({ kind, items, prefixes, nextPageToken: _, ...strange }) => {
    return (kind ?? items ?? prefixes) !== undefined || Object.keys(strange).length === 0
  })

/** @throws {Broken} {Nonsense} where the answer is no page of names that begin with the prefix */
export async function readPage(answer: Answer, prefix: string): Promise<Page> {
  const text = (await readBody(answer, MAX_PAGE_BYTES)).toString()
  const page = pageForm.safeParse(parseJson(text))
  if (!page.success) throw new Nonsense('The answer is no page of a listing.', { cause: page.error })
  const { items = [], prefixes = [], nextPageToken } = page.data
  const isOther = (name: string) => !name.startsWith(prefix)
  if (items.some(({ name }) => isOther(name)) || prefixes.some(isOther))
    throw new Nonsense('The page holds names that were not asked for.')
  const objects: Entry[] = items.map(({ name, size }) => ({ kind: 'object', key: name, size: Number(size) }))
  if (prefixes.length === 0) return { entries: objects, next: nextPageToken }
  const folders: Entry[] = prefixes.map((folder) => ({ kind: 'folder', prefix: folder }))
  const entries = [...objects, ...folders].sort((a, b) => compareKeys(nameOf(a), nameOf(b)))
  return { entries, next: nextPageToken }
}

const nameOf = (entry: Entry): string => (entry.kind === 'object' ? entry.key : entry.prefix)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Nonsense('The answer is no JSON.', { cause })
  }
}
