import type { Sampling } from './colour/port.ts'
import type { WarmStep } from './warm-up.ts'

const STAGES = ['search', 'list', 'read', 'decode', 'store'] as const
export type Stage = (typeof STAGES)[number]

/** What a run did and what it took; the names are those of the report file. */
export type WarmFigures = {
  readonly done: number
  readonly cached: number
  readonly failed: number
  /** Of the clock. */
  readonly seconds: number
  /** Colours made a second: done alone. */
  readonly granules_per_second: number
  /**
   * Of the colours that were made; what failed on the way is not in it. Time adds up over granules and over
   * the bands of one, which run side by side; of `search` it is what the run waited for pages. A decode.ms
   * far above its cpu_ms tells that the cores were busy with something else.
   */
  readonly stages: {
    readonly search: { readonly ms: number }
    readonly list: { readonly ms: number }
    readonly read: { readonly ms: number; readonly reads: number; readonly bytes: number }
    readonly decode: { readonly ms: number; readonly cpu_ms: number }
    readonly store: { readonly ms: number }
  }
  readonly threads: number
  readonly granules_in_flight: number
  /**
   * `decode` where its threads were busy for more than 70 percent of the run; else `search` where the run
   * waited for pages for more than half of it; else whichever of list, read, decode and store took a granule
   * the longest, its bands side by side counting once. Null where no colour was made.
   */
  readonly bound_by: Stage | null
}

export type WarmTally = {
  count(step: WarmStep): void
  /** @param ms waited for a page of the catalog */
  searched(ms: number): void
  figures(): WarmFigures
}

export type Knobs = {
  readonly sampling: Sampling
  readonly threads: number
  readonly granulesInFlight: number
}

const BUSY = 0.7
const WAITING = 0.5

/** Adds up the steps of a run, which begins now. */
export function tallyWarmUp({ sampling, threads, granulesInFlight }: Knobs): WarmTally {
  const began = performance.now()
  const outcomes = { done: 0, cached: 0, failed: 0 }
  const sum = { searchMs: 0, listMs: 0, readMs: 0, reads: 0, bytes: 0, decodeMs: 0, cpuMs: 0, storeMs: 0 }

  function boundBy(ms: number): Stage | null {
    if (outcomes.done === 0) return null
    if (sum.decodeMs / (threads * ms) > BUSY) return 'decode'
    if (sum.searchMs / ms > WAITING) return 'search'
    const bands = sampling.source === 'bands' ? 3 : 1
    const { listMs: list, storeMs: store } = sum
    const longest = { list, read: sum.readMs / bands, decode: sum.decodeMs / bands, store }
    return (['list', 'read', 'decode', 'store'] as const).reduce((a, b) => (longest[b] > longest[a] ? b : a))
  }

  return {
    count: (step) => {
      outcomes[step.outcome]++
      if (step.outcome === 'cached' || !step.cost) return
      sum.listMs += step.cost.listMs
      sum.readMs += step.cost.readMs
      sum.reads += step.cost.reads
      sum.bytes += step.cost.bytes
      sum.decodeMs += step.cost.decodeMs
      sum.cpuMs += step.cost.cpuMs
      sum.storeMs += step.cost.storeMs
    },
    searched: (ms) => {
      sum.searchMs += ms
    },
    figures: () => {
      const ms = performance.now() - began
      return {
        ...outcomes,
        seconds: round(ms / 1000),
        granules_per_second: round((outcomes.done * 1000) / ms),
        stages: {
          search: { ms: round(sum.searchMs) },
          list: { ms: round(sum.listMs) },
          read: { ms: round(sum.readMs), reads: sum.reads, bytes: sum.bytes },
          decode: { ms: round(sum.decodeMs), cpu_ms: round(sum.cpuMs) },
          store: { ms: round(sum.storeMs) },
        },
        threads,
        granules_in_flight: granulesInFlight,
        bound_by: boundBy(ms),
      }
    },
  }
}

const round = (value: number): number => Math.round(value * 1000) / 1000
