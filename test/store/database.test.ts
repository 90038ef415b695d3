import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './colour-samples.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'store.sqlite')
})
afterEach(() => folder.remove())

const MODULE = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url))
/** A user that owns nothing; as root nothing is read-only. */
const NOBODY = 65_534

/** Runs a script in a process of its own that has opened the store; gives what it wrote. */
async function inProcess(script: string, uid?: number): Promise<string> {
  const source = `const { sqliteStore } = await import(${JSON.stringify(MODULE)})
    const file = ${JSON.stringify(file)}
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid }),
  })
  const written: string[] = []
  child.stdout.on('data', (chunk) => written.push(String(chunk)))
  await once(child, 'close')
  return written.join('')
}

/** A store as swath made it before it knew of colours. */
function makeLayout1(listings: number): void {
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA application_id = 0x73775354; PRAGMA user_version = 1;
    CREATE TABLE listing (storage TEXT NOT NULL, listed TEXT NOT NULL, entries TEXT NOT NULL,
      PRIMARY KEY (storage, listed)) WITHOUT ROWID; BEGIN`)
  const insert = db.prepare('INSERT INTO listing VALUES (?, ?, ?)')
  for (let i = 0; i < listings; i++) insert.run('gs://a', `tiles/${i}/\n/`, `[["x.jp2",${i}],["sub/"]]`)
  db.exec('COMMIT')
  db.close()
}

describe('a store of layout 1', () => {
  test('is upgraded in place and keeps its listings', async () => {
    makeLayout1(500)
    const store = sqliteStore(file)
    expect(store.state()).toEqual({ listings: 500, colours: 0, failed: 0 })
    expect(store.listings('gs://a').get('tiles/77/', '/')).toEqual([
      { kind: 'object', key: 'tiles/77/x.jp2', size: 77 },
      { kind: 'folder', prefix: 'tiles/77/sub/' },
    ])
    store.listings('gs://a').put('tiles/77/', '/', [{ kind: 'folder', prefix: 'tiles/77/new/' }])
    store.listings('gs://a').put('tiles/new/', '', [{ kind: 'folder', prefix: 'tiles/new/x/' }])
    expect(await store.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(1))).toBeUndefined()
    store.close()
    const again = sqliteStore(file)
    expect(again.state()).toEqual({ listings: 501, colours: 1, failed: 0 })
    expect(again.listings('gs://a').get('tiles/77/', '/')).toHaveLength(1)
    again.close()
  })

  test('is upgraded once by processes that open it at the same time', async () => {
    makeLayout1(500)
    const at = Date.now() + 800
    const script = `while (Date.now() < ${at});
      const store = sqliteStore(file)
      process.stdout.write(JSON.stringify(store.state()))
      store.close()`
    const told = await Promise.all(Array.from({ length: 5 }, () => inProcess(script)))
    expect(told).toEqual(Array.from({ length: 5 }, () => '{"listings":500,"colours":0,"failed":0}'))
  })
})

describe('a store of layout 2', () => {
  test('gets the index of its colours by tile and keeps them all', async () => {
    const store = sqliteStore(file)
    for (let i = 0; i < 300; i++)
      await store.colours('gs://a').put(granuleOf(i), STRIDE_16, colourOfNumber(i))
    store.close()
    const db = new DatabaseSync(file)
    db.exec('DROP INDEX colour_by_tile; PRAGMA user_version = 2')
    db.close()
    const upgraded = sqliteStore(file)
    expect(upgraded.state()).toEqual({ listings: 0, colours: 300, failed: 0 })
    expect(upgraded.colours('gs://a').get(granuleOf(77), STRIDE_16)).toEqual(colourOfNumber(77))
    expect([...upgraded.allColours()].length).toBe(300)
    upgraded.close()
    expect(planOfTile()).toContain('USING INDEX colour_by_tile')
  })

  /** How SQLite looks for the colours of a tile. */
  function planOfTile(): string {
    const db = new DatabaseSync(file)
    const plan = db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT red FROM colour WHERE storage = 'gs://a' AND source = 'bands' AND stride = 16
           AND method = 1 AND mgrs_tile = '33UUB' AND sensing_time >= 0`,
      )
      .all()
    const version = db.prepare('PRAGMA user_version').get()
    expect(version).toEqual({ user_version: 3 })
    db.close()
    return plan.map(({ detail }) => String(detail)).join('\n')
  }
})

test('one new store can be made by several processes at once', async () => {
  const at = Date.now() + 800
  const script = `while (Date.now() < ${at});
    for (let i = 0; i < 20; i++) sqliteStore(file + i).close()
    process.stdout.write('opened')`
  const told = await Promise.all(Array.from({ length: 5 }, () => inProcess(script)))
  expect(told).toEqual(['opened', 'opened', 'opened', 'opened', 'opened'])
})

test('a store of a newer layout is refused and left alone', () => {
  sqliteStore(file).close()
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 4')
  db.close()
  expect(() => sqliteStore(file)).toThrow(
    /store\.sqlite cannot be used: it has layout 4, this swath knows 3\. Name another file in SWATH_STORE/,
  )
  const after = new DatabaseSync(file)
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 4 })
  after.close()
})

test('a file that may only be read is named with the way out', async (context) => {
  sqliteStore(file).close()
  chmodSync(file, 0o444)
  chmodSync(folder.path, 0o555)
  const script = `try { sqliteStore(file); process.stdout.write('opened') }
    catch (thrown) { process.stdout.write(thrown.code + ' ' + thrown.message) }`
  const isRoot = process.getuid?.() === 0
  const told = await inProcess(script, isRoot ? NOBODY : undefined)
  chmodSync(folder.path, 0o755)
  if (told === '' && isRoot) return context.skip('no process of another user can be started here')
  expect(told).toMatch(/^misconfigured The store .*store\.sqlite cannot be used: .*SWATH_STORE=sqlite:<file>/)
})

test('a store whose last process was killed opens from its file and its log', async () => {
  await inProcess(`const store = sqliteStore(file)
    const prefix = 'tiles/33/'
    store.listings('gs://a').put(prefix, '', [{ kind: 'object', key: prefix + 'x.jp2', size: 1 }])
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200)`)
  const copy = join(folder.path, 'copy.sqlite')
  for (const part of ['', '-wal']) copyFileSync(file + part, copy + part)
  for (const path of [file, copy]) {
    const store = sqliteStore(path)
    expect(store.listings('gs://a').get('tiles/33/', '')).toHaveLength(1)
    store.close()
  }
})

test('a store of before the first layout is refused with the way out, and left alone', () => {
  sqliteStore(file).close()
  const db = new DatabaseSync(file)
  db.exec(
    'DROP TABLE listing; CREATE TABLE listing (listed TEXT PRIMARY KEY, entries TEXT NOT NULL) WITHOUT ROWID',
  )
  db.close()
  expect(() => sqliteStore(file)).toThrow(
    /store\.sqlite cannot be used: its table listing lacks the column storage, .*; move the file away/,
  )
})
