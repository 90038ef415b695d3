import { edgesOf, parametersOf, type Query, readable } from './query.ts'

/** A way to take a search along. */
export type Command = { readonly name: string; readonly about: string; readonly text: string }

/** A page of `/area` where nothing is said, and the most that one may hold. */
const USUAL_PAGE = 250
const MOST_PAGE = 10_000

const COLLECTIONS: Readonly<Record<string, string>> = { L1C: 'sentinel-2-l1c', L2A: 'sentinel-2-l2a' }

/**
 * The same search in the words of other tools.
 * @param origin of the service, without a slash at the end
 * @param granules that it matches, where they are counted
 */
export function commandsOf(query: Query, origin: string, granules: number | undefined): Command[] {
  const uris = addressOf(query, origin, 'uris', granules)
  const pages =
    granules !== undefined && granules > MOST_PAGE
      ? ` One answer holds ${MOST_PAGE.toLocaleString('en')} granules; the Link header names the next.`
      : ''
  const clash =
    query.dedupe === 'none' ? ' Files of one name, of several processings, overwrite each other.' : ''
  return [
    { name: 'curl', about: `The images as gs:// addresses, one a line.${pages}`, text: `curl -fsS ${uris}` },
    {
      name: 'swath',
      about: 'The same on the command line; it follows the pages to the end.',
      text: swathLine(query, 'uris'),
    },
    {
      name: 'gsutil',
      about: `Downloads every image into this folder.${clash}`,
      text: `${swathLine(query, 'uris')} \\\n  | gsutil -m cp -I .`,
    },
    {
      name: 'gcloud',
      about: `Downloads every image into this folder.${pages}${clash}`,
      text: `curl -fsS ${uris} \\\n  | gcloud storage cp --read-paths-from-stdin .`,
    },
    { name: 'pystac-client', about: pythonAbout(query), text: pythonText(query, origin) },
    {
      name: 'DuckDB',
      about: `A row an image; ask what you like of them.${pages}`,
      text: `curl -fsS ${addressOf(query, origin, 'ndjson', granules)} \\\n  | duckdb -c ${quoted(STATEMENT)}`,
    },
  ]
}

const STATEMENT =
  'SELECT mgrs_tile, count(DISTINCT granule_id) AS granules, count(*) AS images, sum(size) AS bytes ' +
  "FROM read_json('/dev/stdin', format = 'newline_delimited') GROUP BY mgrs_tile ORDER BY mgrs_tile"

function addressOf(query: Query, origin: string, format: string, granules: number | undefined): string {
  const parameters = parametersOf(query)
  parameters.set('format', format)
  if (granules !== undefined && granules > USUAL_PAGE)
    parameters.set('limit', String(Math.min(granules, MOST_PAGE)))
  return quoted(`${origin}/area?${readable(parameters)}`)
}

function swathLine(query: Query, format: string): string {
  const parameters = [...parametersOf(query), ['format', format] as const]
  return ['npx swath area', ...parameters.map(([name, value]) => optionOf(name, value))].join(' ')
}

/** With = where the value would pass for an option, as a box west of Greenwich does. */
const optionOf = (name: string, value: string): string =>
  `--${name}${value.startsWith('-') ? '=' : ' '}${plain(value)}`

const plain = (value: string): string => (/^[\w.,:/=-]+$/.test(value) ? value : quoted(value))

/** For a POSIX shell: nothing within means anything to it. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

function pythonText(query: Query, origin: string): string {
  const options = [
    `collections=[${inPython(COLLECTIONS[query.level || 'L1C'] ?? query.level)}]`,
    ...(edgesOf(query.bbox) ? [`bbox=[${edgesOf(query.bbox)?.join(', ')}]`] : []),
    ...(query.datetime ? [`datetime=${inPython(query.datetime)}`] : []),
    ...filterOf(query),
    ...orderOf(query),
  ]
  return [
    'from pystac_client import Client',
    '',
    `search = Client.open(${inPython(`${origin}/stac`)}).search(`,
    ...options.map((option) => `    ${option},`),
    ')',
    'for item in search.items():',
    "    print(item.id, item.properties.get('eo:cloud_cover'))",
    '    for name, asset in item.assets.items():',
    "        print('   ', name, asset.href)",
  ].join('\n')
}

/** What STAC has no word for. */
function pythonAbout({ bands, best, dedupe, rank }: Query): string {
  const lost = [
    ...(bands ? ['the choice of bands'] : []),
    ...(best ? ['the best of each tile'] : []),
    ...(dedupe === 'none' ? ['all processings'] : []),
    ...(rank && !['red', 'green', 'blue'].includes(rank) ? ['nearness to a colour'] : []),
  ]
  const without =
    lost.length > 0 ? ` It leaves out ${lost.join(' and ')}, for which a STAC search has no word.` : ''
  return `The same granules as STAC items, in Python.${without}`
}

function filterOf({ cloud, tiles }: Query): string[] {
  const [a = '', b] = cloud.split(',')
  const clouds = b === undefined ? [`eo:cloud_cover <= ${a}`] : [`eo:cloud_cover BETWEEN ${a} AND ${b}`]
  const names = tiles.split(',').map((tile) => `'MGRS-${tile.trim().toUpperCase()}'`)
  const filters = [...(cloud ? clouds : []), ...(tiles ? [`grid:code IN (${names.join(', ')})`] : [])]
  return filters.length > 0 ? [`filter=${inPython(filters.join(' AND '))}`, "filter_lang='cql2-text'"] : []
}

function orderOf({ sort, rank }: Query): string[] {
  if (['red', 'green', 'blue'].includes(rank)) return [`sortby='-swath:share_${rank}'`]
  if (sort === 'datetime') return ["sortby='datetime'"]
  if (sort === 'cloud') return ["sortby='eo:cloud_cover'"]
  return sort === 'coverage' ? ["sortby='-swath:coverage'"] : []
}

/** JSON's texts are Python's, too. */
const inPython = (text: string): string =>
  text.includes("'") ? JSON.stringify(text) : `'${text.replaceAll('\\', '\\\\')}'`
