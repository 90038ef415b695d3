import { realpathSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault } from '../errors.ts'
import { type ExportPlace, openExportPlace } from '../export-place.ts'

/**
 * Makes the place of a report before the work begins, so that hours of it are not lost to a wrong path.
 * @param spared files that the run reads or makes
 * @throws {Fault} misconfigured where it cannot be written, or would overwrite one of these or a database
 */
export async function openReportPlace(target: string, spared: readonly string[]): Promise<ExportPlace> {
  if (target === '') throw refused('""', 'that names no file')
  const overwritten = spared.find((file) => file !== '' && isSameFile(file, target))
  if (overwritten !== undefined) {
    throw refused(target, `that is ${overwritten}, which this run reads or makes; give another name`)
  }
  if (await isDatabase(target)) throw refused(target, 'that is an SQLite database; give another name')
  return openExportPlace(target)
}

/** Whether two names are of one file, be it there or not yet. */
function isSameFile(one: string, other: string): boolean {
  if (followed(one) === followed(other)) return true
  const [a, b] = [one, other].map(statOf)
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

/** Undefined where there is none, or none that may be seen. */
function statOf(file: string) {
  try {
    return statSync(file, { bigint: true })
  } catch {
    return undefined
  }
}

/** Links of the folder are followed where the file itself is not there. */
function followed(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    try {
      return join(realpathSync(dirname(resolve(file))), basename(file))
    } catch {
      return resolve(file)
    }
  }
}

/** The first bytes of an SQLite file: sqlite.org/fileformat.html, 1.3. */
const SQLITE = Buffer.from('SQLite format 3\0')

async function isDatabase(file: string): Promise<boolean> {
  // Opening a pipe would wait for its other end; what is no file is refused by the place.
  if (!statOf(file)?.isFile()) return false
  const handle = await open(file).catch(() => undefined)
  if (!handle) return false
  try {
    const { buffer } = await handle.read(Buffer.alloc(SQLITE.length), 0, SQLITE.length, 0)
    return buffer.equals(SQLITE)
  } finally {
    await handle.close()
  }
}

const refused = (target: string, why: string): Fault =>
  new Fault('misconfigured', `The report cannot be written to ${target}: ${why}. Nothing was changed.`)
