import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from './errors.ts'
import { passAsked } from './processes-asked.ts'

export type Supervision = {
  /** Processes that serve side by side, 2 and up. */
  readonly count: number
  /** Aborts when all of them are to end. */
  readonly stop: AbortSignal
  /** Milliseconds that they get for it. */
  readonly graceMs: number
  /** Told once, when the first of them listens. */
  readonly onListening: (port: number) => void
  /** Told a sentence whenever one of them is lost. */
  readonly onLost: (sentence: string) => void
  /** What it tells itself where one of them asks something of all; told how many were lost so far. */
  readonly part: (lost: number) => unknown
}

/** One that listened for less has hardly lived: the next waits a while. */
const STEADY_MS = 5000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 30_000
/** So many in a row that end before they listen, while no other does, end the service. */
const MOST_FAILED_STARTS = 5
/** Ports that are picked where each is taken before it is listened at. */
const MOST_PICKS = 5

/** Whether this process is one of several that serve side by side. */
export const isOneOfSeveral = (): boolean => cluster.isWorker

/**
 * Serves at the port for one of several to listen at. Where any will do the first of them picks it, and the others are
 * told: the system's own pick would be lost with the last that listens there. Another program may take it meanwhile;
 * then another one is picked.
 * @param asked 0 for any
 * @throws what serving throws; for a port of its own pick that was taken after a few
 */
export async function atPortOfAll(
  asked: number,
  host: string,
  serve: (port: number) => Promise<void>,
): Promise<void> {
  for (let picks = 1; ; picks++) {
    try {
      return await serve(asked === 0 ? await freePort(host) : asked)
    } catch (thrown) {
      if (asked !== 0 || picks === MOST_PICKS || !isPortTaken(thrown)) throw thrown
    }
  }
}

/**
 * Runs this program several times over, all listening at one port, and puts another in the place of one that is lost;
 * PORT tells all but the first where that one listens.
 * Each takes connections by itself, as the system hands them out: what waits to be taken when one is killed goes to
 * the others, and no busy one is given more. All end with this process, however it ends.
 * @throws {Fault} misconfigured where the first one does not come to listen, which has told why; or where they all
 * fail later
 */
export async function superviseProcesses(options: Supervision): Promise<void> {
  const { count, stop, graceMs, onListening, onLost, part } = options
  cluster.schedulingPolicy = cluster.SCHED_NONE
  let lostSoFar = 0
  let listensAt: number | undefined
  const passOn = passAsked(allOf, () => part(lostSoFar))
  let failedStarts = 0
  let listening = 0

  /** Resolves when it ended. */
  async function runOne(isFirst: boolean): Promise<Ended> {
    const worker = cluster.fork(listensAt === undefined ? {} : { PORT: listensAt })
    passOn(worker)
    let since: number | undefined
    worker.once('listening', ({ port }) => {
      since = performance.now()
      failedStarts = 0
      listening++
      listensAt ??= port
      if (isFirst) onListening(port)
    })
    const ended = await endOf(worker)
    if (since === undefined) failedStarts++
    else listening--
    const livedMs = since === undefined ? 0 : performance.now() - since
    return { lost: `Process ${worker.process.pid} of the service ${ended}`, livedMs }
  }

  /** Keeps one going; the last of them that cannot be started again ends them all. */
  async function keep(first: Promise<Ended>): Promise<void> {
    let shortLived = 0
    for (let one = first; ; one = runOne(false)) {
      const { lost, livedMs } = await one
      if (stop.aborted) return
      if (listening === 0 && failedStarts >= MOST_FAILED_STARTS) throw givenUp(lost)
      lostSoFar++
      onLost(`${lost}; another takes its place.`)
      shortLived = livedMs < STEADY_MS ? shortLived + 1 : 0
      await sleep(pauseAfter(shortLived), undefined, { signal: stop }).catch(() => {})
      if (stop.aborted) return
    }
  }

  const stopped = stopAll(stop, graceMs)
  try {
    const first = runOne(true)
    const { promise: toListen, resolve: listens } = Promise.withResolvers<undefined>()
    cluster.once('listening', () => listens(undefined))
    const ended = await Promise.race([first, toListen])
    if (stop.aborted) return
    if (ended) throw new Fault('misconfigured', `${ended.lost} before it listened.`)
    await Promise.all([keep(first), ...Array.from({ length: count - 1 }, () => keep(runOne(false)))])
  } finally {
    await stopped()
  }
}

/** Whether another program listens there, as a fault's cause tells. */
function isPortTaken(thrown: unknown): boolean {
  const cause = thrown instanceof Fault ? thrown.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
}

async function freePort(host: string): Promise<number> {
  const probe = createServer()
  // Where none can be had, listening itself says why.
  const got = once(probe, 'listening').then(
    () => {
      const address = probe.address()
      return typeof address === 'object' && address ? address.port : 0
    },
    () => 0,
  )
  // Exclusive: of this process alone, so that the supervisor neither keeps nor tells it.
  probe.listen({ port: 0, host, exclusive: true })
  const port = await got
  if (probe.listening) await new Promise((closed) => probe.close(closed))
  return port
}

type Ended = {
  /** Which, and how, as the beginning of a sentence. */
  readonly lost: string
  /** Since it listened. */
  readonly livedMs: number
}

/** None behind one that lived, ever longer behind so many that did not. */
const pauseAfter = (shortLived: number): number =>
  shortLived === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (shortLived - 1), LONGEST_PAUSE_MS)

const allOf = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

function endOf(worker: Worker): Promise<string> {
  return new Promise((resolve) =>
    worker.once('exit', (code: number | null, signal: string | null) =>
      resolve(signal ? `was killed by ${signal}` : `ended with exit code ${code}`),
    ),
  )
}

const givenUp = (lost: string): Fault =>
  new Fault(
    'misconfigured',
    `${lost}, as ${MOST_FAILED_STARTS} in a row did before they listened, and no other is left. ` +
      'SWATH_PROCESSES=1 shows one by itself.',
  )

/** Tells all to end when the signal aborts, and kills those that take too long; awaited, ends what is left. */
function stopAll(stop: AbortSignal, graceMs: number): () => Promise<void> {
  const tell = (signal: NodeJS.Signals) => {
    for (const worker of allOf()) worker.process.kill(signal)
  }
  let grace: NodeJS.Timeout | undefined
  const onStop = () => {
    tell('SIGTERM')
    grace ??= setTimeout(() => tell('SIGKILL'), graceMs)
  }
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  return async () => {
    stop.removeEventListener('abort', onStop)
    onStop()
    while (allOf().length > 0) await sleep(10)
    clearTimeout(grace)
  }
}
