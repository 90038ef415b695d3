import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildIndex } from '../src/build-index.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'
import { startFlags } from './load-world.ts'
import { cpuOf, memoryOf, startServer } from './processes.ts'

const STARTS = 5
/** Seconds after the first answer at which memory is read. */
const IDLE_S = 5
/** Milliseconds to the first answer, on the sample and on an index; megabytes at rest. */
const TARGET = { sampleMs: 1000, indexMs: 2000, idleMb: 120 } as const
/** The bench of whole indexes makes the same file. */
const ARCHIVES = fileURLToPath(new URL('../.swath/bench-index/', import.meta.url))
const ROWS = 4e6

type Start = { readonly readyMs: number; readonly cpuMs: number; readonly idleMb: number }
type Asked = { readonly folder: string; readonly catalog: string; readonly path: string }

/**
 * From the start of the process to the first answer, and what it holds when nobody asks; on the sample, and on an
 * index of four million rows. A cold start has no kept code, as the first one on a machine.
 * @param index a file to be used in place of one that is built
 */
export async function benchStart(index: string | undefined = process.env.BENCH_INDEX): Promise<void> {
  await mkdir(ARCHIVES, { recursive: true })
  const folder = await mkdtemp(join(ARCHIVES, 'start-'))
  try {
    const file = index === undefined ? await builtIndex(folder) : resolve(index)
    const sample = { folder, catalog: 'sample', path: '/area?lat1=55.66&lng1=12.58&lat2=55.67&lng2=12.59' }
    const whole = { folder, catalog: `sqlite:${file}`, path: '/area/summary?bbox=12.5,55.6,12.6,55.7' }
    const cold = await starts(sample, 'cold')
    const kept = await starts(sample, 'kept')
    const ofIndex = await starts(whole, 'kept')
    heading('load: the start')
    table(
      ['', 'first answer, ms', 'CPU, ms', 'at rest, MB'],
      [
        ['the sample, cold', ...figures(cold)],
        ['the sample', ...figures(kept)],
        [index === undefined ? `an index of ${ROWS / 1e6} million rows` : 'the index', ...figures(ofIndex)],
      ],
    )
    say(
      `Median (least–most) of ${STARTS}. MB of 10^6 bytes, ${IDLE_S} s after the first answer. Node with ${startFlags().join(' ')}.`,
    )
    report({ cold, kept, ofIndex })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function report({
  cold,
  kept,
  ofIndex,
}: {
  readonly cold: readonly Start[]
  readonly kept: readonly Start[]
  readonly ofIndex: readonly Start[]
}): void {
  const ready = (all: readonly Start[]) => median(all.map(({ readyMs }) => readyMs))
  const idle = [kept, ofIndex].map((all) => median(all.map(({ idleMb }) => idleMb)))
  targets([
    {
      wanted: `the first answer on the sample, cold, ≤ ${TARGET.sampleMs} ms after the start`,
      reached: `${ready(cold).toFixed(0)} ms`,
      holds: ready(cold) <= TARGET.sampleMs,
    },
    {
      wanted: `the first answer on the sample ≤ ${TARGET.sampleMs} ms after the start`,
      reached: `${ready(kept).toFixed(0)} ms`,
      holds: ready(kept) <= TARGET.sampleMs,
    },
    {
      wanted: `the first answer on the index ≤ ${TARGET.indexMs} ms after the start`,
      reached: `${ready(ofIndex).toFixed(0)} ms`,
      holds: ready(ofIndex) <= TARGET.indexMs,
    },
    {
      wanted: `at rest ≤ ${TARGET.idleMb} MB`,
      reached: idle
        .map((mb) => `${mb.toFixed(0)} MB`)
        .join(' on the sample, ')
        .concat(' on the index'),
      holds: Math.max(...idle) <= TARGET.idleMb,
    },
  ])
}

const figures = (all: readonly Start[]): string[] =>
  (['readyMs', 'cpuMs', 'idleMb'] as const).map((field) => spread(all.map((start) => start[field])))

/** The first one of those that keep their code makes it and does not count. */
async function starts(asked: Asked, code: 'cold' | 'kept'): Promise<readonly Start[]> {
  if (code === 'kept') await start(asked, code, 0)
  const all: Start[] = []
  for (let n = 0; n < STARTS; n++) all.push(await start(asked, code, IDLE_S))
  return all
}

async function start(asked: Asked, code: 'cold' | 'kept', idleS: number): Promise<Start> {
  const { folder, catalog, path } = asked
  const begun = performance.now()
  const server = await startServer([...startFlags(), 'src/main.ts', 'serve'], {
    PORT: '0',
    SWATH_CATALOG: catalog,
    SWATH_STORAGE: 'sample',
    SWATH_STORE: `sqlite:${join(folder, 'store.sqlite')}`,
    ...(code === 'cold'
      ? { NODE_DISABLE_COMPILE_CACHE: '1' }
      : { NODE_COMPILE_CACHE: join(folder, 'compiled') }),
  })
  try {
    const answer = await fetch(server.url + path)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}.`)
    const readyMs = performance.now() - begun
    const cpuMs = cpuOf(server.pid)
    await sleep(idleS * 1000)
    return { readyMs, cpuMs, idleMb: memoryOf(server.pid).now }
  } finally {
    await server.stop()
  }
}

async function builtIndex(folder: string): Promise<string> {
  const csv = join(ARCHIVES, `archive-${ROWS}.csv.gz`)
  if (!existsSync(csv)) {
    const draft = `${csv}.${process.pid}`
    const asked = ['--rows', String(ROWS), '--to', draft, '--gzip']
    await promisify(execFile)(process.execPath, ['bench/archive-csv.ts', ...asked])
    await rename(draft, csv)
  }
  const index = join(folder, 'index.sqlite')
  await buildIndex({ from: [csv], to: index })
  return index
}
