import { existsSync, mkdtempSync, realpathSync } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault, messageOf } from '../errors.ts'

/** Where a file is made: a hidden folder beside it that names its process, holds all it takes and nothing else. */
export type TargetPlace = {
  /** The file to make or replace, links followed. */
  readonly to: string
  readonly folder: string
  remove(): Promise<void>
}

/** Folders of this process, told from those of a dead one that had its number. */
const ours = new Set<string>()

/**
 * Makes the place, after sweeping away those that killed processes left behind at the same target. What Node
 * throws is thrown on.
 * @param purpose a word of the folder's name, `building`; places of another purpose are left alone
 * @param rival a purpose that must not be under way at the same time; what the dead left of it is swept, too
 * @throws {Fault} upstream-busy where it is under way
 */
export async function openTargetPlace(target: string, purpose: string, rival?: string): Promise<TargetPlace> {
  const to = followed(target)
  const prefixOf = (word: string) => `.${basename(to)}.${word}-`
  await sweep(dirname(to), prefixOf(purpose))
  // At once, so that no other of this process sees the folder before it is known as ours.
  const folder = mkdtempSync(join(dirname(to), `${prefixOf(purpose)}${process.pid}-`))
  ours.add(folder)
  const remove = async () => {
    await rm(folder, { recursive: true, force: true })
    ours.delete(folder)
  }
  if (rival === undefined) return { to, folder, remove }
  // Each looks for the other when its own folder is there, so that one of two who come at once sees it at least.
  try {
    await sweep(dirname(to), prefixOf(rival))
    const [other] = (await readdir(dirname(to))).filter((name) => pidIn(name, prefixOf(rival)) !== undefined)
    if (other === undefined) return { to, folder, remove }
    throw new Fault(
      'upstream-busy',
      `Process ${pidIn(other, prefixOf(rival))} is ${rival} ${target}; wait for its end. ` +
        `If that process has nothing to do with it, remove ${join(dirname(to), other)}.`,
    )
  } catch (thrown) {
    await remove()
    throw thrown
  }
}

/**
 * Puts a file in the place of whatever stood at another, once all of it is on the disk.
 * @param prepare what is to be done at the last moment before
 */
export async function moveToTarget(
  draft: string,
  to: string,
  prepare: () => Promise<void> = async () => {},
): Promise<void> {
  const handle = await open(draft, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  await prepare()
  await rename(draft, to)
}

/** Why a target cannot be written, as a clause that names its folder where that is the culprit. */
export function whyUnwritable(target: string, thrown: unknown): string {
  const folder = dirname(followed(target))
  switch (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined) {
    case 'ENOENT':
      // Folders of a kernel, /proc say, are there and answer so, too.
      return existsSync(folder)
        ? `no file can be made in the folder ${folder}`
        : `the folder ${folder} is not there`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder} is not a folder`
    case 'EACCES':
    case 'EPERM':
      return `the folder ${folder} may not be written to`
    case 'EROFS':
      return `the folder ${folder} is on a disk that can only be read`
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no room left on the disk of the folder ${folder}`
    case 'EFBIG':
      return 'it would grow past the limit of the size of a file, of its disk or of this shell (ulimit -f)'
    case 'ENAMETOOLONG':
      return 'its name is too long'
    default:
      return messageOf(thrown)
  }
}

function followed(target: string): string {
  try {
    return realpathSync(target)
  } catch {
    return resolve(target)
  }
}

async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = pidIn(name, prefix)
    const folder = join(parent, name)
    if (pid === undefined || ours.has(folder)) continue
    if (pid === process.pid || !isAlive(pid)) await rm(folder, { recursive: true, force: true })
  }
}

/** The process whose folder it is; undefined for another's name. */
function pidIn(name: string, prefix: string): number | undefined {
  const pid = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined
  return pid === undefined ? undefined : Number(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // EPERM: it is there and another user's.
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')
  }
}
