import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from './errors.ts'
import { type CsvSource, inspectCsv } from './index-file/csv-source.ts'

/** A CSV of the archive's form, plain or gzipped: a file, or bytes that are written down first. */
export type BuildSource =
  | string
  | {
      readonly name: string
      /** @throws {Fault} upstream-failed where they end early */
      open(signal: AbortSignal): AsyncIterable<Uint8Array>
    }

export const nameOfSource = (source: BuildSource): string =>
  typeof source === 'string' ? source : source.name

/**
 * The files to read, under the names that the user knows; what is none is written down in the folder first.
 * @throws {Fault} misconfigured for what is no CSV of the archive's; as the sources
 */
export async function writtenDown(
  from: readonly BuildSource[],
  folder: string,
  signal: AbortSignal,
): Promise<CsvSource[]> {
  const sources: CsvSource[] = []
  for (const source of from) {
    if (typeof source === 'string') {
      sources.push(await inspectCsv(source))
      continue
    }
    const file = join(folder, `${sources.length}.csv`)
    await pipeline(source.open(signal), createWriteStream(file), { signal })
    sources.push(await inspectCsv(file, source.name === '-' ? 'standard input' : source.name))
  }
  return sources
}

/** A fault with what it left behind, a sentence of its own, which whoever found the fault does not know. */
export const withTail = (fault: Fault, tail: string): Fault =>
  new Fault(fault.code, `${fault.message} ${tail}`, fault)
