import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { Fault } from './errors.ts'
import { moveToTarget, openTargetPlace, type TargetPlace, whyUnwritable } from './files/target-place.ts'

/** Where an export or a report is made. */
export type ExportPlace = Pick<TargetPlace, 'folder' | 'remove'> & {
  /** Puts a file of the folder in the place of whatever stood at the target. */
  finish(draft: string): Promise<void>
}

/**
 * Makes the place, after sweeping away those that killed exports to the same target left behind.
 * @throws {Fault} misconfigured where the folder cannot be written, or the target is no file
 */
export async function openExportPlace(target: string): Promise<ExportPlace> {
  try {
    const there = await stat(target).catch(() => undefined)
    if (there && !there.isFile()) throw new Error('it is there and is not a file')
    const { to, folder, remove } = await openTargetPlace(target, 'exporting')
    return { folder, remove, finish: (draft) => moveToTarget(draft, to) }
  } catch (thrown) {
    throw unwritable(target, thrown)
  }
}

/**
 * What writes the form that the target's ending tells.
 * @param writers by ending, `.csv`
 * @throws {Fault} bad-request for another ending
 */
export function writerFor<W>(target: string, writers: ReadonlyMap<string, W>): W {
  const writer = writers.get(extname(target).toLowerCase())
  if (writer) return writer
  const sentence = `${target} ends in none of ${[...writers.keys()].join(', ')}, which tell the form of the file.`
  throw new Fault('bad-request', sentence, { errors: [{ parameter: 'to', message: sentence }] })
}

/** An export that was given up before its end. */
export const stopped = (target: string, cause: unknown): Fault =>
  new Fault('cancelled', `The export to ${target} was stopped before its end; nothing was changed.`, {
    cause,
  })

/** What went wrong with the target, whatever it was. */
export const unwritable = (target: string, cause: unknown): Fault => {
  const why = whyUnwritable(target, cause)
  return new Fault('misconfigured', `${target} cannot be written: ${why}. Nothing was changed.`, { cause })
}
