import { rowOfFields } from './csv.ts'
import { granuleOfRow } from './csv-granule.ts'
import { COLUMNS, type CsvColumn } from './csv-source.ts'

/**
 * Whether the last row of a plain CSV is surely whole though no line feed ends it. A file that is cut inside its
 * last field has all commas, and a shorter place or time reads like any other; so the row must give a granule, and
 * its last field end as such a field does.
 * @param fields of the row, in the order of the header
 */
export function isSurelyWhole(header: readonly CsvColumn[], fields: readonly string[]): boolean {
  const read = granuleOfRow(rowOfFields(COLUMNS.map((name) => fields[header.indexOf(name)] ?? '')))
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
