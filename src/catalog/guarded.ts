import type { Breaker } from '../calls/breaker.ts'
import type { Catalog } from './port.ts'

/** A catalog whose questions go through a breaker. */
export const guardedCatalog = (catalog: Catalog, { run }: Breaker): Catalog => ({
  search: (search, options) => run(() => catalog.search(search, options)),
  granule: (id, signal) => run(() => catalog.granule(id, signal)),
  extent: (search, signal) => catalog.extent(search, signal),
  summary: (search, signal) => catalog.summary(search, signal),
  placesIn: (place, level, signal) => catalog.placesIn(place, level, signal),
  freshness: () => catalog.freshness(),
  cost: (search, signal) => run(() => catalog.cost(search, signal)),
  check: (signal) => run(() => catalog.check(signal)),
  close: () => catalog.close(),
})
