import type { DatabaseSync } from 'node:sqlite'
import type { Best } from '../src/catalog/port.ts'
import { boxOf } from '../src/index-file/row.ts'
import type { KnownGround } from './ask-index-ground.ts'

/*
 * Aggregates of SQL that group rows while they are read: cheaper than to hand rows over, and than sorting
 * them by groups. Rows of a cell come in the order of time, so the month is mostly that of the row before.
 */

/** What tally gives, as JSON: granules and least cloud (null: none known) of each month, tile and ten percent. */
export type Tally = {
  /** Months since 1970-01, UTC. */
  readonly months: readonly Group[]
  readonly tiles: readonly (readonly [mgrsTile: string, granules: number, leastCloud: number | null])[]
  /** Granules of each ten percent of cloud, from 0 on, and last of those whose cloud is not known. */
  readonly clouds: readonly number[]
}
type Group = readonly [key: number, granules: number, leastCloud: number | null]
type Growing = { granules: number; leastCloud: number }

/** Percent past all: so much have granules whose cloud is not known where granules are ordered by it. */
const UNKNOWN_CLOUD = 101
const TENS = 10

/** `tally(cell, sensing, cloud)`: the JSON of a Tally. */
export function defineTally(db: DatabaseSync, ground: () => KnownGround): void {
  let [months, cells] = [new Map<number, Growing>(), new Map<number, Growing>()]
  let clouds: number[] = []
  db.aggregate('tally', {
    start: () => {
      ;[months, cells] = [new Map(), new Map()]
      clouds = new Array<number>(TENS + 1).fill(0)
      return 0
    },
    step: (state, cell, sensing, cloud) => {
      const percent = cloud === null ? UNKNOWN_CLOUD : Number(cloud)
      count(months, monthOf(Number(sensing)), percent)
      count(cells, Number(cell), percent)
      const ten = cloud === null ? TENS : Math.min(Math.floor(percent / 10), TENS - 1)
      clouds[ten] = (clouds[ten] ?? 0) + 1
      return state
    },
    result: () => {
      const { tileOf } = ground()
      const tiles = groupsOf(cells).map(([cell, ...rest]) => [tileOf(cell), ...rest] as const)
      return JSON.stringify({ months: groupsOf(months), tiles, clouds } satisfies Tally)
    },
  })
}

function count(groups: Map<number, Growing>, key: number, cloud: number): void {
  const group = groups.get(key)
  if (!group) {
    groups.set(key, { granules: 1, leastCloud: cloud })
    return
  }
  group.granules++
  if (cloud < group.leastCloud) group.leastCloud = cloud
}

const groupsOf = (groups: ReadonlyMap<number, Growing>): Group[] =>
  [...groups].map(([key, { granules, leastCloud }]) => [
    key,
    granules,
    leastCloud === UNKNOWN_CLOUD ? null : leastCloud,
  ])

let month = { from: 0, until: 0, number: 0 }

/** Months since 1970-01 of a time in microseconds. */
function monthOf(time: number): number {
  if (time >= month.from && time < month.until) return month.number
  const date = new Date(Math.floor(time / 1000))
  const [year, monthOfYear] = [date.getUTCFullYear(), date.getUTCMonth()]
  const [from, until] = [Date.UTC(year, monthOfYear) * 1000, Date.UTC(year, monthOfYear + 1) * 1000]
  month = { from, until, number: (year - 1970) * 12 + monthOfYear }
  return month.number
}

type Chosen = {
  readonly cell: number
  readonly sensing: number
  readonly generation: number
  readonly seq: number
  readonly cloud: number
  readonly edges: readonly unknown[]
  coverage: number | undefined
}
/** More months than times can have. */
const MONTHS = 65_536

/**
 * `choose(cell, sensing, generation, seq, cloud, west, south, east, north)` finds the best row of each group;
 * `is_chosen(cell, sensing, generation, seq)` tells of a row whether it is one of them. How much of the area
 * rows cover is computed only where their clouds are the same.
 */
export function defineChoice(
  db: DatabaseSync,
  asked: () => { readonly best: Best | undefined; readonly ground: KnownGround },
): void {
  let chosen = new Map<number, Chosen>()
  const groupOf = (cell: number, sensing: number) =>
    asked().best === 'tile' ? cell : cell * MONTHS + (monthOf(sensing) % MONTHS)
  const coverageOf = (row: Chosen): number => {
    const { cover, tileOf } = asked().ground
    const [west, south, east, north] = row.edges
    row.coverage ??= cover.coverage({
      mgrsTile: tileOf(row.cell),
      box: boxOf(west, south, east, north),
    })
    return row.coverage
  }
  const isBetter = (row: Chosen, than: Chosen): boolean => {
    if (row.cloud !== than.cloud) return row.cloud < than.cloud
    const more = coverageOf(row) - coverageOf(than)
    const newer = row.sensing - than.sensing || row.generation - than.generation || row.seq - than.seq
    return (more || newer) > 0
  }
  db.aggregate('choose', {
    varargs: true,
    start: () => {
      chosen = new Map()
      return 0
    },
    step: (_, cell, sensing, generation, seq, cloud, ...edges) => {
      const row: Chosen = {
        cell: Number(cell),
        sensing: Number(sensing),
        generation: Number(generation),
        seq: Number(seq),
        cloud: cloud === null ? UNKNOWN_CLOUD : Number(cloud),
        edges,
        coverage: undefined,
      }
      const group = groupOf(row.cell, row.sensing)
      const best = chosen.get(group)
      if (!best || isBetter(row, best)) chosen.set(group, row)
      return 0
    },
    result: () => chosen.size,
  })
  db.function('is_chosen', { deterministic: true }, (cell, sensing, generation, seq) => {
    const best = chosen.get(groupOf(Number(cell), Number(sensing)))
    return Number(best?.sensing === sensing && best.generation === generation && best.seq === seq)
  })
}
