import { cellOf } from '../index-file/row.ts'
import { widened } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Box } from '../sentinel2/granule.ts'
import { PAST_TILE, tilesOf } from '../sentinel2/tiles.ts'
import type { Search } from './port.ts'

/** The tiles whose granules may match a search. */
export type Candidates = {
  /** In order of name. */
  readonly tiles: readonly string[]
  /** Those of them that miss the area by a hair. */
  readonly beside: ReadonlySet<string>
  /** Their cells, in their order. */
  readonly cells: readonly number[]
  /** JSON of all their cells, and of those beside. */
  readonly values: { readonly cells: string; readonly beside: string }
}

/** Areas whose tiles are remembered: a page's sequel, its counts and its neighbours ask for them again. */
const KEPT = 32
const known = new Map<string, Candidates>()

export function candidatesOf({ area, level, tiles: wanted }: Search): Candidates {
  const name = `${level} ${area.box.join()} ${wanted?.join() ?? '*'}`
  const candidates = known.get(name) ?? made(area.box, level, wanted)
  known.delete(name)
  known.set(name, candidates)
  const [oldest] = known.keys()
  if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
  return candidates
}

function made(box: Box, level: Level, wanted: Search['tiles']): Candidates {
  const tiles = tilesOf({ box: widened(box, PAST_TILE) }, wanted)
  const touched = new Set(tilesOf({ box }, wanted))
  const beside = tiles.filter((tile) => !touched.has(tile))
  const cells = tiles.map((tile) => cellOf(level, tile))
  const values = { cells: `[${cells.join()}]`, beside: cellsOf(beside, level) }
  return { tiles, beside: new Set(beside), cells, values }
}

/** JSON of the cells of tiles. */
export const cellsOf = (tiles: readonly string[], level: Level): string =>
  `[${tiles.map((tile) => cellOf(level, tile)).join()}]`
