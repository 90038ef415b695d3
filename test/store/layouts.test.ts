import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TilePartLayout } from '../../src/jpeg2000/codestream.ts'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'store.sqlite')
})
afterEach(() => folder.remove())

const KEY = 'tiles/33/U/UB/A.SAFE/GRANULE/L1C_x/IMG_DATA/T33UUB_20180101T105441_B04.jp2'
const SIZE = 7_000_000_000
const LAYOUT: TilePartLayout = {
  first: 3071,
  lengths: [...Array.from({ length: 120 }, (_, i) => 945_000 + i), 2 ** 32 - 1],
  most: [945_119, 325_000, 87_000, 23_000, 6600],
}

test('a layout is there again, for its key, size and storage alone', () => {
  const store = sqliteStore(file)
  store.layouts('gs://a').put(KEY, SIZE, LAYOUT)
  expect(store.layouts('gs://a').get(KEY, SIZE)).toEqual(LAYOUT)
  store.close()
  const other = sqliteStore(file)
  expect(other.layouts('gs://a').get(KEY, SIZE)).toEqual(LAYOUT)
  expect(other.layouts('gs://a').get(KEY, SIZE + 1)).toBeUndefined()
  expect(other.layouts('gs://a').get(`${KEY}2`, SIZE)).toBeUndefined()
  expect(other.layouts('gs://b').get(KEY, SIZE)).toBeUndefined()
  expect(other.state().failed).toBe(0)
  other.close()
  const db = new DatabaseSync(file)
  const { bytes } = db.prepare('SELECT length(lengths) AS bytes FROM tile_part_layout').get() ?? {}
  expect(bytes).toBe(484)
  db.close()
})

test('the layout of a file that was replaced takes the place of the old one', () => {
  const store = sqliteStore(file)
  store.layouts('gs://a').put(KEY, SIZE, LAYOUT)
  store.close()
  const other = sqliteStore(file)
  const newer = { ...LAYOUT, first: 3072 }
  other.layouts('gs://a').put(KEY, SIZE + 1, newer)
  other.close()
  const third = sqliteStore(file)
  expect(third.layouts('gs://a').get(KEY, SIZE)).toBeUndefined()
  expect(third.layouts('gs://a').get(KEY, SIZE + 1)).toEqual(newer)
  third.close()
})

test.for([
  ['cut short', "lengths = x'010203'"],
  ['empty', "most = x''"],
  ['with a length of nothing', "lengths = x'0100000000000000'"],
  ['with tile-parts past the end of the file', 'first = 6000000000'],
  ['that begins before the file', 'first = -1'],
] as const)('a damaged layout counts as not remembered: %s', ([, damage]) => {
  const store = sqliteStore(file)
  store.layouts('gs://a').put(KEY, SIZE, LAYOUT)
  store.close()
  const db = new DatabaseSync(file)
  db.exec(`UPDATE tile_part_layout SET ${damage}`)
  db.close()
  const other = sqliteStore(file)
  expect(other.layouts('gs://a').get(KEY, SIZE)).toBeUndefined()
  expect(other.state().failed).toBe(1)
  other.close()
})

test('what is no layout of the file is not remembered', () => {
  const store = sqliteStore(file)
  const layouts = store.layouts('gs://a')
  layouts.put(KEY, SIZE, { ...LAYOUT, lengths: [] })
  layouts.put(KEY, SIZE, { ...LAYOUT, lengths: [2 ** 32] })
  layouts.put(KEY, SIZE, { ...LAYOUT, most: [1.5] })
  layouts.put(KEY, 1000, LAYOUT)
  expect(layouts.get(KEY, SIZE)).toBeUndefined()
  expect(store.state().failed).toBe(4)
  store.close()
})
