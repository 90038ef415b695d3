import { shareFlights } from './calls/flights.ts'
import { takeTurns } from './calls/turns.ts'
import { keepPictures } from './colour/kept-pictures.ts'
import { encodePicture, type PictureForm } from './colour/picture.ts'
import type { Source } from './colour/port.ts'
import type { PixelsOf } from './colour-of.ts'
import { cancelled } from './errors.ts'
import type { Granule } from './sentinel2/granule.ts'

export type { PictureForm }

/** Of the way a preview is drawn. A change that changes pictures raises it, and old ones are asked for no more. */
const DRAWING = 1

/** A granule's picture, encoded. */
export type Preview = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Which of its files it was drawn from. */
  readonly from: Source
}

/**
 * Draws a granule's picture, or has it at hand: once for all who ask, even if they leave while it is drawn.
 * @throws {Fault} no-colour where it has neither preview nor bands, bad-image where a file cannot be read,
 * upstream-failed, upstream-late, upstream-busy, misconfigured, cancelled
 */
export type DrawPreview = (granule: Granule, form: PictureForm, signal?: AbortSignal) => Promise<Preview>

/** Since the start: pictures that were at hand, that were drawn, and that could not be; and bytes at hand now. */
export type PreviewState = {
  readonly recalled: number
  readonly drawn: number
  readonly failed: number
  readonly bytes: number
}

/** The pictures of one storage's granules, shared by all requests. */
export interface GranulePreviews {
  /** One asker's view, whose reading takes turns with that of other clients. */
  over(pixelsOf: PixelsOf, client?: string): DrawPreview
  state(): PreviewState
  /** Pictures that are drawn, and that wait for their turn. */
  inFlight(): number
  waiting(): number
}

export type PreviewOptions = {
  /** Of the pictures kept at hand, bytes. */
  readonly mostBytes: number
  /** Pictures drawn at once, 1 and up: each takes a thread that files are read with, too. */
  readonly atOnce: number
  /** Told of each how long it waited for its turn, milliseconds. */
  readonly waited?: (ms: number) => void
  /** Wraps the drawing of each. */
  readonly during?: (drawing: () => Promise<Preview>) => Promise<Preview>
}

const BOUNDS = { what: 'pictures', most: 5000, mostOfOne: 1000 }

/** Draws pictures and keeps them at hand. */
export function granulePreviews(options: PreviewOptions): GranulePreviews {
  const { mostBytes, atOnce, waited, during = (drawing) => drawing() } = options
  const turns = takeTurns(atOnce, { ...BOUNDS, waited })
  const flights = shareFlights<Preview>()
  const kept = keepPictures<Preview>(mostBytes)
  const tally = { recalled: 0, drawn: 0, failed: 0 }

  async function draw(pixelsOf: PixelsOf, granule: Granule, form: PictureForm): Promise<Preview> {
    try {
      const { picture, from } = await pixelsOf(granule)
      const preview = { bytes: await encodePicture(picture, form), from }
      tally.drawn++
      kept.put(pictureName(granule, form), preview)
      return preview
    } catch (thrown) {
      tally.failed++
      throw thrown
    }
  }

  return {
    over: (pixelsOf, client) => {
      const lane = turns.lane(client)
      return async (granule, form, signal) => {
        if (signal?.aborted) throw cancelled(signal.reason)
        const name = pictureName(granule, form)
        const preview = kept.get(name)
        if (!preview)
          return flights.join(name, lane, () => during(() => draw(pixelsOf, granule, form)), signal)
        tally.recalled++
        return preview
      }
    },
    state: () => ({ ...tally, bytes: kept.bytes() }),
    inFlight: turns.inFlight,
    waiting: turns.waiting,
  }
}

/** What tells a picture from all others; nothing need be read for it. */
export const pictureName = ({ place, granuleId }: Granule, { type, width }: PictureForm): string =>
  [place, granuleId, DRAWING, type, width ?? 'own'].join('\n')
