import { expect, test } from 'vitest'
import { coverOf, roomForCovers } from '../../src/ground/cover.ts'
import { areaOfGeoJson } from '../../src/ground/geojson.ts'
import { cutLand, landOf } from '../../src/ground/land.ts'
import { nearLand } from '../../src/ground/near-land.ts'
import type { Position, Shape } from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../../src/sentinel2/tiles.ts'

/** Teeth from -60 to 70, side by side from west to east. */
function comb(teeth: number, west: number, east: number): Shape {
  const step = (east - west) / (2 * teeth)
  const points = Array.from(
    { length: 2 * teeth + 1 },
    (_, i): Position => [west + i * step, i % 2 ? -60 : 70],
  )
  return [[[...points, [east, 72], [west, 72], ...points.slice(0, 1)]]]
}

const TALL = comb(9000, -88, 42)

test('land near a box is what is cut from the whole of it, wherever the box lies', () => {
  const land = landOf(comb(200, -100, 250))
  const near = nearLand(land, roomForCovers())
  const boxes: Box[] = [-120, -100.5, -3, 0, 5.9, 11.9, 177, 181, 240].flatMap((west) =>
    [-61, -0.5, 0, 3.5, 69.9].flatMap((south): Box[] => [
      [west, south, west + 1.1, south + 1],
      [west, south, west + 7, south + 1],
      [west, south, west + 14, south + 5],
    ]),
  )
  for (const box of boxes) {
    const [found, whole] = [near(box), cutLand(land, box)]
    const sorted = ({ edges }: typeof found) =>
      Array.from({ length: edges.length / 4 }, (_, i) => edges.slice(4 * i, 4 * i + 4).join()).sort()
    expect(sorted(found)).toEqual(sorted(whole))
  }
})

test('edges from pole to pole, side by side, are told from thousands of tiles in seconds', () => {
  const area = areaOfGeoJson(JSON.stringify({ type: 'MultiPolygon', coordinates: TALL }))
  if (typeof area === 'string') throw new Error(area)
  const tiles = tilesOf(area).filter((_, i) => i % 8 === 0)
  const cover = coverOf(area)
  const start = performance.now()
  const touched = tiles.filter(cover.touches)
  const share = tiles
    .slice(0, 500)
    .reduce((sum, mgrsTile) => sum + cover.coverage({ mgrsTile, box: undefined }), 0)
  // Each tile against each edge took minutes.
  expect(performance.now() - start).toBeLessThan(15_000)
  expect(touched.length).toBeGreaterThan(tiles.length * 0.95)
  expect(share).toBeGreaterThan(0)
  expect(touched.every((tile) => tileBox(tile) !== undefined)).toBe(true)
})
