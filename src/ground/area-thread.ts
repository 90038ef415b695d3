import { Piscina } from 'piscina'
import { cancelled, Fault } from '../errors.ts'
import type { Area } from '../sentinel2/area.ts'
import { areaOfGeoJson } from './geojson.ts'

/** As areaOfGeoJson, without keeping others waiting. @throws {Fault} cancelled, upstream-busy */
export type ReadArea = (text: string, signal: AbortSignal) => Promise<Area | string>

export type AreaThread = {
  readonly read: ReadArea
  /** Ends the thread; what it reads is cancelled. */
  close(): Promise<void>
}

/** Characters whose reading takes a few milliseconds, no more than handing them to a thread. */
const SHORT = 20_000
/** Texts that wait, of up to 10 MB each; one takes a second or two at the worst. */
const MOST_WAITING = 8
/** Milliseconds after which a thread without work ends. */
const IDLE_MS = 30_000

/** Reads long texts in a thread, which starts with the first and, idle, keeps no process alive. */
export function areaThread(): AreaThread {
  let pool: Piscina<string, Area | string> | undefined
  let isClosed = false
  const read: ReadArea = async (text, signal) => {
    if (text.length <= SHORT) return areaOfGeoJson(text)
    if (isClosed) throw cancelled()
    pool ??= new Piscina<string, Area | string>({
      filename: new URL('../../workers/read-area.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
    })
    if (pool.queueSize >= MOST_WAITING) {
      throw new Fault('upstream-busy', 'Many long areas wait to be read; ask again in some seconds.')
    }
    try {
      return await pool.run(text, { signal })
    } catch (thrown) {
      if (signal.aborted) throw cancelled(signal.reason)
      if (isClosed) throw cancelled(thrown)
      throw thrown
    }
  }
  const close = async () => {
    isClosed = true
    await pool?.destroy()
  }
  return { read, close }
}
