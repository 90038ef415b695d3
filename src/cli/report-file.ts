import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unwritable } from '../export-place.ts'
import { openReportPlace } from './report-place.ts'

/** What a run hands in about itself. Its failures wait on disk, since there may be a million of them. */
export type ReportFile = {
  /** @throws {Fault} misconfigured where it cannot be written */
  failed(row: Readonly<Record<string, string>>): Promise<void>
  /**
   * Puts the report in the place of what stood there: the figures, and all rows as `failed`.
   * @throws {Fault} misconfigured where it cannot be written
   */
  finish(figures: Readonly<Record<string, unknown>>): Promise<void>
  /** Leaves nothing behind but a finished report. */
  close(): Promise<void>
}

/**
 * Opens the place of a JSON report before the work begins.
 * @param spared files that the run reads or makes
 * @throws {Fault} misconfigured where it cannot be written, or would overwrite one of these or a database
 */
export async function openReport(target: string, spared: readonly string[]): Promise<ReportFile> {
  const place = await openReportPlace(target, spared)
  const rows = join(place.folder, 'failed.json')
  const handle = await open(rows, 'w').catch(async (thrown: unknown) => {
    await place.remove()
    throw unwritable(target, thrown)
  })
  let count = 0

  return {
    failed: async (row) => {
      try {
        await handle.appendFile(`${count++ > 0 ? ',' : ''}\n    ${JSON.stringify(row)}`)
      } catch (thrown) {
        throw unwritable(target, thrown)
      }
    },
    finish: async (figures) => {
      const draft = join(place.folder, 'report.json')
      try {
        const head = JSON.stringify({ ...figures, failed: undefined }, null, 2).replace(/\n\}$/, '')
        await pipeline(pieces(`${head},\n  "failed": [`, rows, count), createWriteStream(draft))
        await place.finish(draft)
      } catch (thrown) {
        throw unwritable(target, thrown)
      }
    },
    close: async () => {
      await handle.close()
      await place.remove()
    },
  }
}

async function* pieces(head: string, rows: string, count: number): AsyncGenerator<string | Uint8Array> {
  yield head
  yield* createReadStream(rows)
  yield count > 0 ? '\n  ]\n}\n' : ']\n}\n'
}
