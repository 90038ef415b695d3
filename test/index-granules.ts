import { DatabaseSync } from 'node:sqlite'
import { type IndexRow, readIndexRow } from '../src/index-file/row.ts'
import { compareGranules, type Granule } from '../src/sentinel2/granule.ts'

/** All granules of an index in the order of every answer, straight from its file. */
export function granulesIn(file: string): Granule[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const statement = db.prepare('SELECT * FROM granule')
    statement.setReturnArrays(true)
    const rows = statement.all() as unknown as IndexRow[]
    return rows.map(readIndexRow).sort(compareGranules)
  } finally {
    db.close()
  }
}
