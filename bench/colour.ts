import { reflectanceOf } from '../src/sentinel2/reflectance.ts'
import type { MadeBands, MadeName } from './colour-bands.ts'
import type { Took } from './colour-child.ts'
import { type Peer, type PeerTook, peersHere } from './colour-peers.ts'
import {
  BASELINE,
  COLOURS,
  type ColourWorld,
  LATENCY_MS,
  openColourWorld,
  withBands,
} from './colour-world.ts'
import { heading, median, say, spread, table, targets } from './figures.ts'

/** A second stride of the same reduce: other colours from the same bytes, their tile-part lengths remembered. */
const STRIDES = [
  { stride: 16, same: 17, repetitions: 9 },
  { stride: 8, same: 9, repetitions: 5 },
  { stride: 4, same: 5, repetitions: 3 },
] as const
type Stride = (typeof STRIDES)[number]['stride']

const LENGTHS = ['unknown', 'known'] as const
type Lengths = (typeof LENGTHS)[number]

/** Colours that a process has made before it counts as at work. */
const WARM_UP = 8
const FRESH_PROCESSES = 5
const REDUCED_REPETITIONS = 3
/** Decoded in full it stands for all three: it takes a quarter of a minute, and they differ by 4 percent. */
const FULL: MadeName = 'B03_10m'

/** What one granule took, by whichever way. */
type Sample = {
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

type PeerSample = { readonly cpuMs: number; readonly wallMs: number; readonly peak: number } & Pick<
  Sample,
  'errors'
>

const TITLE = `colour: three bands of 10980 × 10980, ${LATENCY_MS} ms a call`

/** The colour of a granule of full size: swath by stride, and whoever else can give the mean of its bands. */
export const benchColour = (): Promise<void> => withBands(TITLE, measureAll)

async function measureAll(bands: MadeBands): Promise<void> {
  const repetitions = STRIDES.reduce((sum, stride) => sum + stride.repetitions, 0)
  const world = await openColourWorld(bands, WARM_UP + repetitions + FRESH_PROCESSES)
  try {
    const samples = new Map<string, Sample[]>()
    const keep = (row: string, sample: Sample) => samples.set(row, [...(samples.get(row) ?? []), sample])
    await measureAtWork(world, keep)
    await measureFresh(world, keep)
    const peers = await measurePeers(world)
    report(world, samples, peers)
  } finally {
    await world.close()
  }
}

type Keep = (row: string, sample: Sample) => void

async function measureAtWork(world: ColourWorld, keep: Keep): Promise<void> {
  const atWork = await world.start(world.freshStore())
  try {
    const granules = world.granules.values()
    const next = () => granules.next().value ?? ''
    for (let n = 0; n < WARM_UP; n++) await atWork.colour(next(), 16)
    for (let n = 0; n < Math.max(...STRIDES.map(({ repetitions }) => repetitions)); n++) {
      for (const { stride, same, repetitions } of STRIDES) {
        if (n >= repetitions) continue
        const granule = next()
        keep(row(stride, 'unknown'), await counted(world, () => atWork.colour(granule, stride)))
        keep(row(stride, 'known'), await counted(world, () => atWork.colour(granule, same)))
      }
    }
  } finally {
    await atWork.stop()
  }
}

/** The first colour of a process: decoders start, code is not compiled yet. */
async function measureFresh(world: ColourWorld, keep: Keep): Promise<void> {
  for (const granule of world.granules.slice(-FRESH_PROCESSES)) {
    const store = world.freshStore()
    for (const [lengths, stride] of [
      ['unknown', 16],
      ['known', 17],
    ] as const) {
      const fresh = await world.start(store)
      try {
        keep(freshRow(lengths), await counted(world, () => fresh.colour(granule, stride)))
      } finally {
        await fresh.stop()
      }
    }
  }
}

async function counted({ bands, ...world }: ColourWorld, make: () => Promise<Took>): Promise<Sample> {
  await world.reset()
  const { cpu, wallMs, bytes, means, valid } = await make()
  const { list, read } = await world.stats()
  if (Math.abs(valid - 1) > 0.001) throw new Error(`Of a full band ${valid} counted as valid.`)
  const truths = Object.values(COLOURS).map((name) => bands[name].mean)
  const errors = truths.map((truth, n) => percentOff(dnOf(means[n] ?? Number.NaN), truth))
  return { ...cpu, cpuMs: cpu.main + cpu.decode + cpu.other, wallMs, bytes, requests: list + read, errors }
}

/** DN of a reflectance: the error of a reflectance as such would hang on the offset. */
function dnOf(reflectance: number): number {
  const [zero, one] = [reflectanceOf(0, BASELINE), reflectanceOf(1, BASELINE)]
  return (reflectance - zero) / (one - zero)
}

const percentOff = (value: number, truth: number): number => (value / truth - 1) * 100

type PeerSamples = {
  readonly samples: ReadonlyMap<Peer, readonly PeerSample[]>
  readonly missing: readonly string[]
}

async function measurePeers({ bands }: ColourWorld): Promise<PeerSamples> {
  const { peers, missing } = peersHere()
  const samples = new Map<Peer, PeerSample[]>()
  for (let n = 0; n < REDUCED_REPETITIONS; n++) {
    for (const peer of peers) {
      if (n > 0 && peer.extent === 'full') continue
      const three: (PeerTook & { error: number })[] = []
      for (const name of peer.extent === 'full' ? [FULL] : Object.values(COLOURS)) {
        const took = await peer.run(bands[name])
        three.push({ ...took, error: percentOff(took.mean, bands[name].mean) })
      }
      const times = 3 / three.length
      const sum = (of: 'cpuMs' | 'wallMs') => times * three.reduce((total, took) => total + took[of], 0)
      const sample = {
        cpuMs: sum('cpuMs'),
        wallMs: sum('wallMs'),
        peak: Math.max(...three.map(({ peak }) => peak)),
        errors: three.map(({ error }) => error),
      }
      samples.set(peer, [...(samples.get(peer) ?? []), sample])
    }
  }
  return { samples, missing }
}

const row = (stride: Stride, lengths: Lengths): string => `stride ${stride}, lengths ${lengths}`
const freshRow = (lengths: Lengths): string =>
  `stride 16, lengths ${lengths}, first colour of a fresh process`

function report(
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
      spread(all.map(({ cpuMs }) => cpuMs)),
      spread(all.map(({ wallMs }) => wallMs)),
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

const middleCpu = (all: readonly { readonly cpuMs: number }[]): number =>
  median(all.map(({ cpuMs }) => cpuMs))

/** Errors of the first one: they are the same every time. */
const signed = ([first]: readonly { readonly errors: readonly number[] }[]): string =>
  (first?.errors ?? []).map((error) => (error < 0 ? '−' : '+') + Math.abs(error).toFixed(3)).join(', ')
