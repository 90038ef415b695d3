import { badImage, type Coding, type MainHeader, type NeedsMore, type Uncuttable } from './codestream.ts'
import type { TileBytes } from './cut.ts'
import { MARKER } from './markers.ts'
import { type BandState, bandState, readPacketHeader } from './packet.ts'
import { packetBits } from './packet-bits.ts'
import { packetsInOrder } from './packet-order.ts'
import { type Box, blocksOf, type PrecinctGrid, precinctsAt, tileBox } from './precincts.ts'

/** Precincts of a resolution that later layers come back to, each of some KB. */
const MOST_REMEMBERED = 4096

/**
 * Where the resolutions of a tile-part end, told by its packet headers (B.9, B.10). What the main header was
 * let pass with bounds their number. Code-block styles of other parts of the standard are not followed; what
 * has them is not cut either.
 * @param bytes of the tile-part from its SOT, as far as they are there
 * @param from offset of the first packet
 * @param upTo the last resolution wanted
 * @returns `need` may be past the tile-part's end: then its packets do not fit in
 * @throws {Fault} bad-image
 */
export function endsFromPackets(
  bytes: Uint8Array,
  from: number,
  header: MainHeader,
  tile: number,
  upTo: number,
): { readonly ends: readonly number[] } | NeedsMore | Uncuttable {
  const { coding } = header
  const box = tileBox(header, tile)
  const ends: number[] = []
  let at = from
  for (let resolution = 0; resolution <= upTo; resolution++) {
    const grid = precinctsAt(coding, box, resolution)
    const bandsOf = rememberedBands(coding, box, resolution, grid)
    for (const packet of packetOrder(coding, header.size.components.length, grid.across * grid.down)) {
      // A packet has at least one byte, so the window bounds the turns of this loop.
      if (at >= bytes.length) return { need: at + 1 }
      const bands = bandsOf(packet)
      if (bands === undefined) return TOO_MANY
      const end = packetEnd(bytes, at, coding, bands, packet.layer)
      if (end === undefined) return { need: bytes.length + 1 }
      at = end
    }
    ends.push(at)
  }
  return { ends }
}

/**
 * Holds what a PLT says against the packets themselves: a decoder takes bytes that it was given too many or
 * too few of for packets of other places, and says nothing.
 * @param part its bytes from SOT up to the last packet wanted
 * @param upTo the last resolution wanted
 * @throws {Fault} bad-image
 */
export function checkEnds({ tile, headerLength, bytes }: TileBytes, header: MainHeader, upTo: number): void {
  const found = endsFromPackets(bytes, headerLength, header, tile, upTo)
  if ('uncuttable' in found) throw badImage(found.uncuttable)
  if ('need' in found || found.ends.at(-1) !== bytes.length) {
    throw badImage(`the PLT of its tile ${tile} contradicts the packets there`)
  }
}

/**
 * Whether a tile ends before its packets do, in whatever order they come.
 * @param bytes all bytes of its packets
 * @throws {Fault} bad-image where a packet header is damaged
 */
export function packetsMissing(bytes: Uint8Array, header: MainHeader, tile: number): boolean {
  const { coding, size } = header
  const box = tileBox(header, tile)
  const bandsAt = Array.from({ length: coding.levels + 1 }, (_, resolution) =>
    rememberedBands(coding, box, resolution, precinctsAt(coding, box, resolution)),
  )
  let at = 0
  for (const packet of packetsInOrder(coding, box, size.components.length)) {
    if (at >= bytes.length) return true
    const bands = bandsAt[packet.resolution]?.(packet)
    if (bands === undefined) return false
    const end = packetEnd(bytes, at, coding, bands, packet.layer)
    if (end === undefined || end > bytes.length) return true
    at = end
  }
  return false
}

const TOO_MANY: Uncuttable = {
  uncuttable: 'it has more precincts in several layers than are followed',
}

type Packet = { readonly layer: number; readonly component: number; readonly precinct: number }

/** Packets of one resolution in their order (B.12.1); without subsampling a position is a precinct. */
function* packetOrder(
  { progression, layers }: Coding,
  components: number,
  precincts: number,
): Generator<Packet> {
  const byPosition = progression === 'RPCL'
  const [outer, inner] = byPosition ? [precincts, layers] : [layers, precincts]
  for (let i = 0; i < outer; i++) {
    for (let component = 0; component < components; component++) {
      for (let k = 0; k < inner; k++) {
        yield byPosition ? { layer: k, component, precinct: i } : { layer: i, component, precinct: k }
      }
    }
  }
}

/** Bands of a packet's precinct, the same for all layers; undefined where they are too many to be made. */
function rememberedBands(coding: Coding, tile: Box, resolution: number, grid: PrecinctGrid) {
  const remembered = new Map<string, readonly BandState[]>()
  return ({ component, precinct }: Packet): readonly BandState[] | undefined => {
    const key = `${component}/${precinct}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    if (remembered.size >= MOST_REMEMBERED) return undefined
    const grids = blocksOf(coding, tile, resolution, {
      column: grid.left + (precinct % grid.across),
      row: grid.top + Math.floor(precinct / grid.across),
    })
    const bands = grids.map(bandState)
    if (coding.layers > 1) remembered.set(key, bands)
    return bands
  }
}

/** Offset behind a packet; undefined where the window ends within its header. */
function packetEnd(
  bytes: Uint8Array,
  from: number,
  coding: Coding,
  bands: readonly BandState[],
  layer: number,
): number | undefined {
  const startsAt = (at: number, marker: number): boolean =>
    bytes[at] === marker >> 8 && bytes[at + 1] === (marker & 0xff)
  // SOP may stand ahead of a packet, EPH behind its header (A.8); a header begins with neither.
  const start = coding.sop && startsAt(from, MARKER.SOP) ? from + 6 : from
  const bits = packetBits(bytes, start)
  const body = readPacketHeader(bits, bands, layer, coding)
  const end = bits.end()
  if (bits.ranOut() || (coding.eph && end + 2 > bytes.length)) return undefined
  return body + (coding.eph && startsAt(end, MARKER.EPH) ? end + 2 : end)
}
