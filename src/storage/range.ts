import { Fault } from '../errors.ts'
import type { ByteRange } from './port.ts'

/**
 * Refuses a range that is none; a server would answer one with the whole object.
 * @throws {Fault} bad-request
 */
export function requireRange({ first, last }: ByteRange): void {
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && last >= first) return
  throw new Fault(
    'bad-request',
    `The byte range ${first} to ${last} is none: both ends are whole numbers from 0, the first no larger than the last.`,
  )
}

/** The fault of a range that starts past the end of its object. */
export const pastTheEnd = (key: string, { first }: ByteRange, cause?: unknown): Fault =>
  new Fault('bad-request', `The object ${key} ends before byte ${first}, where the asked range starts.`, {
    cause,
  })

/** The fault of a read whose object is not there. */
export const noSuchObject = (bucket: string, key: string, cause?: unknown): Fault =>
  new Fault('not-found', `There is no object ${JSON.stringify(key)} in the storage ${bucket}.`, { cause })
