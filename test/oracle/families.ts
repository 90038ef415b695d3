import { WORLD } from '../../src/sentinel2/area.ts'
import type { Box } from '../../src/sentinel2/granule.ts'
import { tileBox, tilesOf } from '../../src/sentinel2/tiles.ts'
import { type ArchiveRow, archiveRow, type Making } from '../archive.ts'
import { type Chances, chances } from './chances.ts'

type Made = Making &
  Required<Pick<Making, 'start' | 'baseline' | 'generation' | 'sensedAfter'>> & { box: Box }

/**
 * Rows of granules with those that are close to them: other products of the acquisition, other pieces of the
 * product, equal times, strange boxes. Half of them lie at the antimeridian and near the poles.
 */
export function* families(rows: number, seed: number): Generator<ArchiveRow> {
  const random = chances(seed)
  const tiles = tilesOf(WORLD)
  const border = tiles.filter((tile) => /^(?:01|60)/.test(tile) || Math.abs(tileBox(tile)?.[1] ?? 0) > 76)
  let count = 0
  for (let n = 0; count < rows; n++) {
    const tile = random.of(random.oneIn(2) ? border : tiles)
    const makeMembers = MEMBERS[n % MEMBERS.length]
    for (const row of makeMembers?.(making(tile, random), random) ?? []) {
      if (count++ < rows) yield row
    }
  }
}

function making(tile: string, random: Chances): Made {
  const whole = tileBox(tile) ?? [0, 0, 0, 0]
  const start = Date.UTC(2015, 6, 1) + random.below(4000) * DAY + random.below(86_400) * 1000
  return {
    tile,
    start: iso(start),
    level: random.oneIn(3) ? 'L2A' : 'L1C',
    satellite: random.of(['S2A', 'S2B', 'S2C']),
    orbit: 1 + random.below(143),
    baseline: random.of(['02.04', '02.06', '02.09', '03.01', '04.00', '05.09', '05.11']),
    generation: iso(start + 7_200_000 + random.below(36_000) * 1000),
    sensedAfter: random.below(900),
    cloud: random.of([null, 0, 100, random.between(0, 100), Number(random.between(0, 100).toFixed(1))]),
    box: random.oneIn(2) ? whole : partOf(whole, random),
    placeIn: random.of(['base_url', 'source_url']),
  }
}

