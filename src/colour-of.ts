import { expectedWait } from './calls/expected-wait.ts'
import { shareFlights } from './calls/flights.ts'
import { type Lane, type TurnLane, takeTurns } from './calls/turns.ts'
import { chooseBands } from './colour/choose-bands.ts'
import { type ComponentMean, type MeanSoFar, meansOf } from './colour/mean.ts'
import type { Colour, Coloured, ColourOf, Cost, Sampling } from './colour/port.ts'
import { type ImageToRead, namingFile, type ReadTally, readImage } from './colour/read-image.ts'
import type { Sampler } from './colour/sampler.ts'
import { cancelled, Fault } from './errors.ts'
import { withHeadroom } from './jpeg2000/cut.ts'
import { listGranule, listPreview } from './list-area.ts'
import { type GranulePixels, pixelsOf } from './pixels-of.ts'
import type { Granule } from './sentinel2/granule.ts'
import { reflectanceOf, sixDecimals } from './sentinel2/reflectance.ts'
import type { Storage } from './storage/port.ts'
import type { Colours, Layouts } from './store/port.ts'

export type ColourOptions = {
  readonly colours: Colours
  readonly layouts: Layouts
  readonly sampler: Sampler
  /** Colours and pictures made at once in the whole process, 1 and up: each holds a few megabytes. */
  readonly atOnce: number
  /** Told of each how long it waited for its turn, milliseconds. */
  readonly waited?: (ms: number) => void
}

/** Since the start, and now; a picture that is read for is in flight or waits, too. */
export type ColourState = {
  readonly remembered: number
  readonly made: number
  readonly failed: number
  readonly inFlight: number
  readonly waiting: number
}

/** The colours of one storage's granules, shared by all requests. */
export interface GranuleColours {
  /**
   * One asker's view: what it has to wait for takes turns with what other clients wait for. A client that would
   * wait for too long is refused at once (overloaded); who is none, as a warm-up, has patience.
   */
  lane(storage: Storage, client?: string): ColourLane
  state(): ColourState
  /** Gives up what is under way. */
  close(): void
}

export type ColourLane = {
  readonly colourOf: ColourOf
  /** A colour that is known; nothing is read. */
  readonly rememberedColour: (granule: Granule, sampling: Sampling) => Colour | undefined
  readonly pixelsOf: PixelsOf
}

/** Reads a granule's picture, whether or not its asker waits for it. @throws {Fault} as pixelsOf, cancelled */
export type PixelsOf = (granule: Granule) => Promise<GranulePixels>

const WHAT = 'colours and pictures'
const BOUNDS = { what: WHAT, most: 10_000, mostOfOne: 2000 }
/** A third of a request's usual deadline, since others come in between; and what one takes with others beside it. */
const WAIT = { what: WHAT, mostMs: 20_000, usualMs: 2000, memory: 16 }

/**
 * The one read-through path to colours: the store; else one flight for all who ask. What they leave while it
 * waits for its turn is given up; what was begun goes on, so that it is remembered.
 */
export function granuleColours({ colours, layouts, sampler, atOnce, waited }: ColourOptions): GranuleColours {
  const turns = takeTurns(atOnce, { ...BOUNDS, waited })
  const wait = expectedWait({ ...WAIT, slots: atOnce })
  const flights = shareFlights<Coloured>()
  const closing = new AbortController()
  const tally = { remembered: 0, made: 0, failed: 0 }

  const untilClosing = (lane: Lane): Lane => ({
    run: (work, signal) =>
      lane.run(work, signal ? AbortSignal.any([closing.signal, signal]) : closing.signal),
  })

  /** A request that was let in once asks for all of its colours: those before the later ones are mostly its own. */
  const unlessTooLong = (turn: TurnLane, lane: Lane): Lane => {
    let isIn = false
    return {
      run: async (work, signal) => {
        if (!isIn) wait.refuse(turn.ahead())
        isIn = true
        return lane.run(work, signal)
      },
    }
  }

  async function making<T>(storage: Storage, work: (making: Making) => Promise<T>): Promise<T> {
    const failing = new AbortController()
    const signal = AbortSignal.any([closing.signal, failing.signal])
    try {
      return await work({ storage, layouts, sampler, signal, cost: noCost() })
    } catch (thrown) {
      throw closing.signal.aborted ? cancelled(thrown) : thrown
    } finally {
      // Where one band failed, the others are not wanted any more.
      failing.abort()
    }
  }

  const recall = (granule: Granule, sampling: Sampling): Coloured | undefined => {
    const colour = colours.get(granule, sampling)
    if (!colour) return undefined
    tally.remembered++
    return { colour, cost: undefined, unstored: undefined }
  }

  async function make(making: Making, granule: Granule, sampling: Sampling): Promise<Coloured> {
    // It may have been stored by another process, or by a flight before, while this one waited.
    const known = recall(granule, sampling)
    if (known) return known
    const start = performance.now()
    try {
      const colour = await (sampling.source === 'bands'
        ? colourOfBands(making, granule, sampling.stride)
        : colourOfPreview(making, granule))
      const began = performance.now()
      const unstored = await colours.put(granule, sampling, colour)
      making.cost.storeMs += performance.now() - began
      tally.made++
      wait.took(performance.now() - start)
      return { colour, cost: making.cost, unstored }
    } catch (thrown) {
      tally.failed++
      throw thrown
    }
  }

  return {
    lane: (storage, client) => {
      const turn = turns.lane(client)
      const patient = untilClosing(turn)
      const lane = client === undefined ? patient : unlessTooLong(turn, patient)
      return {
        rememberedColour: (granule, sampling) => colours.get(granule, sampling),
        colourOf: async (granule, sampling, signal) => {
          if (signal?.aborted) throw cancelled(signal.reason)
          const known = recall(granule, sampling)
          if (known) return known
          const work = () => making(storage, (making) => make(making, granule, sampling))
          return flights.join(flightKey(granule, sampling), lane, work, signal)
        },
        pixelsOf: (granule) => lane.run(() => making(storage, (making) => pixelsOf(making, granule))),
      }
    },
    state: () => ({ ...tally, inFlight: turns.inFlight(), waiting: turns.waiting() }),
    close: () => closing.abort(),
  }
}

