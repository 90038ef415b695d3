import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { AREA_OPTIONS, type AreaQuery } from '../area-query.ts'
import { ASKED_AREA } from '../asked-area.ts'
import type { Sampling } from '../colour/port.ts'
import { parseSampling, type samplingOptions } from '../colour-query.ts'
import type { PictureForm } from '../draw-preview.ts'
import { type AskedForm, askedOf } from './area-answers.ts'
import type { Env } from './env.ts'
import type { postedArea } from './openapi/answers.ts'
import { type PREVIEW_OPTIONS, parsePicture } from './preview.ts'

/*
 * The first beat of a route as middleware: it reads what is asked, before its answer is begun. Its type tells
 * typed clients what may be asked.
 */

const { lat, lng, ...box } = ASKED_AREA.shape
const OF_A_LIST = { bands: true, format: true, limit: true, rank: true, sort: true, token: true } as const

/** The parameters of an area, of a count over it, of a point, and of areas that are posted. */
export const AREA = z.object({ ...box, ...AREA_OPTIONS.shape })
export const COUNT = AREA.omit(OF_A_LIST)
export const POINT = z.object({ lat: lat.unwrap(), lng: lng.unwrap(), ...AREA_OPTIONS.shape })
export const BESIDE_POSTED = AREA_OPTIONS
export const BESIDE_POSTED_COUNT = AREA_OPTIONS.omit(OF_A_LIST)

/** Parameters as a client writes them: a text that may be any may be a number, too. */
type Written<S extends z.ZodObject> = {
  [K in keyof z.input<S>]: string extends z.input<S>[K] ? z.input<S>[K] | number : z.input<S>[K]
}
type Asked<S extends z.ZodObject, Read, Body = unknown> = MiddlewareHandler<
  Env,
  string,
  {
    in: { query: Written<S> } & (unknown extends Body ? unknown : { json: Body })
    out: { query: Read }
  }
>
type GeoJson = z.input<typeof postedArea>

type ReadArea = AskedForm['read']

export const asksArea = (read: ReadArea): Asked<typeof AREA, AreaQuery> =>
  asks((c) => askedOf(c, { form: 'box', purpose: 'list', read }))

export const asksPostedArea = (read: ReadArea): Asked<typeof BESIDE_POSTED, AreaQuery, GeoJson> =>
  asks((c) => askedOf(c, { form: 'box', purpose: 'list', read }))

export const asksCount = (read: ReadArea): Asked<typeof COUNT, AreaQuery> =>
  asks((c) => askedOf(c, { form: 'box', purpose: 'count', read }))

export const asksPostedCount = (read: ReadArea): Asked<typeof BESIDE_POSTED_COUNT, AreaQuery, GeoJson> =>
  asks((c) => askedOf(c, { form: 'box', purpose: 'count', read }))

export const asksPoint = (read: ReadArea): Asked<typeof POINT, AreaQuery> =>
  asks((c) => askedOf(c, { form: 'point', purpose: 'list', read }))

export const asksSampling = (): Asked<typeof samplingOptions, Sampling> =>
  asks((c) => parseSampling(c.req.queries()))

export const asksPicture = (type: PictureForm['type']): Asked<typeof PREVIEW_OPTIONS, PictureForm> =>
  asks((c) => parsePicture(type, c.req.queries()))

/** @throws {Fault} as what it reads with */
const asks =
  (read: (c: Context<Env>) => object | Promise<object>): MiddlewareHandler<Env> =>
  async (c, next) => {
    c.req.addValidatedData('query', await read(c))
    await next()
  }
