import { expect, test } from 'vitest'
import { agesOf, endsTooEarly } from '../src/index-age.ts'
import { parseTime } from '../src/sentinel2/time.ts'

const at = (time: string): number => parseTime(time) ?? Number.NaN
const OLD = {
  newestSensing: at('2024-08-28T12:00:00Z'),
  newestGeneration: at('2024-08-28T14:00:00Z'),
  completeUpTo: at('2024-08-28T14:00:00Z'),
}
const YOUNG = {
  newestSensing: at('2026-08-28T12:00:00Z'),
  newestGeneration: undefined,
  completeUpTo: undefined,
}
const FRESHNESS = { levels: { L1C: OLD, L2A: YOUNG }, updatedAt: at('2026-08-29T00:00:00Z') }
const OPEN = { from: undefined, until: undefined }

test('no age is negative, wherever the clock stands', () => {
  const { levels } = agesOf(FRESHNESS, at('2020-01-01T00:00:00Z'))
  expect([levels.L1C?.age_days, levels.L2A?.age_days]).toEqual([0, 0])
})

test('each level tells its own times and age, and one without granules none', () => {
  const now = at('2026-08-29T00:00:00Z')
  expect(agesOf(FRESHNESS, now)).toEqual({
    levels: {
      L1C: {
        newest_sensing: '2024-08-28T12:00:00.000Z',
        newest_generation: '2024-08-28T14:00:00.000Z',
        complete_up_to: '2024-08-28T14:00:00.000Z',
        age_days: 730.5,
      },
      L2A: {
        newest_sensing: '2026-08-28T12:00:00.000Z',
        newest_generation: null,
        complete_up_to: null,
        age_days: 0.5,
      },
    },
    updated_at: '2026-08-29T00:00:00.000Z',
  })
  const bare = { ...FRESHNESS, levels: { L1C: OLD, L2A: undefined } }
  expect(agesOf(bare, now).levels).toMatchObject({ L2A: null })
})

test('an index ends too early where it is older than thirty days and the times asked for go on past its end', () => {
  const before = { from: undefined, until: at('2024-08-28T11:00:00Z') }
  const after = { from: undefined, until: at('2024-08-28T13:00:00Z') }
  const [soon, late] = [at('2024-09-27T12:00:00Z'), at('2024-10-15T00:00:00Z')]
  const ends = (now: number) =>
    [OPEN, before, after].map((time) => endsTooEarly(FRESHNESS, { level: 'L1C', time }, now))
  expect(ends(late)).toEqual([
    'the index ends 2024-08-28 for L1C',
    undefined,
    'the index ends 2024-08-28 for L1C',
  ])
  expect(ends(soon)).toEqual([undefined, undefined, undefined])
})

test('a level that ended long ago is told though the other is of today, and the other way round', () => {
  const now = at('2026-09-01T00:00:00Z')
  const search = (level: 'L1C' | 'L2A') => ({ level, time: OPEN })
  expect(endsTooEarly(FRESHNESS, search('L1C'), now)).toBe('the index ends 2024-08-28 for L1C')
  expect(endsTooEarly(FRESHNESS, search('L2A'), now)).toBeUndefined()
})

test('granules of one tile that came yesterday do not make the rest of the index look new', () => {
  const now = at('2026-09-01T00:00:00Z')
  const L1C = { ...OLD, newestSensing: at('2026-08-31T00:00:00Z') }
  const updated = { ...FRESHNESS, levels: { L1C, L2A: undefined } }
  expect(endsTooEarly(updated, { level: 'L1C', time: OPEN }, now)).toBe(
    'the index may lack L1C granules made after 2024-08-28',
  )
})
