import { closeSync, createWriteStream, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import type { Catalog, Cursor, Page, Search } from './catalog/port.ts'
import { Fault, type ParameterError } from './errors.ts'
import type { AboutIndex } from './index-file/about.ts'
import { readGranules, readRows } from './index-file/export-rows.ts'
import type { IndexRow } from './index-file/row.ts'
import { WORLD } from './sentinel2/area.ts'
import { LEVELS, type Level } from './sentinel2/bands.ts'
import { tilesOf } from './sentinel2/tiles.ts'

/** Which granules of an index are asked for. */
export type Asked = {
  /** Undefined: those of both levels. */
  readonly level?: Level | undefined
  /** Undefined: all; without a `sort` they come by tile. Whatever level it names, `level` above tells. */
  readonly search?: Search | undefined
}

/** Some granules, and how much of the area each covers where one is given. */
export type Piece = Pick<Page, 'granules' | 'coverage'> & {
  /** Of each whether its names were put together from numbers and hold no strange letter; undefined: not known. */
  readonly composed?: readonly boolean[]
}
export type Pieces = Iterable<Piece> | AsyncIterable<Piece>

export type Source = {
  /** `read`: straight from the table; `searched`: as the catalog finds them. */
  readonly kind: 'read' | 'searched'
  readonly coverage: 'told' | 'not told'
  pieces(): Pieces
  /** The same as rows of the index, where they are read from its table; only one of the two is to be asked for. */
  readonly rows?: () => Iterable<readonly IndexRow[]>
  /**
   * The same for who cannot wait for a promise.
   * @param folder where what a search finds is laid down
   */
  atOnce(folder: string): Promise<Iterable<Piece>>
  close(): Promise<void>
}

/**
 * The granules asked for: by tile, then level, then newest first; or, where there is a `sort`, in that order, one
 * level behind the other. The catalog is asked as soon as there is anything to match.
 * @throws {Fault} bad-request for a level that the index does not hold; while they are read as readGranules and
 * Catalog.search
 */
export async function sourceOf(
  file: string,
  { levels }: AboutIndex,
  { level, search }: Asked,
  signal: AbortSignal,
): Promise<Source> {
  if (level !== undefined && levels[level] === 0) throw lacks(file, level)
  if (!search || asksForAll(search)) return wholeSource(file, level)
  const held = LEVELS.filter((one) => levels[one] > 0 && (level === undefined || one === level))
  // Its threads take a while to load.
  const { sqliteCatalog } = await import('./catalog/sqlite.ts')
  const catalog = sqliteCatalog({ file, threads: 1 })
  const pieces = () => found(catalog, search, held, signal)
  return {
    kind: 'searched',
    coverage: tellsCoverage(search) ? 'told' : 'not told',
    pieces,
    atOnce: (folder) => laidDown(pieces(), join(folder, 'found.ndjson'), signal),
    close: () => catalog.close(),
  }
}

function wholeSource(file: string, level: Level | undefined): Source {
  function* pieces(): Generator<Piece> {
    for (const piece of readGranules(file, level)) yield { ...piece, coverage: undefined }
  }
  return {
    kind: 'read',
    coverage: 'not told',
    pieces,
    rows: () => readRows(file, level),
    atOnce: async () => pieces(),
    close: async () => {},
  }
}

/** Of the whole world a granule covers nothing worth telling. */
const tellsCoverage = ({ area }: Search): boolean => area !== WORLD

function asksForAll(search: Search): boolean {
  const { area, time, cloud, tiles, dedupe, relation, minCoverage, since, best, sort, colours } = search
  const filters = [time.from, time.until, cloud, tiles, minCoverage, since, best, sort, colours]
  const open = filters.every((filter) => filter === undefined)
  return open && area === WORLD && dedupe === 'none' && (relation ?? 'intersects') === 'intersects'
}

/** The most that a catalog gives at a time. */
const LIMIT = 10_000
/** Few enough that all of their granules can be held at once, to be told tile by tile. */
const TILES_AT_ONCE = 16

async function* found(
  catalog: Pick<Catalog, 'search'>,
  search: Search,
  levels: readonly Level[],
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  if (search.sort !== undefined) {
    for (const level of levels) yield* pagesOf(catalog, { ...search, level }, signal)
    return
  }
  const tiles = tilesOf(search.area, search.tiles)
  for (let i = 0; i < tiles.length; i += TILES_AT_ONCE) {
    const some = tiles.slice(i, i + TILES_AT_ONCE)
    const pages: Piece[] = []
    for (const level of levels) {
      const ofSome = pagesOf(catalog, { ...search, level, tiles: some }, signal)
      for await (const page of ofSome) pages.push(page)
    }
    yield* byTile(pages)
  }
}

async function* pagesOf(
  catalog: Pick<Catalog, 'search'>,
  search: Search,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const coverage = tellsCoverage(search)
  let after: Cursor | undefined
  do {
    const page = await catalog.search(search, { limit: LIMIT, after, coverage, signal })
    yield page
    after = page.next
  } while (after)
}

/** Sorted by tile; what is of one tile stays in its order. */
function* byTile(pages: readonly Piece[]): Generator<Piece> {
  const entries = pages.flatMap(({ granules, coverage }) =>
    granules.map((granule, i) => ({ granule, share: coverage?.[i] })),
  )
  const tiles = Map.groupBy(entries, ({ granule }) => granule.mgrsTile)
  for (const [, ofTile] of [...tiles].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shares = ofTile.flatMap(({ share }) => share ?? [])
    yield {
      granules: ofTile.map(({ granule }) => granule),
      coverage: shares.length === ofTile.length ? shares : undefined,
    }
  }
}

/** Writes pieces into a file, a line each, and gives them back from there. */
async function laidDown(
  pieces: AsyncIterable<Piece>,
  file: string,
  signal: AbortSignal,
): Promise<Iterable<Piece>> {
  async function* lines(): AsyncGenerator<string> {
    for await (const piece of pieces) yield `${JSON.stringify(piece)}\n`
  }
  await pipeline(lines(), createWriteStream(file), { signal })
  return { [Symbol.iterator]: () => pickedUp(file) }
}

const READ_BYTES = 1 << 20

function* pickedUp(file: string): Generator<Piece> {
  const handle = openSync(file, 'r')
  const buffer = Buffer.alloc(READ_BYTES)
  const read = () => readSync(handle, buffer, 0, READ_BYTES, null)
  const decoder = new StringDecoder()
  let rest = ''
  try {
    for (let size = read(); size > 0; size = read()) {
      const lines = (rest + decoder.write(buffer.subarray(0, size))).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield asPiece(line)
    }
  } finally {
    closeSync(handle)
  }
}

/** Of a line that laidDown wrote; what was undefined is not there, which reads the same. */
const asPiece = (line: string) => JSON.parse(line) as Piece

function lacks(file: string, level: Level): Fault {
  const errors: ParameterError[] = [{ parameter: 'level', message: `${level} is not in this index` }]
  return new Fault('bad-request', `The index ${file} holds no ${level} granules to export.`, { errors })
}
