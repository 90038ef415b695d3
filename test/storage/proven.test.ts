import { expect, test } from 'vitest'
import type { Storage } from '../../src/storage/port.ts'
import { proveArchive } from '../../src/storage/proven.ts'

/** A storage of these keys that notes what is listed. */
function holding(...keys: readonly string[]): { readonly storage: Storage; readonly asked: string[] } {
  const asked: string[] = []
  const storage: Storage = {
    bucket: 'somewhere',
    read: async () => new Uint8Array(),
    async *list(prefix) {
      asked.push(prefix)
      const found = keys.filter((key) => key.startsWith(prefix))
      if (found.length > 0) yield found.map((key) => ({ kind: 'object', key, size: 1 }) as const)
    },
  }
  return { storage, asked }
}

async function count(storage: Storage, prefix: string): Promise<number> {
  let entries = 0
  for await (const page of storage.list(prefix)) entries += page.length
  return entries
}

test('a list that finds nothing in an archive is an empty list, looked into once', async () => {
  const { storage, asked } = holding('L2/tiles/33/U/UB/x')
  const proven = proveArchive()
  expect(await count(proven.over(storage), 'tiles/01/')).toBe(0)
  expect(await count(proven.over(storage), 'tiles/02/')).toBe(0)
  expect(asked).toEqual(['tiles/01/', 'tiles/', 'L2/tiles/', 'tiles/02/'])
})

test('a bucket that holds no tiles is no archive, and is named every time', async () => {
  const { storage } = holding('photos/cat.jpg')
  const proven = proveArchive()
  for (const prefix of ['tiles/01/', 'tiles/']) {
    await expect(count(proven.over(storage), prefix)).rejects.toThrow(
      /bucket somewhere holds neither tiles\/ nor L2\/tiles\/.*SWATH_STORAGE/,
    )
  }
})
