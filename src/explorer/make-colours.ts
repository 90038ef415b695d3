import type { Feature } from './answers.ts'
import type { Colours, Outcome } from './colours.ts'
import type { Progress } from './progress.ts'
import { counted } from './words.ts'

type Making = {
  readonly colours: Colours
  readonly progress: Progress
  readonly onColour: (key: number, outcome: Outcome) => void
  readonly signal: AbortSignal
}

/**
 * Has the colours of granules made, so that ranking them takes no time; tells how far it is. False where it was
 * stopped before the end.
 */
export async function makeColours(
  features: readonly Feature[],
  { colours, progress, onColour, signal }: Making,
): Promise<boolean> {
  const stopped = new AbortController()
  const either = AbortSignal.any([signal, stopped.signal])
  let done = 0
  const tell = () => {
    const text = `Colours: ${done} of ${counted(features.length, 'granule')}`
    progress.show(text, done, features.length, () => stopped.abort())
  }
  tell()
  try {
    await Promise.all(
      features.map(async ({ properties }, key) => {
        onColour(key, await colours.of(properties.granule_id, either))
        done++
        tell()
      }),
    )
    return true
  } catch {
    // What a colour cannot be had for is an outcome; only a stop ends up here.
    signal.throwIfAborted()
    return false
  } finally {
    if (!signal.aborted) progress.hide()
  }
}
