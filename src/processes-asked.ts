import cluster, { type Worker } from 'node:cluster'
import { z } from 'zod'

/*
 * What one of several processes asks of all of them, itself included, by way of the one that supervises them:
 * `ask` -> supervisor -> `tell` to each -> `told` of each -> supervisor -> `all` to the one that asked.
 */

/** Milliseconds after which those who have not told are left out: they are busy, or dead. */
const PATIENCE_MS = 1000

const message = z.discriminatedUnion('swath', [
  z.object({ swath: z.literal('ask'), id: z.string() }),
  z.object({ swath: z.literal('tell'), id: z.string() }),
  z.object({ swath: z.literal('told'), id: z.string(), part: z.unknown() }),
  z.object({ swath: z.literal('all'), id: z.string(), parts: z.array(z.unknown()) }),
])
type Message = z.infer<typeof message>

/** Takes part in what is asked of all, and asks it; its own part alone where it is not one of several. */
export function askProcesses(own: () => Promise<unknown>): {
  /** The parts of all that tell in time, plain JSON. */
  all(): Promise<readonly unknown[]>
  close(): void
} {
  const { worker } = cluster
  if (!worker) return { all: async () => [await own()], close: () => {} }
  const send = (said: Message) => {
    if (worker.isConnected()) worker.send(said)
  }
  const waiting = new Map<string, (parts: readonly unknown[]) => void>()
  let asked = 0
  const onMessage = (said: unknown) => {
    const { data } = message.safeParse(said)
    if (data?.swath === 'all') waiting.get(data.id)?.(data.parts)
    if (data?.swath !== 'tell') return
    own().then(
      (part) => send({ swath: 'told', id: data.id, part }),
      () => {},
    )
  }
  worker.on('message', onMessage)
  return {
    all: async () => {
      const id = `${worker.id}-${asked++}`
      const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
      waiting.set(id, resolve)
      // The supervisor itself may be held up: then its own part is better than none.
      const late = setTimeout(
        () =>
          own().then(
            (part) => resolve([part]),
            () => resolve([]),
          ),
        2 * PATIENCE_MS,
      )
      send({ swath: 'ask', id })
      try {
        return await promise
      } finally {
        clearTimeout(late)
        waiting.delete(id)
      }
    },
    close: () => void worker.off('message', onMessage),
  }
}

type Asking = { readonly parts: unknown[]; readonly of: number; readonly end: () => void }

/** In the process that supervises: passes on what one of its processes asks of all. @param own its own part */
export function passAsked(all: () => readonly Worker[], own: () => unknown): (worker: Worker) => void {
  const asking = new Map<string, Asking>()
  return (worker) => listenTo(worker, { asking, all, own })
}

type Passing = {
  readonly asking: Map<string, Asking>
  readonly all: () => readonly Worker[]
  readonly own: () => unknown
}

function listenTo(worker: Worker, { asking, all, own }: Passing): void {
  const send = (to: Worker, said: Message) => {
    if (to.isConnected()) to.send(said)
  }
  worker.on('message', (said: unknown) => {
    const { data } = message.safeParse(said)
    if (data?.swath === 'told') {
      const one = asking.get(data.id)
      one?.parts.push(data.part)
      if (one && one.parts.length >= one.of) one.end()
    }
    if (data?.swath !== 'ask') return
    const { id } = data
    const others = all()
    const parts: unknown[] = []
    const end = () => {
      clearTimeout(late)
      asking.delete(id)
      send(worker, { swath: 'all', id, parts: [...parts, own()] })
    }
    const late = setTimeout(end, PATIENCE_MS)
    asking.set(id, { parts, of: others.length, end })
    for (const other of others) send(other, { swath: 'tell', id })
  })
}
