import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { Fault, messageOf } from '../errors.ts'

/** What lies at a path inside the root, links resolved. */
export type Place = { readonly real: string; readonly kind: 'file' | 'folder' | 'other' }

/**
 * The real path of a storage folder.
 * @throws {Fault} misconfigured where it is not there, no directory or not readable
 */
export async function openRoot(folder: string): Promise<string> {
  try {
    const root = await realpath(folder)
    if (!(await stat(root)).isDirectory()) throw notAFolder(folder)
    await access(root, constants.R_OK | constants.X_OK)
    return root
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const sentence = isAbsence(thrown)
      ? 'is not there; create it'
      : `cannot be read (${messageOf(thrown)}); allow that`
    throw new Fault('misconfigured', `The storage folder ${folder} ${sentence}, or ${CORRECT}`, {
      cause: thrown,
    })
  }
}

/** A name that may stand between slashes; what is none of these is not there. */
export const isPart = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('\\') && !name.includes('\0')

/**
 * What a key names, if it is there and stays inside the root, whatever links it goes through.
 * @param parts what stands between the key's slashes; none for the root itself
 * @throws {Fault} as unlessAbsent
 */
export async function placeAt(root: string, parts: readonly string[]): Promise<Place | undefined> {
  return parts.every(isPart) ? resolveInside(root, join(root, ...parts)) : undefined
}

/**
 * Follows a path to where it really leads; undefined where that is outside the root or nowhere.
 * @throws {Fault} as unlessAbsent
 */
export async function resolveInside(root: string, path: string): Promise<Place | undefined> {
  return unlessAbsent(path, async () => {
    const real = await realpath(path)
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    const found = await stat(real)
    return { real, kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other' }
  })
}

/**
 * What the step gives; undefined where its path is not there, or no longer.
 * @throws {Fault} misconfigured where the path may not be read, upstream-busy where too many files are open,
 * upstream-failed for any other failure of the file system
 */
export async function unlessAbsent<T>(path: string, step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step()
  } catch (thrown) {
    if (isAbsence(thrown)) return undefined
    throw folderFault(thrown, path)
  }
}

function folderFault(thrown: unknown, path: string): unknown {
  const code = codeOf(thrown)
  if (code === undefined) return thrown
  if (code === 'EMFILE' || code === 'ENFILE') {
    const sentence = `${path} could not be opened: as many files and connections are open as may be (${code}); ask again, or raise the limit (ulimit -n).`
    return new Fault('upstream-busy', sentence, { cause: thrown, retryAfter: 1 })
  }
  if (code !== 'EACCES' && code !== 'EPERM') {
    const sentence = `The storage's file system failed at ${path}: ${messageOf(thrown)}.`
    return new Fault('upstream-failed', sentence, { cause: thrown })
  }
  const sentence = `${path} in the storage folder may not be read (${code}); allow that, or ${CORRECT}`
  return new Fault('misconfigured', sentence, { cause: thrown })
}

const notAFolder = (folder: string): Fault =>
  new Fault('misconfigured', `The storage folder ${folder} is a file, not a folder; ${CORRECT}`)

const CORRECT = 'correct SWATH_STORAGE, which names it as folder:<folder>.'

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

const isAbsence = (thrown: unknown): boolean => ABSENT.has(codeOf(thrown) ?? '')

/** The code of a failed system call; a Fault and a bug have none. */
const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'syscall' in thrown && 'code' in thrown ? String(thrown.code) : undefined
