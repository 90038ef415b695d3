import { badImage, type Coding } from './codestream.ts'
import type { PacketBits } from './packet-bits.ts'
import type { BlockGrid } from './precincts.ts'
import { type TagTree, tagTree } from './tag-tree.ts'

/** What packets of earlier layers told of one subband of a precinct. */
export type BandState = {
  readonly blocks: number
  readonly inclusion: TagTree
  readonly zeroPlanes: TagTree
  /** Coding passes so far by code-block; 0 where none was included yet. */
  readonly passes: Uint16Array
  /** Lblock (B.10.7.1). */
  readonly lengthBits: Uint8Array
}

export function bandState({ across, down }: BlockGrid): BandState {
  const blocks = across * down
  return {
    blocks,
    inclusion: tagTree(across, down),
    zeroPlanes: tagTree(across, down),
    passes: new Uint16Array(blocks),
    lengthBits: new Uint8Array(blocks).fill(3),
  }
}

/**
 * Reads a packet's header (B.10).
 * @param bands of its precinct, all read so far of it; they are carried on
 * @returns bytes of its body. Means nothing where the bits ran out.
 * @throws {Fault} bad-image
 */
export function readPacketHeader(
  bits: PacketBits,
  bands: readonly BandState[],
  layer: number,
  coding: Coding,
): number {
  let body = 0
  if (bits.bit() === 0) return 0
  for (const band of bands) {
    for (let block = 0; block < band.blocks && !bits.ranOut(); block++) {
      if (isIncluded(bits, band, block, layer)) body += readLengths(bits, band, block, coding.codeBlockStyle)
    }
  }
  return body
}

/** B.10.4; the first time the missing bit-planes follow (B.10.5), which decoding needs and a length does not. */
function isIncluded(bits: PacketBits, band: BandState, block: number, layer: number): boolean {
  if ((band.passes[block] ?? 0) > 0) return bits.bit() === 1
  if (!band.inclusion.isBelow(block, layer + 1, bits.bit)) return false
  let planes = 1
  while (!band.zeroPlanes.isBelow(block, planes, bits.bit)) {
    if (planes++ > MOST_PLANES) {
      if (bits.ranOut()) return false
      throw damaged()
    }
  }
  return true
}

/** 38 bits, 7 guard bits, 37 of a region of interest. */
const MOST_PLANES = 82

/** Bytes of a code-block in this packet: one length for each codeword segment it goes on with (B.10.7). */
function readLengths(bits: PacketBits, band: BandState, block: number, style: number): number {
  const before = band.passes[block] ?? 0
  const after = before + readPasses(bits)
  let lengthBits = band.lengthBits[block] ?? 3
  while (bits.bit() === 1) {
    if (++lengthBits > MOST_LENGTH_BITS) throw damaged()
  }
  let bytes = 0
  for (let pass = before; pass < after; ) {
    const passes = Math.min(after - pass, passesLeft(pass, style))
    const width = lengthBits + Math.floor(Math.log2(passes))
    if (width > MOST_LENGTH_BITS) throw damaged()
    bytes += bits.bits(width)
    pass += passes
  }
  band.passes[block] = Math.min(after, 0xffff)
  band.lengthBits[block] = lengthBits
  return bytes
}

/** A code-block of 4 GB is none. */
const MOST_LENGTH_BITS = 32

/** Table B.4. */
function readPasses(bits: PacketBits): number {
  if (bits.bit() === 0) return 1
  if (bits.bit() === 0) return 2
  const few = bits.bits(2)
  if (few < 3) return 3 + few
  const some = bits.bits(5)
  return some < 31 ? 6 + some : 37 + bits.bits(7)
}

/** Bits of the code-block style (Table A.19). */
const BYPASS = 1
const TERMINATE_EACH = 4

/**
 * Passes that the codeword segment still holds from a pass on (B.10.7.2, Table D.9): one where each is
 * terminated; with bypass the first ten, then by turns two raw ones and one coded.
 */
function passesLeft(pass: number, style: number): number {
  if (style & TERMINATE_EACH) return 1
  if (!(style & BYPASS)) return Number.POSITIVE_INFINITY
  if (pass < 10) return 10 - pass
  return (pass - 10) % 3 === 0 ? 2 : 1
}

const damaged = () => badImage('one of its packet headers is damaged')
