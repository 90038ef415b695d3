import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aboutIndex } from '../src/index-file/about.ts'
import { updateIndex } from '../src/update-index.ts'
import { PER_TILE, prepareLargeUpdate, TILES } from './large-update.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  spawnSync('umount', [at('small')])
  await folder.remove()
})

/** Bytes, beside the index: a commit or two, and not the whole news. */
const ROOM = 600_000

test('an update for which the disk has no room says so, and what was committed is there', async (context) => {
  const { index, newer } = await prepareLargeUpdate(folder.path)
  await mkdir(at('small'))
  const mounted = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${statSync(index).size + ROOM}`,
    'none',
    at('small'),
  ])
  if (mounted.status !== 0) return context.skip('only root can make a disk so small')
  const file = join(at('small'), 'index.sqlite')
  await copyFile(index, file)
  const before = aboutIndex(file)
  await expect(updateIndex({ file, from: [newer] })).rejects.toThrow(
    /no room left on its disk; make some, and try again\. .*the next update brings the rest\.$/,
  )
  const after = aboutIndex(file)
  expect(after.rows).toBeGreaterThanOrEqual(before.rows)
  expect(after.rows).toBeLessThan(TILES.length * PER_TILE.after)
  const db = new DatabaseSync(file, { readOnly: true })
  expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  expect(db.prepare('SELECT count(*) AS rows FROM granule').get()).toEqual({ rows: after.rows })
  db.close()
  expect((await readdir(at('small'))).filter((name) => name.startsWith('.'))).toEqual([])
}, 60_000)
