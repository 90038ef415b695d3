/** npm and the shells pass on a signal that the terminal has sent already; milliseconds in which it counts as one. */
const ONE_MS = 1000

/**
 * The first Ctrl-C or SIGTERM aborts the signal, so that nothing is left behind; another one after that kills, as the
 * first would have.
 */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  let first: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    first ??= performance.now()
    stop.abort()
    if (performance.now() - first < ONE_MS) return
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    process.kill(process.pid, name)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
