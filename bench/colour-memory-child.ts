import { openSync, readSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type MeanSoFar, meansOf } from '../src/colour/mean.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import type { Cut } from '../src/jpeg2000/codestream.ts'
import { withHeadroom } from '../src/jpeg2000/cut.ts'
import { readStrips } from '../src/jpeg2000/read-strips.ts'
import decodeImage from '../workers/decode-image.ts'

/*
 * node --expose-gc bench/colour-memory-child.ts <file> <reduce> <times>
 * Decodes a band's strips over and over in one thread and prints Memory. They are read beforehand, so that what
 * the memory grows by is the thread's.
 */

/** MB (10^6 bytes). */
export type Memory = {
  /** Of the process before the thread, once it has decoded, and at its peak. */
  readonly before: number
  readonly after: number
  readonly peak: number
  /** Of the decoder, once it has decoded. */
  readonly heap: number
  /** Longest codestream it was given. */
  readonly longest: number
  readonly mean: number
}

const [path = '', reduce = '4', times = '20'] = process.argv.slice(2)
const cuts = await cutsOf(path)
const sampler = decodeThreads({ threads: 1 })

await settle()
const before = memory()
let mean = Number.NaN
let peak = before
for (let n = 0; n < Number(times); n++) {
  let soFar: MeanSoFar | undefined
  for (const cut of cuts) {
    soFar = (await sampler.sum(withHeadroom(cut), soFar)).soFar
    peak = Math.max(peak, memory())
  }
  mean = (soFar && meansOf(soFar)[0]?.mean) ?? Number.NaN
}
const atOnce = memory()
await settle()
const after = memory()
// The heap is looked up in this thread, now that the figures of the other one are known.
let heap = 0
for (const cut of cuts) heap = Math.max(heap, (await decodeImage({ want: 'pixels', cut })).heapBytes)
const longest = Math.max(...cuts.map(({ codestream }) => codestream.length))
const told: Memory = {
  before,
  after: Math.max(atOnce, after),
  peak,
  heap: heap / 1e6,
  longest: longest / 1e6,
  mean,
}
console.log(JSON.stringify(told))
await sampler.close()

async function cutsOf(path: string): Promise<readonly Cut[]> {
  const file = openSync(path, 'r')
  const read = async ({ first, last }: { readonly first: number; readonly last: number }) => {
    const bytes = new Uint8Array(last - first + 1)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, first))
  }
  const { size } = statSync(path)
  const { strips } = readStrips({ size, layout: undefined, read }, Number(reduce))
  const all: Cut[] = []
  for await (const cut of strips) all.push(cut)
  return all
}

async function settle(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.()
    await sleep(50)
  }
}

function memory(): number {
  return process.memoryUsage.rss() / 1e6
}
