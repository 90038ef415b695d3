import type { Coding } from './codestream.ts'
import { type Box, type PrecinctGrid, precinctsAt } from './precincts.ts'

/** A packet of a tile; precincts are counted row by row within their resolution. */
export type PacketPlace = {
  readonly layer: number
  readonly resolution: number
  readonly component: number
  readonly precinct: number
}

/** All packets of a tile without subsampling, in their order (B.12.1). */
export function* packetsInOrder(coding: Coding, tile: Box, components: number): Generator<PacketPlace> {
  const { progression, layers, levels } = coding
  const grids = Array.from({ length: levels + 1 }, (_, r) => precinctsAt(coding, tile, r))
  const each = (most: number) => Array(most).keys()
  if (progression === 'LRCP' || progression === 'RLCP') {
    const [outer, inner] = progression === 'LRCP' ? [layers, levels + 1] : [levels + 1, layers]
    for (const i of each(outer)) {
      for (const k of each(inner)) {
        const [layer, resolution] = progression === 'LRCP' ? [i, k] : [k, i]
        const { across, down } = grids[resolution] ?? NONE
        for (const component of each(components)) {
          for (const precinct of each(across * down)) yield { layer, resolution, component, precinct }
        }
      }
    }
    return
  }
  const places = grids.flatMap((grid, resolution) => placesOf(coding, tile, grid, resolution))
  for (const [component, { resolution, precinct }] of byPosition(progression, places, components)) {
    for (const layer of each(layers)) yield { layer, resolution, component, precinct }
  }
}

const NONE: PrecinctGrid = { left: 0, top: 0, across: 0, down: 0 }

/** A precinct, and where on the reference grid its turn comes. */
type Place = {
  readonly resolution: number
  readonly precinct: number
  readonly x: number
  readonly y: number
}

/** The corners of precincts; the first of a row or column may begin ahead of the tile, and comes with it. */
function placesOf(coding: Coding, tile: Box, grid: PrecinctGrid, resolution: number): Place[] {
  const { width, height } = coding.precincts[resolution] ?? { width: 15, height: 15 }
  const scale = coding.levels - resolution
  return Array.from({ length: grid.across * grid.down }, (_, precinct) => ({
    resolution,
    precinct,
    x: Math.max(tile.left, (grid.left + (precinct % grid.across)) * 2 ** (width + scale)),
    y: Math.max(tile.top, (grid.top + Math.floor(precinct / grid.across)) * 2 ** (height + scale)),
  }))
}

/** The sorts are stable: places come in order of resolution and, within it, row by row. */
function byPosition(
  progression: Coding['progression'],
  places: readonly Place[],
  components: number,
): (readonly [number, Place])[] {
  const all = Array.from({ length: components }, (_, c) => c)
  if (progression === 'RPCL') return places.flatMap((place) => all.map((c) => [c, place] as const))
  const sorted = places.toSorted((a, b) => a.y - b.y || a.x - b.x)
  if (progression === 'CPRL') return all.flatMap((c) => sorted.map((place) => [c, place] as const))
  const positions = new Map<string, Place[]>()
  for (const place of sorted) {
    const key = `${place.x}/${place.y}`
    const here = positions.get(key)
    if (here === undefined) positions.set(key, [place])
    else here.push(place)
  }
  return [...positions.values()].flatMap((here) =>
    all.flatMap((c) => here.map((place) => [c, place] as const)),
  )
}
