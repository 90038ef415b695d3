import { spawnSync } from 'node:child_process'
import { chmod, copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/build-index.ts'
import { aboutIndex } from '../../src/index-file/about.ts'
import { openIndexToRead, removeTraces, settleIndex } from '../../src/index-file/open.ts'
import { archiveRow, writeCsv } from '../archive.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const index = () => at('index.sqlite')
const names = async () => (await readdir(folder.path)).sort()
beforeEach(async () => {
  folder = await temporaryFolder()
  const row = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
  await buildIndex({ from: [await writeCsv(at('index.csv'), [row])], to: index() })
})
afterEach(async () => {
  await chmod(folder.path, 0o755)
  await folder.remove()
})

/** An index with commits in its log that are not in its file, as a killed update leaves it. */
async function leaveLog(): Promise<void> {
  const db = new DatabaseSync(index())
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  db.exec("UPDATE about SET value = '5' WHERE name = 'tiles'")
  for (const end of ['', '-wal']) await copyFile(index() + end, at(`left.sqlite${end}`))
  db.close()
}

/** An index whose file is half-written, with the journal that undoes it. */
async function leaveJournal(): Promise<void> {
  const db = new DatabaseSync(index())
  db.exec('PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA synchronous = FULL; BEGIN')
  db.exec("UPDATE about SET value = '7' WHERE name = 'tiles'")
  db.exec('CREATE TABLE filler AS SELECT randomblob(5000) FROM pragma_function_list')
  for (const end of ['', '-journal']) await copyFile(index() + end, at(`left.sqlite${end}`))
  db.exec('ROLLBACK')
  db.close()
}

describe('an index that a killed process left', () => {
  test('with a log tells its last commit, before and after it is settled', async () => {
    await leaveLog()
    expect(aboutIndex(at('left.sqlite')).tiles).toBe(5)
    await settleIndex(at('left.sqlite'))
    expect(aboutIndex(at('left.sqlite')).tiles).toBe(5)
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'left.sqlite'])
  })

  test('with a journal is what it was before', async () => {
    await leaveJournal()
    expect(aboutIndex(at('left.sqlite'))).toEqual(aboutIndex(index()))
    expect(aboutIndex(index()).tiles).toBe(1)
  })

  test('does not spoil another that is moved over it', async () => {
    await leaveLog()
    const rows = ['2019-01-01T10:00:00Z', '2019-01-02T10:00:00Z'].map((start) =>
      archiveRow({ tile: '33UUB', start }),
    )
    await buildIndex({ from: [await writeCsv(at('index.csv'), rows)], to: at('left.sqlite') })
    await removeTraces(at('left.sqlite'))
    expect(aboutIndex(at('left.sqlite'))).toMatchObject({ tiles: 1, rows: 2 })
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'left.sqlite'])
  })
})

describe('an index that another process holds', () => {
  test('is not replaced, for its log would be played into the new one', async () => {
    const db = new DatabaseSync(index())
    db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
    db.exec("UPDATE about SET value = '5' WHERE name = 'tiles'; BEGIN IMMEDIATE")
    const before = aboutIndex(index())
    await expect(buildIndex({ from: [at('index.csv')], to: index() })).rejects.toThrow(
      /index\.sqlite is held by another process.*try again later\. Nothing was built; the old index is untouched\./,
    )
    expect(aboutIndex(index())).toEqual(before)
    db.exec('ROLLBACK')
    db.close()
    await buildIndex({ from: [at('index.csv')], to: index() })
    expect(aboutIndex(index()).tiles).toBe(1)
    expect(await names()).toEqual(['index.csv', 'index.sqlite'])
  }, 20_000)

  test('is replaced where it is damaged, whatever its log holds', async () => {
    await leaveLog()
    await writeFile(at('left.sqlite'), 'my thesis, which is rather long'.repeat(300))
    await settleIndex(at('left.sqlite'))
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'left.sqlite'])
  })
})

describe('a reader who may not write', () => {
  const READER = fileURLToPath(new URL('./read-about.ts', import.meta.url))
  /** What a process of nobody's is told; undefined where this one cannot start it. */
  function asNobody(file: string): string | undefined {
    if (process.getuid?.() !== 0) return undefined
    const { stdout, stderr } = spawnSync(process.execPath, [READER, file], { uid: 65_534, encoding: 'utf8' })
    return stdout || stderr
  }
  const ONLY_ROOT = 'only root can start a process of nobody’s'

  test('reads an index that was left in WAL mode, as a file that does not change', async (context) => {
    const db = new DatabaseSync(index())
    db.exec('PRAGMA journal_mode = WAL')
    db.close()
    await chmod(folder.path, 0o555)
    const told = asNobody(index())
    if (told === undefined) return context.skip(ONLY_ROOT)
    expect(told).toBe('1 tiles\n')
    expect(await names()).toEqual(['index.csv', 'index.sqlite'])
  })

  test('is refused one whose log he cannot read: without it the index may be half of two', async (context) => {
    await leaveLog()
    await chmod(folder.path, 0o555)
    const told = asNobody(at('left.sqlite'))
    if (told === undefined) return context.skip(ONLY_ROOT)
    expect(told).toMatch(/left\.sqlite cannot be used: .*cannot be opened/)
  })
})

test('a file that is no index, or is not there, is a fault', async () => {
  await writeFile(at('text'), 'my thesis, which is rather long')
  expect(() => openIndexToRead(at('text'))).toThrow(/text cannot be used: it is no SQLite file/)
  expect(() => openIndexToRead(at('none'))).toThrow(/none cannot be used: .*cannot be opened/)
  await settleIndex(at('none'))
  expect(await names()).not.toContain('none')
})
