import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pMap from 'p-map'
import { afterAll, expect, test } from 'vitest'
import { decodeThreads } from '../../src/colour/sampler.ts'
import { Fault } from '../../src/errors.ts'
import type { Cut } from '../../src/jpeg2000/codestream.ts'
import { expectedOf } from '../../src/jpeg2000/cut.ts'
import { readMainHeader } from '../../src/jpeg2000/main-header.ts'
import { readStrips } from '../../src/jpeg2000/read-strips.ts'
import { realData } from '../real-data.ts'
import { corrupted, oneOf, seeded } from './corruptions.ts'
import { directDecoder } from './direct-decoder.ts'
import { readCut, sampleImages } from './whole-files.ts'

/** How many; `CORRUPTIONS=10000 npx vitest run test/colour/corruptions.test.ts` makes more of them. */
const COUNT = Number(process.env.CORRUPTIONS || 1000)
const AT_ONCE = 4
/** No file of the sources has more; one that claims more is not decoded whole. */
const MOST_SAMPLES = 16_000_000

const bytesOf = (paths: readonly string[]): readonly [Buffer, ...Buffer[]] => {
  const [first, ...rest] = paths.map((path) => readFileSync(path))
  if (first === undefined) throw new Error('There are no such images.')
  return [first, ...rest]
}
const bucket = realData('bucket')
const quick = bytesOf(sampleImages(/_60m\.jp2$/))
const larger = bytesOf([
  ...sampleImages(/_(PVI|B02|B04|TCI)\.jp2$/),
  ...(bucket === undefined ? [] : globSync(join(bucket, '**/*_PVI.jp2'))),
])

const sampler = decodeThreads({ threads: 2 })
const direct = directDecoder()
afterAll(() => sampler.close())

/** What became of the corruptions, for a line to read. */
type Tally = Record<string, number>

/** The i-th corrupt file: mostly of small images, because what is tested stands in every header alike. */
function corruptFile(i: number) {
  const random = seeded(i)
  const file = oneOf(random, random() < 0.75 ? quick : larger)
  return { random, bytes: corrupted(file, random) }
}

/**
 * Decodes a cut in a thread, and its bytes with nothing around the decoder. Either there are pixels, the very
 * ones of a decoder that printed nothing; or a fault with a reason that the decoder's doings bear out.
 */
async function decodeBothWays(cut: Cut, seed: string): Promise<string> {
  const copy = new Uint8Array(cut.codestream)
  const expected = cut.width * cut.height * cut.components * (cut.bits > 8 ? 2 : 1)
  const pixels = await sampler.pixels(cut).catch(faultOf)
  if (pixels instanceof Fault && /^the decoder did not|^the thread/.test(pixels.message))
    return pixels.message
  const { printed, threw, bytes } = await direct(copy)
  if (!(pixels instanceof Fault)) {
    expect({ printed, threw }, seed).toEqual({ printed: [], threw: false })
    const { buffer, byteOffset, byteLength } = pixels.values
    expect(Buffer.compare(bytes, new Uint8Array(buffer, byteOffset, byteLength)), seed).toBe(0)
    return 'decoded'
  }
  const clause = pixels.message
  if (clause.startsWith('the decoder says')) expect(printed.length, seed).toBeGreaterThan(0)
  else if (clause.startsWith('the decoder gave up')) expect(threw, seed).toBe(true)
  else if (clause.startsWith('it decodes to')) expect(bytes.length, seed).not.toBe(expected)
  else expect(clause, seed).toMatch(/^only \d+ of its \d+ tiles are there$/)
  return clause.replace(/:.*/, '').replace(/\d+/g, 'n')
}

/**
 * A file's codestream of which the main header alone was read, so that the decoder gets to see the rest. Not of
 * a subsampled one: of that the decoder reads memory that is not the image's, which is why wholeOf refuses it.
 */
function uncheckedCut(file: Uint8Array): Cut {
  const header = readMainHeader(file, file.length)
  if ('need' in header) throw new Error(`The whole file is there, and ${header.need} bytes are asked for.`)
  if (header.size.components.some(({ stepX, stepY }) => stepX > 1 || stepY > 1)) {
    throw new Fault('bad-image', 'its components are subsampled')
  }
  return { codestream: file.slice(header.start, header.end), ...expectedOf(header, header.size, 0) }
}

