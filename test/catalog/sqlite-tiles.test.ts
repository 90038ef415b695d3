import { describe, expect, test } from 'vitest'
import type { Search } from '../../src/catalog/port.ts'
import { candidatesOf } from '../../src/catalog/sqlite-tiles.ts'
import { cellOf } from '../../src/index-file/row.ts'
import { areaOfBox } from '../../src/sentinel2/area.ts'
import { tileBox } from '../../src/sentinel2/tiles.ts'

const search: Search = {
  area: areaOfBox(12.4, 55.6, 12.6, 55.8),
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles: undefined,
  dedupe: 'latest',
}

describe('the candidate tiles of a search', () => {
  test('are told as cells of the asked level', () => {
    for (const level of ['L1C', 'L2A'] as const) {
      const { tiles, values } = candidatesOf({ ...search, level })
      expect(tiles).toContain('33UUB')
      expect(JSON.parse(values.cells)).toEqual(tiles.map((tile) => cellOf(level, tile)))
    }
  })

  test('hold those beside the area, which boxes may stick out of, and name them', () => {
    const [, south = 0, , north = 0] = tileBox('33UUB') ?? []
    const east = (tileBox('33UUB')?.[2] ?? 0) + 1e-3
    const { tiles, beside, values } = candidatesOf({
      ...search,
      area: areaOfBox(east, south + 0.4, east + 0.01, north - 0.4),
    })
    expect(tiles).toContain('33UUB')
    expect([...beside]).toContain('33UUB')
    expect(JSON.parse(values.beside)).toEqual([...beside].map((tile) => cellOf('L1C', tile)))
  })

  test('are those of this search, whatever was asked for before', () => {
    const areas = Array.from({ length: 100 }, (_, i) => areaOfBox(i, 40, i + 0.5, 40.5))
    const ask = () => areas.map((area) => candidatesOf({ ...search, area }).tiles.join())
    const before = ask()
    expect(new Set(before).size).toBeGreaterThan(50)
    expect(ask()).toEqual(before)
    const wide = { ...search, area: areaOfBox(8, 54, 16, 57) }
    expect(candidatesOf({ ...wide, tiles: ['33UUB'] }).tiles).toEqual(['33UUB'])
    expect(candidatesOf({ ...wide, tiles: [] }).tiles).toEqual([])
    expect(candidatesOf(wide).tiles.length).toBeGreaterThan(1)
  })
})
