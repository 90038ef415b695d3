/** The bits of a packet header (B.10.1): after a byte of FF the next one holds seven. */
export type PacketBits = {
  readonly bit: () => number
  /** A number of so many bits, up to 32, high bit first. */
  bits(count: number): number
  /** Offset behind the header, once its last bit was read. */
  end(): number
  /** Whether bits were asked for that the window does not hold; they read as 0. */
  ranOut(): boolean
}

/** @param from offset of the header's first byte */
export function packetBits(bytes: Uint8Array, from: number): PacketBits {
  let at = from
  let current = 0
  let left = 0
  const bit = (): number => {
    if (left === 0) {
      left = current === 0xff ? 7 : 8
      current = bytes[at] ?? 0
      at++
    }
    left--
    return (current >> left) & 1
  }
  return {
    bit,
    bits(count) {
      let value = 0
      for (let i = 0; i < count; i++) value = value * 2 + bit()
      return value
    },
    // A header does not end with FF: a byte of stuffing follows.
    end: () => (current === 0xff ? at + 1 : at),
    ranOut: () => at > bytes.length,
  }
}