/** The fault, which alone is expected; anything else thrown is a bug and ends the test. */
function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault && thrown.code === 'bad-image') return thrown
  throw thrown
}

async function run(decode: (i: number, seed: string) => Promise<string>): Promise<Tally> {
  const tally: Tally = {}
  const outcome = async (i: number) => {
    const what = await decode(i, `corruption ${i}`)
    tally[what] = (tally[what] ?? 0) + 1
  }
  await pMap(Array(COUNT).keys(), outcome, { concurrency: AT_ONCE })
  return tally
}

/** The process and its threads are as they were. */
async function expectAlive(): Promise<void> {
  const [path = ''] = sampleImages(/_B04_60m\.jp2$/)
  expect(await sampler.pixels(readCut(path))).toMatchObject({ width: 61, height: 61 })
  expect(sampler.state()).toMatchObject({ busy: 0, waiting: 0 })
  expect(sampler.state().started).toBeLessThanOrEqual(2)
  expect(process.memoryUsage.rss()).toBeLessThan(1.5 * 2 ** 30)
}

test('of corrupt files whole no pixels pass where the decoder complained', { timeout: 600_000 }, async () => {
  const tally = await run(async (i, seed) => {
    let cut: Cut
    try {
      cut = uncheckedCut(corruptFile(i).bytes)
    } catch (thrown) {
      faultOf(thrown)
      return 'refused by its header'
    }
    if (cut.width * cut.height * cut.components > MOST_SAMPLES) return 'claims to be huge'
    return decodeBothWays(cut, seed)
  })
  console.log(`${COUNT} corrupt files, whole:`, tally, sampler.state())
  expect(tally.decoded).toBeGreaterThan(COUNT / 50)
  expect(tally['the decoder says']).toBeGreaterThan(COUNT / 50)
  await expectAlive()
})

/** How the pixels of corrupt files' cuts compare with what the decoder makes of the whole files. */
type Comparison = { compared: number; differ: string[] }

/**
 * Holds all cuts of a file, one under the other, against the whole corrupt file halved by the decoder itself.
 * Where that complains there is nothing to compare with: what is cut may be sound where the rest is not.
 */
async function compareWithWhole(
  file: Uint8Array,
  cuts: readonly Cut[],
  seed: string,
  comparison: Comparison,
): Promise<void> {
  const header = readMainHeader(file, file.length)
  const [first] = cuts
  if ('need' in header || first === undefined) return
  const { width, height, components } = expectedOf(header, header.size, 0)
  if (width * height * components > MOST_SAMPLES) return
  const whole = await direct(file.subarray(header.start, header.end), first.reduce)
  if (whole.threw || whole.printed.length > 0) return
  const parts: Uint8Array[] = []
  for (const { codestream } of cuts) parts.push((await direct(codestream)).bytes)
  comparison.compared++
  if (Buffer.compare(Buffer.concat(parts), whole.bytes) !== 0) comparison.differ.push(seed)
}

test('of corrupt files cut the pixels are those of the whole', { timeout: 600_000 }, async () => {
  const comparison: Comparison = { compared: 0, differ: [] }
  const tally = await run(async (i, seed) => {
    const { random, bytes } = corruptFile(i)
    const cuts: Cut[] = []
    const read = async ({ first, last }: { first: number; last: number }) => bytes.subarray(first, last + 1)
    const { strips } = readStrips({ size: bytes.length, layout: undefined, read }, Math.floor(random() * 5))
    let outcome = 'no strip'
    for (;;) {
      const step = await strips.next().catch(faultOf)
      if (step instanceof Fault) return 'refused while cutting'
      if (step.done) {
        await compareWithWhole(bytes, cuts, seed, comparison)
        return outcome
      }
      cuts.push({ ...step.value, codestream: step.value.codestream.slice() })
      outcome = await decodeBothWays(step.value, seed)
      if (outcome !== 'decoded') return outcome
    }
  })
  console.log(`${COUNT} corrupt files, cut:`, tally, comparison, sampler.state())
  expect(comparison.compared).toBeGreaterThan(COUNT / 50)
  expect(comparison.differ).toEqual([])
  expect(tally.decoded).toBeGreaterThan(COUNT / 50)
  expect(tally['refused while cutting']).toBeGreaterThan(COUNT / 50)
  await expectAlive()
})
