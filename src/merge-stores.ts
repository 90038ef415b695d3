import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate as breath } from 'node:timers/promises'
import { Fault } from './errors.ts'
import { badRequest } from './parameters.ts'
import type { MergeReport, MergeStep, StoreMerge } from './store/port.ts'

export type MergeOptions = {
  readonly merge: StoreMerge
  /** File of the store that takes; made where there is none. */
  readonly into: string
  /** Files of the stores that it takes from. */
  readonly from: readonly string[]
  readonly signal?: AbortSignal
  readonly onStep?: (from: string, step: MergeStep) => void
}

/**
 * Puts what stores remember into one of them. All are checked before anything is taken; each commit leaves a whole
 * store, so that a merge that was killed is mended by another one, and a second one finds nothing to take.
 * @throws {Fault} bad-request where a store is named twice; misconfigured where one cannot be read or written; cancelled
 */
export async function mergeStores(options: MergeOptions): Promise<MergeReport[]> {
  const { merge, into, from, signal, onStep } = options
  refuseTwice([into, ...from])
  for (const file of from) {
    stopIf(signal, into)
    merge.check(file)
    await breath()
  }
  const taking = merge.openInto(into)
  try {
    const reports: MergeReport[] = []
    for (const file of from) {
      const steps = taking.take(file)
      try {
        let step = steps.next()
        for (; !step.done; step = steps.next()) {
          onStep?.(file, step.value)
          await breath()
          stopIf(signal, into)
        }
        reports.push(step.value)
      } finally {
        // Lets go of the file where it was broken off.
        steps.return({ from: file, colours: NONE, listings: NONE, layouts: NONE })
      }
    }
    return reports
  } finally {
    taking.close()
  }
}

const NONE = { rows: 0, taken: 0, unsound: 0 }

function stopIf(signal: AbortSignal | undefined, into: string): void {
  if (!signal?.aborted) return
  const sentence = `The merge into ${into} was stopped; what was taken is kept, and the same command goes on.`
  throw new Fault('cancelled', sentence, { cause: signal.reason })
}

/** A store that takes from itself would do no harm, but whoever asks for it meant another one. */
function refuseTwice(files: readonly string[]): void {
  const real = files.map(followed)
  const twice = files.filter((_, i) => real.indexOf(real[i] ?? '') < i)
  if (twice.length === 0) return
  throw badRequest(twice.map((file) => ({ parameter: 'from', message: `${file} is named twice` })))
}

function followed(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return resolve(file)
  }
}
