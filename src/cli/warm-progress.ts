import type { Catalog, Search } from '../catalog/port.ts'
import type { WarmStep } from '../warm-up.ts'
import { createProgress, type Terminal } from './terminal.ts'
import { duration } from './wording.ts'

/** What is still to come is told by the pace of so many granules before now: cached ones run through fast. */
const PACE_OF = 200

export type WarmWatch = {
  readonly catalog: Catalog
  readonly search: Search
  /** Granules that are taken at most. */
  readonly most: number
  readonly signal: AbortSignal
}

/** `warm: 120 of 3400 (3 failed), 14.2 granules/s, 4 min left`, where a person watches. */
export function warmProgress(terminal: Terminal, { catalog, search, most, signal }: WarmWatch) {
  const progress = createProgress(terminal)
  const times = [performance.now()]
  let [count, failed] = [0, 0]
  let total: number | undefined

  // It is worth a question beside the work and no more: without an answer the line goes without a total.
  if (terminal.showsProgress) {
    catalog.extent(search, signal).then(
      (extent) => {
        total = extent && Math.min(extent.granules, most)
      },
      () => {},
    )
  }

  return {
    count: ({ outcome }: Pick<WarmStep, 'outcome'>): void => {
      const now = performance.now()
      times.push(now)
      if (times.length > PACE_OF + 1) times.shift()
      count++
      if (outcome === 'failed') failed++
      const pace = ((times.length - 1) * 1000) / Math.max(now - (times[0] ?? now), 1)
      progress.show(progressLine({ count, total, failed, pace }))
    },
    clear: progress.clear,
  }
}

export type Progress = {
  readonly count: number
  /** Undefined where the catalog cannot tell, or not yet. */
  readonly total: number | undefined
  readonly failed: number
  /** Granules a second, above 0. */
  readonly pace: number
}

export function progressLine({ count, total, failed, pace }: Progress): string {
  const of = total === undefined ? '' : ` of ${total}`
  const failures = failed > 0 ? ` (${failed} failed)` : ''
  const left = total === undefined ? '' : `, ${duration(Math.max(total - count, 0) / pace)} left`
  return `warm: ${count}${of}${failures}, ${pace.toFixed(1)} granules/s${left}`
}
