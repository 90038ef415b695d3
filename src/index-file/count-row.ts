import { LEVELS } from '../sentinel2/bands.ts'
import { parseGranuleName } from '../sentinel2/names.ts'
import type { AT } from './quick-row.ts'
import { number, readAt, type Tile } from './read-tile.ts'
import { note, type RowTally } from './row-tally.ts'

const HALF_ROUND = 180e6

/** Counts a row that is kept, and what is strange of it. */
export function count(tile: Tile, row: number, tally: RowTally): void {
  const plain = tile.plain.get(row)
  const at = (which: keyof typeof AT) => number(tile, row, which)
  const { oddities } = tally
  const name = () => readAt(tile, row).granule.granuleId
  tally.kept++
  const level = LEVELS[at('cell') % 2] ?? 'L1C'
  tally.levels[level]++
  tally.superseded += at('superseded')
  tally.oldestSensing = Math.min(tally.oldestSensing, at('sensing'))
  tally.newestSensing[level] = Math.max(tally.newestSensing[level], at('sensing'))
  const upTo = tally.upTo[level]
  upTo.generation = Math.max(upTo.generation, Math.round(at('generation') * 1e6))
  if (plain && plain.read.short === undefined) note(oddities['with names kept verbatim'], name)
  if (plain && parseGranuleName(plain.read.granule.granuleId)?.form === 'long')
    note(oddities['of the long form'], name)
  if (tile.moved[row]) note(oddities['with the place in source_url'], name)
  if (Number.isNaN(at('west'))) note(oddities['without a box'], name)
  else if (plain?.isWide) note(oddities['with a box wider than half the globe'], name)
  else if (at('east') > HALF_ROUND && at('west') < HALF_ROUND) {
    note(oddities['with a box across the antimeridian'], name)
  }
  if (Number.isNaN(at('cloud'))) note(oddities['without a cloud cover'], name)
  if (Number.isNaN(at('size'))) note(oddities['without a size'], name)
  if (at('generation') === 0) note(oddities['without a generation time'], name)
}
