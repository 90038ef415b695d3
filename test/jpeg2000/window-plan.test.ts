import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { type LaidOut, laidOut, layoutOf, type Played, play, type Wish } from './laid-out.ts'

const TILES = 121
const MIB = 1024 * 1024

/** Lengths that vary by a tenth over the image and a little from tile to tile, the same at every run. */
const lengths = (count: number, mean: number): number[] =>
  Array.from({ length: count }, (_, i) => mean * (1 + 0.1 * Math.sin(i / 17) + 0.03 * Math.sin(i * i))).map(
    Math.round,
  )

/** Of a 10 m band of 11 by 11 tiles, the last of which are cut off by the image's edge. */
const bandLengths = lengths(TILES, 990_000).map((length, i) => {
  const edges = Number(i % 11 === 10) + Number(i >= 110)
  return Math.round(length * 0.72 ** edges)
})

/** A 10 m band of the archive's form, some 115 MB. */
const band = (wish: Partial<Wish> = {}): LaidOut =>
  laidOut({ side: 10980, tileSide: 1024, lengths: bandLengths, ...wish })

function isWhole(file: LaidOut, { opened, got }: Played, reduce: number): void {
  expect(opened.way).toBe('cut')
  if (opened.way !== 'cut') return
  expect(opened.places.map(({ at }) => at)).toEqual(file.offsets.slice(0, -1))
  expect(got.map(({ tile }) => tile).sort((a, b) => a - b)).toEqual(opened.places.map((_, i) => i))
  expect(got.map(({ bytes }) => bytes)).toEqual(file.need(reduce))
}

const faultOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  return 'none'
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

describe('a file whose tile-parts are remembered', () => {
  test('is read in one round: its head and a window on every tile-part', () => {
    const file = band()
    for (const reduce of [4, 3]) {
      const played = play(file, layoutOf(file), reduce)
      isWhole(file, played, reduce)
      expect(played.rounds).toHaveLength(1)
      expect(played.requests).toBe(TILES)
      expect(played.bytes).toBeLessThan(1.25 * sum(file.need(reduce)))
    }
  })

  test('is read a round for its head and one for each strip where its windows are too many at once', () => {
    const file = band()
    const two = play(file, layoutOf(file), 2)
    isWhole(file, two, 2)
    expect(two.opened).toMatchObject({
      strips: [
        { from: 0, until: 5 },
        { from: 5, until: 11 },
      ],
    })
    expect(two.rounds).toHaveLength(3)
    const none = play(file, layoutOf(file), 0)
    isWhole(file, none, 0)
    expect(none.rounds).toHaveLength(12)
    expect(none.bytes).toBeLessThanOrEqual(file.size)
  })

  test('is read at the deepest reduce it has where more is wanted', () => {
    const file = band()
    const played = play(file, layoutOf(file), 6)
    expect(played.opened).toMatchObject({ reduce: 4 })
    expect(played.rounds).toHaveLength(1)
  })

  test('asks for just what is missing where windows turn out too short', () => {
    const file = band()
    const layout = layoutOf(file)
    const short = 300
    const most = layout.most.map((bytes) => bytes - short)
    const played = play(file, { ...layout, most }, 4)
    isWhole(file, played, 4)
    const [windows = [], rest = []] = played.rounds
    expect(played.rounds).toHaveLength(2)
    const longer = file.need(4).filter((bytes) => bytes > (most[4] ?? 0))
    expect(rest).toHaveLength(longer.length)
    expect(sum(rest.map(({ first, last }) => last + 1 - first))).toBe(
      sum(longer.map((n) => n - (most[4] ?? 0))),
    )
    expect(windows).toHaveLength(TILES)
  })

  test('is found anew where what is remembered is not true of it any more', () => {
    const file = band()
    const layout = layoutOf(file)
    const [a = 0, b = 0, ...others] = layout.lengths
    const wrong = [
      { ...layout, lengths: [a + 1, b - 1, ...others] },
      { ...layout, lengths: [b, a, ...others] },
      { ...layout, first: layout.first + 1 },
      { ...layout, lengths: layout.lengths.slice(1) },
      { ...layout, lengths: [...layout.lengths, 5_000_000] },
      { ...layout, lengths: [0, ...others] },
      { ...layout, lengths: layout.lengths.with(-1, (layout.lengths.at(-1) ?? 0) - 100) },
      { ...layout, most: [] },
    ]
    for (const remembered of wrong) {
      const played = play(file, remembered, 4)
      isWhole(file, played, 4)
      expect(played.opened).toMatchObject({ by: 'chains' })
    }
  })

  test('is found anew where it was said to need more than its samples can', () => {
    const file = band()
    const layout = layoutOf(file)
    const played = play(file, { ...layout, most: layout.most.map(() => 900_000) }, 4)
    isWhole(file, played, 4)
    expect(played.opened).toMatchObject({ by: 'chains' })
  })

  test('is found anew where its tiles stand in another order than was taken for granted', () => {
    const file = band({ tiles: Array.from({ length: TILES }, (_, i) => TILES - 1 - i) })
    expect(play(file, layoutOf(file), 4).opened).toMatchObject({ by: 'chains' })
  })

  test('is found anew where only the last strip shows that it is another file', () => {
    const file = band()
    const layout = layoutOf(file)
    const most = layout.lengths.length - 1
    const swapped = layout.lengths
      .with(most, layout.lengths[most - 1] ?? 0)
      .with(most - 1, layout.lengths[most] ?? 0)
    const played = play(file, { ...layout, lengths: swapped }, 2)
    isWhole(file, played, 2)
    expect(played.opened).toMatchObject({ by: 'chains' })
  })
})

