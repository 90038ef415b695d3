import { quantile, say, table } from './figures.ts'
import { DENMARK, EUROPE } from './made-index.ts'
import { cities } from './places.ts'
import { type PostGis, postGisQuery } from './postgis.ts'
import { inChild, LIMIT, type Told } from './whole-index-child.ts'

/** Clients at once, and the seconds that they are measured. */
export const CLIENTS = 128
export const SECONDS = 10

export type Peers = {
  readonly csv: string
  /** The same rows as `swath index export` wrote them. */
  readonly parquet: string
  readonly asked: Told['ask']
  readonly crowd: Told['clients']
  readonly http: Told['clients']
  /** Undefined where it is not installed. */
  readonly postgis: PostGis | undefined
}

/** Asks peers what the catalog was asked, and prints all of it. */
export async function comparePeers({ csv, parquet, asked, crowd, http, postgis }: Peers): Promise<void> {
  const duckdb = await inChild('duckdb-parquet', parquet)
  const scan = await inChild('duckdb-csv', csv)
  const pg = postgis && (await askPostGis(postgis))
  say(`First pages of ${LIMIT} granules, p50 / p99 ms, one asker.\n`)
  table(
    ['', 'a city', 'Denmark', 'Europe', `${CLIENTS} clients, random cities, queries a second`],
    [
      ['sqlite catalog', ...pairs(asked), crowdText(crowd)],
      ['the service, `/estimate` of a city', '–', '–', '–', crowdText(http)],
      ['DuckDB on the exported GeoParquet', ...pairs(duckdb), '–'],
      ['DuckDB on the csv.gz, asked once', scan.toFixed(0), '–', '–', '–'],
      [postGisName(postgis), ...pairs(pg), pg ? pg.clients.toFixed(0) : '–'],
    ],
  )
  say(
    'The catalog chooses the best product of each acquisition; peers take all rows whose box meets the area. ' +
      'An estimate counts all granules of the city.',
  )
}

type Areas = Pick<Told['ask'], 'city' | 'denmark' | 'europe'>

const pairs = (told: Areas | undefined): string[] =>
  told ? [told.city, told.denmark, told.europe].map(pair) : ['–', '–', '–']

const pair = (values: readonly number[]): string =>
  `${quantile(values, 0.5).toFixed(2)} / ${quantile(values, 0.99).toFixed(2)}`

const crowdText = ({ queriesASecond, p50, p99 }: Told['clients']): string =>
  `${queriesASecond.toFixed(0)} (p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)} ms)`

function postGisName(postgis: PostGis | undefined): string {
  if (!postgis) return 'PostGIS: not installed'
  const { rows, loadSeconds, bytes } = postgis
  const loaded = `${rows.toLocaleString('en')} rows loaded in ${loadSeconds.toFixed(0)} s`
  return `PostGIS, ${loaded}, ${(bytes / 1e6).toFixed(0)} MB`
}

async function askPostGis(postgis: PostGis): Promise<Areas & { readonly clients: number }> {
  const city = cities(3)
  /** The first ones only warm up. */
  const asks = async (count: number, warm: number, box: () => readonly number[]) => {
    const queries = Array.from({ length: warm + count }, () => postGisQuery(box(), LIMIT))
    return (await postgis.ask(queries)).slice(warm)
  }
  return {
    city: await asks(200, 20, city),
    denmark: await asks(50, 5, () => DENMARK),
    europe: await asks(50, 5, () => EUROPE),
    clients: await postgis.clients(CLIENTS, SECONDS, LIMIT),
  }
}
