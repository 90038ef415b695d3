import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { allNames, failsWith, storageContract } from '../contracts/storage.ts'
import type { Mishap } from '../stand-ins/storage-faults.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'
import { BUCKET, CONTENT, gcsSetting, NAMES, OBJECTS, RANGE, status, took } from './gcs-setting.ts'

storageContract('Cloud Storage', async (files) => {
  const server = await startStorageServer({ objects: Object.entries(files) })
  const options = { bucket: BUCKET, endpoint: server.url, anonymous: true, deadlineMs: 5000 }
  return { storage: gcsStorage(options), close: server.close }
})

const { server, open, list, read, always, watch } = gcsSetting()

describe('what is sent', () => {
  test('a list asks for the fields it needs, the next page token among them', async () => {
    const seen = watch()
    await allNames(open(), 'many/', { startOffset: 'many/00100' })
    expect(seen.map(({ kind }) => kind)).toEqual(['list', 'list', 'list'])
    const [first, second] = seen.map(({ url }) => new URL(url, server().url).searchParams)
    expect(Object.fromEntries(first ?? [])).toEqual({
      fields: 'kind,items(name,size),prefixes,nextPageToken',
      maxResults: '1000',
      prefix: 'many/',
      startOffset: 'many/00100',
    })
    expect(second?.get('pageToken')).toBeTruthy()
    expect(second?.get('startOffset')).toBe('many/00100')
  })

  test('each step of a list is one call, and none is made ahead of its reader', async () => {
    const counts: number[] = []
    for await (const _ of open().list('many/')) counts.push(server().stats().list)
    expect(counts).toEqual([1, 2, 3])
  })

  test('an anonymous storage sends no credentials', async () => {
    const seen = watch()
    await Promise.all([list(), read()])
    expect(seen).toHaveLength(2)
    for (const { headers } of seen) expect(headers).not.toHaveProperty('authorization')
  })

  test('what no object can be named like is not even asked for', async () => {
    expect(await allNames(open(), 'x'.repeat(1025))).toEqual([])
    await failsWith('not-found', () => open().read('..', RANGE))
    expect(server().stats()).toMatchObject({ list: 0, read: 0 })
  })
})

describe('a page that names no kind', () => {
  const body = (page: unknown): Mishap => ({
    kind: 'edited',
    edit: (answer) => ({ ...answer, headers: {}, body: JSON.stringify(page) }),
  })
  const item = { name: 'many/00001', size: '7' }

  test('is one of a listing where it holds names, or nothing strange', async () => {
    server().setFault([
      body({ items: [item], nextPageToken: 'two', etag: 'x' }),
      body({ nextPageToken: 'three' }),
      body({ prefixes: ['many/0000x/'] }),
    ])
    expect(await list()).toEqual(['many/00001', 'many/0000x/'])
    server().setFault([
      body({ items: [item], nextPageToken: 'two' }),
      body({ nextPageToken: 'three' }),
      body({}),
    ])
    expect(await list()).toEqual(['many/00001'])
    always(body({}))
    expect(await list()).toEqual([])
    always(body({ kind: 'storage#objects', etag: 'x' }))
    expect(await list()).toEqual([])
  })

  test.each([
    { error: { code: 500, message: 'no' } },
    { error: 'no', nextPageToken: 'two' },
    { kind: 'storage#bucket', items: [item] },
    { items: null },
    [],
    [item],
    null,
  ])('is none where it is %j', async (page) => {
    always(body(page))
    expect((await failsWith('upstream-failed', list)).message).toContain('makes no sense')
  })
})

describe('what comes back', () => {
  test('short and empty pages with a token do not end a list', async () => {
    const short = (entries: number): Mishap => ({ kind: 'short-page', entries })
    server().setFault([short(0), short(3), short(0), short(0), short(1)])
    const pages = await Array.fromAsync(open().list('many/0000'))
    expect(pages.map((page) => page.length)).toEqual([0, 3, 0, 0, 1, 6])
  })

  test('a list that gives the same page for ever is given up', async () => {
    const odd = createServer((_, response) =>
      response.end('{"kind": "storage#objects", "nextPageToken": "again"}'),
    )
    odd.listen(0, '127.0.0.1')
    await once(odd, 'listening')
    const address = odd.address()
    const port = typeof address === 'object' ? address?.port : undefined
    try {
      await failsWith('upstream-failed', () => list({ endpoint: `http://127.0.0.1:${port}` }))
    } finally {
      odd.closeAllConnections()
      odd.close()
    }
  })

  test('an object and a folder of one name are both there', async () => {
    expect(await allNames(open(), 'bo', { delimiter: '/' })).toEqual(['both', 'both/'])
    expect(await allNames(open(), 'both/', { delimiter: '/' })).toEqual(['both/', 'both/below'])
  })

  test('a body that comes slowly in pieces is read whole', async () => {
    always({ kind: 'drip', pieces: 7, pauseMs: 5 })
    expect(await read()).toEqual(CONTENT.slice(RANGE.first, RANGE.last + 1))
    expect(await list()).toEqual(NAMES)
  })
})

