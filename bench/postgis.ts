import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CITIES, CITY_SIDE } from './places.ts'

const run = promisify(execFile)
const DEBIAN = '/usr/lib/postgresql'
/** The server will not run as root. */
const USER = 'postgres'

export type PostGis = {
  readonly rows: number
  readonly loadSeconds: number
  /** Of the table and its indexes. */
  readonly bytes: number
  /** Milliseconds of each query, told by a client of one session over a socket of this machine. */
  ask(queries: readonly string[]): Promise<number[]>
  /** Queries a second by so many sessions at once for some seconds: first pages of cities that each draws. */
  clients(sessions: number, seconds: number, limit: number): Promise<number>
  close(): Promise<void>
}

/**
 * The peer with a server: PostgreSQL with PostGIS, where Debian's packages are installed; undefined where they
 * are not. A cluster of its own in a temporary folder, on a socket alone.
 * @param rows how many of the CSV's rows are loaded
 */
export async function openPostGis(csvGz: string, rows: number): Promise<PostGis | undefined> {
  const bin = await binaries()
  if (bin === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'swath-postgis-'))
  await chmod(folder, 0o777)
  const data = join(folder, 'data')
  const session = ['-h', folder, '-U', USER, '-d', 'postgres', '-q', '-v', 'ON_ERROR_STOP=1']
  const psql = (args: readonly string[]) =>
    run(join(bin, 'psql'), [...session, ...args], { maxBuffer: 1 << 28 })
  const close = async () => {
    await as(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop']).catch(() => {})
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await as(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', USER])
    const settings = `-k ${folder} -c listen_addresses='' -c shared_buffers=1GB -c max_connections=200`
    const tuned = `${settings} -c work_mem=64MB -c maintenance_work_mem=1GB -c max_wal_size=8GB -c fsync=off`
    await as(join(bin, 'pg_ctl'), ['-D', data, '-w', '-o', tuned, '-l', join(folder, 'log'), 'start'])
    const start = performance.now()
    await psql(['-c', TABLE])
    const load = 'csv=$0 rows=$1; shift; zcat "$csv" | tail -n +2 | head -n "$rows" | "$@"'
    await run('sh', ['-c', load, csvGz, String(rows), join(bin, 'psql'), ...session, '-c', COPY])
    await psql(['-c', INSERT])
    await psql(['-c', INDEXES])
    // By itself, as it will not run among others; the first queries would do its work else.
    await psql(['-c', 'VACUUM ANALYZE granule'])
    const loadSeconds = (performance.now() - start) / 1000
    const { stdout } = await psql(['-At', '-c', SIZE])
    const [held = Number.NaN, bytes = Number.NaN] = stdout.trim().split('|').map(Number)
    return {
      rows: held,
      loadSeconds,
      bytes,
      ask: async (queries) => {
        const script = join(folder, 'ask.sql')
        await writeFile(
          script,
          ['\\timing on', '\\o /dev/null', ...queries.map((sql) => `${sql};`)].join('\n'),
        )
        const { stdout: told } = await psql(['-f', script])
        return [...told.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, ms]) => Number(ms))
      },
      clients: async (sessions, seconds, limit) => {
        const script = join(folder, 'clients.sql')
        await writeFile(script, clientScript(limit))
        const settings = { '-h': folder, '-U': USER, '-f': script, '-c': sessions, '-j': 2, '-T': seconds }
        const args = Object.entries(settings).flatMap(([flag, value]) => [flag, String(value)])
        const { stdout: told } = await run(join(bin, 'pgbench'), ['-n', ...args, 'postgres'])
        return Number(/^tps = ([\d.]+)/m.exec(told)?.[1])
      },
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** The first page of a box, newest first; west, south, east, north may be variables of pgbench. */
export const postGisQuery = (box: readonly (string | number)[], limit: number): string =>
  `SELECT ${COLUMNS} FROM granule WHERE box && ST_MakeEnvelope(${box.join(', ')}, 4326) ` +
  `ORDER BY sensing_time DESC, generation_time DESC LIMIT ${limit}`

/** What a session of pgbench does again and again: it draws a city's box as `cities` in places.ts does, and asks. */
function clientScript(limit: number): string {
  const of = (axis: 0 | 1) => CITIES.map((city, n) => `when :city = ${n} then ${city[axis]}`).join(' ')
  const away = `${CITY_SIDE} * random(0, 999999) / 1000000.0`
  return [
    `\\set city random(0, ${CITIES.length - 1})`,
    `\\set west (case ${of(0)} end) - ${away}`,
    `\\set south (case ${of(1)} end) - ${away}`,
    `\\set east :west + ${CITY_SIDE}`,
    `\\set north :south + ${CITY_SIDE}`,
    `${postGisQuery([':west', ':south', ':east', ':north'], limit)};\n`,
  ].join('\n')
}

/** Those of the CSV. */
const COLUMNS =
  'granule_id, product_id, datatake_identifier, mgrs_tile, sensing_time, total_size, cloud_cover, ' +
  'geometric_quality_flag, generation_time, north_lat, south_lat, west_lon, east_lon, base_url'

/** Rows come as text first: some of the archive's are strange, and COPY gives up at the first. */
const TABLE = `CREATE EXTENSION postgis;
CREATE UNLOGGED TABLE line (
  granule_id text, product_id text, datatake_identifier text, mgrs_tile text, sensing_time text, total_size text,
  cloud_cover text, geometric_quality_flag text, generation_time text, north_lat text, south_lat text,
  west_lon text, east_lon text, base_url text);
CREATE UNLOGGED TABLE granule (
  granule_id text, product_id text, datatake_identifier text, mgrs_tile text, sensing_time timestamptz,
  total_size bigint, cloud_cover float8, geometric_quality_flag text, generation_time timestamptz,
  north_lat float8, south_lat float8, west_lon float8, east_lon float8, base_url text,
  box geometry(Polygon, 4326) GENERATED ALWAYS AS
    (ST_MakeEnvelope(west_lon, south_lat, east_lon, north_lat, 4326)) STORED)`
const COPY = 'COPY line FROM STDIN CSV'
const TIME = `'^20\\d\\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T\\d\\d:\\d\\d:\\d\\d\\.\\d+Z$'`
const NUMBER = `'^-?\\d+(\\.\\d+)?$'`
/** What is empty stays, what cannot be read is left out: of the generator's days one that no month has. */
const INSERT = `INSERT INTO granule SELECT granule_id, product_id, datatake_identifier, mgrs_tile,
  sensing_time::timestamptz, total_size::bigint, cloud_cover::float8, geometric_quality_flag,
  generation_time::timestamptz, north_lat::float8, south_lat::float8, west_lon::float8, east_lon::float8, base_url
FROM line WHERE sensing_time ~ ${TIME} AND sensing_time NOT LIKE '%-02-30T%'
  AND ${[
    ...['north_lat', 'south_lat', 'west_lon', 'east_lon', 'cloud_cover'].map((name) => [name, NUMBER]),
    ['generation_time', TIME],
    ['total_size', "'^\\d+$'"],
  ]
    .map(([name, form]) => `(${name} ~ ${form}) IS NOT FALSE`)
    .join(' AND ')};
DROP TABLE line`
const SIZE = "SELECT count(*), pg_total_relation_size('granule') FROM granule"
const INDEXES =
  'CREATE INDEX ON granule USING gist (box); CREATE INDEX ON granule (sensing_time DESC); ' +
  'CREATE INDEX ON granule (mgrs_tile, sensing_time)'

async function binaries(): Promise<string | undefined> {
  const versions = await readdir(DEBIAN).catch((): string[] => [])
  const having = versions.filter((version) =>
    existsSync(`/usr/share/postgresql/${version}/extension/postgis.control`),
  )
  const newest = having.sort((a, b) => Number(a) - Number(b)).at(-1)
  return newest === undefined ? undefined : join(DEBIAN, newest, 'bin')
}

const as = (program: string, args: readonly string[]) =>
  run('su', [USER, '-s', '/bin/sh', '-c', '"$0" "$@"', '--', program, ...args], { maxBuffer: 1 << 26 })
