import { mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault, messageOf } from '../errors.ts'
import { startsAsIndex } from './index-header.ts'

/** Where an index is built: a hidden folder beside it that holds all a build needs, and nothing else. */
export type BuildPlace = {
  /** The index to make or replace, links followed. */
  readonly to: string
  readonly folder: string
  /** In the folder, where the index grows. */
  readonly draft: string
  remove(): Promise<void>
}

/** Places of this process, so that they are told from those of a dead one that had its number. */
const ours = new Set<string>()

/**
 * Makes the place to build an index in, after sweeping away those that killed builds of it left behind.
 * @param sources files that the index is to be made from
 * @throws {Fault} misconfigured where the folder cannot be written, or the index would overwrite a source
 * or what is no index
 */
export async function openBuildPlace(target: string, sources: readonly string[]): Promise<BuildPlace> {
  await refuseToOverwrite(target, sources)
  const to = await realpath(target).catch(() => resolve(target))
  const prefix = `.${basename(to)}.building-`
  try {
    await sweep(dirname(to), prefix)
    const folder = await mkdtemp(join(dirname(to), `${prefix}${process.pid}-`))
    ours.add(folder)
    return {
      to,
      folder,
      draft: join(folder, 'index.sqlite'),
      remove: async () => {
        await rm(folder, { recursive: true, force: true })
        ours.delete(folder)
      },
    }
  } catch (cause) {
    throw new Fault('misconfigured', `The index ${target} cannot be written: ${messageOf(cause)}.`, { cause })
  }
}

async function refuseToOverwrite(target: string, sources: readonly string[]): Promise<void> {
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

const refusal = (target: string, why: string): Fault =>
  new Fault('misconfigured', `The index cannot be written to ${target}: that ${why}. Nothing was built.`)

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
