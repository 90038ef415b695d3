import { expect, test } from 'vitest'
import { circuitBreaker } from '../../src/calls/breaker.ts'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { guardedStorage, refusingStorage } from '../../src/storage/guarded.ts'
import { allNames, failsWith, storageContract } from '../contracts/storage.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'

const gcs = (endpoint: string) =>
  gcsStorage({ bucket: 'gcp-public-data-sentinel-2', endpoint, anonymous: true, deadlineMs: 5000 })

storageContract('a storage behind a breaker', async (files) => {
  const server = await startStorageServer({ objects: Object.entries(files) })
  const breaker = circuitBreaker('Cloud Storage')
  return {
    storage: refusingStorage(guardedStorage(gcs(server.url), breaker), breaker),
    close: server.close,
  }
})

test('a thousand calls to a bucket in a storm of 503s make 1,110 at most', async () => {
  const server = await startStorageServer({ objects: [['a', 10]] })
  try {
    server.setFault(() => ({ kind: 'status', status: 503 }))
    const storage = gcs(server.url)
    const calls = Array.from({ length: 1000 }, () =>
      failsWith('upstream-failed', () => allNames(storage, '')),
    )
    await Promise.all(calls)
    expect(server.stats().list).toBeGreaterThan(1000)
    expect(server.stats().list).toBeLessThanOrEqual(1110)
  } finally {
    await server.close()
  }
})

test.each([
  [undefined, 1000],
  ['9', 9000],
])('a bucket that is busy and says %s is asked again after %d ms', async (retryAfter, openMs) => {
  const server = await startStorageServer({ objects: [['a', 10]] })
  try {
    server.setFault(() => ({ kind: 'status', status: 429, ...(retryAfter ? { retryAfter } : {}) }))
    let now = 0
    const breaker = circuitBreaker('Cloud Storage', { now: () => now })
    const storage = guardedStorage(gcs(server.url), breaker)
    const list = () => failsWith('upstream-busy', () => allNames(storage, ''))
    await Promise.all(Array.from({ length: 10 }, list))
    now += openMs - 1
    expect(breaker.state().state).toBe('open')
    now += 1
    expect(breaker.state().state).toBe('probing')
  } finally {
    await server.close()
  }
})

test('twenty calls that fail open it, and then neither lists nor reads reach the bucket', async () => {
  const server = await startStorageServer({ objects: [['a', 10]] })
  try {
    server.setFault(() => ({ kind: 'status', status: 500 }))
    const breaker = circuitBreaker('Cloud Storage', { breaksAt: 20 })
    const storage = guardedStorage(gcs(server.url), breaker)
    const read = () => storage.read('a', { first: 0, last: 3 })
    await Promise.all(
      Array.from({ length: 10 }, () => failsWith('upstream-failed', () => allNames(storage, ''))),
    )
    await Promise.all(Array.from({ length: 10 }, () => failsWith('upstream-failed', read)))
    const { list, read: reads } = server.stats()
    await failsWith('upstream-busy', () => allNames(storage, ''))
    await failsWith('upstream-busy', read)
    await failsWith('upstream-busy', () => allNames(refusingStorage(storage, breaker), ''))
    expect(server.stats()).toMatchObject({ list, read: reads })
  } finally {
    await server.close()
  }
})
