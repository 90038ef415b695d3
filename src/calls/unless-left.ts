import { cancelled } from '../errors.ts'

/**
 * What the work gives, or at once that its asker left; the work itself goes on and is then nobody's.
 * @throws {Fault} cancelled
 */
export async function unlessLeft<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const { promise: left, reject } = Promise.withResolvers<never>()
  const leave = () => reject(cancelled(signal.reason))
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work, left])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
