/** `[longitude, latitude]`. */
export type Position = readonly number[]
export type Ring = readonly Position[]

/** A geometry as GeoJSON has it. */
export type Geometry =
  | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] }

/** The outlines of its polygons; holes it has none. */
export const outlinesOf = (geometry: Geometry): readonly Ring[] =>
  geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat()

/** Reads well-known binary by the words of OGC 06-103r4, 8.2, and throws where it is none of a polygon. */
export function readWkb(wkb: Uint8Array): Geometry {
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength)
  let at = 0
  let little = true
  const integer = () => {
    at += 4
    return view.getUint32(at - 4, little)
  }
  const double = () => {
    at += 8
    return view.getFloat64(at - 8, little)
  }
  const head = () => {
    little = view.getUint8(at) === 1
    at += 1
    return integer()
  }
  const times = <T>(read: () => T): T[] => Array.from({ length: integer() }, () => read())
  const rings = () => times(() => times(() => [double(), double()]))
  const polygon = () => {
    if (head() !== 3) throw new Error('a part is no polygon')
    return rings()
  }
  const type = head()
  if (type !== 3 && type !== 6) throw new Error(`the type is ${type}`)
  const geometry: Geometry =
    type === 3
      ? { type: 'Polygon', coordinates: rings() }
      : { type: 'MultiPolygon', coordinates: times(polygon) }
  if (at !== wkb.byteLength) throw new Error(`${wkb.byteLength - at} bytes are left over`)
  return geometry
}
