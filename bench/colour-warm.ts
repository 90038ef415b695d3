import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { tileBox } from '../src/sentinel2/tiles.ts'
import type { MadeBands } from './colour-bands.ts'
import type { Took } from './colour-child.ts'
import { type ColourWorld, LATENCY_MS, openColourWorld, withBands } from './colour-world.ts'
import { heading, say, table } from './figures.ts'
import { runToEnd } from './processes.ts'

const GRANULES = 32
/** The same granules at two strides of one reduce: the second time their tile-part lengths are known. */
const RUNS = [
  { lengths: 'unknown', stride: 16 },
  { lengths: 'known', stride: 17 },
] as const
type Run = (typeof RUNS)[number]

const THREADS = 2
const KNOBS = [
  { granules: 8, reads: 64 },
  { granules: 16, reads: 64 },
  { granules: 16, reads: 256 },
] as const
type Knobs = (typeof KNOBS)[number]

const reportForm = z.object({
  done: z.number(),
  seconds: z.number(),
  granules_per_second: z.number(),
  stages: z.object({
    list: z.object({ ms: z.number() }),
    read: z.object({ ms: z.number(), bytes: z.number() }),
    decode: z.object({ ms: z.number(), cpu_ms: z.number() }),
    store: z.object({ ms: z.number() }),
  }),
  bound_by: z.string().nullable(),
})

type Warmed = z.infer<typeof reportForm> & { readonly cpuMs: number }

const TITLE = `colour: warm-up of ${GRANULES} granules of full size, ${LATENCY_MS} ms a call`

/** Granules a second and core, and which stage bounds the rate. */
export const benchColourWarm = (): Promise<void> => withBands(TITLE, measureAll)

async function measureAll(bands: MadeBands): Promise<void> {
  const world = await openColourWorld(bands, GRANULES)
  try {
    const warmed: [Knobs, Run, Warmed][] = []
    for (const knobs of KNOBS) {
      const store = world.freshStore()
      for (const run of RUNS) warmed.push([knobs, run, await warm(world, store, knobs, run)])
    }
    const served: [Run, Took, number][] = []
    const child = await world.start(world.freshStore())
    try {
      for (const run of RUNS) {
        const before = world.bucketCpuMs()
        const took = await child.all(world.granules, run.stride)
        served.push([run, took, world.bucketCpuMs() - before])
      }
    } finally {
      await child.stop()
    }
    report(warmed, served)
  } finally {
    await world.close()
  }
}

async function warm(
  world: ColourWorld,
  store: string,
  { granules, reads }: Knobs,
  { stride }: Run,
): Promise<Warmed> {
  const to = `${store}.${stride}.json`
  const knobs = ['--stride', stride, '--granules', granules, '--threads', THREADS, '--report', to].map(String)
  const box = (tileBox('33UUB') ?? []).join(',')
  const { cpuMs, lines } = await runToEnd(['src/main.ts', 'warm', '--bbox', box, ...knobs], {
    ...world.env(store),
    SWATH_READ_CONCURRENCY: String(reads),
  })
  const told = reportForm.parse(JSON.parse(await readFile(to, 'utf8')))
  if (lines !== GRANULES || told.done !== GRANULES) throw new Error(`${told.done} of ${GRANULES} were made.`)
  return { ...told, cpuMs }
}

function report(
  warmed: readonly (readonly [Knobs, Run, Warmed])[],
  served: readonly (readonly [Run, Took, number])[],
): void {
  const each = (ms: number) => (ms / GRANULES).toFixed(0)
  heading(TITLE)
  table(
    [
      '`swath warm`',
      'granules a second',
      'and second of CPU',
      'CPU ms a granule',
      'of it decoding',
      'list / read / decode / store, ms a granule',
      'MB a granule',
      'bound by',
    ],
    warmed.map(([{ granules, reads }, { lengths }, told]) => [
      `${granules} granules in flight, ${reads} reads at once, lengths ${lengths}`,
      told.granules_per_second.toFixed(1),
      ((GRANULES * 1000) / told.cpuMs).toFixed(1),
      each(told.cpuMs),
      each(told.stages.decode.cpu_ms),
      (['list', 'read', 'decode', 'store'] as const).map((stage) => each(told.stages[stage].ms)).join(' / '),
      (told.stages.read.bytes / 1e6 / GRANULES).toFixed(2),
      told.bound_by ?? '',
    ]),
  )
  say(
    `${THREADS} decode threads. The stages are times of the clock, those of the three bands added up; CPU includes the ` +
      'start of the process, which runs without the flags of the servers.',
  )
  console.log()
  table(
    [
      'a process at work, all asked for at once',
      'granules a second',
      'cores busy: main',
      'decode threads',
      'V8',
      'stand-in',
    ],
    served.map(([{ lengths }, { wallMs, cpu }, bucketMs]) => [
      `lengths ${lengths}`,
      ((GRANULES * 1000) / wallMs).toFixed(1),
      ...[cpu.main, cpu.decode, cpu.other, bucketMs].map((ms) => (ms / wallMs).toFixed(2)),
    ]),
  )
  say(
    'Cores busy: CPU time over time of the clock. Two cores hold all of it, the stand-in too, whose share a bucket ' +
      'far away would not take: granules a second of CPU is the figure to go by.',
  )
}
