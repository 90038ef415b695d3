import type { Breaker } from '../calls/breaker.ts'
import type { Entry, ListOptions, Storage } from './port.ts'

/** A storage whose calls go through a breaker: each page of a list is one. */
export const guardedStorage = (storage: Storage, breaker: Breaker): Storage => ({
  bucket: storage.bucket,
  list: (prefix, options) => guardedPages(storage, breaker, prefix, options),
  read: (key, range, signal) => breaker.run(() => storage.read(key, range, signal)),
})

/** The same storage, which refuses at once what would wait for its turn only to be refused then. */
export const refusingStorage = (storage: Storage, breaker: Breaker): Storage => ({
  bucket: storage.bucket,
  list: (prefix, options) => {
    breaker.refuse()
    return storage.list(prefix, options)
  },
  read: async (key, range, signal) => {
    breaker.refuse()
    return storage.read(key, range, signal)
  },
})

async function* guardedPages(
  storage: Storage,
  breaker: Breaker,
  prefix: string,
  options: ListOptions | undefined,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const steps = storage.list(prefix, options)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await breaker.run(() => steps.next())
      if (step.done) return
      yield step.value
    }
  } finally {
    await steps.return?.()
  }
}
