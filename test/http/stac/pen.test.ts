import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPen } from '../../../src/http/stac/pen.ts'

const written = (write: (pen: ReturnType<typeof createPen>) => void): string => {
  const pen = createPen(1)
  write(pen)
  return Buffer.from(pen.take()).toString()
}

describe('a pen', () => {
  test('writes a number as JSON has it', () => {
    const numbers = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -180_000_000, max: 180_000_000 }).map((millionths) => millionths / 1e6),
      fc.integer(),
      fc.constantFrom(
        0,
        -0,
        1e-6,
        -1e-6,
        1e-7,
        0.1,
        999_999_999.999999,
        1e9,
        -1e9,
        2 ** 31,
        1e21,
        123.45,
        180,
      ),
    )
    fc.assert(
      fc.property(numbers, (number) => {
        expect(written((pen) => pen.number(number))).toBe(JSON.stringify(number))
      }),
      { numRuns: 20_000 },
    )
  })

  test('writes texts of any length and letter one behind the other, past the room it got', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 40 })), (texts) => {
        expect(written((pen) => texts.forEach(pen.utf8))).toBe(texts.join(''))
      }),
    )
    const letters = Array.from({ length: 60 }, (_, length) => 'abcdefghij'.repeat(6).slice(0, length))
    expect(written((pen) => letters.forEach(pen.ascii))).toBe(letters.join(''))
  })

  test('never writes again into what was taken', () => {
    const pen = createPen(8)
    pen.ascii('first')
    const first = pen.take()
    pen.expect(100)
    pen.ascii('other')
    expect([Buffer.from(first).toString(), pen.length()]).toEqual(['first', 5])
    expect(Buffer.from(pen.take()).toString()).toBe('other')
    expect(pen.take().length).toBe(0)
  })

  test('leaves a short text no more memory than it needs, and a long one what it was written into', () => {
    const pen = createPen(1000)
    pen.ascii('short')
    const short = pen.take()
    pen.ascii('x'.repeat(600))
    const long = pen.take()
    pen.ascii('other')
    expect([Buffer.from(short).toString(), short.buffer.byteLength]).toEqual(['short', 5])
    expect([Buffer.from(long).toString(), long.buffer.byteLength]).toEqual(['x'.repeat(600), 1000])
  })
})
