import { mkdtemp, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault, messageOf } from './errors.ts'

/** Where a file is made: a hidden folder beside it, which holds all that it takes and nothing else. */
export type ExportPlace = {
  readonly folder: string
  /** Puts a file of the folder in the place of whatever stood at the target. */
  finish(draft: string): Promise<void>
  remove(): Promise<void>
}

/** Folders of this process, told from those of a dead one that had its number. */
const ours = new Set<string>()

/**
 * Makes the place, after sweeping away those that killed exports to the same target left behind.
 * @throws {Fault} misconfigured where the folder cannot be written, or the target is no file
 */
export async function openExportPlace(target: string): Promise<ExportPlace> {
  try {
    const to = await realpath(target).catch(() => resolve(target))
    const there = await stat(to).catch(() => undefined)
    if (there && !there.isFile()) throw new Error('it is there and is not a file')
    const prefix = `.${basename(to)}.exporting-`
    await sweep(dirname(to), prefix)
    const folder = await mkdtemp(join(dirname(to), `${prefix}${process.pid}-`))
    ours.add(folder)
    return {
      folder,
      finish: async (draft) => {
        await flush(draft)
        await rename(draft, to)
      },
      remove: async () => {
        await rm(folder, { recursive: true, force: true })
        ours.delete(folder)
      },
    }
  } catch (thrown) {
    throw unwritable(target, thrown)
  }
}

/** What went wrong with the target, whatever it was. */
export const unwritable = (target: string, cause: unknown): Fault =>
  new Fault('misconfigured', `${target} cannot be written: ${messageOf(cause)}. Nothing was changed.`, {
    cause,
  })

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined
    const folder = join(parent, name)
    if (pid === undefined || ours.has(folder)) continue
    if (Number(pid) === process.pid || !isAlive(Number(pid)))
      await rm(folder, { recursive: true, force: true })
  }
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
