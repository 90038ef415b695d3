import type { Context } from 'hono'
import { badRequest } from '../../parameters.ts'
import type { Env } from '../env.ts'
import { speaksHttp10, streamed } from '../stream.ts'
import { fieldPicker } from './fields.ts'
import { type Form, MEDIA_TYPE } from './form.ts'
import { allPages, stacPage, toldOf } from './found.ts'
import { itemOf } from './item.ts'
import type { ItemWriter } from './item-form.ts'
import { baseOf, linkNext, tokenOf } from './links.ts'
import { createPen } from './pen.ts'
import { PIECE, PIECE_ROOM, SHORT_PAGE } from './piece.ts'
import type { StacQuery } from './search-query.ts'

/** RFC 8142 has a record separator before each item (RFC 7464). */
const BEFORE = { ndjson: '', geojsonseq: '\u001e' } as const satisfies Partial<Record<Form, string>>

type LinesTold = { readonly form: keyof typeof BEFORE; readonly writeItem: ItemWriter }

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
  const write = writerFor(query, writeItem)
  /** The first line leaves as soon as there is one. */
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const pen = createPen(PIECE_ROOM)
    let least = 0
    for await (const some of page ? [page] : allPages(session, query, signal)) {
      for (const [granule, told] of toldOf(session, some, base)) {
        pen.ascii(BEFORE[form])
        write(pen, granule, told)
        pen.ascii('\n')
        if (pen.length() < least) continue
        yield pen.take()
        least = PIECE
      }
    }
    if (pen.length() > 0) yield pen.take()
  }
  c.header('Content-Type', MEDIA_TYPE[form])
  return c.newResponse(await streamed(c, pieces(), (page?.granules.length ?? Infinity) <= SHORT_PAGE))
}

/** Writes whole items, or of each what is wanted. */
export function writerFor({ fields }: Pick<StacQuery, 'fields'>, writeItem: ItemWriter): ItemWriter {
  if (!fields) return writeItem
  const pick = fieldPicker(fields)
  return (pen, granule, told) => pen.utf8(JSON.stringify(pick(itemOf(granule, told))))
}

const endless = () =>
  badRequest([
    {
      parameter: 'limit',
      message:
        'limit is missing; HTTP/1.0 cannot tell a cut list from a whole one, so give a limit or use HTTP/1.1',
    },
  ])