describe('how failures are told', () => {
  test('a busy server is upstream-busy, with the time to come back that it names, and none of ours', async () => {
    for (const retryAfter of [undefined, '9']) {
      always(status(429, retryAfter === undefined ? {} : { retryAfter }))
      for (const use of [list, read]) {
        const fault = await failsWith('upstream-busy', () => use({ deadlineMs: 3000 }))
        expect(fault.retryAfter).toBe(retryAfter === undefined ? undefined : 9)
      }
    }
  })

  test.each([401, 403])('status %i tells how to get access', async (code) => {
    always(status(code))
    for (const use of [list, read]) {
      const { message } = await failsWith('upstream-failed', use)
      expect(message).toContain(BUCKET)
      expect(message).toContain('SWATH_ANONYMOUS')
      expect(message).toContain('gcloud auth application-default login')
    }
  })

  test('a bucket that is not there is a fault of the configuration', async () => {
    const { message } = await failsWith('misconfigured', () => list({ bucket: 'no-such-bucket' }))
    expect(message).toContain('no-such-bucket')
    expect(message).toContain('SWATH_STORAGE')
  })

  test('an object that is not there is not found', async () => {
    const { message } = await failsWith('not-found', () => open().read('nothing/here', RANGE))
    expect(message).toContain('nothing/here')
  })

  test('any other status is quoted with what the server says', async () => {
    always(status(400))
    const { message } = await failsWith('upstream-failed', list)
    expect(message).toContain('400')
    expect(message).toContain('The stand-in was told to answer 400.')
  })

  test.each<[string, Mishap]>([
    ['status 500', status(500)],
    ['a reset', { kind: 'reset' }],
    ['a body cut short', { kind: 'truncate' }],
    ['text that is no JSON', { kind: 'garbage' }],
  ])('%s is upstream-failed, never a short list', async (_, mishap) => {
    always(mishap)
    await failsWith('upstream-failed', list)
    await failsWith('upstream-failed', read)
  })

  test('a failure on the second page fails the list after the first', async () => {
    server().setFault((asked) => (asked.count > 1 ? status(500) : undefined))
    const seen: number[] = []
    await failsWith('upstream-failed', async () => {
      for await (const page of open().list('many/')) seen.push(page.length)
    })
    expect(seen).toEqual([1000])
  })

  test('a host that is not there is told at once', async () => {
    const gone = await startStorageServer({ objects: [] })
    await gone.close()
    expect(await took(() => failsWith('upstream-failed', () => list({ endpoint: gone.url })))).toBeLessThan(
      400,
    )
  })

  test('an endpoint that is no URL is a fault of the configuration', async () => {
    const { message } = await failsWith('misconfigured', async () => open({ endpoint: 'localhost:4443' }))
    expect(message).toContain('SWATH_STORAGE_ENDPOINT')
  })

  test('the whole object where a range was asked is refused, and not downloaded', async () => {
    const big = await startStorageServer({ objects: [['big.jp2', 2 ** 31]] })
    try {
      big.setFault(() => ({ kind: 'ignore-range' }))
      const ms = await took(() =>
        failsWith('upstream-failed', () =>
          open({ endpoint: big.url }).read('big.jp2', { first: 0, last: 9 }),
        ),
      )
      expect(ms).toBeLessThan(1000)
      await expect.poll(() => big.stats()).toMatchObject({ inFlight: 0, connections: 0 })
    } finally {
      await big.close()
    }
  })
})

test('connections are used again, also after refusals', async () => {
  const own = await startStorageServer({ objects: OBJECTS })
  try {
    const storage = open({ endpoint: own.url })
    own.setFault((asked) => (asked.count % 4 === 0 ? status(404) : undefined))
    for (let n = 0; n < 40; n++) await allNames(storage, 'many/0000').catch(() => undefined)
    expect(own.stats().list).toBe(40)
    expect(own.stats().connections).toBeLessThanOrEqual(2)
  } finally {
    await own.close()
  }
})
