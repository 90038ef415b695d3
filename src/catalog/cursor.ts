import type { z } from 'zod'
import { Fault } from '../errors.ts'
import type { Cursor } from './port.ts'

/**
 * The parts that a catalog puts into its cursors.
 * @throws {Fault} bad-request where the cursor is of another catalog
 */
export function readCursor<T>(form: z.ZodType<T>, cursor: Cursor): T {
  const parsed = form.safeParse(cursor)
  if (parsed.success) return parsed.data
  throw foreignToken()
}

export const foreignToken = (): Fault =>
  tokenFault('The token is not one of this catalog; start again without it.', 'not a token of this catalog')

/** Users know a cursor as the token it was written into. */
export const tokenFault = (sentence: string, message: string): Fault =>
  new Fault('bad-request', sentence, { errors: [{ parameter: 'token', message }] })
