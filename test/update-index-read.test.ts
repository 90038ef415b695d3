import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aboutIndex } from '../src/index-file/about.ts'
import { updateIndex } from '../src/update-index.ts'
import { PER_TILE, prepareLargeUpdate, TILES } from './large-update.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
let readers: readonly Reader[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const { child } of readers) child.kill('SIGKILL')
  await folder.remove()
})

const READER = fileURLToPath(new URL('./ask-index.ts', import.meta.url))
const READERS = 8

type Reader = {
  readonly child: ChildProcess
  readonly asking: Promise<unknown>
  readonly told: Promise<string>
}

function startReader(index: string, seed: number): Reader {
  const child = spawn(process.execPath, [READER, index, String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout?.on('data', (chunk) => {
    text += chunk
  })
  const told = once(child, 'close').then(() => text.split('\n')[1] ?? '')
  return { child, asking: Promise.race([once(child.stdout ?? child, 'data'), told]), told }
}

test('eight processes that read while an update goes on get the answers of commits, and no error', async () => {
  const { index, newer } = await prepareLargeUpdate(folder.path)
  readers = Array.from({ length: READERS }, (_, i) => startReader(index, i))
  await Promise.all(readers.map(({ asking }) => asking))
  const started = performance.now()
  const report = await updateIndex({ file: index, from: [newer] })
  const ms = performance.now() - started
  for (const { child } of readers) child.stdin?.end()
  const told = (await Promise.all(readers.map((reader) => reader.told))).map((line) => JSON.parse(line))
  expect(report.added).toBe(TILES.length * (PER_TILE.after - PER_TILE.before))
  for (const { asked, torn, failed, hasNews } of told) {
    expect({ torn, failed }).toEqual({ torn: [], failed: [] })
    expect(asked).toBeGreaterThan(50)
    expect(hasNews).toBeGreaterThan(0)
  }
  expect(aboutIndex(index)).toEqual(report.about)
  const asked = told.reduce((sum, reader) => sum + reader.asked, 0)
  const worst = Math.max(...told.map(({ worstMs }) => worstMs))
  console.info(
    `${report.rows} rows in ${Math.round(ms)} ms beside ${asked} answers, the slowest in ${worst.toFixed(0)} ms`,
  )
}, 60_000)
