import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fault, type FaultCode } from '../../src/errors.ts'
import type { Entry, ListOptions, Storage } from '../../src/storage/port.ts'
import { FILES, HOSTILE, IMG_DATA, LATER, MANY, PRODUCT } from './storage-files.ts'

export type Opened = { readonly storage: Storage; close(): Promise<void> }

/** What every storage must do, by the docstrings of its port. */
export function storageContract(
  name: string,
  open: (files: Readonly<Record<string, Uint8Array>>) => Promise<Opened>,
): void {
  describe(`${name} keeps the contract of a storage`, () => {
    let opened: Opened
    const storage = () => opened.storage
    beforeAll(async () => {
      opened = await open(FILES)
    })
    afterAll(() => opened.close())

    const list = (prefix: string, options?: ListOptions) => allNames(storage(), prefix, options)
    const read = async (key: string, first: number, last: number) =>
      new TextDecoder().decode(await storage().read(key, { first, last }))

    test('an empty prefix gives every object, in order of the bytes of their keys', async () => {
      expect(await list('')).toEqual(Object.keys(FILES).sort(byBytes))
    })

    test('objects come with key and size', async () => {
      const [page] = await Array.fromAsync(storage().list(`${IMG_DATA}/`))
      expect(page).toEqual([
        { kind: 'object', key: `${IMG_DATA}/T33UUB_20190605T102031_B02.jp2`, size: 10 },
        { kind: 'object', key: `${IMG_DATA}/T33UUB_20190605T102031_B03.jp2`, size: 3 },
      ])
    })

    test('a delimiter gives the objects right below the prefix and the folders, in one order', async () => {
      expect(await list('tiles/33/U/', { delimiter: '/' })).toEqual([
        'tiles/33/U/UB.txt',
        'tiles/33/U/UB/',
        'tiles/33/U/UB0',
        'tiles/33/U/UC/',
      ])
      expect(await list('', { delimiter: '/' })).toEqual([
        'empty.bin',
        'large.bin',
        'many/',
        'names/',
        'tiles/',
      ])
    })

    test('a folder is told apart from an object', async () => {
      const entries = (await Array.fromAsync(storage().list('tiles/33/U/UB', { delimiter: '/' }))).flat()
      expect(entries).toEqual([
        { kind: 'object', key: 'tiles/33/U/UB.txt', size: 23 },
        { kind: 'folder', prefix: 'tiles/33/U/UB/' },
        { kind: 'object', key: 'tiles/33/U/UB0', size: 22 },
      ])
    })

    test('_$folder$ objects are objects like others and stand after their folder', async () => {
      expect(await list('tiles/33/U/UB/', { delimiter: '/' })).toEqual([
        `${PRODUCT}/`,
        `${PRODUCT}_$folder$`,
        `${LATER}/`,
      ])
    })

    test('a prefix may end in the middle of a name', async () => {
      expect(await list('tiles/33/U/UB/S2A_MSIL1C_2019', { delimiter: '/' })).toEqual([
        `${PRODUCT}/`,
        `${PRODUCT}_$folder$`,
      ])
      expect(await list('many/0010')).toEqual(MANY.slice(100, 110))
      expect(await list(`${IMG_DATA}/T33UUB_20190605T102031_B03.jp2`)).toHaveLength(1)
    })

    test('a prefix with nothing under it gives no entries', async () => {
      expect(await list('tiles/99/')).toEqual([])
      expect(await list('tiles/33/U/UB/S2C')).toEqual([])
      expect(await list('empty.bin/', { delimiter: '/' })).toEqual([])
    })

    test('the start offset is included and the end offset is not', async () => {
      const options = { startOffset: MANY[7] ?? '', endOffset: MANY[9] ?? '' }
      expect(await list('many/', options)).toEqual(MANY.slice(7, 9))
      expect(await list('many/', { startOffset: 'many/02343' })).toEqual(MANY.slice(2343))
      expect(await list('many/', { endOffset: 'many/00002' })).toEqual(MANY.slice(0, 2))
    })

    test('offsets outside the prefix, or in the wrong order, leave all or nothing', async () => {
      expect(await list('tiles/33/U/UC/', { startOffset: 'a', endOffset: 'z' })).toHaveLength(1)
      expect(await list('tiles/33/U/UC/', { startOffset: 'z' })).toEqual([])
      expect(await list('tiles/33/U/UC/', { endOffset: 'a' })).toEqual([])
      expect(await list('many/', { startOffset: 'many/00009', endOffset: 'many/00009' })).toEqual([])
      expect(await list('many/', { startOffset: 'many/00009', endOffset: 'many/00003' })).toEqual([])
    })

    test('offsets cut a tile into slices of time', async () => {
      const slice = (startOffset: string, endOffset: string) =>
        list('tiles/33/U/UB/', { delimiter: '/', startOffset, endOffset })
      const at = (text: string) => `tiles/33/U/UB/${text}`
      expect(await slice(at('S2A_MSIL1C_2019'), at('S2A_MSIL1C_2020'))).toEqual([
        `${PRODUCT}/`,
        `${PRODUCT}_$folder$`,
      ])
      expect(await slice(at('S2B_MSIL1C_2020'), at('S2B_MSIL1C_2021'))).toEqual([`${LATER}/`])
      expect(await slice(at('S2B_MSIL1C_2021'), at('S2B_MSIL1C_2022'))).toEqual([])
    })

    test('offsets compare with the name of a folder, wherever below it they point', async () => {
      const from = (startOffset: string) => list('tiles/33/U/', { delimiter: '/', startOffset })
      const until = (endOffset: string) => list('tiles/33/U/', { delimiter: '/', endOffset })
      expect(await from('tiles/33/U/UB/')).toEqual(['tiles/33/U/UB/', 'tiles/33/U/UB0', 'tiles/33/U/UC/'])
      expect(await from('tiles/33/U/UB/S')).toEqual(['tiles/33/U/UB0', 'tiles/33/U/UC/'])
      expect(await until('tiles/33/U/UB/')).toEqual(['tiles/33/U/UB.txt'])
      expect(await until('tiles/33/U/UB/S')).toEqual(['tiles/33/U/UB.txt', 'tiles/33/U/UB/'])
      expect(await until('tiles/33/U/UB/A')).toEqual(['tiles/33/U/UB.txt', 'tiles/33/U/UB/'])
    })

    test('without a delimiter offsets may point below a folder', async () => {
      const options = { startOffset: `${PRODUCT}/M`, endOffset: `${LATER}/` }
      expect(await list('tiles/33/U/UB/', options)).toEqual([
        `${PRODUCT}/MTD_MSIL1C.xml`,
        `${PRODUCT}_$folder$`,
      ])
    })

    test('more than a thousand entries come in pages of at most a thousand, each once', async () => {
      const pages = await Array.fromAsync(storage().list('many/'))
      expect(pages.flat().map(nameOf)).toEqual(MANY)
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(1000)
      expect(await list('many/', { delimiter: '/' })).toEqual(MANY)
    })

    test('a list can be left after its first page', async () => {
      for await (const page of storage().list('many/')) {
        expect(page.length).toBeGreaterThan(0)
        break
      }
    })

    test('a list can be walked twice, each walk from the start', async () => {
      const pages = storage()
      expect(await allNames(pages, 'many/0000')).toEqual(await allNames(pages, 'many/0000'))
    })

    test('a read gives the bytes of its range, both ends included', async () => {
      const key = `${IMG_DATA}/T33UUB_20190605T102031_B02.jp2`
      expect(await read(key, 0, 0)).toBe('0')
      expect(await read(key, 3, 6)).toBe('3456')
      expect(await read(key, 0, 9)).toBe('0123456789')
    })

    test('a read gives plain bytes of exactly the range, large ones too', async () => {
      const range = await storage().read('large.bin', { first: 1000, last: 299_000 })
      expect(range).toHaveLength(298_001)
      expect([range[0], range[298_000]]).toEqual([1000 % 251, 299_000 % 251])
    })

    test('a range past the end gives what there is', async () => {
      expect(await read(`${IMG_DATA}/T33UUB_20190605T102031_B02.jp2`, 8, 1_000_000)).toBe('89')
    })

    test('a range that starts past the end is a bad request', async () => {
      await failsWith('bad-request', () => read(`${IMG_DATA}/T33UUB_20190605T102031_B02.jp2`, 10, 12))
      await failsWith('bad-request', () => read('empty.bin', 0, 0))
    })

    test('a range that is none is a bad request', async () => {
      for (const [first, last] of [
        [3, 2],
        [-1, 4],
        [0.5, 4],
        [0, Number.NaN],
        [0, Number.POSITIVE_INFINITY],
      ] as const) {
        await failsWith('bad-request', () => read('large.bin', first, last))
      }
    })

    test('an object that is not there, and a folder, are not found', async () => {
      await failsWith('not-found', () => read('tiles/33/U/nothing', 0, 9))
      await failsWith('not-found', () => read('tiles/33/U/UB/', 0, 9))
      await failsWith('not-found', () => read('tiles/33/U/UC', 0, 9))
      await failsWith('not-found', () => read('', 0, 9))
    })

    test('names with spaces, signs and other scripts are listed and read as they are', async () => {
      const names = await list('names/')
      expect(names).toEqual(['names/with space+plus%25&amp;#?.jp2', 'names/\u{ff5e}', 'names/\u{1f6f0}'])
      expect(await Promise.all(names.map((key) => read(key, 0, 4)))).toEqual(['odd', 'three', 'four '])
    })

    test.each(HOSTILE.map((key) => [JSON.stringify(key).slice(0, 50), key]))(
      '%s is not there',
      async (_, key) => {
        expect(await list(key)).toEqual([])
        expect(await list(key, { delimiter: '/' })).toEqual([])
        expect(await list(`${key}/`)).toEqual([])
        await failsWith('not-found', () => read(key, 0, 9))
      },
    )

    test('a signal aborted before the call cancels it', async () => {
      const signal = AbortSignal.abort()
      await failsWith('cancelled', () => list('many/', { signal }))
      await failsWith('cancelled', () => storage().read('large.bin', { first: 0, last: 9 }, signal))
    })

    test('a signal aborted during a call cancels it', async () => {
      const leaving = new AbortController()
      const reading = storage().read('large.bin', { first: 0, last: 299_999 }, leaving.signal)
      const listing = list('many/', { signal: leaving.signal })
      const outcomes = Promise.allSettled([reading, listing])
      leaving.abort()
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'Fault', code: 'cancelled' } })
      }
    })

    test('a signal aborted between two pages cancels the list', async () => {
      const leaving = new AbortController()
      const seen: number[] = []
      await failsWith('cancelled', async () => {
        for await (const page of storage().list('many/', { signal: leaving.signal })) {
          seen.push(page.length)
          leaving.abort()
        }
      })
      expect(seen).toHaveLength(1)
    })
  })
}

/** Keys and folder prefixes of a whole list, in the order they come. */
export async function allNames(storage: Storage, prefix: string, options?: ListOptions): Promise<string[]> {
  return (await Array.fromAsync(storage.list(prefix, options))).flat().map(nameOf)
}

/** Checks that the action fails with a Fault of this code and a sentence, and gives the Fault. */
export async function failsWith(code: FaultCode, action: () => Promise<unknown>): Promise<Fault> {
  const thrown = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(thrown instanceof Fault)) throw new Error(`No Fault ${code} but ${String(thrown)}`, { cause: thrown })
  expect(`${thrown.code}: ${thrown.message}`).toMatch(new RegExp(`^${code}: .+\\.`, 's'))
  return thrown
}

const nameOf = (entry: Entry): string => (entry.kind === 'object' ? entry.key : entry.prefix)

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
