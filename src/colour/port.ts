import type { Granule } from '../sentinel2/granule.ts'

/** Where a colour is read from: bands B04, B03 and B02, or the preview (PVI). */
export const SOURCES = ['bands', 'preview'] as const
export type Source = (typeof SOURCES)[number]

/**
 * How a granule is sampled: one sample for every `stride` × `stride` pixels of the 10 m grid, 1 to 64; a
 * preview is sampled whole.
 */
export type Sampling = { readonly source: 'bands'; readonly stride: number } | { readonly source: 'preview' }

/** Of the way a colour is made. A change that changes numbers raises it, and old ones are never served. */
export const METHOD = 1

/** The mean colour of a granule. */
export type Colour = {
  /** Mean reflectance of B04 over the pixels that hold data, not clamped; of a preview, 0 to 1 of display. */
  readonly red: number
  /** The same of B03. */
  readonly green: number
  /** The same of B02. */
  readonly blue: number
  /** Share of sampled pixels that hold data, above 0 to 1. */
  readonly valid: number
  /** Pixels sampled of each band, with and without data. */
  readonly sampled: number
}

/** What went into a colour that was not remembered. Wall time of what ran side by side adds up. */
export type Cost = {
  readonly listMs: number
  readonly readMs: number
  /** Ranges read, and bytes that came. */
  readonly reads: number
  readonly bytes: number
  readonly decodeMs: number
  /** CPU time of the decode threads. */
  readonly cpuMs: number
  readonly storeMs: number
}

export type Coloured = {
  readonly colour: Colour
  /** Undefined where the colour was remembered. */
  readonly cost: Cost | undefined
  /** Why the store could not take it, as a clause; undefined where it holds it. */
  readonly unstored: string | undefined
}

/**
 * The one way to a granule's colour: remembered, or else read and decoded once for all who ask, even if
 * they leave.
 * @throws {Fault} no-colour where the granule has no such files or no data, bad-image where a file cannot
 * be read, upstream-failed, upstream-late, upstream-busy, misconfigured, cancelled
 */
export type ColourOf = (granule: Granule, sampling: Sampling, signal?: AbortSignal) => Promise<Coloured>

/** Decoded pixels, interleaved by pixel; 16 bits each where the file has more than 8. */
export type Pixels = {
  readonly values: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
  readonly width: number
  readonly height: number
  readonly components: number
}

/** The bands that make a colour, as a rank names them. */
export const SHARES = ['red', 'green', 'blue'] as const
export type Share = (typeof SHARES)[number]

/** By what granules are ranked: a band's share of the colour, or nearness to a colour (CIEDE2000). */
export type Rank =
  | { readonly by: 'share'; readonly of: Share }
  /** Display values of sRGB, 0 to 1. */
  | { readonly by: 'nearness'; readonly to: readonly [red: number, green: number, blue: number] }

/** What may be told of a remembered colour; a share is that of red, green and blue together. */
export const COLOUR_NUMBERS = [
  'red',
  'green',
  'blue',
  'share_red',
  'share_green',
  'share_blue',
  'valid',
] as const
export type ColourNumber = (typeof COLOUR_NUMBERS)[number]

/** `share_red>=0.4`; reflectances, shares and valid from 0 to 1. */
export type Comparison = {
  readonly of: ColourNumber
  readonly is: '<' | '<=' | '>=' | '>'
  readonly than: number
}
