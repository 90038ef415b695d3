import { pMapIterable } from 'p-map'
import type { Cursor, PageOptions, Search } from './catalog/port.ts'
import type { Session } from './house.ts'
import type { Band } from './sentinel2/bands.ts'
import { type Granule, imagePrefix } from './sentinel2/granule.ts'
import { type ImageName, parseImageName } from './sentinel2/names.ts'

/** One image file of a granule. */
export type Image = ImageName & {
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** A granule and its images, in order of their keys; none where the archive has lost them. */
export type Listed = { readonly granule: Granule; readonly images: readonly Image[] }

export type AreaPage = {
  /** Granules on this page. */
  readonly count: number
  /** Where the next page starts; undefined on the last. */
  readonly next: Cursor | undefined
  /** Listed as they are pulled, in order; leaving early stops what is under way. */
  readonly granules: AsyncIterable<Listed>
}

/**
 * The images of an area: a page of its granules, newest first, listed a few ahead of the reader.
 * @param bands only these; undefined: all
 * @throws {Fault} as Catalog.search; the iteration throws as Storage.list
 */
export async function listArea(
  session: Session,
  search: Search,
  { bands, signal, ...options }: PageOptions & { readonly bands?: ReadonlySet<Band> | undefined },
): Promise<AreaPage> {
  const { granules, next } = await session.catalog.search(search, { ...options, signal })
  return { count: granules.length, next, granules: listEach(session, granules, bands, signal) }
}

async function* listEach(
  session: Session,
  granules: readonly Granule[],
  bands: ReadonlySet<Band> | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Listed> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const concurrency = session.listConcurrency
  try {
    yield* pMapIterable(granules, (granule) => listGranule(session, granule, bands, ended), {
      concurrency,
      backpressure: concurrency,
    })
  } finally {
    left.abort()
  }
}

/** A granule's images, of the wanted bands. @throws {Fault} as Storage.list */
export async function listGranule(
  { storage }: Session,
  granule: Granule,
  bands?: ReadonlySet<Band>,
  signal?: AbortSignal,
): Promise<Listed> {
  const images: Image[] = []
  for await (const page of storage.list(imagePrefix(granule), { signal })) {
    for (const entry of page) {
      if (entry.kind !== 'object') continue
      const name = parseImageName(entry.key.slice(entry.key.lastIndexOf('/') + 1))
      if (name && (!bands || bands.has(name.band))) images.push({ ...name, key: entry.key, size: entry.size })
    }
  }
  return { granule, images }
}
