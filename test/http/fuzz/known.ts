import { z } from 'zod'

/** What a service says of itself, from which values are taken that it takes. */
export type Known = {
  readonly granules: readonly string[]
  readonly items: readonly string[]
  /** Names that filters may hold. */
  readonly properties: readonly string[]
  /** Tokens that it gave, for queries that are asked with them, by the beginning of the path. */
  readonly pages: readonly {
    readonly path: string
    readonly query: readonly string[]
    readonly token: string
  }[]
}

const features = z.object({ features: z.array(z.object({ id: z.string() })) })
const names = z.object({ properties: z.record(z.string(), z.unknown()) })

const EVERYWHERE = 'bbox=-180,-90,180,90'
/** Of the granules that there are; the whole world costs a hundred times as much. */
const HERE = 'bbox=11,54,15,57'
const PAGED = [
  ['/area', HERE, 'limit=1'],
  ['/area', HERE, 'limit=2', 'sort=cloud'],
  ['/area', HERE, 'limit=1', 'sort=coverage'],
  ['/images', 'lat=55.66', 'lng=12.58', 'limit=1'],
  ['/stac/search', 'limit=1'],
  ['/stac/search', HERE, 'limit=2', 'sortby=-eo:cloud_cover'],
  ['/stac/collections/sentinel-2-l1c/items', 'limit=1'],
] as const

/** Asks a service that has just begun, the first who does. @param url its root, no slash at the end */
export async function knownOf(url: string): Promise<Known> {
  const json = async (path: string): Promise<unknown> => (await fetch(url + path)).json()
  const [items, granules, queryables] = await Promise.all([
    json('/stac/search?limit=50'),
    fetch(`${url}/area?${EVERYWHERE}&format=csv&bands=TCI&dedupe=none`).then((answer) => answer.text()),
    json('/stac/queryables'),
  ])
  const pages = await Promise.all(
    PAGED.map(async ([path, ...query]) => {
      const { headers } = await fetch(`${url}${path}?${query.join('&')}`)
      const link = /<([^>]+)>; rel="next"/.exec(headers.get('Link') ?? '')?.[1] ?? url
      return { path, query, token: new URL(link).searchParams.get('token') ?? '' }
    }),
  )
  return {
    items: features.parse(items).features.map(({ id }) => id),
    granules: granules
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0] ?? ''),
    properties: Object.keys(names.parse(queryables).properties),
    pages,
  }
}

/** A token with one bit turned, a piece missing, another's cursor or another shape; else as it is. */
export function mangled(token: string, random: { below(n: number): number }): string {
  const bytes = Buffer.from(token)
  const at = random.below(bytes.length)
  switch (random.below(7)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(7))
      return bytes.toString('latin1')
    case 1:
      return token.slice(0, at)
    case 2:
      return token + token
    case 3:
      return rewritten(token, (parts) => [...parts.slice(0, -1), STRANGE[random.below(STRANGE.length)]])
    case 4:
      return rewritten(token, (parts) =>
        parts.map((part, i) => (i > 0 && i === at % parts.length ? STRANGE[at % STRANGE.length] : part)),
      )
    case 5:
      return rewritten(token, (parts) => [...parts, ...parts])
    default:
      return token
  }
}

const STRANGE = [
  -1,
  0,
  1e308,
  2 ** 53,
  0.5,
  '',
  'x',
  "' OR 1=1",
  '\0',
  null,
  {},
  [],
  true,
  'a'.repeat(500),
  '[1',
  '{"L1C":5}',
  '[[],[]]',
]

function rewritten(token: string, change: (parts: readonly unknown[]) => readonly unknown[]): string {
  try {
    const parts = z.array(z.unknown()).parse(JSON.parse(Buffer.from(token, 'base64url').toString()))
    return Buffer.from(JSON.stringify(change(parts))).toString('base64url')
  } catch {
    return token
  }
}
