import { expect, test } from 'vitest'
import type { Entry, ListOptions, Storage } from '../../src/storage/port.ts'
import { rememberListings } from '../../src/storage/remembering.ts'
import type { Listings } from '../../src/store/port.ts'

const OLD =
  'tiles/33/U/UB/S2A_MSIL1C_20190101T100000_N0206_R022_T33UUB_20190101T120000.SAFE/GRANULE/g/IMG_DATA/'
const NEW =
  'tiles/33/U/UB/S2A_MSIL1C_20190701T100000_N0206_R022_T33UUB_20190701T120000.SAFE/GRANULE/g/IMG_DATA/'
const NOW = Date.UTC(2019, 6, 6) * 1000

/** A storage that counts its lists, and listings kept in a map. */
function setting(given: { readonly pages?: readonly (readonly string[])[]; readonly broken?: boolean } = {}) {
  const asked: string[] = []
  const kept = new Map<string, readonly Entry[]>()
  const storage: Storage = {
    bucket: 'b',
    read: async () => new Uint8Array(),
    async *list(prefix: string, options: ListOptions = {}) {
      asked.push(prefix + (options.delimiter ?? ''))
      for (const page of given.pages ?? [['a.jp2'], ['b.jp2']]) {
        yield page.map((name) => ({ kind: 'object' as const, key: prefix + name, size: 1 }))
      }
    },
  }
  const listings: Listings = {
    get: (prefix, delimiter) => kept.get(prefix + delimiter),
    put: (prefix, delimiter, entries) => {
      if (given.broken) throw new Error('disk full')
      kept.set(prefix + delimiter, entries)
    },
    count: () => kept.size,
  }
  const remembering = rememberListings(listings, () => NOW)
  return { asked, kept, remembering, storage: remembering.over(storage) }
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
  expect(remembering.recall()).toEqual({ hits: 1, misses: 1, unwritten: 0 })
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

test('a listing that found nothing, or that was left early, is not remembered', async () => {
  const empty = setting({ pages: [[]] })
  await list(empty.storage, OLD)
  expect(empty.kept.size).toBe(0)
  const left = setting()
  for await (const _ of left.storage.list(OLD)) break
  expect(left.kept.size).toBe(0)
})

test('a store that cannot be written costs no answer, and is counted', async () => {
  const { storage, remembering } = setting({ broken: true })
  expect(await list(storage, OLD)).toEqual(['a.jp2', 'b.jp2'])
  expect(remembering.recall()).toEqual({ hits: 0, misses: 1, unwritten: 1 })
})
