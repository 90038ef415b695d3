import { expect, test } from 'vitest'
import { twoClocks } from '../../src/calls/two-clocks.ts'

const YEAR = 365 * 864e5
const START = Date.UTC(2026, 0, 1)

test.for([
  ['forward', YEAR, 0, YEAR],
  ['back', -YEAR, -YEAR, 0],
  ['not at all', 0, 0, 0],
] as const)('a clock that is set %s moves one of the two', ([, jump, early, late]) => {
  const time = { wall: START, passed: 5000 }
  const clocks = twoClocks(
    () => time.wall,
    () => time.passed,
  )
  time.wall += 1000 + jump
  time.passed += 1000
  const now = START + 1000
  expect([clocks.earlier(), clocks.later()]).toEqual([(now + early) * 1000, (now + late) * 1000])
})
