import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { locateCodestream } from '../../src/jpeg2000/boxes.ts'
import { box, long, madeCodestream, SIGNATURE_BOX } from './made-codestream.ts'

const codestream = madeCodestream()
const other = box('free', new Uint8Array(20))

const located = (file: Uint8Array, head = file.length) =>
  locateCodestream(file.subarray(0, head), file.length)

test('a raw codestream is all of its file', () => {
  expect(located(codestream)).toEqual({ start: 0, end: codestream.length })
})

test('the codestream of a .jp2 is what its jp2c box holds, whatever form its length has', () => {
  for (const [form, headerLength] of [
    ['short', 8],
    ['long', 16],
  ] as const) {
    const file = Buffer.concat([SIGNATURE_BOX, other, box('jp2c', codestream, form), other])
    const start = SIGNATURE_BOX.length + other.length + headerLength
    expect(located(file)).toEqual({ start, end: start + codestream.length })
  }
})

test('a box of length 0 goes to the end of the file', () => {
  const file = Buffer.concat([SIGNATURE_BOX, box('jp2c', codestream, 'open')])
  expect(located(file)).toEqual({ start: 20, end: file.length })
})

test('boxes that are not there yet are asked for, straight behind a large one', () => {
  const large = box('asoc', new Uint8Array(500_000))
  const file = Buffer.concat([SIGNATURE_BOX, large, box('jp2c', codestream)])
  const first = located(file, 100)
  expect(first).toEqual({ need: 12 + large.length + 16 + Math.min(4096, codestream.length - 8) })
  expect(located(file, 12)).toEqual({ need: 12 + 16 + 4096 })
  expect(located(file, 0)).toEqual({ need: 4096 })
  expect('start' in located(file, 'need' in first ? first.need : 0)).toBe(true)
})

test('a header of more than a MiB is refused before it is read', () => {
  const file = Buffer.concat([SIGNATURE_BOX, long(3_000_000), Buffer.from('uuid'), new Uint8Array(20)])
  expect(() => locateCodestream(file, 5_000_000)).toThrow(
    new Fault('bad-image', 'more than 1024 KiB stand ahead of its first tile-part'),
  )
})

test.each([
  ['it is empty', new Uint8Array(0)],
  ['it has 5 bytes only', new Uint8Array(5)],
  ['it is no JPEG 2000: it begins with zeros', new Uint8Array(100)],
  ['it is no JPEG 2000: it begins with 89 50 4E 47', Buffer.from('\x89PNG\r\n\x1a\n    ', 'latin1')],
  ['it is no JPEG 2000: it is an HTML page', Buffer.from('\n<!DOCTYPE html><html><body>')],
  ['it is no JPEG 2000: it is an HTML page', Buffer.from('<html lang="en"><body>Sorry')],
  ['it is no JPEG 2000: it is XML', Buffer.from('<?xml version="1.0"?><Error><Code>NoSuchKey')],
  ['it is no JPEG 2000: it is XML', Buffer.from('\ufeff<Error><Code>NoSuchKey')],
  ['it holds no codestream: none of its boxes is a jp2c', Buffer.concat([SIGNATURE_BOX, other])],
  [
    'it holds no codestream: none of its boxes is a jp2c',
    Buffer.concat([SIGNATURE_BOX, box('free', new Uint8Array(9), 'open')]),
  ],
  ['its box at byte 12 has a length of 7', Buffer.concat([SIGNATURE_BOX, long(7), new Uint8Array(20)])],
  [
    'its box at byte 12 has a length of 15',
    Buffer.concat([SIGNATURE_BOX, long(1), Buffer.from('jp2c'), long(0), long(15)]),
  ],
  [
    'it is cut short: its box at byte 12 ends at byte 1012, the file at byte 32',
    Buffer.concat([SIGNATURE_BOX, long(1000), Buffer.from('jp2c'), new Uint8Array(12)]),
  ],
])('%s', (clause, file) => {
  expect(() => located(file)).toThrow(new Fault('bad-image', clause))
})
