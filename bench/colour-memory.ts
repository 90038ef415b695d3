import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { MadeBands, MadeName } from './colour-bands.ts'
import type { Memory } from './colour-memory-child.ts'
import { withBands } from './colour-world.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'

const BANDS_DECODED = 20

const BAND: MadeName = 'B04_10m'
/** Processes of their own for each; what takes longer is done less often. */
const CASES = [
  { stride: 16, reduce: 4, times: BANDS_DECODED, processes: 5 },
  { stride: 8, reduce: 3, times: BANDS_DECODED, processes: 1 },
  { stride: 4, reduce: 2, times: 5, processes: 1 },
] as const

const TITLE = 'colour: memory of a decode thread'

/** What a process grows by when it has one decode thread at work. */
export const benchColourMemory = (): Promise<void> => withBands(TITLE, measureAll)

async function measureAll({ bands }: MadeBands): Promise<void> {
  const all: { readonly stride: number; readonly told: readonly Memory[] }[] = []
  for (const { stride, reduce, times, processes } of CASES) {
    const told: Memory[] = []
    for (let n = 0; n < processes; n++) told.push(await inProcess(bands[BAND].path, reduce, times))
    all.push({ stride, told })
  }
  report(all)
}

async function inProcess(path: string, reduce: number, times: number): Promise<Memory> {
  const args = ['--expose-gc', 'bench/colour-memory-child.ts', path, String(reduce), String(times)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return asMemory(JSON.parse(stdout))
}

function report(all: readonly { readonly stride: number; readonly told: readonly Memory[] }[]): void {
  const growth = (told: readonly Memory[], of: 'after' | 'peak') => told.map((one) => one[of] - one.before)
  heading(TITLE)
  table(
    ['', 'grown by MB', 'at the peak', 'heap of the decoder', 'longest codestream MB'],
    all.map(({ stride, told }) => [
      `stride ${stride}`,
      spread(growth(told, 'after')),
      spread(growth(told, 'peak')),
      median(told.map(({ heap }) => heap)).toFixed(0),
      median(told.map(({ longest }) => longest)).toFixed(2),
    ]),
  )
  say(
    `Resident set of a process that has decoded a 10 m band ${BANDS_DECODED} times in one thread (5 times at stride 4), ` +
      'against the same process before the thread began; its codestreams were read before. ' +
      'Median (least–most) of 5 processes, 1 at strides 8 and 4.',
  )
  targets(
    all.slice(0, 1).map(({ told }) => ({
      wanted: 'stride 16: a decode thread takes ≤ 60 MB',
      reached: `${spread(growth(told, 'peak'))} MB at the peak`,
      holds: median(growth(told, 'peak')) <= 60,
    })),
  )
}

/** The child prints nothing else. */
const asMemory = (json: unknown): Memory => json as Memory
