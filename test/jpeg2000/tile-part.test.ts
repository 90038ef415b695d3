import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import type { MainHeader } from '../../src/jpeg2000/codestream.ts'
import { checkEnds } from '../../src/jpeg2000/packets.ts'
import { readTilePart } from '../../src/jpeg2000/tile-part.ts'
import { sampleImages } from './checked-images.ts'
import { headerOf, readImage, withoutSegments } from './cut-images.ts'
import { CODING, type MadePart, madeCodestream, segment, tilePart, word } from './made-codestream.ts'

/** A codestream of one tile-part of one tile and its header; its image has a precinct at each of 3 resolutions. */
function made(part: MadePart): {
  readonly window: Uint8Array
  readonly at: number
  readonly header: MainHeader
} {
  const window = tilePart(part)
  const file = madeCodestream({ rest: Buffer.concat([window, word(0xffd9)]) })
  const header = headerOf(file)
  return { window: file.subarray(header.firstTilePart), at: header.firstTilePart, header }
}
const read = (part: MadePart) => {
  const { window, at, header } = made(part)
  return readTilePart(window, at, header)
}
const refuses = (part: MadePart, clause: string) =>
  expect(() => read(part)).toThrow(new Fault('bad-image', clause))
const plt = (index: number, ...lengths: readonly number[]) => segment(0xff58, [index, ...lengths])

test('a PLT tells where the resolutions end', () => {
  const packets = new Array(300).fill(1)
  // 0x82 0x0A is 266: seven bits a byte.
  expect(read({ segments: [plt(0, 4, 30, 0x82, 0x0a)], packets })).toEqual({
    tile: 0,
    length: 14 + 9 + 300,
    headerLength: 23,
    ends: [27, 57, 323],
  })
})

test('several PLT go by their index, and a length may go over their ends', () => {
  const packets = new Array(300).fill(1)
  const segments = [plt(5, 0x0a), segment(0xff64, [0, 1, 65]), plt(1, 4, 30, 0x82)]
  expect(read({ segments, packets })).toMatchObject({ ends: [39, 69, 335] })
})

test('without a PLT the packet headers tell', () => {
  // An empty packet each: a bit of 0, filled up to a byte.
  expect(read({})).toEqual({ tile: 0, length: 17, headerLength: 14, ends: [15, 16, 17] })
})

test('Psot 0 is a tile-part to the end of the codestream', () => {
  expect(read({ length: 0 })).toEqual({ tile: 0, length: 19, headerLength: 14, ends: [15, 16, 17] })
})

test('a PLT that does not fit its tile-part is refused', () => {
  const packets = new Array(34).fill(1)
  refuses({ segments: [plt(0, 4, 30)], packets }, 'the PLT of its tile 0 names fewer packets than it has')
  refuses(
    { segments: [plt(0, 4, 29, 1, 0)], packets },
    'the PLT of its tile 0 names more packets than it has',
  )
  refuses(
    { segments: [plt(0, 4, 10, 10)], packets },
    'the PLT of its tile 0 ends at 46 of the 56 bytes of its tile-part',
  )
  refuses(
    { segments: [plt(0, 4, 30, 9)], packets },
    'the PLT of its tile 0 names more bytes than its tile-part has',
  )
  refuses(
    { segments: [plt(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)], packets },
    'the PLT of its tile 0 names more bytes than its tile-part has',
  )
  refuses(
    { segments: [plt(0, 4), plt(0, 20, 10)], packets },
    'the PLT of its tile 0 comes twice under one index',
  )
})

test('packets that do not fit their tile-part are refused', () => {
  refuses({ packets: [0, 0] }, 'the packets of its tile 0 do not fit in its tile-part')
  refuses({ packets: [0, 0, 0, 0] }, 'the packets of its tile 0 end at 17 of the 18 bytes of its tile-part')
  refuses({ packets: new Array(80).fill(0xff) }, 'one of its packet headers is damaged')
})

test('a tile-part that lies about itself is refused', () => {
  const { at } = made({})
  refuses({ tile: 1 }, `its tile-part at byte ${at} is of tile 1, and it has 1 tiles`)
  refuses({ length: 13 }, `its tile-part at byte ${at} has a length of 13`)
  refuses(
    { length: 99 },
    `it is cut short: its tile-part at byte ${at} ends at byte ${at + 99}, its codestream at byte ${at + 19}`,
  )
  refuses(
    { segments: [segment(0xff64, [1, 2])], length: 18 },
    'the tile-part of its tile 0 ends within its header',
  )
  refuses(
    { segments: [word(0x1234)] },
    'the tile-part header of its tile 0 has 0x1234 in the place of a marker',
  )
  refuses({ segments: [Uint8Array.of(0xff, 0x64, 0, 0)] }, 'a segment of its tile 0 has a length of 0')
  const { window, header } = made({})
  expect(() => readTilePart(window.subarray(2), at + 2, header)).toThrow(
    `it has 0x000A at byte ${at + 2}, where a tile-part should begin`,
  )
  expect(() => readTilePart(window, header.end - 3, header)).toThrow(/^it is cut short: no tile-part fits in/)
})

