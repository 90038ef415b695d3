import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import { type PictureForm, pictureName } from '../draw-preview.ts'
import { Fault } from '../errors.ts'
import { findGranule } from '../list-area.ts'
import { badRequest, type Parameters, parameterErrors, takeParameters } from '../parameters.ts'
import type { Env } from './env.ts'

/** Of the endings that a preview's path may have. */
const MEDIA_TYPE = {
  png: 'image/png',
  webp: 'image/webp',
  jpg: 'image/jpeg',
} as const satisfies Record<PictureForm['type'], string>
const LEAST_WIDTH = 16
const MOST_WIDTH = 1024
/**
 * The files of a product stay as they are, a reprocessing has another name. Not immutable: a later version may
 * draw them better, and who reloads shall see it.
 */
const A_YEAR = 'public, max-age=31536000'

const options = z.object({
  width: z
    .string()
    .regex(/^\d+$/, 'is not a whole number of pixels')
    .transform(Number)
    .refine((n) => n >= LEAST_WIDTH && n <= MOST_WIDTH, `is not between ${LEAST_WIDTH} and ${MOST_WIDTH}`)
    .optional(),
})

/** `GET /granules/{granuleId}/preview.png|webp|jpg?width=`: its picture. */
export async function previewAnswer(
  c: Context<Env>,
  { granuleId, file }: { readonly granuleId: string; readonly file: string },
): Promise<Response> {
  const form = { type: typeOf(file), width: parseWidth(c.req.queries()) }
  const { signal } = c.req.raw
  const { session } = c.var
  const granule = await findGranule(session, granuleId, signal)
  const tag = `"${createHash('sha256').update(pictureName(granule, form)).digest('base64url').slice(0, 27)}"`
  const headers = { ETag: tag, 'Cache-Control': A_YEAR }
  if (holds(c.req.header('If-None-Match'), tag)) return c.body(null, 304, headers)
  const { bytes } = await session.drawPreview(granule, form, signal)
  return c.body(bytes, 200, {
    ...headers,
    'Content-Type': MEDIA_TYPE[form.type],
    'Content-Length': String(bytes.length),
    'Content-Disposition': `inline; filename="${granuleId.replace(/[^\w.-]/g, '_')}.${form.type}"`,
  })
}

/** @throws {Fault} not-found, with the endings there are */
function typeOf(file: string): PictureForm['type'] {
  const types = Object.keys(MEDIA_TYPE).filter(isType)
  const type = types.find((ending) => file === `preview.${ending}`)
  if (type) return type
  throw new Fault(
    'not-found',
    `There is no ${file}; there are ${types.map((ending) => `preview.${ending}`).join(', ')}.`,
  )
}

const isType = (ending: string): ending is PictureForm['type'] => ending in MEDIA_TYPE

/** @throws {Fault} bad-request naming every bad parameter at once */
function parseWidth(parameters: Parameters): number | undefined {
  const { values, errors } = takeParameters(parameters, Object.keys(options.shape))
  const parsed = options.safeParse(values)
  const faults = [...errors, ...parameterErrors(parsed)]
  if (faults.length > 0) throw badRequest(faults)
  return parsed.data?.width
}

/** Whether If-None-Match names this tag, weakly compared (RFC 9110, 13.1.2); `*` asks what only drawing tells. */
const holds = (header: string | undefined, tag: string): boolean =>
  (header ?? '').split(',').some((held) => held.trim().replace(/^W\//, '') === tag)
