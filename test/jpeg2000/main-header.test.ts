import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { cuttableAt } from '../../src/jpeg2000/cut.ts'
import { readMainHeader } from '../../src/jpeg2000/main-header.ts'
import {
  bandsOf,
  blocksAcross,
  blocksOf,
  precinctsAcross,
  precinctsAt,
  tileBox,
} from '../../src/jpeg2000/precincts.ts'
import { sampleImages } from './checked-images.ts'
import { headerOf } from './cut-images.ts'
import {
  box,
  CODING,
  long,
  type Made,
  madeCodestream,
  SIGNATURE_BOX,
  segment,
  tilePart,
  word,
} from './made-codestream.ts'

const refuses = (made: Made | Uint8Array, clause: string) => {
  const file = made instanceof Uint8Array ? made : madeCodestream(made)
  expect(() => readMainHeader(file, file.length)).toThrow(new Fault('bad-image', clause))
}
const coding = (at: number, value: number) => CODING.with(at, value)

test('a header says how large the image is and how it is coded', () => {
  const file = madeCodestream({
    grid: [1000, 700, 8, 16, 256, 128, 0, 0],
    components: [
      [7, 1, 1],
      [7, 1, 1],
      [7, 1, 1],
    ],
    coding: [7, 2, 0, 3, 1, 2, 2, 3, 0, 0, 0x77, 0x88, 0x98],
  })
  const header = headerOf(file)
  expect(header).toMatchObject({
    start: 0,
    end: file.length,
    firstTilePart: file.length - 17,
    size: { right: 1000, bottom: 700, left: 8, top: 16, tileWidth: 256, tileHeight: 128 },
    tilesAcross: 4,
    tilesDown: 6,
    announced: undefined,
    uncuttable: undefined,
  })
  expect(header.size.components).toHaveLength(3)
  expect(header.coding).toEqual({
    progression: 'RPCL',
    layers: 3,
    componentTransform: true,
    levels: 2,
    codeBlockWidth: 16,
    codeBlockHeight: 32,
    codeBlockStyle: 0,
    reversible: false,
    precincts: [
      { width: 7, height: 7 },
      { width: 8, height: 8 },
      { width: 8, height: 9 },
    ],
    sop: true,
    eph: true,
  })
})

test('a header that is not there yet asks for no more than the file has, and each time for more', () => {
  const file = Buffer.concat([
    SIGNATURE_BOX,
    box('xml ', new Uint8Array(9000)),
    box('jp2c', madeCodestream({ more: [segment(0xff64, new Array(8000).fill(32))] })),
  ])
  let head = 0
  for (let turn = 0; turn < 10; turn++) {
    const read = readMainHeader(file.subarray(0, head), file.length)
    if (!('need' in read)) {
      expect(head).toBeGreaterThan(9000)
      return
    }
    expect(read.need).toBeGreaterThan(head)
    expect(read.need).toBeLessThanOrEqual(file.length)
    head = read.need
  }
  expect.unreachable('the header is never there')
})

test('what an image may be has limits', () => {
  refuses({ grid: [0, 80, 0, 0, 100, 80, 0, 0] }, 'its SIZ names an image of 0 by 80')
  refuses({ grid: [100, 80, 120, 0, 100, 80, 120, 0] }, 'its SIZ names an image of -20 by 80')
  refuses(
    { grid: [40000, 20000, 0, 0, 512, 512, 0, 0] },
    'its SIZ names an image of 40000 by 20000, and 32768 a side are read',
  )
  refuses({ grid: [100, 80, 0, 0, 0, 192, 0, 0] }, 'its SIZ names a tile of 0 by 192')
  refuses({ grid: [20000, 20000, 0, 0, 1, 1, 0, 0] }, 'its SIZ names 20000 by 20000 tiles')
  const corner = 'its SIZ names a first tile that does not hold the corner of the image'
  refuses({ grid: [100, 80, 50, 0, 50, 80, 0, 0] }, corner)
  refuses({ grid: [100, 80, 0, 0, 50, 80, 10, 0] }, corner)
  refuses({ components: [] }, 'its SIZ names 0 components, and 1 or 3 are read')
  for (const count of [2, 4, 17]) {
    const components = new Array(count).fill([7, 1, 1])
    refuses({ components }, `its SIZ names ${count} components, and 1 or 3 are read`)
  }
  refuses({ components: [[16, 1, 1]] }, 'its SIZ names 17 bits a sample, and 16 are read')
  refuses({ components: [[0x87, 1, 1]] }, 'its SIZ names signed samples, and only unsigned ones are read')
  refuses({ components: [[7, 0, 1]] }, 'its SIZ names a subsampling of 0 by 1')
  const unlike = [7, 8, 8].map((depth) => [depth, 1, 1] as const)
  refuses({ components: unlike }, 'its SIZ names components of different bits')
})