test.each([
  ['its tile 0 has a COD marker of its own', { segments: [segment(0xff52, CODING)] }],
  ['its tile 0 has a COC marker of its own', { segments: [segment(0xff53, [0])] }],
  ['its tile 0 has a QCD marker of its own', { segments: [segment(0xff5c, [0])] }],
  ['its tile 0 has a QCC marker of its own', { segments: [segment(0xff5d, [0])] }],
  ['its tile 0 has a RGN marker of its own', { segments: [segment(0xff5e, [0])] }],
  ['its tile 0 has a POC marker of its own', { segments: [segment(0xff5f, [0])] }],
  ['its tile 0 has a PPT marker of its own', { segments: [segment(0xff61, [0])] }],
  ['its tile 0 comes in several tile-parts', { count: 2 }],
  ['its tile 0 comes in several tile-parts', { index: 1, count: 0 }],
  ['its tile 0 comes in several tile-parts', { count: 0, packets: [0, 0] }],
  ['its tile 0 comes in several tile-parts', { count: 0, packets: [0, 0], segments: [plt(0, 1, 1)] }],
] satisfies [string, MadePart][])('nothing is cut where %s', (uncuttable, part) => {
  expect(read(part)).toEqual({ uncuttable })
})

test('what is uncuttable as a whole has no tile-parts to be cut', () => {
  const { window, at, header } = made({})
  const uncuttable = 'it has a POC marker'
  expect(readTilePart(window, at, { ...header, uncuttable })).toEqual({ uncuttable })
})

test('precincts that later layers come back to are bounded', () => {
  // 100 by 80 precincts of one sample, twice: a packet that includes nothing has the bits 1 and 0.
  const rest = tilePart({ packets: new Array(20_000).fill(0x80) })
  const coding = [1, 2, 0, 2, 0, 0, 4, 4, 0, 1, 0]
  const file = madeCodestream({ coding, quantization: [0x40, 64], rest })
  const header = headerOf(file)
  expect(readTilePart(file.subarray(header.firstTilePart), header.firstTilePart, header)).toEqual({
    uncuttable: 'it has more precincts in several layers than are followed',
  })
})

test('a PLT that ends elsewhere than the packets is refused, however well it fits its tile-part', () => {
  const path = sampleImages().find(({ name }) => name.endsWith('_B02.jp2'))?.path ?? ''
  const { header, parts } = readImage(readFileSync(path))
  const { levels } = header.coding
  for (const { part, bytes } of parts) {
    const { tile, headerLength, ends } = part
    for (const [resolution, end] of ends.entries()) {
      const check = (until: number) => () =>
        checkEnds({ tile, headerLength, bytes: bytes.subarray(0, until) }, header, resolution)
      expect(check(end)).not.toThrow()
      const clause = `the PLT of its tile ${tile} contradicts the packets there`
      expect(check(end - 1)).toThrow(clause)
      if (resolution < levels) expect(check(end + 1)).toThrow(clause)
    }
  }
})

test('a window that is too short grows until it is enough, in few steps and never past the tile-part', () => {
  for (const { path } of sampleImages().filter(({ name }) => /_(B02|PVI|TCI)(_.*)?\.jp2$/.test(name))) {
    const file = readFileSync(path)
    const { header, parts } = readImage(file)
    const [first] = parts
    if (first === undefined) throw new Error('The image has no tiles.')
    for (const bytes of [first.bytes, withoutSegments(first)]) {
      let [window, steps] = [0, 0]
      for (;;) {
        const found = readTilePart(bytes.subarray(0, window), first.at, header)
        if ('tile' in found) break
        if ('uncuttable' in found) throw new Error(found.uncuttable)
        expect(found.need).toBeGreaterThan(window)
        expect(found.need).toBeLessThanOrEqual(bytes.length)
        window = found.need
        steps++
      }
      expect(steps).toBeLessThan(20)
    }
  }
})

test('without a PLT the lowest resolutions need no more of the window than themselves', () => {
  const file = readFileSync(sampleImages().find(({ name }) => name.endsWith('_B02.jp2'))?.path ?? '')
  const { header, parts } = readImage(file)
  for (const read of parts) {
    const bare = withoutSegments(read)
    const whole = readTilePart(bare, read.at, header)
    if (!('tile' in whole)) throw new Error('A whole tile-part is not enough.')
    const found = readTilePart(bare.subarray(0, whole.ends[1]), read.at, header, 1)
    expect(found).toEqual({ ...whole, ends: whole.ends.slice(0, 2) })
  }
})
