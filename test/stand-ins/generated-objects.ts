/*
 * A made-up bucket for benchmarks, laid out as the archive is: compact L1C products of four tiles that
 * share a corner, each of a datatake of its own.
 */

/** West, south, east, north of the tiles' ground, degrees WGS 84 (from s2_tiles.csv, edges densified). */
const TILES = {
  '33UUB': [11.800511, 54.919027, 13.591601, 55.937273],
  '33UVB': [13.398563, 54.949066, 15.156272, 55.945734],
  '33VUC': [11.724465, 55.815891, 13.559301, 56.83506],
  '33VVC': [13.360438, 55.846948, 15.159994, 56.843812],
} as const satisfies Record<string, readonly [number, number, number, number]>

/** An area that lies in all of the tiles: two opposite corners, degrees WGS 84. */
export const GENERATED_AREA = { lat1: 55.88, lng1: 13.46, lat2: 55.9, lng2: 13.5 } as const

const BANDS = [
  'B01',
  'B02',
  'B03',
  'B04',
  'B05',
  'B06',
  'B07',
  'B08',
  'B09',
  'B10',
  'B11',
  'B12',
  'B8A',
  'TCI',
]

const HEADER =
  'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
  'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL'

export type Generated = {
  /** Size of each object by its key; there are no bytes. */
  readonly objects: ReadonlyMap<string, number>
  /** Header line of the index, without a line end. */
  readonly header: string
  /** A line of the index for each granule, without line ends. */
  readonly rows: readonly string[]
}

/**
 * The same counts always give the same objects.
 * @param granules 0 and up
 * @param images of each granule, 1 to 14: the 13 bands, then TCI
 */
export function generatedObjects({ granules, images }: { granules: number; images: number }): Generated {
  if (!(images >= 1 && images <= BANDS.length))
    throw new RangeError(`A granule has 1 to 14 images, not ${images}.`)
  const objects = new Map<string, number>()
  const rows: string[] = []
  for (let n = 0; n < granules; n++) {
    const granule = granuleOf(n)
    const files = filesOf(granule, BANDS.slice(0, images), n)
    let total = 0
    for (const [path, size] of files) {
      objects.set(granule.place + path, size)
      total += size
    }
    rows.push(rowOf(granule, total))
  }
  return { objects, header: HEADER, rows }
}

const DAY_MS = 86_400_000
const FIRST_MS = Date.UTC(2017, 6, 1, 10, 20, 21)
const ROUND = 128
/** Masks became JPEG 2000 with baseline 04.00, which began on this day. */
const BASELINE_4_MS = Date.UTC(2022, 0, 25)

type Made = ReturnType<typeof granuleOf>

function granuleOf(n: number) {
  const tiles = Object.entries(TILES)
  const [tile, box] = tiles[n % tiles.length] ?? ['33UUB', TILES['33UUB']]
  // 22 days apart, so that 121 granules take seven years and cross baseline 04.00; later rounds through
  // the same days start seconds after the first.
  const start = FIRST_MS + (n % ROUND) * 22 * DAY_MS + Math.floor(n / ROUND) * 1000
  const satellite = n % 2 === 0 ? 'S2A' : 'S2B'
  const baseline = start < BASELINE_4_MS ? '02.06' : '04.00'
  const orbit = String(8000 + n).padStart(6, '0')
  const sensing = start + 4000
  const generation = start + 4 * 3_600_000
  const product = `${satellite}_MSIL1C_${compact(start)}_N${baseline.replace('.', '')}_R022_T${tile}_${compact(generation)}`
  return {
    tile,
    box,
    start,
    sensing,
    generation,
    baseline,
    product,
    granule: `L1C_T${tile}_A${orbit}_${compact(sensing)}`,
    datatake: `G${satellite}_${compact(start)}_${orbit}_N${baseline}`,
    place: `tiles/${tile.slice(0, 2)}/${tile.slice(2, 3)}/${tile.slice(3)}/${product}.SAFE`,
    cloud: (n * 37) % 101,
  }
}

/** Paths of a product's objects, from the end of the name of its .SAFE folder on, with their sizes. */
function filesOf(made: Made, bands: readonly string[], n: number): [path: string, size: number][] {
  const granule = `/GRANULE/${made.granule}`
  const image = `T${made.tile}_${compact(made.start)}`
  const masks = made.baseline === '04.00' ? JP2_MASKS : GML_MASKS
  return [
    ...['', '/GRANULE', granule, `${granule}/IMG_DATA`, `${granule}/QI_DATA`].map(
      (folder): [string, number] => [`${folder}_$folder$`, 6],
    ),
    ['/MTD_MSIL1C.xml', 44_000 + (n % 1000)],
    ['/manifest.safe', 16_000 + (n % 1000)],
    [`${granule}/MTD_TL.xml`, 500_000 + (n % 1000)],
    ...bands.map((band, of): [string, number] => [
      `${granule}/IMG_DATA/${image}_${band}.jp2`,
      20_000_000 + n * BANDS.length + of,
    ]),
    [`${granule}/QI_DATA/${image}_PVI.jp2`, 130_000 + (n % 1000)],
    ...masks.map((mask): [string, number] => [`${granule}/QI_DATA/${mask}`, 12_000 + (n % 1000)]),
  ]
}

const SPECTRAL = BANDS.slice(0, 13)
const JP2_MASKS = [
  'MSK_CLASSI_B00.jp2',
  ...SPECTRAL.flatMap((band) => [`MSK_DETFOO_${band}.jp2`, `MSK_QUALIT_${band}.jp2`]),
]
const GML_MASKS = ['MSK_CLOUDS_B00.gml', ...SPECTRAL.map((band) => `MSK_DETFOO_${band}.gml`)]

function rowOf(made: Made, total: number): string {
  const [west, south, east, north] = made.box
  return [
    made.granule,
    made.product,
    made.datatake,
    made.tile,
    micros(made.sensing),
    total,
    made.cloud.toFixed(1),
    'PASSED',
    micros(made.generation),
    north,
    south,
    west,
    east,
    `gs://gcp-public-data-sentinel-2/${made.place}`,
  ].join(',')
}

const compact = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
const micros = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
