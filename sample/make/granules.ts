import type { SEASONS } from './seasons.ts'

/** One granule of the sample: what its names are made of, and how its day looked. */
export type Plan = {
  readonly satellite: 'S2A' | 'S2B' | 'S2C'
  readonly level: 'L1C' | 'L2A'
  /** `long`: contents named as before 2016-12-06. */
  readonly form: 'compact' | 'long'
  readonly tile: keyof typeof TILES
  readonly relativeOrbit: number
  readonly absoluteOrbit: number
  readonly baseline: string
  /** Start of the datatake, UTC to the second, as in names. */
  readonly start: string
  /** The time in the granule's name; in the long form the creation of the granule. */
  readonly granuleTime: string
  readonly generation: string
  /** RFC 3339, UTC. */
  readonly sensing: string
  /** Percent, 0 to 100; the drawn clouds take as much of the tile. */
  readonly cloudCover: number
  readonly season: keyof typeof SEASONS
  /** Thickness of the air between ground and satellite, 1 on a clear day; L2A has none. */
  readonly haze: number
  /** Size of the clouds, metres. */
  readonly cloudSize: number
  /** Where the swath ends: which side of the tile is empty, and how much of it, 0 to 1. */
  readonly edge?: { readonly empty: 'west' | 'east'; readonly share: number }
  /** Whether `_$folder$` objects stand beside its folders. */
  readonly markers: boolean
}

/** West and north edge in metres of UTM zone 33, EPSG:32633. 33UVB lies east of 33UUB, 33VUC north of it. */
export const TILES = {
  '33UUB': { west: 300_000, north: 6_200_040 },
  '33UVB': { west: 399_960, north: 6_200_040 },
  '33VUC': { west: 300_000, north: 6_300_040 },
} as const

const FEBRUARY = {
  satellite: 'S2A',
  level: 'L1C',
  form: 'compact',
  tile: '33UUB',
  relativeOrbit: 22,
  absoluteOrbit: 14033,
  start: '20180228T101021',
  cloudCover: 4.1127,
  season: 'snow',
  haze: 0.8,
  cloudSize: 9000,
} as const

const MIDSUMMER = {
  satellite: 'S2A',
  form: 'compact',
  tile: '33UUB',
  relativeOrbit: 65,
  absoluteOrbit: 36527,
  baseline: '04.00',
  start: '20220620T102041',
  granuleTime: '20220620T102042',
  sensing: '2022-06-20T10:23:51.417206Z',
  season: 'summer',
  haze: 0.9,
  cloudSize: 5000,
  markers: false,
} as const

/** In order of sensing. The orbits are those that pass there on those days, counted from real products. */
export const GRANULES: readonly Plan[] = [
  {
    satellite: 'S2A',
    level: 'L1C',
    form: 'long',
    tile: '33UUB',
    relativeOrbit: 65,
    absoluteOrbit: 4495,
    baseline: '02.01',
    start: '20160502T102022',
    granuleTime: '20160502T154438',
    generation: '20160502T183211',
    sensing: '2016-05-02T10:20:31.204000Z',
    cloudCover: 12.4,
    season: 'spring',
    haze: 1.1,
    cloudSize: 7000,
    markers: true,
  },
  // The cold days of February 2018, once as they came and once reprocessed.
  {
    ...FEBRUARY,
    baseline: '02.06',
    granuleTime: '20180228T101018',
    generation: '20180228T121435',
    sensing: '2018-02-28T10:10:18.459000Z',
    markers: true,
  },
  {
    ...FEBRUARY,
    baseline: '05.00',
    granuleTime: '20180228T101022',
    generation: '20230914T033254',
    sensing: '2018-02-28T10:13:46.870113Z',
    cloudCover: 4.3671,
    markers: false,
  },
  {
    satellite: 'S2A',
    level: 'L1C',
    form: 'compact',
    tile: '33UVB',
    relativeOrbit: 65,
    absoluteOrbit: 15792,
    baseline: '02.06',
    start: '20180701T102021',
    granuleTime: '20180701T102024',
    generation: '20180701T123107',
    sensing: '2018-07-01T10:20:24.462000Z',
    cloudCover: 0.3418,
    season: 'drought',
    haze: 0.55,
    cloudSize: 4000,
    edge: { empty: 'east', share: 0.4 },
    markers: true,
  },
  {
    satellite: 'S2B',
    level: 'L1C',
    form: 'compact',
    tile: '33UUB',
    relativeOrbit: 65,
    absoluteOrbit: 17537,
    baseline: '02.09',
    start: '20200715T102559',
    granuleTime: '20200715T102602',
    generation: '20200715T124358',
    sensing: '2020-07-15T10:29:12.083621Z',
    cloudCover: 2.0853,
    season: 'bloom',
    haze: 0.65,
    cloudSize: 6000,
    markers: true,
  },
  {
    satellite: 'S2B',
    level: 'L1C',
    form: 'compact',
    tile: '33VUC',
    relativeOrbit: 65,
    absoluteOrbit: 23114,
    baseline: '03.01',
    start: '20210809T102559',
    granuleTime: '20210809T102603',
    generation: '20210809T124116',
    sensing: '2021-08-09T10:28:57.612908Z',
    cloudCover: 6.7249,
    season: 'lateSummer',
    haze: 1.8,
    cloudSize: 18000,
    markers: true,
  },
  {
    ...MIDSUMMER,
    level: 'L1C',
    generation: '20220620T122744',
    cloudCover: 1.2035,
  },
  {
    ...MIDSUMMER,
    level: 'L2A',
    generation: '20220620T154809',
    cloudCover: 1.2612,
  },
  {
    satellite: 'S2B',
    level: 'L1C',
    form: 'compact',
    tile: '33UVB',
    relativeOrbit: 22,
    absoluteOrbit: 37657,
    baseline: '05.10',
    start: '20240522T100559',
    granuleTime: '20240522T100601',
    generation: '20240522T121530',
    sensing: '2024-05-22T10:09:18.755340Z',
    cloudCover: 58.9014,
    season: 'rapeseed',
    haze: 1,
    cloudSize: 16000,
    markers: false,
  },
  {
    satellite: 'S2A',
    level: 'L1C',
    form: 'compact',
    tile: '33VUC',
    relativeOrbit: 22,
    absoluteOrbit: 48496,
    baseline: '05.11',
    start: '20241004T100811',
    granuleTime: '20241004T100814',
    generation: '20241004T133609',
    sensing: '2024-10-04T10:11:05.291774Z',
    cloudCover: 27.5506,
    season: 'autumn',
    haze: 0.9,
    cloudSize: 12000,
    edge: { empty: 'west', share: 0.18 },
    markers: false,
  },
  {
    satellite: 'S2C',
    level: 'L1C',
    form: 'compact',
    tile: '33UUB',
    relativeOrbit: 65,
    absoluteOrbit: 3324,
    baseline: '05.11',
    start: '20250425T102041',
    granuleTime: '20250425T102039',
    generation: '20250425T140953',
    sensing: '2025-04-25T10:23:55.038816Z',
    cloudCover: 21.648,
    season: 'earlySpring',
    haze: 1,
    cloudSize: 10000,
    edge: { empty: 'east', share: 0.14 },
    markers: false,
  },
]
