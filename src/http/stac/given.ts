import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { Fault, type ParameterError } from '../../errors.ts'
import { unknownParameter } from '../../near-miss.ts'
import { takeParameters } from '../../parameters.ts'
import { searchText } from '../posted.ts'
import { clipped } from './expression.ts'

/** The parameters of a request: texts of its address, or members of the JSON object that was posted. */
export type Given = {
  readonly values: Readonly<Record<string, unknown>>
  readonly errors: readonly ParameterError[]
  /** What was posted, without its token; undefined where nothing was. */
  readonly posted: Readonly<Record<string, unknown>> | undefined
}

/**
 * Reads a search's parameters. The address of a POST takes none.
 * @throws {Fault} bad-request, cancelled
 * @throws {HTTPException} 413, 415
 */
export async function givenOf(c: Context, names: readonly string[]): Promise<Given> {
  if (c.req.method !== 'POST') {
    return { ...takeParameters(c.req.queries(), names), posted: undefined }
  }
  const values: Given['values'] = await jsonOf(c)
  const { token: _, ...posted } = values
  return {
    values,
    errors: [
      ...Object.keys(c.req.queries()).map((name) => ({
        parameter: clipped(name),
        message: `${clipped(name)} stands in the address; the parameters of a POST are members of its body`,
      })),
      ...Object.keys(posted)
        .filter((name) => !names.includes(name))
        .map(clipped)
        .map((name) => ({ parameter: name, message: unknownParameter(name, names) })),
    ],
    posted,
  }
}

/** A body has room for a hundred thousand, each of which would be held against every name that there is. */
const MOST_MEMBERS = 50

/** A member that is null is one that was not given. */
async function jsonOf(c: Context): Promise<Record<string, unknown>> {
  const isTyped = c.req.header('Content-Type') !== undefined
  if (isTyped) requireJson(c)
  const text = await searchText(c)
  // Without a type it may be that nothing was posted, which asks for all.
  if (!isTyped && text !== '') requireJson(c)
  const body = parsed(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Fault('bad-request', 'The body is no JSON object; write it as {"limit": 10}.')
  }
  const { length } = Object.keys(body)
  if (length > MOST_MEMBERS)
    throw new Fault('bad-request', `The body has ${length} members; it takes ${MOST_MEMBERS} at most.`)
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
}

function parsed(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('bad-request', `The body is not JSON: ${why}.`, { cause })
  }
}

function requireJson(c: Context): void {
  const [type = ''] = (c.req.header('Content-Type') ?? '').split(';')
  const encoding = c.req.header('Content-Encoding') ?? 'identity'
  const is = type.trim().toLowerCase() === 'application/json'
  if (is && encoding === 'identity') return
  const told = is ? `is encoded as ${encoding}` : `is ${type.trim() || 'of no type'}`
  const message = `POST ${c.req.path} takes a JSON object as application/json, not encoded; this body ${told}.`
  throw new HTTPException(415, { message })
}
