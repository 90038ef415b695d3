import type { Box } from '../sentinel2/granule.ts'
import type { Room } from './kept.ts'
import { cutLand, type Land } from './land.ts'

/** Degrees; a tile and its margin nearly always lie in one of each. Wide columns spare narrow ones the whole. */
const WIDE = { width: 12, step: 6 }
const NARROW = { width: 4, step: 2 }

/**
 * Cuts land to boxes, by way of columns of longitude and the bands of each: tiles come zone by zone, so a search
 * for a continent goes once through it, and an edge from pole to pole is looked at in its column alone.
 */
export function nearLand(land: Land, room: Room): (box: Box) => Land {
  const cells = room.kept<string, Land>(bytesOfLand)
  /** What of some land lies in a strip: itself where there is none. */
  const cut = (from: Land, strip: Strip | undefined, key: string, toBox: (strip: Strip) => Box): Land =>
    strip ? cells.of(key, () => cutLand(from, toBox(strip))) : from
  return (box) => {
    const wide = stripOf(box[0], box[2], WIDE)
    const narrow = stripOf(box[0], box[2], NARROW)
    const band = stripOf(box[1], box[3], NARROW)
    const inWide = cut(land, wide, `${wide?.start}`, upright)
    const column = narrow ? `${wide?.start}/${narrow.start}` : `${wide?.start}`
    const inColumn = cut(inWide, narrow, column, upright)
    return cutLand(cut(inColumn, band, `${column}/${band?.start}/`, level), box)
  }
}

type Strip = { readonly start: number; readonly end: number }
const upright = ({ start, end }: Strip): Box => [start, -Infinity, end, Infinity]
const level = ({ start, end }: Strip): Box => [-Infinity, start, Infinity, end]

/** Bytes that land takes, about. */
export const bytesOfLand = ({ outlines, edges }: Land): number =>
  outlines.reduce((sum, { points }) => sum + OUTLINE + points.length * POINT, OUTLINE + edges.byteLength)
/** An array of two numbers and its place in another; the box of an outline and what holds it. */
const POINT = 72
const OUTLINE = 200

/** The strip in which two numbers lie; undefined where they lie too far apart. */
function stripOf(from: number, to: number, { width, step }: typeof WIDE): Strip | undefined {
  const start = Math.floor(from / step) * step
  return to <= start + width ? { start, end: start + width } : undefined
}
