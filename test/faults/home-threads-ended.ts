import type { Worker } from 'node:worker_threads'

/*
 * Loaded before a program (`node --import`): at SIGUSR2 all threads that it has started are ended in the midst of what
 * they do, as nothing from outside can.
 */

const alive = new Set<Worker>()
process.on('worker', (worker) => {
  alive.add(worker)
  worker.once('exit', () => alive.delete(worker))
})
process.on('SIGUSR2', () => {
  for (const worker of alive) void worker.terminate()
})
