import type { Context } from 'hono'
import { badRequest } from '../../parameters.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import type { Env } from '../env.ts'
import { fieldPicker } from './fields.ts'
import { type Form, MEDIA_TYPE } from './form.ts'
import { allPages, stacPage, toldOf } from './found.ts'
import { type ItemTold, itemOf } from './item.ts'
import type { ItemText } from './item-text.ts'
import { baseOf, linkNext, tokenOf } from './links.ts'
import type { StacQuery } from './search-query.ts'
import { speaksHttp10, streamed } from './streamed.ts'

/**
 * Characters in a piece: fewer would cost more writes; more than some 100,000 lie among the objects that V8 lets
 * live long, which it then looks through again and again.
 */
const PIECE = 1 << 16
/** RFC 8142 has a record separator before each item (RFC 7464). */
const BEFORE = { ndjson: '', geojsonseq: '\u001e' } as const satisfies Partial<Record<Form, string>>

type LinesTold = { readonly form: keyof typeof BEFORE; readonly writeItem: ItemText }

/**
 * Items a line each: all that match, page after page, or one page where a limit is given.
 * @throws {Fault} as Catalog.search; bad-request without a limit in HTTP/1.0
 */
export async function linesAnswer(
  c: Context<Env>,
  query: StacQuery,
  { form, writeItem }: LinesTold,
): Promise<Response> {
  const { session } = c.var
  const { signal } = c.req.raw
  const base = baseOf(c)
  if (!query.isLimited && speaksHttp10(c)) throw endless()
  const page = query.isLimited ? await stacPage(session, query, signal) : undefined
  if (page) linkNext(c, tokenOf(query, page))
  async function* items(): AsyncGenerator<string> {
    for await (const some of page ? [page] : allPages(session, query, signal)) {
      yield* itemTexts(toldOf(session, some, base), query, writeItem)
    }
  }
  c.header('Content-Type', MEDIA_TYPE[form])
  return c.newResponse(await streamed(c, joined(items(), BEFORE[form])))
}

/** Each item as JSON, or of it what is wanted. */
export function* itemTexts(
  told: Iterable<readonly [Granule, ItemTold]>,
  { fields }: Pick<StacQuery, 'fields'>,
  writeItem: ItemText,
): Generator<string> {
  const pick = fields && fieldPicker(fields)
  for (const [granule, telling] of told) {
    yield pick ? JSON.stringify(pick(itemOf(granule, telling))) : writeItem(granule, telling)
  }
}

/** Lines in pieces; the first leaves as soon as there is one. */
async function* joined(items: AsyncIterable<string>, before: string): AsyncGenerator<string> {
  let piece = ''
  let least = 0
  for await (const item of items) {
    piece += `${before}${item}\n`
    if (piece.length < least) continue
    yield piece
    piece = ''
    least = PIECE
  }
  if (piece !== '') yield piece
}

const endless = () =>
  badRequest([
    {
      parameter: 'limit',
      message:
        'limit is missing; HTTP/1.0 cannot tell a cut list from a whole one, so give a limit or use HTTP/1.1',
    },
  ])
