import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Storage } from '@google-cloud/storage'
import { PassThroughClient } from 'google-auth-library'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderProduct, imagePrefix, placeOf } from '../../src/sentinel2/granule.ts'
import { parseDatatake, parseGranuleName, parseImageName } from '../../src/sentinel2/names.ts'
import { generatedObjects } from './generated-objects.ts'
import { type StorageServer, startStorageServer } from './storage-server.ts'

const MAIN = join(import.meta.dirname, 'storage-main.ts')

describe('the stand-in, asked by the official client', () => {
  const text = new TextEncoder()
  const objects: [string, Uint8Array | number][] = [
    ['a/1.jp2', text.encode('0123456789')],
    ['a/b/2.jp2', 5],
    ['a/b/3.xml', 6],
    ['a/b_$folder$', 6],
    ['a/c/4.jp2', 7],
    ...Array.from({ length: 2100 }, (_, n): [string, number] => [`many/${String(n).padStart(4, '0')}`, n]),
  ]
  let server: StorageServer
  const bucket = () =>
    new Storage({
      apiEndpoint: server.url,
      projectId: 'none',
      authClient: new PassThroughClient(),
      retryOptions: { autoRetry: false },
    }).bucket('gcp-public-data-sentinel-2')
  const names = async (query: object) => (await bucket().getFiles(query))[0].map(({ name }) => name)

  beforeAll(async () => {
    server = await startStorageServer({ objects })
  })
  afterAll(() => server.close())

  test('prefix, offsets and pages', async () => {
    expect(await names({ prefix: 'a/b' })).toEqual(['a/b/2.jp2', 'a/b/3.xml', 'a/b_$folder$'])
    expect(await names({ startOffset: 'a/b/3', endOffset: 'a/c' })).toEqual(['a/b/3.xml', 'a/b_$folder$'])
    expect(await names({ prefix: 'many/' })).toHaveLength(2100)
  })

  test('a glob stops at slashes where it has one star alone', async () => {
    expect(await names({ matchGlob: 'a/*.jp2' })).toEqual(['a/1.jp2'])
    expect(await names({ matchGlob: 'a/**.jp2' })).toEqual(['a/1.jp2', 'a/b/2.jp2', 'a/c/4.jp2'])
    expect(await names({ matchGlob: '**/[23].{jp2,xml}' })).toEqual(['a/b/2.jp2', 'a/b/3.xml'])
    expect(await names({ matchGlob: 'many/000?' })).toHaveLength(10)
    await expect(names({ matchGlob: 'a[z-a]' })).rejects.toMatchObject({ code: 400 })
  })

  test('folders come with a delimiter', async () => {
    const [files, , answer] = await bucket().getFiles({ prefix: 'a/', delimiter: '/', autoPaginate: false })
    expect(files.map(({ name }) => name)).toEqual(['a/1.jp2', 'a/b_$folder$'])
    expect(answer).toMatchObject({ prefixes: ['a/b/', 'a/c/'] })
  })

  test('without nextPageToken among the fields a list ends at its first page', async () => {
    expect(await names({ prefix: 'many/', fields: 'items(name)' })).toHaveLength(1000)
    expect(await names({ prefix: 'many/', fields: 'items(name),nextPageToken' })).toHaveLength(2100)
  })

  test('bytes, ranges and metadata', async () => {
    const file = bucket().file('a/1.jp2')
    expect((await file.download({ validation: false }))[0].toString()).toBe('0123456789')
    expect((await file.download({ start: 2, end: 4 }))[0].toString()).toBe('234')
    expect((await file.getMetadata())[0]).toMatchObject({ name: 'a/1.jp2', size: '10' })
    expect((await bucket().getMetadata())[0]).toMatchObject({ name: 'gcp-public-data-sentinel-2' })
    expect((await bucket().file('a/0').exists())[0]).toBe(false)
    await expect(bucket().file('a/0').download()).rejects.toMatchObject({ code: 404 })
  })

  test('ranges by the short address, past the end and from the end', async () => {
    const ranged = async (range: string) => {
      const url = `${server.url}/gcp-public-data-sentinel-2/a/1.jp2`
      const answer = await fetch(url, { headers: { range } })
      return [answer.status, answer.headers.get('content-range'), (await answer.text()).slice(0, 10)]
    }
    expect(await ranged('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await ranged('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await ranged('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89'])
    expect((await ranged('bytes=10-12')).slice(0, 2)).toEqual([416, 'bytes */10'])
    expect(await ranged('bytes=5-2')).toEqual([200, null, '0123456789'])
  })

  test('refusals have the form of Google', async () => {
    const answer = await fetch(`${server.url}/storage/v1/b/other/o`)
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        error: {
          code: 404,
          message: 'The specified bucket does not exist.',
          errors: [{ message: 'The specified bucket does not exist.', domain: 'global', reason: 'notFound' }],
        },
      },
    ])
  })
})