describe('a file with a TLM marker', () => {
  test('is read in two rounds', () => {
    const file = band({ announced: bandLengths })
    for (const reduce of [4, 3]) {
      const played = play(file, undefined, reduce)
      isWhole(file, played, reduce)
      expect(played.opened).toMatchObject({ by: 'TLM' })
      expect(played.rounds).toHaveLength(2)
      expect(played.requests).toBeLessThanOrEqual(TILES + 1)
      expect(played.bytes).toBeLessThan(1.4 * sum(file.need(reduce)))
    }
  })

  test('is followed by its lengths where the marker lies', () => {
    const lie = bandLengths
    const file = band({ announced: lie.with(3, (lie[3] ?? 0) + 7).with(4, (lie[4] ?? 0) - 7) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.opened).toMatchObject({ by: 'chains' })
  })
})

describe('a file of which nothing is known', () => {
  test('is found by a few chains within the rounds and bytes that a colour may take', () => {
    const file = band()
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.rounds.length).toBeLessThanOrEqual(75)
    expect(played.requests).toBeLessThanOrEqual(160)
    expect(played.bytes).toBeLessThan(1.15 * sum(file.need(4)) + MIB)
  })

  test('lets others have their turn at every tile-part where each takes long', () => {
    const file = band()
    const clock = vi.spyOn(performance, 'now')
    let now = 0
    clock.mockImplementation(() => (now += 50))
    const chained = play(file, undefined, 4)
    const remembered = play(file, layoutOf(file), 4)
    clock.mockRestore()
    expect(chained.pauses).toBeGreaterThanOrEqual(2 * TILES)
    expect(remembered.pauses).toBe(TILES)
    isWhole(file, chained, 4)
  })

  test('costs no second read of a tile-part at most tiles', () => {
    const played = play(band(), undefined, 3)
    const starts = new Set(played.rounds.flat().map(({ first }) => first))
    expect(played.requests - starts.size).toBe(0)
    expect(played.requests).toBeLessThan(TILES * 1.3)
  })

  test('is located by its headers first where its packets are too many to hold', () => {
    const file = band()
    const played = play(file, undefined, 1)
    isWhole(file, played, 1)
    const biggest = Math.max(
      ...played.rounds.map((round) => sum(round.map(({ first, last }) => last + 1 - first))),
    )
    expect(biggest).toBeLessThan(5 * MIB)
    expect(played.bytes).toBeLessThan(1.15 * sum(file.need(1)))
  })

  test('is followed past comments that look like a start', () => {
    const comment = Uint8Array.of(0xff, 0x90, 0, 10, 0, 7, 0, 0, 0x40, 0, 0, 1, 0xff, 0x93, 0, 0)
    const file = band({ comment })
    isWhole(file, play(file, undefined, 4), 4)
  })

  test('needs few rounds where most of its tiles are empty', () => {
    const file = band({ lengths: bandLengths.map((n, i) => (i % 11 < 6 ? 120 : n)) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.rounds.length).toBeLessThan(50)
  })

  test('is searched for starts no further than its first chain has come', () => {
    const file = band({ lengths: bandLengths.map((_, i) => (i === 0 ? 20_000_000 : 400_000)) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.bytes).toBeLessThan(1.2 * sum(file.need(4)) + 384 * 1024)
  })

  test('is read whole where its tile-parts lie closer than a call is worth', () => {
    const file = laidOut({ side: 5490, tileSide: 640, lengths: lengths(81, 5_000) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.rounds).toHaveLength(2)
    expect(played.bytes).toBe(file.size)
  })

  test('of 60 m needs some twenty rounds and a quarter of its bytes', () => {
    const file = laidOut({ side: 1830, tileSide: 192, lengths: lengths(100, 28_000) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.rounds.length).toBeLessThanOrEqual(25)
    expect(played.bytes).toBeLessThan(file.size / 4)
  })

  test('is read at once where it is small', () => {
    const file = laidOut({ side: 1024, tileSide: 1024, lengths: [200_000] })
    const played = play(file, undefined, 4)
    isWhole(file, played, 4)
    expect(played.rounds).toEqual([[{ first: 0, last: file.size - 1 }]])
  })

  test('that is one big tile is read in two rounds', () => {
    const file = laidOut({ side: 3000, tileSide: 3000, lengths: [9_000_000] })
    const played = play(file, undefined, 3)
    isWhole(file, played, 3)
    expect(played.rounds.length).toBeLessThanOrEqual(2)
    expect(played.bytes).toBeLessThan(1.1 * sum(file.need(3)))
  })

  test('may have its tiles in any order', () => {
    const tiles = Array.from({ length: TILES }, (_, i) => TILES - 1 - i)
    const file = band({ tiles })
    for (const reduce of [4, 2]) {
      const { opened, got } = play(file, undefined, reduce)
      expect(opened).toMatchObject({ by: 'chains', places: tiles.map((tile) => ({ tile })) })
      expect(new Set(got.map(({ tile }) => tile)).size).toBe(TILES)
    }
  })

  test('may leave the length of its last tile-part open', () => {
    const file = band({ psot: new Map([[TILES - 1, 0]]) })
    const { opened, got } = play(file, undefined, 4)
    expect(opened).toMatchObject({ by: 'chains' })
    expect(got).toHaveLength(TILES)
  })

  test('is found exactly, whatever the lengths, within bounds of rounds and bytes', () => {
    const length = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 300_000, max: 1_200_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60, max: 2_000 }) },
    )
    const wish = fc.record({
      lengths: fc.array(length, { minLength: 36, maxLength: 36 }),
      reduce: fc.integer({ min: 0, max: 4 }),
    })
    fc.assert(
      fc.property(wish, ({ lengths, reduce }) => {
        const file = laidOut({ side: 6000, tileSide: 1024, lengths })
        const played = play(file, undefined, reduce)
        isWhole(file, played, reduce)
        expect(played.rounds.length).toBeLessThanOrEqual(lengths.length + 32)
        // Windows may be too long by what the tile before needed; the search has its budget; overlaps are none.
        const largest = Math.max(...file.need(reduce))
        const windows = 1.2 * sum(file.need(reduce)) + 6 * largest
        expect(played.bytes).toBeLessThan(Math.min(1.1 * file.size, windows + 4 * MIB))
        const again = play(file, layoutOf(file), reduce)
        isWhole(file, again, reduce)
      }),
      { numRuns: 60, seed: 3 },
    )
  })
})

