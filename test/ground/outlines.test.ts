import { expect, test } from 'vitest'
import { edgesOf } from '../../src/ground/measure.ts'
import { groundOfTile } from '../../src/ground/outlines.ts'
import { WORLD } from '../../src/sentinel2/area.ts'
import { clipTo } from '../../src/sentinel2/clip.ts'
import { tilesOf } from '../../src/sentinel2/tiles.ts'
import { ringOfBox } from './shapes.ts'

test('the hull of every square less its pockets is the square', () => {
  const squares = new Set(tilesOf(WORLD).flatMap((tile) => groundOfTile(tile)?.square ?? []))
  expect(squares.size).toBeGreaterThan(1000)
  let bent = 0
  for (const { box, edges, hull, pockets } of squares) {
    const [west, south, east, north] = box
    const around = ringOfBox([west - 1, south - 1, east + 1, north + 1]).slice(0, -1)
    const groundIn = (sides: typeof hull) => edgesOf([clipTo(around, sides)], south).ground
    const cut = pockets.reduce((sum, { sides }) => sum + groundIn(sides), 0)
    expect((groundIn(hull) - cut) / edges.ground).toBeCloseTo(1, 10)
    if (cut / edges.ground > 1e-4) bent++
  }
  // Else nothing was tried: beside the central meridian edges are all but straight.
  expect(bent).toBeGreaterThan(500)
})
