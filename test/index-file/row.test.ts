import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { AT } from '../../src/index-file/quick-row.ts'
import { COLUMN } from '../../src/index-file/row.ts'
import { query } from '../../src/queries.ts'

test('every column stands in a row where the layout has it, and numbers of rows follow the same order', () => {
  const db = new DatabaseSync(':memory:')
  db.exec(query('sqlite', 'layout'))
  const columns = db.prepare(`SELECT cid, name FROM pragma_table_info('granule')`).all()
  db.close()
  expect(Object.fromEntries(columns.map(({ cid, name }) => [name, cid]))).toEqual(COLUMN)
  const numbered = Object.keys(COLUMN).filter((name) => !['quality', 'batch', 'verbatim'].includes(name))
  expect(Object.keys(AT)).toEqual(numbered)
  expect(Object.values(AT)).toEqual(numbered.map((_, i) => i))
})
