import type { DatabaseSync } from 'node:sqlite'
import { conditionTestOf, type FieldReaders, fieldOf } from '../src/catalog/condition.ts'
import type { Condition, Field, Value } from '../src/catalog/port.ts'
import { tileOfCell } from '../src/index-file/row.ts'
import { shortBaseline } from '../src/index-file/short-names.ts'
import { SATELLITES } from '../src/sentinel2/names.ts'
import { namesOf } from './ask-index-names.ts'

/** The columns of a row that `meets_condition` is given: those that tell its names, and its cloud. */
type Row = readonly unknown[]

/** Where they stand. */
const AT = { cell: 0, sensing: 1, generation: 2, orbit: 6, pass: 7, baseline: 8, cloud: 10 } as const

let prepared: { readonly json: string; readonly test: (row: Row) => boolean } | undefined

/** Makes ready the condition of a question. @param json of a Condition */
export function prepareCondition(json: string): void {
  if (prepared?.json !== json) prepared = { json, test: conditionTestOf(readCondition(json), READERS) }
}

/** Written by the asking side from a Condition. */
const readCondition = (json: string): Condition => JSON.parse(json) as Condition

/** A function of SQL: whether a row meets the condition of the present question. */
export function defineCondition(db: DatabaseSync): void {
  const options = { deterministic: true, varargs: true }
  db.function('meets_condition', options, (...row) => Number(prepared?.test(row) ?? false))
}

const ofNames =
  (field: Field) =>
  (row: Row): Value | undefined =>
    fieldOf(namesOf(row), field)

/** What a column tells, or the names where they are kept verbatim and the column is NULL. */
const ofColumn = (field: Field, at: number, tell: (told: number) => Value) => {
  const fromNames = ofNames(field)
  return (row: Row): Value | undefined => {
    const told = row[at]
    return told === null ? fromNames(row) : tell(Number(told))
  }
}

const tileOf = (row: Row) => tileOfCell(Number(row[AT.cell]))

/** Names are put together, a microsecond a row, only where no column tells what is compared. */
const READERS: FieldReaders<Row> = {
  granuleId: ofNames('granuleId'),
  productId: ofNames('productId'),
  level: (row) => tileOf(row).level,
  mgrsTile: (row) => tileOf(row).mgrsTile,
  sensingTime: (row) => Number(row[AT.sensing]),
  generationTime: (row) => Math.round(Number(row[AT.generation]) * 1e6) || undefined,
  baseline: ofColumn('baseline', AT.baseline, (baseline) => shortBaseline({ baseline })),
  datatake: ofNames('datatake'),
  cloudCover: (row) => (row[AT.cloud] === null ? undefined : Number(row[AT.cloud])),
  satellite: ofColumn('satellite', AT.pass, (pass) => SATELLITES[Math.floor(pass / 1000)] ?? ''),
  relativeOrbit: ofColumn('relativeOrbit', AT.pass, (pass) => pass % 1000),
  absoluteOrbit: ofColumn('absoluteOrbit', AT.orbit, Number),
}
