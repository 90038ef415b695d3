import { areaOfGeoJson } from '../src/ground/geojson.ts'
import type { Area } from '../src/sentinel2/area.ts'

/** The area of a GeoJSON text, or what is wrong with it, in a thread of its own. */
export default (text: string): Area | string => areaOfGeoJson(text)
