import { expect, test } from 'vitest'
import { fairStorage } from '../../src/storage/fair.ts'
import { gcsStorage } from '../../src/storage/gcs.ts'
import type { Entry, Storage } from '../../src/storage/port.ts'
import { allNames, failsWith, storageContract } from '../contracts/storage.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'

storageContract('a lane of the fair storage', async (files) => {
  const server = await startStorageServer({ objects: Object.entries(files) })
  const { url: endpoint } = server
  const storage = gcsStorage({
    bucket: 'gcp-public-data-sentinel-2',
    endpoint,
    anonymous: true,
    deadlineMs: 5000,
  })
  return { storage: fairStorage(storage, { list: 2, read: 2 }).lane(), close: server.close }
})

const page = (key: string): readonly Entry[] => [{ kind: 'object', key, size: 1 }]

/** A storage of three pages that notes what is done to it. */
function noting(log: string[]): Storage {
  return {
    bucket: 'noted',
    async *list(prefix) {
      try {
        for (const n of [1, 2, 3]) {
          log.push(`${prefix} page ${n}`)
          yield page(`${prefix}${n}`)
        }
      } finally {
        log.push(`${prefix} closed`)
      }
    },
    read: async () => new Uint8Array(),
  }
}

test('against a server no more calls are ever in flight than the bound, over all lanes', async () => {
  const objects = Array.from({ length: 200 }, (_, n): [string, number] => [`p${n}/image.jp2`, 100])
  const server = await startStorageServer({ objects, latencyMs: 5 })
  try {
    const { url: endpoint } = server
    const storage = gcsStorage({
      bucket: 'gcp-public-data-sentinel-2',
      endpoint,
      anonymous: true,
      deadlineMs: 5000,
    })
    const fair = fairStorage(storage, { list: 4, read: 3 })
    const lanes = Array.from({ length: 10 }, () => fair.lane())
    const lists = objects.flatMap(([key], n) => allNames(lanes[n % 10] ?? storage, key.slice(0, -9)))
    expect(fair.inFlight()).toEqual({ list: 4, read: 0 })
    expect((await Promise.all(lists)).flat()).toHaveLength(200)
    expect(server.stats()).toMatchObject({ list: 200, maxInFlight: 4 })

    server.reset()
    await Promise.all(objects.map(([key], n) => (lanes[n % 10] ?? storage).read(key, { first: 0, last: 9 })))
    expect(server.stats()).toMatchObject({ read: 200, maxInFlight: 3 })
    expect([fair.inFlight(), fair.waiting()]).toEqual([
      { list: 0, read: 0 },
      { list: 0, read: 0 },
    ])
  } finally {
    await server.close()
  }
})

test('no slot is held while the reader of the pages is busy elsewhere', async () => {
  const log: string[] = []
  const fair = fairStorage(noting(log), { list: 1, read: 1 })
  for await (const entries of fair.lane().list('slow ')) {
    expect(fair.inFlight().list).toBe(0)
    if (entries[0]?.kind === 'object' && entries[0].key === 'slow 1') {
      expect(await allNames(fair.lane(), 'quick ')).toEqual(['quick 1', 'quick 2', 'quick 3'])
    }
  }
  expect(log.filter((line) => line.startsWith('slow'))).toEqual([
    'slow  page 1',
    'slow  page 2',
    'slow  page 3',
    'slow  closed',
  ])
})

test('leaving a list early closes the list below it and takes no further page', async () => {
  const log: string[] = []
  const fair = fairStorage(noting(log), { list: 1, read: 1 })
  for await (const _ of fair.lane().list('left ')) break
  expect(log).toEqual(['left  page 1', 'left  closed'])
  expect(fair.inFlight().list).toBe(0)
})

test('a request with a thousand lists does not hold up another', async () => {
  const log: string[] = []
  const fair = fairStorage(noting(log), { list: 1, read: 1 })
  const greedy = fair.lane()
  const crowd = Promise.all(Array.from({ length: 1000 }, () => allNames(greedy, 'greedy ')))
  await allNames(fair.lane(), 'modest ')
  // Four turns of the modest one, with a turn or two of the greedy one, of two lines at most, before each.
  expect(log.filter((line) => line.startsWith('greedy')).length).toBeLessThan(20)
  await crowd
})

test('a list and a read that wait for a slot leave when their signal aborts', async () => {
  const gate = Promise.withResolvers<void>()
  const slow: Storage = {
    bucket: 'slow',
    async *list() {
      await gate.promise
      yield page('k')
    },
    read: () => gate.promise.then(() => new Uint8Array()),
  }
  const fair = fairStorage(slow, { list: 1, read: 1 })
  const first = [allNames(fair.lane(), ''), fair.lane().read('k', { first: 0, last: 0 })]
  const leaving = new AbortController()
  const { signal } = leaving
  const left = [
    failsWith('cancelled', () => allNames(fair.lane(), '', { signal })),
    failsWith('cancelled', () => fair.lane().read('k', { first: 0, last: 0 }, signal)),
  ]
  expect(fair.waiting()).toEqual({ list: 1, read: 1 })
  leaving.abort()
  await Promise.all(left)
  expect(fair.waiting()).toEqual({ list: 0, read: 0 })
  gate.resolve()
  await Promise.all(first)
  expect(fair.inFlight()).toEqual({ list: 0, read: 0 })
})

test('an error below passes through and frees the slot', async () => {
  const broken: Storage = {
    bucket: 'broken',
    // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
    async *list() {
      throw new Error('no page')
    },
    read: () => Promise.reject(new Error('no bytes')),
  }
  const fair = fairStorage(broken, { list: 1, read: 1 })
  await expect(allNames(fair.lane(), '')).rejects.toThrow('no page')
  await expect(fair.lane().read('k', { first: 0, last: 0 })).rejects.toThrow('no bytes')
  expect(fair.inFlight()).toEqual({ list: 0, read: 0 })
})
