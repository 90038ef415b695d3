/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of a list. */
export const oneOf = <T>(random: () => number, list: readonly [T, ...T[]]): T =>
  list[Math.floor(random() * list.length)] ?? list[0]

/** A copy of a file with something wrong in it, which may be without effect. */
export function corrupted(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  return oneOf(random, WAYS)(new Uint8Array(file), random)
}

type Way = (bytes: Uint8Array<ArrayBuffer>, random: () => number) => Uint8Array<ArrayBuffer>

/** Half of the faults fall on what stands ahead of the first tile, where every byte has a meaning. */
const HEADERS = 1500
const place = (length: number, random: () => number) =>
  Math.floor(random() * (random() < 0.5 ? Math.min(length, HEADERS) : length))

const WAYS: readonly [Way, ...Way[]] = [
  function otherBits(bytes, random) {
    for (let n = 1 + Math.floor(random() * 8); n > 0; n--) {
      const at = place(bytes.length, random)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    return bytes
  },
  function otherBytes(bytes, random) {
    for (let n = 1 + Math.floor(random() * 16); n > 0; n--) {
      bytes[place(bytes.length, random)] = Math.floor(random() * 256)
    }
    return bytes
  },
  function movedPacketEnd(bytes, random) {
    // A length in one PLT (A.7.3) gives a byte or more to another, so that their sum still fits.
    const starts = [...bytes.keys()].filter((i) => bytes[i] === 0xff && bytes[i + 1] === 0x58)
    const start = starts[Math.floor(random() * starts.length)] ?? bytes.length
    const end = start + 2 + (bytes[start + 2] ?? 0) * 256 + (bytes[start + 3] ?? 0)
    const lasts = [...bytes.keys()].filter((i) => i > start + 4 && i < end && (bytes[i] ?? 0) < 0x80)
    const [from = 0, to = 0] = [0, 1].map(() => lasts[Math.floor(random() * lasts.length)])
    const most = Math.min(bytes[from] ?? 0, 0x7f - (bytes[to] ?? 0))
    const moved = Math.ceil(random() * most)
    if (from === to || moved < 1) return bytes
    bytes[from] = (bytes[from] ?? 0) - moved
    bytes[to] = (bytes[to] ?? 0) + moved
    return bytes
  },
  function cutShort(bytes, random) {
    return bytes.slice(0, Math.floor(random() * bytes.length))
  },
  function runOfOneByte(bytes, random) {
    const at = place(bytes.length, random)
    return bytes.fill(oneOf(random, [0, 255]), at, at + 1 + Math.floor(random() * 64))
  },
  function swapped(bytes, random) {
    const length = 1 + Math.floor(random() * 64)
    const [one, two] = [place(bytes.length - length, random), place(bytes.length - length, random)]
    const kept = bytes.slice(one, one + length)
    bytes.copyWithin(one, two, two + length)
    bytes.set(kept, two)
    return bytes
  },
  function inserted(bytes, random) {
    const at = place(bytes.length, random)
    const more = Uint8Array.from({ length: 1 + Math.floor(random() * 16) }, () => Math.floor(random() * 256))
    const longer = new Uint8Array(bytes.length + more.length)
    longer.set(bytes.subarray(0, at))
    longer.set(more, at)
    longer.set(bytes.subarray(at), at + more.length)
    return longer
  },
  function removed(bytes, random) {
    const at = place(bytes.length, random)
    const until = at + 1 + Math.floor(random() * 16)
    const shorter = new Uint8Array(bytes.length - (Math.min(until, bytes.length) - at))
    shorter.set(bytes.subarray(0, at))
    shorter.set(bytes.subarray(until), at)
    return shorter
  },
]
