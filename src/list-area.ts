import { pMapIterable } from 'p-map'
import type { Catalog, Cursor, Page, PageOptions, Search } from './catalog/port.ts'
import type { Colour } from './colour/port.ts'
import { Fault } from './errors.ts'
import type { Band } from './sentinel2/bands.ts'
import { type Granule, imagePrefix, previewPrefix } from './sentinel2/granule.ts'
import { type ImageName, isPreviewName, parseImageName } from './sentinel2/names.ts'
import type { Storage } from './storage/port.ts'

/** One image file of a granule. */
export type Image = ImageName & {
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** What of a Session a listing needs. */
type Lister = {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly listConcurrency: number
}

/** A granule's place in a rank: how well it does by its colour, or why it comes last. */
export type Ranked =
  /**
   * Share of the colour, 0 to 1, more is better; or distance from it (CIEDE2000), less is better; undefined
   * where colours are asked for and nothing is ranked by them.
   */
  { readonly colour: Colour; readonly score: number | undefined } | { readonly reason: string }

/** A granule to be listed, ranked or not. */
export type Chosen = {
  readonly granule: Granule
  /** Share of the area that it covers, 0 to 1; undefined where nobody asked. */
  readonly coverage?: number | undefined
  readonly rank?: Ranked
}

/** A granule and its images, in order of their keys; none where the archive has lost them. */
export type Listed = Chosen & { readonly images: readonly Image[] }

export type AreaPage = {
  /** Granules on this page. */
  readonly count: number
  /** Where the next page starts; undefined on the last. */
  readonly next: Cursor | undefined
  /** Listed as they are pulled, in order; leaving early stops what is under way. */
  readonly granules: AsyncIterable<Listed>
  /** Granules of a ranked page whose colour cannot be had; of a search by colour, those it knows none of. */
  readonly withoutColour?: number | undefined
}

/**
 * The images of an area: a page of its granules, in the order of the search, listed a few ahead of the reader.
 * @param bands only these; undefined: all
 * @throws {Fault} as Catalog.search; the iteration throws as Storage.list
 */
export async function listArea(
  session: Lister,
  search: Search,
  { bands, signal, ...options }: PageOptions & { readonly bands?: ReadonlySet<Band> | undefined },
): Promise<AreaPage> {
  const page = await session.catalog.search(search, { ...options, signal })
  const chosen = chosenOf(page)
  return { count: chosen.length, next: page.next, granules: listEach(session, chosen, bands, signal) }
}

/** The granules of a page with what it tells of each. */
export const chosenOf = ({ granules, coverage }: Page): Chosen[] =>
  granules.map((granule, i) => ({ granule, coverage: coverage?.[i] }))

/** One for all lists: an abort without a reason makes an error with its stack. */
const OVER = new Error('The list is over.')

/** Lists granules in the order given, a few ahead of the reader. @throws {Fault} as Storage.list */
export async function* listEach(
  session: Pick<Lister, 'storage' | 'listConcurrency'>,
  granules: readonly Chosen[],
  bands: ReadonlySet<Band> | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Listed> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const concurrency = session.listConcurrency
  try {
    yield* pMapIterable(
      granules,
      async (chosen) => ({ ...chosen, ...(await listGranule(session, chosen.granule, bands, ended)) }),
      { concurrency, backpressure: concurrency },
    )
  } finally {
    left.abort(OVER)
  }
}

/** The granule of this name. @throws {Fault} not-found; as Catalog.granule */
export async function findGranule(
  { catalog }: Pick<Lister, 'catalog'>,
  granuleId: string,
  signal?: AbortSignal,
): Promise<Granule> {
  const granule = await catalog.granule(granuleId, signal)
  if (!granule) throw new Fault('not-found', `There is no granule ${granuleId} in the catalog.`)
  return granule
}

/** A granule's images, of the wanted bands. @throws {Fault} as Storage.list */
export async function listGranule(
  { storage }: Pick<Lister, 'storage'>,
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

/** A granule's preview (PVI); undefined where the archive holds none as JPEG 2000. @throws {Fault} as Storage.list */
export async function listPreview(
  { storage }: Pick<Lister, 'storage'>,
  granule: Granule,
  signal?: AbortSignal,
): Promise<{ readonly key: string; readonly size: number } | undefined> {
  for await (const page of storage.list(previewPrefix(granule), { signal })) {
    for (const entry of page) {
      if (entry.kind === 'object' && isPreviewName(entry.key.slice(entry.key.lastIndexOf('/') + 1)))
        return entry
    }
  }
  return undefined
}
