import { Fault } from '../errors.ts'
import type { Cut } from '../jpeg2000/codestream.ts'
import { readStrips } from '../jpeg2000/read-strips.ts'
import type { Storage } from '../storage/port.ts'
import type { Layouts } from '../store/port.ts'

/** What an image is read with. */
export type ImageReader = {
  readonly storage: Storage
  readonly layouts: Layouts
  readonly signal: AbortSignal | undefined
}

/** `side`: pixels across that a reduce is meant for, see readStrips. */
export type ImageToRead = { readonly key: string; readonly size: number; readonly side?: number | undefined }

/** What was read so far; added to by every image read with it. */
export type ReadTally = { reads: number; bytes: number; readMs: number }

/**
 * An image's strips at a reduce, top to bottom, each read when it is asked for. Where its tile-parts lie is
 * looked up first, and remembered afterwards.
 * @param reduce wanted, 0 and up; a strip tells how often it is halved in fact
 * @throws {Fault} bad-image, naming the file; as Storage.read
 */
export async function* readImage(
  { storage, layouts, signal }: ImageReader,
  { key, size, side }: ImageToRead,
  reduce: number,
  tally: ReadTally,
): AsyncGenerator<Cut, void, undefined> {
  const read = (range: { readonly first: number; readonly last: number }) => storage.read(key, range, signal)
  const { strips, reading, learnt } = readStrips({ size, layout: layouts.get(key, size), side, read }, reduce)
  try {
    yield* strips
    const layout = learnt()
    if (layout) layouts.put(key, size, layout)
  } catch (thrown) {
    throw namingFile(thrown, key)
  } finally {
    const { reads, bytes, ms } = reading()
    tally.reads += reads
    tally.bytes += bytes
    tally.readMs += ms
  }
}

/** The fault of a file, which the reader and the decoder know without its name. */
export function namingFile(thrown: unknown, key: string): unknown {
  if (!(thrown instanceof Fault)) return thrown
  if (thrown.code === 'bad-image') {
    return new Fault('bad-image', `${key} cannot be read: ${thrown.message}.`, { cause: thrown })
  }
  if (thrown.code !== 'not-found') return thrown
  return new Fault('bad-image', `${key} is listed, but not there.`, { cause: thrown })
}
