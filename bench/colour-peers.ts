import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../test/temporary.ts'
import type { MadeBand } from './colour-bands.ts'
import type { Whole } from './colour-whole-child.ts'
import { isInstalled } from './colour-world.ts'
import { memoryOf } from './processes.ts'

/** One band by another way, from a local file: nothing is waited for. */
export type PeerTook = {
  readonly cpuMs: number
  readonly wallMs: number
  /** Memory of the process at its peak, MB (10^6 bytes). */
  readonly peak: number
  /** Of the samples that are not 0, DN. */
  readonly mean: number
}

export type Peer = {
  readonly name: string
  /** The program it needs, where it needs one. */
  readonly program: string | undefined
  readonly extent: 'reduced' | 'full'
  run(band: MadeBand): Promise<PeerTook>
}

const REDUCE = 4

/** What else gives the mean of a band that lies on the local disk. */
export const PEERS: readonly Peer[] = [
  {
    name: 'same decoder, whole file at reduce 4',
    program: undefined,
    extent: 'reduced',
    run: (band) => whole(band, REDUCE),
  },
  {
    name: '`opj_decompress -r 4`',
    program: 'opj_decompress',
    extent: 'reduced',
    run: ({ path }) => written('opj_decompress', (to) => ['-quiet', '-i', path, '-r', `${REDUCE}`, '-o', to]),
  },
  {
    name: '`gdal_translate -outsize 687 687`',
    program: 'gdal_translate',
    extent: 'reduced',
    run: ({ path }) => translated(path, ['-outsize', '687', '687']),
  },
  {
    name: 'same decoder, whole file in full',
    program: undefined,
    extent: 'full',
    run: (band) => whole(band, 0),
  },
  {
    name: '`opj_decompress`',
    program: 'opj_decompress',
    extent: 'full',
    run: ({ path }) => written('opj_decompress', (to) => ['-quiet', '-i', path, '-o', to]),
  },
  {
    name: '`gdal_translate`',
    program: 'gdal_translate',
    extent: 'full',
    run: ({ path }) => translated(path, []),
  },
]

/** Those that can be run here, and the names of the programs that are not installed. */
export function peersHere(): { readonly peers: readonly Peer[]; readonly missing: readonly string[] } {
  const programs = new Set(PEERS.flatMap(({ program }) => program ?? []))
  const missing = [...programs].filter((program) => !isInstalled(program))
  return { peers: PEERS.filter(({ program }) => !program || !missing.includes(program)), missing }
}

async function whole({ path }: MadeBand, reduce: number): Promise<PeerTook> {
  const child = spawn(process.execPath, ['bench/colour-whole-child.ts', path, String(reduce)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`bench/colour-whole-child.ts ended with ${code}.`)
  return asWhole(JSON.parse(text))
}

const translated = (path: string, options: readonly string[]): Promise<PeerTook> =>
  written('gdal_translate', (to) => ['-q', '-of', 'ENVI', ...options, path, to])

/**
 * Runs a program that writes samples of 16 bits, low byte first, to a file; what is made of them afterwards is
 * not counted.
 */
async function written(program: string, args: (to: string) => readonly string[]): Promise<PeerTook> {
  const folder = await temporaryFolder()
  try {
    const to = join(folder.path, 'samples.rawl')
    const took = await runProgram(program, args(to))
    return { ...took, mean: await meanOfSamples(to) }
  } finally {
    await folder.remove()
  }
}

async function runProgram(program: string, args: readonly string[]): Promise<Omit<PeerTook, 'mean'>> {
  const cpu = cpuOfEndedChildren()
  const began = performance.now()
  const env = { ...process.env, GDAL_PAM_ENABLED: 'NO' }
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0))
  }, 10)
  try {
    const [code] = await once(child, 'exit')
    const wallMs = performance.now() - began
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}.`)
    return { wallMs, cpuMs: cpuOfEndedChildren() - cpu, peak }
  } finally {
    clearInterval(watch)
  }
}

/** 0 where it has just ended. */
function peakOf(pid: number): number {
  try {
    return memoryOf(pid).peak || 0
  } catch {
    return 0
  }
}

async function meanOfSamples(path: string): Promise<number> {
  let [sum, count] = [0, 0]
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes: Buffer = piece
    for (const value of new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)) {
      if (value === 0) continue
      sum += value
      count++
    }
  }
  return sum / count
}

/** Fields 16 and 17 of proc_pid_stat(5), in ticks of 10 ms, counted after the name in brackets. */
function cpuOfEndedChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** The child prints nothing else. */
const asWhole = (json: unknown): Whole => json as Whole
