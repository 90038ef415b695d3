import { join } from 'node:path'
import { buildIndex } from '../src/build-index.ts'
import { areaOfBox } from '../src/sentinel2/area.ts'
import { tilesOf } from '../src/sentinel2/tiles.ts'
import { type ArchiveRow, archiveRow, writeCsv } from './archive.ts'

/*
 * An index and a newer CSV that takes several commits: of each tile the CSV knows four days more than the index,
 * and a second processing of the oldest day.
 */

export const TILES = tilesOf(areaOfBox(-10, 35, 60, 65)).slice(0, 1600)
export const DAYS = 14
const OLD_DAYS = 10
/** Granules of a tile before and after. */
export const PER_TILE = { before: OLD_DAYS, after: DAYS + 1 } as const

export type LargeUpdate = { readonly index: string; readonly newer: string }

export async function prepareLargeUpdate(folder: string): Promise<LargeUpdate> {
  const at = (name: string) => join(folder, name)
  const index = at('index.sqlite')
  const rows = TILES.map((tile) => Array.from({ length: DAYS }, (_, day) => rowOf(tile, day)))
  const old = await writeCsv(
    at('old.csv'),
    rows.flatMap((days) => days.slice(0, OLD_DAYS)),
  )
  const newer = await writeCsv(
    at('newer.csv'),
    rows.flatMap((days, i) => [...days, rowOf(TILES[i] ?? '', 0, '05.11')]),
  )
  await buildIndex({ from: [old], to: index })
  return { index, newer }
}

const rowOf = (tile: string, day: number, baseline = '02.06'): ArchiveRow =>
  archiveRow({
    tile,
    start: new Date(Date.UTC(2019, 0, 1 + day, 10)).toISOString(),
    baseline,
    cloud: day,
    box: [1, 2, 3, 4],
  })
