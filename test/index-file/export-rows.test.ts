import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { readGranules } from '../../src/index-file/export-rows.ts'
import { openIndexToUpdate } from '../../src/index-file/open.ts'
import type { Granule } from '../../src/sentinel2/granule.ts'
import { archiveRow, LONG_FORM_ROW, writeCsv } from '../archive.ts'
import { ROWS } from '../contracts/catalog.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
let index: string
beforeEach(async () => {
  folder = await temporaryFolder()
  index = join(folder.path, 'index.sqlite')
})
afterEach(() => folder.remove())

const build = async (rows: Parameters<typeof writeCsv>[1]) =>
  buildIndex({ from: [await writeCsv(join(folder.path, 'index.csv'), rows)], to: index })

/** A granule for each hour. */
const hourly = (tile: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    archiveRow({ tile, start: new Date(Date.UTC(2018, 0, 1) + i * 3_600_000).toISOString() }),
  )

describe('the granules of an index', () => {
  test('come all, by tile, then level, then newest first', async () => {
    await build(ROWS)
    const granules = [...readGranules(index)].flatMap((piece) => piece.granules)
    expect(granules).toHaveLength(ROWS.length)
    const orderOf = ({ mgrsTile, level }: Granule) => `${mgrsTile} ${level}`
    for (const [i, granule] of granules.slice(1).entries()) {
      const before = granules[i]
      if (!before) throw new Error('no granule')
      const [a, b] = [orderOf(before), orderOf(granule)]
      expect(a <= b).toBe(true)
      if (a === b) expect(before.sensingTime).toBeGreaterThanOrEqual(granule.sensingTime)
    }
  })

  test('come of one level alone where one is asked for', async () => {
    await build(ROWS)
    const levels = (level: 'L1C' | 'L2A') =>
      new Set(
        [...readGranules(index, level)].flatMap((piece) => piece.granules.map((granule) => granule.level)),
      )
    expect(levels('L1C')).toEqual(new Set(['L1C']))
    expect(levels('L2A')).toEqual(new Set(['L2A']))
  })

  test('come some thousand at a time, and tell whose names are kept as they were', async () => {
    await build([...hourly('33UUB', 3000), ...hourly('33UVB', 3000), ...hourly('32UPF', 10), LONG_FORM_ROW])
    const pieces = [...readGranules(index)]
    expect(pieces.map(({ granules }) => granules.length)).toEqual([3010, 3000, 1])
    const verbatim = pieces.flatMap(({ granules, composed }) => granules.filter((_, i) => !composed[i]))
    expect(verbatim.map(({ granuleId }) => granuleId)).toEqual([LONG_FORM_ROW.GRANULE_ID])
  })

  test('can be left early, and the index is free again', async () => {
    await build([...hourly('33UUB', 3000), ...hourly('33UVB', 3000)])
    for (const _ of readGranules(index)) break
    const db = openIndexToUpdate(index)
    db.exec('DELETE FROM granule')
    db.exec('PRAGMA journal_mode = DELETE')
    db.close()
    expect(existsSync(`${index}-wal`)).toBe(false)
    expect([...readGranules(index)]).toEqual([])
  })

  test('do not stand in the way of an update, whose changes show in the tiles still to come', async () => {
    await build([...hourly('33UUB', 3000), ...hourly('33UVB', 3000)])
    const pieces = readGranules(index)
    expect(pieces.next().value?.granules).toHaveLength(3000)
    const db = openIndexToUpdate(index)
    db.exec('DELETE FROM granule WHERE sensing % 7 = 0')
    const [kept] = Object.values(db.prepare(`SELECT count(*) FROM granule`).get() ?? {})
    db.close()
    expect(Number(kept)).toBeLessThan(6000)
    const rest = pieces.next().value
    expect(rest?.granules.every((granule: Granule) => granule.sensingTime % 7 !== 0)).toBe(true)
    expect(pieces.next().done).toBe(true)
  })
})
