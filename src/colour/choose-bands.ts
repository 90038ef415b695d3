import type { Band, Resolution } from '../sentinel2/bands.ts'

/** A listed image of a granule, as far as choosing needs it. */
export type BandFile = {
  readonly band: Band
  readonly resolution: Resolution
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** The files a colour is read from, and how often they are halved. */
export type Chosen<File> = {
  /** Of red, green and blue, with the pixels across that `reduce` is meant for. */
  readonly files: readonly [Sided<File>, Sided<File>, Sided<File>]
  readonly reduce: number
  /** Ground size of a sampled pixel, metres. */
  readonly pixel: number
}

export type Sided<File> = File & { readonly side: number }

/** B04, B03 and B02. */
const COLOURS: readonly Band[] = ['B04', 'B03', 'B02']
/** Best first where pixels are of one size: the larger the code-blocks, the less the decoding costs. */
const RESOLUTIONS: readonly Resolution[] = [10, 20, 60]
/** Ground size of a tile, metres: ESA Sentinel-2 PSD 15, tiling. */
const TILE = 109_800
/** Decompositions of all images of the archive. */
const MOST_HALVINGS = 4

/**
 * The files and the reduce whose pixel is the largest that is no larger than `stride` pixels of the 10 m grid;
 * the finest there are where all are larger. Undefined without all three bands in one resolution.
 */
export function chooseBands<File extends BandFile>(
  images: readonly File[],
  stride: number,
): Chosen<File> | undefined {
  const choices = RESOLUTIONS.flatMap((resolution): Chosen<File>[] => {
    const [red, green, blue] = COLOURS.map((band) =>
      images.find((image) => image.band === band && image.resolution === resolution),
    )
    if (!red || !green || !blue) return []
    const side = TILE / resolution
    return reduces().map((reduce) => ({
      files: [
        { ...red, side },
        { ...green, side },
        { ...blue, side },
      ],
      reduce,
      pixel: resolution * 2 ** reduce,
    }))
  })
  const fine = choices.filter(({ pixel }) => pixel <= stride * 10)
  const finest = choices.toSorted((a, b) => a.pixel - b.pixel)[0]
  return fine.toSorted((a, b) => b.pixel - a.pixel)[0] ?? finest
}

const reduces = (): number[] => Array.from({ length: MOST_HALVINGS + 1 }, (_, reduce) => reduce)
