import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addStrip, type MeanSoFar, meansOf } from '../src/colour/mean.ts'
import { decodeThreads, type Sampler } from '../src/colour/sampler.ts'
import type { TilePartLayout } from '../src/jpeg2000/codestream.ts'
import { withHeadroom } from '../src/jpeg2000/cut.ts'
import { type ImageFile, readStrips } from '../src/jpeg2000/read-strips.ts'
import { type MadeBands, madeBands } from './colour-bands.ts'
import { type Image, realBands } from './colour-mean.ts'
import { heading, median, say, table } from './figures.ts'
import { drawPlot, type Mark } from './plot.ts'

/** What was measured of an image at a reduce. */
export type Point = {
  readonly reduce: number
  /** Of the mean, percent of the mean of all its pixels, without sign. */
  readonly error: number
  /** Read of the file where nothing was known of it, and where its layout was remembered. */
  readonly bytes: number
  readonly knownBytes: number
}

const FILE = join(import.meta.dirname, '../docs/images/colour-error.svg')
const REDUCES = [0, 1, 2, 3, 4]
/** The bands that a colour is the mean of. */
const COLOUR = ['B04_10m', 'B03_10m', 'B02_10m'] as const

/** Error and bytes of the mean against the stride, as a table and as the plot of docs/colour.md. */
export async function benchColourPlot(): Promise<void> {
  const sampler = decodeThreads({ threads: 2 })
  try {
    const { bands } = await madeBands()
    const full = await measure(sampler, made(bands, COLOUR))
    const edge = await measure(sampler, made(bands, ['B03_10m_edge']))
    const real = await measure(sampler, realBands())
    heading('colour-plot: error of the mean by stride, and bytes read for it')
    table(
      ['', ...REDUCES.map((reduce) => `stride ${2 ** reduce}`)],
      [
        ['full cover, 10980², error %', ...range(full)],
        ['half cover, 10980², error %', ...range(edge)],
        ['real, 1830², halved as often, error %', ...range(real)],
        ['three bands of full cover, MB', ...megabytes(full, 'bytes')],
        ['… where tile-parts lie is known, MB', ...megabytes(full, 'knownBytes')],
      ],
    )
    await mkdir(dirname(FILE), { recursive: true })
    await writeFile(
      FILE,
      drawPlot({
        errors: [
          { name: 'drawn, full cover', points: marks(full) },
          { name: 'drawn, half nodata', points: marks(edge) },
          ...(real.length > 0 ? [{ name: 'real 60 m bands, 41 % nodata', points: marks(real) }] : []),
        ],
        megabytes: [
          { name: 'first time', points: sums(full, 'bytes') },
          { name: 'tile-parts known', points: sums(full, 'knownBytes') },
        ],
      }),
    )
    say(
      `Least to most over the bands. Real: ${real.length / REDUCES.length} bands of 60 m, halved as often. Written to docs/images/colour-error.svg.`,
    )
  } finally {
    await sampler.close()
  }
}

const made = (bands: MadeBands['bands'], names: readonly (keyof typeof bands)[]): Image[] =>
  names.map((name) => ({ name, ...bands[name] }))

async function measure(sampler: Sampler, images: readonly Image[]): Promise<readonly Point[]> {
  const points: Point[] = []
  for (const { path, mean } of images) {
    const { size } = await stat(path)
    const bytes = await readFile(path)
    const read: ImageFile['read'] = async ({ first, last }) =>
      Uint8Array.from(bytes.subarray(first, last + 1))
    for (const reduce of REDUCES) {
      const unknown = await meanOf(sampler, { size, layout: undefined, read }, reduce)
      const error = Math.abs((unknown.mean / mean - 1) * 100)
      const knownBytes = await bytesOf({ size, layout: unknown.learnt, read }, reduce)
      points.push({ reduce, error, bytes: unknown.bytes, knownBytes })
    }
  }
  return points
}

type Read = { readonly mean: number; readonly bytes: number; readonly learnt: TilePartLayout | undefined }

/** The mean of an image as the service makes it, strip by strip. */
async function meanOf(sampler: Sampler, file: ImageFile, reduce: number): Promise<Read> {
  const { strips, reading, learnt } = readStrips(file, reduce)
  let soFar: MeanSoFar | undefined
  for await (const cut of strips) {
    const { codestream, ...how } = withHeadroom(cut)
    soFar = addStrip(soFar, { ...how, ...(await sampler.pixels({ ...how, codestream })) })
  }
  const mean = soFar && meansOf(soFar)[0]?.mean
  if (mean === undefined) throw new Error(`No pixel of an image of ${file.size} bytes holds data.`)
  return { mean, bytes: reading().bytes, learnt: learnt() }
}

/** What is read of an image, without decoding it. */
async function bytesOf(file: ImageFile, reduce: number): Promise<number> {
  const { strips, reading } = readStrips(file, reduce)
  for await (const _ of strips);
  return reading().bytes
}

const at = (points: readonly Point[], reduce: number) => points.filter((point) => point.reduce === reduce)

const range = (points: readonly Point[]): string[] =>
  REDUCES.map((reduce) => {
    const errors = at(points, reduce).map(({ error }) => error)
    if (errors.length === 0) return '–'
    const [least, most] = [Math.min(...errors).toFixed(4), Math.max(...errors).toFixed(4)]
    return least === most ? most : `${least} to ${most}`
  })

/** By stride; the error of the middle band, and of the best and the worst. */
const marks = (points: readonly Point[]): Mark[] =>
  REDUCES.map((reduce) => {
    const errors = at(points, reduce).map(({ error }) => error)
    return {
      stride: 2 ** reduce,
      value: median(errors),
      least: Math.min(...errors),
      most: Math.max(...errors),
    }
  })

type Amount = 'bytes' | 'knownBytes'

const sums = (points: readonly Point[], amount: Amount): Mark[] =>
  REDUCES.map((reduce) => {
    const value = at(points, reduce).reduce((sum, point) => sum + point[amount], 0) / 1e6
    return { stride: 2 ** reduce, value, least: value, most: value }
  })

const megabytes = (points: readonly Point[], amount: Amount): string[] =>
  sums(points, amount).map(({ value }) => value.toFixed(2))
