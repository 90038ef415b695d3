import type { Breaker } from '../calls/breaker.ts'
import { stepByStep } from '../calls/step-by-step.ts'
import type { Storage } from './port.ts'

/** A storage whose calls go through a breaker: each page of a list is one. */
export const guardedStorage = (storage: Storage, breaker: Breaker): Storage => ({
  bucket: storage.bucket,
  list: (prefix, options) => stepByStep(storage.list(prefix, options), breaker.run),
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
