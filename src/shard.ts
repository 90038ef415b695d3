import type { Search } from './catalog/port.ts'
import { Fault } from './errors.ts'
import { coverOf } from './ground/cover.ts'
import { widened } from './sentinel2/area.ts'
import { PAST_TILE, tileBox, tilesOf } from './sentinel2/tiles.ts'

/** One part of a work that machines share. */
export type Shard = {
  /** From 1 to `of`. */
  readonly number: number
  readonly of: number
}

export const MOST_SHARDS = 100_000

export const shardText = ({ number, of }: Shard): string => `${number}/${of}`

/** Reads `2/5`; a string is what is wrong with it, as a clause. */
export function readShard(text: string): Shard | string {
  const [, number, of] = /^0*([1-9]\d{0,6})\/0*([1-9]\d{0,6})$/.exec(text) ?? []
  if (number === undefined || of === undefined) return 'is not two whole numbers above 0, as in 2/5'
  if (Number(of) > MOST_SHARDS) return `has more shards than ${MOST_SHARDS}`
  if (Number(number) > Number(of)) return `is ${number} of ${of}; the first is 1/${of}, the last ${of}/${of}`
  return { number: Number(number), of: Number(of) }
}

/**
 * The part of a search that is a shard's: whole tiles, so that what is listed of a tile is listed once. Which ones
 * follows from the search alone, whatever the catalog holds by then: no granule is in two shards, all of them make the
 * whole, and they differ by one tile at most. Tiles go round in order of name, so that neighbours, which are about
 * as full, fall to different shards; of a shape those that it meets go first.
 */
export function searchOfShard(search: Search, { number, of }: Shard): Search {
  const { area, tiles: wanted } = search
  const tiles = tilesOf({ box: widened(area.box, PAST_TILE) }, wanted)
  const turns = area.shape ? [...nearFirst(search.area, tiles)] : tiles
  return { ...search, tiles: turns.filter((_, turn) => shardAt(turn, of) === number - 1).sort() }
}

/**
 * Round after round, each begun elsewhere: names come in columns of about nine tiles, and a shard that always had the
 * same place of them would have the same latitudes. Multiples of the golden ratio fall into step with no number.
 */
function shardAt(turn: number, of: number): number {
  const round = Math.floor(turn / of)
  return (turn + Math.floor(((round * GOLDEN_RATIO) % 1) * of)) % of
}
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2

function nearFirst(area: Search['area'], tiles: readonly string[]): readonly string[] {
  const cover = coverOf(area)
  const { near = [], far = [] } = Object.groupBy(tiles, (mgrsTile) => {
    const box = tileBox(mgrsTile)
    return box && cover.meets({ mgrsTile, box: widened(box, PAST_TILE) }) ? 'near' : 'far'
  })
  return [...near, ...far]
}

/**
 * Where a scheduler says which of many equal tasks a process is: Cloud Run jobs, Kubernetes' indexed jobs, array jobs of
 * AWS Batch and Slurm.
 */
const SCHEDULERS = [
  { index: 'CLOUD_RUN_TASK_INDEX', count: 'CLOUD_RUN_TASK_COUNT' },
  { index: 'JOB_COMPLETION_INDEX', count: 'JOB_COMPLETION_COUNT' },
  { index: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
  { index: 'SLURM_ARRAY_TASK_ID', count: 'SLURM_ARRAY_TASK_COUNT' },
] as const
const SLURM = { least: 'SLURM_ARRAY_TASK_MIN', most: 'SLURM_ARRAY_TASK_MAX', step: 'SLURM_ARRAY_TASK_STEP' }

export type TaskEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The shard that a scheduler's environment makes a process, and the variable that told; undefined where there is none.
 * @param shards how many there are, where the scheduler does not tell (SWATH_SHARDS)
 * @throws {Fault} misconfigured where it tells half of it, or nonsense
 */
export function shardOfTask(
  env: TaskEnvironment,
  shards: number | undefined,
): { readonly shard: Shard; readonly toldBy: string } | undefined {
  const telling = SCHEDULERS.filter(({ index }) => env[index])
  const [scheduler, other] = telling
  if (other) {
    return refused(
      `${telling.map(({ index }) => index).join(' and ')} are both set, and each tells of a task`,
    )
  }
  if (!scheduler) {
    if (shards === undefined) return undefined
    return refused(`SWATH_SHARDS=${shards} tells how many shards there are, and nothing which one this is`)
  }
  const { index } = scheduler
  const told = env[scheduler.count] ? numberIn(env, scheduler.count) : undefined
  if (told !== undefined && shards !== undefined && told !== shards) {
    return refused(
      `${scheduler.count}=${told} and SWATH_SHARDS=${shards} tell of different numbers of shards`,
    )
  }
  const of = told ?? shards
  if (of === undefined) {
    return refused(
      `${index}=${env[index]} tells which shard this is, and nothing of how many (set SWATH_SHARDS)`,
    )
  }
  const number = 1 + (index === 'SLURM_ARRAY_TASK_ID' ? placeInArray(env, of) : numberIn(env, index))
  if (of < 1 || of > MOST_SHARDS || number > of) {
    return refused(`${index}=${env[index]} is no task of ${of}, which count from 0`)
  }
  return { shard: { number, of }, toldBy: index }
}

/** An array of Slurm may begin anywhere and go in steps; one with gaps has no places. */
function placeInArray(env: TaskEnvironment, of: number): number {
  const [id, least, step, most] = [
    numberIn(env, 'SLURM_ARRAY_TASK_ID'),
    numberIn(env, SLURM.least, 0),
    numberIn(env, SLURM.step, 1),
    numberIn(env, SLURM.most, -1),
  ]
  const place = (id - least) / step
  const isWhole = most < 0 || (most - least) / step + 1 === of
  if (Number.isInteger(place) && place >= 0 && isWhole) return place
  return refused(
    `the array of Slurm, ${least} to ${most} by ${step}, has gaps: it has ${of} tasks, this is ${id}`,
  )
}

function numberIn(env: TaskEnvironment, name: string, otherwise?: number): number {
  const text = env[name]
  if (!text && otherwise !== undefined) return otherwise
  return text && /^\d{1,9}$/.test(text) ? Number(text) : refused(`${name}=${text} is not a whole number`)
}

function refused(clause: string): never {
  const sentence = `Which shard to warm cannot be told: ${clause}. Give --shard 2/5, or --shard 1/1 for all of it.`
  throw new Fault('misconfigured', sentence)
}
