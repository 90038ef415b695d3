import { Fault } from '../errors.ts'

/*
 * What a JPEG 2000 codestream says of itself: ISO/IEC 15444-1, Annexes A and B. Offsets count bytes from the
 * start of the file. Whatever says what is wrong with a file is a clause that follows the file's name and has
 * no full stop: `its SIZ names a tile of 0 by 192`.
 */

/** The fault of a file that no picture can be read from. */
export const badImage = (clause: string): Fault => new Fault('bad-image', clause)

/**
 * The window ends too early: so many bytes from its first one on are enough to go on. Always more than it
 * had, and never past the end of the file.
 */
export type NeedsMore = { readonly need: number }

/** What was looked at is sound, but no smaller codestream can be cut out of it; the clause says why. */
export type Uncuttable = { readonly uncuttable: string }

/** SIZ (A.5.1): the reference grid. */
export type ImageSize = {
  /** Where the image ends and starts on the grid. */
  readonly right: number
  readonly bottom: number
  readonly left: number
  readonly top: number
  readonly tileWidth: number
  readonly tileHeight: number
  readonly tileLeft: number
  readonly tileTop: number
  readonly components: readonly Component[]
}

export type Component = {
  readonly bits: number
  readonly signed: boolean
  /** Grid steps a sample: 1 without subsampling. */
  readonly stepX: number
  readonly stepY: number
}

/** Progression orders by their number in COD (Table A.16). */
export const PROGRESSIONS = ['LRCP', 'RLCP', 'RPCL', 'PCRL', 'CPRL'] as const
export type Progression = (typeof PROGRESSIONS)[number]

/** COD (A.6.1): how all components are coded. */
export type Coding = {
  readonly progression: Progression
  readonly layers: number
  /** Whether the first three components were transformed (RCT, ICT). */
  readonly componentTransform: boolean
  /** Decompositions, 0 to 32; 4 in the archive. */
  readonly levels: number
  /** Samples, powers of two. */
  readonly codeBlockWidth: number
  readonly codeBlockHeight: number
  /** Table A.19. */
  readonly codeBlockStyle: number
  readonly reversible: boolean
  /** Exponents of the precinct's sides by resolution, 0 (the smallest) to `levels`; 15 where it names none. */
  readonly precincts: readonly { readonly width: number; readonly height: number }[]
  /** Markers before and behind packet headers. */
  readonly sop: boolean
  readonly eph: boolean
}

/** A tile-part as TLM announces it (A.7.1). */
export type Announced = { readonly tile: number; readonly length: number }

export type MainHeader = {
  /** Offset of SOC. */
  readonly start: number
  /** Offset of the first SOT. */
  readonly firstTilePart: number
  /** Offset behind the codestream: where its box or the file ends. */
  readonly end: number
  readonly size: ImageSize
  readonly coding: Coding
  /** QCD's segment behind its length: Sqcd and the step sizes (A.6.4). */
  readonly quantization: Uint8Array<ArrayBuffer>
  /** All tile-parts in order, where TLM names them all. */
  readonly announced: readonly Announced[] | undefined
  readonly tilesAcross: number
  readonly tilesDown: number
  /** Why no smaller codestream can be cut out of this one at any reduce: `it has a POC marker`. */
  readonly uncuttable: string | undefined
}

/** What a window on a tile-part tells (A.4.2, A.7.3, B.9). Lengths are bytes from the SOT on. */
export type TilePart = {
  readonly tile: number
  /** Of the whole tile-part, Psot; to the codestream's end where Psot is 0. */
  readonly length: number
  /** From SOT up to and with SOD. */
  readonly headerLength: number
  /**
   * Up to the last packet of each resolution, 0 (the smallest) to `levels`; without a PLT perhaps only to the
   * last resolution that was asked for.
   */
  readonly ends: readonly number[]
}

/** A codestream that a strict decoder reads from end to end, and what must come out of it. */
export type Cut = {
  readonly codestream: Uint8Array<ArrayBuffer>
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Interleaved by pixel. */
  readonly components: number
  /** Of each component, unsigned, 1 to 16. */
  readonly bits: number
  /** The value that stands for 0: above 0 where there is room below it for what rings there. */
  readonly zero: number
  /** How often the image is halved in it. */
  readonly reduce: number
  /** Whether the 5/3 wavelet halved it, whose rounding adds up. */
  readonly reversible: boolean
  /** Share of the last column and of the last row that the image covers, above 0 to 1: its sides round up. */
  readonly lastColumn: number
  readonly lastRow: number
}

/**
 * Where the tile-parts of a file lie, worth remembering: with it all windows are read at once. It is told
 * by the file's headers and checked against them again when it is used.
 */
export type TilePartLayout = {
  /** Offset of the first SOT in the file, bytes. */
  readonly first: number
  /** Length of each tile-part in order of the file, bytes; they follow one another without a gap. */
  readonly lengths: readonly number[]
  /** The most bytes that a tile-part needs, from its SOT to its last packet wanted, by reduce 0 to N. */
  readonly most: readonly number[]
}
