import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { z } from 'zod'
import { type AreaForm, type AreaQuery, coloursTold, type Purpose, parseAreaQuery } from '../area-query.ts'
import { estimate } from '../estimate.ts'
import { type Format, mediaTypeOf, tellsCoverage, write } from '../formats.ts'
import type { ReadArea } from '../ground/area-thread.ts'
import type { Session } from '../house.ts'
import { type AreaPage, listArea } from '../list-area.ts'
import { writeToken } from '../page-token.ts'
import { rankArea } from '../rank-area.ts'
import { rankPage } from '../rank-colour.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { summariseArea } from '../summarise-area.ts'
import type { Env } from './env.ts'
import type { featureCollection, imagePaths } from './openapi/answers.ts'
import { addressOf } from './outside.ts'
import { readPosted } from './posted.ts'
import { gathered, streamed } from './stream.ts'
import { typedAnswer } from './typed-answer.ts'

/** What the Accept header may name, best first. */
const BY_MEDIA_TYPE: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/uri-list': 'uris',
  'text/plain': 'uris',
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/geo+json': 'geojson',
}

/** Granules whose images are a piece of text. */
const SHORT_PAGE = 10

/** How a request's area is given, what it is asked for, and who reads it where it is a shape. */
export type AskedForm = { readonly form: AreaForm; readonly purpose: Purpose; readonly read: ReadArea }

/**
 * The query of a request, whose area may be its body.
 * @throws {Fault} as parseAreaQuery; as readPosted; as ReadArea
 */
export async function askedOf(c: Context, { form, purpose, read }: AskedForm): Promise<AreaQuery> {
  const isPosted = c.req.method === 'POST'
  const { parameters, faults } = isPosted ? await readPosted(c) : { parameters: c.req.queries(), faults: [] }
  const [text] = form === 'point' ? [] : [parameters.intersects ?? []].flat()
  const shape = text === undefined ? undefined : await read(text, c.req.raw.signal)
  return parseAreaQuery(parameters, form, faults, purpose, shape === undefined ? undefined : () => shape)
}

/** Of the forms that are JSON. */
type InJson = z.infer<typeof imagePaths> | z.infer<typeof featureCollection>

/** `/area` and `/images`: the images of a page of granules. */
export async function listAnswer(c: Context<Env>, query: AreaQuery) {
  const { format, mediaType } = answerForm(c, query.format)
  const { session } = c.var
  const page = await pageOf(session, query, tellsCoverage(format), c.req.raw.signal)
  const pieces = write(format, page.granules, session.storage.bucket, coloursTold(query))
  const body = await streamed(c, gathered(pieces), page.count <= SHORT_PAGE)
  c.header('Content-Type', mediaType)
  c.header('Vary', 'Accept')
  c.header('Swath-Area', wrappedBox(query.search.area.box).join(','))
  c.header('Swath-Granules', String(page.count))
  if (page.withoutColour !== undefined) c.header('Swath-Without-Colour', String(page.withoutColour))
  if (page.next) c.header('Link', `<${nextUrl(c, writeToken(query.search, page.next))}>; rel="next"`)
  return typedAnswer<InJson>(c.newResponse(body))
}

/** `/estimate`: what a query would cost. */
export const estimateAnswer = async (c: Context<Env>, query: AreaQuery) =>
  c.json(await estimate(c.var.session.catalog, query, c.req.raw.signal))

/** `/area/summary`: its granules counted. */
export const summaryAnswer = async (c: Context<Env>, { search }: AreaQuery) =>
  c.json(await summariseArea(c.var.session.catalog, search, c.req.raw.signal))

function pageOf(
  session: Session,
  { search, rank, sampling, bands, limit, after }: AreaQuery,
  coverage: boolean,
  signal: AbortSignal,
): Promise<AreaPage> {
  const page = { bands, limit, after, coverage, signal }
  if (search.colours) return rankArea(session, search, search.colours, { ...page, rank })
  return rank ? rankPage(session, search, { ...page, rank, sampling }) : listArea(session, search, page)
}

/** The format parameter beats the Accept header; who accepts plain text alone is given it by that name. */
function answerForm(c: Context, asked: Format | undefined): { format: Format; mediaType: string } {
  if (asked) return { format: asked, mediaType: mediaTypeOf(asked) }
  const supports = Object.keys(BY_MEDIA_TYPE)
  const accepted = accepts(c, { header: 'Accept', supports, default: 'application/json' })
  const format = BY_MEDIA_TYPE[accepted] ?? 'json'
  return { format, mediaType: accepted === 'text/plain' ? 'text/plain; charset=utf-8' : mediaTypeOf(format) }
}

/** The same address with the next page's token; of a POST the address to send the same body to. */
function nextUrl(c: Context<Env>, token: string): string {
  const url = addressOf(c)
  url.searchParams.set('token', token)
  return url.href
}
