import { once } from 'node:events'
import type { Config } from '../config.ts'
import { startServing } from '../http/serving.ts'
import { openHouse } from '../wire.ts'

/**
 * Serves in this process until the signal aborts; then lets answers under way end, and cuts those that do not.
 * @param greet told the port it listens on; nobody has to hear it for the service to serve
 * @throws {Fault} misconfigured where it cannot listen; as openHouse
 */
export async function serveOne(
  config: Config,
  stop: AbortSignal,
  greet: (port: number) => Promise<void>,
): Promise<void> {
  const house = await openHouse(config)
  try {
    const serving = await startServing(house, config)
    await greet(serving.port).catch(() => {})
    // A start leaves some 15 MB of garbage that a service at rest would keep; only where Node has --expose-gc.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await aborted(stop)
    await serving.stop()
  } finally {
    await house.close()
  }
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort')
