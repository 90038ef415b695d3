import type { MadeName } from './colour-bands.ts'
import type { Peer } from './colour-peers.ts'
import { COLOURS, type ColourWorld, LATENCY_MS } from './colour-world.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'

export const TITLE = `colour: three bands of 10980 × 10980, ${LATENCY_MS} ms a call`

/** A second stride of the same reduce: other colours from the same bytes, their tile-part lengths remembered. */
export const STRIDES = [
  { stride: 16, same: 17, repetitions: 9 },
  { stride: 8, same: 9, repetitions: 5 },
  { stride: 4, same: 5, repetitions: 3 },
] as const
type Stride = (typeof STRIDES)[number]['stride']

/** Colours that a process has made before it counts as at work. */
export const WARM_UP = 8
export const FRESH_PROCESSES = 5
export const REDUCED_REPETITIONS = 3
/** Decoded in full it stands for all three: it takes a quarter of a minute, and their sizes differ by 4 percent. */
export const FULL: MadeName = 'B03_10m'

const LENGTHS = ['unknown', 'known'] as const
type Lengths = (typeof LENGTHS)[number]

/** What one granule took, by whichever way. */
export type Sample = {
  readonly cpuMs: number
  readonly main: number
  readonly decode: number
  readonly other: number
  readonly wallMs: number
  readonly bytes: number
  readonly requests: number
  /** Of B04, B03 and B02, percent of the true mean. */
  readonly errors: readonly number[]
}

export type PeerSample = { readonly cpuMs: number; readonly wallMs: number; readonly peak: number } & Pick<
  Sample,
  'errors'
>

export type PeerSamples = {
  readonly samples: ReadonlyMap<Peer, readonly PeerSample[]>
  readonly missing: readonly string[]
}

export const row = (stride: Stride, lengths: Lengths): string => `stride ${stride}, lengths ${lengths}`
export const freshRow = (lengths: Lengths): string =>
  `stride 16, lengths ${lengths}, first colour of a fresh process`

/** Prints the tables and the targets. */
export function report(
  world: ColourWorld,
  samples: ReadonlyMap<string, readonly Sample[]>,
  peers: PeerSamples,
): void {
  const of = (name: string, field: Exclude<keyof Sample, 'errors'>) =>
    (samples.get(name) ?? []).map((sample) => sample[field])
  heading(TITLE)
  table(
    [
      'swath',
      'CPU ms',
      'of it main',
      'decode threads',
      'V8',
      'wall ms',
      'MB',
      'requests',
      'error of the mean, %',
    ],
    [...samples].map(([name, all]) => [
      name,
      spread(of(name, 'cpuMs')),
      ...(['main', 'decode', 'other'] as const).map((part) => median(of(name, part)).toFixed(0)),
      spread(of(name, 'wallMs')),
      (median(of(name, 'bytes')) / 1e6).toFixed(2),
      median(of(name, 'requests')),
      signed(all),
    ]),
  )
  const repetitions = STRIDES.map(({ repetitions }) => repetitions).join(', ')
  say(
    `Median (least–most) of ${repetitions} granules by stride, ${FRESH_PROCESSES} fresh processes. A process at work ` +
      `has made ${WARM_UP} colours before. Errors of B04, B03, B02 against the mean of all their pixels, in DN. ` +
      'Requests include the listing where it was not remembered.',
  )
  console.log()
  const file = Object.values(COLOURS).reduce((sum, name) => sum + world.bands[name].bytes, 0) / 1e6
  table(
    [
      'the three files on the local disk',
      'CPU ms',
      'wall ms',
      'MB',
      'peak memory MB',
      'error of the mean, %',
    ],
    [...peers.samples].map(([{ name }, all]) => [
      name,
      spreadOf(all.map(({ cpuMs }) => cpuMs)),
      spreadOf(all.map(({ wallMs }) => wallMs)),
      file.toFixed(0),
      Math.max(...all.map(({ peak }) => peak)).toFixed(0),
      signed(all),
    ]),
  )
  say(
    `One band after the other, their sums, ${REDUCED_REPETITIONS} repetitions; in full B03 once, times three. The programs ` +
      'need the whole file there and wait for no network; averaging what they write is not counted, and their ' +
      'CPU is known to 10 ms.',
  )
  if (peers.missing.length > 0) say(`Not installed, so left out: ${peers.missing.join(', ')}.`)
  reportTargets(samples, peers)
}

function reportTargets(samples: ReadonlyMap<string, readonly Sample[]>, peers: PeerSamples): void {
  const full = [...peers.samples].filter(([{ extent }]) => extent === 'full')
  const [fastest, its] = full.toSorted(([, a], [, b]) => middleCpu(a) - middleCpu(b))[0] ?? []
  targets(
    LENGTHS.flatMap((lengths) => {
      const all = samples.get(row(16, lengths)) ?? []
      const cpu = all.map(({ cpuMs }) => cpuMs)
      const wall = all.map(({ wallMs }) => wallMs)
      const bytes = all.map((sample) => sample.bytes / 1e6)
      const off = Math.max(...all.flatMap(({ errors }) => errors.map(Math.abs)))
      const ratio = middleCpu(its ?? []) / median(cpu)
      const within = lengths === 'known' ? 1000 : 2500
      const wanted = (what: string) => `stride 16, lengths ${lengths}: ${what}`
      return [
        {
          wanted: wanted('≤ 200 ms CPU a granule'),
          reached: `${spread(cpu)} ms`,
          holds: median(cpu) <= 200,
        },
        {
          wanted: wanted('≤ 3 MB a granule'),
          reached: `${median(bytes).toFixed(2)} MB`,
          holds: median(bytes) <= 3,
        },
        {
          wanted: wanted(`≤ ${within / 1000} s wall`),
          reached: `${spread(wall)} ms`,
          holds: median(wall) <= within,
        },
        { wanted: wanted('error ≤ 0.1 %'), reached: `${off.toFixed(3)} % at most`, holds: off <= 0.1 },
        {
          wanted: wanted(`≥ 150 times less CPU than the fastest full decode, ${fastest?.name}`),
          reached: `${ratio.toFixed(0)} times`,
          holds: ratio >= 150,
        },
      ]
    }),
  )
}

/** Of a single value that value. */
const spreadOf = (values: readonly number[]): string =>
  values.length === 1 ? median(values).toFixed(0) : spread(values)

const middleCpu = (all: readonly { readonly cpuMs: number }[]): number =>
  median(all.map(({ cpuMs }) => cpuMs))

/** Errors of the first one: they are the same every time. */
const signed = ([first]: readonly { readonly errors: readonly number[] }[]): string =>
  (first?.errors ?? []).map((error) => (error < 0 ? '−' : '+') + Math.abs(error).toFixed(3)).join(', ')
