import { z } from 'zod'
import { archiveRow, LONG_FORM_ROW } from '../../archive.ts'

const link = z.looseObject({
  rel: z.string(),
  href: z.string(),
  type: z.string().optional(),
  method: z.string().optional(),
  body: z.record(z.string(), z.unknown()).optional(),
  merge: z.boolean().optional(),
})
const item = z.looseObject({
  id: z.string(),
  collection: z.string(),
  properties: z.looseObject({
    datetime: z.string(),
    'eo:cloud_cover': z.number().optional(),
    'swath:coverage': z.number().optional(),
    'swath:share_red': z.number().optional(),
  }),
})
const page = z.looseObject({
  type: z.literal('FeatureCollection'),
  features: z.array(item),
  links: z.array(link),
  numberReturned: z.number(),
  numberMatched: z.number().optional(),
})
const failure = z.strictObject({ code: z.string(), description: z.string() })

export type Item = z.infer<typeof item>
export type ItemPage = z.infer<typeof page>

/** A request as links tell it. */
export type Request = {
  readonly href: string
  readonly method?: string | undefined
  readonly body?: Readonly<Record<string, unknown>> | undefined
}

export const post = (href: string, body: unknown): Promise<Response> =>
  fetch(href, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const send = ({ href, method = 'GET', body }: Request): Promise<Response> =>
  method === 'POST' ? post(href, body ?? {}) : fetch(href)

/** A page of items. */
export async function pageOf(request: Request): Promise<ItemPage> {
  const response = await send(request)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${request.href}: ${response.status} ${text}`)
  return page.parse(JSON.parse(text))
}

/** What is told of a failure, with its status. */
export async function failureOf(
  answer: Promise<Response>,
): Promise<z.infer<typeof failure> & { status: number }> {
  const response = await answer
  return { status: response.status, ...failure.parse(await response.json()) }
}

/** All pages, by following each next link as clients of STAC do: href, method, and body, merged where it says so. */
export async function pagesOf(first: Request, most = 1000): Promise<ItemPage[]> {
  const pages: ItemPage[] = []
  let request: Request | undefined = first
  while (request && pages.length < most) {
    const got: ItemPage = await pageOf(request)
    pages.push(got)
    const next = got.links.find(({ rel }) => rel === 'next')
    const before: Request['body'] = request.body
    request = next && {
      href: next.href,
      method: next.method,
      body: next.merge ? { ...before, ...next.body } : next.body,
    }
  }
  return pages
}

export const idsOf = (pages: readonly ItemPage[]): string[] =>
  pages.flatMap(({ features }) => features.map(({ id }) => id))

const day = (n: number) => new Date(Date.UTC(2021, 0, 1 + n, 10)).toISOString()

/** Both levels of three tiles, one of them across the antimeridian; some made twice, some of the same time. */
export const ROWS = [
  ...Array.from({ length: 60 }, (_, i) =>
    archiveRow({
      tile: ['33UUB', '33UVB', '01KAB'][i % 3] ?? '33UUB',
      start: day(Math.floor(i / 4)),
      level: i % 2 === 0 ? 'L1C' : 'L2A',
      orbit: 1 + (i % 7),
      cloud: i % 11 === 0 ? null : (i * 37) % 101,
      satellite: i % 5 === 0 ? 'S2B' : 'S2A',
    }),
  ),
  ...Array.from({ length: 4 }, (_, i) =>
    archiveRow({
      tile: '33UUB',
      start: day(i * 3),
      orbit: 1 + ((i * 12) % 7),
      satellite: i === 0 ? 'S2B' : 'S2A',
      baseline: '05.00',
      generation: '2023-05-01T00:00:00Z',
    }),
  ),
  LONG_FORM_ROW,
]
