import { reflectanceOf } from '../src/sentinel2/reflectance.ts'
import type { MadeBands } from './colour-bands.ts'
import type { Took } from './colour-child.ts'
import { type Peer, type PeerTook, peersHere } from './colour-peers.ts'
import {
  FRESH_PROCESSES,
  FULL,
  freshRow,
  type PeerSample,
  type PeerSamples,
  REDUCED_REPETITIONS,
  report,
  row,
  type Sample,
  STRIDES,
  TITLE,
  WARM_UP,
} from './colour-report.ts'
import { BASELINE, COLOURS, type ColourWorld, openColourWorld, withBands } from './colour-world.ts'

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
