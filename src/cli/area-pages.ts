import { amount } from '../amount.ts'
import type { AreaQuery } from '../area-query.ts'
import { isByRank } from '../catalog/port.ts'
import { tellsCoverage } from '../formats.ts'
import type { Session } from '../house.ts'
import { type Chosen, chosenOf, type Listed, listArea, listEach } from '../list-area.ts'
import { rankArea } from '../rank-area.ts'
import { type RankedGranule, rankGranules } from '../rank-colour.ts'

export type PagesOptions = {
  /** Granules at most. */
  readonly most: number
  readonly signal: AbortSignal
  readonly show: (text: string) => void
}

export type AreaPages = {
  readonly granules: AsyncIterable<Listed>
  /** Of a rank of granules newest first, all that were ranked; told when the first one is. */
  readonly ranked: () => readonly RankedGranule[]
  /** Of a search by remembered colours, the granules without one. */
  readonly unknown: () => number
}

/** The granules of all pages of a query. */
export function areaPages(session: Session, query: AreaQuery, options: PagesOptions): AreaPages {
  let ranked: readonly RankedGranule[] = []
  let unknown = 0
  const coverage = tellsCoverage(query.format ?? 'json')

  async function* rankedPages(rank: Rank): AsyncGenerator<Listed> {
    const { signal, most, show } = options
    const chosen = await chooseAll(session, query, coverage, options)
    const covered = new Map(chosen.map(({ granule, coverage }) => [granule, coverage]))
    const granules = chosen.map(({ granule }) => granule)
    const onTried = (count: number) => show(`colours: ${count} of ${granules.length}`)
    ranked = await rankGranules(session, granules, { rank, sampling: query.sampling, signal, onTried })
    const best = ranked.slice(0, most).map((one) => ({ ...one, coverage: covered.get(one.granule) }))
    yield* listEach(session, best, query.bands, signal)
  }

  async function* pageByPage(): AsyncGenerator<Listed> {
    const { bands, limit, rank } = query
    const { signal, most, show } = options
    const search = orderOfAll(query)
    const onTried = (count: number) => show(`colours: ${count} tried`)
    let after = query.after
    let left = most
    do {
      const page = { bands, limit: Math.min(limit, left), after, coverage, signal }
      const { granules, count, next, withoutColour } = search.colours
        ? await rankArea(session, search, search.colours, { ...page, rank, make: limit, onTried })
        : await listArea(session, search, page)
      yield* granules
      unknown = withoutColour ?? unknown
      left -= count
      after = next
    } while (after && left > 0)
  }

  const { rank, search } = query
  const granules = rank && !search.colours ? rankedPages(rank) : pageByPage()
  return { granules, ranked: () => ranked, unknown: () => unknown }
}

type Rank = NonNullable<AreaQuery['rank']>

/** All pages are ranked together here: where the catalog knows the colours, by the catalog. */
function orderOfAll({ search, rank }: AreaQuery): AreaQuery['search'] {
  if (!search.colours || !rank) return search
  const sort = isByRank(search.sort) ? search.sort : 'rank'
  return { ...search, sort, colours: { ...search.colours, rank } }
}

/** The granules of all pages: nothing can be told of the best before the last is known. */
async function chooseAll(
  session: Session,
  { search, limit, after: first }: AreaQuery,
  coverage: boolean,
  { signal, show }: PagesOptions,
): Promise<Chosen[]> {
  const all: Chosen[] = []
  let after = first
  do {
    const page = await session.catalog.search(search, { limit, after, coverage, signal })
    for (const chosen of chosenOf(page)) all.push(chosen)
    show(`${amount(all.length, 'granule')}`)
    after = page.next
  } while (after)
  return all
}
