import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAreaQuery } from '../../src/area-query.ts'
import { createOutput } from '../../src/cli/terminal.ts'
import { progressLine, warmProgress } from '../../src/cli/warm-progress.ts'
import { type DrawnHouse, openDrawnHouse } from '../drawn-house.ts'

let drawn: DrawnHouse
beforeAll(async () => {
  drawn = await openDrawnHouse()
})
afterAll(() => drawn.close())

test.for([
  [
    { count: 120, total: 3400, failed: 3, pace: 14.2 },
    'warm: 120 of 3400 (3 failed), 14.2 granules/s, 4 min left',
  ],
  [{ count: 120, total: undefined, failed: 0, pace: 14.2 }, 'warm: 120, 14.2 granules/s'],
  [{ count: 3390, total: 3400, failed: 0, pace: 4 }, 'warm: 3390 of 3400, 4.0 granules/s, 3 s left'],
  [{ count: 0, total: 1e6, failed: 0, pace: 10 }, 'warm: 0 of 1000000, 10.0 granules/s, 27.8 h left'],
  [{ count: 12, total: 10, failed: 0, pace: 10 }, 'warm: 12 of 10, 10.0 granules/s, 0 s left'],
] as const)('the line of %o is %s', ([progress, line]) => {
  expect(progressLine(progress)).toBe(line)
})

test('on a terminal the total is what the catalog counts, at most what is asked for', async () => {
  const { search } = parseAreaQuery({ bbox: '11,54,15,57', dedupe: 'none' }, 'box')
  const { catalog } = drawn.house.open()
  const lineAfter = async (most: number, showsProgress: boolean) => {
    const stderr = new PassThrough()
    const output = createOutput(new PassThrough())
    const terminal = { argv: [], env: {}, stdin: new PassThrough(), stderr, output, showsProgress }
    const signal = new AbortController().signal
    const progress = warmProgress(terminal, { catalog, search, most, signal })
    // The count was asked for first, and answered first.
    await catalog.extent(search)
    await setImmediate()
    progress.count({ outcome: 'failed' })
    progress.clear()
    return String(stderr.read() ?? '')
  }
  expect(await lineAfter(Number.POSITIVE_INFINITY, true)).toMatch(
    /warm: 1 of 10 \(1 failed\), \S+ granules\/s, /,
  )
  expect(await lineAfter(4, true)).toMatch(/warm: 1 of 4 /)
  expect(await lineAfter(4, false)).toBe('')
})