/** Each gives a granule and what goes with it. */
const MEMBERS: readonly ((one: Made, random: Chances) => ArchiveRow[])[] = [
  // Processed anew: a higher baseline, sensing told otherwise.
  (one) => [
    archiveRow(one),
    archiveRow({ ...one, ...again(one, 400), baseline: '05.00', sensedAfter: one.sensedAfter + 9 }),
  ],
  // The same baseline once more, and a higher one that was made earlier.
  (one) => [
    archiveRow(one),
    archiveRow({ ...one, ...again(one, 1) }),
    archiveRow({ ...one, ...again(one, -0.01), baseline: '10.00' }),
  ],
  // Two pieces of one product, sensed together or apart.
  (one, random) => {
    const row = archiveRow(one)
    const piece = { ...row, GRANULE_ID: pieceOf(row.GRANULE_ID) }
    const later = { SENSING_TIME: archiveRow({ ...one, sensedAfter: one.sensedAfter + 7 }).SENSING_TIME }
    return random.oneIn(2) ? [row, piece] : [row, { ...piece, ...later }]
  },
  // Two products that differ by name alone.
  (one) => {
    const row = archiveRow(one)
    const place = (url: string | null) =>
      url?.replace(/\d\.SAFE$/, (end) => `${9 - Number(end.charAt(0))}.SAFE`) ?? null
    return [
      row,
      { ...row, PRODUCT_ID: null, BASE_URL: place(row.BASE_URL), SOURCE_URL: place(row.SOURCE_URL) },
    ]
  },
  // The same row twice, and once more as sensed later.
  (one) => {
    const row = archiveRow(one)
    const later = archiveRow({ ...one, sensedAfter: one.sensedAfter + 30 })
    return [row, row, { ...later, GRANULE_ID: row.GRANULE_ID }]
  },
  // The long form, its datatake told or not, and what it was processed to later.
  (one, random) => {
    const old = {
      ...one,
      start: iso(Date.UTC(2016, 0, 1) + random.below(300) * DAY),
      level: 'L1C',
      baseline: '02.01',
    } as const
    const late = { ...old, ...again(old, 2000), baseline: '05.00' } as const
    return [longRow(old, random.oneIn(2)), archiveRow(late)]
  },
  // Sensed at the same microsecond next door.
  (one) => {
    const near = tilesOf({ box: one.box }).find((tile) => tile !== one.tile)
    return [
      archiveRow(one),
      ...(near ? [archiveRow({ ...one, tile: near, box: tileBox(near) ?? one.box })] : []),
    ]
  },
  // A box that reaches some metres past its tile, as real ones do; one round the globe; one without height.
  ({ box: [west, south, east, north], ...one }, random) => [
    archiveRow({ ...one, box: [west - 1e-4, south - 9e-5, east + 1.2e-4, Math.min(90, north + 9e-5)] }),
    archiveRow({ ...one, ...again(one, 11), box: [-179.9, south, 179.9, north] }),
    archiveRow({ ...one, sensedAfter: 1000, box: [west, random.oneIn(2) ? south : north, east, north] }),
  ],
  // Written otherwise.
  (one) => {
    const row = archiveRow(one)
    const place = row.BASE_URL ?? row.SOURCE_URL ?? ''
    return [
      {
        ...row,
        BASE_URL: `${place.replace('gs://', 'https://storage.googleapis.com/')}/`,
        SOURCE_URL: null,
        SENSING_TIME: row.SENSING_TIME?.replace('T', ' ').replace(/\.?0*Z$/, ' UTC') ?? null,
      },
      archiveRow({ ...one, ...again(one, 3), box: [null, null, null, null], cloud: null }),
    ]
  },
]

const DAY = 86_400_000
const iso = (ms: number): string => new Date(ms).toISOString()

const again = ({ generation }: Pick<Made, 'generation'>, days: number): Pick<Made, 'generation'> => ({
  generation: iso(Math.round((Date.parse(generation) + days * DAY) / 1000) * 1000),
})

/** What the edge of a swath leaves. */
function partOf([west, south, east, north]: Box, random: Chances): Box {
  const [x, y] = [random.between(west, east), random.between(south, north)]
  const box = random.of<Box>([
    [west, south, x, north],
    [x, south, east, north],
    [west, y, x, north],
    [x, south, east, y],
  ])
  // Written with many digits or with six.
  return random.oneIn(2)
    ? box
    : (box.map((edge) => Number(edge.toFixed(6))) as [number, number, number, number])
}

/** Another granule of the same product. */
const pieceOf = (granuleId: string | null): string | null =>
  granuleId && granuleId.slice(0, -2) + String(59 - Number(granuleId.slice(-2))).padStart(2, '0')

/** As it stood before 2016-12-06: the folder's name carries the start of the sensing. */
function longRow(one: Made, told: boolean): ArchiveRow {
  const { DATATAKE_IDENTIFIER, GRANULE_ID, SENSING_TIME } = archiveRow(one)
  const sensed = iso(Date.parse(one.start) + one.sensedAfter * 1000)
  const row = archiveRow({ ...one, start: sensed, sensedAfter: 0 })
  const [, , orbit = ''] = GRANULE_ID?.split('_') ?? []
  const made = row.PRODUCT_ID?.split('_').at(-1)
  const name = `${one.satellite}_OPER_MSI_L1C_TL_SGS__${made}_${orbit}_T${one.tile}_N${one.baseline}`
  return {
    ...row,
    GRANULE_ID: name,
    PRODUCT_ID: null,
    DATATAKE_IDENTIFIER: told ? DATATAKE_IDENTIFIER : null,
    SENSING_TIME,
    TOTAL_SIZE: null,
  }
}
