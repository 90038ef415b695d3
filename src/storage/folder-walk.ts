import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isPart, placeAt, resolveInside, unlessAbsent } from './folder-root.ts'
import { compareKeys } from './keys.ts'
import type { ListOptions } from './port.ts'

/** What a walk finds; `real` is its path with all links resolved. A folder's key ends in `/`. */
export type Found = { readonly key: string; readonly real: string; readonly kind: 'file' | 'folder' }

/**
 * The files under a prefix in order of key, and with a delimiter the folders that hold any. Directories
 * are opened as the reader gets to them, and only where prefix and offsets leave something to find.
 * @param root as openRoot gives it
 * @throws {Fault} misconfigured, upstream-failed
 */
export async function* walk(
  root: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<Found, void, undefined> {
  const parts = prefix.split('/').slice(0, -1)
  const place = await placeAt(root, parts)
  if (place?.kind !== 'folder') return
  const start: Found = { key: parts.map((part) => `${part}/`).join(''), real: place.real, kind: 'folder' }
  yield* below(
    root,
    start,
    [start.real],
    (found) => found.key.startsWith(prefix) && mayHold(found, options),
    options,
  )
}

/** @param trail real paths of the folders the walk is in: a link back to one of them would never end. */
async function* below(
  root: string,
  folder: Found,
  trail: readonly string[],
  wanted: (found: Found) => boolean,
  options: ListOptions,
): AsyncGenerator<Found, void, undefined> {
  for (const found of await children(root, folder, wanted)) {
    if (found.kind === 'file') {
      yield found
      continue
    }
    if (trail.includes(found.real)) continue
    const deeper = [...trail, found.real]
    if (options.delimiter === undefined) yield* below(root, found, deeper, wanted, options)
    else if (await holdsFile(root, found, deeper)) yield found
  }
}

/** Whether the offsets leave anything of a file, of a folder as an entry, or of what is below a folder. */
function mayHold({ key, kind }: Found, { delimiter, startOffset = '', endOffset }: ListOptions): boolean {
  if (endOffset !== undefined && compareKeys(key, endOffset) >= 0) return false
  if (compareKeys(key, startOffset) >= 0) return true
  return kind === 'folder' && delimiter === undefined && startOffset.startsWith(key)
}

/** A bucket has no empty folders, so neither has a folder that stands for one. */
async function holdsFile(root: string, folder: Found, trail: readonly string[]): Promise<boolean> {
  const inside = await children(root, folder, () => true)
  if (inside.some(({ kind }) => kind === 'file')) return true
  for (const { real, ...found } of inside) {
    if (!trail.includes(real) && (await holdsFile(root, { real, ...found }, [...trail, real]))) return true
  }
  return false
}

/** Files and folders right below a folder, in order of key: a folder sorts as its name with `/`. */
async function children(root: string, folder: Found, wanted: (found: Found) => boolean): Promise<Found[]> {
  const listed = await unlessAbsent(folder.real, () => readdir(folder.real, { withFileTypes: true }))
  const found: Found[] = []
  for (const dirent of listed ?? []) {
    const child = isPart(dirent.name) ? await childOf(root, folder, dirent) : undefined
    if (child !== undefined && wanted(child)) found.push(child)
  }
  return found.sort((a, b) => compareKeys(a.key, b.key))
}

async function childOf(root: string, folder: Found, dirent: Dirent): Promise<Found | undefined> {
  const path = join(folder.real, dirent.name)
  const place = dirent.isSymbolicLink()
    ? await resolveInside(root, path)
    : { real: path, kind: dirent.isFile() ? 'file' : dirent.isDirectory() ? 'folder' : 'other' }
  if (place === undefined || place.kind === 'other') return undefined
  const name = `${folder.key}${dirent.name}`
  return place.kind === 'file'
    ? { key: name, real: place.real, kind: 'file' }
    : { key: `${name}/`, real: place.real, kind: 'folder' }
}
