import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault, messageOf } from '../errors.ts'
import { openTargetPlace, type TargetPlace, whyUnwritable } from '../files/target-place.ts'
import { startsAsIndex } from './header.ts'

/** Where an index is built. */
export type BuildPlace = TargetPlace & {
  /** In the folder, where the index grows. */
  readonly draft: string
}

/**
 * Makes the place to build an index in, after sweeping away those that killed builds of it left behind.
 * @param sources files that the index is to be made from
 * @throws {Fault} misconfigured where the folder cannot be written, or the index would overwrite a source
 * or what is no index; upstream-busy while an update or another build of it is under way
 */
export async function openBuildPlace(target: string, sources: readonly string[]): Promise<BuildPlace> {
  await refuseToOverwrite(target, sources)
  try {
    const place = await openTargetPlace(target, 'building', 'updating')
    await requireAlone(place, target)
    return { ...place, draft: join(place.folder, 'draft.sqlite') }
  } catch (cause) {
    if (cause instanceof Fault) throw nothingBuilt(cause)
    const sentence = `The index ${target} cannot be written: ${whyUnbuilt(target, cause)}. Nothing was built.`
    throw new Fault('misconfigured', sentence, { cause })
  }
}

/**
 * Two builds at once would each take all of the machine, and the one that ends last, not the one that knows more,
 * would stay. What killed ones left is swept by now, so whoever has a folder like this one's is at work.
 */
async function requireAlone({ to, folder, remove }: TargetPlace, target: string): Promise<void> {
  const mine = basename(folder)
  const prefix = mine.slice(0, mine.lastIndexOf(`${process.pid}-`))
  const isAnother = (name: string) =>
    name !== mine && name.startsWith(prefix) && /^\d+-/.test(name.slice(prefix.length))
  const other = (await readdir(dirname(to))).find(isAnother)
  if (other === undefined) return
  await remove()
  throw new Fault(
    'upstream-busy',
    `Process ${Number.parseInt(other.slice(prefix.length), 10)} is building ${target}; wait for its end. ` +
      `If that process has nothing to do with it, remove ${join(dirname(to), other)}.`,
  )
}

/** Result codes of SQLite for a disk that is full and for one that does not take what is written: sqlite.org/rescode.html. */
const SQLITE_FULL = 13
const SQLITE_IOERR = 10

/** Why an index could not be built, as a clause; a full disk comes as an error of Node or one of SQLite. */
export function whyUnbuilt(target: string, thrown: unknown): string {
  const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : undefined
  const folder = dirname(resolve(target))
  if (code === SQLITE_FULL) return `there is no room left on the disk of the folder ${folder}`
  const named = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === SQLITE_IOERR || named === 'EFBIG' || named === 'EIO') {
    return `the disk of the folder ${folder}, or a limit of the size of a file (ulimit -f), does not take all of it`
  }
  return whyUnwritable(target, thrown)
}

async function refuseToOverwrite(target: string, sources: readonly string[]): Promise<void> {
  if (target === '') throw refusal('""', 'names no file')
  if (/[/\\]$/.test(target)) throw refusal(target, 'is the name of a folder; give the name of a file in it')
  const there = await stat(target).catch(() => undefined)
  if (!there) return
  if (there.isDirectory()) throw refusal(target, 'is a folder; give the name of a file in it')
  if (!there.isFile()) throw refusal(target, 'is not a file')
  for (const source of sources) {
    const read = await stat(source).catch(() => undefined)
    if (read?.ino === there.ino && read.dev === there.dev) {
      throw refusal(target, `is ${source}, which it is to be made from; give another name`)
    }
  }
  if (there.size === 0) return
  const isIndex = await startsAsIndex(target).catch((cause: unknown) => {
    throw refusal(target, `is there and cannot be read: ${messageOf(cause)}`)
  })
  if (!isIndex) throw refusal(target, 'is there and is no index; remove it first, or give another name')
}

const nothingBuilt = (fault: Fault): Fault =>
  new Fault(fault.code, `${fault.message} Nothing was built.`, fault)

const refusal = (target: string, why: string): Fault =>
  new Fault('misconfigured', `The index cannot be written to ${target}: that ${why}. Nothing was built.`)
