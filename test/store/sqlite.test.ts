import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
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

test('what was put is there again, in another process and of its own storage and delimiter', () => {
  const file = join(folder.path, 'deep/down/store.sqlite')
  const store = sqliteStore(file)
  store.listings('gs://a').put(PREFIX, '', ENTRIES)
  expect(store.listings('gs://a').get(PREFIX, '')).toEqual(ENTRIES)
  store.close()
  const other = sqliteStore(file)
  expect(other.listings('gs://a').get(PREFIX, '')).toEqual(ENTRIES)
  expect(other.listings('gs://a').get(PREFIX, '/')).toBeUndefined()
  expect(other.listings('gs://a').get('tiles/', '')).toBeUndefined()
  expect(other.state()).toEqual({ listings: 1, colours: 0, failed: 0 })
  other.close()
})

test('what was listed of one storage is never given for another', () => {
  const store = sqliteStore(join(folder.path, 'store.sqlite'))
  store.listings('gs://a').put(PREFIX, '', ENTRIES)
  expect(store.listings('gs://b').get(PREFIX, '')).toBeUndefined()
  store.close()
})

test('a store that another process holds locked holds up nobody, and is written when it is free', async () => {
  const file = join(folder.path, 'store.sqlite')
  const store = sqliteStore(file)
  const holder = new DatabaseSync(file)
  holder.exec('BEGIN IMMEDIATE')
  const started = performance.now()
  store.listings('gs://a').put(PREFIX, '', ENTRIES)
  await sleep(100)
  expect(store.listings('gs://a').get(PREFIX, '')).toEqual(ENTRIES)
  expect(performance.now() - started).toBeLessThan(1000)
  expect(store.state()).toEqual({ listings: 0, colours: 0, failed: 0 })
  holder.exec('COMMIT')
  holder.close()
  await sleep(400)
  expect(store.state()).toEqual({ listings: 1, colours: 0, failed: 0 })
  store.close()
})

test('a store that is damaged while it is used costs speed, no answer, and is counted', async () => {
  const file = join(folder.path, 'store.sqlite')
  const store = sqliteStore(file)
  const other = new DatabaseSync(file)
  other.exec('DROP TABLE listing')
  other.close()
  expect(store.listings('gs://a').get(PREFIX, '')).toBeUndefined()
  store.listings('gs://a').put(PREFIX, '', ENTRIES)
  await sleep(100)
  expect(store.state().failed).toBeGreaterThanOrEqual(2)
  expect(store.state().lastFailure).toMatch(/no such table: .*listing/)
  store.close()
})

test('several processes write one store at once and nothing is lost', async () => {
  const file = join(folder.path, 'store.sqlite')
  const module = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url))
  const script = (n: number) => `
    const { sqliteStore } = await import(${JSON.stringify(module)})
    const store = sqliteStore(${JSON.stringify(file)})
    for (let i = 0; i < 200; i++) {
      const prefix = 'tiles/${n}/' + i + '/'
      store.listings('gs://a').put(prefix, '', [{ kind: 'object', key: prefix + 'x.jp2', size: i }])
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
  expect(store.state()).toEqual({ listings: 600, colours: 0, failed: 0 })
  expect(store.listings('gs://a').get('tiles/2/199/', '')).toEqual([
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
  expect(() => sqliteStore(join(text, 'store.sqlite'))).toThrow(
    /cannot be used: .*notes\.txt is not a folder\. /,
  )
})
