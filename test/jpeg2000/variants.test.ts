import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cuttableAt } from '../../src/jpeg2000/cut.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { cutImage, headerOf, partOf, type ReadImage, readImage, withoutSegments } from './cut-images.ts'
import { decodeCut, decodeInStrips } from './decode-cuts.ts'
import { decodedByOpenjpeg, hasOpenjpeg, type Picture, packByOpenjpeg } from './openjpeg.ts'

/*
 * What the archive never writes but the standard allows, packed by OpenJPEG's own program. Sides are odd on
 * purpose.
 */

const grey: Picture = picture(301, 203, 1, 12)
const colours: Picture = picture(149, 211, 3, 8)

type Variant = { readonly picture: Picture; readonly options: string }
const VARIANTS: Readonly<Record<string, Variant>> = {
  'one tile of an odd size': { picture: grey, options: '-n 5' },
  'one tile, precincts, PLT': { picture: grey, options: '-n 5 -c [64,64],[32,32] -PLT' },
  'tiles and PLT': { picture: grey, options: '-n 4 -t 64,64 -PLT' },
  'tiles wider than high': { picture: grey, options: '-n 4 -t 80,48 -b 16,8' },
  'tiles and TLM': { picture: grey, options: '-n 4 -t 64,64 -TLM' },
  RLCP: { picture: colours, options: '-n 4 -t 64,64 -p RLCP' },
  'RLCP with layers': { picture: colours, options: '-n 4 -t 64,64 -p RLCP -r 40,20,10,5,1 -PLT' },
  'RPCL with precincts': { picture: colours, options: '-n 4 -t 96,96 -p RPCL -c [32,32],[16,16] -b 16,16' },
  'RPCL with layers': {
    picture: colours,
    options: '-n 4 -t 96,96 -p RPCL -c [32,32],[16,16] -b 16,16 -r 40,20,10,5,1',
  },
  SOP: { picture: grey, options: '-n 4 -t 64,64 -SOP' },
  EPH: { picture: grey, options: '-n 4 -t 64,64 -EPH' },
  'SOP, EPH, layers, RLCP, PLT': {
    picture: grey,
    options: '-n 4 -t 64,64 -p RLCP -r 40,20,10,5,1 -SOP -EPH -PLT',
  },
  'three components with RCT': { picture: colours, options: '-n 4 -t 32,32 -mct 1' },
  'three components without': { picture: colours, options: '-n 4 -t 32,32 -mct 0' },
  bypass: { picture: grey, options: '-n 4 -t 64,64 -M 1' },
  'each pass terminated': { picture: grey, options: '-n 4 -t 64,64 -M 4' },
  'bypass and layers': { picture: grey, options: '-n 4 -t 64,64 -M 1 -p RLCP -r 20,10,5,3,2,1' },
  'each pass terminated and layers': {
    picture: grey,
    options: '-n 4 -t 64,64 -M 5 -p RLCP -r 20,10,5,3,2,1',
  },
  'all other code-block styles': { picture: grey, options: '-n 4 -t 64,64 -M 58' },
  'an image off the origin': { picture: grey, options: '-n 4 -t 64,64 -d 37,19 -PLT' },
  'tiles off the origin': { picture: grey, options: '-n 4 -t 64,64 -d 37,91 -T 16,48' },
  'one tile off the origin': { picture: grey, options: '-n 4 -d 37,91 -T 5,7' },
  'the 9/7 wavelet': { picture: grey, options: '-n 4 -t 64,64 -I' },
  'the 9/7 wavelet with ICT': { picture: colours, options: '-n 4 -t 64,64 -I -mct 1 -r 10' },
  'no decomposition': { picture: grey, options: '-n 1 -t 64,64' },
}

const installed = hasOpenjpeg('tests of unusual codestreams')

