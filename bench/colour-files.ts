import type { MadeBand, MadeBands, MadeName } from './colour-bands.ts'
import type { Took } from './colour-child.ts'
import { LATENCY_MS, openColourWorld, withBands } from './colour-world.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'

const REPETITIONS = 3
const WARM_UP = 4

/** A band, and how often it is halved. */
type Choice = { readonly name: MadeName; readonly reduce: number }
const CHOICES: readonly Choice[] = [
  { name: 'B04_10m', reduce: 4 },
  { name: 'B04_20m', reduce: 3 },
  { name: 'B04_60m', reduce: 1 },
  { name: 'B04_60m', reduce: 2 },
  { name: 'B04_20m', reduce: 4 },
  { name: 'B04_10m', reduce: 3 },
  { name: 'B04_20m', reduce: 2 },
  { name: 'B04_60m', reduce: 0 },
  { name: 'B03_10m_edge', reduce: 4 },
  { name: 'B03_10m_edge', reduce: 3 },
]

type Measured = {
  readonly choice: Choice
  readonly unknown: readonly Took[]
  readonly known: readonly Took[]
}

const TITLE = `colour: one band by the file it is read from, ${LATENCY_MS} ms a call`

/** From which file a stride is best served, and bands of which the edge of the swath leaves half. */
export const benchColourFiles = (): Promise<void> => withBands(TITLE, measureAll)

async function measureAll(made: MadeBands): Promise<void> {
  const world = await openColourWorld(made, 1)
  try {
    const child = await world.start(world.freshStore())
    try {
      const ask = ({ name, reduce }: Choice) =>
        child.image({ key: world.keyOf(name), size: world.bands[name].bytes, reduce })
      // Unmeasured: code compiled, decoders started, connections open.
      for (const choice of CHOICES.slice(0, WARM_UP)) await ask(choice)
      const samples = CHOICES.map((choice) => ({ choice, unknown: [] as Took[], known: [] as Took[] }))
      for (let n = 0; n < REPETITIONS; n++) {
        for (const { choice, unknown, known } of samples) {
          const [first, second] = await ask(choice)
          if (first) unknown.push(first)
          if (second) known.push(second)
        }
      }
      report(samples, world.bands)
    } finally {
      await child.stop()
    }
  } finally {
    await world.close()
  }
}

function report(samples: readonly Measured[], bands: MadeBands['bands']): void {
  heading(TITLE)
  table(
    [
      'band',
      'pixel m',
      'CPU ms, lengths unknown',
      'known',
      'of it decode threads',
      'wall ms, unknown',
      'known',
      'MB, unknown',
      'known',
      'requests, unknown',
      'known',
      'error of the mean, %',
    ],
    samples.map(({ choice: { name, reduce }, unknown, known }) => {
      const band = bands[name]
      const mega = (all: readonly Took[]) => (median(all.map(({ bytes }) => bytes)) / 1e6).toFixed(2)
      return [
        `${name}, reduce ${reduce}`,
        band.metresPerPixel * 2 ** reduce,
        spread(unknown.map(cpuOf)),
        spread(known.map(cpuOf)),
        median(known.map(({ cpu }) => cpu.decode)).toFixed(0),
        ...[unknown, known].map((all) => median(all.map(({ wallMs }) => wallMs)).toFixed(0)),
        mega(unknown),
        mega(known),
        ...[unknown, known].map((all) => median(all.map(({ reads }) => reads))),
        percentOff(known, band).toFixed(3),
      ]
    }),
  )
  say(
    `Median (least–most) of ${REPETITIONS} repetitions in a process at work. B03_10m_edge holds data ` +
      `in ${(bands.B03_10m_edge.validShare * 100).toFixed(0)} % of its pixels. The error is that against the mean of ` +
      'the very pixels of the file, in DN.',
  )
  const half = samples.filter(({ choice }) => choice.name === 'B03_10m_edge' && choice.reduce === 4)
  targets(
    half.map(({ known }) => {
      const off = Math.abs(percentOff(known, bands.B03_10m_edge))
      return {
        wanted: 'half-covered band at reduce 4: error ≤ 0.3 %',
        reached: `${off.toFixed(3)} %`,
        holds: off <= 0.3,
      }
    }),
  )
}

const cpuOf = ({ cpu }: Took): number => cpu.main + cpu.decode + cpu.other

const percentOff = ([first]: readonly Took[], { mean }: MadeBand): number =>
  ((first?.means[0] ?? Number.NaN) / mean - 1) * 100
