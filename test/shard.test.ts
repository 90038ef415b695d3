import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Search } from '../src/catalog/port.ts'
import { areaOfBox, WORLD, widened } from '../src/sentinel2/area.ts'
import { PAST_TILE, tilesOf } from '../src/sentinel2/tiles.ts'
import { readShard, searchOfShard, shardOfTask } from '../src/shard.ts'

const searchIn = (area: Search['area'], tiles?: readonly string[]): Search => ({
  area,
  level: 'L1C',
  time: { from: undefined, until: undefined },
  cloud: undefined,
  tiles,
  dedupe: 'latest',
})
const tilesIn = ({ area: { box }, tiles }: Search) => tilesOf({ box: widened(box, PAST_TILE) }, tiles)
const shardsOf = (search: Search, of: number) =>
  Array.from({ length: of }, (_, i) => searchOfShard(search, { number: i + 1, of }).tiles ?? [])

const box = fc
  .tuple(
    fc.double({ min: -180, max: 179, noNaN: true }),
    fc.double({ min: -80, max: 80, noNaN: true }),
    fc.double({ min: 0, max: 15, noNaN: true }),
    fc.double({ min: 0, max: 8, noNaN: true }),
  )
  .map(([west, south, width, height]) =>
    areaOfBox(west, south, ((west + width + 180) % 360) - 180, south + height),
  )
const triangle = box.map(({ box: [west, south, east, north] }): Search['area'] => ({
  box: [west, south, east, north],
  shape: [
    [
      [
        [west, south],
        [east, south],
        [west, north],
        [west, south],
      ],
    ],
  ],
}))

describe('the shards of an area', () => {
  test('share its tiles out: each is in one of them, and none has more than one tile more than another', () => {
    fc.assert(
      fc.property(fc.oneof(box, triangle), fc.integer({ min: 1, max: 12 }), (area, of) => {
        const shards = shardsOf(searchIn(area), of)
        expect(shards.flat().sort()).toEqual(tilesIn(searchIn(area)))
        const sizes = shards.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 30 },
    )
  })

  test('of the whole world are the whole world', () => {
    const shards = shardsOf(searchIn(WORLD), 7)
    expect(shards.flat().sort()).toEqual(tilesIn(searchIn(WORLD)))
    expect(shards.map(({ length }) => length).every((size) => size > 8000)).toBe(true)
  })

  test('of nine, as many as a column of names has tiles, do not have the same row of each column', () => {
    const europe = searchIn(areaOfBox(-10, 36, 30, 70))
    const rowsOf = (tiles: readonly string[]) => [...Map.groupBy(tiles, (tile) => tile.slice(4)).values()]
    const most = (tiles: readonly string[]) => Math.max(...rowsOf(tiles).map(({ length }) => length))
    const share = most(tilesIn(europe)) / 9
    for (const tiles of shardsOf(europe, 9)) expect(most(tiles)).toBeLessThan(1.6 * share)
  })

  test('hold only the tiles that were asked for', () => {
    const asked = searchIn(areaOfBox(11, 54, 15, 57), ['33UUB', '32UPG', '33UVB', '01CCV'])
    expect(shardsOf(asked, 2)).toEqual([['32UPG'], ['33UUB', '33UVB']])
    expect(shardsOf(asked, 5).filter(({ length }) => length === 0)).toHaveLength(2)
  })
})

test('a shard is written as 2/5', () => {
  expect(readShard('2/5')).toEqual({ number: 2, of: 5 })
  expect(readShard('1/1')).toEqual({ number: 1, of: 1 })
  for (const wrong of ['0/5', '2', '2/', '/5', '-1/5', '2/0', '1.5/3', '2 of 5', '9999999/9999999'])
    expect(readShard(wrong)).toBeTypeOf('string')
  expect(readShard('6/5')).toBe('is 6 of 5; the first is 1/5, the last 5/5')
})

describe('the shard of a task', () => {
  const shardIn = (env: Record<string, string>, shards?: number) => shardOfTask(env, shards)?.shard

  test('is as its scheduler tells, which counts from 0', () => {
    expect(shardIn({})).toBeUndefined()
    expect(shardIn({ CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '1' })).toEqual({ number: 1, of: 1 })
    expect(shardIn({ CLOUD_RUN_TASK_INDEX: '4', CLOUD_RUN_TASK_COUNT: '10' })).toEqual({ number: 5, of: 10 })
    expect(shardIn({ JOB_COMPLETION_INDEX: '2' }, 3)).toEqual({ number: 3, of: 3 })
    expect(shardIn({ JOB_COMPLETION_INDEX: '2', JOB_COMPLETION_COUNT: '6' })).toEqual({ number: 3, of: 6 })
    expect(shardIn({ AWS_BATCH_JOB_ARRAY_INDEX: '7', AWS_BATCH_JOB_ARRAY_SIZE: '8' })).toEqual({
      number: 8,
      of: 8,
    })
    expect(shardIn({ AWS_BATCH_JOB_ARRAY_INDEX: '7' }, 8)).toEqual({ number: 8, of: 8 })
  })

  test('of Slurm counts from the first of its array, in its steps', () => {
    const array = (id: number, count: number, least: number, most: number, step = 1) => ({
      SLURM_ARRAY_TASK_ID: String(id),
      SLURM_ARRAY_TASK_COUNT: String(count),
      SLURM_ARRAY_TASK_MIN: String(least),
      SLURM_ARRAY_TASK_MAX: String(most),
      SLURM_ARRAY_TASK_STEP: String(step),
    })
    expect(shardIn(array(1, 10, 1, 10))).toEqual({ number: 1, of: 10 })
    expect(shardIn(array(10, 10, 1, 10))).toEqual({ number: 10, of: 10 })
    expect(shardIn(array(15, 4, 0, 15, 5))).toEqual({ number: 4, of: 4 })
    expect(() => shardIn(array(9, 3, 1, 9))).toThrow(/the array of Slurm, 1 to 9 by 1, has gaps/)
  })

  test('is refused where it is told by halves or twice', () => {
    expect(() => shardIn({ JOB_COMPLETION_INDEX: '2' })).toThrow(/nothing of how many \(set SWATH_SHARDS\)/)
    expect(() => shardIn({}, 4)).toThrow(/SWATH_SHARDS=4 .* nothing which one .* --shard 1\/1 for all/)
    expect(() => shardIn({ CLOUD_RUN_TASK_INDEX: '1', CLOUD_RUN_TASK_COUNT: '3' }, 4)).toThrow(
      /different numbers/,
    )
    expect(() => shardIn({ JOB_COMPLETION_INDEX: '3' }, 3)).toThrow(/JOB_COMPLETION_INDEX=3 is no task of 3/)
    expect(() => shardIn({ JOB_COMPLETION_INDEX: 'x' }, 3)).toThrow(/is not a whole number/)
    expect(() => shardIn({ JOB_COMPLETION_INDEX: '0', SLURM_ARRAY_TASK_ID: '0' }, 3)).toThrow(/both set/)
  })
})
