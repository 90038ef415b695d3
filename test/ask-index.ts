import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { WORLD } from '../src/sentinel2/area.ts'
import { searchOf } from './contracts/catalog.ts'
import { PER_TILE, TILES } from './large-update.ts'

/*
 * A process that asks an index, <file>, for one tile after the other until its stdin ends, and then tells what
 * it saw: each answer is that of a commit, and no tile loses its news again.
 */

const [, , file = '', seed = '1'] = process.argv
/** Eight who never rest would measure the cores and not the index. */
const PAUSE_MS = 5
const catalog = sqliteCatalog({ file, threads: 1 })
const hasNews = new Set<string>()
const told = { asked: 0, worstMs: 0, torn: [] as string[], failed: [] as string[] }
let goesOn = true
process.stdin.on('end', () => {
  goesOn = false
})
process.stdin.resume()

let turn = Number(seed) * 1009
while (goesOn) {
  turn += 7919
  const tile = TILES[turn % TILES.length] ?? ''
  const dedupe = turn % 2 === 0 ? 'none' : 'latest'
  const started = performance.now()
  try {
    await ask(tile, dedupe)
  } catch (thrown) {
    told.failed.push(String(thrown))
  }
  told.asked++
  // The first starts the thread.
  if (told.asked === 1) process.stdout.write('asking\n')
  else told.worstMs = Math.max(told.worstMs, performance.now() - started)
  await sleep(PAUSE_MS)
}
process.stdout.write(`${JSON.stringify({ ...told, hasNews: hasNews.size })}\n`)
await catalog.close()

/** Before the update ten days; afterwards fourteen, the oldest of them in two processings. */
async function ask(tile: string, dedupe: 'none' | 'latest'): Promise<void> {
  const search = searchOf({ area: WORLD, tiles: [tile], dedupe })
  const { granules } = await catalog.search(search, { limit: 1000 })
  const isNew = granules.length > PER_TILE.before
  const count = isNew ? PER_TILE.after - (dedupe === 'latest' ? 1 : 0) : PER_TILE.before
  const best = granules.filter(({ baseline }) => baseline === '05.11').length
  const names = new Set(granules.map(({ productId }) => productId))
  if (granules.length !== count || names.size !== count || best !== (isNew ? 1 : 0)) {
    told.torn.push(`${tile}: ${granules.length} granules, ${names.size} products, ${best} of the best`)
  }
  if (hasNews.has(tile) && !isNew) told.torn.push(`${tile}: its news went away`)
  if (isNew) hasNews.add(tile)
}
