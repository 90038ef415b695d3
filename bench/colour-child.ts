import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type MeanSoFar, meansOf } from '../src/colour/mean.ts'
import type { Cost } from '../src/colour/port.ts'
import { readImage } from '../src/colour/read-image.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import { readConfig } from '../src/config.ts'
import { messageOf } from '../src/errors.ts'
import type { TilePartLayout } from '../src/jpeg2000/codestream.ts'
import { withHeadroom } from '../src/jpeg2000/cut.ts'
import { findGranule } from '../src/list-area.ts'
import type { Granule } from '../src/sentinel2/granule.ts'
import { openHouse } from '../src/wire.ts'

/*
 * The house in a process of its own, so that its CPU can be told from all else: takes an Ask as the body of a
 * POST, answers with what each piece of it took.
 */

/** A file, and how often it is to be halved. */
export type Image = { readonly key: string; readonly size: number; readonly reduce: number }
/** Colours of granules, all at once; or the mean of one file, its tile-part lengths unknown, then known. */
export type Ask =
  | { readonly granules: readonly string[]; readonly stride: number }
  | { readonly image: Image }

/** Milliseconds of CPU by thread. */
export type Cpu = { readonly main: number; readonly decode: number; readonly other: number }

export type Took = Pick<Cost, 'bytes' | 'reads' | 'listMs' | 'readMs' | 'decodeMs' | 'storeMs'> & {
  readonly wallMs: number
  readonly cpu: Cpu
  /** Red, green and blue of the last granule as reflectance; or the file's mean, DN. */
  readonly means: readonly number[]
  readonly valid: number
}

type Work = () => Promise<Omit<Took, 'wallMs' | 'cpu'>>

/** So long after an answer the store has written what it learnt, and every thread has been off its core. */
const SETTLING_MS = 25

const config = readConfig(process.env)
const house = await openHouse(config)
const sampler = decodeThreads({ threads: config.decodeThreads })

const server = createServer(async (request, response) => {
  try {
    response.end(JSON.stringify(await answer(asAsk(await json(request)))))
  } catch (thrown) {
    response.writeHead(500).end(messageOf(thrown))
  }
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('The process has no port.')
console.log(`http://127.0.0.1:${address.port}`)
process.on('SIGTERM', () => process.exit(0))

async function answer(ask: Ask): Promise<Took[]> {
  if ('granules' in ask) return [await measure(await coloursOf(ask.granules, ask.stride))]
  const layouts = new Map<string, TilePartLayout>()
  const unknown = await measure(meanOf(ask.image, layouts))
  return [unknown, await measure(meanOf(ask.image, layouts))]
}

async function measure(work: Work): Promise<Took> {
  await sleep(SETTLING_MS)
  const before = cpuByThread()
  const began = performance.now()
  const done = await work()
  const wallMs = performance.now() - began
  await sleep(SETTLING_MS)
  const after = cpuByThread()
  const cpu = {
    main: after.main - before.main,
    decode: after.decode - before.decode,
    other: after.other - before.other,
  }
  return { ...done, wallMs, cpu }
}

async function coloursOf(names: readonly string[], stride: number): Promise<Work> {
  const session = house.open()
  const granules: Granule[] = []
  for (const name of names) granules.push(await findGranule(session, name))
  return async () => {
    const all = await Promise.all(
      granules.map((granule) => session.colourOf(granule, { source: 'bands', stride })),
    )
    const sum = (part: keyof Cost) => all.reduce((total, { cost }) => total + (cost?.[part] ?? 0), 0)
    const last = all.at(-1)?.colour
    if (!last || all.some(({ cost, unstored }) => !cost || unstored !== undefined))
      throw new Error('A colour was known before.')
    return {
      means: [last.red, last.green, last.blue],
      valid: last.valid,
      bytes: sum('bytes'),
      reads: sum('reads'),
      listMs: sum('listMs'),
      readMs: sum('readMs'),
      decodeMs: sum('decodeMs'),
      storeMs: sum('storeMs'),
    }
  }
}

function meanOf({ key, size, reduce }: Image, kept: Map<string, TilePartLayout>): Work {
  const layouts = {
    get: (of: string) => kept.get(of),
    put: (of: string, _size: number, layout: TilePartLayout) => void kept.set(of, layout),
  }
  return async () => {
    const { storage } = house.open()
    const tally = { reads: 0, bytes: 0, readMs: 0 }
    let soFar: MeanSoFar | undefined
    let decodeMs = 0
    const file = { key, size }
    for await (const cut of readImage({ storage, layouts, signal: undefined }, file, reduce, tally)) {
      const summed = await sampler.sum(withHeadroom(cut), soFar)
      soFar = summed.soFar
      decodeMs += summed.decodeMs
    }
    const [mean] = soFar ? meansOf(soFar) : []
    if (mean?.mean === undefined) throw new Error(`${key} has no mean.`)
    return { means: [mean.mean], valid: mean.valid, ...tally, decodeMs, listMs: 0, storeMs: 0 }
  }
}

/** The catalog's thread is at rest while colours are made, so other workers are decode threads. */
function cpuByThread(): Cpu {
  const cpu = { main: 0, decode: 0, other: 0 }
  for (const task of readdirSync('/proc/self/task')) {
    try {
      const name = readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim()
      const ms = Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6
      cpu[Number(task) === process.pid ? 'main' : SERVANTS.test(name) ? 'other' : 'decode'] += ms
    } catch {
      // It has ended since its name was read.
    }
  }
  return cpu
}

/** Threads of V8 (garbage, compiling) and of libuv (files). */
const SERVANTS = /^(V8Worker|DelayedTask|SignalInspector|libuv)/

/** bench/colour-world.ts writes nothing else. */
const asAsk = (json: unknown): Ask => json as Ask
