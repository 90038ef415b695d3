import { Fault } from '../errors.ts'
import type { Storage } from './port.ts'

const ROOTS = ['tiles/', 'L2/tiles/'] as const

/**
 * Tells a bucket that is no copy of the archive from one that lacks a product: the first list that finds
 * nothing looks once whether there are any tiles at all. What it found out holds for all sessions.
 */
export function proveArchive(): { over(storage: Storage): Storage } {
  let proven = false

  async function prove(storage: Storage, signal: AbortSignal | undefined): Promise<void> {
    for (const root of ROOTS) {
      for await (const page of storage.list(root, { delimiter: '/', signal })) {
        if (page.length === 0) continue
        proven = true
        return
      }
    }
    throw new Fault(
      'misconfigured',
      `The storage of the bucket ${storage.bucket} holds neither ${ROOTS.join(' nor ')}, so it is no copy of ` +
        'the Sentinel-2 archive. Correct SWATH_STORAGE.',
    )
  }

  return {
    over: (storage) => ({
      bucket: storage.bucket,
      read: storage.read,
      async *list(prefix, options) {
        let found = false
        for await (const page of storage.list(prefix, options)) {
          found ||= page.length > 0
          yield page
        }
        if (found) proven = true
        else if (!proven) await prove(storage, options?.signal)
      },
    }),
  }
}
