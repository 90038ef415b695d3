import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowOf } from '../../src/index-file/csv.ts'
import { granuleOfRow } from '../../src/index-file/csv-granule.ts'
import { AT, NUMBERS } from '../../src/index-file/quick-row.ts'
import { tileRows } from '../../src/index-file/tile-rows.ts'
import { bestProducts } from '../../src/sentinel2/granule.ts'
import { archiveRow, csvOf } from '../archive.ts'

const making = fc.record({
  hours: fc.integer({ min: 0, max: 60 }),
  minutes: fc.constantFrom(0, 0, 10, 50),
  orbit: fc.integer({ min: 1, max: 3 }),
  baseline: fc.constantFrom('02.04', '05.00', '05.10'),
  satellite: fc.constantFrom('S2A' as const, 'S2B' as const),
  level: fc.constantFrom('L1C' as const, 'L2A' as const),
  later: fc.integer({ min: 1, max: 3 }),
  form: fc.constantFrom('usual', 'usual', 'usual', 'without a datatake', 'in another folder'),
})

test('the superseded rows of a tile are those of which bestProducts knows a better one, all asked at once', () => {
  fc.assert(
    fc.property(fc.array(making, { minLength: 1, maxLength: 30 }), (makings) => {
      const rows = makings.map(({ hours, minutes, later, form, ...rest }, n) => {
        const start = Date.UTC(2016, 10, 1) + (hours * 60 + minutes) * 60_000
        const row = archiveRow({
          tile: '33UUB',
          start: new Date(start).toISOString(),
          generation: new Date(start + later * 3_600_000).toISOString(),
          sensedAfter: n,
          ...rest,
        })
        if (form === 'without a datatake') return { ...row, DATATAKE_IDENTIFIER: null }
        if (form === 'usual') return row
        return { ...row, BASE_URL: (row.BASE_URL ?? '').replace(/T\d{6}\.SAFE$/, 'T000001.SAFE') }
      })
      const lines = csvOf(rows).split('\n').slice(1).join('\n')
      const { numbers, texts, tally } = tileRows(Buffer.from(lines), [Buffer.byteLength(lines)])
      const granules = lines
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => {
          const read = granuleOfRow(rowOf(line))
          return typeof read === 'string' ? [] : [read.granule]
        })
      const best = bestProducts(granules)
      const outdated = granules.filter((granule) => !best.has(granule))
      expect(tally).toMatchObject({ rows: rows.length, kept: granules.length, superseded: outdated.length })
      // By sensing time, which is each row's own, and level.
      const marked = Array.from({ length: numbers.length / NUMBERS }, (_, i) => i * NUMBERS)
        .filter((at) => numbers[at + AT.superseded] === 1)
        .map((at) => `${numbers[at + AT.sensing]} ${(numbers[at + AT.cell] ?? 0) % 2}`)
      const wanted = outdated.map(({ sensingTime, level }) => `${sensingTime} ${level === 'L1C' ? 0 : 1}`)
      expect(marked.sort()).toEqual(wanted.sort())
      expect(texts.every(([row], i) => row > (texts[i - 1]?.[0] ?? -1))).toBe(true)
    }),
    { numRuns: 400 },
  )
})
