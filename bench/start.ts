import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startServer } from './processes.ts'

/*
 * node bench/start.ts [--index <file>] [--flags='<flags of Node>'] [--runs 5]
 * From the start of the process to the first answer, and what it holds when nobody asks; on the sample, and on an
 * index where one is named. `cold` is a start without kept code, as the first one on a machine is.
 */

/** Seconds after the first answer at which memory is read. */
const IDLE_S = 5
const { values } = parseArgs({
  options: {
    index: { type: 'string' },
    flags: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
})
const scripts: { start?: string } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
).scripts
const flags = (values.flags ?? scripts.start ?? '').split(' ').filter((word) => word.startsWith('--'))

type Start = { readonly readyMs: number; readonly cpuMs: number; readonly idleMb: number }

const folder = mkdtempSync(join(tmpdir(), 'swath-start-'))
try {
  console.log(`Node with ${flags.join(' ') || 'no flags'}; medians of ${values.runs} starts.\n`)
  console.log('| | first answer, ms | CPU, ms | at rest, MB |\n| --- | --- | --- | --- |')
  const sample = { catalog: 'sample', path: '/area?lat1=55.66&lng1=12.58&lat2=55.67&lng2=12.59' }
  await row('the sample, cold', sample, 'cold')
  await row('the sample', sample, 'kept')
  if (values.index !== undefined) {
    const index = {
      catalog: `sqlite:${resolve(values.index)}`,
      path: '/area/summary?bbox=12.5,55.6,12.6,55.7',
    }
    await row('the index', index, 'kept')
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function row(
  name: string,
  asked: { catalog: string; path: string },
  code: 'cold' | 'kept',
): Promise<void> {
  if (code === 'kept') await start(asked, code)
  const starts: Start[] = []
  for (let i = 0; i < Number(values.runs); i++) starts.push(await start(asked, code))
  const median = (of: (start: Start) => number) =>
    Math.round(starts.map(of).sort((a, b) => a - b)[Math.floor(starts.length / 2)] ?? Number.NaN)
  console.log(
    `| ${name} | ${median(({ readyMs }) => readyMs)} | ${median(({ cpuMs }) => cpuMs)} | ${median(({ idleMb }) => idleMb)} |`,
  )
}

async function start(asked: { catalog: string; path: string }, code: 'cold' | 'kept'): Promise<Start> {
  const begun = performance.now()
  const server = await startServer([...flags, 'src/main.ts', 'serve'], {
    PORT: '0',
    SWATH_CATALOG: asked.catalog,
    SWATH_STORE: `sqlite:${join(folder, 'store.sqlite')}`,
    ...(code === 'cold'
      ? { NODE_DISABLE_COMPILE_CACHE: '1' }
      : { NODE_COMPILE_CACHE: join(folder, 'compiled') }),
  })
  try {
    const answer = await fetch(server.url + asked.path)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${asked.path} answered ${answer.status}.`)
    const readyMs = performance.now() - begun
    const cpuMs = cpuOf(server.pid)
    await sleep(IDLE_S * 1000)
    return { readyMs, cpuMs, idleMb: residentOf(server.pid) }
  } finally {
    await server.stop()
  }
}

/** Milliseconds of user and system time; proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
