import { readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** An object of the stand-in: bytes in memory, a file, or a size alone, whose bytes are zeros. */
export type Stored =
  | { readonly size: number; readonly bytes: Uint8Array }
  | { readonly size: number; readonly file: string }
  | { readonly size: number }

/** Objects by key; a number is the size of an object of zeros. */
export type Objects = Iterable<readonly [key: string, content: Uint8Array | number]>

/** The objects of a bucket with their keys in the order of Cloud Storage, the order of UTF-8 bytes. */
export type Bucket = { readonly keys: readonly string[]; readonly objects: ReadonlyMap<string, Stored> }

export function bucketOf(objects: Objects): Bucket {
  const stored = new Map<string, Stored>()
  for (const [key, content] of objects) {
    stored.set(
      key,
      typeof content === 'number' ? { size: content } : { size: content.byteLength, bytes: content },
    )
  }
  return sorted(stored)
}

/** Every file below a folder, as it was when the stand-in started. */
export function bucketOfFolder(folder: string): Bucket {
  const stored = new Map<string, Stored>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    stored.set(relative(folder, file).split(sep).join('/'), { size: statSync(file).size, file })
  }
  return sorted(stored)
}

function sorted(objects: Map<string, Stored>): Bucket {
  const keys = [...objects.keys()]
  const ascii = keys.every((key) => /^[\0-\x7f]*$/.test(key))
  return { keys: ascii ? keys.sort() : keys.sort(byBytes), objects }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export type ListQuery = {
  readonly prefix: string
  readonly delimiter: string
  readonly startOffset: string
  readonly endOffset: string
  readonly matchGlob: RegExp | undefined
  /** Items and prefixes together. */
  readonly maxResults: number
  /** Key to go on from, as a page before gave it. */
  readonly from: string
}

export type ListPage = {
  readonly items: readonly string[]
  readonly prefixes: readonly string[]
  readonly next: string | undefined
}

/** A page as `objects.list` makes it: offsets compare with the objects' names, folders come of what is left. */
export function listPage(bucket: Bucket, query: ListQuery): ListPage {
  const { keys } = bucket
  const { prefix, delimiter, endOffset, maxResults, matchGlob } = query
  const items: string[] = []
  const prefixes: string[] = []
  const start = [prefix, query.startOffset, query.from].reduce((a, b) => (isBefore(a, b) ? b : a))
  let at = firstFrom(keys, start)
  for (;;) {
    const key = keys[at]
    if (key === undefined || !key.startsWith(prefix)) return { items, prefixes, next: undefined }
    if (endOffset !== '' && !isBefore(key, endOffset)) return { items, prefixes, next: undefined }
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = cut === -1 ? key : key.slice(0, cut + delimiter.length)
    if (matchGlob === undefined || matchGlob.test(name)) {
      if (items.length + prefixes.length === maxResults) return { items, prefixes, next: key }
      if (cut === -1) items.push(key)
      else prefixes.push(name)
    }
    at = cut === -1 ? at + 1 : firstFrom(keys, afterAll(name), at + 1)
  }
}

/** Sorts after all keys that start with the name, and before all others that sort after it. */
const afterAll = (name: string): string =>
  `${name.slice(0, -1)}${String.fromCharCode(name.charCodeAt(name.length - 1) + 1)}`

/** Index of the first key that does not sort before the text. */
function firstFrom(keys: readonly string[], text: string, from = 0): number {
  let low = from
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(keys[middle] ?? '', text)) low = middle + 1
    else high = middle
  }
  return low
}

const ABOVE_ASCII = /[^\0-\x7f]/

const isBefore = (a: string, b: string): boolean =>
  ABOVE_ASCII.test(a) || ABOVE_ASCII.test(b) ? byBytes(a, b) < 0 : a < b

const globs = new Map<string, RegExp>()

/** `*` and `?` stop at a slash, `**` does not; `[...]` and `{a,b}` as usual, not nested. */
export function globPattern(glob: string): RegExp {
  const known = globs.get(glob)
  if (known !== undefined) return known
  const source = glob.replaceAll(/\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|[\\^$.|+()[\]{}]/g, (token) => {
    if (token === '**') return '.*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    if (token.length === 1) return `\\${token}`
    if (token.startsWith('[')) return token.replace('[!', '[^')
    const choices = token.slice(1, -1).split(',')
    return `(?:${choices.map((choice) => globPattern(choice).source.slice(1, -1)).join('|')})`
  })
  const pattern = new RegExp(`^${source}$`, 's')
  globs.set(glob, pattern)
  return pattern
}
