import type { Tally } from '../../workers/ask-index-counts.ts'
import type { Standing } from '../index-file/index-connection.ts'
import type { Extent, Search, Summary } from './port.ts'
import { inParts } from './sqlite-parts.ts'
import { planCounts, type StoreColours } from './sqlite-questions.ts'
import type { IndexLane } from './sqlite-threads.ts'

export type CountOptions = {
  readonly colours: StoreColours | undefined
  /** Of the index that answers; may throw a Fault. */
  readonly check: (standing: Standing) => void
  readonly signal: AbortSignal | undefined
}

/** Counts what a search matches. @throws {Fault} as Catalog.extent */
export async function extentOf(
  lane: IndexLane,
  search: Search,
  { colours, check, signal }: CountOptions,
): Promise<Extent> {
  const sums = [0, 0, 0, 0]
  await inParts(lane, planCounts('extent', search, colours), {
    begin: () => sums.fill(0),
    add: (sums, { rows }) => {
      rows[0]?.forEach((count, column) => {
        sums[column] = (sums[column] ?? 0) + Number(count)
      })
      return sums
    },
    check,
    signal,
  })
  const [granules = 0, bytes = 0, withoutSize = 0, longForm = 0] = sums
  return { granules, bytes, withoutSize, longForm }
}

/** Counts what a search matches by month, tile and cloud. @throws {Fault} as Catalog.summary */
export async function summaryOf(
  lane: IndexLane,
  search: Search,
  { colours, check, signal }: CountOptions,
): Promise<Summary> {
  const sum = await inParts(lane, planCounts('summary', search, colours), {
    begin: (): Sum => ({ months: new Map(), tiles: [], clouds: [] }),
    add: (sum, { rows }) => added(sum, readTally(rows)),
    check,
    signal,
  })
  return {
    granules: sum.clouds.reduce((all, granules) => all + granules, 0),
    months: [...sum.months]
      .sort(([a], [b]) => a - b)
      .map(([month, { granules, leastCloud }]) => ({
        month: monthName(month),
        granules,
        leastCloud: leastCloud ?? undefined,
      })),
    tiles: sum.tiles.map(([mgrsTile, granules, leastCloud]) => ({
      mgrsTile,
      granules,
      leastCloud: leastCloud ?? undefined,
    })),
    clouds: sum.clouds.flatMap((granules, ten) => (granules === 0 ? [] : { ...cloudsOf(ten), granules })),
  }
}

type Sum = {
  readonly months: Map<number, { readonly granules: number; readonly leastCloud: number | null }>
  /** Parts come in order of their tiles, and a tile is in one of them alone. */
  readonly tiles: Tally['tiles'][number][]
  readonly clouds: number[]
}

function added(sum: Sum, { months, tiles, clouds }: Tally): Sum {
  for (const [month, granules, leastCloud] of months) {
    const before = sum.months.get(month)
    const least = Math.min(before?.leastCloud ?? NONE, leastCloud ?? NONE)
    sum.months.set(month, {
      granules: (before?.granules ?? 0) + granules,
      leastCloud: least === NONE ? null : least,
    })
  }
  sum.tiles.push(...tiles)
  for (const [ten, granules] of clouds.entries()) sum.clouds[ten] = (sum.clouds[ten] ?? 0) + granules
  return sum
}

const NONE = Number.POSITIVE_INFINITY

/** The one value of the statement is what the aggregate made. */
const readTally = (rows: readonly (readonly unknown[])[]): Tally => JSON.parse(String(rows[0]?.[0])) as Tally

/** `1970-01` for 0. */
const monthName = (month: number): string => new Date(Date.UTC(1970, month)).toISOString().slice(0, 7)

const cloudsOf = (ten: number) =>
  ten < 10 ? { from: ten * 10, to: ten * 10 + 10 } : { from: null, to: null }
