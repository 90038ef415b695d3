import {
  type Area,
  areaOfBox,
  boxAround,
  isWithoutGround,
  type Position,
  type Ring,
} from '../sentinel2/area.ts'
import type { Box } from '../sentinel2/granule.ts'
import { isWithin } from './asked.ts'
import { touchingAmong } from './crossings.ts'
import { groupsOf } from './groups.ts'
import { holdsMiddle, landOf } from './land.ts'
import { INTRICATE, polygonWithin, united } from './polygons.ts'
import type { Polygon } from './rings.ts'

/**
 * One area of polygons, each right by itself: turned to where they lie beside each other, those that overlap
 * united. Its box leaves out the widest stretch of longitudes that no polygon is in, so parts on both sides of the
 * antimeridian are joined across it. Or what is wrong, as areaOfGeoJson tells it.
 * @param paths what of it holds no ground, each in one round: lines there and back, points twice
 */
export function oneArea(polygons: readonly Polygon[], paths: readonly Ring[] = []): Area | string {
  const wide = polygons.find((polygon) => widthOf(polygon) > 360)
  if (wide)
    return `reaches more than once round the globe: its longitudes span ${widthOf(wide)}°, and 360 hold all`
  const together = besideEachOther([...polygons, ...paths.map((ring) => [ring])])
  const { solid = [], flat = [] } = Object.groupBy(together, kindOf)
  const ground = solid.length > 1 ? withoutOverlap(solid) : solid
  if (typeof ground === 'string') return ground
  const shape = [...ground, ...flat]
  const box = boxAround(shape.flatMap(([outline = []]) => outline))
  const [only] = shape
  // A line may be walked twice, which its box does not tell.
  const isLine = flat.length > 0 && (box[0] < box[2] || box[1] < box[3])
  if (shape.length === 1 && only && !isLine && isBox(only, box)) return areaOfBox(...box)
  return { box, shape }
}

const kindOf = (polygon: Polygon) => (isWithoutGround([polygon]) ? 'flat' : 'solid')

const widthOf = (polygon: Polygon): number => {
  const { west, east } = spanOf(polygon)
  return east - west
}

/** Polygons, or what holds no ground, turned to one round, which starts where the widest gap ends; without a gap, at -180. */
function besideEachOther(polygons: readonly Polygon[]): Polygon[] {
  const turned = polygons.map((polygon) => turnedTo(polygon, -180))
  const spans = turned.map(spanOf).sort((a, b) => a.west - b.west)
  let gap = { size: 0, end: -180 }
  let reached = Math.max(...spans.map(({ east }) => east)) - 360
  for (const { west, east } of spans) {
    if (west - reached > gap.size) gap = { size: west - reached, end: west }
    reached = Math.max(reached, east)
  }
  return gap.size > 0
    ? turned.map((polygon) => turnedTo(polygon, gap.end))
    : turned.flatMap((polygon) => inOneRound(polygon))
}

/** A polygon whose west is in [-180, 180), cut in two where it reaches past 180. */
function inOneRound(polygon: Polygon): Polygon[] {
  if (spanOf(polygon).east <= 180) return [polygon]
  const past = polygonWithin(polygon, [180, -90, 540, 90])
  return [...polygonWithin(polygon, [-180, -90, 180, 90]), ...past.map((part) => moved(part, -360))]
}

/** A polygon by whole rounds, to where its west lies in [start, start + 360). */
function turnedTo(polygon: Polygon, start: number): Polygon {
  const rounds = Math.floor((spanOf(polygon).west - start) / 360)
  return rounds === 0 ? polygon : moved(polygon, -360 * rounds)
}

const moved = (polygon: Polygon, by: number): Polygon =>
  polygon.map((ring) => ring.map(([lon, lat]): Position => [lon + by, lat]))

function spanOf([outline = []]: Polygon) {
  const [west, , east] = boxAround(outline)
  return { west, east }
}

/** The polygons, those united that touch each other or lie in one another; or what is wrong. */
function withoutOverlap(polygons: readonly Polygon[]): readonly Polygon[] | string {
  const touching = touchingAmong(polygons)
  if (!touching) return INTRICATE
  const groups = groupsOf(polygons.length)
  for (const [a, b] of touching) groups.join(a, b)
  for (const [inner, outer] of nestedAmong(polygons)) groups.join(inner, outer)
  const shape: Polygon[] = []
  for (const group of Map.groupBy(polygons, (_, i) => groups.of(i)).values()) {
    const one = group.length > 1 ? united(group) : group
    if (!one) return 'has parts that overlap and cannot be united: unite them first, or leave one out'
    shape.push(...one)
  }
  return shape
}

/** Place of the first of the sorted numbers that is at least so much. */
function firstFrom(numbers: Float64Array, least: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? least) < least) low = middle + 1
    else high = middle
  }
  return low
}

/** Pairs of polygons of which the first lies in the other, if their edges do not touch. */
function* nestedAmong(polygons: readonly Polygon[]): Generator<readonly [inner: number, outer: number]> {
  const sorted = polygons
    .map((polygon, i) => ({ i, polygon, box: boxAround(polygon[0] ?? []) }))
    .sort((a, b) => a.box[0] - b.box[0])
  const wests = Float64Array.from(sorted, ({ box }) => box[0])
  for (const outer of sorted) {
    const land = landOf([outer.polygon])
    for (let i = firstFrom(wests, outer.box[0]); (wests[i] ?? Infinity) <= outer.box[2]; i++) {
      const inner = sorted[i]
      if (!inner || inner === outer || !isWithin(inner.box, outer.box)) continue
      const [lon, lat] = inner.polygon[0]?.[0] ?? [0, 0]
      if (holdsMiddle(land, [lon, lat, lon, lat])) yield [inner.i, outer.i]
    }
  }
}

/** Whether a polygon is its own box: all its edges run along the box's. */
function isBox(polygon: Polygon, [west, south, east, north]: Box): boolean {
  const [outline = [], hole] = polygon
  return (
    hole === undefined &&
    outline.every(([lon, lat], i) => {
      const [lonBefore, latBefore] = outline[i - 1] ?? [lon, lat]
      const upright = lon === lonBefore && (lon === west || lon === east)
      return upright || (lat === latBefore && (lat === south || lat === north))
    })
  )
}
