import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { type GcsOptions, gcsStorage } from '../../src/storage/gcs.ts'
import { allNames } from '../contracts/storage.ts'
import type { Asked, Mishap } from '../stand-ins/storage-faults.ts'
import { type StorageServer, startStorageServer } from '../stand-ins/storage-server.ts'

export const BUCKET = 'gcp-public-data-sentinel-2'
export const CONTENT = Uint8Array.from({ length: 200_000 }, (_, n) => n % 251)
export const OBJECTS: readonly (readonly [string, Uint8Array | number])[] = [
  ...Array.from({ length: 2500 }, (_, n): [string, number] => [`many/${String(n).padStart(5, '0')}`, n]),
  ['large.bin', CONTENT],
  ['both', 1],
  ['both/', 2],
  ['both/below', 3],
]
export const RANGE = { first: 1000, last: 150_999 }
/** What `list` of the setting gives. */
export const NAMES = Array.from({ length: 10 }, (_, n) => `many/0000${n}`)

/** A stand-in for a whole test file, with one list and one read to try its faults on. */
export function gcsSetting() {
  let started: StorageServer | undefined
  const server = (): StorageServer => {
    if (started === undefined) throw new Error('The stand-in is not there before the tests begin.')
    return started
  }
  beforeAll(async () => {
    started = await startStorageServer({ objects: OBJECTS })
  })
  // The waits between tries are drawn by lot; short ones keep the suite quick.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.02))
  afterEach(() => {
    vi.restoreAllMocks()
    server().reset()
  })
  afterAll(() => server().close())

  const open = (options: Partial<GcsOptions> = {}) =>
    gcsStorage({ bucket: BUCKET, endpoint: server().url, anonymous: true, deadlineMs: 5000, ...options })
  return {
    server,
    open,
    list: (options?: Partial<GcsOptions>) => allNames(open(options), 'many/0000'),
    read: (options?: Partial<GcsOptions>) => open(options).read('large.bin', RANGE),
    /** Every answer suffers the same mishap. */
    always: (mishap: Mishap) => server().setFault(() => mishap),
    /** Notes what is asked, and answers as usual. */
    watch: (): Asked[] => {
      const seen: Asked[] = []
      server().setFault((asked) => {
        seen.push(asked)
        return undefined
      })
      return seen
    },
  }
}

export const status = (code: number, more: { retryAfter?: string; reason?: string } = {}): Mishap => ({
  kind: 'status',
  status: code,
  ...more,
})

/** Milliseconds that the action takes. */
export async function took(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}
