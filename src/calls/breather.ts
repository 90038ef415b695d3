import { setImmediate } from 'node:timers/promises'

/**
 * Lets others have the event loop now and then during long work of small parts that wait for nothing: awaited
 * before each part. Parts of works side by side pause together; otherwise one would go on while another pauses.
 * @param parts between two pauses, 1 and up
 */
export function breather(parts: number): () => Promise<void> {
  let count = 0
  let pause: Promise<void> = Promise.resolve()
  return () => {
    if (++count % parts === 0) pause = setImmediate()
    return pause
  }
}
