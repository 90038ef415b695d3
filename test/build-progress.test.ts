import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeArchiveCsv } from '../bench/archive-csv.ts'
import { type BuildProgress, buildIndex } from '../src/build-index.ts'
import { progressLine } from '../src/cli/index-build.ts'
import { temporaryFolder } from './temporary.ts'

test('a build tells its phases in order, how far each is and how long it will take', async () => {
  const folder = await temporaryFolder()
  try {
    const csv = join(folder.path, 'made.csv.gz')
    await writeArchiveCsv(csv, { rows: 60_000 })
    const told: BuildProgress[] = []
    await buildIndex({
      from: [csv],
      to: join(folder.path, 'index.sqlite'),
      onProgress: (step) => told.push(step),
    })
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['reading', 'sorting', 'writing'])
    for (const phase of ['reading', 'writing'] as const) {
      const steps = told.filter((step) => step.phase === phase)
      expect(steps.length).toBeGreaterThan(3)
      expect(steps.at(-1)).toMatchObject({ rows: 60_000, share: 1 })
      for (const [i, { rows, share }] of steps.entries()) {
        expect(rows).toBeGreaterThanOrEqual(steps[i - 1]?.rows ?? 0)
        expect(share).toBeGreaterThanOrEqual(steps[i - 1]?.share ?? 0)
      }
    }
    const half = told.filter(({ share = 0 }) => share > 0.1)
    expect(half.every(({ rowsPerSecond, secondsLeft = -1 }) => rowsPerSecond > 0 && secondsLeft >= 0)).toBe(
      true,
    )
  } finally {
    await folder.remove()
  }
})

test('the line of a build says no more than is known', () => {
  const step = { rows: 1_200_000, rowsPerSecond: 410_000.4 }
  expect(progressLine({ ...step, phase: 'writing', share: 0.317, secondsLeft: 11.2 })).toBe(
    'index build: writing, 1200000 rows, 410000 rows/s, 31 %, 12 s left',
  )
  expect(progressLine({ ...step, phase: 'sorting', share: undefined, secondsLeft: undefined })).toBe(
    'index build: sorting, 1200000 rows, 410000 rows/s',
  )
  expect(progressLine({ phase: 'reading', rows: 0, rowsPerSecond: 0, share: 0, secondsLeft: 7000 })).toBe(
    'index build: reading, 0 rows, 0 %, 1.9 h left',
  )
})
