import { expect, test } from 'vitest'
import { WORLD } from '../../src/sentinel2/area.ts'
import { gridPlacesIn } from '../../src/sentinel2/grid-places.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'

const down = (places: readonly string[]) => places.flatMap((place) => gridPlacesIn(place) ?? [])

test('zones hold bands of latitude, and these all tiles of the grid, each of them once', () => {
  const zones = gridPlacesIn('') ?? []
  expect([zones.length, zones[0], zones.at(-1)]).toEqual([60, '01', '60'])
  const bands = down(zones)
  expect(bands.length).toBe(1200)
  expect(down(bands)).toEqual(tilesOf(WORLD))
})

test.for(['0', '00', '61', '1', '33u', '33I', '33O', '33UU', '33UUB', 'UU', '33U '])(
  '%j holds no places',
  (place) => {
    expect(gridPlacesIn(place)).toBeUndefined()
  },
)
