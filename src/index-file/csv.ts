import type { CsvColumn } from './csv-source.ts'

/** A row as it stands in the file; an empty field is null, and so is one whose column is not there. */
export type CsvRow = Readonly<Record<CsvColumn, string | null>>

/** The row of a line of the usual columns. */
export const rowOf = (line: string): CsvRow => rowOfFields(splitLine(line) ?? [])

/**
 * Written out, since a row made key by key costs four times as much.
 * @param fields in the order of COLUMNS
 */
export function rowOfFields(fields: readonly string[]): CsvRow {
  return {
    GRANULE_ID: fields[0] || null,
    PRODUCT_ID: fields[1] || null,
    DATATAKE_IDENTIFIER: fields[2] || null,
    MGRS_TILE: fields[3] || null,
    SENSING_TIME: fields[4] || null,
    TOTAL_SIZE: fields[5] || null,
    CLOUD_COVER: fields[6] || null,
    GEOMETRIC_QUALITY_FLAG: fields[7] || null,
    GENERATION_TIME: fields[8] || null,
    NORTH_LAT: fields[9] || null,
    SOUTH_LAT: fields[10] || null,
    WEST_LON: fields[11] || null,
    EAST_LON: fields[12] || null,
    BASE_URL: fields[13] || null,
    SOURCE_URL: fields[14] || null,
    ETL_TIMESTAMP: fields[15] || null,
  }
}

const FIELD = /"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)/y

/** The fields of a row; undefined where a quote is in no pair. */
export function splitLine(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(',')
  const fields: string[] = []
  for (let at = 0; ; ) {
    FIELD.lastIndex = at
    const found = FIELD.exec(text)
    if (!found) return undefined
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    at += found[0].length
    if (at >= text.length) return fields
    at++
    if (at === text.length) return [...fields, '']
  }
}

/** A row as splitLine reads it. */
export const joinLine = (fields: readonly string[]): string =>
  fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
