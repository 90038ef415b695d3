import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { cancelled, Fault } from '../errors.ts'
import { openRoot, placeAt, unlessAbsent } from './folder-root.ts'
import { type Found, walk } from './folder-walk.ts'
import { canBeKey, canStartKey } from './keys.ts'
import type { ByteRange, Entry, ListOptions, Storage } from './port.ts'
import { noSuchObject, pastTheEnd, requireRange } from './range.ts'

export type FolderOptions = {
  readonly folder: string
  /** Name of the bucket that the folder stands for. */
  readonly bucket?: string
}

/**
 * A folder laid out as the bucket is. Nothing outside it is ever listed or read: links are followed only
 * where they stay inside, and keys with `..`, backslashes or empty parts are not there.
 */
export function folderStorage({ folder, bucket = 'gcp-public-data-sentinel-2' }: FolderOptions): Storage {
  return {
    bucket,
    list: (prefix, options = {}) => pages(folder, prefix, options),
    read: async (key, range, signal) => {
      requireRange(range)
      heed(signal)
      const root = await openRoot(folder)
      heed(signal)
      const bytes = await readRange(root, key, range)
      heed(signal)
      if (bytes === undefined) throw noSuchObject(bucket, key)
      return bytes
    },
  }
}

/** Entries a page at most, as in Cloud Storage. */
const PAGE = 1000

async function* pages(
  folder: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const { signal } = options
  heed(signal)
  const root = await openRoot(folder)
  heed(signal)
  if (!canStartKey(prefix)) return
  let page: Found[] = []
  for await (const found of walk(root, prefix, options)) {
    heed(signal)
    page.push(found)
    if (page.length < PAGE) continue
    yield await entriesOf(page)
    heed(signal)
    page = []
  }
  if (page.length > 0) yield await entriesOf(page)
}

async function entriesOf(page: readonly Found[]): Promise<readonly Entry[]> {
  const entries = await Promise.all(page.map(entryOf))
  return entries.filter((entry) => entry !== undefined)
}

/** The entry with the file's size; undefined where the file has gone since it was found. */
async function entryOf({ key, real, kind }: Found): Promise<Entry | undefined> {
  if (kind === 'folder') return { kind: 'folder', prefix: key }
  const file = await unlessAbsent(real, () => stat(real))
  return file && { kind: 'object', key, size: file.size }
}

async function readRange(root: string, key: string, range: ByteRange): Promise<Uint8Array | undefined> {
  const place = canBeKey(key) ? await placeAt(root, key.split('/')) : undefined
  if (place?.kind !== 'file') return undefined
  return unlessAbsent(place.real, async () => {
    // Links are resolved by now: one that has taken the file's place since is not followed.
    const file = await open(place.real, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      return await readFrom(file, key, range)
    } finally {
      await file.close()
    }
  })
}

/** Bytes a read: from 2 GiB on Node ends the process instead of failing. */
const READ_MOST = 2 ** 30

const tooLong = (key: string, length: number): Fault =>
  new Fault(
    'bad-request',
    `${length} bytes of the object ${key} are too many for one read; ask for at most ${READ_MOST} at once.`,
  )

async function readFrom(file: FileHandle, key: string, range: ByteRange): Promise<Uint8Array> {
  const { size } = await file.stat()
  if (range.first >= size) throw pastTheEnd(key, range)
  const length = Math.min(range.last + 1, size) - range.first
  if (length > READ_MOST) throw tooLong(key, length)
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, range.first + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** @throws {Fault} cancelled */
function heed(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal.reason)
}
