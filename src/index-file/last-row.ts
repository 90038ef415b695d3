import { granuleOfRow } from './csv-granule.ts'
import type { CsvColumn } from './csv-source.ts'

/**
 * Whether the last row of a plain CSV is surely whole though no line feed ends it. A file that is cut inside its
 * last field has all commas, and a shorter place or time reads like any other; so the row must give a granule, and
 * its last field end as such a field does.
 * @param fields of the row, in the order of the header
 */
export function isSurelyWhole(header: readonly CsvColumn[], fields: readonly string[]): boolean {
  const cell = (name: CsvColumn) => fields[header.indexOf(name)] || null
  const read = granuleOfRow({
    GRANULE_ID: cell('GRANULE_ID'),
    PRODUCT_ID: cell('PRODUCT_ID'),
    DATATAKE_IDENTIFIER: cell('DATATAKE_IDENTIFIER'),
    MGRS_TILE: cell('MGRS_TILE'),
    SENSING_TIME: cell('SENSING_TIME'),
    TOTAL_SIZE: cell('TOTAL_SIZE'),
    CLOUD_COVER: cell('CLOUD_COVER'),
    GEOMETRIC_QUALITY_FLAG: cell('GEOMETRIC_QUALITY_FLAG'),
    GENERATION_TIME: cell('GENERATION_TIME'),
    NORTH_LAT: cell('NORTH_LAT'),
    SOUTH_LAT: cell('SOUTH_LAT'),
    WEST_LON: cell('WEST_LON'),
    EAST_LON: cell('EAST_LON'),
    BASE_URL: cell('BASE_URL'),
    SOURCE_URL: cell('SOURCE_URL'),
    ETL_TIMESTAMP: cell('ETL_TIMESTAMP'),
  })
  if (typeof read === 'string' || !read.granule.place.endsWith('.SAFE')) return false
  return endsAs(header.at(-1), fields.at(-1) ?? '')
}

function endsAs(column: CsvColumn | undefined, field: string): boolean {
  switch (column) {
    case 'BASE_URL':
    case 'SOURCE_URL':
      // Where the other of the two holds the place, it may be empty or tell the file that the row came from.
      return field === '' || /\.(?:SAFE|csv\.gz)$/.test(field)
    case 'ETL_TIMESTAMP':
      return /(?:UTC|Z)$/.test(field)
    default:
      return false
  }
}
