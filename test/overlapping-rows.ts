import fc from 'fast-check'
import { type ArchiveRow, archiveRow, LONG_FORM_ROW, type Making } from './archive.ts'

/* Rows that fall onto one another in all ways: of few tiles, starts and orbits, some of them strange. */

const START = Date.UTC(2016, 11, 4, 10)
const HOUR = 3_600_000
const time = (ms: number) => new Date(ms).toISOString()

/** Few tiles, starts and orbits, so that rows fall onto one another in all ways. */
const making: fc.Arbitrary<Making> = fc.record({
  tile: fc.constantFrom('33UUB', '33UUB', '33UUB', '33UUB', '33UVB', '60KYD'),
  start: fc.constantFrom(0, 0, 1, 24, 72, 240).map((hours) => time(START + hours * HOUR)),
  level: fc.constantFrom('L1C', 'L1C', 'L2A'),
  satellite: fc.constantFrom('S2A', 'S2B'),
  orbit: fc.constantFrom(22, 65),
  baseline: fc.constantFrom('02.06', '04.00', '05.11'),
  generation: fc.constantFrom(300, 301, 9000).map((hours) => time(START + hours * HOUR)),
  sensedAfter: fc.constantFrom(0, 6, 6, 6, 100),
  cloud: fc.constantFrom(10, 20, null),
  box: fc.constantFrom(undefined, undefined, [null, null, null, null], [12.1, 55.2, 12.9, 55.7]),
  placeIn: fc.constantFrom('base_url', 'source_url'),
})

type Alter = (row: ArchiveRow) => ArchiveRow
const alterations: readonly Alter[] = [
  (row) => row,
  (row) => row,
  (row) => ({ ...row, DATATAKE_IDENTIFIER: null }),
  (row) => ({ ...row, GENERATION_TIME: null }),
  (row) => ({
    ...row,
    PRODUCT_ID: 'S2A_OPER_PRD_MSIL1C_PDMC_20161205T000000_R022_V20161204T100000_20161204T100000',
  }),
  // The same times, another name: what seq orders.
  (row) => ({ ...row, GRANULE_ID: row.GRANULE_ID?.replace('_A001', '_A002') ?? null }),
  (row) => ({ ...row, GRANULE_ID: 'strange' }),
  (row) => ({ ...row, BASE_URL: 'gs://b/tiles/33/U/UB/strange.SAFE', SOURCE_URL: null }),
  // Sensed, by its own account, days from its datatake.
  (row) => ({ ...row, SENSING_TIME: '2016-12-09T10:00:06.000000Z' }),
  (row) => ({ ...row, GEOMETRIC_QUALITY_FLAG: 'FAILED', TOTAL_SIZE: null }),
  (row) => ({ ...row, GEOMETRIC_QUALITY_FLAG: null }),
]
const longForm: fc.Arbitrary<ArchiveRow> = fc
  .tuple(fc.constantFrom(0, 20, 40, 70), fc.constantFrom('02.01', '02.04'), fc.boolean())
  .map(([minutes, baseline, told]) => {
    const start = time(Date.UTC(2016, 11, 4, 10, minutes)).replaceAll(/[-:]|\.000Z/g, '')
    const place = `gs://b/tiles/33/U/UB/S2A_MSIL1C_${start}_N${baseline.replace('.', '')}_R022_T33UUB_20161204T230000.SAFE`
    return {
      ...LONG_FORM_ROW,
      GRANULE_ID: `S2A_OPER_MSI_L1C_TL_SGS__20161204T180000_A002617_T33UUB_N${baseline}`,
      DATATAKE_IDENTIFIER: told ? `GS2A_20161204T100000_002617_N${baseline}` : null,
      MGRS_TILE: '33UUB',
      SENSING_TIME: time(Date.UTC(2016, 11, 4, 10, minutes) + 886).replace('Z', '000Z'),
      GENERATION_TIME: '2016-12-04T23:00:00.000000Z',
      BASE_URL: place,
    }
  })
/** A row of the archive, usual or strange. */
export const anyRow: fc.Arbitrary<ArchiveRow> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(making, fc.constantFrom(...alterations))
      .map(([made, alter]) => alter(archiveRow(made))),
  },
  { weight: 1, arbitrary: longForm },
)

const identity = (row: ArchiveRow) =>
  `${row.MGRS_TILE} ${row.BASE_URL?.endsWith('.SAFE') ? row.BASE_URL : row.SOURCE_URL} ${row.GRANULE_ID}`

/** One row of each granule: which of two that disagree counts is another test's. */
export const oneOfEach = (rows: readonly ArchiveRow[]) => [
  ...new Map(rows.map((row) => [identity(row), row])).values(),
]