describe('a file that is not right', () => {
  test('is refused where a length leads into nowhere, past its end or to too few tiles', () => {
    const cases: readonly (readonly [number, string])[] = [
      [1_200_000, 'of the 1200000 bytes of its tile-part'],
      [2_000, 'names more bytes than its tile-part has'],
      [4_000_000_000, 'it is cut short'],
      [13, 'has a length of 13'],
      [0, 'of its 121 tiles'],
    ]
    for (const [told, message] of cases) {
      for (const place of [0, 40, 110]) {
        const fault = faultOf(() => play(band({ psot: new Map([[place, told]]) }), undefined, 4))
        expect(fault).toMatch(/^bad-image: /)
        expect(fault).toContain(message)
      }
    }
  })

  test('is refused where it was cut short', () => {
    const { read, size, ...file } = band()
    for (const left of [0.3, 0.7, 0.999]) {
      const fault = faultOf(() => play({ ...file, read, size: Math.floor(size * left) }, undefined, 4))
      expect(fault).toMatch(/^bad-image: it is cut short: its tile-part at byte \d+ ends at byte \d+/)
    }
  })

  test('is refused where it ends early, having fewer tiles than it says', () => {
    const fault = faultOf(() => play(band({ lengths: lengths(100, 950_000) }), undefined, 4))
    expect(fault).toBe('bad-image: it has 100 of its 121 tiles')
  })

  test('is refused where it is too large to be decoded whole and a tile comes in several parts', () => {
    const twice = Array.from({ length: TILES }, (_, i) => Math.max(0, i - 1))
    for (const file of [band({ partsOfTile: 2 }), band({ tiles: twice })]) {
      const fault = faultOf(() => play(file, undefined, 4))
      expect(fault).toMatch(/several tile-parts, so that it had to be decoded whole.* 120560400 samples\)$/)
    }
  })

  test('is decoded whole where a tile comes in several parts and it is small', () => {
    const file = laidOut({ side: 1830, tileSide: 192, lengths: lengths(100, 28_000), partsOfTile: 2 })
    const played = play(file, undefined, 3)
    expect(played.opened).toMatchObject({ way: 'whole' })
    expect(played.rounds).toHaveLength(2)
    expect(played.bytes).toBe(file.size)
  })

  test('is read at a lower reduce where its tiles cannot be halved so often and it is too large', () => {
    const file = laidOut({ side: 10000, tileSide: 1000, lengths: lengths(100, 300_000) })
    const played = play(file, undefined, 4)
    isWhole(file, played, 3)
    expect(played.opened).toMatchObject({ reduce: 3 })
  })

  test('is given up after a bounded number of rounds where its tile-parts are without end', () => {
    const file = laidOut({ side: 8000, tileSide: 80, lengths: lengths(10_000, 20_000) })
    expect(faultOf(() => play(file, undefined, 4))).toBe(
      'bad-image: its tile-parts cannot be found within 512 round trips',
    )
  })

  test('is refused where a row of its tiles is too much for one decode', () => {
    const file = laidOut({ side: 20000, tileSide: 20000, lengths: [9_000_000] })
    expect(faultOf(() => play(file, undefined, 0))).toContain('a row of its tiles has 400000000 samples')
  })

  test('is walked no further than twice as many tile-parts as it has tiles', () => {
    const file = laidOut({
      side: 1024,
      tileSide: 1024,
      lengths: lengths(12, 300_000),
      tiles: Array(12).fill(0),
    })
    const garbage = file.offsets[11] ?? 0
    const read: LaidOut['read'] = (range) => {
      const bytes = file.read(range)
      if (range.first <= garbage && garbage <= range.last) bytes[garbage - range.first] = 0
      return bytes
    }
    expect(play({ ...file, read }, undefined, 4).opened).toMatchObject({ way: 'whole' })
  })

  test('costs few bytes where every tile is said to take more than its samples can', () => {
    const file = band({ shares: [0.9, 0.91, 0.92, 0.93, 1] })
    let bytes = 0
    const read: LaidOut['read'] = (range) => {
      bytes += range.last + 1 - range.first
      return file.read(range)
    }
    expect(faultOf(() => play({ ...file, read }, undefined, 4))).toContain('more than its samples can')
    expect(bytes).toBeLessThan(MIB)
  })

  test('is refused where its tiles are said to take more than their samples can', () => {
    const shares = [0.9, 0.91, 0.92, 0.93, 1]
    expect(faultOf(() => play(band({ shares }), undefined, 4))).toMatch(
      /^bad-image: its tile \d+ is said to take \d+ bytes, more than its samples can$/,
    )
  })
})