const flightKey = ({ place, granuleId }: Granule, sampling: Sampling): string =>
  [place, granuleId, sampling.source, sampling.source === 'bands' ? sampling.stride : ''].join('\n')

/** What one colour is made with, and what it costs. */
type Making = {
  readonly storage: Storage
  readonly layouts: Layouts
  readonly sampler: Sampler
  readonly signal: AbortSignal
  readonly cost: { -readonly [Part in keyof Cost]: Cost[Part] } & ReadTally
}

const noCost = () => ({ listMs: 0, readMs: 0, reads: 0, bytes: 0, decodeMs: 0, cpuMs: 0, storeMs: 0 })

async function colourOfBands(making: Making, granule: Granule, stride: number): Promise<Colour> {
  const { baseline, granuleId } = granule
  if (baseline === undefined) {
    const sentence =
      `No name of ${granuleId} tells its processing baseline, and with it what its numbers mean; ` +
      'source=preview shows its colour without.'
    throw new Fault('no-colour', sentence)
  }
  const began = performance.now()
  const { images } = await listGranule(making, granule, undefined, making.signal)
  making.cost.listMs += performance.now() - began
  const chosen = chooseBands(images, stride)
  if (!chosen) throw await withoutBands(making, granule)
  const means = await Promise.all(chosen.files.map((file) => meanOfBand(making, file, chosen.reduce)))
  return colourFrom(granule, means, (dn) => reflectanceOf(dn, baseline))
}

async function withoutBands(making: Making, granule: Granule): Promise<Fault> {
  const preview = await listPreview(making, granule, making.signal)
  const missing = `The archive does not hold all of B04, B03 and B02 of ${granule.granuleId} in one resolution`
  const way = preview ? '; ask with source=preview for the colour of its preview.' : ', and no preview of it.'
  return new Fault('no-colour', missing + way)
}

/**
 * Looks more closely where data is too narrow for its edges, as long as that takes no more than some megabytes:
 * nodata takes hardly any, so a file of narrow data is small.
 */
async function meanOfBand(making: Making, file: ImageToRead, reduce: number): Promise<ComponentMean> {
  const [mean, ...others] = await meansOfImage(making, file, reduce)
  if (!mean || others.length > 0) {
    throw new Fault('bad-image', `${file.key} has ${others.length + 1} components where a band has one.`)
  }
  const isWorth = reduce > 0 && file.size * SHARE_A_HALVING ** (reduce - 1) <= MOST_FOR_NARROW
  return mean.isNarrow && isWorth ? meanOfBand(making, file, reduce - 1) : mean
}

/** Of a file's bytes, what each halving leaves, about: bench/RESULTS.md has the bytes of strides 4, 8 and 16. */
const SHARE_A_HALVING = 0.27
/** Bytes of one band. */
const MOST_FOR_NARROW = 16e6

async function colourOfPreview(making: Making, granule: Granule): Promise<Colour> {
  const began = performance.now()
  const preview = await listPreview(making, granule, making.signal)
  making.cost.listMs += performance.now() - began
  if (!preview) {
    const sentence = `The archive holds no preview (PVI) of ${granule.granuleId} as a JPEG 2000 file.`
    throw new Fault('no-colour', sentence)
  }
  const means = await meansOfImage(making, preview, 0)
  if (means.length !== 3) {
    const sentence = `${preview.key} has ${means.length} components where a preview has three.`
    throw new Fault('bad-image', sentence)
  }
  return colourFrom(granule, means, (value) => value / 255)
}

async function meansOfImage(making: Making, file: ImageToRead, reduce: number): Promise<ComponentMean[]> {
  let soFar: MeanSoFar | undefined
  for await (const cut of readImage(making, file, reduce, making.cost)) {
    try {
      const summed = await making.sampler.sum(withHeadroom(cut), soFar)
      soFar = summed.soFar
      making.cost.decodeMs += summed.decodeMs
      making.cost.cpuMs += summed.cpuMs
    } catch (thrown) {
      throw namingFile(thrown, file.key)
    }
  }
  if (!soFar) throw new TypeError(`${file.key} gave no strip to decode.`)
  return meansOf(soFar)
}

/** @param means of red, green and blue */
function colourFrom(
  { granuleId }: Granule,
  means: readonly ComponentMean[],
  unit: (value: number) => number,
): Colour {
  const [red, green, blue] = means.map(({ mean }) =>
    mean === undefined ? undefined : sixDecimals(unit(mean)),
  )
  if (red === undefined || green === undefined || blue === undefined) {
    throw new Fault('no-colour', `The images of ${granuleId} hold no data: all of their pixels are 0.`)
  }
  const valid = means.reduce((sum, mean) => sum + mean.valid, 0) / means.length
  // Some data is never told as none.
  return { red, green, blue, valid: Math.max(sixDecimals(valid), 1e-6), sampled: means[0]?.sampled ?? 0 }
}
