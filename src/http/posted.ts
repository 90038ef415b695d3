import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { cancelled, type ParameterError } from '../errors.ts'
import { MOST_POSITIONS } from '../ground/read-geojson.ts'
import type { Parameters } from '../parameters.ts'

/** Room for several times the positions that a shape may have; the command line takes as much. A thread reads it. */
const MOST_OF_AN_AREA = 10 * 2 ** 20
/** Of a search, which is read where all else waits. */
const MOST_OF_A_SEARCH = 4 * 2 ** 20
/** Its members and lists: a collection of 50,000 points has 150,000. Half a million different names take 0.3 s. */
const MOST_PARTS = 160_000
const MEDIA_TYPES: readonly string[] = ['application/geo+json', 'application/json']

export type Posted = {
  /** Those of the address, and the body as `intersects`. */
  readonly parameters: Parameters
  readonly faults: readonly ParameterError[]
}

/**
 * Reads a request whose area is the GeoJSON in its body, all else in its address.
 * @throws {HTTPException} 415 where the body is of another type, 413 where it is larger than 10 MiB
 * @throws {Fault} cancelled
 */
export async function readPosted(c: Context): Promise<Posted> {
  requireGeoJson(c)
  const address: Parameters = c.req.queries()
  const parameters = { ...address, intersects: await textOf(c, MOST_OF_AN_AREA) }
  if (address.intersects === undefined) return { parameters, faults: [] }
  const message = 'intersects stands in the address, and the body is an area, too; give one of them'
  return { parameters, faults: [{ parameter: 'intersects', message }] }
}

function requireGeoJson(c: Context): void {
  const [type = ''] = (c.req.header('Content-Type') ?? '').split(';')
  const encoding = c.req.header('Content-Encoding') ?? 'identity'
  const is = MEDIA_TYPES.includes(type.trim().toLowerCase())
  if (is && encoding === 'identity') return
  const given = is ? `is encoded as ${encoding}` : `is ${type.trim() || 'of no type'}`
  const message =
    `POST ${c.req.path} takes a GeoJSON geometry, Feature or FeatureCollection as ${MEDIA_TYPES.join(' or ')}, ` +
    `not encoded; this body ${given}.`
  throw new HTTPException(415, { message })
}

/** The text of a body that holds a search. @throws as readPosted, but for its type; 413 above 4 MiB */
export async function searchText(c: Context): Promise<string> {
  const text = await textOf(c, MOST_OF_A_SEARCH)
  if (!isManifold(text)) return text
  const most = MOST_PARTS.toLocaleString('en')
  throw new HTTPException(413, { message: `The body has more than ${most} members and lists; simplify it.` })
}

/** Whether a JSON text may have more parts than are taken, by its colons and brackets. */
function isManifold(text: string): boolean {
  let parts = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON || code === BRACKET) parts++
  }
  return parts > MOST_PARTS
}

const COLON = ':'.charCodeAt(0)
const BRACKET = '['.charCodeAt(0)

async function textOf(c: Context, most: number): Promise<string> {
  if (Number(c.req.header('Content-Length') ?? 0) > most) throw tooLarge(most)
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of chunksOf(c.req.raw)) {
    size += chunk.length
    if (size > most) throw tooLarge(most)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** A body that ends before its end is one whose sender has left. */
async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw cancelled(cause)
    })
    if (done) return
    yield value
  }
}

const tooLarge = (most: number) =>
  new HTTPException(413, {
    message:
      `The body is larger than ${most / 2 ** 20} MiB; simplify the polygon to ` +
      `${MOST_POSITIONS.toLocaleString('en')} positions, the most that an area may have.`,
  })
