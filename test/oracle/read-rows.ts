import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { sqlOf } from './sql.ts'
import { tileBoxes } from './tile-boxes.ts'

export type RowsRead = {
  /** Numbers of the tiles by their names. */
  readonly tiles: ReadonlyMap<string, number>
  /** Name of the granule at each position, the newest first. */
  readonly names: readonly string[]
}

/** Makes the tables `tile` and `granule` of CSVs of the archive's form. @param files absolute paths */
export async function readRows(connection: DuckDBConnection, files: readonly string[]): Promise<RowsRead> {
  const tiles = await makeTiles(connection)
  await connection.run(sqlOf('number'))
  await connection.run(sqlOf('granule'), { files: listValue([...files]) }, { files: LIST(VARCHAR) })
  return { tiles, names: await takeNames(connection) }
}

async function makeTiles(connection: DuckDBConnection): Promise<ReadonlyMap<string, number>> {
  await connection.run(sqlOf('tile'))
  const boxes = tileBoxes()
  const appender = await connection.createAppender('tile')
  for (const [id, [name, ...box]] of boxes.entries()) {
    appender.appendInteger(id)
    appender.appendVarchar(name)
    for (const edge of box) appender.appendDouble(edge)
    appender.endRow()
  }
  appender.closeSync()
  return new Map(boxes.map(([name], id) => [name, id]))
}

/** Names leave the table: a scan that reads numbers alone takes half the time. */
async function takeNames(connection: DuckDBConnection): Promise<string[]> {
  const names: string[] = []
  const result = await connection.stream('SELECT name FROM granule ORDER BY position')
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) break
    for (const name of chunk.getColumnValues(0)) names.push(String(name))
  }
  await connection.run('ALTER TABLE granule DROP COLUMN name')
  return names
}