test('what a header of a few bytes makes a decoder set up has limits', () => {
  const grid = (side: number, tile: number) => [side, side, 0, 0, tile, tile, 0, 0]
  const tooMany = (count: number) =>
    `its header names ${count} packets and code-blocks in a tile, more than are read`
  const quantization = [0x40, 64]
  // Precincts of one sample, code-blocks of 4 by 4 in one tile, a few in very many layers.
  const precincts = [1, 0, 0, 1, 0, 0, 4, 4, 0, 1, 0]
  refuses({ grid: grid(1500, 1500), coding: precincts, quantization }, tooMany(2 * 1500 ** 2))
  const smallBlocks = [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
  refuses({ grid: grid(2000, 2000), coding: smallBlocks, quantization }, tooMany(1 + 500 ** 2))
  refuses({ coding: [0, 0, 255, 255, 0, 2, 4, 4, 0, 1] }, tooMany(65_535 * (3 + 7)))
  refuses(
    { grid: grid(2540, 127), coding: precincts, quantization },
    'its header names more packets and code-blocks than are read',
  )
  refuses(
    { grid: grid(510, 2), coding: smallBlocks, quantization },
    'its header names 255 by 255 tiles of 1 components and 0 decompositions, more than is read',
  )
})

test('packets and code-blocks are counted as they are divided', () => {
  for (const { path } of sampleImages().filter(({ name }) => /_(B02|PVI|TCI)(_.*)?\.jp2$/.test(name))) {
    const header = headerOf(readFileSync(path))
    const { coding } = header
    const box = tileBox(header, 0)
    const across = { start: box.left, end: box.right }
    const down = { start: box.top, end: box.bottom }
    for (let r = 0; r <= coding.levels; r++) {
      const grid = precinctsAt(coding, box, r)
      expect(precinctsAcross(coding, across, r, 'width')).toBe(grid.across)
      expect(precinctsAcross(coding, down, r, 'height')).toBe(grid.down)
      let blocks = 0
      for (let k = 0; k < grid.across * grid.down; k++) {
        const [column, row] = [grid.left + (k % grid.across), grid.top + Math.floor(k / grid.across)]
        for (const band of blocksOf(coding, box, r, { column, row })) blocks += band.across * band.down
      }
      const counted = bandsOf(r).map(
        ({ x, y }) =>
          blocksAcross(coding, across, r, 'width', x) * blocksAcross(coding, down, r, 'height', y),
      )
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(blocks)
    }
  }
})

test('a .jp2 whose two headers contradict one another is refused', () => {
  const codestream = madeCodestream()
  const jp2 = (width: number, height: number, components: number, depth: number) => {
    const ihdr = [...long(height), ...long(width), ...word(components), depth, 7, 0, 0]
    const boxes = [SIGNATURE_BOX, box('jp2h', box('ihdr', Uint8Array.from(ihdr))), box('jp2c', codestream)]
    return Buffer.concat(boxes)
  }
  expect(headerOf(jp2(100, 80, 1, 7)).size.components).toHaveLength(1)
  expect(headerOf(jp2(100, 80, 1, 255)).size.components).toHaveLength(1)
  const refusesIt = (file: Uint8Array, told: string) =>
    refuses(file, `its ihdr box says ${told}, and its SIZ 100 by 80, 1, 8`)
  refusesIt(jp2(100, 81, 1, 7), '100 by 81 pixels, 1 components, 8 bits')
  refusesIt(jp2(50, 80, 1, 7), '50 by 80 pixels, 1 components, 8 bits')
  refusesIt(jp2(100, 80, 3, 7), '100 by 80 pixels, 3 components, 8 bits')
  refusesIt(jp2(100, 80, 1, 14), '100 by 80 pixels, 1 components, 15 bits')
})

test('how an image may be coded has limits', () => {
  refuses({ coding: coding(0, 8) }, 'its COD has the unknown style 8')
  refuses({ coding: coding(1, 5) }, 'its COD names the unknown progression 5')
  refuses({ coding: coding(3, 0) }, 'its COD names no layer')
  refuses({ coding: coding(4, 1) }, 'its COD names the component transform 1 for 1 components')
  refuses({ coding: coding(5, 33) }, 'its COD names 33 decompositions, and 32 is the most')
  refuses({ coding: coding(6, 9) }, 'its COD names code-blocks of 2^11 by 2^6 samples')
  refuses({ coding: coding(6, 5) }, 'its COD names code-blocks of 2^7 by 2^6 samples')
  refuses({ coding: coding(9, 2) }, 'its COD names the unknown wavelet 2')
  refuses({ coding: CODING.slice(0, 9) }, 'its COD is 11 bytes long')
  refuses({ coding: [...coding(0, 1), 0x77, 0x88] }, 'its COD is 14 bytes long for 2 decompositions')
  refuses(
    { coding: [...coding(0, 1), 0x77, 0x80, 0x88] },
    'its COD names a precinct one sample wide at resolution 1',
  )
  refuses({ quantization: [0x40, 1, 1, 1, 1, 1, 1] }, 'its QCD is 9 bytes long for 2 decompositions')
  refuses({ quantization: [0x42, ...new Array(13).fill(1)] }, 'its QCD is 16 bytes long for 2 decompositions')
  refuses({ quantization: [0x43, 1, 1] }, 'its QCD has an unknown style')
})

test('a header in disorder is refused', () => {
  const file = madeCodestream()
  refuses(word(0xff4f), 'it has 2 bytes only')
  refuses(
    { rest: new Uint8Array(40) },
    `its main header has 0x0000 at byte ${file.length - 17} and not a marker that belongs there`,
  )
  refuses(
    { rest: Buffer.from([0xff, 0xd9]) },
    `its main header has 0xFFD9 at byte ${file.length - 17} and not a marker that belongs there`,
  )
  refuses(
    { more: [Uint8Array.of(0xff, 0x64, 0, 1)] },
    `its segment 0xFF64 at byte ${file.length - 17} has a length of 1`,
  )
  refuses({ more: [segment(0xff52, CODING)] }, 'its main header has more than one COD')
  refuses(file.subarray(0, -20), 'it is cut short: its codestream ends within its main header')
  const withoutCoding = Buffer.concat([file.subarray(0, 45), file.subarray(-17)])
  refuses(withoutCoding, 'its main header has no COD')
  const long = new Array(20).fill(segment(0xff64, new Array(60_000).fill(0)))
  refuses({ more: long }, 'more than 1024 KiB stand ahead of its first tile-part')
})

test('segments that are not known are passed over', () => {
  const more = [segment(0xff63, [1, 2]), segment(0xff7f, []), word(0xff30), segment(0xff64, [0, 1, 65])]
  expect(headerOf(madeCodestream({ more })).uncuttable).toBeUndefined()
})

test.each([
  ['it has a COC marker', { more: [segment(0xff53, [0])] }],
  ['it has a QCC marker', { more: [segment(0xff5d, [0])] }],
  ['it has a RGN marker', { more: [segment(0xff5e, [0])] }],
  ['it has a POC marker', { more: [segment(0xff5f, [0])] }],
  ['it has a PPM marker', { more: [segment(0xff60, [0])] }],
  ['it has a CAP marker', { more: [segment(0xff50, [0])] }],
  ['its components are subsampled', { components: [[7, 2, 1]] }],
  ['it has the code-block style 64', { coding: coding(8, 64) }],
  ['its packets come in PCRL order', { coding: coding(1, 3) }],
  ['its packets come in CPRL order', { coding: coding(1, 4) }],
  ['its 2 layers come in LRCP order', { coding: coding(3, 2) }],
] satisfies [string, Made][])('nothing is cut where %s', (why, made) => {
  const header = headerOf(madeCodestream(made))
  expect(header.uncuttable).toBe(why)
  expect(cuttableAt(header, 0)).toBe(why)
})

test('layers in an order by resolution are no hindrance', () => {
  for (const progression of [1, 2]) {
    const header = headerOf(madeCodestream({ coding: coding(1, progression).with(3, 9) }))
    expect(header.uncuttable).toBeUndefined()
  }
})

test('tiles decide how often an image can be reduced', () => {
  const odd = headerOf(madeCodestream({ grid: [100, 80, 0, 0, 50, 40, 0, 0] }))
  expect(cuttableAt(odd, 1)).toBeUndefined()
  expect(cuttableAt(odd, 2)).toBe('its tiles of 50 pixels from 0 on cannot be divided by 4')
  const shifted = headerOf(madeCodestream({ grid: [100, 80, 4, 4, 64, 64, 3, 4] }))
  expect(cuttableAt(shifted, 1)).toBe('its tiles of 64 pixels from 3 on cannot be divided by 2')
  const single = headerOf(madeCodestream({ grid: [99, 79, 0, 0, 99, 79, 0, 0] }))
  expect(cuttableAt(single, 2)).toBeUndefined()
  expect(cuttableAt(single, 3)).toBe('it is halved 2 times in all, and its sides cannot be divided by 8')
  const vanishing = headerOf(madeCodestream({ grid: [100, 80, 61, 0, 64, 80, 0, 0] }))
  expect(cuttableAt(vanishing, 1)).toBeUndefined()
  expect(cuttableAt(vanishing, 2)).toBe('nothing is left of its first tile when its sides are divided by 4')
})

const FOUR = { grid: [100, 80, 0, 0, 50, 40, 0, 0] }
const parts = [0, 1, 2, 3].map((tile) => tilePart({ tile, packets: new Array(3 + tile).fill(0) }))
const rest = Buffer.concat([...parts, word(0xffd9)])
const lengths = parts.map(({ length }) => length)
const announced = lengths.map((length, tile) => ({ tile, length }))
const tlm = (index: number, sizes: number, bytes: readonly number[]) =>
  segment(0xff55, [index, sizes, ...bytes])

test.each([
  [
    'no index, two bytes',
    [
      tlm(
        0,
        0,
        lengths.flatMap((n) => [0, n]),
      ),
    ],
  ],
  [
    'no index, four bytes',
    [
      tlm(
        0,
        0x40,
        lengths.flatMap((n) => [0, 0, 0, n]),
      ),
    ],
  ],
  [
    'an index of one byte',
    [
      tlm(
        0,
        0x10,
        lengths.flatMap((n, tile) => [tile, 0, n]),
      ),
    ],
  ],
  [
    'an index of two bytes',
    [
      tlm(
        0,
        0x60,
        lengths.flatMap((n, tile) => [0, tile, 0, 0, 0, n]),
      ),
    ],
  ],
  [
    'several segments out of order',
    [tlm(7, 0x10, [2, 0, 19, 3, 0, 20]), tlm(3, 0x50, [0, 0, 0, 0, 17, 1, 0, 0, 0, 18])],
  ],
])('TLM announces all tile-parts with %s', (_, more) => {
  expect(headerOf(madeCodestream({ ...FOUR, more, rest })).announced).toEqual(announced)
  expect(headerOf(madeCodestream({ ...FOUR, more, rest: rest.subarray(0, -2) })).announced).toEqual(announced)
})

test.each([
  ['lacks a tile-part', [tlm(0, 0, [0, 17, 0, 18, 0, 19])]],
  ['has one too many', [tlm(0, 0, [0, 17, 0, 18, 0, 19, 0, 20, 0, 14])]],
  ['adds up wrongly', [tlm(0, 0, [0, 17, 0, 18, 0, 19, 0, 23])]],
  ['names a tile that there is not', [tlm(0, 0x10, [0, 0, 17, 1, 0, 18, 2, 0, 19, 4, 0, 20])]],
  ['has an impossible length', [tlm(0, 0, [0, 17, 0, 18, 0, 30, 0, 9])]],
  ['comes twice under one index', [tlm(0, 0, [0, 17, 0, 18]), tlm(0, 0, [0, 19, 0, 20])]],
  [
    'has an unknown form',
    [
      tlm(
        0,
        0x30,
        lengths.flatMap((n) => [0, n]),
      ),
    ],
  ],
  ['ends within an entry', [tlm(0, 0, [0, 17, 0, 18, 0, 19, 0])]],
  ['is empty', [segment(0xff55, [])]],
])('a TLM that %s announces nothing', (_, more) => {
  const header = headerOf(madeCodestream({ ...FOUR, more, rest }))
  expect(header.announced).toBeUndefined()
  expect(header.uncuttable).toBeUndefined()
})
