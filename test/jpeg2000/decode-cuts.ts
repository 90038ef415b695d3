import { expect } from 'vitest'
import type { TileRows } from '../../src/jpeg2000/cut.ts'
import { cutImage, type ReadImage } from './cut-images.ts'
import { type Decoded, decode, stacked } from './decode.ts'

/** What is cut out of an image, decoded; it must be of the size that the cut promised. */
export async function decodeCut(image: ReadImage, reduce: number, rows?: TileRows): Promise<Decoded> {
  const cut = cutImage(image, reduce, rows)
  const decoded = await decode(cut.codestream)
  const { width, height, components, bits } = cut
  expect(decoded).toMatchObject({ width, height, components, bits })
  return decoded
}

/** The same planes, of strips of some rows of tiles each. */
export async function decodeInStrips(image: ReadImage, reduce: number, rows: number): Promise<Uint8Array> {
  const strips: Decoded[] = []
  for (let from = 0; from < image.header.tilesDown; from += rows) {
    const until = Math.min(from + rows, image.header.tilesDown)
    strips.push(await decodeCut(image, reduce, { from, until }))
  }
  return stacked(strips)
}