describe.skipIf(!installed).each(Object.entries(VARIANTS))('%s', (_, { picture, options }) => {
  let folder: Temporary
  let path: string
  let image: ReadImage
  beforeAll(async () => {
    folder = await temporaryFolder()
    path = join(folder.path, 'image.j2k')
    await packByOpenjpeg(picture, path, options.split(' '))
    image = readImage(await readFile(path))
  })
  afterAll(() => folder.remove())

  test('cut at any reduce, whole or in strips, decodes as the whole does', async () => {
    const { levels } = image.header.coding
    for (let reduce = 0; reduce <= levels; reduce++) {
      expect(cuttableAt(image.header, reduce)).toBeUndefined()
      const expected = await decodedByOpenjpeg(path, reduce)
      const cut = join(folder.path, `cut-${reduce}.j2k`)
      await writeFile(cut, cutImage(image, reduce).codestream)
      const byOpenjpeg = await decodedByOpenjpeg(cut, 0)
      expect(Buffer.compare(expected, byOpenjpeg), `by OpenJPEG at ${reduce}`).toBe(0)
      expect(Buffer.compare(expected, (await decodeCut(image, reduce)).planes), `at ${reduce}`).toBe(0)
      expect(Buffer.compare(expected, await decodeInStrips(image, reduce, 1)), `strips at ${reduce}`).toBe(0)
    }
  })

  test('its packet headers tell the same ends as its PLT, if it has one', () => {
    for (const read of image.parts) {
      const from = read.part.headerLength - 14
      const { ends } = partOf(withoutSegments(read), read.at, image.header)
      expect(ends).toEqual(read.part.ends.map((end) => end - from))
    }
  })
})

const UNCUTTABLE: Readonly<Record<string, Variant>> = {
  'its 5 layers come in LRCP order': { picture: grey, options: '-r 40,20,10,5,1' },
  'its packets come in PCRL order': { picture: grey, options: '-p PCRL' },
  'its packets come in CPRL order': { picture: colours, options: '-p CPRL' },
  'it has a RGN marker': { picture: grey, options: '-ROI c=0,U=3' },
  'its components are subsampled': { picture: grey, options: '-s 2,2' },
  'its tile 0 comes in several tile-parts': { picture: grey, options: '-n 4 -t 64,64 -TP R -p RLCP' },
}

describe.skipIf(!installed)('what cannot be cut', () => {
  test.each(Object.entries(UNCUTTABLE))('%s', async (why, { picture, options }) => {
    const folder = await temporaryFolder()
    const path = join(folder.path, 'image.j2k')
    await packByOpenjpeg(picture, path, options.split(' '))
    const file = await readFile(path)
    const header = headerOf(file)
    const told = cuttableAt(header, 1)
    if (told !== undefined) expect(told).toBe(why)
    else expect(() => readImage(file)).toThrow(why)
    await folder.remove()
  })
})

test('a TLM that names all tile-parts announces what the tile-parts themselves say', async () => {
  if (!installed) return
  const folder = await temporaryFolder()
  const path = join(folder.path, 'image.j2k')
  await packByOpenjpeg(grey, path, '-n 4 -t 64,64 -TLM -PLT'.split(' '))
  const { header, parts } = readImage(await readFile(path))
  expect(header.announced).toEqual(parts.map(({ part }) => ({ tile: part.tile, length: part.length })))
  await folder.remove()
})

/** Waves, edges and some noise, so that no subband is empty. */
function picture(width: number, height: number, components: 1 | 3, bits: number): Picture {
  const most = 2 ** bits - 1
  let seed = 7
  const values = Array.from({ length: width * height * components }, (_, i) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    const [x, y] = [Math.floor(i / components) % width, Math.floor(i / components / width)]
    const wave = Math.sin(x / 9 + (i % components)) * Math.cos(y / 13) + (x + y > 200 ? 0.6 : 0)
    return Math.round(Math.min(1, Math.max(0, 0.4 + wave / 4 + (seed / 2 ** 31) * 0.2)) * most)
  })
  return { width, height, components, bits, values }
}
