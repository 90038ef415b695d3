import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { wholeOf } from '../../src/jpeg2000/whole.ts'
import { sampleImages } from './checked-images.ts'
import { headerOf } from './cut-images.ts'
import { CODING, madeCodestream, segment, tilePart, word } from './made-codestream.ts'

const EOC = word(0xffd9)
const grid = [100, 80, 0, 0, 50, 80, 0, 0]
const whole = (file: Uint8Array) => wholeOf(headerOf(file), file)
const refuses = (file: Uint8Array, clause: string) =>
  expect(() => whole(file)).toThrow(new Fault('bad-image', clause))

test('a whole image has all tiles and packets, in as many tile-parts as it likes', () => {
  const part = (tile: number, packets: number[], index = 0) =>
    tilePart({ tile, packets, index, count: index === 0 ? 0 : 2 })
  const parts = [part(0, [0]), part(1, [0, 0, 0]), part(0, [0, 0], 1)]
  const file = madeCodestream({ grid, rest: Buffer.concat([...parts, EOC]) })
  expect(whole(file)).toMatchObject({ width: 100, height: 80, reduce: 0 })
  const short = 'it is cut short: the packets of its tile 0 are not all there'
  refuses(madeCodestream({ grid, rest: Buffer.concat([part(0, [0]), part(1, [0, 0, 0]), EOC]) }), short)
  refuses(madeCodestream({ grid, rest: Buffer.concat([part(0, [0, 0, 0]), EOC]) }), 'it has 1 of its 2 tiles')
})

test.each([0, 1, 2, 3, 4])('packets of progression %i are followed to their end', (progression) => {
  const coding = CODING.with(1, progression)
  const rest = (packets: number[]) => Buffer.concat([tilePart({ packets }), EOC])
  const components: [number, number, number][] = [1, 2, 3].map(() => [7, 1, 1])
  expect(whole(madeCodestream({ coding, components, rest: rest(Array(9).fill(0)) })).components).toBe(3)
  refuses(
    madeCodestream({ coding, components, rest: rest(Array(8).fill(0)) }),
    'it is cut short: the packets of its tile 0 are not all there',
  )
})

test('where packets are not followed, each has a byte at least', () => {
  const more = [segment(0xff5f, [0, 0, 0, 1, 3, 1, 0])]
  const rest = (packets: number[]) => Buffer.concat([tilePart({ packets }), EOC])
  expect(whole(madeCodestream({ more, rest: rest([0, 0, 0]) }))).toMatchObject({ width: 100 })
  refuses(
    madeCodestream({ more, rest: rest([0, 0]) }),
    'it is cut short: the packets of its tile 0 are not all there',
  )
})

test('all images of the sample are whole, and none of them a byte before its end', () => {
  for (const { path, name } of sampleImages()) {
    const file = readFileSync(path)
    const header = headerOf(file)
    expect(whole(file).reduce, name).toBe(0)
    if (file.length === header.end) {
      expect(() => wholeOf({ ...header, end: header.end - 3 }, file), name).toThrow(/^it is cut short/)
    }
  }
})
