import type { Catalog } from '../catalog/port.ts'
import type { Entry, ListOptions, Storage } from '../storage/port.ts'
import type { Colours, Layouts, Listings } from '../store/port.ts'
import type { Kind, Watch } from './port.ts'

/* What is behind a port, seen: the same answers and the same failures, each told of once. */

/** Every step of a list that brings a page is a call, and so is every read. */
export function watchedStorage(storage: Storage, by: string, watch: Watch): Storage {
  return {
    bucket: storage.bucket,
    list: (prefix, options) => watchedPages(storage, prefix, options, by, watch),
    read: (key, range, signal) =>
      during(watch, 'storage_read', by, storage.read(key, range, signal), ({ length }) => length),
  }
}

async function* watchedPages(
  storage: Storage,
  prefix: string,
  options: ListOptions | undefined,
  by: string,
  watch: Watch,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const steps = storage.list(prefix, options)[Symbol.asyncIterator]()
  let came = 0
  try {
    for (;;) {
      const { end, drop } = watch.begin('storage_list', by)
      const step = await steps.next().catch((thrown: unknown) => {
        end(thrown)
        throw thrown
      })
      // Behind the last page nothing was asked.
      if (step.done && came > 0) drop()
      else end()
      if (step.done) return
      came++
      yield step.value
    }
  } finally {
    await steps.return?.()
  }
}

export function watchedCatalog(catalog: Catalog, by: string, watch: Watch): Catalog {
  const seen = <T>(kind: Kind, answer: Promise<T>) => during(watch, kind, by, answer)
  return {
    search: (search, options) => seen('catalog_search', catalog.search(search, options)),
    granule: (id, signal) => seen('catalog_granule', catalog.granule(id, signal)),
    extent: (search, signal) => seen('catalog_extent', catalog.extent(search, signal)),
    summary: (search, signal) => seen('catalog_summary', catalog.summary(search, signal)),
    placesIn: (place, level, signal) => seen('catalog_places', catalog.placesIn(place, level, signal)),
    freshness: () => catalog.freshness(),
    cost: (search, signal) => seen('catalog_cost', catalog.cost(search, signal)),
    check: (signal) => seen('catalog_check', catalog.check(signal)),
    close: () => catalog.close(),
  }
}

export const watchedListings = (listings: Listings, watch: Watch): Listings => ({
  ...listings,
  get: (prefix, delimiter) => at(watch, 'store_get', 'listings', () => listings.get(prefix, delimiter)),
  put: (prefix, delimiter, entries) =>
    at(watch, 'store_put', 'listings', () => listings.put(prefix, delimiter, entries)),
})

export const watchedColours = (colours: Colours, watch: Watch): Colours => ({
  get: (granule, sampling) => at(watch, 'store_get', 'colours', () => colours.get(granule, sampling)),
  put: (granule, sampling, colour) =>
    during(watch, 'store_put', 'colours', colours.put(granule, sampling, colour)),
})

export const watchedLayouts = (layouts: Layouts, watch: Watch): Layouts => ({
  get: (key, size) => {
    const layout = at(watch, 'store_get', 'layouts', () => layouts.get(key, size))
    watch.looked('layouts', layout !== undefined)
    return layout
  },
  put: (key, size, layout) => at(watch, 'store_put', 'layouts', () => layouts.put(key, size, layout)),
})

/** Tells of a work that has just begun. @param bytesOf how much it read */
export async function during<T>(
  watch: Watch,
  kind: Kind,
  by: string,
  work: Promise<T>,
  bytesOf?: (answer: T) => number,
): Promise<T> {
  const { end } = watch.begin(kind, by)
  try {
    const answer = await work
    end(undefined, bytesOf?.(answer))
    return answer
  } catch (thrown) {
    end(thrown ?? new Error('nothing was said'))
    throw thrown
  }
}

function at<T>(watch: Watch, kind: Kind, by: string, work: () => T): T {
  const { end } = watch.begin(kind, by)
  try {
    const answer = work()
    end()
    return answer
  } catch (thrown) {
    end(thrown)
    throw thrown
  }
}
