import { footprintOf } from '../../sentinel2/footprint.ts'
import { type FootprintBytes, footprintMaker } from '../../sentinel2/footprint-wkb.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import { itemBox } from './item-box.ts'
import { type ItemWriter, itemWriterOf } from './item-form.ts'
import type { Pen } from './pen.ts'

/** Writes a granule as a STAC item whose images are promised: what itemOf tells, as JSON. */
export function itemWriter(): ItemWriter {
  const boundsOf = footprintMaker()
  return itemWriterOf({
    arrange: ({ head, ground, properties, links, assets }) => ({
      ...head,
      ...ground,
      properties,
      links,
      assets,
    }),
    writeGround: (pen, granule) => writeGround(pen, granule, boundsOf(granule)),
  })
}

/** The members geometry and bbox; where the tile is none of the grid there is no ground. */
function writeGround(pen: Pen, granule: Granule, footprint: FootprintBytes | undefined): void {
  if (footprint?.type === 'Polygon') {
    writePolygon(pen, footprint)
    return
  }
  const geometry = footprintOf(granule)
  pen.ascii(`"geometry":${JSON.stringify(geometry ?? null)}`)
  if (geometry) pen.ascii(`,"bbox":${JSON.stringify(itemBox(geometry))}`)
}

/** Where the numbers of a polygon of one ring begin: OGC 06-103r4, 8.2. */
const WKB_HEAD = 13

/** Digits are written straight from the numbers: as texts they would cost more than all else of an item. */
function writePolygon(pen: Pen, { wkb, bounds }: FootprintBytes): void {
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength)
  const isLittle = wkb[0] === 1
  pen.ascii('"geometry":{"type":"Polygon","coordinates":[[[')
  for (let at = WKB_HEAD; at < view.byteLength; at += 16) {
    if (at > WKB_HEAD) pen.ascii('],[')
    pen.number(view.getFloat64(at, isLittle))
    pen.ascii(',')
    pen.number(view.getFloat64(at + 8, isLittle))
  }
  pen.ascii(']]]},"bbox":[')
  for (const [i, edge] of bounds.entries()) {
    if (i > 0) pen.ascii(',')
    pen.number(edge)
  }
  pen.ascii(']')
}
