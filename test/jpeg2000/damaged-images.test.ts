import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { cuttableAt } from '../../src/jpeg2000/cut.ts'
import { readMainHeader } from '../../src/jpeg2000/main-header.ts'
import { readTilePart } from '../../src/jpeg2000/tile-part.ts'
import { realData } from '../real-data.ts'
import { sampleImages } from './checked-images.ts'
import { readImage, withoutSegments } from './cut-images.ts'

/** Reads all of a file as a reader with all of its bytes does; what was wrong with it, if anything. */
function readAll(file: Uint8Array): string | undefined {
  try {
    const header = readMainHeader(file, file.length)
    if ('need' in header)
      throw new Error(`All of ${file.length} bytes are there, and ${header.need} are asked for.`)
    if (header.announced !== undefined) {
      const sum = header.announced.reduce((total, { length }) => total + length, header.firstTilePart)
      expect(sum).toBeLessThanOrEqual(file.length)
    }
    cuttableAt(header, 1)
    let at = header.firstTilePart
    for (let tile = 0; tile < header.tilesAcross * header.tilesDown; tile++) {
      const part = readTilePart(file.subarray(at), at, header)
      if ('need' in part)
        throw new Error(`All of the tile-part is there, and ${part.need} bytes are asked for.`)
      if ('uncuttable' in part) return part.uncuttable
      const { headerLength, ends, length } = part
      const rising = [headerLength, ...ends, length]
      expect(rising).toEqual(rising.toSorted((a, b) => a - b))
      expect(ends).toHaveLength(header.coding.levels + 1)
      at += length
      expect(at).toBeLessThanOrEqual(file.length)
    }
    return undefined
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'bad-image') return thrown.message
    throw thrown
  }
}

/** A reader that gets a window as long as it is asked for. */
function expectSoundNeed(file: Uint8Array, window: number): void {
  try {
    const header = readMainHeader(file.subarray(0, window), file.length)
    if ('need' in header) {
      expect(header.need).toBeGreaterThan(Math.min(window, file.length))
      expect(header.need).toBeLessThanOrEqual(file.length)
      return
    }
    const at = header.firstTilePart
    const part = readTilePart(file.subarray(at, at + window), at, header)
    if (!('need' in part)) return
    expect(part.need).toBeGreaterThan(Math.min(window, file.length - at))
    expect(at + part.need).toBeLessThanOrEqual(file.length)
  } catch (thrown) {
    if (!(thrown instanceof Fault && thrown.code === 'bad-image')) throw thrown
  }
}

const files = sampleImages()
  .filter(({ name }) => /_(B02|B04|TCI|PVI|SCL)(_.*)?\.jp2$/.test(name))
  .filter((_, i) => i % 3 === 0)
  .map(({ path }) => readFileSync(path))
  .flatMap((file) => [file, withoutAnyPlt(file)])

/** A file with some of its bytes changed, most of them among its headers, and perhaps cut short. */
const damaged = fc
  .record({
    file: fc.constantFrom(...files),
    changes: fc.array(
      fc.record({
        at: fc.oneof(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 3000 })),
        byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0x90, 0xff)),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 5 }),
  })
  .map(({ file, changes, cut }) => {
    const bytes = Uint8Array.from(cut === null ? file : file.subarray(0, Math.floor(file.length * cut)))
    for (const { at, byte } of changes) bytes[at < 1 ? Math.floor(at * bytes.length) : at] = byte
    return bytes
  })

test('a damaged file is read or refused with a reason, and never past its end', () => {
  fc.assert(
    fc.property(damaged, (file) => {
      readAll(file)
    }),
    { numRuns: 3000, seed: 20220620 },
  )
})

test('a window on a damaged file asks for more than it had and no more than there is', () => {
  fc.assert(
    fc.property(damaged, fc.nat({ max: 8000 }), (file, window) => expectSoundNeed(file, window)),
    { numRuns: 3000, seed: 20220621 },
  )
})

test('the files themselves are read to their end', () => {
  for (const file of files) expect(readAll(file)).toBeUndefined()
})

const hostile = realData('hostile')
const names = hostile === undefined ? [] : readdirSync(hostile).filter((name) => !name.endsWith('.tsv'))

describe.skipIf(hostile === undefined)('hostile files', () => {
  test.each(names)('%s is read or refused with a reason within a second', (name) => {
    const file = readFileSync(join(hostile ?? '', name))
    const began = performance.now()
    const reason = readAll(file)
    expect(performance.now() - began).toBeLessThan(1000)
    // A clause that follows the file's name.
    if (reason !== undefined) expect(reason).toMatch(/^(it|its|the|more|one|a|nothing) .+[^.]$/)
    for (const window of [0, 12, 100, 1000, 10_000]) expectSoundNeed(file, window)
  })

  test('those that OpenJPEG cannot even read the header of are refused', () => {
    const told = readFileSync(join(hostile ?? '', 'FILES.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
    // One has a single tile larger than OpenJPEG takes, around an image of 8 by 8, which is no fault.
    const unreadable = told.filter(
      ([name, , , , error]) => name !== 'huge-tile-size.jp2' && error?.includes('failed to read the header'),
    )
    expect(unreadable.length).toBeGreaterThan(30)
    for (const [name = ''] of unreadable) {
      expect(readAll(readFileSync(join(hostile ?? '', name))), name).toBeDefined()
    }
  })
})

/** The same file with a codestream whose tile-parts have no PLT. */
function withoutAnyPlt(file: Uint8Array): Uint8Array {
  const { header, parts } = readImage(file)
  const codestream = Buffer.concat([
    file.subarray(header.start, header.firstTilePart),
    ...parts.map(withoutSegments),
    Uint8Array.of(0xff, 0xd9),
  ])
  return codestream
}
