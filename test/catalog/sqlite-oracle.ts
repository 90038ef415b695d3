import { conditionTest } from '../../src/catalog/condition.ts'
import type { Search } from '../../src/catalog/port.ts'
import { coverOf } from '../../src/ground/cover.ts'
import { bestProducts, compareGranules, type Granule } from '../../src/sentinel2/granule.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'

/** What a search finds among granules, in order, by looking at every one of them. */
export function searchAll(granules: readonly Granule[], search: Search): Granule[] {
  const cover = coverOf(search.area)
  const best = bestProducts(granules)
  const meetsCondition = search.only ? conditionTest(search.only) : () => true
  const matching = granules.filter((granule) => {
    const { time, cloud, relation, minCoverage } = search
    if (granule.level !== search.level) return false
    if (search.dedupe === 'latest' && !best.has(granule)) return false
    if (!meetsCondition(granule)) return false
    if (search.tiles && !search.tiles.includes(granule.mgrsTile)) return false
    if (granule.sensingTime < (time.from ?? Number.NEGATIVE_INFINITY)) return false
    if (granule.sensingTime > (time.until ?? Number.POSITIVE_INFINITY)) return false
    if (cloud && !((granule.cloudCover ?? -1) >= cloud.min && (granule.cloudCover ?? 101) <= cloud.max))
      return false
    if (!granule.box && !tilesOf(search.area, [granule.mgrsTile]).length) return false
    if (!cover.meets(granule)) return false
    if (relation === 'within' && !cover.isWithin(granule)) return false
    if (relation === 'contains' && cover.coverage(granule) < 1 - 1e-9) return false
    return minCoverage === undefined || cover.coverage(granule) >= Math.min(minCoverage, 1 - 1e-9)
  })
  const cloudOf = ({ cloudCover }: Granule) => cloudCover ?? 101
  const clearnessOf = ({ cloudCover }: Granule) => (cloudCover === undefined ? 101 : -cloudCover)
  const clearest = (a: Granule, b: Granule) =>
    cloudOf(a) - cloudOf(b) || cover.coverage(b) - cover.coverage(a) || compareGranules(a, b)
  const chosen =
    search.best === undefined ? matching : firstOfEach(matching.toSorted(clearest), groupOf(search.best))
  switch (search.sort) {
    case 'datetime':
      return chosen.toSorted((a, b) => compareGranules(b, a))
    case 'cloud':
      return chosen.toSorted((a, b) => cloudOf(a) - cloudOf(b) || compareGranules(a, b))
    case '-cloud':
      return chosen.toSorted((a, b) => clearnessOf(a) - clearnessOf(b) || compareGranules(a, b))
    case '-coverage':
      return chosen.toSorted((a, b) => cover.coverage(a) - cover.coverage(b) || compareGranules(a, b))
    case 'coverage':
      return chosen.toSorted((a, b) => cover.coverage(b) - cover.coverage(a) || compareGranules(a, b))
    default:
      return chosen.toSorted(compareGranules)
  }
}

const groupOf =
  (best: NonNullable<Search['best']>) =>
  ({ mgrsTile, sensingTime }: Granule): string =>
    best === 'tile' ? mgrsTile : `${mgrsTile} ${monthOf(sensingTime)}`

const monthOf = (time: number): string => new Date(time / 1000).toISOString().slice(0, 7)

function firstOfEach(granules: readonly Granule[], groupOf: (granule: Granule) => string): Granule[] {
  const first = new Map<string, Granule>()
  for (const granule of granules) if (!first.has(groupOf(granule))) first.set(groupOf(granule), granule)
  return [...first.values()]
}