describe('the generated objects', () => {
  const { objects, header, rows } = generatedObjects({ granules: 121, images: 13 })
  const columns = header.split(',')
  const granules = rows.map((row) => new Map(row.split(',').map((value, n) => [columns[n] ?? '', value])))
  const field = (granule: ReadonlyMap<string, string>, name: string) => granule.get(name) ?? ''

  test('hold the images of every granule where its row says, and much else', () => {
    for (const row of granules) {
      const place = placeOf('', field(row, 'BASE_URL')) ?? 'no place'
      const prefix = imagePrefix({ place, granuleId: field(row, 'GRANULE_ID') })
      const files = [...objects.keys()].filter((key) => key.startsWith(prefix))
      const images = files.filter((key) => parseImageName(key.slice(prefix.length)) !== undefined)
      expect(images).toHaveLength(13)
      expect(objects.has(`${place}_$folder$`)).toBe(true)
    }
    const images = [...objects.keys()].filter((key) => parseImageName(key.slice(key.lastIndexOf('/') + 1)))
    expect(images).toHaveLength(1573)
    expect(objects.size).toBeGreaterThan(1573 + 121 * 15)
  })

  test('have names of the archive, each of an acquisition of its own', () => {
    const acquisitions = granules.map((row) => {
      const product = folderProduct(placeOf('', field(row, 'BASE_URL')) ?? '')
      const granule = parseGranuleName(field(row, 'GRANULE_ID'))
      const datatake = parseDatatake(field(row, 'DATATAKE_IDENTIFIER'))
      if (!product || !granule || !datatake) throw new Error(`Names of no known form: ${[...row.values()]}`)
      expect([granule.mgrsTile, datatake.start]).toEqual([field(row, 'MGRS_TILE'), product.start])
      return [product.satellite, product.relativeOrbit, product.start, granule.mgrsTile].join()
    })
    expect(new Set(acquisitions).size).toBe(121)
    expect(new Set(granules.map((row) => field(row, 'SENSING_TIME'))).size).toBe(121)
    const many = generatedObjects({ granules: 5000, images: 1 }).rows.map((row) => row.split(',')[0])
    expect(new Set(many).size).toBe(5000)
  })

  test('are the same every time', () => {
    expect(generatedObjects({ granules: 121, images: 13 })).toEqual({ objects, header, rows })
  })
})

describe('the stand-in as a process of its own', () => {
  test('prints its address, serves, counts, and ends by SIGTERM', async () => {
    const args = [MAIN, '--generate', 'granules=3,images=2', '--max-seconds', '20']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    try {
      const [line] = await once(createInterface(child.stdout), 'line')
      const { url } = JSON.parse(String(line))
      const list = await fetch(`${url}/storage/v1/b/gcp-public-data-sentinel-2/o?matchGlob=**_B0?.jp2`)
      expect(await list.json()).toMatchObject({ items: expect.objectContaining({ length: 6 }) })
      expect(await (await fetch(`${url}/_stats`)).json()).toMatchObject({
        list: 1,
        maxInFlight: 1,
        inFlight: 0,
      })
      expect(await (await fetch(`${url}/_reset`, { method: 'POST' })).json()).toMatchObject({ list: 0 })
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
  })

  test('ends by itself when its time is up, and refuses what it cannot serve', async () => {
    const run = promisify(execFile)
    await run(process.execPath, [MAIN, '--folder', import.meta.dirname, '--max-seconds', '0.1'])
    await expect(run(process.execPath, [MAIN])).rejects.toThrow('--generate')
    await expect(run(process.execPath, [MAIN, '--generate', 'granules=x'])).rejects.toThrow('granules')
  })
})
