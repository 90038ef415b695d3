import { chooseBands } from './colour/choose-bands.ts'
import type { Pixels, Source } from './colour/port.ts'
import {
  type ImageReader,
  type ImageToRead,
  namingFile,
  type ReadTally,
  readImage,
} from './colour/read-image.ts'
import type { Sampler } from './colour/sampler.ts'
import { type Shown, shownBands, shownPreview } from './colour/shown.ts'
import { Fault } from './errors.ts'
import type { Cut } from './jpeg2000/codestream.ts'
import { listGranule, listPreview } from './list-area.ts'
import type { Granule } from './sentinel2/granule.ts'
import { byteOf, displayOf, reflectanceOf } from './sentinel2/reflectance.ts'

/** A granule as it is to be shown, and which of its files show it. */
export type GranulePixels = { readonly picture: Shown; readonly from: Source }

/** What pixels are made with. */
export type PixelMaking = ImageReader & { readonly sampler: Sampler; readonly cost: ReadTally }

/**
 * The ground of a preview's pixel is 32 by 32 pixels of the 10 m grid. Bands read as coarsely give a picture
 * of its size: 343 pixels, or twice as many where only 10 m bands are there.
 */
const STRIDE = 32
/** Of one image: twice what the largest reduced band has. */
const MOST_PIXELS = 1_000_000

/**
 * A granule's pixels from its preview (PVI); from its bands where the archive holds none or it is unreadable.
 * @throws {Fault} no-colour where it has neither; bad-image where a file cannot be read; as Storage
 */
export async function pixelsOf(making: PixelMaking, granule: Granule): Promise<GranulePixels> {
  const preview = await listPreview(making, granule, making.signal)
  if (!preview) return pixelsOfBands(making, granule, undefined)
  try {
    const pixels = await readPixels(making, preview, 0, 'preview')
    return { picture: shownPreview(pixels), from: 'preview' }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'bad-image') throw thrown
    return pixelsOfBands(making, granule, thrown)
  }
}

/** @param preview what is wrong with the preview; undefined where there is none */
async function pixelsOfBands(
  making: PixelMaking,
  granule: Granule,
  preview: Fault | undefined,
): Promise<GranulePixels> {
  const { baseline, granuleId } = granule
  const { images } = await listGranule(making, granule, undefined, making.signal)
  const chosen = chooseBands(images, STRIDE)
  if (!chosen || baseline === undefined) {
    if (preview) throw preview
    const why = chosen
      ? 'no name of it tells its processing baseline, and with it what the numbers of its bands mean'
      : 'it does not hold all of B04, B03 and B02 in one resolution'
    throw new Fault(
      'no-colour',
      `The archive holds no preview (PVI) of ${granuleId} as a JPEG 2000 file, and ${why}.`,
    )
  }
  const read = (file: ImageToRead) => readPixels(making, file, chosen.reduce, 'band')
  const bands = await Promise.all([read(chosen.files[0]), read(chosen.files[1]), read(chosen.files[2])])
  refuseUneven(bands, chosen.files)
  const shown = (dn: number) => byteOf(displayOf(reflectanceOf(dn, baseline)))
  return { picture: shownBands(bands, shown, bands[0].reduce), from: 'bands' }
}

type Three<T> = readonly [T, T, T]

/** @throws {Fault} bad-image where one is not as large as the others */
function refuseUneven(bands: Three<Pixels>, files: Three<ImageToRead>): void {
  const [red] = bands
  for (const [i, { width }] of bands.entries()) {
    if (width === red.width) continue
    const sentence = `${files[i]?.key} is ${width} pixels wide where ${files[0].key} has ${red.width}.`
    throw new Fault('bad-image', sentence)
  }
}

const FORM = {
  preview: { components: 3, bits: 8, what: 'a preview has three of 8 bits' },
  band: { components: 1, bits: 16, what: 'a band has one' },
} as const

/** Pixels, and how often they were halved. */
type Halved = Pixels & Pick<Cut, 'reduce'>

/** An image small enough to be shown. @throws {Fault} bad-image, naming the file */
async function readPixels(
  making: PixelMaking,
  file: ImageToRead,
  reduce: number,
  form: keyof typeof FORM,
): Promise<Halved> {
  let pixels: Halved | undefined
  for await (const cut of readImage(making, file, reduce, making.cost)) {
    const strange = strangenessOf(cut, form, pixels)
    if (strange) throw new Fault('bad-image', `${file.key} ${strange}.`)
    try {
      pixels = { ...(await making.sampler.pixels(cut)), reduce: cut.reduce }
    } catch (thrown) {
      throw namingFile(thrown, file.key)
    }
  }
  if (!pixels) throw new TypeError(`${file.key} gave no strip to decode.`)
  const { width, height } = pixels
  if (width === height) return pixels
  throw new Fault(
    'bad-image',
    `${file.key} is ${width} x ${height} pixels where all images of a tile are square.`,
  )
}

/** @param above the strip above; images of as many pixels as may be are one strip */
function strangenessOf(cut: Cut, form: keyof typeof FORM, above: Pixels | undefined): string | undefined {
  const { components, bits, what } = FORM[form]
  if (cut.components !== components || cut.bits > bits) {
    return `has ${cut.components} components of ${cut.bits} bits where ${what}`
  }
  if (!above && cut.width * cut.height <= MOST_PIXELS) return undefined
  return `has more than ${MOST_PIXELS} pixels at reduce ${cut.reduce}, too many for a picture`
}
