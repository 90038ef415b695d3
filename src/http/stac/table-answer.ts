import { createWriteStream } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import type { Context } from 'hono'
import { type Turns, takeTurns } from '../../calls/turns.ts'
import { cancelled } from '../../errors.ts'
import type { Session } from '../../house.ts'
import { badRequest } from '../../parameters.ts'
import type { Env } from '../env.ts'
import { breakOff } from '../stream.ts'
import { collectionOf } from './collections.ts'
import { MEDIA_TYPE } from './form.ts'
import { allPages, levelsHere, stacPage, toldOf } from './found.ts'
import type { ItemWriter } from './item-form.ts'
import { itemTable } from './item-table.ts'
import { baseOf, linkNext, tokenOf } from './links.ts'
import { createPen } from './pen.ts'
import { PIECE, PIECE_ROOM } from './piece.ts'
import { MOST_ITEMS } from './search-options.ts'
import type { StacQuery } from './search-query.ts'

/** Items of one table, which takes some 100 MB of the disk, of L2A 200, and its lines as much meanwhile. */
export const MOST_ROWS = 100_000
/** A group of rows lies in memory while it is written. */
const ROWS_A_GROUP = 4096
/** Tables that are made at once; each takes two threads and up to half a gigabyte. */
const TABLES_AT_ONCE = 1
const STAC_GEOPARQUET = '1.0.0'

/** Answers a search with a table. */
export type TableAnswer = (c: Context<Env>, query: StacQuery) => Promise<Response>

/**
 * Answers searches with GeoParquet, the items of a page where a limit is given, else all of them. The answer
 * throws as Catalog.search, and bad-request for too many items and for a choice of fields.
 */
export function tableAnswers(): TableAnswer {
  const turns: Turns = takeTurns(TABLES_AT_ONCE)
  return async (c, query) => {
    if (query.fields)
      throw refused('fields', 'fields goes with the other formats; a reader of a table picks columns')
    const { signal } = c.req.raw
    const folder = await mkdtemp(join(tmpdir(), 'swath-items-'))
    const table = await turns
      .lane()
      .run(async () => open(await makeTable(c, query, folder)), signal)
      .catch((thrown: unknown) => {
        throw signal.aborted ? cancelled(thrown) : thrown
      })
      // Who holds it open reads it still; whatever becomes of this process, nothing is left behind.
      .finally(() => rm(folder, { recursive: true, force: true }))
    const { size } = await table.stat()
    c.header('Content-Type', MEDIA_TYPE.parquet)
    c.header('Content-Length', String(size))
    c.header('Content-Disposition', 'attachment; filename="items.parquet"')
    if (c.req.method !== 'HEAD') return c.newResponse(bytesOf(c, table))
    await table.close()
    return c.newResponse(null)
  }
}

/** Makes the table in a folder and gives its path. */
async function makeTable(c: Context<Env>, query: StacQuery, folder: string): Promise<string> {
  const { session } = c.var
  const { signal } = c.req.raw
  const base = baseOf(c)
  const levels = levelsHere(session.catalog, query.search.levels)
  const { columns, writeRow, geo } = itemTable(levels.length > 0 ? levels : ['L1C'])
  const page = query.isLimited ? await stacPage(session, query, signal) : undefined
  if (page) linkNext(c, tokenOf(query, page))
  else await requireFew(session, query, signal)
  async function* lines(): AsyncGenerator<Uint8Array> {
    for await (const some of page ? [page] : allPages(session, query, signal)) {
      yield* linesOf(toldOf(session, some, base), writeRow)
    }
  }
  const spool = join(folder, 'items.ndjson.zst')
  const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
  await pipeline(lines(), createZstdCompress(fast), createWriteStream(spool), { signal })
  // DuckDB comes with it, which takes a while to load.
  const { writeLinesAsParquet } = await import('../../files/parquet.ts')
  const file = join(folder, 'items.parquet')
  const freshness = session.catalog.freshness()?.levels
  const collections = levels.map((level) => collectionOf(level, { base, freshness: freshness?.[level] }))
  const about = {
    geo: geo(),
    'stac-geoparquet': JSON.stringify({
      version: STAC_GEOPARQUET,
      collections: Object.fromEntries(collections.map((collection) => [collection.id, collection])),
    }),
  }
  const place = { file, lines: spool, spill: join(folder, 'spill') }
  await writeLinesAsParquet({ ...place, columns, about, rowsAGroup: ROWS_A_GROUP, signal })
  return file
}

/** Granules are counted by many at a time, which takes a tenth of what their items do. */
async function requireFew(session: Session, query: StacQuery, signal: AbortSignal): Promise<void> {
  let rows = 0
  for await (const page of allPages(session, { ...query, hasArea: false }, signal, MOST_ITEMS)) {
    rows += page.granules.length
    if (rows > MOST_ROWS) throw tooMany()
  }
}

function* linesOf(rows: ReturnType<typeof toldOf>, writeRow: ItemWriter): Generator<Uint8Array> {
  const pen = createPen(PIECE_ROOM)
  for (const [granule, told] of rows) {
    writeRow(pen, granule, told)
    pen.ascii('\n')
    if (pen.length() >= PIECE) yield pen.take()
  }
  yield pen.take()
}

const READ_BYTES = 1 << 16

/** A file as it is pulled, closed at its end or when nobody wants more. */
function bytesOf(c: Context<Env>, file: FileHandle): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { bytesRead, buffer } = await file.read(new Uint8Array(READ_BYTES), 0, READ_BYTES)
          if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
          await file.close()
          controller.close()
        } catch (thrown) {
          breakOff(c, thrown)
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  )
}

const tooMany = () =>
  refused(
    'format',
    `more than ${MOST_ROWS.toLocaleString('en')} items match, the most that one table holds; ask for format=ndjson, ` +
      'give a limit, or write the index as a table with swath index export',
  )

const refused = (parameter: string, message: string) => badRequest([{ parameter, message }])
