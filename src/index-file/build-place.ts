import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, messageOf } from '../errors.ts'
import { openTargetPlace, type TargetPlace } from '../files/target-place.ts'
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
 * or what is no index
 */
export async function openBuildPlace(target: string, sources: readonly string[]): Promise<BuildPlace> {
  await refuseToOverwrite(target, sources)
  try {
    const place = await openTargetPlace(target, 'building')
    return { ...place, draft: join(place.folder, 'index.sqlite') }
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
