import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Entry } from '../../src/storage/port.ts'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const PREFIX = 'tiles/33/U/UB/A.SAFE/GRANULE/'
const ENTRIES: readonly Entry[] = [
  { kind: 'object', key: `${PREFIX}B02.jp2`, size: 0 },
  { kind: 'object', key: `${PREFIX}sub/B03.jp2`, size: 123456789012 },
  { kind: 'folder', prefix: `${PREFIX}L1C_x/` },
]

test('what was put is there again, in another process and by its own delimiter', () => {
  const file = join(folder.path, 'deep/down/store.sqlite')
  const store = sqliteStore(file)
  store.listings.put(PREFIX, '', ENTRIES)
  const other = sqliteStore(file)
  expect(other.listings.get(PREFIX, '')).toEqual(ENTRIES)
  expect(other.listings.get(PREFIX, '/')).toBeUndefined()
  expect(other.listings.get('tiles/', '')).toBeUndefined()
  expect(other.listings.count()).toBe(1)
  store.close()
  other.close()
})

test('several processes write one store at once and nothing is lost', async () => {
  const file = join(folder.path, 'store.sqlite')
  const module = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url))
  const script = (n: number) => `
    const { sqliteStore } = await import(${JSON.stringify(module)})
    const store = sqliteStore(${JSON.stringify(file)})
    for (let i = 0; i < 200; i++) {
      const prefix = 'tiles/${n}/' + i + '/'
      store.listings.put(prefix, '', [{ kind: 'object', key: prefix + 'x.jp2', size: i }])
    }
    store.close()`
  const codes = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script(n)], { stdio: 'inherit' })
      const [code] = await once(child, 'close')
      return code
    }),
  )
  expect(codes).toEqual([0, 0, 0])
  const store = sqliteStore(file)
  expect(store.listings.count()).toBe(600)
  expect(store.listings.get('tiles/2/199/', '')).toEqual([
    { kind: 'object', key: 'tiles/2/199/x.jp2', size: 199 },
  ])
  store.close()
})

test('a file that is something else is named and left alone', () => {
  const text = join(folder.path, 'notes.txt')
  writeFileSync(text, 'these are notes, and quite a few of them'.repeat(100))
  expect(() => sqliteStore(text)).toThrow(/notes\.txt cannot be used.*SWATH_STORE=sqlite:<file>/)
  const other = new DatabaseSync(join(folder.path, 'other.sqlite'))
  other.exec('CREATE TABLE theirs (x)')
  other.close()
  expect(() => sqliteStore(join(folder.path, 'other.sqlite'))).toThrow(/SQLite file of another kind/)
  expect(() => sqliteStore(folder.path)).toThrow(/cannot be used/)
})
