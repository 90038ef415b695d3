import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { GRANULES } from './make/granules.ts'
import { drawLandscape } from './make/ground.ts'
import { unpackJp2 } from './make/jp2.ts'
import { nameGranule } from './make/names.ts'
import { makeProduct, type Product } from './make/product.ts'

const USAGE = `node sample/make.ts                        makes sample/bucket, sample/index.csv and sample/drawn.csv again
node sample/make.ts --check                makes them in memory and compares; exit 1 where something differs
  --only <granule_id>                      one granule (with --check)
  --to <folder>                            writes there instead of sample/`

const INDEX_HEADER =
  'GRANULE_ID,PRODUCT_ID,DATATAKE_IDENTIFIER,MGRS_TILE,SENSING_TIME,TOTAL_SIZE,CLOUD_COVER,' +
  'GEOMETRIC_QUALITY_FLAG,GENERATION_TIME,NORTH_LAT,SOUTH_LAT,WEST_LON,EAST_LON,BASE_URL'
const DRAWN_HEADER = 'granule_id,level,baseline,red,green,blue,valid_share'

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  const misused =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (misused) console.error(USAGE)
  process.exitCode = misused ? 2 : 1
}

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      check: { type: 'boolean' },
      only: { type: 'string' },
      to: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help || (values.only !== undefined && !values.check)) {
    console.error(USAGE)
    return values.help ? 0 : 2
  }
  const plans = GRANULES.filter(
    (plan) => values.only === undefined || nameGranule(plan).granuleId === values.only,
  )
  if (plans.length === 0) {
    console.error(
      `The sample has no granule ${values.only}; it has:\n${GRANULES.map((plan) => nameGranule(plan).granuleId).join('\n')}`,
    )
    return 2
  }
  const landscape = drawLandscape()
  const folder = values.to ?? import.meta.dirname
  if (values.check)
    return check(
      plans.map((plan) => makeProduct(plan, landscape)),
      folder,
    )
  write(
    plans.map((plan) => makeProduct(plan, landscape)),
    folder,
  )
  return 0
}

function write(products: readonly Product[], folder: string): void {
  rmSync(join(folder, 'bucket'), { recursive: true, force: true })
  for (const { files } of products)
    for (const [key, content] of files) {
      const path = join(folder, 'bucket', key)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
  writeFileSync(
    join(folder, 'index.csv'),
    table(
      INDEX_HEADER,
      products.map((product) => product.indexRow),
    ),
  )
  writeFileSync(
    join(folder, 'drawn.csv'),
    table(
      DRAWN_HEADER,
      products.map((product) => product.drawnRow),
    ),
  )
  const bytes = products
    .flatMap(({ files }) => [...files.values()])
    .reduce((sum, file) => sum + file.length, 0)
  console.error(`${products.length} granules, ${bytes} bytes in ${folder}`)
}

function table(header: string, rows: readonly string[]): string {
  return `${[header, ...rows].join('\n')}\n`
}

function check(products: readonly Product[], folder: string): number {
  const faults = products.flatMap((product) => [
    ...differsInTable(join(folder, 'index.csv'), withoutSize, product.indexRow),
    ...differsInTable(join(folder, 'drawn.csv'), String, product.drawnRow),
    ...[...product.files].flatMap(([key, made]) => differs(join(folder, 'bucket', key), made)),
  ])
  const places = products.map(({ names }) => join(folder, 'bucket', names.place))
  const made = new Set(
    products.flatMap(({ files }) => [...files.keys()].map((key) => join(folder, 'bucket', key))),
  )
  const spare = places.flatMap(filesUnder).filter((path) => !made.has(path))
  faults.push(...spare.map((path) => `${path} is not of the sample`))
  console.error(
    [...faults, `${products.length} granules, ${made.size} files compared, ${faults.length} differ`].join(
      '\n',
    ),
  )
  return faults.length === 0 ? 0 : 1
}

function differsInTable(path: string, essence: (row: string) => string, made: string): string[] {
  const rows = readFileSync(path, 'utf8').split('\n').map(essence)
  return rows.includes(essence(made)) ? [] : [`${path} has no such row: ${made}`]
}

/** A row of index.csv without its bytes, which follow the version of opj_compress. */
function withoutSize(row: string): string {
  return row.split(',').toSpliced(5, 1).join()
}

function filesUnder(folder: string): string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Other versions of opj_compress may pack the same pixels into other bytes: then the pixels decide. */
function differs(path: string, made: Buffer): string[] {
  if (!existsSync(path)) return [`${path} is missing`]
  const kept = readFileSync(path)
  if (kept.equals(made)) return []
  return path.endsWith('.jp2') && unpackJp2(kept).equals(unpackJp2(made)) ? [] : [`${path} differs`]
}
