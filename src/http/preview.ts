import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import { type PictureForm, pictureName } from '../draw-preview.ts'
import { Fault } from '../errors.ts'
import { findGranule } from '../list-area.ts'
import { badRequest, type Parameters, parameterErrors, takeParameters } from '../parameters.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Env } from './env.ts'

/** Of the endings that a preview's path may have. */
export const PREVIEW_TYPES = {
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

export const PREVIEW_OPTIONS = z.object({
  width: z
    .string()
    .regex(/^\d+$/, 'is not a whole number of pixels')
    .transform(Number)
    .refine((n) => n >= LEAST_WIDTH && n <= MOST_WIDTH, `is not between ${LEAST_WIDTH} and ${MOST_WIDTH}`)
    .meta({
      description: "Pixels; the picture's own width without it.",
      type: 'integer',
      minimum: LEAST_WIDTH,
      maximum: MOST_WIDTH,
      example: 128,
    })
    .optional(),
})

/** `GET /granules/{granuleId}/preview.png|webp|jpg?width=`: its picture. */
export async function previewAnswer(
  c: Context<Env>,
  granuleId: string,
  form: PictureForm,
): Promise<Response> {
  return pictureAnswer(c, await findGranule(c.var.session, granuleId, c.req.raw.signal), form)
}

/** The picture of a granule. @throws {Fault} as Session.drawPreview */
export async function pictureAnswer(c: Context<Env>, granule: Granule, form: PictureForm): Promise<Response> {
  const { signal } = c.req.raw
  const { session } = c.var
  const tag = `"${createHash('sha256').update(pictureName(granule, form)).digest('base64url').slice(0, 27)}"`
  const headers = { ETag: tag, 'Cache-Control': A_YEAR }
  if (holds(c.req.header('If-None-Match'), tag)) return c.body(null, 304, headers)
  const { bytes } = await session.drawPreview(granule, form, signal)
  return c.body(bytes, 200, {
    ...headers,
    'Content-Type': PREVIEW_TYPES[form.type],
    'Content-Length': String(bytes.length),
    'Content-Disposition': `inline; filename="${granule.granuleId.replace(/[^\w.-]/g, '_')}.${form.type}"`,
  })
}

/** For a preview of another ending. @throws {Fault} not-found, with the endings there are */
export function noSuchPreview(c: Context<Env>): never {
  const there = Object.keys(PREVIEW_TYPES).map((ending) => `preview.${ending}`)
  throw new Fault('not-found', `There is no ${c.req.param('file')}; there are ${there.join(', ')}.`)
}

/** @throws {Fault} bad-request naming every bad parameter at once */
export function parsePicture(type: PictureForm['type'], parameters: Parameters): PictureForm {
  const { values, errors } = takeParameters(parameters, Object.keys(PREVIEW_OPTIONS.shape))
  const parsed = PREVIEW_OPTIONS.safeParse(values)
  const faults = [...errors, ...parameterErrors(parsed)]
  if (faults.length > 0) throw badRequest(faults)
  return { type, width: parsed.data?.width }
}

/** Whether If-None-Match names this tag, weakly compared (RFC 9110, 13.1.2); `*` asks what only drawing tells. */
const holds = (header: string | undefined, tag: string): boolean =>
  (header ?? '').split(',').some((held) => held.trim().replace(/^W\//, '') === tag)
