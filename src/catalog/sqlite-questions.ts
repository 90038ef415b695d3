import type { Question } from '../../workers/ask-index.ts'
import { Fault } from '../errors.ts'
import { cellOf } from '../index-file/row.ts'
import type { Area } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { ColourWish, PageOptions, Search } from './port.ts'
import { boundsOf, isScored, ORDERS, type Order, orderOf } from './sqlite-orders.ts'
import { type Candidates, candidatesOf, cellsOf } from './sqlite-tiles.ts'

/** Where the sqlite catalog finds remembered colours. */
export type StoreColours = {
  /** File of the store; it may be made later. */
  readonly store: string
  /** Whose colours are meant, as the store names it. */
  readonly storage: string
  /** Of the way the colours are made; those of another are not looked at. */
  readonly method: number
}

/** What to ask of some of the tiles, or of all. */
export type Plan = {
  /** Candidates, in order of name. */
  readonly tiles: readonly string[]
  questionFor(tiles: readonly string[]): Question
}

export type PagePlan = Plan & {
  readonly order: Order
  /** Whether it may take reading all that matches, or all there is, before the page is known. */
  readonly inParts: boolean
  /** Whether a full page tells which times can still count. */
  readonly narrows: boolean
}

/** `contains` forgives what adding edges loses of the area. */
const ALL = 1 - 1e-9

/** How to ask for a page. @throws {Fault} bad-request for a cursor of another order, or colours without a store */
export function planPage(
  search: Search,
  { limit, after, coverage = false }: PageOptions,
  colours: StoreColours | undefined,
): PagePlan {
  const order = orderOf(search)
  // With a filter little may be found in much, and only the ends of all tiles tell.
  const isFiltered = search.cloud !== undefined || !isSimple(search)
  const values = { ...boundsOf(search, order, after), limit: limit + 1 }
  const statement = ORDERS[order]
  const needsGround = coverage || order === 'covering'
  return {
    ...plan(search, colours, { statement, values, coverage, needsGround }),
    order,
    inParts: isScored(order) || isFiltered,
    narrows: search.best === undefined,
  }
}

/** How to ask for counts. @throws {Fault} bad-request for colours without a store */
export const planCounts = (
  statement: 'extent' | 'summary',
  search: Search,
  colours: StoreColours | undefined,
): Plan =>
  plan(search, colours, { statement, values: {}, coverage: false, needsGround: statement === 'summary' })

type Asking = Required<Pick<Question, 'statement' | 'values' | 'coverage'>> & {
  /** Whether a simple search's statement compares granules with the ground, too. */
  readonly needsGround: boolean
}

function plan(search: Search, store: StoreColours | undefined, asking: Asking): Plan {
  const { area, level, best, colours } = search
  const candidates = candidatesOf(search)
  const ground = { box: area.box, shape: shapeText(area), level, leastCoverage: leastCoverageOf(search) }
  const wished = colours && colourValues(colours, store ?? missingStore(colours))
  const values = { ...plainValues(search), ...refiningValues(search), ...wished?.values, ...asking.values }
  const source = sourceOf(search)
  const { statement, coverage, needsGround } = asking
  return {
    tiles: candidates.tiles,
    questionFor: (some) => ({
      statement,
      source,
      values: {
        ...values,
        ...cellValues(candidates, some, level),
        ...(source === 'coloured' ? { tiles: cellsByName(some, level) } : {}),
      },
      ground: source === 'granules' && !needsGround ? undefined : { ...ground, tiles: some },
      best,
      colours: wished?.colours,
      coverage,
    }),
  }
}

function cellValues({ tiles, beside, values }: Candidates, some: readonly string[], level: Level) {
  if (some === tiles) return values
  const besides = some.filter((tile) => beside.has(tile))
  return { cells: cellsOf(some, level), beside: cellsOf(besides, level) }
}

const cellsByName = (tiles: readonly string[], level: Level): string =>
  JSON.stringify(Object.fromEntries(tiles.map((tile) => [tile, cellOf(level, tile)])))

function sourceOf(search: Search): NonNullable<Question['source']> {
  if (search.colours) return search.colours.which === 'known' ? 'coloured' : 'uncoloured'
  return isSimple(search) ? 'granules' : 'refined'
}

function refiningValues(search: Search): Question['values'] {
  if (isSimple(search)) return {}
  return {
    since: search.since ?? null,
    shaped: search.area.shape === undefined ? 0 : 1,
    within: search.relation === 'within' ? 1 : 0,
    leastCoverage: leastCoverageOf(search) ?? null,
    chosen: search.best ? 1 : 0,
  }
}

/** Whether a search asks for nothing that refining.sql is for. */
const isSimple = ({ area, relation = 'intersects', minCoverage, since, best, colours }: Search): boolean =>
  relation === 'intersects' &&
  [area.shape, minCoverage, since, best, colours].every((one) => one === undefined)

function plainValues({ area, time, cloud, dedupe }: Search) {
  const [west, south, east, north] = area.box
  return {
    from: time.from ?? Number.MIN_SAFE_INTEGER,
    until: time.until ?? Number.MAX_SAFE_INTEGER,
    superseded: dedupe === 'latest' ? 0 : 1,
    cloudMin: cloud?.min ?? null,
    cloudMax: cloud?.max ?? null,
    west: microdegrees(west),
    south: microdegrees(south),
    east: microdegrees(east),
    north: microdegrees(north),
  }
}

/** To a thousandth, so that a box that was told in whole microdegrees meets where it touches. */
const microdegrees = (degrees: number): number => Math.round(degrees * 1e9) / 1e3

function leastCoverageOf({ relation, minCoverage }: Search): number | undefined {
  if (relation === 'contains') return ALL
  return minCoverage === undefined ? undefined : Math.min(minCoverage, ALL)
}

const shapes = new WeakMap<Area, string>()

/** Several questions may be about one area, whose shape may have many thousand positions. */
function shapeText(area: Area): string | undefined {
  if (!area.shape) return undefined
  const text = shapes.get(area) ?? JSON.stringify(area.shape)
  shapes.set(area, text)
  return text
}

function colourValues({ sampling, where, rank }: ColourWish, { store, storage, method }: StoreColours) {
  const { source } = sampling
  const stride = sampling.source === 'bands' ? sampling.stride : 0
  return {
    values: { storage, method, colourSource: source, stride },
    colours: { store, source, where, rank },
  }
}

function missingStore({ where }: ColourWish): never {
  const sentence =
    'Colours of a whole area need an index and a store that remembers them: set SWATH_CATALOG=sqlite:<file> ' +
    'and SWATH_STORE, and fill the store with `swath warm`.'
  const parameter = where.length > 0 ? 'where' : 'rank'
  throw new Fault('bad-request', sentence, {
    errors: [
      { parameter, message: 'asks for colours of a whole area, and there is no store to find them in' },
    ],
  })
}
