import type { Question } from '../../workers/ask-index.ts'
import { Fault } from '../errors.ts'
import { cellOf } from '../index-file/row.ts'
import type { Area } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import { leastCoverageOf } from './least-coverage.ts'
import type { ColourWish, Condition, PageOptions, Search } from './port.ts'
import { type Look, lookOfPage } from './sqlite-look.ts'
import { boundsOf, isScored, ORDERS, type Order, orderOf, stillWanted } from './sqlite-orders.ts'
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
  /** What the question about all its tiles looks at, where that costs little beyond them. */
  readonly look: Look | undefined
  /** What can still count, as values in place of others, once this is the last row of a full page. */
  narrow(last: readonly unknown[] | undefined): Question['values']
}

/** How to ask for a page. @throws {Fault} bad-request for a cursor of another order, or colours without a store */
export function planPage(
  search: Search,
  { limit, after, coverage = false }: PageOptions,
  colours: StoreColours | undefined,
): PagePlan {
  const order = orderOf(search)
  // With a filter little may be found in much, and only the ends of all tiles tell.
  const isFiltered = search.cloud !== undefined || !isSimple(search)
  const values: Question['values'] = { ...boundsOf(search, order, after), limit: limit + 1 }
  const statement = ORDERS[order]
  const needsGround = coverage || order === 'covering' || order === 'least-covering'
  const isCheap = isSimple(search) && !needsGround
  const inParts = isScored(order) || isFiltered
  const until = Number(values.until ?? search.time.until ?? Number.MAX_SAFE_INTEGER)
  const { cells } = candidatesOf(search)
  return {
    ...plan(search, colours, { statement, values, coverage, needsGround }),
    order,
    inParts,
    look: isCheap ? lookOfPage(cells, { limit, order: inParts ? `all ${order}` : order, until }) : undefined,
    // The best are chosen among all.
    narrow: (last) => (search.best === undefined ? stillWanted(search, order, last) : {}),
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
  const { area, level, best, colours, only } = search
  const candidates = candidatesOf(search)
  const ground = { box: area.box, shape: shapeText(area), level, leastCoverage: leastCoverageOf(search) }
  const worstFirst = search.sort === '-rank'
  const wished = colours && colourValues({ ...colours, worstFirst }, store ?? missingStore(colours))
  const values = { ...plainValues(search), ...refiningValues(search), ...wished?.values, ...asking.values }
  const { statement, coverage, needsGround } = asking
  const source = sourceOf(search)
  const isPlain = source === 'granules' && !needsGround
  return {
    tiles: candidates.tiles,
    questionFor: (some) => ({
      statement,
      source: isPlain && some.length === 1 ? 'tile' : source,
      values: {
        ...values,
        ...cellValues(candidates, some, level),
        ...oneTile(some, level),
        ...(source === 'coloured' ? { tiles: cellsByName(some, level) } : {}),
      },
      ground: isPlain ? undefined : { ...ground, tiles: some },
      best: best && { of: best, among: colours && !hasFilter(colours) ? 'refined' : source },
      colours: wished?.colours,
      condition: only && conditionText(only),
      coverage,
    }),
  }
}

function cellValues({ tiles, beside, values }: Candidates, some: readonly string[], level: Level) {
  if (some === tiles) return values
  const besides = some.filter((tile) => beside.has(tile))
  return { cells: cellsOf(some, level), beside: cellsOf(besides, level) }
}

/** Of one tile alone, what tile.sql asks for. */
function oneTile([tile, ...others]: readonly string[], level: Level): Question['values'] {
  return tile === undefined || others.length > 0 ? {} : { tile: cellOf(level, tile) }
}

const cellsByName = (tiles: readonly string[], level: Level): string =>
  JSON.stringify(Object.fromEntries(tiles.map((tile) => [tile, cellOf(level, tile)])))

/** The best are chosen of those whose colours are as wished; a rank alone does not choose among them. */
const hasFilter = ({ where }: ColourWish): boolean => where.length > 0

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
    conditioned: search.only ? 1 : 0,
    chosen: search.best ? 1 : 0,
  }
}

/** Whether a search asks for nothing that refining.sql is for. */
function isSimple({ area, relation = 'intersects', ...more }: Search): boolean {
  const { minCoverage, since, best, colours, only } = more
  const asked = [area.shape, minCoverage, since, best, colours, only]
  return relation === 'intersects' && asked.every((one) => one === undefined)
}

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

const shapes = new WeakMap<Area, string>()

/** Several questions may be about one area, whose shape may have many thousand positions. */
function shapeText(area: Area): string | undefined {
  if (!area.shape) return undefined
  const text = shapes.get(area) ?? JSON.stringify(area.shape)
  shapes.set(area, text)
  return text
}

const conditions = new WeakMap<Condition, string>()

/** The parts of one search ask for the same. */
function conditionText(condition: Condition): string {
  const text = conditions.get(condition) ?? JSON.stringify(condition)
  conditions.set(condition, text)
  return text
}

type Wished = ColourWish & { readonly worstFirst: boolean }

function colourValues(
  { sampling, where, rank, worstFirst }: Wished,
  { store, storage, method }: StoreColours,
) {
  const { source } = sampling
  const stride = sampling.source === 'bands' ? sampling.stride : 0
  return {
    values: { storage, method, colourSource: source, stride },
    colours: { store, source, where, rank, worstFirst },
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
