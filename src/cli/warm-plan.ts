import { type Command, Option } from 'commander'
import type { AreaQuery } from '../area-query.ts'
import { type Config, readConfig } from '../config.ts'
import type { ParameterError } from '../errors.ts'
import { readShard, type Shard, searchOfShard, shardOfTask } from '../shard.ts'
import { COLOURS_AT_ONCE } from '../wire.ts'
import { AREA_OPTIONS, countFaults, type Given, gather, takeArea } from './area-options.ts'
import { readArea } from './read-area.ts'
import type { Terminal } from './terminal.ts'

/** What a warm-up is asked to do. */
export type Plan = {
  readonly query: AreaQuery
  readonly most: number
  readonly granulesInFlight: number
  readonly config: Config
  readonly report: string | undefined
  /** The part of the query that is left in it; undefined: all of it. */
  readonly shard: { readonly shard: Shard; readonly toldBy: string } | undefined
}

const OPTIONS = [
  ...Object.values(AREA_OPTIONS),
  ['--stride <pixels>', 'one sample for so many by so many pixels of 10 m: 1 to 64 (default: 16)'],
  ['--source <files>', 'bands (B04, B03, B02) or preview (default: bands)'],
  ['-n, --max-granules <granules>', 'stop after so many, cached ones included'],
  ['--granules <count>', `granules in flight: 1 to 256 (default: ${COLOURS_AT_ONCE})`],
  ['--threads <count>', 'decode threads: 1 to 256 (default: SWATH_DECODE_THREADS, or the cores)'],
  [
    '--shard <i/n>',
    'only the i-th of n equal parts, by tile: 1/5 to 5/5 (default: as a scheduler tells, or all)',
  ],
  ['--report <file>', 'write a JSON report there when the run ends, however it ends'],
] as const
const MOST = 256

/** Options of `swath area` that say nothing here, and why. */
const ELSEWHERE = [
  ['bands', 'a colour is made of B04, B03 and B02 or, with --source preview, of the preview'],
  ['rank', 'the colours of all granules are made; swath area --rank ranks by them'],
  ['where', 'it asks what is remembered, and a warm-up makes what is not'],
  ['format', 'each granule is a line of NDJSON'],
] as const

export function takeWarmOptions(command: Command): Command {
  for (const [name] of ELSEWHERE) {
    command.addOption(new Option(`--${name} [value]`).argParser(gather).hideHelp())
  }
  return takeArea(command, OPTIONS)
}

/** @throws {Fault} bad-request naming all that is wrong; misconfigured */
export async function planOf(
  terminal: Pick<Terminal, 'env' | 'stdin'>,
  corners: readonly string[],
  given: Given,
): Promise<Plan> {
  const { maxGranules = [], granules = [], threads = [], report = [], shard = [], ...rest } = given
  const elsewhere = ELSEWHERE.filter(([name]) => given[name])
  const faults = [
    ...elsewhere.map(([name, why]) => fault(name, `is for swath area, not for swath warm: ${why}`)),
    ...countFaults('max-granules', maxGranules),
    ...countFaults('granules', granules, MOST),
    ...countFaults('threads', threads, MOST),
    ...(report.length > 1 ? [fault('report', `is given ${report.length} times`)] : []),
    ...shardFaults(shard),
  ]
  const area = Object.entries(rest).filter(([name]) => !elsewhere.some(([other]) => other === name))
  const query = await readArea(terminal, corners, Object.fromEntries(area), { faults, purpose: 'colour' })
  const config = readConfig(terminal.env)
  const part = shardFrom(shard[0]) ?? shardOfTask(terminal.env, config.shards)
  return {
    query: part ? { ...query, search: searchOfShard(query.search, part.shard) } : query,
    shard: part,
    most: Number(maxGranules[0] ?? Number.POSITIVE_INFINITY),
    granulesInFlight: Number(granules[0] ?? COLOURS_AT_ONCE),
    config: { ...config, decodeThreads: Number(threads[0] ?? config.decodeThreads) },
    report: report[0],
  }
}

const shardFaults = (given: readonly string[]): ParameterError[] => {
  if (given.length > 1) return [fault('shard', `is given ${given.length} times`)]
  return given.map(readShard).flatMap((read) => (typeof read === 'string' ? [fault('shard', read)] : []))
}

function shardFrom(text: string | undefined): Plan['shard'] {
  const shard = text === undefined ? text : readShard(text)
  return typeof shard === 'object' ? { shard, toldBy: '--shard' } : undefined
}

const fault = (parameter: string, clause: string): ParameterError => {
  return { parameter, message: `${parameter} ${clause}` }
}
