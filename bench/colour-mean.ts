import { openSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { addStrip, meansOf, type Strip } from '../src/colour/mean.ts'
import { decodeThreads, type Sampler } from '../src/colour/sampler.ts'
import { withHeadroom } from '../src/jpeg2000/cut.ts'
import { readStrips } from '../src/jpeg2000/read-strips.ts'
import { realData } from '../test/real-data.ts'
import { madeBands } from './colour-bands.ts'
import { heading, say, table } from './figures.ts'

/** An image and its mean at full size, in DN of the pixels that are not 0. */
export type Image = { readonly name: string; readonly path: string; readonly mean: number }
/** A halved image. */
type Halved = Strip
type Way = (image: Halved) => number

const HALF_A_DN = 0.5

/** What becomes of pixels that are part data and part nodata; half a DN for each halving is taken off in all. */
const WAYS: Readonly<Record<string, Way>> = {
  'every pixel above 0 as whole': (image) => plainMean(image, () => true),
  'those beside nodata left out': (image) => plainMean(image, (x, y) => !hasNodataBeside(image, x, y)),
  'sums kept, traces taken off (src/colour/mean.ts)': (image) =>
    meansOf(addStrip(undefined, image))[0]?.mean ?? Number.NaN,
}

/** Why pixels along nodata count for their share of data: the error of the mean in three ways. */
export async function benchMean(): Promise<void> {
  const sampler = decodeThreads({ threads: 2 })
  try {
    const { bands } = await madeBands()
    const made = (names: readonly (keyof typeof bands)[]) => names.map((name) => ({ name, ...bands[name] }))
    const real = realBands()
    const columns: readonly (readonly [string, readonly Image[], number])[] = [
      ['full cover, 10980², r4', made(['B02_10m', 'B03_10m', 'B04_10m']), 4],
      ['half cover, 10980², r4', made(['B03_10m_edge']), 4],
      ...[1, 2, 3, 4].map((reduce) => [`real, 1830², r${reduce}`, real, reduce] as const),
    ]
    const rows = new Map(Object.keys(WAYS).map((way) => [way, [] as string[]]))
    for (const [, images, reduce] of columns) {
      const errors = await errorsOf(sampler, images, reduce)
      for (const [way, cells] of rows) cells.push(range(errors.get(way) ?? []))
    }
    heading('colour-mean: error of the mean in percent, by what becomes of pixels along nodata')
    table(
      ['', ...columns.map(([name]) => name)],
      [...rows].map(([way, cells]) => [way, ...cells]),
    )
    say(
      `Least to most over the bands; real: ${real.length} reflectance bands of 29UNU and 31TDH, 41 % nodata.`,
    )
  } finally {
    await sampler.close()
  }
}

async function errorsOf(
  sampler: Sampler,
  images: readonly Image[],
  reduce: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const errors = new Map<string, number[]>(Object.keys(WAYS).map((way) => [way, []]))
  for (const { path, mean } of images) {
    const halved = await decode(sampler, path, reduce)
    for (const [way, meanOf] of Object.entries(WAYS)) errors.get(way)?.push((meanOf(halved) / mean - 1) * 100)
  }
  return errors
}

/** A whole image, of one strip at these reduces. */
async function decode(sampler: Sampler, path: string, reduce: number): Promise<Halved> {
  const file = openSync(path, 'r')
  const read = async ({ first, last }: { first: number; last: number }) => {
    const bytes = new Uint8Array(last + 1 - first)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, first))
  }
  const halved: Halved[] = []
  for await (const cut of readStrips({ size: statSync(path).size, layout: undefined, read }, reduce).strips) {
    const { codestream, ...how } = withHeadroom(cut)
    halved.push({ ...how, ...(await sampler.pixels({ ...how, codestream })) })
  }
  const [only] = halved
  if (!only || halved.length > 1) throw new Error(`${path} came in ${halved.length} strips.`)
  return only
}

function plainMean(image: Halved, counts: (x: number, y: number) => boolean): number {
  const { values, width, height, zero, reduce } = image
  let [sum, count] = [0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = Math.max((values[y * width + x] ?? 0) - zero, 0)
      if (value === 0 || !counts(x, y)) continue
      sum += value
      count++
    }
  }
  return sum / count - HALF_A_DN * reduce
}

function hasNodataBeside({ values, width, height, zero }: Halved, x: number, y: number): boolean {
  for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, height - 1); ny++) {
    for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, width - 1); nx++) {
      if ((values[ny * width + nx] ?? 0) <= zero) return true
    }
  }
  return false
}

/** The reflectance bands of golden.tsv; none where the real data is absent. */
export function realBands(): Image[] {
  const [bucket, golden] = [realData('bucket'), realData('golden.tsv')]
  if (!bucket || !golden) return []
  return readFileSync(golden, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([path = '']) => /_B\w\w(_60m)?\.jp2$/.test(path))
    .map(([path = '', , , , , mean]) => ({
      name: basename(path),
      path: join(bucket, path),
      mean: Number(mean),
    }))
}

const range = (errors: readonly number[]): string =>
  errors.length === 0
    ? '–'
    : errors.length === 1
      ? (errors[0] ?? 0).toFixed(3)
      : `${Math.min(...errors).toFixed(3)} to ${Math.max(...errors).toFixed(3)}`
