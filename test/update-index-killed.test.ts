import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { type AboutIndex, aboutIndex } from '../src/index-file/about.ts'
import { openIndexToRead, removeTraces } from '../src/index-file/open.ts'
import { updateIndex } from '../src/update-index.ts'
import { PER_TILE, prepareLargeUpdate, TILES } from './large-update.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const UPDATER = fileURLToPath(new URL('./run-update.ts', import.meta.url))
const ROUNDS = 8

function contentsOf(file: string) {
  const db = new DatabaseSync(file, { readOnly: true })
  const rows = db.prepare('SELECT * FROM granule ORDER BY cell, sensing, generation, seq').all()
  db.close()
  const { builtAt, updatedAt, sources, settled, ...about } = aboutIndex(file)
  return { rows: rows.map((row) => ({ ...row, batch: 0 })), about }
}

/** How many tiles have their news; throws where a tile is neither as before nor as after, or about is wrong. */
function tilesWithNews(file: string, settled: AboutIndex['settled']): number {
  const about = aboutIndex(file)
  const db = openIndexToRead(file)
  try {
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    const cells = db
      .prepare('SELECT count(*) AS granules, total(superseded) AS superseded FROM granule GROUP BY cell')
      .all()
    const updated = cells.filter(({ granules }) => granules === PER_TILE.after)
    for (const { granules, superseded } of cells) {
      expect(superseded).toBe(granules === PER_TILE.after ? 1 : 0)
      expect([PER_TILE.before, PER_TILE.after]).toContain(granules)
    }
    const rows = TILES.length * PER_TILE.before + updated.length * (PER_TILE.after - PER_TILE.before)
    // A run that was faster than its end by force has settled.
    const through = { ...settled, L1C: { ...settled?.L1C, generation: about.newest.L1C.generation } }
    expect(updated.length === TILES.length ? [settled, through] : [settled]).toContainEqual(about.settled)
    expect(about).toMatchObject({ rows, superseded: updated.length, tiles: TILES.length })
    return updated.length
  } finally {
    db.close()
  }
}

/** Starts an update and kills it some milliseconds after so many tiles are in; it may be faster. */
async function killUpdate(index: string, newer: string, after: { tiles: number; ms: number }): Promise<void> {
  const child = spawn(process.execPath, [UPDATER, index, newer], { stdio: 'inherit' })
  const ended = once(child, 'close')
  const rows = after.tiles * (PER_TILE.after - PER_TILE.before) + TILES.length * PER_TILE.before
  while (!existsSync(`${index}-wal`) && child.exitCode === null) await sleep(1)
  while (aboutIndex(index).rows < rows && child.exitCode === null) await sleep(5)
  await sleep(after.ms)
  child.kill('SIGKILL')
  await ended
}

test('an update killed at any moment leaves a whole index, which the next one brings to its end', async () => {
  const { index, newer } = await prepareLargeUpdate(folder.path)
  const whole = join(folder.path, 'whole.sqlite')
  await buildIndex({ from: [newer], to: whole })
  const wanted = contentsOf(whole)
  const saved = join(folder.path, 'saved.sqlite')
  await copyFile(index, saved)
  const { settled } = aboutIndex(saved)
  expect(settled?.L1C.generation).toBeGreaterThan(0)
  const told: number[] = []
  // The rows of the CSV are sorted first, and the first kill falls there.
  for (let round = 0; round < ROUNDS; round++) {
    await removeTraces(index)
    await copyFile(saved, index)
    const tiles = Math.floor((TILES.length * round) / ROUNDS)
    await killUpdate(index, newer, { tiles, ms: (round * 17) % 60 })
    told.push(tilesWithNews(index, settled))
    if (round % 3 !== 1) continue
    const { added } = await updateIndex({ file: index, from: [newer] })
    expect(added).toBe((TILES.length - (told.at(-1) ?? 0)) * (PER_TILE.after - PER_TILE.before))
    const isWhole = isDeepStrictEqual(contentsOf(index), wanted)
    expect(isWhole, 'the index is what one build of the newer CSV gives').toBe(true)
    // Only now, and only since the CSV names all that the index had.
    const { newest, settled: whole } = aboutIndex(index)
    expect(whole).toEqual({ ...settled, L1C: { ...settled.L1C, generation: newest.L1C.generation } })
  }
  console.info(`tiles brought in when killed: ${told.join(', ')} of ${TILES.length}`)
  // In the middle most times, however fast the machine is.
  expect(new Set(told).size).toBeGreaterThanOrEqual(3)
  expect((await readdir(folder.path)).filter((name) => name.startsWith('.') || name.includes('-'))).toEqual(
    [],
  )
}, 120_000)
