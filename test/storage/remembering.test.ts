import { expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import type { Entry, ListOptions, Storage } from '../../src/storage/port.ts'
import { rememberListings } from '../../src/storage/remembering.ts'
import type { Listings } from '../../src/store/port.ts'

const OLD =
  'tiles/33/U/UB/S2A_MSIL1C_20190101T100000_N0206_R022_T33UUB_20190101T120000.SAFE/GRANULE/g/IMG_DATA/'
const NEW =
  'tiles/33/U/UB/S2A_MSIL1C_20190701T100000_N0206_R022_T33UUB_20190701T120000.SAFE/GRANULE/g/IMG_DATA/'
const NOW = Date.UTC(2019, 6, 6) * 1000

/** A storage that counts its lists, and listings kept in a map. */
function setting(
  given: {
    readonly pages?: readonly (readonly string[])[]
    readonly gate?: Promise<void>
    /** What every list fails with, while there is something. */
    fault?: Fault | undefined
  } = {},
) {
  const asked: string[] = []
  const signals: (AbortSignal | undefined)[] = []
  const kept = new Map<string, readonly Entry[]>()
  const last = new Map<string, readonly Entry[]>()
  const storage: Storage = {
    bucket: 'b',
    read: async () => new Uint8Array(),
    async *list(prefix: string, options: ListOptions = {}) {
      asked.push(prefix + (options.delimiter ?? ''))
      signals.push(options.signal)
      await given.gate
      if (given.fault) throw given.fault
      for (const page of given.pages ?? [['a.jp2'], ['b.jp2']]) {
        yield page.map((name) => ({ kind: 'object' as const, key: prefix + name, size: 1 }))
      }
    },
  }
  const listings: Listings = {
    get: (prefix, delimiter) => kept.get(prefix + delimiter),
    put: (prefix, delimiter, entries) => {
      kept.set(prefix + delimiter, entries)
    },
    last: (prefix, delimiter) => last.get(prefix + delimiter),
    putLast: (prefix, delimiter, entries) => {
      last.set(prefix + delimiter, entries)
    },
  }
  const remembering = rememberListings(listings, () => NOW)
  let stale = 0
  const told = remembering.over(storage, () => stale++)
  return { asked, signals, kept, remembering, storage: told, given, stale: () => stale }
}

async function list(storage: Storage, prefix: string, options: ListOptions = {}): Promise<string[]> {
  const keys: string[] = []
  for await (const page of storage.list(prefix, options)) {
    keys.push(
      ...page.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix).slice(prefix.length)),
    )
  }
  return keys
}

test('a product of more than a week ago is listed once, all its pages', async () => {
  const { storage, asked, remembering } = setting()
  expect(await list(storage, OLD)).toEqual(['a.jp2', 'b.jp2'])
  expect(await list(storage, OLD)).toEqual(['a.jp2', 'b.jp2'])
  expect(asked).toEqual([OLD])
  expect(remembering.recall()).toEqual({ hits: 1, misses: 1, stale: 0 })
})

test('a product of this week, a tile and a slice are asked for every time', async () => {
  const { storage, asked, kept } = setting()
  for (const prefix of [NEW, 'tiles/33/U/UB/', 'tiles/']) {
    await list(storage, prefix)
    await list(storage, prefix)
  }
  await list(storage, OLD, { startOffset: 'tiles/33' })
  expect(asked.length).toBe(7)
  expect(kept.size).toBe(0)
})

test('a listing with a delimiter is another one than without', async () => {
  const { storage, asked } = setting()
  await list(storage, OLD)
  await list(storage, OLD, { delimiter: '/' })
  expect(asked).toEqual([OLD, `${OLD}/`])
})

test('a listing that found nothing is not remembered', async () => {
  const { storage, asked, kept } = setting({ pages: [[]] })
  await list(storage, OLD)
  await list(storage, OLD)
  expect(kept.size).toBe(0)
  expect(asked.length).toBe(2)
})

test('askers for one list at the same time share its call', async () => {
  const { gate, open } = closedGate()
  const { storage, asked } = setting({ gate })
  const lists = [list(storage, OLD), list(storage, OLD), list(storage, OLD)]
  open()
  expect(await Promise.all(lists)).toEqual(Array(3).fill(['a.jp2', 'b.jp2']))
  expect(asked).toEqual([OLD])
})

test('an asker who leaves hears so at once and spoils nothing for the others', async () => {
  const { gate, open } = closedGate()
  const { storage, asked } = setting({ gate })
  const leaver = new AbortController()
  const left = list(storage, OLD, { signal: leaver.signal })
  const stays = list(storage, OLD)
  leaver.abort()
  await expect(left).rejects.toMatchObject({ code: 'cancelled' })
  open()
  expect(await stays).toEqual(['a.jp2', 'b.jp2'])
  expect(asked).toEqual([OLD])
})

test('the call ends when all its askers have left, and the next asker starts anew', async () => {
  const { gate, open } = closedGate()
  const { storage, asked, signals } = setting({ gate })
  const leaver = new AbortController()
  const left = list(storage, OLD, { signal: leaver.signal })
  leaver.abort()
  await expect(left).rejects.toMatchObject({ code: 'cancelled' })
  expect(signals[0]?.aborted).toBe(true)
  open()
  expect(await list(storage, OLD)).toEqual(['a.jp2', 'b.jp2'])
  expect(asked).toEqual([OLD, OLD])
})

test('without listings nothing is remembered, and every list counts as asked for', async () => {
  const { storage: inner, asked } = setting()
  const remembering = rememberListings(undefined, () => NOW)
  await list(remembering.over(inner), OLD)
  await list(remembering.over(inner), OLD)
  expect(remembering.recall()).toEqual({ hits: 0, misses: 2, stale: 0 })
  expect(asked.length).toBe(1)
})

test('where the storage is away, what was listed last of a new product is told, and said to be stale', async () => {
  const { storage, given, stale, remembering } = setting({ fault: undefined })
  await list(storage, NEW)
  given.fault = new Fault('upstream-failed', 'It is away.')
  expect(await list(storage, NEW)).toEqual(['a.jp2', 'b.jp2'])
  expect([stale(), remembering.recall()]).toEqual([1, { hits: 0, misses: 2, stale: 1 }])
  given.fault = undefined
  await list(storage, NEW)
  expect(stale()).toBe(1)
})

test('what was never listed, what was asked wrongly and an asker who left are no matter of staleness', async () => {
  const { storage, given, stale } = setting({ fault: new Fault('upstream-late', 'It is away.') })
  await expect(list(storage, NEW)).rejects.toMatchObject({ code: 'upstream-late' })
  given.fault = undefined
  await list(storage, NEW)
  given.fault = new Fault('misconfigured', 'There is no such bucket.')
  await expect(list(storage, NEW)).rejects.toMatchObject({ code: 'misconfigured' })
  await expect(list(storage, NEW, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  })
  expect(stale()).toBe(0)
})

function closedGate(): { readonly gate: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { gate: promise, open: resolve }
}
